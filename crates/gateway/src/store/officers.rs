//! Officers whom a provider vouches for: sign-ins under way, what their sessions rest on, and whose a code is.

use alloy_primitives::Address;
use sqlx::Row;

use super::{Store, StoreError, hex, int, read, unsigned};

/// The most sign-ins under way at once.
pub const MAX_LOGINS: i64 = 10_000;
/// The most officers in one list.
pub const MAX_OFFICERS_LISTED: i64 = 1_000;

/// A sign-in that waits for the provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoginRow {
    /// What the ID token must repeat.
    pub nonce: String,
    /// Of PKCE.
    pub verifier: String,
    /// Digest of what the browser that began keeps.
    pub browser: String,
    /// Where the provider sends the browser.
    pub redirect_uri: String,
    /// Until when, unix seconds.
    pub expires_s: u64,
}

/// What a session rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VouchedRow {
    /// Digest of issuer and subject.
    pub subject: String,
    /// The provider's session; empty if it names none.
    pub sid: String,
    /// Entries of the configuration that gave the roles, as JSON.
    pub grants: String,
    /// The passkey that opened the session, if the provider itself did not.
    pub passkey: Option<String>,
}

/// An officer and what is bound to their code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfficerRow {
    /// Their code.
    pub name: String,
    /// Whether an account at the provider is bound.
    pub has_account: bool,
    /// The key that is bound.
    pub key: Option<Address>,
    /// When the first of them was bound, unix milliseconds.
    pub since_ms: u64,
}

impl Store {
    /// Keeps a sign-in under the digest of its state; `false` if too many wait.
    ///
    /// # Errors
    /// The database fails.
    pub async fn put_login(&self, state: &str, row: &LoginRow, now_s: u64) -> Result<bool, StoreError> {
        sqlx::query("DELETE FROM oidc_logins WHERE expires_s <= $1")
            .bind(int(now_s))
            .execute(&self.pool)
            .await?;
        let waiting: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM oidc_logins")
            .fetch_one(&self.reads)
            .await?;
        if waiting >= MAX_LOGINS {
            return Ok(false);
        }
        sqlx::query(
            "INSERT INTO oidc_logins (state, nonce, verifier, browser, redirect_uri, expires_s) \
             VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(state.to_owned())
        .bind(row.nonce.clone())
        .bind(row.verifier.clone())
        .bind(row.browser.clone())
        .bind(row.redirect_uri.clone())
        .bind(int(row.expires_s))
        .execute(&self.pool)
        .await?;
        Ok(true)
    }

    /// Uses up a sign-in: whoever comes second with the same state finds none.
    ///
    /// # Errors
    /// The database fails.
    pub async fn take_login(&self, state: &str, now_s: u64) -> Result<Option<LoginRow>, StoreError> {
        let row = sqlx::query(
            "DELETE FROM oidc_logins WHERE state = $1 AND expires_s > $2 \
             RETURNING nonce, verifier, browser, redirect_uri, expires_s",
        )
        .bind(state.to_owned())
        .bind(int(now_s))
        .fetch_optional(&self.pool)
        .await?;
        row.map(|row| {
            Ok(LoginRow {
                nonce: row.try_get(0)?,
                verifier: row.try_get(1)?,
                browser: row.try_get(2)?,
                redirect_uri: row.try_get(3)?,
                expires_s: unsigned("expiry", row.try_get(4)?)?,
            })
        })
        .transpose()
    }

    /// Ends the sessions that rest on an account at the provider, or on one session of it there; answers how many.
    ///
    /// # Errors
    /// The database fails.
    pub async fn drop_vouched(&self, subject: Option<&str>, sid: Option<&str>) -> Result<u64, StoreError> {
        let tokens: Vec<String> = sqlx::query_scalar(
            "SELECT token FROM oidc_sessions WHERE ($1 = '' OR subject = $1) AND ($2 = '' OR sid = $2) \
             AND ($1 <> '' OR $2 <> '')",
        )
        .bind(subject.unwrap_or_default().to_owned())
        .bind(sid.unwrap_or_default().to_owned())
        .fetch_all(&self.pool)
        .await?;
        let mut ended = 0;
        for token in tokens {
            ended += u64::from(self.drop_session(&token).await?);
        }
        Ok(ended)
    }

    /// Binds an account at the provider to a code; `false` if either belongs to another.
    ///
    /// # Errors
    /// The database fails.
    pub async fn bind_subject(&self, name: &str, subject: &str, at_ms: u64) -> Result<bool, StoreError> {
        self.bind(&SUBJECTS, name, subject, at_ms).await
    }

    /// Binds a key to a code; `false` if either belongs to another.
    ///
    /// # Errors
    /// The database fails.
    pub async fn bind_key(&self, name: &str, key: Address, at_ms: u64) -> Result<bool, StoreError> {
        self.bind(&KEYS, name, &hex(key), at_ms).await
    }

    async fn bind(&self, table: &Binding, name: &str, value: &str, at_ms: u64) -> Result<bool, StoreError> {
        sqlx::query(table.insert)
            .bind(name.to_owned())
            .bind(value.to_owned())
            .bind(int(at_ms))
            .execute(&self.pool)
            .await?;
        let bound: i64 = sqlx::query_scalar(table.count)
            .bind(name.to_owned())
            .bind(value.to_owned())
            .fetch_one(&self.pool)
            .await?;
        Ok(bound == 1)
    }

    /// The code that a key is bound to.
    ///
    /// # Errors
    /// The database fails.
    pub async fn name_of_key(&self, key: Address) -> Result<Option<String>, StoreError> {
        Ok(sqlx::query_scalar("SELECT name FROM officer_keys WHERE key = $1")
            .bind(hex(key))
            .fetch_optional(&self.reads)
            .await?)
    }

    /// Codes with what is bound to them.
    ///
    /// # Errors
    /// The database fails.
    pub async fn officers(&self) -> Result<Vec<OfficerRow>, StoreError> {
        let rows = sqlx::query(
            "SELECT name, MAX(account), MAX(key), MIN(at_ms) FROM (\
             SELECT name, 1 AS account, '' AS key, at_ms FROM officer_subjects UNION ALL \
             SELECT name, 0 AS account, key, at_ms FROM officer_keys) AS bound GROUP BY name ORDER BY name LIMIT $1",
        )
        .bind(MAX_OFFICERS_LISTED)
        .fetch_all(&self.reads)
        .await?;
        rows.iter()
            .map(|row| {
                let has_account: i64 = row.try_get(1)?;
                let key: String = row.try_get(2)?;
                Ok(OfficerRow {
                    name: row.try_get(0)?,
                    has_account: has_account == 1,
                    key: Some(key.as_str())
                        .filter(|key| !key.is_empty())
                        .map(|key| read("officer", key))
                        .transpose()?,
                    since_ms: unsigned("at_ms", row.try_get(3)?)?,
                })
            })
            .collect()
    }

    /// Unbinds what is bound to a code, and ends its sessions; `false` if nothing was.
    ///
    /// # Errors
    /// The database fails.
    pub async fn release_officer(&self, name: &str) -> Result<bool, StoreError> {
        let tokens: Vec<String> = sqlx::query_scalar("SELECT token FROM desk_sessions WHERE name = $1")
            .bind(name.to_owned())
            .fetch_all(&self.pool)
            .await?;
        for token in tokens {
            self.drop_session(&token).await?;
        }
        let mut unbound = 0;
        for statement in [
            "DELETE FROM officer_subjects WHERE name = $1",
            "DELETE FROM officer_keys WHERE name = $1",
            "DELETE FROM passkeys WHERE name = $1",
            "DELETE FROM passkey_vouches WHERE name = $1",
        ] {
            let done = sqlx::query(statement)
                .bind(name.to_owned())
                .execute(&self.pool)
                .await?;
            unbound += done.rows_affected();
        }
        Ok(unbound > 0)
    }
}

struct Binding {
    insert: &'static str,
    count: &'static str,
}

const SUBJECTS: Binding = Binding {
    insert: "INSERT INTO officer_subjects (name, subject, at_ms) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
    count: "SELECT COUNT(*) FROM officer_subjects WHERE name = $1 AND subject = $2",
};
const KEYS: Binding = Binding {
    insert: "INSERT INTO officer_keys (name, key, at_ms) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
    count: "SELECT COUNT(*) FROM officer_keys WHERE name = $1 AND key = $2",
};
