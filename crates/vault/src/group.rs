//! Group commit: records that wait at the same time share one transaction, and one sync of the disk.

use std::sync::Arc;

use sqlx::{AnyConnection, AnyPool, Row as _};
use tokio::sync::{mpsc, oneshot};
use zeroize::Zeroizing;

use crate::keys::Keys;
use crate::store::{MAX_RECORDS_PER_SUBJECT, Record, Subject};
use crate::{VaultError, seal};

/// The most records in one transaction.
const MAX_GROUP: usize = 128;
/// The most records that wait; beyond it, who writes waits too.
const MAX_WAITING: usize = 1_024;

/// A record to be kept.
pub(crate) struct Put {
    pub subject: Subject,
    pub kind: &'static str,
    pub name: String,
    pub message: Zeroizing<Vec<u8>>,
}

type Waiting = (Put, oneshot::Sender<Result<(), VaultError>>);

/// The one task that writes records.
#[derive(Clone)]
pub(crate) struct Group(mpsc::Sender<Waiting>);

impl Group {
    /// Starts the task; it ends with the last clone.
    pub fn start(pool: AnyPool, keys: Arc<Keys>) -> Self {
        let (sender, receiver) = mpsc::channel(MAX_WAITING);
        tokio::spawn(run(pool, keys, receiver));
        Self(sender)
    }

    /// Keeps a record, and answers when it is durable.
    pub async fn put(&self, put: Put) -> Result<(), VaultError> {
        let (sender, kept) = oneshot::channel();
        self.0.send((put, sender)).await.map_err(|_| VaultError::Closed)?;
        kept.await.map_err(|_| VaultError::Closed)?
    }
}

async fn run(pool: AnyPool, keys: Arc<Keys>, mut waiting: mpsc::Receiver<Waiting>) {
    let mut group = Vec::with_capacity(MAX_GROUP);
    while waiting.recv_many(&mut group, MAX_GROUP).await > 0 {
        let (puts, senders): (Vec<_>, Vec<_>) = group.drain(..).unzip();
        match together(&pool, &keys, &puts).await {
            Ok(()) => {
                for sender in senders {
                    // Who asked may have given up.
                    let _ = sender.send(Ok(()));
                }
            }
            // One of them failed, and nothing was written: each for itself, so that it fails alone.
            Err(_) => {
                for (sender, put) in senders.into_iter().zip(&puts) {
                    let _ = sender.send(together(&pool, &keys, std::slice::from_ref(put)).await);
                }
            }
        }
    }
}

async fn together(pool: &AnyPool, keys: &Keys, puts: &[Put]) -> Result<(), VaultError> {
    let mut transaction = pool.begin().await?;
    for put in puts {
        one(&mut transaction, keys, put).await?;
    }
    transaction.commit().await?;
    Ok(())
}

async fn one(db: &mut AnyConnection, keys: &Keys, put: &Put) -> Result<(), VaultError> {
    let subject = put.subject;
    let (key_id, key) = match key_of(db, keys, subject).await? {
        Some(kept) => kept,
        None => {
            let (id, wrapped) = keys.fresh(subject)?;
            sqlx::query(
                "INSERT INTO vault_keys (subject, key_id, wrapped) VALUES ($1, $2, $3) \
                 ON CONFLICT (subject) DO NOTHING",
            )
            .bind(subject.to_hex())
            .bind(id)
            .bind(wrapped)
            .execute(&mut *db)
            .await?;
            // Another process may have been faster.
            key_of(db, keys, subject).await?.ok_or(VaultError::Destroyed)?
        }
    };
    let count: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM vault_records WHERE subject = $1")
        .bind(subject.to_hex())
        .fetch_one(&mut *db)
        .await?;
    if count >= MAX_RECORDS_PER_SUBJECT {
        return Err(VaultError::TooMany {
            limit: MAX_RECORDS_PER_SUBJECT,
        });
    }
    let record = Record {
        kind: put.kind,
        name: &put.name,
    };
    let sealed = seal::seal(&key, &record.context(subject, &key_id), &put.message)?;
    sqlx::query(
        "INSERT INTO vault_records (subject, kind, name, key_id, sealed) \
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT (subject, kind, name) \
         DO UPDATE SET key_id = excluded.key_id, sealed = excluded.sealed",
    )
    .bind(subject.to_hex())
    .bind(put.kind)
    .bind(put.name.clone())
    .bind(key_id)
    .bind(hex::encode(sealed))
    .execute(db)
    .await?;
    Ok(())
}

async fn key_of(
    db: &mut AnyConnection,
    keys: &Keys,
    subject: Subject,
) -> Result<Option<(String, seal::Key)>, VaultError> {
    let row = sqlx::query("SELECT key_id, wrapped FROM vault_keys WHERE subject = $1")
        .bind(subject.to_hex())
        .fetch_optional(db)
        .await?;
    let Some(row) = row else { return Ok(None) };
    let (id, wrapped): (String, String) = (row.try_get(0)?, row.try_get(1)?);
    let key = keys.unwrap(subject, &id, &wrapped)?;
    Ok(Some((id, key)))
}
