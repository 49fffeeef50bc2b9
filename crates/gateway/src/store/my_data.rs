//! What a resident asks about: their sessions, and the uses of their data that this organisation recorded.

use alloy_primitives::{B256, Bytes};
use sqlx::Row;
use zhengtong_vault::Subject;

use super::{Store, StoreError, int, read, unsigned};

/// The most sessions of residents at once.
pub const MAX_MY_SESSIONS: i64 = 10_000;
/// The most use records read for one person: no vault keeps more about one (`MAX_RECORDS_PER_SUBJECT`).
pub const MAX_USES: i64 = 4_096;

/// A use of a person's data that is on record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UseRow {
    /// The case.
    pub case_id: B256,
    /// Its counter among the case's.
    pub n: u32,
    /// Its one-time tag.
    pub tag: B256,
    /// The call that wrote it; `None` if it was written by a transaction that was lost here.
    pub call: Option<Bytes>,
    /// When the question came, unix milliseconds.
    pub asked_ms: u64,
}

impl Store {
    /// Keeps a resident's session under the digest of its token; `false` if there are too many.
    ///
    /// # Errors
    /// The database fails.
    pub async fn put_my_session(
        &self,
        digest: &str,
        subject: Subject,
        expires_s: u64,
        now_s: u64,
    ) -> Result<bool, StoreError> {
        sqlx::query("DELETE FROM my_sessions WHERE expires_s <= $1")
            .bind(int(now_s))
            .execute(&self.pool)
            .await?;
        let open: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM my_sessions")
            .fetch_one(&self.reads)
            .await?;
        if open >= MAX_MY_SESSIONS {
            return Ok(false);
        }
        sqlx::query("INSERT INTO my_sessions (token, subject, expires_s) VALUES ($1, $2, $3)")
            .bind(digest.to_owned())
            .bind(subject.to_hex())
            .bind(int(expires_s))
            .execute(&self.pool)
            .await?;
        Ok(true)
    }

    /// Whose session it is and when it expires, if it has not.
    ///
    /// # Errors
    /// The database fails.
    pub async fn my_session(&self, digest: &str, now_s: u64) -> Result<Option<(Subject, u64)>, StoreError> {
        let row =
            sqlx::query("SELECT subject, expires_s FROM my_sessions WHERE token = $1 AND expires_s > $2")
                .bind(digest.to_owned())
                .bind(int(now_s))
                .fetch_optional(&self.reads)
                .await?;
        row.map(|row| {
            let subject: String = row.try_get(0)?;
            let subject = Subject::from_hex(&subject).ok_or(StoreError::Malformed("subject"))?;
            Ok((subject, unsigned("expires_s", row.try_get(1)?)?))
        })
        .transpose()
    }

    /// The uses of a person's data that are on record, in no order.
    ///
    /// # Errors
    /// The database fails.
    pub async fn uses_about(&self, subject: Subject) -> Result<Vec<UseRow>, StoreError> {
        let rows = sqlx::query(
            "SELECT u.case_id, u.n, u.tag, o.data, l.received_ms FROM links l \
             JOIN uses u ON u.case_id = l.case_id JOIN recorded r ON r.tag = u.tag \
             LEFT JOIN exchanges e ON e.case_id = u.case_id AND e.tag = u.tag \
             LEFT JOIN outbox o ON o.id = CASE WHEN e.id IS NULL \
               THEN 'use/' || u.case_id || '/' || CAST(u.mask AS TEXT) \
               ELSE 'exchange/' || e.consumer || '/' || e.id END \
             WHERE l.subject = $1 AND l.provider = 1 LIMIT $2",
        )
        .bind(subject.to_hex())
        .bind(MAX_USES)
        .fetch_all(&self.reads)
        .await?;
        rows.iter()
            .map(|row| {
                let (case_id, tag): (String, String) = (row.try_get(0)?, row.try_get(2)?);
                let call: Option<String> = row.try_get(3)?;
                Ok(UseRow {
                    case_id: read("case id", &case_id)?,
                    n: unsigned("n", row.try_get(1)?)?,
                    tag: read("tag", &tag)?,
                    call: call.map(|call| read("call", &call)).transpose()?,
                    asked_ms: unsigned("received_ms", row.try_get(4)?)?,
                })
            })
            .collect()
    }
}
