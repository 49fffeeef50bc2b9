//! Takes jobs from the durable queue, some at a time, until they are done.

use std::collections::HashSet;
use std::time::Duration;

use tokio::task::JoinSet;

use super::accept::{FORGOTTEN_KEPT_S, WAITING_LINK_MS};
use super::{App, AppError};
use crate::store::{Job, JobKind, Waiting};

/// Jobs worked on at once.
pub const MAX_CONCURRENT_JOBS: usize = 32;
/// How often a job is tried before it is given up and left for the operator. With the waits between: about a week.
pub const MAX_ATTEMPTS: u32 = 2_000;
/// How long a job waits for a link or a basis before it is given up, in milliseconds: longer than any case may take.
pub const MAX_WAIT_MS: u64 = 400 * 24 * 3600 * 1000;
const FIRST_DELAY_MS: u64 = 500;
const MAX_DELAY_MS: u64 = 300_000;
/// How often a job that waits for something looks again, should it have missed the bell.
const LOOK_AGAIN_MS: u64 = 60_000;
/// How often the queue is looked at without a bell.
const IDLE: Duration = Duration::from_secs(1);
/// How often the keys of the allowance are looked after: the council may name this organisation at any time.
const KEEP_ALLOWANCE: Duration = Duration::from_secs(1);
/// How often guardians who were confirmed are held against the register.
const HOLD_GUARDIANSHIPS: Duration = Duration::from_secs(60);
/// How often waiting links are cleaned up.
const CLEANING: Duration = Duration::from_secs(600);

/// What came of working on a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Done.
    Done,
    /// Nothing to do until something arrives.
    Wait(Waiting),
    /// Nothing to do for ever: the person was forgotten.
    Forgotten,
}

impl App {
    /// Works until the task is dropped.
    pub async fn work(&self) {
        loop {
            match self.0.outbox.resume().await {
                Ok(resumed) => {
                    tracing::info!(resumed, "transactions resumed");
                    break;
                }
                Err(error) => tracing::warn!(%error, "cannot resume transactions yet"),
            }
            tokio::time::sleep(IDLE).await;
        }
        tokio::join!(
            self.work_on(),
            self.keep_allowances(),
            self.keep_people(),
            self.keep_guardianships()
        );
    }

    async fn keep_guardianships(&self) {
        loop {
            if let Err(error) = self.hold_guardianships_against_register().await {
                tracing::warn!(%error, "guardians cannot be held against the register now");
            }
            tokio::time::sleep(HOLD_GUARDIANSHIPS).await;
        }
    }

    async fn keep_allowances(&self) {
        loop {
            if let Err(error) = self.keep_allowance().await {
                tracing::warn!(%error, "keys of the allowance cannot be kept up now");
            }
            tokio::time::sleep(KEEP_ALLOWANCE).await;
        }
    }

    async fn keep_people(&self) {
        loop {
            match self.enter_people().await {
                // More may wait than were worked on at once.
                Ok(1..) => continue,
                Ok(0) => {}
                Err(error) => tracing::warn!(%error, "the register of people cannot be kept up now"),
            }
            tokio::time::sleep(IDLE).await;
        }
    }

    async fn work_on(&self) {
        // The first cleaning comes at once: a gateway may have stood still for long.
        let mut cleaned: Option<tokio::time::Instant> = None;
        loop {
            if let Err(error) = self.work_once().await {
                tracing::error!(%error, "the queue cannot be read");
            }
            if cleaned.is_none_or(|at| at.elapsed() > CLEANING) {
                cleaned = Some(tokio::time::Instant::now());
                if let Err(error) = self.clean_links().await {
                    tracing::error!(%error, "waiting links cannot be cleaned up");
                }
                if let Err(error) = self.expire_openid().await {
                    tracing::error!(%error, "what wallets left behind cannot be removed");
                }
                if let Err(error) = self.retain().await {
                    tracing::error!(%error, "what was kept long enough cannot be removed");
                }
            }
            let _ = tokio::time::timeout(IDLE, self.0.wake.notified()).await;
        }
    }

    /// Works until nothing is due. Answers how many jobs it worked on.
    ///
    /// # Errors
    /// The queue cannot be read or written.
    pub async fn work_once(&self) -> Result<usize, AppError> {
        let (mut running, mut taken, mut done) = (JoinSet::new(), HashSet::new(), 0);
        loop {
            let room = MAX_CONCURRENT_JOBS - running.len();
            if room > 0 {
                // Jobs that run are still due: ask for as many more.
                let due = self
                    .store
                    .due_jobs(self.clock.now_ms(), MAX_CONCURRENT_JOBS)
                    .await?;
                let fresh: Vec<_> = due
                    .into_iter()
                    .filter(|job| !taken.contains(&job.id))
                    .take(room)
                    .collect();
                for job in fresh {
                    taken.insert(job.id.clone());
                    let app = self.clone();
                    running.spawn(async move { (app.run(&job).await, job.id) });
                }
            }
            if running.is_empty() {
                return Ok(done);
            }
            // A slow job does not keep new ones waiting.
            let result = tokio::select! {
                Some(result) = running.join_next() => result,
                () = self.0.wake.notified(), if room > 0 => continue,
                () = tokio::time::sleep(IDLE) => continue,
            };
            done += 1;
            match result {
                Ok((result, id)) => {
                    taken.remove(&id);
                    result?;
                }
                Err(error) => tracing::error!(%error, "a job panicked"),
            }
        }
    }

    async fn run(&self, job: &Job) -> Result<(), AppError> {
        let outcome = match (job.kind, &job.ask) {
            (JobKind::Ask, Some(ask)) => self.answer_ask(ask).await,
            (JobKind::Ask, None) => Err(AppError::Record("job")),
            (JobKind::Issue, _) => self.issue(job).await,
            (JobKind::Status, _) => self.update_status(job).await,
        };
        let now_ms = self.clock.now_ms();
        match outcome {
            Ok(Outcome::Done) => {
                self.0.metrics.job("done");
                self.store.close_job(&job.id, "done").await?;
            }
            Ok(Outcome::Forgotten) => {
                self.0.metrics.job("given-up");
                self.store.close_job(&job.id, "failed").await?;
            }
            Ok(Outcome::Wait(_)) if now_ms.saturating_sub(job.created_ms) > MAX_WAIT_MS => {
                self.0.metrics.job("given-up");
                self.store.close_job(&job.id, "failed").await?;
            }
            Ok(Outcome::Wait(waiting)) if waiting != job.waiting => {
                self.store.mark_waiting(&job.id, waiting).await?;
            }
            Ok(Outcome::Wait(waiting)) => {
                self.0.metrics.job("waiting");
                self.store
                    .put_off(&job.id, waiting, now_ms + LOOK_AGAIN_MS)
                    .await?;
            }
            Err(error) if job.attempts >= MAX_ATTEMPTS => {
                tracing::error!(job = job.id, %error, "job given up");
                self.0.metrics.job("given-up");
                self.store.close_job(&job.id, "failed").await?;
            }
            Err(error) => {
                tracing::warn!(job = job.id, attempt = job.attempts, %error, "job failed, will be tried again");
                self.0.metrics.job("failed");
                let delay = (FIRST_DELAY_MS << job.attempts.min(16)).min(MAX_DELAY_MS);
                self.store.retry_later(&job.id, now_ms + delay).await?;
            }
        }
        Ok(())
    }

    /// Removes what has been kept as long as the organisation's periods say. Runs by itself; here for tests.
    ///
    /// # Errors
    /// The disk fails.
    pub async fn retain(&self) -> Result<(), AppError> {
        for run in self.books().apply(&self.retention).await? {
            tracing::info!(
                class = run.class,
                cases = run.cases,
                records = run.records,
                "kept long enough, removed"
            );
        }
        Ok(())
    }

    /// Forgets links whose cases never appeared on the chain, and deletions that nothing can be older than any more. Runs by
    /// itself; here for tests.
    ///
    /// # Errors
    /// The disk fails.
    pub async fn clean_links(&self) -> Result<(), AppError> {
        let before_s = self.clock.now_s().saturating_sub(FORGOTTEN_KEPT_S);
        self.store.clean_forgotten(before_s).await?;
        let before = self.clock.now_ms().saturating_sub(WAITING_LINK_MS);
        for (subject, case_id) in self.store.drop_stale_links(before).await? {
            self.vault
                .remove(
                    subject,
                    zhengtong_vault::Record {
                        kind: "link",
                        name: &case_id,
                    },
                )
                .await?;
        }
        Ok(())
    }
}
