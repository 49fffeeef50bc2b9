//! One block's changes in one transaction, together with the cursor.

mod change;

use alloy_primitives::B256;
use sqlx::{Any, Transaction};

use super::{Cursor, Store, StoreError, value::hex};
use crate::{
    event::Event,
    project::{Change, Place},
    rule_set::RuleSetContent,
};

/// What a block writes.
#[derive(Debug, Clone)]
pub struct Batch {
    pub number: u64,
    pub hash: B256,
    pub parent_hash: B256,
    pub timestamp_ms: u64,
    pub events: Vec<EventRow>,
}

/// An event with everything that it writes.
#[derive(Debug, Clone)]
pub struct EventRow {
    pub contract: String,
    pub place: Place,
    pub event: Event,
    pub changes: Vec<Change>,
    /// The content of the rule set that the event publishes.
    pub rule_set: Option<RuleSetContent>,
}

/// Whether a block was new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Applied {
    New,
    /// The block, or a later one, was there already; nothing changed.
    Known,
}

impl Store {
    /// Writes a block's rows and moves the cursor, both or neither.
    ///
    /// A block that is there already changes nothing. A block that does not follow the cursor, or
    /// an event that does not follow its case, is an error and changes nothing.
    pub async fn apply(&self, batch: &Batch) -> Result<Applied, StoreError> {
        let at = self.cursor().await?;
        if !follows(batch, &at)? {
            return Ok(Applied::Known);
        }
        let mut tx = self.pool.begin().await?;
        // First the cursor: it takes the write lock, and finds a second writer.
        let moved = sqlx::query(
            "UPDATE cursor SET number = $1, hash = $2, timestamp_ms = $3 WHERE id = 1 AND number = $4 AND hash = $5",
        )
        .bind(super::value::int(batch.number))
        .bind(hex(batch.hash))
        .bind(super::value::int(batch.timestamp_ms))
        .bind(super::value::int(at.number))
        .bind(hex(at.hash))
        .execute(&mut *tx)
        .await?;
        if moved.rows_affected() != 1 {
            return Err(StoreError::TwoWriters);
        }
        for row in &batch.events {
            write_event(&mut tx, row).await?;
        }
        tx.commit().await?;
        Ok(Applied::New)
    }
}

/// `false`: the block is there already.
fn follows(batch: &Batch, at: &Cursor) -> Result<bool, StoreError> {
    if batch.number == at.number && batch.hash != at.hash {
        return Err(StoreError::Fork {
            number: at.number,
            held: hex(at.hash),
            got: hex(batch.hash),
        });
    }
    if batch.number <= at.number {
        return Ok(false);
    }
    if batch.number != at.number + 1 {
        return Err(StoreError::Gap {
            at: at.number,
            got: batch.number,
        });
    }
    if batch.parent_hash != at.hash {
        return Err(StoreError::WrongParent {
            number: batch.number,
            parent: hex(batch.parent_hash),
            expected: hex(at.hash),
        });
    }
    Ok(true)
}

async fn write_event(tx: &mut Transaction<'static, Any>, row: &EventRow) -> Result<(), StoreError> {
    for change in &row.changes {
        change::write(tx, change, row).await?;
    }
    if let Some((case_id, seq)) = row.event.case_seq() {
        count(tx, row, case_id, seq).await?;
    }
    let args = serde_json::to_string(&row.event).map_err(|error| sqlx::Error::Encode(error.into()))?;
    sqlx::query(
        "INSERT INTO events (block_number, log_index, block_time_ms, tx_hash, contract, name, case_id, seq, args) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(super::value::int(row.place.block_number))
    .bind(i64::from(row.place.log_index))
    .bind(super::value::int(row.place.block_time_ms))
    .bind(hex(row.place.tx_hash))
    .bind(row.contract.clone())
    .bind(row.event.name())
    .bind(row.event.case_id().map(hex).unwrap_or_default())
    .bind(row.event.case_seq().map_or(-1, |(_, seq)| i64::from(seq)))
    .bind(args)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Moves the case's counter from `seq` to `seq + 1`; anything else is a hole in the case.
async fn count(
    tx: &mut Transaction<'static, Any>,
    row: &EventRow,
    case_id: B256,
    seq: u32,
) -> Result<(), StoreError> {
    let counted = sqlx::query("UPDATE cases SET events = $1 WHERE id = $2 AND events = $3")
        .bind(i64::from(seq) + 1)
        .bind(hex(case_id))
        .bind(i64::from(seq))
        .execute(&mut **tx)
        .await?;
    if counted.rows_affected() == 1 {
        return Ok(());
    }
    let expected: Option<i64> = sqlx::query_scalar("SELECT events FROM cases WHERE id = $1")
        .bind(hex(case_id))
        .fetch_optional(&mut **tx)
        .await?;
    Err(StoreError::Sequence {
        name: row.event.name(),
        case_id: hex(case_id),
        expected: expected.unwrap_or(0),
        got: seq,
    })
}
