//! Points to go back to.

use super::time::Time;
use alloy_primitives::Address;
use std::collections::BTreeMap;
use zhengtong_chain::pool::Content;

/// Most points that are kept; the oldest is forgotten for a new one beyond it.
const MAX_SNAPSHOTS: usize = 4_096;

/// Everything that a point brings back.
#[derive(Clone, Debug)]
pub struct Snapshot {
    pub blocks: usize,
    /// Version of the state.
    pub version: u64,
    pub pool: Content,
    pub time: Time,
    /// What the clock said, in seconds since the Unix epoch.
    pub taken_at: u64,
    pub coinbase: Address,
    pub gas_limit: u64,
}

/// Points by their number. Numbers are not used twice.
#[derive(Debug, Default)]
pub struct Snapshots {
    last: u64,
    kept: BTreeMap<u64, Snapshot>,
}

impl Snapshots {
    pub fn keep(&mut self, snapshot: Snapshot) -> u64 {
        if self.kept.len() >= MAX_SNAPSHOTS {
            self.kept.pop_first();
        }
        self.last += 1;
        self.kept.insert(self.last, snapshot);
        self.last
    }

    /// Takes a point, and forgets it and those after it.
    pub fn take(&mut self, number: u64) -> Option<Snapshot> {
        self.kept.get(&number)?;
        let mut later = self.kept.split_off(&number);
        later.remove(&number)
    }

    pub fn clear(&mut self) {
        self.kept.clear();
    }
}
