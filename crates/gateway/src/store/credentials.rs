//! Credentials issued: their place in the status list and their hash. Their texts rest in the vault.

use alloy_primitives::B256;
use sqlx::Row;
use sqlx::any::AnyRow;
use zhengtong_credentials::Status;

use super::{Store, StoreError, hex, int, read, unsigned};

/// A credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CredentialRow {
    /// The decision it comes from.
    pub seq: u32,
    /// Its place in the status list.
    pub status_index: u32,
    /// SHA-256 of the issuer-signed JWT; zero until it is signed.
    pub hash: B256,
    /// Whether the chain has it.
    pub issued: bool,
}

impl Store {
    /// The credential of a decision, given the next free place in the status list if it is new.
    ///
    /// # Errors
    /// The database fails.
    pub async fn credential_of(&self, case_id: B256, seq: u32) -> Result<CredentialRow, StoreError> {
        sqlx::query(
            "INSERT INTO credentials (case_id, seq, status_index, hash, status, issued) \
             SELECT $1, $2, COALESCE(MAX(status_index) + 1, 0), $3, 0, 0 FROM credentials WHERE 1 = 1 \
             ON CONFLICT (case_id, seq) DO NOTHING",
        )
        .bind(hex(case_id))
        .bind(int(seq))
        .bind(hex(B256::ZERO))
        .execute(&self.pool)
        .await?;
        let row = sqlx::query(
            "SELECT seq, status_index, hash, issued FROM credentials WHERE case_id = $1 AND seq = $2",
        )
        .bind(hex(case_id))
        .bind(int(seq))
        .fetch_one(&self.reads)
        .await?;
        credential(&row)
    }

    /// Keeps the hash of a signed credential, before it goes to the chain.
    ///
    /// # Errors
    /// The database fails.
    pub async fn set_credential_hash(&self, case_id: B256, seq: u32, hash: B256) -> Result<(), StoreError> {
        sqlx::query("UPDATE credentials SET hash = $3 WHERE case_id = $1 AND seq = $2")
            .bind(hex(case_id))
            .bind(int(seq))
            .bind(hex(hash))
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// The latest credential of a case that the chain has.
    ///
    /// # Errors
    /// The database fails.
    pub async fn issued_credential(&self, case_id: B256) -> Result<Option<CredentialRow>, StoreError> {
        let row = sqlx::query(
            "SELECT seq, status_index, hash, issued FROM credentials WHERE case_id = $1 AND issued = 1 \
             ORDER BY seq DESC LIMIT 1",
        )
        .bind(hex(case_id))
        .fetch_optional(&self.reads)
        .await?;
        row.as_ref().map(credential).transpose()
    }

    /// Whose credential has a place in the status list.
    ///
    /// # Errors
    /// The database fails.
    pub async fn case_of_status(&self, status_index: u32) -> Result<Option<B256>, StoreError> {
        let id: Option<String> =
            sqlx::query_scalar("SELECT case_id FROM credentials WHERE status_index = $1")
                .bind(int(status_index))
                .fetch_optional(&self.pool)
                .await?;
        id.map(|id| read("case id", &id)).transpose()
    }

    /// Sets the status of a case's credentials up to and with decision `seq`; answers how many changed.
    ///
    /// # Errors
    /// The database fails.
    pub async fn set_status(&self, case_id: B256, seq: u32, status: Status) -> Result<u64, StoreError> {
        let done = sqlx::query(
            "UPDATE credentials SET status = $3 WHERE case_id = $1 AND seq <= $2 AND status <> $3",
        )
        .bind(hex(case_id))
        .bind(int(seq))
        .bind(i64::from(status as u8))
        .execute(&self.pool)
        .await?;
        Ok(done.rows_affected())
    }

    /// Every status that is not "valid", by place; and how many places are taken.
    ///
    /// # Errors
    /// The database fails.
    pub async fn statuses(&self) -> Result<(u32, Vec<(u32, Status)>), StoreError> {
        let taken: Option<i64> = sqlx::query_scalar("SELECT MAX(status_index) + 1 FROM credentials")
            .fetch_one(&self.reads)
            .await?;
        let rows = sqlx::query(
            "SELECT status_index, status FROM credentials WHERE status <> 0 ORDER BY status_index",
        )
        .fetch_all(&self.reads)
        .await?;
        let statuses = rows.iter().map(|row| {
            let status = match row.try_get::<i64, _>(1)? {
                1 => Status::Invalid,
                2 => Status::Suspended,
                _ => Status::Other,
            };
            Ok((unsigned("status index", row.try_get(0)?)?, status))
        });
        Ok((
            unsigned("status index", taken.unwrap_or(0))?,
            statuses.collect::<Result<_, StoreError>>()?,
        ))
    }
}

fn credential(row: &AnyRow) -> Result<CredentialRow, StoreError> {
    let hash: String = row.try_get(2)?;
    Ok(CredentialRow {
        seq: unsigned("seq", row.try_get(0)?)?,
        status_index: unsigned("status index", row.try_get(1)?)?,
        hash: read("credential hash", &hash)?,
        issued: row.try_get::<i64, _>(3)? == 1,
    })
}
