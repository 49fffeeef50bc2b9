//! Deletions, the orders that forbid them, and what retention did.

use alloy_primitives::B256;
use serde::{Deserialize, Serialize};
use sqlx::any::AnyRow;
use sqlx::{AssertSqlSafe, Row};
use zhengtong_vault::{Subject, sql};

use super::{Store, StoreError, hex, int, read, unsigned};

/// The most rows of one list.
pub const MAX_LISTED: i64 = 1_000;
/// The most deletions that are listed whole.
pub const MAX_RECORDED: i64 = 1_000_000;
/// The most cases of one person, or that one run of retention looks at for one class.
pub const MAX_CASES: i64 = 4_096;

const DELETIONS: &str = "SELECT id, at_ms, cause, key_ids, records, cases, signature FROM deletions";

/// Tables that a deletion takes something out of.
const TOUCHED: [&str; 17] = [
    "links",
    "guardianships",
    "attempts",
    "allowance_used",
    "allowance_signed",
    "my_sessions",
    "holds",
    "my_requests",
    "request_answers",
    "recoveries",
    "backups",
    "exchanges",
    "openid_requests",
    "openid_offers",
    "openid_tokens",
    "openid_deferred",
    "openid_notifications",
];

/// Columns that a database must keep no samples of: pseudonyms, and what is sealed.
pub(super) const PRIVATE: [(&str, &str); 18] = [
    ("links", "subject"),
    ("guardianships", "child"),
    ("guardianships", "guardian"),
    ("attempts", "subject"),
    ("allowance_used", "subject"),
    ("allowance_signed", "subject"),
    ("my_sessions", "subject"),
    ("holds", "subject"),
    ("my_requests", "subject"),
    ("request_answers", "key"),
    ("request_answers", "sealed"),
    ("recoveries", "subject"),
    ("recoveries", "request"),
    ("backups", "content"),
    ("exchanges", "answer"),
    ("openid_requests", "subject"),
    ("openid_requests", "body"),
    ("openid_deferred", "holder"),
];

/// An order to keep what is known about a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HoldRow {
    /// Random, 16 bytes in hex.
    pub id: String,
    /// Whose records.
    pub subject: Subject,
    /// Who ordered it.
    pub authority: String,
    /// Under which reference.
    pub reference: String,
    /// Unix milliseconds.
    pub placed_ms: u64,
    /// Unix milliseconds; 0: until it is released.
    pub until_ms: u64,
    /// Unix milliseconds; 0: not released.
    pub released_ms: u64,
}

impl HoldRow {
    /// Whether it stands.
    pub fn stands(&self, now_ms: u64) -> bool {
        self.released_ms == 0 && (self.until_ms == 0 || now_ms < self.until_ms)
    }
}

/// A deletion that was carried out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeletionRow {
    /// Random, 16 bytes in hex.
    pub id: String,
    /// Unix milliseconds.
    pub at_ms: u64,
    /// `operator`, `late`, or a digest of the request that it grants.
    pub cause: String,
    /// Names of the keys destroyed, separated by commas.
    pub key_ids: String,
    /// Records that can never be read again.
    pub records: u64,
    /// Cases they belonged to.
    pub cases: u64,
    /// The organisation's, over the rest.
    pub signature: String,
}

/// What a run of retention did for one class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetentionRow {
    /// Unix milliseconds.
    pub at_ms: u64,
    /// Class of data.
    pub class: String,
    /// The period applied.
    pub days: u64,
    /// Cases it removed something from.
    pub cases: u64,
    /// Records removed.
    pub records: u64,
    /// Cases, or sealed answers, left alone because of an order.
    pub held: u64,
}

impl Store {
    /// Keeps an order.
    ///
    /// # Errors
    /// The database fails.
    pub async fn put_hold(&self, hold: &HoldRow) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO holds (id, subject, authority, reference, placed_ms, until_ms, released_ms) \
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(hold.id.clone())
        .bind(hold.subject.to_hex())
        .bind(hold.authority.clone())
        .bind(hold.reference.clone())
        .bind(int(hold.placed_ms))
        .bind(int(hold.until_ms))
        .bind(int(hold.released_ms))
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Releases an order; `false` if there is none with this id that stands.
    ///
    /// # Errors
    /// The database fails.
    pub async fn release_hold(&self, id: &str, now_ms: u64) -> Result<bool, StoreError> {
        let done = sqlx::query("UPDATE holds SET released_ms = $2 WHERE id = $1 AND released_ms = 0")
            .bind(id.to_owned())
            .bind(int(now_ms))
            .execute(&self.pool)
            .await?;
        Ok(done.rows_affected() == 1)
    }

    /// The orders about one person, or all, latest first.
    ///
    /// # Errors
    /// The database fails.
    pub async fn holds(&self, subject: Option<Subject>) -> Result<Vec<HoldRow>, StoreError> {
        let rows = sqlx::query(
            "SELECT id, subject, authority, reference, placed_ms, until_ms, released_ms FROM holds \
             WHERE $1 = '' OR subject = $1 ORDER BY placed_ms DESC, id LIMIT $2",
        )
        .bind(subject.map(Subject::to_hex).unwrap_or_default())
        .bind(MAX_LISTED)
        .fetch_all(&self.reads)
        .await?;
        rows.iter().map(hold).collect()
    }

    /// The cases linked to a person.
    ///
    /// # Errors
    /// The database fails.
    pub async fn cases_of(&self, subject: Subject) -> Result<Vec<B256>, StoreError> {
        let ids: Vec<String> = sqlx::query_scalar("SELECT case_id FROM links WHERE subject = $1 LIMIT $2")
            .bind(subject.to_hex())
            .bind(MAX_CASES)
            .fetch_all(&self.reads)
            .await?;
        ids.iter().map(|id| read("case id", id)).collect()
    }

    /// Takes a person's pseudonym out of the store: their cases are under that of the case alone; sessions, attempts,
    /// recoveries, and what waits for wallets or came from one go. So do answers to other organisations that could be asked
    /// for again: whoever asked can open them.
    ///
    /// # Errors
    /// The database fails.
    pub async fn unlink(&self, subject: Subject, cases: &[(B256, Subject)]) -> Result<(), StoreError> {
        let mut transaction = sql::begin(&self.pool).await?;
        // In the order in which answers hold them: neither waits for the other.
        let mut cases = cases.to_vec();
        cases.sort_unstable_by_key(|(case_id, _)| *case_id);
        for (case_id, alone) in &cases {
            sqlx::query("UPDATE links SET subject = $2 WHERE case_id = $1")
                .bind(hex(case_id))
                .bind(alone.to_hex())
                .execute(&mut *transaction)
                .await?;
            Self::forget_wallets(&mut transaction, *case_id).await?;
            sqlx::query("UPDATE exchanges SET answer = '' WHERE case_id = $1 AND answer <> ''")
                .bind(hex(case_id))
                .execute(&mut *transaction)
                .await?;
        }
        for query in [
            // Of whom nobody can be told, nobody acts for: revoked, and published with the next look at the register.
            "UPDATE credentials SET status = 1 WHERE status = 0 AND case_id IN \
             (SELECT document FROM guardianships WHERE child = $1 OR guardian = $1)",
            "DELETE FROM guardianships WHERE child = $1 OR guardian = $1",
            "DELETE FROM attempts WHERE subject = 'guardian/' || CAST($1 AS TEXT)",
            "DELETE FROM recoveries WHERE subject = $1",
            "DELETE FROM attempts WHERE subject = $1",
            "DELETE FROM allowance_used WHERE subject = $1",
            "DELETE FROM allowance_signed WHERE subject = $1",
            "DELETE FROM my_sessions WHERE subject = $1",
            "DELETE FROM holds WHERE subject = $1",
            "DELETE FROM openid_requests WHERE subject = $1",
            "UPDATE my_requests SET subject = '', officer = '' WHERE subject = $1",
        ] {
            sqlx::query(query)
                .bind(subject.to_hex())
                .execute(&mut *transaction)
                .await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    /// Takes what was deleted off the disk.
    ///
    /// # Errors
    /// The database fails.
    pub async fn scrub(&self) -> Result<(), StoreError> {
        Ok(sql::scrub(&self.pool, &TOUCHED).await?)
    }

    /// Keeps the record of a deletion. One that is kept already stays.
    ///
    /// # Errors
    /// The database fails.
    pub async fn put_deletion(&self, row: &DeletionRow) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO deletions (id, at_ms, cause, key_ids, records, cases, signature) \
             VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (id) DO NOTHING",
        )
        .bind(row.id.clone())
        .bind(int(row.at_ms))
        .bind(row.cause.clone())
        .bind(row.key_ids.clone())
        .bind(int(row.records))
        .bind(int(row.cases))
        .bind(row.signature.clone())
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// The deletions carried out, latest first.
    ///
    /// # Errors
    /// The database fails.
    pub async fn deletions(&self) -> Result<Vec<DeletionRow>, StoreError> {
        let query = format!("{DELETIONS} ORDER BY at_ms DESC, id LIMIT $1");
        let rows = sqlx::query(AssertSqlSafe(query))
            .bind(MAX_LISTED)
            .fetch_all(&self.reads)
            .await?;
        rows.iter().map(deletion).collect()
    }

    /// Every deletion that was carried out, oldest first: what [`Self::deletions`] lists the end of.
    ///
    /// # Errors
    /// The database fails, or there are more than [`MAX_RECORDED`].
    pub async fn all_deletions(&self) -> Result<Vec<DeletionRow>, StoreError> {
        let query = format!("{DELETIONS} ORDER BY at_ms, id LIMIT $1");
        let rows = sqlx::query(AssertSqlSafe(query))
            .bind(MAX_RECORDED + 1)
            .fetch_all(&self.pool)
            .await?;
        if rows.len() as u64 > MAX_RECORDED as u64 {
            return Err(StoreError::Malformed("number of deletions"));
        }
        rows.iter().map(deletion).collect()
    }

    /// The deletion with this cause.
    ///
    /// # Errors
    /// The database fails.
    pub async fn deletion_for(&self, cause: &str) -> Result<Option<DeletionRow>, StoreError> {
        let query = format!("{DELETIONS} WHERE cause = $1 LIMIT 1");
        let row = sqlx::query(AssertSqlSafe(query))
            .bind(cause.to_owned())
            .fetch_optional(&self.reads)
            .await?;
        row.as_ref().map(deletion).transpose()
    }

    /// The deletions whose cause is the id of a request.
    ///
    /// # Errors
    /// The database fails.
    pub async fn deletions_with_request(&self) -> Result<Vec<DeletionRow>, StoreError> {
        let query = format!("{DELETIONS} WHERE cause IN (SELECT id FROM my_requests)");
        let rows = sqlx::query(AssertSqlSafe(query)).fetch_all(&self.pool).await?;
        rows.iter().map(deletion).collect()
    }

    /// Gives a deletion another cause, and the signature with it.
    ///
    /// # Errors
    /// The database fails.
    pub async fn resign_deletion(&self, row: &DeletionRow) -> Result<(), StoreError> {
        sqlx::query("UPDATE deletions SET cause = $2, signature = $3 WHERE id = $1")
            .bind(row.id.clone())
            .bind(row.cause.clone())
            .bind(row.signature.clone())
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Ends every connection, so that an embedded store's file can be moved.
    pub async fn close(self) {
        self.reads.close().await;
        self.pool.close().await;
    }

    /// Cases whose last sign of life is before a time, that no work waits for, and that retention of a class has not been to:
    /// the case, and whose records it has if it was linked.
    ///
    /// # Errors
    /// The database fails.
    pub async fn expired_cases(
        &self,
        class: &str,
        before_ms: u64,
    ) -> Result<Vec<(B256, Option<Subject>)>, StoreError> {
        let rows = sqlx::query(
            "SELECT l.case_id, l.subject FROM (SELECT case_id, subject, received_ms FROM links UNION ALL \
             SELECT c.id, '', 0 FROM cases c WHERE NOT EXISTS (SELECT 1 FROM links k WHERE k.case_id = c.id)) l \
             WHERE l.received_ms < $1 \
             AND NOT EXISTS (SELECT 1 FROM retained r WHERE r.case_id = l.case_id AND r.class = $2) \
             AND NOT EXISTS (SELECT 1 FROM jobs j WHERE j.case_id = l.case_id AND j.state = 'open') \
             AND NOT EXISTS (SELECT 1 FROM cases c WHERE c.id = l.case_id \
               AND c.status IN ('asking', 'review', 'supplement')) \
             AND NOT EXISTS (SELECT 1 FROM history h WHERE h.case_id = l.case_id AND h.block_time_ms >= $1) \
             AND NOT EXISTS (SELECT 1 FROM statements s WHERE s.case_id = l.case_id AND s.at_ms >= $1) \
             ORDER BY l.received_ms, l.case_id LIMIT $3",
        )
        .bind(int(before_ms))
        .bind(class.to_owned())
        .bind(MAX_CASES)
        .fetch_all(&self.reads)
        .await?;
        rows.iter()
            .map(|row| {
                let (id, subject): (String, String) = (row.try_get(0)?, row.try_get(1)?);
                let subject = match subject.as_str() {
                    "" => None,
                    subject => Some(Subject::from_hex(subject).ok_or(StoreError::Malformed("subject"))?),
                };
                Ok((read("case id", &id)?, subject))
            })
            .collect()
    }

    /// Marks that retention of a class has been to a case.
    ///
    /// # Errors
    /// The database fails.
    pub async fn put_retained(&self, case_id: B256, class: &str, now_ms: u64) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO retained (case_id, class, removed_ms) VALUES ($1, $2, $3) \
             ON CONFLICT (case_id, class) DO NOTHING",
        )
        .bind(hex(case_id))
        .bind(class.to_owned())
        .bind(int(now_ms))
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Forgets counters of attempts that began before a time; answers how many.
    ///
    /// # Errors
    /// The database fails.
    pub async fn drop_attempts(&self, before_s: u64) -> Result<u64, StoreError> {
        let done = sqlx::query("DELETE FROM attempts WHERE since_s < $1")
            .bind(int(before_s))
            .execute(&self.pool)
            .await?;
        Ok(done.rows_affected())
    }

    /// Keeps what a run of retention did.
    ///
    /// # Errors
    /// The database fails.
    pub async fn put_retention_run(&self, row: &RetentionRow) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO retention_runs (at_ms, class, days, cases, records, held) VALUES ($1, $2, $3, $4, $5, $6) \
             ON CONFLICT (at_ms, class) DO NOTHING",
        )
        .bind(int(row.at_ms))
        .bind(row.class.clone())
        .bind(int(row.days))
        .bind(int(row.cases))
        .bind(int(row.records))
        .bind(int(row.held))
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// What retention did, latest first.
    ///
    /// # Errors
    /// The database fails.
    pub async fn retention_runs(&self) -> Result<Vec<RetentionRow>, StoreError> {
        let rows = sqlx::query(
            "SELECT at_ms, class, days, cases, records, held FROM retention_runs \
             ORDER BY at_ms DESC, class LIMIT $1",
        )
        .bind(MAX_LISTED)
        .fetch_all(&self.reads)
        .await?;
        rows.iter()
            .map(|row| {
                Ok(RetentionRow {
                    at_ms: unsigned("time", row.try_get(0)?)?,
                    class: row.try_get(1)?,
                    days: unsigned("days", row.try_get(2)?)?,
                    cases: unsigned("cases", row.try_get(3)?)?,
                    records: unsigned("records", row.try_get(4)?)?,
                    held: unsigned("held", row.try_get(5)?)?,
                })
            })
            .collect()
    }
}

fn deletion(row: &AnyRow) -> Result<DeletionRow, StoreError> {
    Ok(DeletionRow {
        id: row.try_get(0)?,
        at_ms: unsigned("time", row.try_get(1)?)?,
        cause: row.try_get(2)?,
        key_ids: row.try_get(3)?,
        records: unsigned("records", row.try_get(4)?)?,
        cases: unsigned("cases", row.try_get(5)?)?,
        signature: row.try_get(6)?,
    })
}

fn hold(row: &AnyRow) -> Result<HoldRow, StoreError> {
    let subject: String = row.try_get(1)?;
    Ok(HoldRow {
        id: row.try_get(0)?,
        subject: Subject::from_hex(&subject).ok_or(StoreError::Malformed("subject"))?,
        authority: row.try_get(2)?,
        reference: row.try_get(3)?,
        placed_ms: unsigned("time", row.try_get(4)?)?,
        until_ms: unsigned("time", row.try_get(5)?)?,
        released_ms: unsigned("time", row.try_get(6)?)?,
    })
}
