//! The durable queue of work.

use alloy_primitives::B256;
use serde_json::json;
use sqlx::{AnyConnection, Row};

use super::{Store, StoreError, hex, int, read, unsigned};
use crate::app::project::Ask;

/// What a job does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum JobKind {
    /// Answer predicates.
    Ask,
    /// Issue a credential.
    Issue,
    /// Bring the status of issued credentials up to date.
    Status,
}

impl JobKind {
    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ask => "ask",
            Self::Issue => "issue",
            Self::Status => "status",
        }
    }
}

/// What a job waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waiting {
    /// Nothing.
    Nothing,
    /// The applicant's link.
    Link,
    /// A consent or a statute.
    Basis,
}

impl Waiting {
    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Nothing => "",
            Self::Link => "link",
            Self::Basis => "basis",
        }
    }
}

impl Waiting {
    fn read(word: &str) -> Option<Self> {
        [Self::Nothing, Self::Link, Self::Basis]
            .into_iter()
            .find(|waiting| waiting.as_str() == word)
    }
}

/// A piece of work.
#[derive(Clone, Debug, PartialEq)]
pub struct Job {
    /// `kind/case/seq`.
    pub id: String,
    /// What it does.
    pub kind: JobKind,
    /// The case.
    pub case_id: B256,
    /// The event it comes from.
    pub seq: u32,
    /// What was asked, for [`JobKind::Ask`].
    pub ask: Option<Ask>,
    /// What it was found to wait for when it was last looked at, and has not been told of since.
    pub waiting: Waiting,
    /// How often it failed.
    pub attempts: u32,
    /// When it was made, unix milliseconds.
    pub created_ms: u64,
}

impl Ask {
    pub(super) fn to_body(&self) -> String {
        json!({ "mask": self.mask, "service": self.service, "version": self.version,
            "rule_set": self.rule_set, "form": self.form, "at_s": self.at_s })
        .to_string()
    }

    pub(super) fn from_body(case_id: B256, seq: u32, body: &str) -> Option<Self> {
        let body: serde_json::Value = serde_json::from_str(body).ok()?;
        let number = |name: &str| body[name].as_u64();
        let word = |name: &str| body[name].as_str()?.parse().ok();
        Some(Self {
            case_id,
            seq,
            mask: number("mask")?.try_into().ok()?,
            service: word("service")?,
            version: number("version")?.try_into().ok()?,
            rule_set: word("rule_set")?,
            // Jobs kept before links bound the person have none: no link fits them.
            form: word("form").unwrap_or_default(),
            at_s: number("at_s")?,
        })
    }
}

pub(super) async fn insert_job(
    db: &mut AnyConnection,
    kind: JobKind,
    case_id: B256,
    seq: u32,
    body: &str,
    now_ms: u64,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO jobs (id, kind, case_id, seq, body, state, waiting, attempts, due_ms, created_ms) \
         VALUES ($1, $2, $3, $4, $5, 'open', '', 0, 0, $6) ON CONFLICT (id) DO NOTHING",
    )
    .bind(format!("{}/{}/{seq}", kind.as_str(), hex(case_id)))
    .bind(kind.as_str())
    .bind(hex(case_id))
    .bind(int(seq))
    .bind(body.to_owned())
    .bind(int(now_ms))
    .execute(db)
    .await?;
    Ok(())
}

impl Store {
    /// Open jobs that are due, oldest first.
    ///
    /// # Errors
    /// The database fails.
    pub async fn due_jobs(&self, now_ms: u64, limit: usize) -> Result<Vec<Job>, StoreError> {
        let rows = sqlx::query(
            "SELECT id, kind, case_id, seq, body, attempts, created_ms, waiting FROM jobs \
             WHERE state = 'open' AND due_ms <= $1 ORDER BY due_ms, created_ms, id LIMIT $2",
        )
        .bind(int(now_ms))
        .bind(int(limit))
        .fetch_all(&self.reads)
        .await?;
        rows.iter()
            .map(|row| {
                let (case_id, kind): (String, String) = (row.try_get(2)?, row.try_get(1)?);
                let case_id = read("case id", &case_id)?;
                let seq = unsigned("seq", row.try_get(3)?)?;
                let kind = match kind.as_str() {
                    "ask" => JobKind::Ask,
                    "issue" => JobKind::Issue,
                    "status" => JobKind::Status,
                    _ => return Err(StoreError::Malformed("job")),
                };
                Ok(Job {
                    id: row.try_get(0)?,
                    kind,
                    case_id,
                    seq,
                    ask: Ask::from_body(case_id, seq, row.try_get::<String, _>(4)?.as_str()),
                    waiting: Waiting::read(&row.try_get::<String, _>(7)?)
                        .ok_or(StoreError::Malformed("job"))?,
                    attempts: unsigned("attempts", row.try_get(5)?)?,
                    created_ms: unsigned("created_ms", row.try_get(6)?)?,
                })
            })
            .collect()
    }

    /// One of the asks of a case: all say the same of it.
    async fn any_ask(&self, case_id: B256) -> Result<Option<Ask>, StoreError> {
        let body: Option<String> =
            sqlx::query_scalar("SELECT body FROM jobs WHERE case_id = $1 AND kind = 'ask' LIMIT 1")
                .bind(hex(case_id))
                .fetch_optional(&self.reads)
                .await?;
        body.map(|body| Ask::from_body(case_id, 0, &body).ok_or(StoreError::Malformed("job")))
            .transpose()
    }

    /// The service of a case in which this organisation is asked something, or which it owns; `None` if no such case is known.
    ///
    /// # Errors
    /// The database fails.
    pub async fn opened_service(&self, case_id: B256) -> Result<Option<B256>, StoreError> {
        if let Some(ask) = self.any_ask(case_id).await? {
            return Ok(Some(ask.service));
        }
        Ok(self.case(case_id).await?.map(|case| case.service))
    }

    /// The commitment that a case was opened with, if this organisation is asked in it or decides it.
    ///
    /// # Errors
    /// The database fails.
    pub async fn opening_form(&self, case_id: B256) -> Result<Option<B256>, StoreError> {
        if let Some(ask) = self.any_ask(case_id).await? {
            return Ok(Some(ask.form));
        }
        let opened: Option<String> =
            sqlx::query_scalar("SELECT args FROM history WHERE case_id = $1 AND name = 'CaseOpened'")
                .bind(hex(case_id))
                .fetch_optional(&self.reads)
                .await?;
        let form = |args: &str| {
            serde_json::from_str::<serde_json::Value>(args).ok()?["form"]
                .as_str()?
                .parse()
                .ok()
        };
        opened
            .map(|args| form(&args).ok_or(StoreError::Malformed("event")))
            .transpose()
    }

    /// Closes a job; `state` is `done` or `failed`.
    ///
    /// # Errors
    /// The database fails.
    pub async fn close_job(&self, id: &str, state: &'static str) -> Result<(), StoreError> {
        sqlx::query("UPDATE jobs SET state = $2, waiting = '' WHERE id = $1")
            .bind(id.to_owned())
            .bind(state)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Marks what a job waits for. It stays due: only a look that begins after the mark may put it off, because what
    /// arrived during an earlier look could not tell it.
    ///
    /// # Errors
    /// The database fails.
    pub async fn mark_waiting(&self, id: &str, waiting: Waiting) -> Result<(), StoreError> {
        sqlx::query("UPDATE jobs SET waiting = $2 WHERE id = $1")
            .bind(id.to_owned())
            .bind(waiting.as_str())
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Puts a marked job off, unless what it waits for has arrived since it was marked.
    ///
    /// # Errors
    /// The database fails.
    pub async fn put_off(&self, id: &str, waiting: Waiting, due_ms: u64) -> Result<(), StoreError> {
        sqlx::query("UPDATE jobs SET due_ms = $3 WHERE id = $1 AND waiting = $2")
            .bind(id.to_owned())
            .bind(waiting.as_str())
            .bind(int(due_ms))
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Puts a job off because it failed.
    ///
    /// # Errors
    /// The database fails.
    pub async fn retry_later(&self, id: &str, due_ms: u64) -> Result<(), StoreError> {
        sqlx::query("UPDATE jobs SET waiting = '', due_ms = $2, attempts = attempts + 1 WHERE id = $1")
            .bind(id.to_owned())
            .bind(int(due_ms))
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Jobs by state, for the metrics.
    ///
    /// # Errors
    /// The database fails.
    pub async fn job_counts(&self) -> Result<Vec<(String, i64)>, StoreError> {
        let rows = sqlx::query("SELECT state, COUNT(*) FROM jobs GROUP BY state")
            .fetch_all(&self.reads)
            .await?;
        rows.iter()
            .map(|row| Ok((row.try_get(0)?, row.try_get(1)?)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::LinkRow;
    use alloy_primitives::Address;
    use zhengtong_vault::{Subject, sql};

    const LATER_MS: u64 = 60_000;

    async fn due(store: &Store) -> Option<Job> {
        store.due_jobs(1, 10).await.unwrap().pop()
    }

    async fn link_arrives(store: &Store, case_id: B256) {
        let link = LinkRow {
            case_id,
            subject: Subject::from_hex(&"00".repeat(32)).unwrap(),
            applicant: Address::ZERO,
            provider: true,
            owner: false,
            form: B256::ZERO,
        };
        store.put_link(&link, 1).await.unwrap();
    }

    /// A store with one job, which waits for the link of a case.
    async fn store(folder: &std::path::Path, case_id: B256) -> Store {
        let store = Store::open(&sql::sqlite_url(&folder.join("gateway.sqlite")))
            .await
            .unwrap();
        let mut db = store.pool.acquire().await.unwrap();
        insert_job(&mut db, JobKind::Status, case_id, 1, "{}", 1)
            .await
            .unwrap();
        drop(db);
        store
    }

    #[tokio::test]
    async fn a_job_is_put_off_only_by_a_look_that_began_after_its_mark() {
        let (folder, case_id) = (tempfile::tempdir().unwrap(), B256::repeat_byte(1));
        let store = store(folder.path(), case_id).await;
        // The link arrives during the first look, which did not see it.
        let job = due(&store).await.unwrap();
        assert_eq!(job.waiting, Waiting::Nothing);
        link_arrives(&store, case_id).await;
        store.mark_waiting(&job.id, Waiting::Link).await.unwrap();
        assert_eq!(
            due(&store).await.unwrap().waiting,
            Waiting::Link,
            "it has to look again"
        );
    }

    #[tokio::test]
    async fn what_arrives_after_the_mark_keeps_a_job_due() {
        let (folder, case_id) = (tempfile::tempdir().unwrap(), B256::repeat_byte(1));
        let store = store(folder.path(), case_id).await;
        let job = due(&store).await.unwrap();
        store.mark_waiting(&job.id, Waiting::Link).await.unwrap();
        // The link arrives during the second look, which did not see it either.
        link_arrives(&store, case_id).await;
        store.put_off(&job.id, Waiting::Link, LATER_MS).await.unwrap();
        assert!(
            due(&store).await.is_some(),
            "it was put off although its link is here"
        );
        // Without an arrival it is put off, and an arrival brings it back.
        store.mark_waiting(&job.id, Waiting::Link).await.unwrap();
        store.put_off(&job.id, Waiting::Link, LATER_MS).await.unwrap();
        assert!(due(&store).await.is_none());
        link_arrives(&store, case_id).await;
        assert!(due(&store).await.is_some());
    }
}
