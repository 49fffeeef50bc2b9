//! Accounts of residents: their signers as the chain has them, backups hosted here, recoveries asked for here.

use alloy_primitives::{Address, B256};
use sqlx::{AnyConnection, Row};

use super::{Store, StoreError, hex, int, read, unsigned};
use crate::app::project::AccountChange;

/// The most recoveries that wait for an officer at once.
pub const MAX_WAITING_RECOVERIES: i64 = 1_000;

/// A signer's kind and public key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignerRow {
    /// As in `IAccounts.Kind`.
    pub kind: u8,
    /// See `IAccounts.Signer`.
    pub x: B256,
    /// See `IAccounts.Signer`.
    pub y: B256,
}

/// A recovery asked for here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecoveryRow {
    /// Digest of the ticket.
    pub ticket: String,
    /// What the new device asked for, as JSON.
    pub request: String,
    /// Until when an officer may approve it, or the share be fetched.
    pub expires_s: u64,
    /// What an officer approved.
    pub approved: Option<Approved>,
}

/// An approval.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approved {
    /// The account.
    pub account: B256,
    /// The recovery's id on the chain.
    pub recovery: B256,
    /// The person, as a pseudonym of the vault, in hex.
    pub subject: String,
    /// Who approved.
    pub officer: Address,
}

impl Store {
    /// Whether the chain has an account, and whether it names this organisation as an authority.
    ///
    /// # Errors
    /// The database fails.
    pub async fn account_guarded(&self, account: B256) -> Result<Option<bool>, StoreError> {
        let found: Option<i64> = sqlx::query_scalar("SELECT guarded FROM accounts WHERE id = $1")
            .bind(hex(account))
            .fetch_optional(&self.reads)
            .await?;
        Ok(found.map(|guarded| guarded == 1))
    }

    /// The last recovery of an account that was finished.
    ///
    /// # Errors
    /// The database fails.
    pub async fn recovered(&self, account: B256) -> Result<Option<B256>, StoreError> {
        let found: Option<String> = sqlx::query_scalar("SELECT recovered FROM accounts WHERE id = $1")
            .bind(hex(account))
            .fetch_optional(&self.reads)
            .await?;
        found
            .filter(|id| !id.is_empty())
            .map(|id| read("recovery", &id))
            .transpose()
    }

    /// A live signer of an account.
    ///
    /// # Errors
    /// The database fails.
    pub async fn account_signer(&self, account: B256, signer: B256) -> Result<Option<SignerRow>, StoreError> {
        let row = sqlx::query("SELECT kind, x, y FROM account_signers WHERE account = $1 AND signer = $2")
            .bind(hex(account))
            .bind(hex(signer))
            .fetch_optional(&self.reads)
            .await?;
        row.map(|row| {
            let (x, y): (String, String) = (row.try_get(1)?, row.try_get(2)?);
            Ok(SignerRow {
                kind: unsigned("kind", row.try_get(0)?)?,
                x: read("key", &x)?,
                y: read("key", &y)?,
            })
        })
        .transpose()
    }

    /// Keeps a backup if its version follows the one kept; answers the version that is kept now.
    ///
    /// # Errors
    /// The database fails.
    pub async fn put_backup(&self, account: B256, version: u64, content: &str) -> Result<u64, StoreError> {
        sqlx::query(
            "INSERT INTO backups (account, version, content) VALUES ($1, $2, $3) ON CONFLICT (account) DO UPDATE SET \
             version = excluded.version, content = excluded.content WHERE excluded.version > backups.version",
        )
        .bind(hex(account))
        .bind(int(version))
        .bind(content.to_owned())
        .execute(&self.pool)
        .await?;
        let kept: i64 = sqlx::query_scalar("SELECT version FROM backups WHERE account = $1")
            .bind(hex(account))
            .fetch_one(&self.reads)
            .await?;
        unsigned("version", kept)
    }

    /// A backup: its version and content.
    ///
    /// # Errors
    /// The database fails.
    pub async fn backup(&self, account: B256) -> Result<Option<(u64, String)>, StoreError> {
        let row = sqlx::query("SELECT version, content FROM backups WHERE account = $1")
            .bind(hex(account))
            .fetch_optional(&self.reads)
            .await?;
        row.map(|row| Ok((unsigned("version", row.try_get(0)?)?, row.try_get(1)?)))
            .transpose()
    }

    /// Removes the backup of an account, if one is kept.
    ///
    /// # Errors
    /// The database fails.
    pub async fn drop_backup(&self, account: B256) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM backups WHERE account = $1")
            .bind(hex(account))
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Keeps a recovery that waits for an officer; `false` if too many wait or the code is taken.
    ///
    /// # Errors
    /// The database fails.
    pub async fn put_recovery(
        &self,
        ticket: &str,
        code: &str,
        request: &str,
        expires_s: u64,
        now_s: u64,
    ) -> Result<bool, StoreError> {
        sqlx::query("DELETE FROM recoveries WHERE expires_s <= $1")
            .bind(int(now_s))
            .execute(&self.pool)
            .await?;
        let waiting: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM recoveries WHERE account = ''")
            .fetch_one(&self.reads)
            .await?;
        if waiting >= MAX_WAITING_RECOVERIES {
            return Ok(false);
        }
        let done = sqlx::query(
            "INSERT INTO recoveries (ticket, code, request, expires_s, account, recovery, subject, officer) \
             VALUES ($1, $2, $3, $4, '', '', '', '') ON CONFLICT DO NOTHING",
        )
        .bind(ticket.to_owned())
        .bind(code.to_owned())
        .bind(request.to_owned())
        .bind(int(expires_s))
        .execute(&self.pool)
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// A recovery by the code that its device shows.
    ///
    /// # Errors
    /// The database fails.
    pub async fn recovery_by_code(&self, code: &str, now_s: u64) -> Result<Option<RecoveryRow>, StoreError> {
        self.find("code", code, now_s).await
    }

    /// A recovery by the digest of its ticket.
    ///
    /// # Errors
    /// The database fails.
    pub async fn recovery_by_ticket(
        &self,
        ticket: &str,
        now_s: u64,
    ) -> Result<Option<RecoveryRow>, StoreError> {
        self.find("ticket", ticket, now_s).await
    }

    async fn find(&self, column: &str, value: &str, now_s: u64) -> Result<Option<RecoveryRow>, StoreError> {
        let query = format!(
            "SELECT ticket, request, expires_s, account, recovery, subject, officer FROM recoveries \
             WHERE {column} = $1 AND expires_s > $2"
        );
        let row = sqlx::query(sqlx::AssertSqlSafe(query))
            .bind(value.to_owned())
            .bind(int(now_s))
            .fetch_optional(&self.reads)
            .await?;
        row.map(|row| {
            let (account, recovery): (String, String) = (row.try_get(3)?, row.try_get(4)?);
            let officer: String = row.try_get(6)?;
            let approved = if account.is_empty() {
                None
            } else {
                Some(Approved {
                    account: read("account", &account)?,
                    recovery: read("recovery", &recovery)?,
                    subject: row.try_get(5)?,
                    officer: read("officer", &officer)?,
                })
            };
            Ok(RecoveryRow {
                ticket: row.try_get(0)?,
                request: row.try_get(1)?,
                expires_s: unsigned("expires_s", row.try_get(2)?)?,
                approved,
            })
        })
        .transpose()
    }

    /// Notes what an officer approved, and until when the share may be fetched.
    ///
    /// # Errors
    /// The database fails.
    pub async fn approve_recovery(
        &self,
        ticket: &str,
        approved: &Approved,
        expires_s: u64,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "UPDATE recoveries SET account = $2, recovery = $3, subject = $4, officer = $5, expires_s = $6 \
             WHERE ticket = $1",
        )
        .bind(ticket.to_owned())
        .bind(hex(approved.account))
        .bind(hex(approved.recovery))
        .bind(approved.subject.clone())
        .bind(hex(approved.officer))
        .bind(int(expires_s))
        .execute(&self.pool)
        .await?;
        Ok(())
    }
}

/// Applies what a block said about an account.
pub(super) async fn apply(db: &mut AnyConnection, change: &AccountChange) -> Result<(), StoreError> {
    let query = match change {
        AccountChange::Guards { account, guarded } => sqlx::query(
            "INSERT INTO accounts (id, guarded, recovered) VALUES ($1, $2, '') ON CONFLICT (id) DO UPDATE SET \
             guarded = excluded.guarded",
        )
        .bind(hex(account))
        .bind(i64::from(*guarded)),
        AccountChange::Added {
            account,
            signer,
            kind,
            x,
            y,
        } => sqlx::query(
            "INSERT INTO account_signers (account, signer, kind, x, y) VALUES ($1, $2, $3, $4, $5) \
             ON CONFLICT (account, signer) DO NOTHING",
        )
        .bind(hex(account))
        .bind(hex(signer))
        .bind(i64::from(*kind))
        .bind(hex(x))
        .bind(hex(y)),
        AccountChange::Removed { account, signer } => {
            sqlx::query("DELETE FROM account_signers WHERE account = $1 AND signer = $2")
                .bind(hex(account))
                .bind(hex(signer))
        }
        AccountChange::Recovered { account, recovery } => {
            sqlx::query("UPDATE accounts SET recovered = $2 WHERE id = $1")
                .bind(hex(account))
                .bind(hex(recovery))
        }
    };
    query.execute(db).await?;
    Ok(())
}
