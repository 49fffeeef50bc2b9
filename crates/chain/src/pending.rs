//! Blocks that are executed but not yet applied, by hash.

use crate::view::SealedBlock;
use alloy_primitives::{
    B256, Bytes,
    map::{AddressMap, B256Map, HashMap},
};
use std::{collections::BTreeSet, sync::Arc};
use zhengtong_evm::Bytecode;
use zhengtong_state::{Entry, Key, Value};
use zhengtong_types::consensus::Block;

/// Executed blocks that are kept: one a view since the last finalization. A node that falls further behind stops with an
/// error when the block it did not keep is finalized, and executes it again after a restart.
const MAX_PENDING: usize = 2_048;

/// What executing a block gave.
#[derive(Debug)]
pub struct Executed {
    pub block: Block,
    pub sealed: Arc<SealedBlock>,
    /// What it changed, as the state database took it.
    pub entries: Vec<Entry>,
    pub codes: Vec<(B256, Bytes)>,
    /// The new values again, for lookup.
    pub values: HashMap<Key, Option<Value>>,
    pub bytecodes: B256Map<Bytecode>,
    /// Next nonce of every account that changed.
    pub nonces: AddressMap<u64>,
}

/// Executed blocks above the applied one.
#[derive(Debug)]
pub struct Pending {
    applied: B256,
    applied_number: u64,
    blocks: B256Map<Arc<Executed>>,
    by_number: BTreeSet<(u64, B256)>,
}

impl Pending {
    /// Nothing is applied yet, as far as is known.
    pub fn new() -> Self {
        Self {
            applied: B256::ZERO,
            applied_number: 0,
            blocks: B256Map::default(),
            by_number: BTreeSet::new(),
        }
    }

    /// The block that the state database is at; `None` until it is open.
    pub fn applied(&self) -> Option<u64> {
        (!self.applied.is_zero()).then_some(self.applied_number)
    }

    pub fn insert(&mut self, executed: Arc<Executed>) {
        let (hash, number) = (executed.block.hash(), executed.block.number());
        if self.blocks.len() >= MAX_PENDING {
            tracing::error!(
                number,
                "too many blocks since the last finalization; this one is not kept"
            );
            return;
        }
        self.blocks.insert(hash, executed);
        self.by_number.insert((number, hash));
    }

    pub fn get(&self, hash: B256) -> Option<Arc<Executed>> {
        self.blocks.get(&hash).cloned()
    }

    /// The executed blocks from `hash` down to the applied one (not included), newest first; `None` if one is not known.
    pub fn chain(&self, mut hash: B256) -> Option<Vec<Arc<Executed>>> {
        let mut chain = Vec::new();
        while hash != self.applied {
            let executed = self.blocks.get(&hash)?;
            chain.push(executed.clone());
            hash = executed.block.header().parent_hash;
        }
        Some(chain)
    }

    /// Moves to a block that was applied, and forgets it and its rivals.
    pub fn advance(&mut self, hash: B256, number: u64) {
        (self.applied, self.applied_number) = (hash, number);
        while let Some((at, hash)) = self.by_number.first().copied()
            && at <= number
        {
            self.by_number.remove(&(at, hash));
            self.blocks.remove(&hash);
        }
    }
}
