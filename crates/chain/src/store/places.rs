//! Where transactions are, by their hashes.
//!
//! Hashes come in no order, so that each new one changes a page of its own on disk. Those of the newest blocks are therefore
//! kept in memory until there are many, and then written part by part: a part has the hashes that begin alike, which are
//! neighbours in the table. A start reads what was in memory out of the blocks again.

use super::{BLOCKS, META, Record, StoreError};
use alloy_primitives::{B256, keccak256, map::B256Map};
use redb::{Database, ReadableDatabase as _, ReadableTable as _, TableDefinition, WriteTransaction};

pub(super) const TRANSACTIONS: TableDefinition<'_, &[u8; 32], (u64, u32)> =
    TableDefinition::new("transactions");
/// Note with the newest block up to which all are in the table, big-endian.
pub(super) const WRITTEN: &str = "transactions-written";

/// Parts by the first four bits of the hash. One is written at a time, so that no block waits long for the disk.
const PARTS: usize = 16;
/// Parts are written as long as there are more in memory than this.
pub(super) const MOST_KEPT: usize = 16_384;
/// A part is written, however few it has, when this many blocks came since: so many are read at a start.
pub(super) const MOST_BLOCKS: u64 = 4_096;

/// Block number, and index in the block.
type Place = (u64, u32);

/// Places that are not in the table yet.
#[derive(Debug)]
pub(super) struct Recent {
    parts: [Part; PARTS],
    /// The part that is written next.
    next: usize,
}

#[derive(Clone, Debug, Default)]
struct Part {
    places: B256Map<Place>,
    /// The newest block up to which all of the part are in the table.
    written: u64,
}

/// What is to be written with a block.
#[derive(Debug)]
pub(super) struct Due {
    places: Vec<(B256, Place)>,
    parts: usize,
    /// The note that goes with them.
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
            return Ok(Self::from(written));
        };
        let written = written.value().try_into();
        let written = u64::from_be_bytes(written.map_err(|_| StoreError::DamagedNote(WRITTEN))?);
        let mut recent = Self::from(written);
        for block in blocks.range(written + 1..)? {
            let (number, record) = block?;
            let record = Record::read(number.value(), record.value())?;
            recent.keep(number.value(), record.transactions.iter().map(keccak256));
        }
        Ok(recent)
    }

    /// All up to this block are in the table.
    fn from(written: u64) -> Self {
        let part = Part {
            written,
            ..Part::default()
        };
        Self {
            parts: std::array::from_fn(|_| part.clone()),
            next: 0,
        }
    }

    pub fn get(&self, hash: &B256) -> Option<Place> {
        self.parts[part_of(hash)].places.get(hash).copied()
    }

    fn keep(&mut self, number: u64, hashes: impl Iterator<Item = B256>) {
        for (hash, index) in hashes.zip(0..) {
            self.parts[part_of(&hash)].places.insert(hash, (number, index));
        }
    }

    /// Takes in where the transactions of a block are, and tells what is to be written with it. Once that is on disk,
    /// [`Recent::done`] forgets it here.
    pub fn put(&mut self, number: u64, hashes: impl Iterator<Item = B256>) -> Option<Due> {
        if number > self.written(0) {
            self.keep(number, hashes);
        }
        let mut kept: usize = self.parts.iter().map(|part| part.places.len()).sum();
        let (mut places, mut parts) = (Vec::new(), 0);
        for part in self.upcoming() {
            let is_old = number.saturating_sub(part.written) > MOST_BLOCKS;
            if kept <= MOST_KEPT && (parts > 0 || !is_old) {
                break;
            }
            kept -= part.places.len();
            places.extend(part.places.iter().map(|(hash, place)| (*hash, *place)));
            parts += 1;
        }
        places.sort_unstable();
        (parts > 0).then(|| Due {
            places,
            parts,
            written: self.written(parts).min(number),
        })
    }

    /// What was due with this block is on disk.
    pub fn done(&mut self, number: u64, due: &Due) {
        for _ in 0..due.parts {
            let part = &mut self.parts[self.next];
            part.places.clear();
            part.written = part.written.max(number);
            self.next = (self.next + 1) % PARTS;
        }
    }

    /// The parts in the order in which they are written.
    fn upcoming(&self) -> impl Iterator<Item = &Part> {
        self.parts.iter().cycle().skip(self.next).take(PARTS)
    }

    /// The newest block up to which all are in the table, but for the next parts.
    fn written(&self, but: usize) -> u64 {
        let written = self.upcoming().skip(but).map(|part| part.written);
        written.min().unwrap_or(u64::MAX)
    }

    /// Forgets what is in a block before this one.
    pub fn forget(&mut self, below: u64) {
        if below <= self.written(0) + 1 {
            return;
        }
        for part in &mut self.parts {
            part.places.retain(|_, (number, _)| *number >= below);
        }
    }
}

impl Due {
    pub fn write(&self, write: &WriteTransaction) -> Result<(), StoreError> {
        let mut table = write.open_table(TRANSACTIONS)?;
        for (hash, place) in &self.places {
            table.insert(&hash.0, place)?;
        }
        note(write, self.written)
    }
}

fn part_of(hash: &B256) -> usize {
    usize::from(hash[0] >> 4)
}

fn note(write: &WriteTransaction, number: u64) -> Result<(), StoreError> {
    write
        .open_table(META)?
        .insert(WRITTEN, number.to_be_bytes().as_slice())?;
    Ok(())
}
