//! Proofs that a key has a value, or none, under the database's current root.

use crate::{Key, Qmdb};
use alloy_primitives::{B256, Bytes};
use commonware_codec::Encode as _;
use commonware_runtime::Spawner;
use commonware_storage::Context;
use thiserror::Error;
use zhengtong_types::{KeyProof, ProofKind, StateEntry};

/// Why nothing was proven.
#[derive(Debug, Error)]
#[error("proving failed: {0}")]
pub struct ProveError(String);

/// Reads and proves one key against [`Qmdb::root`].
pub async fn prove_key<E: Context + Spawner>(database: &Qmdb<E>, key: Key) -> Result<StateEntry, ProveError> {
    let failed = |source: commonware_storage::qmdb::Error<_>| ProveError(source.to_string());
    let value = database.get(&key).await.map_err(failed)?;
    let proof = match &value {
        Some(_) => KeyProof {
            kind: ProofKind::Inclusion,
            data: Bytes::from(database.key_value_proof(key).await.map_err(failed)?.encode()),
        },
        None => KeyProof {
            kind: ProofKind::Exclusion,
            data: Bytes::from(database.exclusion_proof(&key).await.map_err(failed)?.encode()),
        },
    };
    let value = value.map(|value| Bytes::copy_from_slice(value.as_ref()));
    Ok(StateEntry {
        key: B256::from_slice(key.as_ref()),
        value,
        proof,
    })
}
