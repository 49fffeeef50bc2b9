//! Which code a state needs.

use crate::{Qmdb, Value, db::DatabaseError, decode_account};
use alloy_primitives::B256;
use commonware_runtime::Spawner;
use commonware_storage::Context;
use futures::StreamExt as _;
use std::{collections::BTreeSet, pin::pin};
use zhengtong_evm::EMPTY_CODE_HASH;

/// Hashes of the code that the accounts of this state name, each once. Reads every entry.
pub async fn code_hashes<E: Context + Spawner>(database: &Qmdb<E>) -> Result<BTreeSet<B256>, DatabaseError> {
    let mut hashes = BTreeSet::new();
    let mut entries = pin!(database.stream_range(..));
    while let Some(entry) = entries.next().await {
        let (_, value) = entry.map_err(|source| DatabaseError(source.to_string()))?;
        hashes.extend(named(&value));
    }
    Ok(hashes)
}

/// The code that an entry names. Where an account has its code's hash, a slot has zeros.
fn named(value: &Value) -> Option<B256> {
    let hash = decode_account(value).code_hash;
    (!hash.is_zero() && hash != EMPTY_CODE_HASH).then_some(hash)
}
