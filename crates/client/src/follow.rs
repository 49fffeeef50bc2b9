//! Every block from some number on, verified, in order, without a gap.

use crate::{
    Client, ClientError,
    limits::{FOLLOW_WINDOW, POLL_INTERVAL},
};
use alloy_primitives::B256;
use futures::{
    Stream,
    future::try_join_all,
    stream::{self, BoxStream},
};
use std::{
    collections::VecDeque,
    pin::Pin,
    task::{Context, Poll},
    time::Instant,
};
use zhengtong_types::VerifiedBlock;

/// A block that was seen before; what comes next must be its child.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    pub number: u64,
    pub hash: B256,
}

impl From<&VerifiedBlock> for Checkpoint {
    fn from(block: &VerifiedBlock) -> Self {
        Self {
            number: block.number(),
            hash: block.header().hash(),
        }
    }
}

/// The stream of [`Client::follow`]. It waits for new blocks and does not end by itself; after an error it goes on with
/// the block that failed, so that the reader may stop or try again.
pub struct Follow(BoxStream<'static, Result<VerifiedBlock, ClientError>>);

impl Stream for Follow {
    type Item = Result<VerifiedBlock, ClientError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.as_mut().poll_next(cx)
    }
}

impl Client {
    /// Follows the chain from block `from`.
    pub fn follow(&self, from: u64) -> Follow {
        self.follow_state(from, None)
    }

    /// Follows the chain after a block that was seen before. A node on which another block follows is refused.
    pub fn follow_after(&self, last: Checkpoint) -> Follow {
        self.follow_state(last.number + 1, Some(last.hash))
    }

    fn follow_state(&self, next: u64, parent: Option<B256>) -> Follow {
        let state = Following {
            client: self.clone(),
            next,
            parent,
            ready: VecDeque::new(),
        };
        Follow(Box::pin(stream::unfold(state, |mut state| async move {
            Some((state.step().await, state))
        })))
    }
}

struct Following {
    client: Client,
    next: u64,
    parent: Option<B256>,
    ready: VecDeque<VerifiedBlock>,
}

impl Following {
    async fn step(&mut self) -> Result<VerifiedBlock, ClientError> {
        if self.ready.is_empty() {
            self.ready = self.fetch().await?.into();
        }
        let Some(block) = self.ready.pop_front() else {
            return Err(ClientError::Answer {
                method: "eth_blockNumber",
                reason: "no block was fetched".into(),
            });
        };
        let found = block.header().header().parent_hash;
        if let Some(expected) = self.parent
            && expected != found
        {
            self.ready.clear();
            return Err(ClientError::Broken {
                number: block.number(),
                expected,
                found,
            });
        }
        self.next = block.number() + 1;
        self.parent = Some(block.header().hash());
        Ok(block)
    }

    /// Waits until there is a next block, and fetches it with some that follow.
    async fn fetch(&self) -> Result<Vec<VerifiedBlock>, ClientError> {
        loop {
            let latest = self.client.block_number().await?;
            if latest >= self.next {
                let end = latest.min(self.next + FOLLOW_WINDOW - 1);
                return try_join_all((self.next..=end).map(|number| self.client.block(number))).await;
            }
            let asked = Instant::now();
            match self.client.coming_block(self.next).await {
                Ok(block) => return Ok(vec![block]),
                // Nothing came, or the node is behind the block that is waited for.
                Err(ClientError::Refused { .. }) => {
                    tokio::time::sleep(POLL_INTERVAL.saturating_sub(asked.elapsed())).await;
                }
                Err(error) => return Err(error),
            }
        }
    }
}
