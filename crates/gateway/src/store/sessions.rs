//! Who is signed in, challenges handed out, and attempts counted.

use alloy_primitives::Address;
use sqlx::Row;

use super::{Store, StoreError, hex, int, read};

/// The most challenges that wait at once.
pub const MAX_NONCES: i64 = 10_000;
/// The most sessions at once.
pub const MAX_SESSIONS: i64 = 10_000;

impl Store {
    /// Keeps a challenge; `false` if too many wait.
    ///
    /// # Errors
    /// The database fails.
    pub async fn put_nonce(&self, nonce: &str, expires_s: u64, now_s: u64) -> Result<bool, StoreError> {
        sqlx::query("DELETE FROM nonces WHERE expires_s <= $1")
            .bind(int(now_s))
            .execute(&self.pool)
            .await?;
        let waiting: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM nonces")
            .fetch_one(&self.reads)
            .await?;
        if waiting >= MAX_NONCES {
            return Ok(false);
        }
        sqlx::query("INSERT INTO nonces (nonce, expires_s) VALUES ($1, $2)")
            .bind(nonce.to_owned())
            .bind(int(expires_s))
            .execute(&self.pool)
            .await?;
        Ok(true)
    }

    /// Uses up a challenge; `false` if it was not handed out, was used, or is too old.
    ///
    /// # Errors
    /// The database fails.
    pub async fn take_nonce(&self, nonce: &str, now_s: u64) -> Result<bool, StoreError> {
        let done = sqlx::query("DELETE FROM nonces WHERE nonce = $1 AND expires_s > $2")
            .bind(nonce.to_owned())
            .bind(int(now_s))
            .execute(&self.pool)
            .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Keeps a session under the digest of its token; `false` if there are too many.
    ///
    /// # Errors
    /// The database fails.
    pub async fn put_session(
        &self,
        digest: &str,
        officer: Address,
        expires_s: u64,
        now_s: u64,
    ) -> Result<bool, StoreError> {
        sqlx::query("DELETE FROM sessions WHERE expires_s <= $1")
            .bind(int(now_s))
            .execute(&self.pool)
            .await?;
        let open: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM sessions")
            .fetch_one(&self.reads)
            .await?;
        if open >= MAX_SESSIONS {
            return Ok(false);
        }
        sqlx::query("INSERT INTO sessions (token, officer, expires_s) VALUES ($1, $2, $3)")
            .bind(digest.to_owned())
            .bind(hex(officer))
            .bind(int(expires_s))
            .execute(&self.pool)
            .await?;
        Ok(true)
    }

    /// Whose session it is, if it has not expired.
    ///
    /// # Errors
    /// The database fails.
    pub async fn session(&self, digest: &str, now_s: u64) -> Result<Option<Address>, StoreError> {
        let row = sqlx::query("SELECT officer FROM sessions WHERE token = $1 AND expires_s > $2")
            .bind(digest.to_owned())
            .bind(int(now_s))
            .fetch_optional(&self.reads)
            .await?;
        row.map(|row| read("officer", row.try_get::<String, _>(0)?.as_str()))
            .transpose()
    }

    /// Counts an attempt about a subject (a pseudonym) and answers how many there were within `window_s`.
    ///
    /// # Errors
    /// The database fails.
    pub async fn count_attempt(&self, subject: &str, now_s: u64, window_s: u64) -> Result<i64, StoreError> {
        let since = int(now_s.saturating_sub(window_s));
        Ok(sqlx::query_scalar(
            "INSERT INTO attempts (subject, since_s, count) VALUES ($1, $2, 1) ON CONFLICT (subject) DO UPDATE SET \
             count = CASE WHEN attempts.since_s <= $3 THEN 1 ELSE attempts.count + 1 END, \
             since_s = CASE WHEN attempts.since_s <= $3 THEN $2 ELSE attempts.since_s END RETURNING count",
        )
        .bind(subject.to_owned())
        .bind(int(now_s))
        .bind(since)
        .fetch_one(&self.pool)
        .await?)
    }
}
