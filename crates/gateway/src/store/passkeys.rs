//! Passkeys of officers, their challenges, and what the provider said last of whose they are.

use sqlx::Row;
use sqlx::any::AnyRow;
use zhengtong_vault::sql;

use super::{Store, StoreError, int, unsigned};

/// The most challenges that wait at once.
pub const MAX_PASSKEY_CHALLENGES: i64 = 10_000;
/// The most passkeys in one list.
pub const MAX_PASSKEYS_LISTED: i64 = 8_000;

/// A passkey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasskeyRow {
    /// The credential's id, base64url.
    pub id: String,
    /// The officer's code.
    pub name: String,
    /// Digest of issuer and subject of their account at the provider.
    pub subject: String,
    /// What the officer calls it.
    pub label: String,
    /// COSE's number of the algorithm.
    pub algorithm: i64,
    /// The public key, hex.
    pub key: String,
    /// How often it says that it was used.
    pub count: u32,
    /// Whether it may be on several devices.
    pub may_sync: bool,
    /// When it was made, unix milliseconds.
    pub made_ms: u64,
    /// When it was used last, unix milliseconds; 0: never.
    pub used_ms: u64,
}

/// What the provider said last of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VouchRow {
    /// The officer's code.
    pub name: String,
    /// As [`super::VouchedRow::grants`].
    pub grants: String,
    /// When, unix seconds.
    pub at_s: u64,
}

/// How keeping a passkey ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PutPasskey {
    /// It is kept.
    Kept,
    /// Somebody has it.
    Exists,
    /// The officer has too many.
    TooMany,
}

const COLUMNS: &str =
    "SELECT id, name, subject, label, algorithm, key, count, may_sync, made_ms, used_ms FROM passkeys";

impl Store {
    /// Keeps a challenge for a session (its digest), or for a sign-in (empty); `false` if too many wait.
    ///
    /// # Errors
    /// The database fails.
    pub async fn put_passkey_challenge(
        &self,
        challenge: &str,
        session: &str,
        expires_s: u64,
        now_s: u64,
    ) -> Result<bool, StoreError> {
        sqlx::query("DELETE FROM passkey_challenges WHERE expires_s <= $1")
            .bind(int(now_s))
            .execute(&self.pool)
            .await?;
        let waiting: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM passkey_challenges")
            .fetch_one(&self.reads)
            .await?;
        if waiting >= MAX_PASSKEY_CHALLENGES {
            return Ok(false);
        }
        sqlx::query("INSERT INTO passkey_challenges (challenge, session, expires_s) VALUES ($1, $2, $3)")
            .bind(challenge.to_owned())
            .bind(session.to_owned())
            .bind(int(expires_s))
            .execute(&self.pool)
            .await?;
        Ok(true)
    }

    /// Uses up a challenge; `false` if it was not handed out for this, was used, or is too old.
    ///
    /// # Errors
    /// The database fails.
    pub async fn take_passkey_challenge(
        &self,
        challenge: &str,
        session: &str,
        now_s: u64,
    ) -> Result<bool, StoreError> {
        let done = sqlx::query(
            "DELETE FROM passkey_challenges WHERE challenge = $1 AND session = $2 AND expires_s > $3",
        )
        .bind(challenge.to_owned())
        .bind(session.to_owned())
        .bind(int(now_s))
        .execute(&self.pool)
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Keeps a passkey, if its officer has fewer than `most`.
    ///
    /// # Errors
    /// The database fails.
    pub async fn put_passkey(&self, row: &PasskeyRow, most: i64) -> Result<PutPasskey, StoreError> {
        let mut transaction = sql::begin(&self.pool).await?;
        let has: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM passkeys WHERE name = $1")
            .bind(row.name.clone())
            .fetch_one(&mut *transaction)
            .await?;
        if has >= most {
            return Ok(PutPasskey::TooMany);
        }
        let done = sqlx::query(
            "INSERT INTO passkeys (id, name, subject, label, algorithm, key, count, may_sync, made_ms, used_ms) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (id) DO NOTHING",
        )
        .bind(row.id.clone())
        .bind(row.name.clone())
        .bind(row.subject.clone())
        .bind(row.label.clone())
        .bind(row.algorithm)
        .bind(row.key.clone())
        .bind(i64::from(row.count))
        .bind(i64::from(row.may_sync))
        .bind(int(row.made_ms))
        .bind(int(row.used_ms))
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(if done.rows_affected() == 1 {
            PutPasskey::Kept
        } else {
            PutPasskey::Exists
        })
    }

    /// A passkey.
    ///
    /// # Errors
    /// The database fails.
    pub async fn passkey(&self, id: &str) -> Result<Option<PasskeyRow>, StoreError> {
        let query = sqlx::query(sqlx::AssertSqlSafe(format!("{COLUMNS} WHERE id = $1"))).bind(id.to_owned());
        query
            .fetch_optional(&self.pool)
            .await?
            .map(|row| read(&row))
            .transpose()
    }

    /// An officer's passkeys, or everybody's, oldest first.
    ///
    /// # Errors
    /// The database fails.
    pub async fn passkeys(&self, name: Option<&str>) -> Result<Vec<PasskeyRow>, StoreError> {
        let rows = sqlx::query(sqlx::AssertSqlSafe(format!(
            "{COLUMNS} WHERE $1 = '' OR name = $1 ORDER BY made_ms, id LIMIT $2"
        )))
        .bind(name.unwrap_or_default().to_owned())
        .bind(MAX_PASSKEYS_LISTED)
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(read).collect()
    }

    /// Notes a use of a passkey; `false` if it counts its uses and this one is not later than the last.
    ///
    /// # Errors
    /// The database fails.
    pub async fn use_passkey(&self, id: &str, count: u32, at_ms: u64) -> Result<bool, StoreError> {
        let done = sqlx::query(
            "UPDATE passkeys SET count = $2, used_ms = $3 WHERE id = $1 AND (count < $2 OR (count = 0 AND $2 = 0))",
        )
        .bind(id.to_owned())
        .bind(i64::from(count))
        .bind(int(at_ms))
        .execute(&self.pool)
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Forgets an officer's passkey and ends the sessions that it opened; `false` if they have no such.
    ///
    /// # Errors
    /// The database fails.
    pub async fn drop_passkey(&self, name: &str, id: &str) -> Result<bool, StoreError> {
        let done = sqlx::query("DELETE FROM passkeys WHERE id = $1 AND name = $2")
            .bind(id.to_owned())
            .bind(name.to_owned())
            .execute(&self.pool)
            .await?;
        if done.rows_affected() == 0 {
            return Ok(false);
        }
        let tokens: Vec<String> = sqlx::query_scalar("SELECT token FROM passkey_sessions WHERE passkey = $1")
            .bind(id.to_owned())
            .fetch_all(&self.pool)
            .await?;
        for token in tokens {
            self.drop_session(&token).await?;
        }
        Ok(true)
    }

    /// Notes what the provider said of an account.
    ///
    /// # Errors
    /// The database fails.
    pub async fn put_vouch(&self, subject: &str, row: &VouchRow) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO passkey_vouches (subject, name, grants, at_s) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (subject) DO UPDATE SET name = excluded.name, grants = excluded.grants, at_s = excluded.at_s",
        )
        .bind(subject.to_owned())
        .bind(row.name.clone())
        .bind(row.grants.clone())
        .bind(int(row.at_s))
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// What the provider said last of an account.
    ///
    /// # Errors
    /// The database fails.
    pub async fn vouch(&self, subject: &str) -> Result<Option<VouchRow>, StoreError> {
        let row = sqlx::query("SELECT name, grants, at_s FROM passkey_vouches WHERE subject = $1")
            .bind(subject.to_owned())
            .fetch_optional(&self.pool)
            .await?;
        row.map(|row| {
            Ok(VouchRow {
                name: row.try_get(0)?,
                grants: row.try_get(1)?,
                at_s: unsigned("at_s", row.try_get(2)?)?,
            })
        })
        .transpose()
    }

    /// The provider does not vouch for an account any more: its passkeys open nothing.
    ///
    /// # Errors
    /// The database fails.
    pub async fn drop_vouch(&self, subject: &str) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM passkey_vouches WHERE subject = $1")
            .bind(subject.to_owned())
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// What a session that a provider vouched for rests on: the account, and the passkey that opened it, if one did.
    ///
    /// # Errors
    /// The database fails.
    pub async fn session_account(
        &self,
        digest: &str,
    ) -> Result<Option<(String, Option<String>)>, StoreError> {
        let row = sqlx::query(
            "SELECT v.subject, COALESCE(p.passkey, '') FROM oidc_sessions v \
             LEFT JOIN passkey_sessions p ON p.token = v.token WHERE v.token = $1",
        )
        .bind(digest.to_owned())
        .fetch_optional(&self.pool)
        .await?;
        row.map(|row| {
            let passkey: String = row.try_get(1)?;
            Ok((
                row.try_get(0)?,
                Some(passkey).filter(|passkey| !passkey.is_empty()),
            ))
        })
        .transpose()
    }
}

fn read(row: &AnyRow) -> Result<PasskeyRow, StoreError> {
    Ok(PasskeyRow {
        id: row.try_get(0)?,
        name: row.try_get(1)?,
        subject: row.try_get(2)?,
        label: row.try_get(3)?,
        algorithm: row.try_get(4)?,
        key: row.try_get(5)?,
        count: unsigned("count", row.try_get(6)?)?,
        may_sync: row.try_get::<i64, _>(7)? != 0,
        made_ms: unsigned("made_ms", row.try_get(8)?)?,
        used_ms: unsigned("used_ms", row.try_get(9)?)?,
    })
}
