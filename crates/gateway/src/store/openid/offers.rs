use alloy_primitives::B256;
use sqlx::{AnyConnection, Row};

use super::MAX_WAITING;
use crate::store::{Store, StoreError, hex, int, read};

/// An offer, found by its code.
pub struct OfferRow {
    /// Whose credential.
    pub case_id: B256,
    /// Digest of what the resident types in; empty if nothing.
    pub tx_code: String,
    /// How often a wrong one was typed, this time included.
    pub attempts: i64,
}

/// An access token, found by its digest.
pub struct TokenRow {
    /// Whose credential.
    pub case_id: B256,
    /// Thumbprint of the key it is bound to; empty if none.
    pub dpop: String,
}

const TABLES: [&str; 6] = [
    "DELETE FROM openid_offers WHERE expires_s <= $1",
    "DELETE FROM openid_tokens WHERE expires_s <= $1",
    "DELETE FROM openid_deferred WHERE expires_s <= $1",
    "DELETE FROM openid_notifications WHERE expires_s <= $1",
    "DELETE FROM openid_used WHERE expires_s <= $1",
    // What came for the others leaves the vault first.
    "DELETE FROM openid_requests WHERE expires_s <= $1 AND state = 'refused'",
];

/// What waits for a wallet of one case's applicant; the holders' keys go with the tokens that they wait for.
const OF_A_CASE: [&str; 4] = [
    "DELETE FROM openid_deferred WHERE token IN (SELECT token FROM openid_tokens WHERE case_id = $1)",
    "DELETE FROM openid_tokens WHERE case_id = $1",
    "DELETE FROM openid_offers WHERE case_id = $1",
    "DELETE FROM openid_notifications WHERE case_id = $1",
];

impl Store {
    /// Forgets what has expired; of requests, those that nothing is kept for.
    ///
    /// # Errors
    /// The database fails.
    pub async fn forget_expired_openid(&self, now_s: u64) -> Result<(), StoreError> {
        for statement in TABLES {
            sqlx::query(statement)
                .bind(int(now_s))
                .execute(&self.pool)
                .await?;
        }
        Ok(())
    }

    /// Keeps an offer under the digest of its code; `false` if too many wait.
    ///
    /// # Errors
    /// The database fails.
    pub async fn put_offer(
        &self,
        code: &str,
        case_id: B256,
        tx_code: &str,
        expires_s: u64,
    ) -> Result<bool, StoreError> {
        let waiting: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM openid_offers")
            .fetch_one(&self.pool)
            .await?;
        if waiting >= MAX_WAITING {
            return Ok(false);
        }
        sqlx::query(
            "INSERT INTO openid_offers (code, case_id, tx_code, attempts, expires_s) VALUES ($1, $2, $3, 0, $4)",
        )
        .bind(code.to_owned())
        .bind(hex(case_id))
        .bind(tx_code.to_owned())
        .bind(int(expires_s))
        .execute(&self.pool)
        .await?;
        Ok(true)
    }

    /// An offer by the digest of its code, with this attempt counted.
    ///
    /// # Errors
    /// The database fails.
    pub async fn try_offer(&self, code: &str, now_s: u64) -> Result<Option<OfferRow>, StoreError> {
        let row = sqlx::query(
            "UPDATE openid_offers SET attempts = attempts + 1 WHERE code = $1 AND expires_s > $2 \
             RETURNING case_id, tx_code, attempts",
        )
        .bind(code.to_owned())
        .bind(int(now_s))
        .fetch_optional(&self.pool)
        .await?;
        row.map(|row| {
            Ok(OfferRow {
                case_id: read("case id", &row.try_get::<String, _>(0)?)?,
                tx_code: row.try_get(1)?,
                attempts: row.try_get(2)?,
            })
        })
        .transpose()
    }

    /// Whose credential waits under the digest of this code, and whether the resident types something in.
    ///
    /// # Errors
    /// The database fails.
    pub async fn offer(&self, code: &str, now_s: u64) -> Result<Option<(B256, bool)>, StoreError> {
        let row =
            sqlx::query("SELECT case_id, tx_code FROM openid_offers WHERE code = $1 AND expires_s > $2")
                .bind(code.to_owned())
                .bind(int(now_s))
                .fetch_optional(&self.pool)
                .await?;
        row.map(|row| {
            let tx_code: String = row.try_get(1)?;
            Ok((
                read("case id", &row.try_get::<String, _>(0)?)?,
                !tx_code.is_empty(),
            ))
        })
        .transpose()
    }

    /// Uses up an offer; `false` if somebody else did.
    ///
    /// # Errors
    /// The database fails.
    pub async fn take_offer(&self, code: &str) -> Result<bool, StoreError> {
        let done = sqlx::query("DELETE FROM openid_offers WHERE code = $1")
            .bind(code.to_owned())
            .execute(&self.pool)
            .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Keeps an access token under its digest.
    ///
    /// # Errors
    /// The database fails.
    pub async fn put_token(
        &self,
        token: &str,
        case_id: B256,
        dpop: &str,
        expires_s: u64,
    ) -> Result<(), StoreError> {
        sqlx::query("INSERT INTO openid_tokens (token, case_id, dpop, expires_s) VALUES ($1, $2, $3, $4)")
            .bind(token.to_owned())
            .bind(hex(case_id))
            .bind(dpop.to_owned())
            .bind(int(expires_s))
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// An access token by its digest.
    ///
    /// # Errors
    /// The database fails.
    pub async fn token(&self, token: &str, now_s: u64) -> Result<Option<TokenRow>, StoreError> {
        let row = sqlx::query("SELECT case_id, dpop FROM openid_tokens WHERE token = $1 AND expires_s > $2")
            .bind(token.to_owned())
            .bind(int(now_s))
            .fetch_optional(&self.pool)
            .await?;
        row.map(|row| {
            Ok(TokenRow {
                case_id: read("case id", &row.try_get::<String, _>(0)?)?,
                dpop: row.try_get(1)?,
            })
        })
        .transpose()
    }

    /// Marks a nonce or a proof as used; `false` if it was already.
    ///
    /// # Errors
    /// The database fails.
    pub async fn use_once(&self, value: &str, expires_s: u64) -> Result<bool, StoreError> {
        let done = sqlx::query(
            "INSERT INTO openid_used (value, expires_s) VALUES ($1, $2) ON CONFLICT (value) DO NOTHING",
        )
        .bind(value.to_owned())
        .bind(int(expires_s))
        .execute(&self.pool)
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Keeps what a wallet waits for: the holder's key, under the digest of the transaction and for one access token.
    ///
    /// # Errors
    /// The database fails.
    pub async fn put_deferred(
        &self,
        id: &str,
        token: &str,
        holder: &str,
        expires_s: u64,
    ) -> Result<(), StoreError> {
        sqlx::query("INSERT INTO openid_deferred (id, token, holder, expires_s) VALUES ($1, $2, $3, $4)")
            .bind(id.to_owned())
            .bind(token.to_owned())
            .bind(holder.to_owned())
            .bind(int(expires_s))
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// The holder's key of a transaction of this access token.
    ///
    /// # Errors
    /// The database fails.
    pub async fn deferred(&self, id: &str, token: &str, now_s: u64) -> Result<Option<String>, StoreError> {
        Ok(sqlx::query_scalar(
            "SELECT holder FROM openid_deferred WHERE id = $1 AND token = $2 AND expires_s > $3",
        )
        .bind(id.to_owned())
        .bind(token.to_owned())
        .bind(int(now_s))
        .fetch_optional(&self.pool)
        .await?)
    }

    /// Ends a transaction.
    ///
    /// # Errors
    /// The database fails.
    pub async fn end_deferred(&self, id: &str) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM openid_deferred WHERE id = $1")
            .bind(id.to_owned())
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Keeps that a credential went out, so that its wallet can say what became of it.
    ///
    /// # Errors
    /// The database fails.
    pub async fn put_notification(&self, id: &str, case_id: B256, expires_s: u64) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO openid_notifications (id, case_id, event, expires_s) VALUES ($1, $2, '', $3)",
        )
        .bind(id.to_owned())
        .bind(hex(case_id))
        .bind(int(expires_s))
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Takes what a wallet says; `false` if nothing of that id went out for the case.
    ///
    /// # Errors
    /// The database fails.
    pub async fn notify(&self, id: &str, case_id: B256, event: &str) -> Result<bool, StoreError> {
        let done = sqlx::query("UPDATE openid_notifications SET event = $3 WHERE id = $1 AND case_id = $2")
            .bind(id.to_owned())
            .bind(hex(case_id))
            .bind(event.to_owned())
            .execute(&self.pool)
            .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Forgets everything that waits for a wallet of a case's applicant.
    pub(in crate::store) async fn forget_wallets(
        db: &mut AnyConnection,
        case_id: B256,
    ) -> Result<(), StoreError> {
        for statement in OF_A_CASE {
            sqlx::query(statement)
                .bind(hex(case_id))
                .execute(&mut *db)
                .await?;
        }
        Ok(())
    }
}
