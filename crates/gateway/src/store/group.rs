//! Group commit: writes of exchanges that wait at the same time share one transaction, and one sync of the disk.

use std::sync::Arc;

use alloy_primitives::B256;
use sqlx::{AnyConnection, AnyPool};
use zhengtong_vault::batch::Batch;
use zhengtong_vault::sql;

use super::StoreError;
use super::exchange::{self, Answer, ExchangeRow};
use super::outbox::set_final;

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
        subject: String,
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

/// The one task that writes; what it answered is durable.
pub(super) type Group = Batch<Write, Written, StoreError>;

pub(super) fn start(pool: AnyPool) -> Group {
    Batch::over(pool, |pool, writes| {
        Box::pin(async move { together(&pool, writes).await })
    })
}

/// What a group writes of one kind, in one statement each.
#[derive(Default)]
struct Alike<'w> {
    settled: Vec<&'w str>,
    answers: Vec<Answer<'w>>,
}

async fn together(pool: &AnyPool, writes: &[Write]) -> Result<Vec<Written>, StoreError> {
    let mut transaction = sql::begin(pool).await?;
    let mut written = Vec::with_capacity(writes.len());
    let mut alike = Alike::default();
    for write in writes {
        written.push(one(&mut transaction, write, &mut alike).await?);
    }
    set_final(&mut transaction, &alike.settled).await?;
    exchange::answer(&mut transaction, &alike.answers, sql::is_postgres(pool)).await?;
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
        Write::Answer {
            consumer,
            id,
            subject,
            answer,
        } => {
            alike.answers.push(Answer {
                consumer,
                id: *id,
                subject,
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
