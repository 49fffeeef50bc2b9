//! Where transactions are, by their hashes.
//!
//! Hashes come in no order, so that each new one changes a page of its own on disk. Those of the newest blocks are therefore
//! kept in memory, and written many at a time, in order; a start reads them out of these blocks again.

use super::{BLOCKS, META, Record, StoreError};
use alloy_primitives::{B256, keccak256, map::B256Map};
use alloy_rlp::Decodable as _;
use redb::{Database, ReadableDatabase as _, ReadableTable as _, TableDefinition, WriteTransaction};

pub(super) const TRANSACTIONS: TableDefinition<'_, &[u8; 32], (u64, u32)> =
    TableDefinition::new("transactions");
/// Note with the newest block up to which all are in the table, big-endian.
pub(super) const WRITTEN: &str = "transactions-written";
/// With so many or more in memory, all are written.
pub(super) const WRITTEN_TOGETHER: usize = 16_384;

/// Block number, and index in the block.
pub(super) type Place = (u64, u32);

/// Places that are not in the table yet.
#[derive(Debug, Default)]
pub(super) struct Recent {
    places: B256Map<Place>,
    /// The newest block up to which all are in the table.
    written: u64,
}

impl Recent {
    /// Reads what was in memory when the node stopped out of the blocks that the table does not cover.
    pub fn load(database: &Database) -> Result<Self, StoreError> {
        let read = database.begin_read()?;
        let blocks = read.open_table(BLOCKS)?;
        let Some(written) = read.open_table(META)?.get(WRITTEN)? else {
            // A store of a version that wrote each at once, or an empty one.
            let written = blocks.last()?.map_or(0, |(number, _)| number.value());
            let write = database.begin_write()?;
            note(&write, written)?;
            write.commit()?;
            let places = B256Map::default();
            return Ok(Self { places, written });
        };
        let written = written.value().try_into();
        let written = u64::from_be_bytes(written.map_err(|_| StoreError::DamagedNote(WRITTEN))?);
        let mut places = B256Map::default();
        for block in blocks.range(written + 1..)? {
            let (number, record) = block?;
            let (number, record) = (number.value(), record.value());
            let record = Record::decode(&mut &*record).map_err(|source| StoreError::Damaged {
                number,
                reason: source.to_string(),
            })?;
            places.extend(of_block(number, record.transactions.iter().map(keccak256)));
        }
        Ok(Self { places, written })
    }

    pub fn get(&self, hash: &B256) -> Option<Place> {
        self.places.get(hash).copied()
    }

    /// Takes in where the transactions of the next block are. If these are enough then, all that are to be [`write`]n with it.
    pub fn put(&mut self, number: u64, hashes: impl Iterator<Item = B256>) -> Option<Vec<(B256, Place)>> {
        if number <= self.written {
            return None;
        }
        self.places.extend(of_block(number, hashes));
        (self.places.len() >= WRITTEN_TOGETHER).then(|| {
            let mut places: Vec<_> = self.places.iter().map(|(hash, place)| (*hash, *place)).collect();
            places.sort_unstable();
            places
        })
    }

    /// All up to this block are in the table, durably.
    pub fn is_written(&mut self, number: u64) {
        self.places.clear();
        self.written = number;
    }

    /// Forgets what is in a block before this one.
    pub fn forget(&mut self, below: u64) {
        if below > self.written + 1 {
            self.places.retain(|_, (number, _)| *number >= below);
        }
    }
}

fn of_block(number: u64, hashes: impl Iterator<Item = B256>) -> impl Iterator<Item = (B256, Place)> {
    hashes.zip(0..).map(move |(hash, index)| (hash, (number, index)))
}

/// Writes places, which are all up to this block that are not in the table.
pub(super) fn write(
    write: &WriteTransaction,
    number: u64,
    places: &[(B256, Place)],
) -> Result<(), StoreError> {
    let mut table = write.open_table(TRANSACTIONS)?;
    for (hash, place) in places {
        table.insert(&hash.0, place)?;
    }
    note(write, number)
}

fn note(write: &WriteTransaction, number: u64) -> Result<(), StoreError> {
    write
        .open_table(META)?
        .insert(WRITTEN, number.to_be_bytes().as_slice())?;
    Ok(())
}
