//! A node whose data was made from a backup, or is in part gone, has forgotten what it voted. It does not vote in an epoch in
//! which its old self can have voted, so that it never signs two things where one is allowed.
//!
//! An epoch's engine starts when the last block of the epoch before is final. If that block was proposed after this node's
//! start, then the old process, which was dead by then, never had the engine, and so nothing was signed in the epoch. The
//! same margin is used as where a validator without a disk begins near the tip (`sync::floor`).

use super::sync::NEW_AFTER_MS;
use crate::{
    inner::Marshal,
    store::{Store, VotesFrom},
};
use commonware_consensus::types::Height;
use std::{num::NonZeroU64, sync::Arc};

/// Decides in which epochs this node may vote.
pub struct Abstinence {
    store: Arc<Store>,
    marshal: Marshal,
    epoch_blocks: NonZeroU64,
    /// When this process began, by its own clock.
    began_ms: u64,
}

impl Abstinence {
    pub fn new(store: Arc<Store>, marshal: Marshal, epoch_blocks: NonZeroU64, began_ms: u64) -> Self {
        Self {
            store,
            marshal,
            epoch_blocks,
            began_ms,
        }
    }

    /// Whether this node may vote in an epoch that it enters now. What is decided once is durable before it is answered: later
    /// starts have the votes of this epoch in their own journal.
    pub async fn may_vote(&self, epoch: u64) -> bool {
        match self.store.votes_from() {
            Ok(VotesFrom::Always) => true,
            Ok(VotesFrom::Epoch(first)) => epoch >= first,
            Ok(VotesFrom::NoEpochYet) => self.is_new(epoch).await && self.note(epoch),
            Err(error) => {
                tracing::error!(%error, epoch, "it cannot be read whether this node may vote, so it does not");
                false
            }
        }
    }

    fn note(&self, epoch: u64) -> bool {
        let noted = self.store.vote_from(epoch);
        match &noted {
            Ok(()) => tracing::info!(epoch, "this node had lost its votes, and votes again"),
            Err(error) => {
                tracing::error!(%error, epoch, "this node does not vote: that it may cannot be noted")
            }
        }
        noted.is_ok()
    }

    /// Whether the epoch began after this process.
    async fn is_new(&self, epoch: u64) -> bool {
        let Some(boundary) = epoch
            .checked_mul(self.epoch_blocks.get())
            .and_then(|first| first.checked_sub(1))
        else {
            // The first epoch begins with the genesis.
            return false;
        };
        let block = self.marshal.get_block(Height::new(boundary)).await;
        block.is_some_and(|block| block.inner().timestamp_ms() > self.began_ms.saturating_add(NEW_AFTER_MS))
    }
}
