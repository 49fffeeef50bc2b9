//! Which keys sign tokens, and how many tokens each person has had in a window.

use alloy_primitives::B256;
use sqlx::Row;
use zhengtong_vault::{Subject, sql};

use super::{ALLOWANCE_ISSUER, Store, StoreError, int, read, unsigned};

/// How far the key of a window is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AllowanceKey {
    /// In the vault, and not on the chain yet.
    Made,
    /// On the chain, finally: it signs.
    Published,
    /// The contract refused it: it never signs.
    Refused,
}

impl AllowanceKey {
    fn as_str(self) -> &'static str {
        match self {
            Self::Made => "made",
            Self::Published => "published",
            Self::Refused => "refused",
        }
    }
}

/// What came of counting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    /// So many are used now, these included.
    Within(u32),
    /// These would be more than allowed; nothing was counted. So many are used.
    Beyond(u32),
}

impl Store {
    /// Whose tokens open cases, as the chain says; `None` if none are needed.
    ///
    /// # Errors
    /// The database fails.
    pub async fn allowance_issuer(&self) -> Result<Option<B256>, StoreError> {
        let text = self.meta(ALLOWANCE_ISSUER).await?;
        let issuer = text
            .map(|text| read::<B256>("allowance issuer", &text))
            .transpose()?;
        Ok(issuer.filter(|issuer| !issuer.is_zero()))
    }

    /// How far the key of a window is.
    ///
    /// # Errors
    /// The database fails.
    pub async fn allowance_key(&self, window: u64) -> Result<Option<AllowanceKey>, StoreError> {
        let state: Option<String> = sqlx::query_scalar("SELECT state FROM allowance_keys WHERE day = $1")
            .bind(int(window))
            .fetch_optional(&self.reads)
            .await?;
        let known = [AllowanceKey::Made, AllowanceKey::Published, AllowanceKey::Refused];
        state
            .map(|word| {
                let found = known.into_iter().find(|state| state.as_str() == word);
                found.ok_or(StoreError::Malformed("allowance key"))
            })
            .transpose()
    }

    /// Keeps how far it is, and its modulus.
    ///
    /// # Errors
    /// The database fails.
    pub async fn set_allowance_key(
        &self,
        window: u64,
        modulus: &[u8],
        state: AllowanceKey,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO allowance_keys (day, modulus, state) VALUES ($1, $2, $3) \
             ON CONFLICT (day) DO UPDATE SET modulus = excluded.modulus, state = excluded.state",
        )
        .bind(int(window))
        .bind(hex::encode(modulus))
        .bind(state.as_str())
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// How many tokens a person has had in a window.
    ///
    /// # Errors
    /// The database fails.
    pub async fn allowance_used(&self, window: u64, subject: Subject) -> Result<u32, StoreError> {
        let used: Option<i64> =
            sqlx::query_scalar("SELECT used FROM allowance_used WHERE day = $1 AND subject = $2")
                .bind(int(window))
                .bind(subject.to_hex())
                .fetch_optional(&self.reads)
                .await?;
        unsigned("allowance", used.unwrap_or(0))
    }

    /// Counts those of these blinded messages (as digests) that were not counted before, if all of them fit.
    ///
    /// # Errors
    /// The database fails: then nothing was counted.
    pub async fn count_allowance(
        &self,
        window: u64,
        subject: Subject,
        digests: &[String],
        limit: u32,
    ) -> Result<Counted, StoreError> {
        let mut transaction = sql::begin(&self.pool).await?;
        let subject = subject.to_hex();
        // First the row of the person: whoever else counts for them waits for it.
        let add = "INSERT INTO allowance_used (day, subject, used) VALUES ($1, $2, $3) ON CONFLICT (day, subject) \
                   DO UPDATE SET used = allowance_used.used + excluded.used RETURNING used";
        let before: i64 = sqlx::query_scalar(add)
            .bind(int(window))
            .bind(subject.clone())
            .bind(0_i64)
            .fetch_one(&mut *transaction)
            .await?;
        let mut fresh = 0;
        for digest in digests {
            let done = sqlx::query(
                "INSERT INTO allowance_signed (day, subject, digest) VALUES ($1, $2, $3) \
                 ON CONFLICT (day, subject, digest) DO NOTHING",
            )
            .bind(int(window))
            .bind(subject.clone())
            .bind(digest.clone())
            .execute(&mut *transaction)
            .await?;
            fresh += int(done.rows_affected());
        }
        let used: i64 = sqlx::query_scalar(add)
            .bind(int(window))
            .bind(subject)
            .bind(fresh)
            .fetch_one(&mut *transaction)
            .await?;
        if fresh > 0 && used > i64::from(limit) {
            transaction.rollback().await?;
            return Ok(Counted::Beyond(unsigned("allowance", before)?));
        }
        transaction.commit().await?;
        Ok(Counted::Within(unsigned("allowance", used)?))
    }

    /// The windows before this one of which something is kept.
    ///
    /// # Errors
    /// The database fails.
    pub async fn past_allowances(&self, before: u64) -> Result<Vec<u64>, StoreError> {
        let rows = sqlx::query(
            "SELECT day FROM allowance_keys WHERE day < $1 UNION SELECT day FROM allowance_used WHERE day < $1 \
             ORDER BY day",
        )
        .bind(int(before))
        .fetch_all(&self.reads)
        .await?;
        rows.iter()
            .map(|row| unsigned("allowance", row.try_get::<i64, _>(0)?))
            .collect()
    }

    /// Forgets everything of a window.
    ///
    /// # Errors
    /// The database fails.
    pub async fn drop_allowance(&self, window: u64) -> Result<(), StoreError> {
        let mut transaction = sql::begin(&self.pool).await?;
        for query in [
            "DELETE FROM allowance_signed WHERE day = $1",
            "DELETE FROM allowance_used WHERE day = $1",
            "DELETE FROM allowance_keys WHERE day = $1",
        ] {
            sqlx::query(query)
                .bind(int(window))
                .execute(&mut *transaction)
                .await?;
        }
        transaction.commit().await?;
        Ok(())
    }
}
