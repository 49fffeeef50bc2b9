//! Finalized blocks with their receipts, code, and certificates, on disk and indexed.
//!
//! One redb file. A block, its code and its certificate are written in one durable transaction, and with it from time to time
//! where the transactions of many blocks are.
//!
//! - `places`: where transactions are.
//! - `start`: a store that does not begin at the genesis block.
//! - `prune`: a store that keeps a window of blocks.

mod places;
mod prune;
mod start;
#[cfg(test)]
pub(crate) mod tests;
mod votes;

pub use start::Start;
pub use votes::VotesFrom;

use crate::view::SealedBlock;
use alloy_consensus::ReceiptEnvelope;
use alloy_eips::eip2718::{Decodable2718 as _, Encodable2718 as _};
use alloy_primitives::{Address, B256, Bytes, keccak256};
use alloy_rlp::{Decodable as _, RlpDecodable, RlpEncodable};
use lru::LruCache;
use parking_lot::Mutex;
use places::{Recent, TRANSACTIONS};
use redb::{Database, ReadableDatabase as _, ReadableTable as _, TableDefinition};
use start::{ANCESTORS, FIRST};
use std::{
    num::NonZeroUsize,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};
use thiserror::Error;
use zhengtong_evm::receipt_from_parts;
use zhengtong_types::{
    consensus::Block,
    header::{Extra, decode_header, encode_header, timestamp_ms},
};

const META: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("meta");
const BLOCKS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("blocks");
const NUMBERS: TableDefinition<'_, &[u8; 32], u64> = TableDefinition::new("numbers");
const CODES: TableDefinition<'_, &[u8; 32], &[u8]> = TableDefinition::new("codes");
const CERTIFICATES: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("certificates");

/// Blocks that are kept decoded.
const RECENT_BLOCKS: NonZeroUsize = NonZeroUsize::new(64).unwrap();
/// Codes that are kept in memory.
const RECENT_CODES: NonZeroUsize = NonZeroUsize::new(512).unwrap();
/// Bytes of the file that redb keeps in memory.
const CACHE_BYTES: usize = 64 * 1024 * 1024;

/// Why the block store failed.
#[derive(Clone, Debug, Error)]
pub enum StoreError {
    #[error("the block store failed: {0}")]
    Redb(Arc<redb::Error>),
    #[error("block {number} in the block store is damaged: {reason}")]
    Damaged { number: u64, reason: String },
    #[error("the note \"{0}\" in the block store is damaged")]
    DamagedNote(&'static str),
}

impl<E: Into<redb::Error>> From<E> for StoreError {
    fn from(source: E) -> Self {
        Self::Redb(Arc::new(source.into()))
    }
}

/// The block store.
#[derive(Debug)]
pub struct Store {
    database: Database,
    blocks: Mutex<LruCache<u64, Arc<SealedBlock>>>,
    codes: Mutex<LruCache<B256, Bytes>>,
    recent: Mutex<Recent>,
    /// The first block that is kept whole, besides the genesis block.
    first: AtomicU64,
}

/// A block as it is stored.
#[derive(RlpEncodable, RlpDecodable)]
struct Record {
    header: Bytes,
    transactions: Vec<Bytes>,
    senders: Vec<Address>,
    receipts: Vec<Bytes>,
}

impl Record {
    /// Reads the record of a block.
    fn read(number: u64, mut bytes: &[u8]) -> Result<Self, StoreError> {
        Self::decode(&mut bytes).map_err(|source| StoreError::Damaged {
            number,
            reason: source.to_string(),
        })
    }
}

impl Store {
    /// Opens or creates the file.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Self::with(Database::builder().set_cache_size(CACHE_BYTES).create(path)?)
    }

    /// A store that is gone with the value.
    pub fn in_memory() -> Result<Self, StoreError> {
        Self::with(Database::builder().create_with_backend(redb::backends::InMemoryBackend::new())?)
    }

    fn with(database: Database) -> Result<Self, StoreError> {
        let write = database.begin_write()?;
        write.open_table(META)?;
        write.open_table(BLOCKS)?;
        write.open_table(NUMBERS)?;
        write.open_table(TRANSACTIONS)?;
        write.open_table(CODES)?;
        write.open_table(CERTIFICATES)?;
        write.open_table(ANCESTORS)?;
        write.commit()?;
        let store = Self {
            recent: Mutex::new(Recent::load(&database)?),
            database,
            blocks: Mutex::new(LruCache::new(RECENT_BLOCKS)),
            codes: Mutex::new(LruCache::new(RECENT_CODES)),
            first: AtomicU64::new(0),
        };
        if let Some(first) = store.note(FIRST)? {
            let first = first.try_into().map_err(|_| StoreError::DamagedNote(FIRST))?;
            store.first.store(u64::from_be_bytes(first), Ordering::Release);
        }
        Ok(store)
    }

    /// Stores a block durably, with what came with it. Storing it again changes nothing.
    pub fn put(
        &self,
        block: &Block,
        sealed: &Arc<SealedBlock>,
        codes: &[(B256, Bytes)],
        certificate: Option<&[u8]>,
    ) -> Result<(), StoreError> {
        let number = block.number();
        let record = Record {
            header: block.header_rlp().clone(),
            transactions: block.transactions().to_vec(),
            senders: sealed
                .transactions
                .iter()
                .map(|transaction| transaction.signer())
                .collect(),
            receipts: sealed
                .receipts
                .iter()
                .map(|receipt| receipt.envelope.encoded_2718().into())
                .collect(),
        };
        let hashes = sealed
            .transactions
            .iter()
            .map(|transaction| *transaction.tx_hash());
        let due = self.recent.lock().put(number, hashes);
        let write = self.database.begin_write()?;
        {
            let mut table = write.open_table(CODES)?;
            for (hash, code) in codes {
                table.insert(&hash.0, code.as_ref())?;
            }
            if let Some(due) = &due {
                due.write(&write)?;
            }
            write.open_table(NUMBERS)?.insert(&block.hash().0, number)?;
            write
                .open_table(BLOCKS)?
                .insert(number, alloy_rlp::encode(&record).as_slice())?;
            if let Some(certificate) = certificate {
                write.open_table(CERTIFICATES)?.insert(number, certificate)?;
            }
        }
        write.commit()?;
        if let Some(due) = &due {
            self.recent.lock().done(number, due);
        }
        self.blocks.lock().put(number, sealed.clone());
        let mut cache = self.codes.lock();
        for (hash, code) in codes {
            cache.put(*hash, code.clone());
        }
        Ok(())
    }

    /// The newest stored block.
    pub fn tip(&self) -> Result<Option<u64>, StoreError> {
        let read = self.database.begin_read()?;
        Ok(read.open_table(BLOCKS)?.last()?.map(|(number, _)| number.value()))
    }

    pub fn block(&self, number: u64) -> Result<Option<Arc<SealedBlock>>, StoreError> {
        if let Some(block) = self.blocks.lock().get(&number) {
            return Ok(Some(block.clone()));
        }
        let read = self.database.begin_read()?;
        let Some(bytes) = read.open_table(BLOCKS)?.get(number)? else {
            return Ok(None);
        };
        let block = Arc::new(decode(bytes.value()).map_err(|reason| StoreError::Damaged { number, reason })?);
        self.blocks.lock().put(number, block.clone());
        Ok(Some(block))
    }

    pub fn number(&self, hash: B256) -> Result<Option<u64>, StoreError> {
        let read = self.database.begin_read()?;
        Ok(read
            .open_table(NUMBERS)?
            .get(&hash.0)?
            .map(|number| number.value()))
    }

    /// Block number and index of a transaction.
    pub fn transaction(&self, hash: B256) -> Result<Option<(u64, usize)>, StoreError> {
        let recent = self.recent.lock().get(&hash);
        if let Some((number, index)) = recent {
            return Ok(Some((number, index as usize)));
        }
        let read = self.database.begin_read()?;
        let found = read.open_table(TRANSACTIONS)?.get(&hash.0)?;
        Ok(found.map(|place| (place.value().0, place.value().1 as usize)))
    }

    pub fn code(&self, hash: B256) -> Result<Option<Bytes>, StoreError> {
        if let Some(code) = self.codes.lock().get(&hash) {
            return Ok(Some(code.clone()));
        }
        let read = self.database.begin_read()?;
        let Some(code) = read.open_table(CODES)?.get(&hash.0)? else {
            return Ok(None);
        };
        let code = Bytes::copy_from_slice(code.value());
        self.codes.lock().put(hash, code.clone());
        Ok(Some(code))
    }

    /// The first certificate at or above a block: the number of the block it certifies, and its bytes.
    pub fn certificate(&self, from: u64) -> Result<Option<(u64, Bytes)>, StoreError> {
        let read = self.database.begin_read()?;
        let found = read.open_table(CERTIFICATES)?.range(from..)?.next().transpose()?;
        Ok(found.map(|(number, bytes)| (number.value(), Bytes::copy_from_slice(bytes.value()))))
    }

    /// The newest block that has a certificate.
    pub fn certified(&self) -> Result<Option<u64>, StoreError> {
        let read = self.database.begin_read()?;
        Ok(read
            .open_table(CERTIFICATES)?
            .last()?
            .map(|(number, _)| number.value()))
    }

    /// A note kept beside the blocks.
    pub fn note(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let read = self.database.begin_read()?;
        Ok(read
            .open_table(META)?
            .get(name)?
            .map(|bytes| bytes.value().to_vec()))
    }

    pub fn set_note(&self, name: &str, value: &[u8]) -> Result<(), StoreError> {
        let write = self.database.begin_write()?;
        write.open_table(META)?.insert(name, value)?;
        write.commit()?;
        Ok(())
    }
}

fn decode(bytes: &[u8]) -> Result<SealedBlock, String> {
    let record = Record::decode(&mut &*bytes).map_err(|source| source.to_string())?;
    let header = decode_header(&record.header).map_err(|source| source.to_string())?;
    let extra = Extra::decode(&header.extra_data).map_err(|source| source.to_string())?;
    let count = record.transactions.len();
    if record.senders.len() != count || record.receipts.len() != count {
        return Err("it does not have one sender and one receipt a transaction".into());
    }
    let size_bytes = size_bytes(&header, &record.transactions);
    let mut sealed = SealedBlock {
        hash: keccak256(&record.header),
        timestamp_ms: timestamp_ms(&header, &extra),
        header,
        transactions: Vec::with_capacity(count),
        receipts: Vec::with_capacity(count),
        size_bytes,
    };
    let (mut gas_before, mut first_log) = (0, 0);
    for ((raw, sender), receipt) in record
        .transactions
        .iter()
        .zip(record.senders)
        .zip(&record.receipts)
    {
        let envelope =
            alloy_consensus::TxEnvelope::decode_2718(&mut raw.as_ref()).map_err(|e| e.to_string())?;
        let transaction = zhengtong_evm::Transaction::new_unchecked(envelope, sender);
        let envelope = ReceiptEnvelope::decode_2718(&mut receipt.as_ref()).map_err(|e| e.to_string())?;
        let gas_after = envelope.cumulative_gas_used();
        let gas_used = gas_after
            .checked_sub(gas_before)
            .ok_or("its receipts' gas does not grow")?;
        let logs = envelope.logs().to_vec();
        let log_count = logs.len();
        sealed.receipts.push(receipt_from_parts(
            &transaction,
            envelope.status(),
            gas_used,
            gas_after,
            logs,
            first_log,
        ));
        sealed.transactions.push(transaction);
        (gas_before, first_log) = (gas_after, first_log + log_count);
    }
    Ok(sealed)
}

/// Size of header and raw transactions.
pub(crate) fn size_bytes(header: &alloy_consensus::Header, transactions: &[Bytes]) -> usize {
    encode_header(header).len() + transactions.iter().map(|raw| raw.len()).sum::<usize>()
}
