//! The one task that writes the journal; submissions that come while others are written share an fsync.

use super::{Journal, JournalError, Pool};
use crate::metrics::{Metrics, charged_async};
use alloy_primitives::{B256, Bytes};
use commonware_runtime::{Storage, telemetry::metrics::GaugeExt as _};
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};

/// Submissions that may wait for the journal.
const QUEUE: usize = 4_096;
/// Most records in one group.
const GROUP: usize = 1_024;

/// A reserved transaction to be made durable and then active.
#[derive(Debug)]
pub struct Append {
    hash: B256,
    raw: Bytes,
    done: oneshot::Sender<Result<(), JournalError>>,
}

/// The submitting end.
#[derive(Clone, Debug)]
pub struct Writer(mpsc::Sender<Append>);

/// A place in the queue. Taken before a transaction is reserved, so that a submitter who goes away leaves nothing behind.
pub struct Permit<'a>(mpsc::Permit<'a, Append>);

impl Writer {
    /// A writer and the queue that [`run_writer`] drains.
    pub fn new() -> (Self, mpsc::Receiver<Append>) {
        let (sender, queue) = mpsc::channel(QUEUE);
        (Self(sender), queue)
    }

    /// Waits for a place; `None` if the node is stopping.
    pub async fn permit(&self) -> Option<Permit<'_>> {
        self.0.reserve().await.ok().map(Permit)
    }
}

impl Permit<'_> {
    /// Queues a reserved transaction. The answer comes once it survives a crash and is active, or was removed again.
    pub fn append(self, hash: B256, raw: Bytes) -> oneshot::Receiver<Result<(), JournalError>> {
        let (done, answer) = oneshot::channel();
        self.0.send(Append { hash, raw, done });
        answer
    }
}

/// Writes until every [`Writer`] is gone, and passes on what was written as long as there is room.
pub async fn run_writer<E: Storage>(
    mut journal: Journal<E>,
    mut queue: mpsc::Receiver<Append>,
    pool: Arc<Pool>,
    passed_on: mpsc::Sender<Bytes>,
    metrics: Metrics,
) {
    let mut group = Vec::new();
    while queue.recv_many(&mut group, GROUP).await > 0 {
        let accepted: Vec<_> = group
            .iter()
            .map(|append| (append.hash, append.raw.clone()))
            .collect();
        let result = charged_async(&metrics.cost.journal, journal.append(&accepted)).await;
        if let Err(error) = &result {
            tracing::error!(%error, "transactions are refused: the journal cannot be written; check the disk");
        }
        if result.is_ok() {
            pool.activate(group.iter().map(|append| append.hash));
        }
        for append in group.drain(..) {
            match &result {
                Ok(()) => {
                    // Without room, others do not hear of it; this validator still has it.
                    let _ = passed_on.try_send(append.raw);
                }
                Err(_) => pool.remove(append.hash),
            }
            // A caller that went away does not want the answer.
            let _ = append.done.send(result.clone());
        }
        // A pool of 2^63 is not reached.
        let _ = metrics.waiting.try_set(pool.len());
        if journal.is_bloated(pool.live_bytes())
            && let Err(error) = journal.compact(&pool.live()).await
        {
            tracing::warn!(%error, "the transaction journal could not be rewritten; it stays large");
        }
    }
}
