//! The database: its types closed, its configuration, and the one batch a block.

use crate::Entry;
use alloy_primitives::B256;
use commonware_cryptography::{DigestOf, Sha256};
use commonware_glue::stateful::db::{
    DatabaseSet, Shared, Unmerkleized as _,
    current::{CurrentMerkleized, CurrentUnmerkleized},
};
use commonware_parallel::Sequential;
use commonware_runtime::{Spawner, buffer::paged::CacheRef};
use commonware_storage::{
    Context,
    index::ordered::Index,
    journal::contiguous::fixed::{Config as LogConfig, Journal},
    merkle::{full::Config as MerkleConfig, mmr},
    qmdb::{
        any::{ordered::Update, ordered::fixed::Operation, value::FixedEncoding},
        current::{FixedConfig, ordered::fixed::Db},
        floor::Proportional,
        sync::Target,
    },
    translator::EightCap,
};
use commonware_utils::{NZU64, NZUsize, non_empty_range, sequence::FixedBytes};
use std::num::{NonZeroU64, NonZeroUsize};
use thiserror::Error;

/// Bytes in a chunk of the activity bitmap.
pub const CHUNK_BYTES: usize = 32;

pub type Key = DigestOf<Sha256>;
pub type Value = FixedBytes<72>;
/// The state database.
pub type Qmdb<E> = Db<mmr::Family, E, Key, Value, Sha256, EightCap, CHUNK_BYTES, Sequential>;
/// The state database as `commonware_glue::stateful` manages it.
pub type Database<E> = Shared<Qmdb<E>>;
pub type Config = FixedConfig<EightCap, Sequential>;
pub type SyncTarget = Target<mmr::Family, Key>;

type ValueUpdate = Update<Key, FixedEncoding<Value>>;
type Log<E> = Journal<E, Operation<mmr::Family, Key, Value>>;
type KeyIndex = Index<EightCap, mmr::Location>;

/// A block's batch while it is read and written.
pub type Unmerkleized<E> =
    CurrentUnmerkleized<mmr::Family, E, Log<E>, KeyIndex, Sha256, ValueUpdate, CHUNK_BYTES, Sequential>;
/// A block's batch with its root.
pub type Merkleized<E> =
    CurrentMerkleized<mmr::Family, E, Log<E>, KeyIndex, Sha256, ValueUpdate, CHUNK_BYTES, Sequential>;

const ITEMS_PER_BLOB: NonZeroU64 = NZU64!(1_000_000);
const WRITE_BUFFER_BYTES: NonZeroUsize = NZUsize!(1 << 20);
const REPLAY_BUFFER_BYTES: NonZeroUsize = NZUsize!(1 << 20);
/// Fewest entries of the cache in which a start finds what it read before.
const LEAST_CACHED: NonZeroUsize = NZUsize!(1 << 16);

/// What a block commits to about the state after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Commitment {
    /// The canonical root, the header's `stateRoot`.
    pub root: B256,
    /// The root over operations alone.
    pub ops_root: B256,
    /// First operation a syncing node needs.
    pub sync_start: u64,
    /// Number of operations.
    pub sync_end: u64,
}

impl Commitment {
    /// As `commonware_glue` takes it; it does not cover the canonical root, which must be compared besides.
    pub fn target(&self) -> SyncTarget {
        let range = mmr::Location::new(self.sync_start)..mmr::Location::new(self.sync_end);
        Target::new(
            Key::from(self.ops_root.0),
            non_empty_range!(range.start, range.end),
        )
    }

    fn of<E: Context>(merkleized: &Merkleized<E>) -> Self {
        Self {
            root: B256::from_slice(merkleized.root().as_ref()),
            ops_root: B256::from_slice(merkleized.ops_root().as_ref()),
            sync_start: *merkleized.sync_boundary(),
            sync_end: *merkleized.bounds().tip.size,
        }
    }
}

/// Why the state database failed. It is lost then, until the process is started again.
#[derive(Debug, Error)]
#[error("the state database failed: {0}")]
pub struct DatabaseError(pub String);

/// Partitions under `prefix`; `page_cache` is shared with others. A start reads all operations in order and meets most keys
/// several times; of so many `operations` it remembers where it met a key, 41 bytes each until it is done. What it does not
/// remember it reads from the disk again, one at a time: a start with a few hundred thousand keys takes minutes then.
pub fn config(prefix: &str, page_cache: CacheRef, operations: u64) -> Config {
    let cached = usize::try_from(operations).ok().and_then(NonZeroUsize::new);
    FixedConfig {
        merkle_config: MerkleConfig {
            journal_partition: format!("{prefix}-tree"),
            metadata_partition: format!("{prefix}-pins"),
            items_per_blob: ITEMS_PER_BLOB,
            write_buffer: WRITE_BUFFER_BYTES,
            replay_buffer: REPLAY_BUFFER_BYTES,
            strategy: Sequential,
            page_cache: page_cache.clone(),
        },
        journal_config: LogConfig {
            partition: format!("{prefix}-operations"),
            items_per_blob: ITEMS_PER_BLOB,
            page_cache,
            write_buffer: WRITE_BUFFER_BYTES,
            replay_buffer: REPLAY_BUFFER_BYTES,
        },
        grafted_metadata_partition: format!("{prefix}-bitmap"),
        translator: EightCap,
        init_cache: Some(cached.unwrap_or(LEAST_CACHED).max(LEAST_CACHED)),
        init_buffer: REPLAY_BUFFER_BYTES,
        init_concurrency: (),
    }
}

/// Puts a block's writes into its one batch and computes what the block commits to.
pub async fn commit<E: Context + Spawner>(
    mut batch: Unmerkleized<E>,
    entries: &[Entry],
) -> Result<(Merkleized<E>, Commitment), DatabaseError> {
    for entry in entries {
        batch = batch.write(entry.key, entry.after.clone());
    }
    let merkleized = batch
        .merkleize()
        .await
        .map_err(|source| DatabaseError(source.to_string()))?;
    let commitment = Commitment::of(&merkleized);
    Ok((merkleized, commitment))
}

/// Writes the state at genesis into an empty database and makes it durable; leaves one that has state alone.
///
/// Returns what genesis commits to if it was written now.
pub async fn seed<E: Context + Spawner>(
    context: E,
    config: Config,
    entries: &[Entry],
) -> Result<Option<Commitment>, DatabaseError> {
    let failed = |source: commonware_storage::qmdb::Error<mmr::Family>| DatabaseError(source.to_string());
    let database = Qmdb::<E>::init(context, config, None).await.map_err(failed)?;
    let empty = <Database<E> as DatabaseSet<E>>::initial_sync_targets();
    if database.bounds().end != empty.range.end() {
        return Ok(None);
    }
    let mut batch = database.new_batch();
    for entry in entries {
        batch = batch.write(entry.key, entry.after.clone());
    }
    let merkleized = batch
        .merkleize(&database, None, &mut Proportional)
        .await
        .map_err(failed)?;
    let commitment = Commitment {
        root: B256::from_slice(merkleized.root().as_ref()),
        ops_root: B256::from_slice(merkleized.ops_root().as_ref()),
        sync_start: *merkleized.sync_boundary(),
        sync_end: *merkleized.bounds().tip.size,
    };
    database
        .apply_batch(merkleized)
        .await
        .map_err(failed)?
        .sync()
        .await
        .map_err(failed)?;
    Ok(Some(commitment))
}
