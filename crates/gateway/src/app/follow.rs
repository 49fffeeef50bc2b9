//! Follows the chain: each finalized block, verified, is applied once and in order.

use std::time::Duration;

use futures::StreamExt as _;
use zhengtong_client::Checkpoint;

use super::chain::ChainError;
use super::project::changes;
use super::{App, AppError};

const RETRY: Duration = Duration::from_secs(1);
const RETRY_UNTRUSTED: Duration = Duration::from_secs(30);

impl App {
    /// Follows until the stream of blocks ends; a node's does not.
    ///
    /// # Errors
    /// The store failed, for instance because the disk is full. Call it again: it goes on where it was.
    pub async fn follow(&self) -> Result<(), AppError> {
        self.learn_organisation_keys().await?;
        let mut blocks = self.chain.follow(self.store.checkpoint().await?);
        let finality = self.0.outbox.finality();
        let _following = finality.following();
        while let Some(block) = blocks.next().await {
            let block = match block {
                Ok(block) => block,
                Err(error @ ChainError::Untrusted(_)) => {
                    finality.set_followed(false);
                    // Nothing of it is applied; perhaps the operator repairs the node.
                    tracing::error!(%error, "the node's block is not proven");
                    tokio::time::sleep(RETRY_UNTRUSTED).await;
                    continue;
                }
                Err(error) => {
                    finality.set_followed(false);
                    tracing::warn!(%error, "the chain cannot be followed for now");
                    tokio::time::sleep(RETRY).await;
                    continue;
                }
            };
            // Who waits for a receipt needs nothing but the verified block.
            finality.tell(&block);
            let changes = changes(&block, &self.contracts, self.me);
            let has_work = !changes.is_empty();
            self.store
                .apply(&changes, Checkpoint::from(&block), self.me, self.clock.now_ms())
                .await?;
            self.0.metrics.block();
            if has_work {
                self.0.wake.notify_one();
            }
        }
        Ok(())
    }
}
