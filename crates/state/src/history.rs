//! What recent blocks overwrote, so that the state before them can still be read.

use crate::{Entry, Key, Value};
use alloy_primitives::map::HashMap;
use parking_lot::RwLock;
use std::collections::VecDeque;

/// Blocks before the latest whose state is kept.
pub const WINDOW_BLOCKS: usize = 256;

/// Undo records of the last [`WINDOW_BLOCKS`] applied blocks, oldest first.
///
/// A record is published before its block is applied. Whoever reads the state at block `n` therefore looks here, then in
/// the database, then here again: if the database was already ahead, the second look finds the record.
#[derive(Debug, Default)]
pub struct History(RwLock<VecDeque<Record>>);

#[derive(Debug)]
struct Record {
    number: u64,
    before: HashMap<Key, Option<Value>>,
}

impl History {
    /// Publishes what block `number` overwrites. Publishing a block again changes nothing.
    pub fn publish(&self, number: u64, entries: &[Entry]) {
        let mut records = self.0.write();
        if records.back().is_some_and(|last| last.number >= number) {
            return;
        }
        if records.len() == WINDOW_BLOCKS {
            records.pop_front();
        }
        let before = entries
            .iter()
            .map(|entry| (entry.key, entry.before.clone()))
            .collect();
        records.push_back(Record { number, before });
    }

    /// The value of a key after block `at`, if a later block overwrote it.
    pub fn get(&self, at: u64, key: &Key) -> Option<Option<Value>> {
        let records = self.0.read();
        let first = records.partition_point(|record| record.number <= at);
        records
            .range(first..)
            .find_map(|record| record.before.get(key).cloned())
    }

    /// The oldest block whose state can be read, given the one that the database is at.
    pub fn oldest(&self, applied: u64) -> u64 {
        self.0
            .read()
            .front()
            .map_or(applied, |record| record.number.saturating_sub(1).min(applied))
    }
}
