//! How far the index is.

use alloy_primitives::B256;
use sqlx::Row;

use super::{Store, StoreError, value};

/// The last block whose rows are in the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    pub number: u64,
    pub hash: B256,
    /// Unix milliseconds; 0 at the genesis.
    pub timestamp_ms: u64,
}

impl Store {
    /// Reads the cursor.
    pub async fn cursor(&self) -> Result<Cursor, StoreError> {
        let row = sqlx::query("SELECT number, hash, timestamp_ms FROM cursor WHERE id = 1")
            .fetch_one(&self.pool)
            .await?;
        Ok(Cursor {
            number: value::uint(row.try_get(0)?),
            hash: value::parse("cursor", "hash", row.try_get(1)?)?,
            timestamp_ms: value::uint(row.try_get(2)?),
        })
    }
}
