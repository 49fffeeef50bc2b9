//! The loop that carries blocks from the source into the store.

use std::{collections::HashMap, sync::Arc, time::Duration};

use alloy_primitives::Address;
use futures::StreamExt;
use tokio::sync::watch;

use crate::{
    decode::{Contract, DecodeError, decode},
    event::Event,
    live::Live,
    project::{Place, ProjectError, project},
    rule_set::{RuleSetContent, RuleSetError},
    source::{Block, BlockSource, SourceError},
    store::{Applied, Batch, EventRow, Store, StoreError},
    view::case::EventRecord,
};

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// How far the index is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Progress {
    /// Last block whose rows are in the database.
    pub height: u64,
    /// Why the index stopped, if it did.
    pub stopped: Option<String>,
}

/// Why a block could not be indexed.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    #[error(transparent)]
    Source(#[from] SourceError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("block {block}: {source}")]
    Decode { block: u64, source: DecodeError },
    #[error("block {block}: {source}")]
    Project { block: u64, source: ProjectError },
    #[error("block {block}: {source}")]
    RuleSet { block: u64, source: RuleSetError },
}

impl FollowError {
    /// Whether trying again may help. What contradicts the chain's own rules never heals.
    fn is_transient(&self) -> bool {
        match self {
            FollowError::Source(error) => error.is_transient(),
            FollowError::Store(error) => matches!(error, StoreError::Database(_)),
            FollowError::Decode { .. } | FollowError::Project { .. } | FollowError::RuleSet { .. } => false,
        }
    }
}

/// Carries blocks from a source into a store.
pub struct Follower {
    store: Store,
    source: Arc<dyn BlockSource>,
    live: Live,
    progress: watch::Sender<Progress>,
    contracts: HashMap<Address, Contract>,
}

impl Follower {
    /// A follower that goes on where the store is.
    pub async fn new(
        store: Store,
        source: Arc<dyn BlockSource>,
        live: Live,
        progress: watch::Sender<Progress>,
    ) -> Result<Self, StoreError> {
        let named = source
            .network()
            .contracts
            .iter()
            .map(|(name, address)| (*address, name.clone()));
        let contracts = named
            .chain(store.contracts().await?)
            .filter_map(|(address, name)| Some((address, Contract::parse(&name)?)))
            .collect();
        progress.send_replace(Progress {
            height: store.cursor().await?.number,
            stopped: None,
        });
        Ok(Self {
            store,
            source,
            live,
            progress,
            contracts,
        })
    }

    /// Follows until told to stop, or until something that must not happen.
    pub async fn run(mut self, mut stop: watch::Receiver<bool>) {
        let mut pause = FIRST_PAUSE;
        loop {
            let before = self.progress.borrow().height;
            let error = tokio::select! {
                _ = stop.wait_for(|stop| *stop) => return,
                result = self.follow() => match result {
                    Ok(()) => FollowError::Source(SourceError::Unreachable("the stream of blocks ended".into())),
                    Err(error) => error,
                },
            };
            if !error.is_transient() {
                tracing::error!(%error, "the index stops");
                self.progress
                    .send_modify(|progress| progress.stopped = Some(error.to_string()));
                return;
            }
            tracing::warn!(%error, pause_ms = pause.as_millis(), "the index waits and tries again");
            if self.progress.borrow().height > before {
                pause = FIRST_PAUSE;
            }
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => return,
                () = tokio::time::sleep(pause) => pause = (pause * 2).min(LONGEST_PAUSE),
            }
        }
    }

    async fn follow(&mut self) -> Result<(), FollowError> {
        let from = self.store.cursor().await?.number + 1;
        let mut blocks = self.source.follow(from);
        while let Some(block) = blocks.next().await {
            self.index(&block?).await?;
        }
        Ok(())
    }

    /// Indexes one block.
    pub async fn index(&mut self, block: &Block) -> Result<Applied, FollowError> {
        let batch = self.batch(block).await?;
        let applied = self.store.apply(&batch).await?;
        if applied == Applied::New {
            self.progress
                .send_modify(|progress| progress.height = batch.number);
            self.live.publish(batch.events.iter().map(record));
        }
        Ok(applied)
    }

    async fn batch(&mut self, block: &Block) -> Result<Batch, FollowError> {
        let number = block.number;
        let mut events = Vec::new();
        for log in &block.logs {
            let Some(contract) = self.contracts.get(&log.log.address).copied() else {
                continue;
            };
            let decoded = decode(contract, &log.log.data);
            let Some(event) = decoded.map_err(|source| FollowError::Decode {
                block: number,
                source,
            })?
            else {
                continue;
            };
            if let Event::ContractSet { name, at } = &event
                && let Some(contract) = Contract::parse(name.as_str())
            {
                self.contracts.insert(*at, contract);
            }
            let place = Place {
                block_number: number,
                block_time_ms: block.timestamp_ms,
                log_index: log.log_index,
                tx_hash: log.tx_hash,
            };
            let changes = project(&event, &place).map_err(|source| FollowError::Project {
                block: number,
                source,
            })?;
            let rule_set = self.rule_set(number, &event).await?;
            events.push(EventRow {
                contract: contract.as_str().to_owned(),
                place,
                event,
                changes,
                rule_set,
            });
        }
        Ok(Batch {
            number,
            hash: block.hash,
            parent_hash: block.parent_hash,
            timestamp_ms: block.timestamp_ms,
            events,
        })
    }

    /// The content of a rule set that was just published. The event holds only its id; the id is
    /// the hash of the content, so it does not matter who answers.
    async fn rule_set(&self, block: u64, event: &Event) -> Result<Option<RuleSetContent>, FollowError> {
        let Event::RuleSetPublished { id, .. } = event else {
            return Ok(None);
        };
        let encoded = self.source.rule_set(*id).await?;
        let content =
            RuleSetContent::check(*id, encoded).map_err(|source| FollowError::RuleSet { block, source })?;
        Ok(Some(content))
    }
}

fn record(row: &EventRow) -> EventRecord {
    EventRecord {
        name: row.event.name().to_owned(),
        seq: row.event.case_seq().map(|(_, seq)| seq),
        contract: row.contract.clone(),
        case_id: row.event.case_id().map(|id| format!("{id:#x}")),
        block_number: row.place.block_number,
        block_time_ms: row.place.block_time_ms,
        tx_hash: format!("{:#x}", row.place.tx_hash),
        log_index: row.place.log_index,
        args: serde_json::to_value(&row.event).unwrap_or_default(),
    }
}
