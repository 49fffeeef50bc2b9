//! Forgets old blocks, for a node that keeps a window of them.

use super::{BLOCKS, CERTIFICATES, FIRST, META, NUMBERS, Record, Store, StoreError, places::TRANSACTIONS};
use alloy_primitives::keccak256;
use std::sync::atomic::Ordering;

/// Most blocks that are forgotten at a time, so that no block waits long for the disk.
const FORGOTTEN_AT_ONCE: u64 = 256;

impl Store {
    /// Forgets blocks before `below`, the oldest first and not all at once, with their transactions, receipts and
    /// certificates. The genesis block, code, and what the blocks made of the state stay.
    pub fn forget(&self, below: u64) -> Result<(), StoreError> {
        let from = self.first().max(1);
        let below = below.min(from + FORGOTTEN_AT_ONCE);
        if below <= from {
            return Ok(());
        }
        let write = self.database.begin_write()?;
        {
            let mut blocks = write.open_table(BLOCKS)?;
            let mut numbers = write.open_table(NUMBERS)?;
            let mut transactions = write.open_table(TRANSACTIONS)?;
            let mut certificates = write.open_table(CERTIFICATES)?;
            for number in from..below {
                certificates.remove(number)?;
                let Some(record) = blocks.remove(number)? else {
                    continue;
                };
                let record = Record::read(number, record.value())?;
                numbers.remove(&keccak256(&record.header).0)?;
                for raw in record.transactions {
                    transactions.remove(&keccak256(raw).0)?;
                }
            }
            write
                .open_table(META)?
                .insert(FIRST, below.to_be_bytes().as_slice())?;
        }
        write.commit()?;
        self.first.store(below, Ordering::Release);
        self.recent.lock().forget(below);
        let mut cached = self.blocks.lock();
        for number in from..below {
            cached.pop(&number);
        }
        Ok(())
    }
}
