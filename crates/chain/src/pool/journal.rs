//! The write-ahead journal of accepted transactions.
//!
//! One append-only blob a generation, named by its number (big-endian). A record is `length(4) ‖ check(4) ‖ raw`, where
//! `check` is the start of the Keccak-256 of the raw transaction. Many submissions share one fsync. A torn tail, which only
//! an unacknowledged record can have, is cut off when the journal is opened. When most of a generation is no longer
//! waiting, the rest is copied into the next one, which is made durable before the old one is removed.

use alloy_primitives::{B256, Bytes, keccak256};
use commonware_runtime::{Blob as _, ReadOptions, Storage, WriteOptions};
use thiserror::Error;
use zhengtong_types::consensus::MAX_TRANSACTION_BYTES;

const HEAD_BYTES: usize = 8;
/// A generation is rewritten when it is larger than this and mostly dead.
const COMPACT_BYTES: u64 = 16 * 1024 * 1024;

/// Why the journal failed. What was being written is not accepted.
#[derive(Clone, Debug, Error)]
#[error("the transaction journal failed: {0}")]
pub struct JournalError(pub String);

impl From<commonware_runtime::Error> for JournalError {
    fn from(source: commonware_runtime::Error) -> Self {
        Self(source.to_string())
    }
}

/// An open journal.
pub struct Journal<E: Storage> {
    context: E,
    partition: String,
    generation: u64,
    blob: E::Blob,
    /// Where the next record goes.
    end: u64,
    /// A write failed: there may be bytes behind `end`, which have to go before the next.
    torn: bool,
}

impl<E: Storage> Journal<E> {
    /// Opens the journal and returns every intact record, oldest first.
    pub async fn open(context: E, partition: String) -> Result<(Self, Vec<Bytes>), JournalError> {
        let mut generations = match context.scan(&partition).await {
            Ok(names) => names
                .iter()
                .filter_map(|name| name.as_slice().try_into().ok())
                .map(u64::from_be_bytes)
                .collect(),
            Err(commonware_runtime::Error::PartitionMissing(_)) => Vec::new(),
            Err(source) => return Err(source.into()),
        };
        generations.sort_unstable();
        let mut records = Vec::new();
        let mut end = 0;
        // A crash during compaction leaves two generations; together they have everything.
        for generation in &generations {
            let (blob, size) = context.open(&partition, &generation.to_be_bytes()).await?;
            end = read_records(&blob, size, &mut records).await?;
        }
        let generation = generations.last().copied().unwrap_or(0);
        let (blob, size) = context.open(&partition, &generation.to_be_bytes()).await?;
        if size > end {
            blob.resize(end).await?;
            blob.sync().await?;
        }
        let mut journal = Self {
            context,
            partition,
            generation,
            blob,
            end,
            torn: false,
        };
        if generations.len() > 1 {
            journal.compact(&records).await?;
        }
        Ok((journal, records))
    }

    /// Appends raw transactions, each with its hash, which is their Keccak-256 (only what is canonically encoded is decoded);
    /// when it returns they survive a crash. On error none of them is in the journal.
    pub async fn append(&mut self, accepted: &[(B256, Bytes)]) -> Result<(), JournalError> {
        if self.torn {
            self.blob.resize(self.end).await?;
        }
        let bytes = encode(accepted);
        let written = bytes.len() as u64;
        self.torn = true;
        self.blob
            .write_at(self.end, bytes, WriteOptions::default())
            .await?;
        self.blob.sync().await?;
        self.torn = false;
        self.end += written;
        Ok(())
    }

    /// Whether rewriting would shrink the journal much, given the bytes that still wait.
    pub fn is_bloated(&self, live_bytes: usize) -> bool {
        self.end > COMPACT_BYTES && self.end / 4 > live_bytes as u64
    }

    /// Starts a new generation that holds only `live`, and removes the older ones.
    pub async fn compact(&mut self, live: &[Bytes]) -> Result<(), JournalError> {
        let next = self.generation + 1;
        let (blob, _) = self.context.open(&self.partition, &next.to_be_bytes()).await?;
        let live: Vec<_> = live.iter().map(|raw| (keccak256(raw), raw.clone())).collect();
        let bytes = encode(&live);
        let end = bytes.len() as u64;
        blob.resize(0).await?;
        blob.write_at(0, bytes, WriteOptions::default()).await?;
        blob.sync().await?;
        for name in self.context.scan(&self.partition).await? {
            if name.as_slice() != next.to_be_bytes().as_slice() {
                self.context.remove(&self.partition, Some(&name)).await?;
            }
        }
        (self.generation, self.blob, self.end, self.torn) = (next, blob, end, false);
        Ok(())
    }
}

fn encode(records: &[(B256, Bytes)]) -> Vec<u8> {
    let length = records.iter().map(|(_, raw)| HEAD_BYTES + raw.len()).sum();
    let mut bytes = Vec::with_capacity(length);
    for (hash, raw) in records {
        debug_assert_eq!(*hash, keccak256(raw));
        bytes.extend((raw.len() as u32).to_be_bytes());
        bytes.extend(&hash[..4]);
        bytes.extend(raw.as_ref());
    }
    bytes
}

/// Reads intact records into `records` and returns where they end.
async fn read_records<B: commonware_runtime::Blob>(
    blob: &B,
    size: u64,
    records: &mut Vec<Bytes>,
) -> Result<u64, JournalError> {
    let bytes = blob
        .read_at(0, size as usize, ReadOptions::default())
        .await?
        .coalesce();
    let bytes: &[u8] = bytes.as_ref();
    let mut at = 0;
    while let Some(head) = bytes.get(at..at + HEAD_BYTES) {
        let length = u32::from_be_bytes([head[0], head[1], head[2], head[3]]) as usize;
        if length == 0 || length > MAX_TRANSACTION_BYTES {
            break;
        }
        let Some(raw) = bytes.get(at + HEAD_BYTES..at + HEAD_BYTES + length) else {
            break;
        };
        if keccak256(raw)[..4] != head[4..] {
            break;
        }
        records.push(Bytes::copy_from_slice(raw));
        at += HEAD_BYTES + length;
    }
    Ok(at as u64)
}
