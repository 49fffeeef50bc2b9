//! A source for tests: blocks as given, no proofs.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use alloy_primitives::{Address, B256, Bytes};
use async_trait::async_trait;
use futures::{StreamExt, stream::BoxStream};
use tokio::sync::watch;
use tokio_stream::wrappers::WatchStream;
use zhengtong_types::{NetworkInfo, ReceiptProof, StateProof};

use super::{Block, BlockSource, SourceError, Tip};

/// A chain in memory. Clones share it.
#[derive(Clone)]
pub struct FakeSource {
    network: NetworkInfo,
    blocks: Arc<Mutex<Vec<Block>>>,
    rule_sets: Arc<Mutex<HashMap<B256, Bytes>>>,
    length: Arc<watch::Sender<usize>>,
}

impl FakeSource {
    pub fn new(network: NetworkInfo) -> Self {
        Self {
            network,
            blocks: Arc::default(),
            rule_sets: Arc::default(),
            length: Arc::new(watch::Sender::new(0)),
        }
    }

    /// Appends a block as it is, whether or not it fits.
    pub fn push(&self, block: Block) {
        let mut blocks = self.blocks.lock().unwrap_or_else(PoisonError::into_inner);
        blocks.push(block);
        self.length.send_replace(blocks.len());
    }

    /// Makes a rule set known to `rule_set`.
    pub fn add_rule_set(&self, id: B256, encoded: Bytes) {
        self.rule_sets
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(id, encoded);
    }

    fn from(&self, number: u64) -> Vec<Block> {
        let blocks = self.blocks.lock().unwrap_or_else(PoisonError::into_inner);
        blocks
            .iter()
            .filter(|block| block.number >= number)
            .cloned()
            .collect()
    }
}

#[async_trait]
impl BlockSource for FakeSource {
    fn network(&self) -> &NetworkInfo {
        &self.network
    }

    fn follow(&self, from: u64) -> BoxStream<'static, Result<Block, SourceError>> {
        let source = self.clone();
        let mut given = 0;
        WatchStream::new(self.length.subscribe())
            .flat_map(move |_| {
                let all = source.from(from);
                let new = all[given.min(all.len())..].to_vec();
                given = all.len();
                futures::stream::iter(new.into_iter().map(Ok))
            })
            .boxed()
    }

    async fn tip(&self) -> Result<Tip, SourceError> {
        let blocks = self.blocks.lock().unwrap_or_else(PoisonError::into_inner);
        let tip = blocks.last().map(|block| Tip {
            number: block.number,
            timestamp_ms: block.timestamp_ms,
        });
        Ok(tip.unwrap_or(Tip {
            number: 0,
            timestamp_ms: 0,
        }))
    }

    async fn rule_set(&self, id: B256) -> Result<Bytes, SourceError> {
        let rule_sets = self.rule_sets.lock().unwrap_or_else(PoisonError::into_inner);
        rule_sets
            .get(&id)
            .cloned()
            .ok_or_else(|| SourceError::Unknown(format!("rule set {id}")))
    }

    async fn receipt_proof(&self, tx_hash: B256) -> Result<ReceiptProof, SourceError> {
        Err(SourceError::Unknown(format!("transaction {tx_hash}")))
    }

    async fn state_proof(&self, address: Address, _slots: &[B256]) -> Result<StateProof, SourceError> {
        Err(SourceError::Unknown(format!("account {address}")))
    }
}
