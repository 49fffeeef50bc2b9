//! Recovers the senders of transactions that are submitted at the same time together, which takes less.

use crate::{
    metrics::{Metrics, charged},
    pool::Groups,
    view::SubmitError,
};
use alloy_primitives::Bytes;
use commonware_runtime::Clock;
use tokio::sync::{mpsc, oneshot};
use zhengtong_evm::{Transaction, TransactionError, TransactionRules, recover_group};

/// Transactions that may wait for their sender.
const QUEUE: usize = 4_096;

/// A raw transaction, and who waits for its sender.
#[derive(Debug)]
pub struct Unread {
    raw: Bytes,
    done: oneshot::Sender<Result<Transaction, TransactionError>>,
}

/// The asking end.
#[derive(Clone, Debug)]
pub struct Senders(mpsc::Sender<Unread>);

impl Senders {
    /// The asking end and the queue that [`run_senders`] drains.
    pub fn new() -> (Self, mpsc::Receiver<Unread>) {
        let (sender, queue) = mpsc::channel(QUEUE);
        (Self(sender), queue)
    }

    pub async fn recover(&self, raw: Bytes) -> Result<Transaction, SubmitError> {
        let (done, answer) = oneshot::channel();
        let sent = self.0.send(Unread { raw, done }).await;
        sent.map_err(|_| SubmitError::Stopping)?;
        Ok(answer.await.map_err(|_| SubmitError::Stopping)??)
    }
}

/// Recovers until every [`Senders`] is gone.
pub async fn run_senders<E: Clock>(
    clock: E,
    queue: mpsc::Receiver<Unread>,
    rules: TransactionRules,
    metrics: Metrics,
) {
    let mut groups = Groups::new(clock, queue);
    while let Some(group) = groups.next().await {
        let (raws, waiting): (Vec<_>, Vec<_>) = group.into_iter().map(|one| (one.raw, one.done)).unzip();
        let recovered = charged(&metrics.cost.recovery, || recover_group(&raws, &rules, |_| None));
        for (done, transaction) in waiting.into_iter().zip(recovered) {
            // A caller that went away does not want the answer.
            let _ = done.send(transaction);
        }
    }
}
