//! Cases of this organisation's services, and their history.

use alloy_primitives::{Address, B256};
use sqlx::any::AnyRow;
use sqlx::{AnyPool, Row};

use zhengtong_vault::batch::Together;

use super::asked::rows_of;
use super::{Store, StoreError, hex, int, read, unsigned};

/// Where a case stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Facts are asked for.
    Asking,
    /// A person looks at it.
    Review,
    /// The applicant was asked for more.
    Supplement,
    /// Approved.
    Approved,
    /// Refused.
    Refused,
    /// Over.
    Closed,
}

impl Status {
    /// Every status.
    pub const ALL: [Self; 6] = [
        Self::Asking,
        Self::Review,
        Self::Supplement,
        Self::Approved,
        Self::Refused,
        Self::Closed,
    ];

    /// Its word, as the index spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Asking => "asking",
            Self::Review => "review",
            Self::Supplement => "supplement",
            Self::Approved => "approved",
            Self::Refused => "refused",
            Self::Closed => "closed",
        }
    }

    /// From its word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == word)
    }
}

/// A case. Times are unix seconds; 0 where there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseRow {
    pub id: B256,
    pub service: B256,
    pub version: u32,
    pub applicant: Address,
    pub rule_set: B256,
    /// Commitment to the form.
    pub form: B256,
    pub status: Status,
    /// Why a person looks at it; empty if nobody had to.
    pub cause: String,
    pub row: u8,
    pub opened_at: u64,
    pub promised_by: u64,
    pub statutory_by: u64,
    pub appeal_by: u64,
    pub paused_at: u64,
    pub frozen: bool,
    pub escalated: bool,
    pub amount_fen: u64,
    /// Last deciding officer, `0x…`; zero if by rules; empty if undecided.
    pub officer: String,
}

/// An event of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryRow {
    pub seq: u32,
    pub name: String,
    /// JSON.
    pub args: String,
    pub block_number: u64,
    pub block_time_ms: u64,
    pub tx_hash: String,
}

/// A place in the queue: everything after it comes later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueCursor {
    pub promised_by: u64,
    pub id: B256,
}

const COLUMNS: &str = "SELECT id, service, version, applicant, rule_set, form, status, cause, row_index, opened_at, \
    promised_by, statutory_by, appeal_by, paused_at, frozen, escalated, amount_fen, officer FROM cases";

impl Store {
    /// A case of this organisation.
    ///
    /// # Errors
    /// The database fails.
    pub async fn case(&self, id: B256) -> Result<Option<CaseRow>, StoreError> {
        self.asked.cases.ask(hex(id)).await
    }

    /// Cases by the promised deadline, after a cursor; of one status, or all in which work is open.
    ///
    /// # Errors
    /// The database fails.
    pub async fn queue(
        &self,
        status: Option<Status>,
        after: Option<QueueCursor>,
        limit: usize,
    ) -> Result<Vec<CaseRow>, StoreError> {
        let open = "status IN ('asking', 'review', 'supplement')";
        let filter = if status.is_some() { "status = $1" } else { open };
        let query = format!(
            "{COLUMNS} WHERE {filter} AND (promised_by > $2 OR (promised_by = $2 AND id > $3)) AND $1 = $1 \
             ORDER BY promised_by, id LIMIT $4"
        );
        let (promised_by, id) = after.map_or((-1, String::new()), |at| (int(at.promised_by), hex(at.id)));
        let rows = sqlx::query(sqlx::AssertSqlSafe(query))
            .bind(status.map_or("", Status::as_str))
            .bind(promised_by)
            .bind(id)
            .bind(int(limit))
            .fetch_all(&self.reads)
            .await?;
        rows.iter().map(case).collect()
    }

    /// What happened to a case, in order.
    ///
    /// # Errors
    /// The database fails.
    pub async fn history(&self, id: B256) -> Result<Vec<HistoryRow>, StoreError> {
        let rows = sqlx::query(
            "SELECT seq, name, args, block_number, block_time_ms, tx_hash FROM history WHERE case_id = $1 ORDER BY seq",
        )
        .bind(hex(id))
        .fetch_all(&self.reads)
        .await?;
        rows.iter()
            .map(|row| {
                Ok(HistoryRow {
                    seq: unsigned("seq", row.try_get(0)?)?,
                    name: row.try_get(1)?,
                    args: row.try_get(2)?,
                    block_number: unsigned("block", row.try_get(3)?)?,
                    block_time_ms: unsigned("time", row.try_get(4)?)?,
                    tx_hash: row.try_get(5)?,
                })
            })
            .collect()
    }
}

/// Those of these ids that are cases of this organisation.
pub(super) fn cases_of(reads: AnyPool, ids: &[String]) -> Together<'_, Option<CaseRow>, StoreError> {
    Box::pin(async move { rows_of(reads, &format!("{COLUMNS} WHERE id"), ids, case).await })
}

fn case(row: &AnyRow) -> Result<CaseRow, StoreError> {
    let text = |index: usize| row.try_get::<String, _>(index);
    let number = |index: usize| -> Result<u64, StoreError> { unsigned("case", row.try_get(index)?) };
    Ok(CaseRow {
        id: read("case id", &text(0)?)?,
        service: read("service", &text(1)?)?,
        version: unsigned("version", row.try_get(2)?)?,
        applicant: read("applicant", &text(3)?)?,
        rule_set: read("rule set", &text(4)?)?,
        form: read("form", &text(5)?)?,
        status: Status::parse(&text(6)?).ok_or(StoreError::Malformed("status"))?,
        cause: text(7)?,
        row: unsigned("row", row.try_get(8)?)?,
        opened_at: number(9)?,
        promised_by: number(10)?,
        statutory_by: number(11)?,
        appeal_by: number(12)?,
        paused_at: number(13)?,
        frozen: number(14)? == 1,
        escalated: number(15)? == 1,
        amount_fen: number(16)?,
        officer: text(17)?,
    })
}
