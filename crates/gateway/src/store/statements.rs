//! Statements: who wrote which hash when. Their texts rest in the vault.

use alloy_primitives::B256;
use sqlx::Row;

use super::{Store, StoreError, hex, int, read, unsigned};

/// Who wrote a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Author {
    /// The applicant.
    Applicant,
    /// An officer.
    Officer,
}

impl Author {
    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Applicant => "applicant",
            Self::Officer => "officer",
        }
    }
}

/// A statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatementRow {
    /// `keccak256(salt ‖ text)`.
    pub hash: B256,
    /// Who wrote it.
    pub author: String,
    /// When, unix milliseconds.
    pub at_ms: u64,
    /// Whether the chain names it.
    pub on_chain: bool,
}

impl Store {
    /// Keeps that a statement was written.
    ///
    /// # Errors
    /// The database fails.
    pub async fn put_statement(
        &self,
        case_id: B256,
        hash: B256,
        author: Author,
        at_ms: u64,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO statements (case_id, hash, author, at_ms) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (case_id, hash) DO NOTHING",
        )
        .bind(hex(case_id))
        .bind(hex(hash))
        .bind(author.as_str())
        .bind(int(at_ms))
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// The statements of a case, in order of time.
    ///
    /// # Errors
    /// The database fails.
    pub async fn statements(&self, case_id: B256) -> Result<Vec<StatementRow>, StoreError> {
        let rows = sqlx::query(
            "SELECT s.hash, s.author, s.at_ms, (SELECT COUNT(*) FROM history h WHERE h.case_id = s.case_id \
             AND h.statement = s.hash) FROM statements s WHERE s.case_id = $1 ORDER BY s.at_ms, s.hash",
        )
        .bind(hex(case_id))
        .fetch_all(&self.reads)
        .await?;
        rows.iter()
            .map(|row| {
                let hash: String = row.try_get(0)?;
                Ok(StatementRow {
                    hash: read("statement", &hash)?,
                    author: row.try_get(1)?,
                    at_ms: unsigned("time", row.try_get(2)?)?,
                    on_chain: row.try_get::<i64, _>(3)? > 0,
                })
            })
            .collect()
    }
}
