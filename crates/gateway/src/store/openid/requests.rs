use sqlx::Row;
use zhengtong_vault::Subject;

use super::MAX_WAITING;
use crate::store::{Store, StoreError, int, unsigned};

/// Where a request for a presentation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestState {
    /// Nothing came yet.
    Waiting,
    /// What was asked for was presented, and is good.
    Verified,
    /// What came was refused, or the wallet declined.
    Refused,
}

impl RequestState {
    /// As the store and the API spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Verified => "verified",
            Self::Refused => "refused",
        }
    }

    fn parse(text: &str) -> Result<Self, StoreError> {
        match text {
            "waiting" => Ok(Self::Waiting),
            "verified" => Ok(Self::Verified),
            "refused" => Ok(Self::Refused),
            _ => Err(StoreError::Malformed("request state")),
        }
    }
}

/// A request for a presentation.
pub struct WalletRequestRow {
    /// The name of the officer who asks.
    pub officer: String,
    /// What is asked, as the verifier keeps it.
    pub body: String,
    /// Where it stands.
    pub state: RequestState,
    /// Why it was refused.
    pub reason: String,
    /// Digest of the code that the wallet's browser brought back; empty if there is none.
    pub response_code: String,
    /// Until when it is kept, unix seconds.
    pub expires_s: u64,
}

impl Store {
    /// Keeps a request; `false` if too many wait.
    ///
    /// # Errors
    /// The database fails.
    pub async fn put_wallet_request(
        &self,
        id: &str,
        officer: &str,
        body: &str,
        expires_s: u64,
    ) -> Result<bool, StoreError> {
        let waiting: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM openid_requests")
            .fetch_one(&self.pool)
            .await?;
        if waiting >= MAX_WAITING {
            return Ok(false);
        }
        sqlx::query(
            "INSERT INTO openid_requests (id, officer, body, state, reason, response_code, subject, expires_s) \
             VALUES ($1, $2, $3, $4, '', '', '', $5)",
        )
        .bind(id.to_owned())
        .bind(officer.to_owned())
        .bind(body.to_owned())
        .bind(RequestState::Waiting.as_str())
        .bind(int(expires_s))
        .execute(&self.pool)
        .await?;
        Ok(true)
    }

    /// A request.
    ///
    /// # Errors
    /// The database fails.
    pub async fn wallet_request(&self, id: &str, now_s: u64) -> Result<Option<WalletRequestRow>, StoreError> {
        let row = sqlx::query(
            "SELECT officer, body, state, reason, response_code, expires_s FROM openid_requests \
             WHERE id = $1 AND expires_s > $2",
        )
        .bind(id.to_owned())
        .bind(int(now_s))
        .fetch_optional(&self.pool)
        .await?;
        row.map(|row| {
            Ok(WalletRequestRow {
                officer: row.try_get(0)?,
                body: row.try_get(1)?,
                state: RequestState::parse(&row.try_get::<String, _>(2)?)?,
                reason: row.try_get(3)?,
                response_code: row.try_get(4)?,
                expires_s: unsigned("expiry", row.try_get(5)?)?,
            })
        })
        .transpose()
    }

    /// Ends a request that waits; `false` if it was ended before: one response a request. `subject` is whose data came, if
    /// that is known.
    ///
    /// # Errors
    /// The database fails.
    pub async fn end_wallet_request(
        &self,
        id: &str,
        state: RequestState,
        reason: &str,
        response_code: &str,
        subject: Option<Subject>,
    ) -> Result<bool, StoreError> {
        let done = sqlx::query(
            "UPDATE openid_requests SET state = $2, reason = $3, response_code = $4, subject = $5 \
             WHERE id = $1 AND state = 'waiting'",
        )
        .bind(id.to_owned())
        .bind(state.as_str())
        .bind(reason.to_owned())
        .bind(response_code.to_owned())
        .bind(subject.map(Subject::to_hex).unwrap_or_default())
        .execute(&self.pool)
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Requests of no use any more that something in the vault may be for: the id, and whose data it is if that is known.
    ///
    /// # Errors
    /// The database fails.
    pub async fn expired_presentations(
        &self,
        now_s: u64,
    ) -> Result<Vec<(String, Option<Subject>)>, StoreError> {
        let rows = sqlx::query(
            "SELECT id, subject FROM openid_requests WHERE state <> 'refused' AND expires_s <= $1 \
             ORDER BY expires_s, id LIMIT $2",
        )
        .bind(int(now_s))
        .bind(MAX_WAITING)
        .fetch_all(&self.pool)
        .await?;
        rows.iter()
            .map(|row| {
                let subject: String = row.try_get(1)?;
                let known = match subject.as_str() {
                    "" => None,
                    text => Some(Subject::from_hex(text).ok_or(StoreError::Malformed("subject"))?),
                };
                Ok((row.try_get(0)?, known))
            })
            .collect()
    }

    /// The requests that a person's data came for.
    ///
    /// # Errors
    /// The database fails.
    pub async fn presentations_of(&self, subject: Subject) -> Result<Vec<String>, StoreError> {
        Ok(
            sqlx::query_scalar("SELECT id FROM openid_requests WHERE subject = $1 LIMIT $2")
                .bind(subject.to_hex())
                .bind(MAX_WAITING)
                .fetch_all(&self.pool)
                .await?,
        )
    }

    /// Removes a request.
    ///
    /// # Errors
    /// The database fails.
    pub async fn drop_wallet_request(&self, id: &str) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM openid_requests WHERE id = $1")
            .bind(id.to_owned())
            .execute(&self.pool)
            .await?;
        Ok(())
    }
}
