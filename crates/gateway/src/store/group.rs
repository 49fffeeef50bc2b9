//! Group commit: writes of exchanges that wait at the same time share one transaction, and one sync of the disk.

use std::sync::Arc;

use alloy_primitives::B256;
use sqlx::{AnyConnection, AnyPool};
use tokio::sync::{mpsc, oneshot};

use super::StoreError;
use super::exchange::{self, Answer, ExchangeRow};
use super::outbox::set_final;

/// The most writes in one transaction.
const MAX_GROUP: usize = 128;
/// The most writes that wait; beyond it, who writes waits too.
const MAX_WAITING: usize = 1_024;

/// The tag of the use with a counter.
pub(super) type TagOf = Arc<dyn Fn(u32) -> B256 + Send + Sync>;

/// One write.
pub(super) enum Write {
    Nonce {
        consumer: String,
        nonce: String,
        expires_s: u64,
    },
    Begin {
        consumer: String,
        id: B256,
        digest: B256,
        case_id: B256,
        now_ms: u64,
    },
    Use {
        consumer: String,
        id: B256,
        case_id: B256,
        tag_of: TagOf,
    },
    Answer {
        consumer: String,
        id: B256,
        answer: String,
    },
    Settled {
        id: String,
    },
}

/// What came of one.
pub(super) enum Written {
    Nonce(bool),
    Begun(ExchangeRow),
    Use(u32, B256),
    Done,
}

type Waiting = (Write, oneshot::Sender<Result<Written, StoreError>>);

/// The one task that writes.
#[derive(Clone)]
pub(super) struct Group(mpsc::Sender<Waiting>);

impl Group {
    /// Starts the task; it ends with the last clone.
    pub fn start(pool: AnyPool) -> Self {
        let (sender, receiver) = mpsc::channel(MAX_WAITING);
        tokio::spawn(run(pool, receiver));
        Self(sender)
    }

    /// Writes, and answers when it is durable.
    pub async fn write(&self, write: Write) -> Result<Written, StoreError> {
        let (sender, written) = oneshot::channel();
        self.0
            .send((write, sender))
            .await
            .map_err(|_| StoreError::Closed)?;
        written.await.map_err(|_| StoreError::Closed)?
    }

    /// Writes when there is time; lost if the process ends before.
    pub fn write_later(&self, write: Write) {
        // A full queue, or nobody who waits for the answer, is no error here.
        let _ = self.0.try_send((write, oneshot::channel().0));
    }
}

async fn run(pool: AnyPool, mut waiting: mpsc::Receiver<Waiting>) {
    let mut group = Vec::with_capacity(MAX_GROUP);
    while waiting.recv_many(&mut group, MAX_GROUP).await > 0 {
        let (writes, senders): (Vec<_>, Vec<_>) = group.drain(..).unzip();
        match together(&pool, &writes).await {
            Ok(written) => {
                for (sender, written) in senders.into_iter().zip(written) {
                    // Who asked may have given up.
                    let _ = sender.send(Ok(written));
                }
            }
            // One of them failed, and nothing was written: each for itself, so that it fails alone.
            Err(error) => {
                tracing::debug!(%error, writes = writes.len(), "a group of writes failed");
                for (sender, write) in senders.into_iter().zip(&writes) {
                    let alone = together(&pool, std::slice::from_ref(write)).await;
                    let _ =
                        sender.send(alone.and_then(|mut written| written.pop().ok_or(StoreError::Closed)));
                }
            }
        }
    }
}

/// What a group writes of one kind, in one statement each.
#[derive(Default)]
struct Alike<'w> {
    settled: Vec<&'w str>,
    answers: Vec<Answer<'w>>,
}

async fn together(pool: &AnyPool, writes: &[Write]) -> Result<Vec<Written>, StoreError> {
    let mut transaction = pool.begin().await?;
    let mut written = Vec::with_capacity(writes.len());
    let mut alike = Alike::default();
    for write in writes {
        written.push(one(&mut transaction, write, &mut alike).await?);
    }
    set_final(&mut transaction, &alike.settled).await?;
    exchange::answer(&mut transaction, &alike.answers).await?;
    transaction.commit().await?;
    Ok(written)
}

async fn one<'w>(
    db: &mut AnyConnection,
    write: &'w Write,
    alike: &mut Alike<'w>,
) -> Result<Written, StoreError> {
    match write {
        Write::Nonce {
            consumer,
            nonce,
            expires_s,
        } => Ok(Written::Nonce(
            exchange::take_nonce(db, consumer, nonce, *expires_s).await?,
        )),
        Write::Begin {
            consumer,
            id,
            digest,
            case_id,
            now_ms,
        } => Ok(Written::Begun(
            exchange::begin(db, consumer, *id, *digest, *case_id, *now_ms).await?,
        )),
        Write::Use {
            consumer,
            id,
            case_id,
            tag_of,
        } => {
            let (n, tag) = exchange::take_use(db, consumer, *id, *case_id, &**tag_of).await?;
            Ok(Written::Use(n, tag))
        }
        Write::Answer { consumer, id, answer } => {
            alike.answers.push(Answer {
                consumer,
                id: *id,
                answer,
            });
            Ok(Written::Done)
        }
        Write::Settled { id } => {
            alike.settled.push(id);
            Ok(Written::Done)
        }
    }
}
