//! Who is signed in, challenges handed out, and attempts counted.

use alloy_primitives::Address;
use sqlx::any::AnyRow;
use sqlx::{AnyPool, Row};
use zhengtong_vault::batch::Together;
use zhengtong_vault::sql;

use super::asked::rows_of;
use super::{Store, StoreError, VouchedRow, can_be_kept, hex, int, read, unsigned};

/// The most challenges that wait at once.
pub const MAX_NONCES: i64 = 10_000;
/// The most sessions at once.
pub const MAX_SESSIONS: i64 = 10_000;

/// An officer's session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionRow {
    /// Their code, or the address of their key.
    pub name: String,
    /// Slug of their agency.
    pub agency: String,
    /// Words of their roles, separated by spaces.
    pub roles: String,
    /// Their key.
    pub key: Option<Address>,
    /// Until when, unix seconds.
    pub expires_s: u64,
    /// What it rests on if a provider vouched for the officer: [`VouchedRow::grants`].
    pub grants: Option<String>,
}

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
        if !can_be_kept(nonce) {
            return Ok(false);
        }
        let done = sqlx::query("DELETE FROM nonces WHERE nonce = $1 AND expires_s > $2")
            .bind(nonce.to_owned())
            .bind(int(now_s))
            .execute(&self.pool)
            .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Keeps a session under the digest of its token, and what it rests on; `false` if there are too many.
    ///
    /// # Errors
    /// The database fails.
    pub async fn put_session(
        &self,
        digest: &str,
        row: &SessionRow,
        vouched: Option<&VouchedRow>,
        now_s: u64,
    ) -> Result<bool, StoreError> {
        sqlx::query("DELETE FROM desk_sessions WHERE expires_s <= $1")
            .bind(int(now_s))
            .execute(&self.pool)
            .await?;
        let open: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM desk_sessions")
            .fetch_one(&self.reads)
            .await?;
        if open >= MAX_SESSIONS {
            return Ok(false);
        }
        let mut transaction = sql::begin(&self.pool).await?;
        sqlx::query(
            "INSERT INTO desk_sessions (token, name, agency, roles, key, expires_s) \
             VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(digest.to_owned())
        .bind(row.name.clone())
        .bind(row.agency.clone())
        .bind(row.roles.clone())
        .bind(row.key.map(hex).unwrap_or_default())
        .bind(int(row.expires_s))
        .execute(&mut *transaction)
        .await?;
        sqlx::query("DELETE FROM oidc_sessions WHERE token NOT IN (SELECT token FROM desk_sessions)")
            .execute(&mut *transaction)
            .await?;
        if let Some(vouched) = vouched {
            sqlx::query("INSERT INTO oidc_sessions (token, subject, sid, grants) VALUES ($1, $2, $3, $4)")
                .bind(digest.to_owned())
                .bind(vouched.subject.clone())
                .bind(vouched.sid.clone())
                .bind(vouched.grants.clone())
                .execute(&mut *transaction)
                .await?;
            sqlx::query("DELETE FROM passkey_sessions WHERE token NOT IN (SELECT token FROM desk_sessions)")
                .execute(&mut *transaction)
                .await?;
            if let Some(passkey) = &vouched.passkey {
                sqlx::query("INSERT INTO passkey_sessions (token, passkey) VALUES ($1, $2)")
                    .bind(digest.to_owned())
                    .bind(passkey.clone())
                    .execute(&mut *transaction)
                    .await?;
            }
        }
        transaction.commit().await?;
        Ok(true)
    }

    /// Whose session it is, if it has not expired.
    ///
    /// # Errors
    /// The database fails.
    pub async fn session(&self, digest: &str, now_s: u64) -> Result<Option<SessionRow>, StoreError> {
        let session = self.asked.sessions.ask(digest.to_owned()).await?;
        Ok(session.filter(|session| session.expires_s > now_s))
    }

    /// Gives a session the key that its officer has proven.
    ///
    /// # Errors
    /// The database fails.
    pub async fn set_session_key(&self, digest: &str, key: Address) -> Result<(), StoreError> {
        sqlx::query("UPDATE desk_sessions SET key = $2 WHERE token = $1")
            .bind(digest.to_owned())
            .bind(hex(key))
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Ends a session; `false` if there was none.
    ///
    /// # Errors
    /// The database fails.
    pub async fn drop_session(&self, digest: &str) -> Result<bool, StoreError> {
        sqlx::query("DELETE FROM passkey_sessions WHERE token = $1")
            .bind(digest.to_owned())
            .execute(&self.pool)
            .await?;
        sqlx::query("DELETE FROM oidc_sessions WHERE token = $1")
            .bind(digest.to_owned())
            .execute(&self.pool)
            .await?;
        let done = sqlx::query("DELETE FROM desk_sessions WHERE token = $1")
            .bind(digest.to_owned())
            .execute(&self.pool)
            .await?;
        Ok(done.rows_affected() == 1)
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

/// The sessions under digests of tokens, ended ones too.
pub(super) fn sessions_of(
    reads: AnyPool,
    digests: &[String],
) -> Together<'_, Option<SessionRow>, StoreError> {
    let select = "SELECT s.token, s.name, s.agency, s.roles, s.key, s.expires_s, COALESCE(v.grants, '') \
                  FROM desk_sessions s LEFT JOIN oidc_sessions v ON v.token = s.token WHERE s.token";
    Box::pin(async move { rows_of(reads, select, digests, session).await })
}

fn session(row: &AnyRow) -> Result<SessionRow, StoreError> {
    let key: String = row.try_get(4)?;
    Ok(SessionRow {
        name: row.try_get(1)?,
        agency: row.try_get(2)?,
        roles: row.try_get(3)?,
        key: Some(key.as_str())
            .filter(|key| !key.is_empty())
            .map(|key| read("officer", key))
            .transpose()?,
        expires_s: unsigned("expiry", row.try_get(5)?)?,
        grants: Some(row.try_get::<String, _>(6)?).filter(|grants| !grants.is_empty()),
    })
}
