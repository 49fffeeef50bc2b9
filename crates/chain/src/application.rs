//! The consensus application: builds, checks, executes and applies blocks, as `commonware_glue::stateful` asks for them.

use crate::{
    TRACED,
    engine::ProposalInput,
    execution::{Policy, Run, bytecodes, run},
    figure,
    inner::Inner,
    listing,
    metrics::{charged, charged_async},
    pending::Executed,
    pool::Pool,
    rules::{Rules, Standard, block_context, clock_wait_ms, commitment, complete, draft, proposal_time_ms},
    store::size_bytes,
    view::SealedBlock,
};
use alloy_primitives::{B256, Bytes, keccak256, map::AddressMap};
use commonware_codec::Encode as _;
use commonware_consensus::{Heightable as _, marshal::ancestry::Ancestry};
use commonware_cryptography::Digested;
use commonware_glue::stateful::{
    Application, Finality, Input, Proposed,
    db::{DatabaseSet, Reader},
};
use commonware_runtime::{Clock, Spawner};
use commonware_storage::Context as Storage;
use futures::StreamExt as _;
use std::{
    sync::Arc,
    time::{Duration, UNIX_EPOCH},
};
use tracing::{Instrument as _, info_span};
use zhengtong_evm::{Outcome, Transaction, recover_all};
use zhengtong_state::{Database, Entry, Merkleized, Qmdb, Unmerkleized, commit, entries};
use zhengtong_types::{
    committee::Payload,
    consensus::{Block, Context, MAX_BODY_BYTES, Scheme},
};

/// How long transactions are added to a block that is being built. Well below the time that others wait for it.
const BUILD_TIME: Duration = Duration::from_millis(500);

/// One validator's application. Clones share everything.
pub struct App<E: Storage + Spawner>(pub(crate) Arc<Inner<E>>, Arc<dyn Rules>);

impl<E: Storage + Spawner> Clone for App<E> {
    fn clone(&self) -> Self {
        Self(self.0.clone(), self.1.clone())
    }
}

impl<E: Storage + Spawner> App<E> {
    pub(crate) fn new(inner: Arc<Inner<E>>) -> Self {
        Self(inner, Arc::new(Standard))
    }

    /// The same application under other rules than [`Standard`].
    pub fn with_rules(self, rules: Arc<dyn Rules>) -> Self {
        Self(self.0, rules)
    }

    /// What waits at this validator.
    pub fn pool(&self) -> &Pool {
        &self.0.pool
    }

    async fn build(
        &self,
        clock: &E,
        context: &Context,
        parent: &Block,
        batch: Unmerkleized<E>,
        payload: Option<Payload>,
    ) -> Option<Built<E>> {
        let moved = self.moved_nonces(parent.hash());
        let inner = &self.0;
        let candidates = inner
            .pool
            .select(&moved, inner.config.max_block_transactions, MAX_BODY_BYTES);
        let time_ms = proposal_time_ms(now_ms(clock), parent);
        let header = draft(parent, time_ms);
        let transactions: Vec<_> = candidates
            .iter()
            .map(|candidate| candidate.transaction.clone())
            .collect();
        let environment = block_context(inner.network.chain_id, &header);
        let policy = Policy::Skip {
            until: clock.current() + BUILD_TIME,
            clock: Arc::new(clock.child("build")),
        };
        let run = run(
            inner.clone(),
            parent.hash(),
            batch,
            environment,
            transactions,
            policy,
            self.1.clone(),
        )
        .await;
        let Run {
            outcome,
            batch,
            included,
            invalid,
            over_quota,
        } = match run {
            Ok(run) => run,
            Err(error) => {
                tracing::error!(%error, "no block could be built");
                return None;
            }
        };
        for (index, reason) in invalid {
            let hash = *candidates[index].transaction.tx_hash();
            tracing::debug!(%hash, %reason, "a transaction cannot run now");
            inner.pool.park(hash);
        }
        inner.metrics.left_out.inc_by(over_quota.len() as u64);
        for (index, over) in over_quota {
            let hash = *candidates[index].transaction.tx_hash();
            tracing::debug!(%hash, %over, "a transaction waits for its quota");
            inner.pool.park(hash);
        }
        // Meanwhile another block of this height was applied: what was true of this one may not be any more.
        let applied = inner.pending.lock().applied();
        if applied.is_some_and(|applied| applied > parent.number()) {
            inner.pool.unpark_all();
        }
        let entries = entries(&outcome.changes);
        let commitment = charged_async(&inner.metrics.cost.commitment, commit(batch, &entries));
        let (merkleized, state) = match commitment.await {
            Ok(done) => done,
            Err(error) => {
                tracing::error!(%error, "no block could be built");
                return None;
            }
        };
        let chosen = || included.iter().map(|index| &candidates[*index]);
        let raws: Vec<Bytes> = chosen().map(|candidate| candidate.raw.clone()).collect();
        let transactions = chosen()
            .map(|candidate| (*candidate.transaction).clone())
            .collect();
        let header = complete(header, context, time_ms, &outcome, &state, payload.as_ref());
        match charged(&inner.metrics.cost.hashing, || {
            Block::assemble(header, raws, payload)
        }) {
            Ok(block) => Some(self.keep(block, transactions, outcome, entries, merkleized)),
            Err(error) => {
                tracing::error!(%error, "a built block is not a block");
                None
            }
        }
    }

    /// Checks and executes a block; `None` if it is invalid for ever.
    async fn check(
        &self,
        clock: &E,
        context: &Context,
        block: &Block,
        parent: &Block,
        batch: Unmerkleized<E>,
        finality: Finality,
    ) -> Option<Merkleized<E>> {
        let refuse = |reason: &dyn std::fmt::Display| {
            tracing::warn!(number = block.number(), hash = %block.hash(), %reason, "refused a block");
        };
        if let Err(error) = self.1.check_header(block, parent, context) {
            refuse(&error);
            return None;
        }
        if finality == Finality::Candidate {
            match clock_wait_ms(block.timestamp_ms(), now_ms(clock)) {
                Ok(0) => {}
                Ok(wait_ms) => clock.sleep(Duration::from_millis(wait_ms)).await,
                Err(error) => {
                    refuse(&error);
                    return None;
                }
            }
        }
        let (transactions, outcome, batch) = match self.execute(block, batch).await {
            Ok(done) => done,
            Err(error) => {
                refuse(&error);
                return None;
            }
        };
        let entries = entries(&outcome.changes);
        let commitment = charged_async(&self.0.metrics.cost.commitment, commit(batch, &entries));
        match commitment.await {
            Ok((merkleized, state)) => {
                if let Err(error) = self.1.check_outcome(block, &outcome, &state) {
                    refuse(&error);
                    return None;
                }
                Some(
                    self.keep(block.clone(), transactions, outcome, entries, merkleized)
                        .merkleized,
                )
            }
            Err(error) => {
                refuse(&error);
                None
            }
        }
    }

    async fn execute(
        &self,
        block: &Block,
        batch: Unmerkleized<E>,
    ) -> Result<(Vec<Transaction>, Outcome, Unmerkleized<E>), String> {
        let chain_id = self.0.network.chain_id;
        let recovered = charged(&self.0.metrics.cost.recovery, || {
            recover_all(block.transactions(), &self.0.rules, |raw| {
                self.0.pool.get(keccak256(raw))
            })
        });
        let recovered = recovered.map_err(|(index, source)| format!("transaction {index}: {source}"))?;
        let shared: Vec<_> = recovered.iter().cloned().map(Arc::new).collect();
        let environment = block_context(chain_id, block.header());
        let parent = block.header().parent_hash;
        let run = run(
            self.0.clone(),
            parent,
            batch,
            environment,
            shared,
            Policy::<E>::Refuse,
            self.1.clone(),
        );
        let Run { outcome, batch, .. } = run.await.map_err(|source| source.to_string())?;
        Ok((recovered, outcome, batch))
    }

    fn keep(
        &self,
        block: Block,
        transactions: Vec<Transaction>,
        outcome: Outcome,
        entries: Vec<Entry>,
        merkleized: Merkleized<E>,
    ) -> Built<E> {
        let executed = Arc::new(executed(block.clone(), transactions, outcome, entries));
        self.0.pending.lock().insert(executed);
        Built { block, merkleized }
    }

    /// Next nonces of the accounts that unapplied ancestors changed.
    fn moved_nonces(&self, parent: B256) -> AddressMap<u64> {
        let mut moved = AddressMap::default();
        // Newest first, so that a later block's nonce stays.
        for ancestor in self.0.pending.lock().chain(parent).iter().flatten() {
            for (address, nonce) in &ancestor.nonces {
                moved.entry(*address).or_insert(*nonce);
            }
        }
        moved
    }

    /// Forgets what is older than the window that this node keeps. Counted from what is certified, which is at the tip.
    fn forget_old(&self) {
        let Some(keep) = self.0.config.keep_blocks else {
            return;
        };
        let below = (self.0.tip().header.number + 1).saturating_sub(keep);
        if let Err(error) = self.0.store.forget(below) {
            // Nothing is lost but room; the next block tries again.
            tracing::warn!(%error, "old blocks could not be forgotten");
        }
    }

    /// Notes what a block says about the validators, before the block counts as stored.
    async fn note_committee(&self, block: &Block, state: &Reader<Qmdb<E>>) -> Result<(), String> {
        let committee = &self.0.committee;
        committee.finalized(block).map_err(|source| source.to_string())?;
        let Some(epoch) = committee.middle(block.number()) else {
            return Ok(());
        };
        let list = listing::read(&self.0, block.header(), state).await?;
        committee.listed(epoch, list).map_err(|source| source.to_string())
    }

    /// Whether a block on this parent would have a transaction.
    pub fn has_work(&self, parent: B256) -> bool {
        !self
            .0
            .pool
            .select(&self.moved_nonces(parent), 1, MAX_BODY_BYTES)
            .is_empty()
    }
}

struct Built<E: Storage + Spawner> {
    block: Block,
    merkleized: Merkleized<E>,
}

fn executed(block: Block, transactions: Vec<Transaction>, outcome: Outcome, entries: Vec<Entry>) -> Executed {
    let sealed = SealedBlock {
        header: block.header().clone(),
        hash: block.hash(),
        size_bytes: size_bytes(block.header(), block.transactions()),
        timestamp_ms: block.timestamp_ms(),
        transactions,
        receipts: outcome.receipts,
    };
    Executed {
        values: entries
            .iter()
            .map(|entry| (entry.key, entry.after.clone()))
            .collect(),
        entries,
        bytecodes: bytecodes(&outcome.changes.codes),
        nonces: outcome
            .changes
            .accounts
            .iter()
            .map(|change| (change.address, change.after.map_or(0, |account| account.nonce)))
            .collect(),
        codes: outcome.changes.codes,
        sealed: Arc::new(sealed),
        block,
    }
}

fn now_ms(clock: &impl Clock) -> u64 {
    clock
        .current()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_millis() as u64)
}

impl<E: Storage + Spawner> Application<E> for App<E> {
    type SigningScheme = Scheme;
    type Context = Context;
    type Block = Block;
    type Databases = Database<E>;
    type Captured = Option<Arc<Executed>>;
    type Provider = ();
    type Input = ProposalInput;

    fn sync_targets(block: &Block) -> <Self::Databases as DatabaseSet<E>>::SyncTargets {
        commitment(block).target()
    }

    async fn genesis(&mut self) -> Block {
        self.0.genesis.clone()
    }

    async fn propose(
        &mut self,
        (clock, context): (E, Context),
        mut ancestry: impl Ancestry<Block>,
        batch: Unmerkleized<E>,
        input: Input<ProposalInput, ()>,
    ) -> Option<Proposed<Self, E>> {
        let parent: Digested<Block> = ancestry.next().await?;
        let Built { block, merkleized } = self
            .build(&clock, &context, parent.inner(), batch, input.upstream.payload)
            .instrument(
                info_span!(target: TRACED, "block.build", number = figure(parent.inner().number() + 1)),
            )
            .await?;
        Some(Proposed { block, merkleized })
    }

    async fn process(
        &mut self,
        (clock, context): (E, Context),
        mut ancestry: impl Ancestry<Block>,
        batch: Unmerkleized<E>,
        finality: Finality,
    ) -> Option<Merkleized<E>> {
        let block = ancestry.next().await?;
        let parent = ancestry.next().await?;
        let span = info_span!(
            target: TRACED,
            "block.execute",
            number = figure(block.inner().number()),
            transactions = figure(block.inner().transactions().len()),
            gas = figure(block.inner().header().gas_used),
        );
        self.check(&clock, &context, block.inner(), parent.inner(), batch, finality)
            .instrument(span)
            .await
    }

    /// Publishes what the block overwrites before it is overwritten.
    async fn capture(
        &mut self,
        _: (E, Context),
        block: &Block,
        _: &Merkleized<E>,
        _: Reader<Qmdb<E>>,
    ) -> Option<Arc<Executed>> {
        let executed = self.0.pending.lock().get(block.hash());
        if let Some(executed) = &executed {
            self.0.history.publish(block.number(), &executed.entries);
        }
        executed
    }

    /// Stores the block durably, moves cache and pool to it, and shows it once a certificate covers it.
    async fn finalized(
        &mut self,
        _: (E, Context),
        block: &Block,
        captured: Option<Arc<Executed>>,
        state: Reader<Qmdb<E>>,
    ) {
        let executed = captured.expect("too many blocks since the last finalization; start the node again");
        let marshal = self
            .0
            .marshal
            .get()
            .expect("the engine sets its marshal before it starts");
        let certificate = marshal
            .get_finalization(block.height())
            .await
            .map(|finalization| finalization.encode());
        self.note_committee(block, &state).await.unwrap_or_else(|error| {
            panic!(
                "the validators after block {} cannot be noted: {error}",
                block.number()
            )
        });
        let (store, cost) = (&self.0.store, &self.0.metrics.cost);
        charged(&cost.storage, || {
            store.put(block, &executed.sealed, &executed.codes, certificate.as_deref())
        })
        .unwrap_or_else(|error| {
            panic!(
                "block {} cannot be stored, the node stops: {error}",
                block.number()
            )
        });
        self.0.cache.advance(&executed.entries);
        self.0.pending.lock().advance(block.hash(), block.number());
        let used = executed.sealed.transactions.iter();
        let used = used.map(|transaction| (transaction.signer_ref(), nonce(transaction)));
        self.0.pool.finalized(used, &executed.nonces);
        if self.0.moves_quotas(&executed.sealed) {
            self.0.pool.unpark_all();
        }
        self.0.publish(executed.sealed.clone(), certificate.is_some());
        self.forget_old();
    }
}

fn nonce(transaction: &Transaction) -> u64 {
    alloy_consensus::Transaction::nonce(transaction.inner())
}
