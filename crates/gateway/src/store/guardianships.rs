//! Credentials of guardianship: of which child, by pseudonym, and whether they are in force.

use alloy_primitives::B256;
use sqlx::Row;
use sqlx::any::AnyRow;
use zhengtong_vault::Subject;

use super::{Store, StoreError, hex, int, read, unsigned};

/// The most credentials listed for one child.
pub const MAX_LISTED: i64 = 200;

/// A credential of guardianship.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuardianshipRow {
    /// Hash of the terms that it confirms.
    pub document: B256,
    /// The child, in the vault.
    pub child: Subject,
    /// The guardian, in the vault.
    pub guardian: Subject,
    /// When it ends, unix seconds.
    pub until_s: u64,
    /// When it was ended before that, unix seconds; 0: it was not.
    pub ended_s: u64,
    /// `child`, `guardian`, `register`, or empty.
    pub ended_by: String,
}

const COLUMNS: &str = "document, child, guardian, until_s, ended_s, ended_by";

fn row_of(row: &AnyRow) -> Result<GuardianshipRow, StoreError> {
    let text = |index: usize| row.try_get::<String, _>(index);
    let subject = |text: &str| Subject::from_hex(text).ok_or(StoreError::Malformed("subject"));
    Ok(GuardianshipRow {
        document: read("document", &text(0)?)?,
        child: subject(&text(1)?)?,
        guardian: subject(&text(2)?)?,
        until_s: unsigned("until", row.try_get(3)?)?,
        ended_s: unsigned("ended", row.try_get(4)?)?,
        ended_by: text(5)?,
    })
}

/// Under which child's key it is kept, and under which name.
fn whose(row: &AnyRow) -> Result<(Subject, B256), StoreError> {
    row_of(row).map(|row| (row.child, row.document))
}

impl Store {
    /// Keeps that a credential was issued; one that is there stays as it is.
    ///
    /// # Errors
    /// The database fails.
    pub async fn put_guardianship(&self, row: &GuardianshipRow) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO guardianships (document, child, guardian, until_s, issued_n, checked_s, ended_s, ended_by) \
             SELECT $1, $2, $3, $4, COALESCE(MAX(issued_n) + 1, 0), 0, $5, $6 FROM guardianships WHERE 1 = 1 \
             ON CONFLICT (document) DO NOTHING",
        )
        .bind(hex(row.document))
        .bind(row.child.to_hex())
        .bind(row.guardian.to_hex())
        .bind(int(row.until_s))
        .bind(int(row.ended_s))
        .bind(row.ended_by.clone())
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// The credential for these terms.
    ///
    /// # Errors
    /// The database fails.
    pub async fn guardianship(&self, document: B256) -> Result<Option<GuardianshipRow>, StoreError> {
        let query = format!("SELECT {COLUMNS} FROM guardianships WHERE document = $1");
        let row = sqlx::query(sqlx::AssertSqlSafe(query))
            .bind(hex(document))
            .fetch_optional(&self.pool)
            .await?;
        row.as_ref().map(row_of).transpose()
    }

    /// What was issued for a child, newest first.
    ///
    /// # Errors
    /// The database fails.
    pub async fn guardianships_of(&self, child: Subject) -> Result<Vec<GuardianshipRow>, StoreError> {
        let query =
            format!("SELECT {COLUMNS} FROM guardianships WHERE child = $1 ORDER BY issued_n DESC LIMIT $2");
        let rows = sqlx::query(sqlx::AssertSqlSafe(query))
            .bind(child.to_hex())
            .bind(MAX_LISTED)
            .fetch_all(&self.reads)
            .await?;
        rows.iter().map(row_of).collect()
    }

    /// For which child, and under which terms, somebody was confirmed as a guardian.
    ///
    /// # Errors
    /// The database fails.
    pub async fn confirmed_to(&self, guardian: Subject) -> Result<Vec<(Subject, B256)>, StoreError> {
        let query = format!("SELECT {COLUMNS} FROM guardianships WHERE guardian = $1");
        let rows = sqlx::query(sqlx::AssertSqlSafe(query))
            .bind(guardian.to_hex())
            .fetch_all(&self.reads)
            .await?;
        rows.iter().map(whose).collect()
    }

    /// How many are in force for a child.
    ///
    /// # Errors
    /// The database fails.
    pub async fn live_guardianships(&self, child: Subject, now_s: u64) -> Result<i64, StoreError> {
        Ok(sqlx::query_scalar(
            "SELECT COUNT(*) FROM guardianships WHERE child = $1 AND ended_s = 0 AND until_s > $2",
        )
        .bind(child.to_hex())
        .bind(int(now_s))
        .fetch_one(&self.reads)
        .await?)
    }

    /// Those in force that were held against the register longest ago.
    ///
    /// # Errors
    /// The database fails.
    pub async fn unchecked_guardianships(
        &self,
        now_s: u64,
        limit: i64,
    ) -> Result<Vec<GuardianshipRow>, StoreError> {
        let query = format!(
            "SELECT {COLUMNS} FROM guardianships WHERE ended_s = 0 AND until_s > $1 ORDER BY checked_s LIMIT $2"
        );
        let rows = sqlx::query(sqlx::AssertSqlSafe(query))
            .bind(int(now_s))
            .bind(limit)
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(row_of).collect()
    }

    /// Keeps when one was held against the register.
    ///
    /// # Errors
    /// The database fails.
    pub async fn note_guardianship_checked(&self, document: B256, now_s: u64) -> Result<(), StoreError> {
        sqlx::query("UPDATE guardianships SET checked_s = $2 WHERE document = $1")
            .bind(hex(document))
            .bind(int(now_s))
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Keeps who ended one, and when; the first to do so stays.
    ///
    /// # Errors
    /// The database fails.
    pub async fn end_guardianship(
        &self,
        document: B256,
        by: &'static str,
        now_s: u64,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "UPDATE guardianships SET ended_s = $3, ended_by = $2 WHERE document = $1 AND ended_s = 0",
        )
        .bind(hex(document))
        .bind(by)
        .bind(int(now_s))
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Forgets those that were over before a time; answers whose records go with them.
    ///
    /// # Errors
    /// The database fails.
    pub async fn drop_old_guardianships(&self, before_s: u64) -> Result<Vec<(Subject, B256)>, StoreError> {
        let query = format!("DELETE FROM guardianships WHERE until_s < $1 RETURNING {COLUMNS}");
        let rows = sqlx::query(sqlx::AssertSqlSafe(query))
            .bind(int(before_s))
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(whose).collect()
    }
}
