//! What waits at the same time is done together: writes share one transaction and one sync of the disk, reads one statement.

use std::fmt::Display;

use futures::future::BoxFuture;
use tokio::sync::{mpsc, oneshot};

/// The most that is done together.
const MAX_TOGETHER: usize = 128;
/// The most that waits; beyond it, who asks waits too.
const MAX_WAITING: usize = 1_024;

/// What is done for some, one answer for each, in their order.
pub type Together<'q, A, E> = BoxFuture<'q, Result<Vec<A>, E>>;

/// The task has ended.
#[derive(Clone, Copy, Debug)]
pub struct Closed;

type Waiting<Q, A, E> = (Q, oneshot::Sender<Result<A, E>>);

/// The one task that does what many ask for. Nobody waits for others to come: while some is done, more gathers.
pub struct Batch<Q, A, E>(mpsc::Sender<Waiting<Q, A, E>>);

impl<Q, A, E> Clone for Batch<Q, A, E> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<Q, A, E> Batch<Q, A, E>
where
    Q: Send + Sync + 'static,
    A: Send + 'static,
    E: From<Closed> + Display + Send + 'static,
{
    /// Starts the task; it ends with the last clone. If `together` fails for several, nothing may have been done for any.
    pub fn start(together: impl for<'q> Fn(&'q [Q]) -> Together<'q, A, E> + Send + Sync + 'static) -> Self {
        let (sender, receiver) = mpsc::channel(MAX_WAITING);
        tokio::spawn(run(together, receiver));
        Self(sender)
    }

    /// The same over something that each turn has a clone of, like a pool of connections.
    pub fn over<C: Clone + Send + Sync + 'static>(
        context: C,
        together: for<'q> fn(C, &'q [Q]) -> Together<'q, A, E>,
    ) -> Self {
        Self::start(move |questions| together(context.clone(), questions))
    }

    /// Asks, and answers when it is done.
    ///
    /// # Errors
    /// As the task's; [`Closed`] if it has ended.
    pub async fn ask(&self, question: Q) -> Result<A, E> {
        let (sender, answer) = oneshot::channel();
        self.0.send((question, sender)).await.map_err(|_| Closed)?;
        answer.await.map_err(|_| Closed)?
    }

    /// Asks for what may be done when there is time; lost if the process ends before.
    pub fn ask_later(&self, question: Q) {
        // A full queue, or nobody who waits for the answer, is no error here.
        let _ = self.0.try_send((question, oneshot::channel().0));
    }
}

async fn run<Q, A, E>(
    together: impl for<'q> Fn(&'q [Q]) -> Together<'q, A, E>,
    mut waiting: mpsc::Receiver<Waiting<Q, A, E>>,
) where
    E: From<Closed> + Display,
{
    let mut some = Vec::with_capacity(MAX_TOGETHER);
    while waiting.recv_many(&mut some, MAX_TOGETHER).await > 0 {
        let (questions, senders): (Vec<_>, Vec<_>) = some.drain(..).unzip();
        match together(&questions).await {
            Ok(answers) => {
                for (sender, answer) in senders.into_iter().zip(answers) {
                    // Who asked may have given up.
                    let _ = sender.send(Ok(answer));
                }
            }
            Err(error) => {
                tracing::debug!(%error, count = questions.len(), "it failed for several together");
                // Each for itself, so that it fails alone.
                for (sender, question) in senders.into_iter().zip(&questions) {
                    let alone = together(std::slice::from_ref(question)).await;
                    let answer = alone.and_then(|mut answers| Ok(answers.pop().ok_or(Closed)?));
                    let _ = sender.send(answer);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::VaultError;
    use std::sync::{Arc, Mutex};

    /// Doubles; 13 fails, and whoever is with it. The first waits until `open` is told to go on.
    fn doubling(counts: &Arc<Mutex<Vec<usize>>>, open: oneshot::Receiver<()>) -> Batch<u32, u32, VaultError> {
        let (counts, open) = (counts.clone(), Mutex::new(Some(open)));
        Batch::start(move |questions: &[u32]| {
            counts.lock().unwrap().push(questions.len());
            let open = open.lock().unwrap().take();
            Box::pin(async move {
                if let Some(open) = open {
                    open.await.unwrap();
                }
                if questions.contains(&13) {
                    return Err(VaultError::Destroyed);
                }
                Ok(questions.iter().map(|question| question * 2).collect())
            })
        })
    }

    #[tokio::test]
    async fn what_waits_is_done_together_and_what_fails_fails_alone() {
        let (counts, (go, open)) = (Arc::default(), oneshot::channel());
        let batch = doubling(&counts, open);
        let first = tokio::spawn({
            let batch = batch.clone();
            async move { batch.ask(1).await }
        });
        while counts.lock().unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
        let rest = futures::future::join_all([2, 13, 3].map(|question| batch.ask(question)));
        let go_on = async {
            tokio::task::yield_now().await;
            go.send(()).unwrap();
        };
        let (rest, ()) = tokio::join!(rest, go_on);
        assert!(matches!(first.await.unwrap(), Ok(2)));
        assert!(matches!(rest[..], [Ok(4), Err(VaultError::Destroyed), Ok(6)]));
        assert_eq!(
            *counts.lock().unwrap(),
            [1, 3, 1, 1, 1],
            "the three together, then each for itself"
        );
    }
}
