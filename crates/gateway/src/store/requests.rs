//! Requests by which people use their rights over their data. Their words rest in the vault.

use alloy_primitives::{B256, hex as bytes};
use sqlx::any::AnyRow;
use sqlx::{AssertSqlSafe, Row};
use zhengtong_vault::{Subject, sql};

use super::{Store, StoreError, can_be_kept, hex, int, read, unsigned};

/// The most requests of one list.
pub const MAX_REQUESTS: i64 = 1_000;

/// How far a request is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestStatus {
    /// Waits for an answer.
    Open,
    /// Done as asked.
    Granted,
    /// Refused, with reasons.
    Refused,
}

impl RequestStatus {
    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Granted => "granted",
            Self::Refused => "refused",
        }
    }

    fn read(word: &str) -> Result<Self, StoreError> {
        [Self::Open, Self::Granted, Self::Refused]
            .into_iter()
            .find(|status| status.as_str() == word)
            .ok_or(StoreError::Malformed("request"))
    }
}

/// A request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestRow {
    /// 16 bytes in hex: random, or from the key that the answer is sealed to.
    pub id: String,
    /// Whose; `None` once they were deleted.
    pub subject: Option<Subject>,
    /// `contest`, `copy`, `correct` or `delete`.
    pub kind: String,
    /// Unix milliseconds.
    pub received_ms: u64,
    /// Until when it has to be answered, unix milliseconds.
    pub due_ms: u64,
    /// How far it is.
    pub status: RequestStatus,
    /// Who answered: an officer's address, or `operator`; empty if nobody yet.
    pub officer: String,
    /// Unix milliseconds; 0: not answered.
    pub answered_ms: u64,
    /// Id of the deletion that it brought about; empty if none.
    pub deletion: String,
}

const COLUMNS: &str =
    "SELECT id, subject, kind, received_ms, due_ms, status, officer, answered_ms, deletion FROM my_requests";

impl Store {
    /// Keeps a request, and the key that its answer is to be sealed to.
    ///
    /// # Errors
    /// The database fails.
    pub async fn put_request(&self, row: &RequestRow, answer_key: Option<&B256>) -> Result<(), StoreError> {
        let mut transaction = sql::begin(&self.pool).await?;
        if let Some(key) = answer_key {
            sqlx::query("INSERT INTO request_answers (request, key, sealed) VALUES ($1, $2, '')")
                .bind(row.id.clone())
                .bind(hex(key))
                .execute(&mut *transaction)
                .await?;
        }
        sqlx::query(
            "INSERT INTO my_requests (id, subject, kind, received_ms, due_ms, status, officer, answered_ms, deletion) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        )
        .bind(row.id.clone())
        .bind(row.subject.map(Subject::to_hex).unwrap_or_default())
        .bind(row.kind.clone())
        .bind(int(row.received_ms))
        .bind(int(row.due_ms))
        .bind(row.status.as_str())
        .bind(row.officer.clone())
        .bind(int(row.answered_ms))
        .bind(row.deletion.clone())
        .execute(&mut *transaction)
        .await?;
        Ok(transaction.commit().await?)
    }

    /// A request.
    ///
    /// # Errors
    /// The database fails.
    pub async fn request(&self, id: &str) -> Result<Option<RequestRow>, StoreError> {
        if !can_be_kept(id) {
            return Ok(None);
        }
        let query = AssertSqlSafe(format!("{COLUMNS} WHERE id = $1"));
        let row = sqlx::query(query)
            .bind(id.to_owned())
            .fetch_optional(&self.reads)
            .await?;
        row.as_ref().map(request).transpose()
    }

    /// The requests of one person, latest first; or all, those that wait first, by the time they are due.
    ///
    /// # Errors
    /// The database fails.
    pub async fn requests(&self, of: Option<Subject>) -> Result<Vec<RequestRow>, StoreError> {
        let order = if of.is_some() {
            "received_ms DESC"
        } else {
            "answered_ms > 0, due_ms"
        };
        let query = format!("{COLUMNS} WHERE $1 = '' OR subject = $1 ORDER BY {order}, id LIMIT $2");
        let rows = sqlx::query(AssertSqlSafe(query))
            .bind(of.map(Subject::to_hex).unwrap_or_default())
            .bind(MAX_REQUESTS)
            .fetch_all(&self.reads)
            .await?;
        rows.iter().map(request).collect()
    }

    /// The key that the answer to a request is to be sealed to; `None` if none was given, or it was sealed.
    ///
    /// # Errors
    /// The database fails.
    pub async fn answer_key(&self, id: &str) -> Result<Option<B256>, StoreError> {
        let key: Option<String> =
            sqlx::query_scalar("SELECT key FROM request_answers WHERE request = $1 AND key <> ''")
                .bind(id.to_owned())
                .fetch_optional(&self.reads)
                .await?;
        key.map(|key| read("key of an answer", &key)).transpose()
    }

    /// An answer, sealed to the person who asked.
    ///
    /// # Errors
    /// The database fails.
    pub async fn sealed_answer(&self, id: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let sealed: Option<String> =
            sqlx::query_scalar("SELECT sealed FROM request_answers WHERE request = $1 AND sealed <> ''")
                .bind(id.to_owned())
                .fetch_optional(&self.reads)
                .await?;
        let sealed = sealed.map(bytes::decode);
        sealed.transpose().map_err(|_| StoreError::Malformed("answer"))
    }

    /// Removes sealed answers that were given before a time, but for those of whom an order keeps the records; answers how many
    /// it removed, and how many an order keeps.
    ///
    /// # Errors
    /// The database fails.
    pub async fn drop_answers(&self, before_ms: u64, now_ms: u64) -> Result<(u64, u64), StoreError> {
        let held = "EXISTS (SELECT 1 FROM holds h WHERE h.subject = r.subject AND h.released_ms = 0 \
                    AND (h.until_ms = 0 OR h.until_ms > $2))";
        let old = "sealed <> '' AND request IN (SELECT r.id FROM my_requests r WHERE r.answered_ms < $1 AND";
        let delete = format!("DELETE FROM request_answers WHERE {old} NOT {held})");
        let removed = sqlx::query(AssertSqlSafe(delete))
            .bind(int(before_ms))
            .bind(int(now_ms))
            .execute(&self.pool)
            .await?;
        let count = format!("SELECT COUNT(*) FROM request_answers WHERE {old} {held})");
        let kept: i64 = sqlx::query_scalar(AssertSqlSafe(count))
            .bind(int(before_ms))
            .bind(int(now_ms))
            .fetch_one(&self.reads)
            .await?;
        Ok((removed.rows_affected(), unsigned("number of answers", kept)?))
    }

    /// Forgets a request that was not taken after all.
    ///
    /// # Errors
    /// The database fails.
    pub async fn drop_request(&self, id: &str) -> Result<(), StoreError> {
        let mut transaction = sql::begin(&self.pool).await?;
        for query in [
            "DELETE FROM request_answers WHERE request = $1",
            "DELETE FROM my_requests WHERE id = $1",
        ] {
            sqlx::query(query)
                .bind(id.to_owned())
                .execute(&mut *transaction)
                .await?;
        }
        Ok(transaction.commit().await?)
    }

    /// Writes an answer down, and as it was sealed; `false` if there was one already. The key goes: nothing more is sealed to
    /// it. Of a request whose person was deleted, nobody is to learn who answered.
    ///
    /// # Errors
    /// The database fails.
    pub async fn answer_request(&self, row: &RequestRow, sealed: Option<&[u8]>) -> Result<bool, StoreError> {
        let mut transaction = sql::begin(&self.pool).await?;
        let done = sqlx::query(
            "UPDATE my_requests SET status = $2, officer = CASE WHEN subject = '' THEN '' ELSE $3 END, \
             answered_ms = $4, deletion = $5 WHERE id = $1 AND status = 'open'",
        )
        .bind(row.id.clone())
        .bind(row.status.as_str())
        .bind(row.officer.clone())
        .bind(int(row.answered_ms))
        .bind(row.deletion.clone())
        .execute(&mut *transaction)
        .await?;
        let is_new = done.rows_affected() == 1;
        if let Some(sealed) = sealed.filter(|_| is_new) {
            sqlx::query("UPDATE request_answers SET key = '', sealed = $2 WHERE request = $1")
                .bind(row.id.clone())
                .bind(bytes::encode(sealed))
                .execute(&mut *transaction)
                .await?;
        }
        transaction.commit().await?;
        Ok(is_new)
    }
}

fn request(row: &AnyRow) -> Result<RequestRow, StoreError> {
    let subject: String = row.try_get(1)?;
    let status: String = row.try_get(5)?;
    Ok(RequestRow {
        id: row.try_get(0)?,
        subject: Subject::from_hex(&subject),
        kind: row.try_get(2)?,
        received_ms: unsigned("time", row.try_get(3)?)?,
        due_ms: unsigned("time", row.try_get(4)?)?,
        status: RequestStatus::read(&status)?,
        officer: row.try_get(6)?,
        answered_ms: unsigned("time", row.try_get(7)?)?,
        deletion: row.try_get(8)?,
    })
}
