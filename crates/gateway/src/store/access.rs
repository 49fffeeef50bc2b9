//! Who was refused what, and when which policies came into force.

use sqlx::Row;

use super::{Store, StoreError, int, unsigned};

/// The most refusals that are kept; the oldest go first.
pub const MAX_REFUSALS_KEPT: i64 = 100_000;
/// The most of those with no session among them: they cannot push out what officers were refused.
pub const MAX_SIGN_INS_KEPT: i64 = 20_000;
/// The action of a refused sign-in.
pub const SIGN_IN: &str = "signIn";
/// The action of somebody who was refused to act for another.
pub const ACT_FOR_ANOTHER: &str = "actForAnother";
/// The most changes of the policies in one list.
pub const MAX_POLICY_CHANGES: i64 = 1_000;
/// How the random part of one refusal in 256 begins: those look for the ones that are too many.
const TRIMS: &str = "00";

/// A refusal. Nothing in it is personal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusalRow {
    /// Unix milliseconds.
    pub at_ms: u64,
    /// The officer's code or key; `resident`.
    pub who: String,
    /// Their agency.
    pub agency: String,
    /// The action.
    pub action: String,
    /// What with; empty if there is no such thing.
    pub resource: String,
    /// What for.
    pub purpose: String,
    /// The policies that forbade it, separated by commas; empty if none permits it.
    pub policies: String,
    /// `missing`, `hidden` or `not-permitted`.
    pub result: String,
}

/// A change of the policies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyChangeRow {
    /// Unix milliseconds.
    pub at_ms: u64,
    /// Their hash.
    pub hash: String,
}

impl Store {
    /// Keeps a refusal. `unique`, random in hex, tells those of one millisecond apart.
    ///
    /// # Errors
    /// The database fails.
    pub async fn put_refusal(&self, row: &RefusalRow, unique: &str) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO access_refusals (id, at_ms, who, agency, action, resource, purpose, policies, result) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (id) DO NOTHING",
        )
        .bind(format!("{:015}-{unique}", row.at_ms))
        .bind(int(row.at_ms))
        .bind(row.who.clone())
        .bind(row.agency.clone())
        .bind(row.action.clone())
        .bind(row.resource.clone())
        .bind(row.purpose.clone())
        .bind(row.policies.clone())
        .bind(row.result.clone())
        .execute(&self.pool)
        .await?;
        if unique.starts_with(TRIMS) {
            let (statement, most) = if [SIGN_IN, ACT_FOR_ANOTHER].contains(&row.action.as_str()) {
                (
                    "DELETE FROM access_refusals WHERE action IN ($2, $3) AND id <= (SELECT id FROM access_refusals \
                     WHERE action IN ($2, $3) ORDER BY id DESC LIMIT 1 OFFSET $1)",
                    MAX_SIGN_INS_KEPT,
                )
            } else {
                (
                    "DELETE FROM access_refusals WHERE action NOT IN ($2, $3) AND id <= (SELECT id FROM access_refusals \
                     WHERE action NOT IN ($2, $3) ORDER BY id DESC LIMIT 1 OFFSET $1)",
                    MAX_REFUSALS_KEPT,
                )
            };
            sqlx::query(statement)
                .bind(most)
                .bind(SIGN_IN)
                .bind(ACT_FOR_ANOTHER)
                .execute(&self.pool)
                .await?;
        }
        Ok(())
    }

    /// The last refusals, newest first.
    ///
    /// # Errors
    /// The database fails.
    pub async fn refusals(&self, limit: usize) -> Result<Vec<RefusalRow>, StoreError> {
        let rows = sqlx::query(
            "SELECT at_ms, who, agency, action, resource, purpose, policies, result FROM access_refusals \
             ORDER BY id DESC LIMIT $1",
        )
        .bind(int(limit))
        .fetch_all(&self.reads)
        .await?;
        rows.iter()
            .map(|row| {
                Ok(RefusalRow {
                    at_ms: unsigned("at_ms", row.try_get(0)?)?,
                    who: row.try_get(1)?,
                    agency: row.try_get(2)?,
                    action: row.try_get(3)?,
                    resource: row.try_get(4)?,
                    purpose: row.try_get(5)?,
                    policies: row.try_get(6)?,
                    result: row.try_get(7)?,
                })
            })
            .collect()
    }

    /// Forgets refusals from before a time; answers how many there were.
    ///
    /// # Errors
    /// The database fails.
    pub async fn drop_refusals(&self, before_ms: u64) -> Result<u64, StoreError> {
        let done = sqlx::query("DELETE FROM access_refusals WHERE at_ms < $1")
            .bind(int(before_ms))
            .execute(&self.pool)
            .await?;
        Ok(done.rows_affected())
    }

    /// Notes which policies are in force; `false` if it is those of the last note.
    ///
    /// # Errors
    /// The database fails.
    pub async fn put_policy_change(&self, hash: &str, at_ms: u64) -> Result<bool, StoreError> {
        let last: Option<String> =
            sqlx::query_scalar("SELECT hash FROM policy_changes ORDER BY at_ms DESC LIMIT 1")
                .fetch_optional(&self.pool)
                .await?;
        if last.as_deref() == Some(hash) {
            return Ok(false);
        }
        sqlx::query(
            "INSERT INTO policy_changes (at_ms, hash) VALUES ($1, $2) ON CONFLICT (at_ms, hash) DO NOTHING",
        )
        .bind(int(at_ms))
        .bind(hash.to_owned())
        .execute(&self.pool)
        .await?;
        Ok(true)
    }

    /// When which policies came into force, latest first.
    ///
    /// # Errors
    /// The database fails.
    pub async fn policy_changes(&self) -> Result<Vec<PolicyChangeRow>, StoreError> {
        let rows = sqlx::query("SELECT at_ms, hash FROM policy_changes ORDER BY at_ms DESC LIMIT $1")
            .bind(MAX_POLICY_CHANGES)
            .fetch_all(&self.reads)
            .await?;
        rows.iter()
            .map(|row| {
                Ok(PolicyChangeRow {
                    at_ms: unsigned("at_ms", row.try_get(0)?)?,
                    hash: row.try_get(1)?,
                })
            })
            .collect()
    }
}
