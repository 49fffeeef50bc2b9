//! Reading events in the order of the chain.

use alloy_primitives::B256;
use sqlx::{Row, any::AnyRow};

use super::{
    Store, StoreError,
    value::{hex, int, narrow, uint},
};
use crate::view::case::EventRecord;

/// Events shown with a case; the contract's life of a case has fewer.
const MAX_CASE_EVENTS: i64 = 1_000;

const COLUMNS: &str =
    "SELECT block_number, log_index, block_time_ms, tx_hash, contract, name, case_id, seq, args FROM events";

/// A place in the order of events: block and index of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct EventId {
    pub block_number: u64,
    pub log_index: u32,
}

impl std::str::FromStr for EventId {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (block, log) = text.split_once('-').ok_or(())?;
        Ok(Self {
            block_number: block.parse().map_err(|_| ())?,
            log_index: log.parse().map_err(|_| ())?,
        })
    }
}

impl Store {
    /// Every event of a case.
    pub async fn case_events(&self, id: B256) -> Result<Vec<EventRecord>, StoreError> {
        let sql = format!("{COLUMNS} WHERE case_id = $1 ORDER BY block_number, log_index LIMIT $2");
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(hex(id))
            .bind(MAX_CASE_EVENTS)
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(record).collect()
    }

    /// Up to `limit` events after a place, of one case or of all.
    pub async fn events_after(
        &self,
        after: EventId,
        case: Option<B256>,
        limit: u32,
    ) -> Result<Vec<EventRecord>, StoreError> {
        let sql = format!(
            "{COLUMNS} WHERE (block_number > $1 OR (block_number = $1 AND log_index > $2)) \
             AND ($3 = '' OR case_id = $3) ORDER BY block_number, log_index LIMIT $4"
        );
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(int(after.block_number))
            .bind(i64::from(after.log_index))
            .bind(case.map(hex).unwrap_or_default())
            .bind(i64::from(limit))
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(record).collect()
    }
}

fn record(row: &AnyRow) -> Result<EventRecord, StoreError> {
    let args: String = row.try_get("args")?;
    let case_id: String = row.try_get("case_id")?;
    let seq: i64 = row.try_get("seq")?;
    Ok(EventRecord {
        name: row.try_get("name")?,
        seq: (seq >= 0).then(|| narrow("events", "seq", seq)).transpose()?,
        contract: row.try_get("contract")?,
        case_id: (!case_id.is_empty()).then_some(case_id),
        block_number: uint(row.try_get("block_number")?),
        block_time_ms: uint(row.try_get("block_time_ms")?),
        tx_hash: row.try_get("tx_hash")?,
        log_index: narrow("events", "log_index", row.try_get("log_index")?)?,
        args: serde_json::from_str(&args).map_err(|_| StoreError::Corrupt {
            table: "events",
            column: "args",
            value: args,
        })?,
    })
}
