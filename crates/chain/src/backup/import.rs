//! Gives a node that was never started what a backup has. When it starts, its engine finds finalized blocks that were not
//! executed yet, and executes them as it does after a crash: checking every header and every state root.

use super::{BackupError, Item, Reader, Summary};
use crate::{
    ChainView as _, Handle, Setup, SubmitError,
    engine::{Runtime, archives, note_finalization},
};
use alloy_primitives::{B256, Bytes};
use commonware_consensus::{
    marshal::store::{Blocks as _, Certificates as _},
    types::Height,
};
use commonware_cryptography::Digestible as _;
use commonware_runtime::Spawner;
use commonware_storage::Context;
use std::{io::Read, sync::Arc};

/// Blocks between two times that what was written is made durable.
const BLOCKS_AT_ONCE: u64 = 1_024;

/// What a node that is made from a backup does about votes that it has forgotten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Votes {
    /// It may have voted after the backup, so it votes in no epoch that it may have voted in.
    Abstain,
    /// No validator has its data any more, and all are made from this backup: they vote above its last block. What was
    /// decided after it can then be decided again, and otherwise.
    Resume,
}

/// Writes the blocks and certificates into the engine's archives, which must be new. Answers the waiting transactions too.
pub async fn import<E: Runtime, R: Read>(
    context: &E,
    setup: &Setup,
    reader: &mut Reader<R>,
    votes: Votes,
) -> Result<(Summary, Vec<Bytes>), BackupError> {
    let failed = |source: &dyn std::fmt::Display| BackupError::Storage(source.to_string());
    if votes == Votes::Abstain {
        setup.store.votes_are_missing()?;
    }
    let (mut certificates, mut blocks) = archives(context, setup).await.map_err(|source| failed(&source))?;
    let (mut waiting, mut last, mut newest) = (Vec::new(), None, None);
    while let Some(item) = reader.next()? {
        match item {
            Item::Waiting(raw) => waiting.push(raw),
            Item::Block(block) => {
                let digest = block.digest();
                let number = block.number();
                let put = blocks.put(digest, &Arc::new(*block)).await;
                blocks = put.map_err(|source| failed(&source))?;
                last = Some((number, digest));
                if number % BLOCKS_AT_ONCE == 0 {
                    blocks = blocks.sync().await.map_err(|source| failed(&source))?;
                    certificates = certificates.sync().await.map_err(|source| failed(&source))?;
                }
            }
            Item::Certificate(finalization) => {
                let Some((number, digest)) = last else { continue };
                let put = certificates.put(Height::new(number), digest, &finalization);
                certificates = put.await.map_err(|source| failed(&source))?;
                newest = Some(*finalization);
            }
        }
    }
    blocks.sync().await.map_err(|source| failed(&source))?;
    certificates.sync().await.map_err(|source| failed(&source))?;
    if let Some(finalization) = newest.filter(|_| votes == Votes::Resume) {
        let noted = note_finalization(context, setup, finalization).await;
        noted.map_err(|source| failed(&source))?;
    }
    let summary = reader.summary().cloned();
    Ok((summary.ok_or(BackupError::Cut { at: 0 })?, waiting))
}

/// Gives a node its waiting transactions back, and answers how many it took: those that are final or can never be are not.
pub async fn resubmit<E: Context + Spawner>(
    handle: &Handle<E>,
    waiting: Vec<Bytes>,
) -> Result<usize, BackupError> {
    let mut taken = 0;
    for raw in waiting {
        match handle.submit(raw).await {
            Ok(_) => taken += 1,
            Err(error @ (SubmitError::Storage(_) | SubmitError::Stopping)) => {
                return Err(BackupError::Storage(error.to_string()));
            }
            Err(error) => tracing::info!(%error, "a waiting transaction of the backup is not taken"),
        }
    }
    Ok(taken)
}

/// The root of the state that this node has now; `None` while it starts.
pub async fn state_root<E: Context + Spawner>(handle: &Handle<E>) -> Option<B256> {
    let database = handle.0.database.get()?;
    Some(B256::from_slice(database.read().await.root().as_ref()))
}
