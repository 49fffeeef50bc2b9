//! Which cases are linked to whom.

use alloy_primitives::{Address, B256};
use sqlx::any::AnyRow;
use sqlx::{AnyPool, Row};
use zhengtong_vault::batch::Together;
use zhengtong_vault::{Subject, sql};

use super::asked::rows_of;
use super::{Store, StoreError, Waiting, hex, int, read, unsigned};

/// A link received; its content is in the vault under `subject`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkRow {
    /// The case.
    pub case_id: B256,
    /// Whose records these are, in the vault.
    pub subject: Subject,
    /// The case's key.
    pub applicant: Address,
    /// Whether it holds a provider's part.
    pub provider: bool,
    /// Whether it holds an owner's part.
    pub owner: bool,
    /// The commitment that the chain must have for this case, if the link is of it.
    pub form: B256,
}

impl Store {
    /// The link of a case.
    ///
    /// # Errors
    /// The database fails.
    pub async fn link(&self, case_id: B256) -> Result<Option<LinkRow>, StoreError> {
        self.asked.links.ask(hex(case_id)).await
    }

    /// Keeps a link and wakes the jobs that wait for it.
    ///
    /// # Errors
    /// The database fails.
    pub async fn put_link(&self, link: &LinkRow, now_ms: u64) -> Result<(), StoreError> {
        let mut transaction = sql::begin(&self.pool).await?;
        sqlx::query(
            "INSERT INTO links (case_id, subject, applicant, provider, owner, form, received_ms) \
             VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (case_id) DO UPDATE SET subject = excluded.subject, \
             provider = excluded.provider, owner = excluded.owner, form = excluded.form",
        )
        .bind(hex(link.case_id))
        .bind(link.subject.to_hex())
        .bind(hex(link.applicant))
        .bind(i64::from(link.provider))
        .bind(i64::from(link.owner))
        .bind(hex(link.form))
        .bind(int(now_ms))
        .execute(&mut *transaction)
        .await?;
        sqlx::query(
            "UPDATE jobs SET due_ms = 0, waiting = '' WHERE case_id = $1 AND state = 'open' AND waiting = $2",
        )
        .bind(hex(link.case_id))
        .bind(Waiting::Link.as_str())
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(())
    }

    /// When the first link came that is kept, unix milliseconds; `None` if there is none.
    ///
    /// # Errors
    /// The database fails.
    pub async fn first_link_ms(&self) -> Result<Option<u64>, StoreError> {
        let first: Option<i64> = sqlx::query_scalar("SELECT MIN(received_ms) FROM links")
            .fetch_one(&self.reads)
            .await?;
        first.map(|first| unsigned("time", first)).transpose()
    }

    /// Links of which neither a job nor a case is known (yet).
    ///
    /// # Errors
    /// The database fails.
    pub async fn waiting_links(&self) -> Result<i64, StoreError> {
        Ok(sqlx::query_scalar(
            "SELECT COUNT(*) FROM links l WHERE NOT EXISTS (SELECT 1 FROM jobs j WHERE j.case_id = l.case_id) \
             AND NOT EXISTS (SELECT 1 FROM cases c WHERE c.id = l.case_id)",
        )
        .fetch_one(&self.reads)
        .await?)
    }

    /// Forgets links older than `before_ms` whose case never appeared; answers whose records go with them.
    ///
    /// # Errors
    /// The database fails.
    pub async fn drop_stale_links(&self, before_ms: u64) -> Result<Vec<(Subject, String)>, StoreError> {
        let rows = sqlx::query(
            "DELETE FROM links WHERE received_ms < $1 \
             AND NOT EXISTS (SELECT 1 FROM jobs j WHERE j.case_id = links.case_id) \
             AND NOT EXISTS (SELECT 1 FROM cases c WHERE c.id = links.case_id) RETURNING subject, case_id",
        )
        .bind(int(before_ms))
        .fetch_all(&self.pool)
        .await?;
        rows.iter()
            .map(|row| {
                let subject = Subject::from_hex(&row.try_get::<String, _>(0)?);
                Ok((subject.ok_or(StoreError::Malformed("subject"))?, row.try_get(1)?))
            })
            .collect()
    }
}

/// The links of cases.
pub(super) fn links_of(reads: AnyPool, cases: &[String]) -> Together<'_, Option<LinkRow>, StoreError> {
    let select = "SELECT case_id, subject, applicant, provider, owner, form FROM links WHERE case_id";
    Box::pin(async move {
        rows_of(reads, select, cases, |row| {
            link_at(row, 1, read("case id", &row.try_get::<String, _>(0)?)?)
        })
        .await
    })
}

/// The link in the columns subject, applicant, provider, owner and form of a row, from `first` on.
pub(super) fn link_at(row: &AnyRow, first: usize, case_id: B256) -> Result<LinkRow, StoreError> {
    let text = |index: usize| row.try_get::<String, _>(first + index);
    Ok(LinkRow {
        case_id,
        subject: Subject::from_hex(&text(0)?).ok_or(StoreError::Malformed("subject"))?,
        applicant: read("applicant", &text(1)?)?,
        provider: row.try_get::<i64, _>(first + 2)? == 1,
        owner: row.try_get::<i64, _>(first + 3)? == 1,
        form: read("form", &text(4)?)?,
    })
}
