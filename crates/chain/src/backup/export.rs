//! Reads a running node's backup, frame by frame.

use super::{
    BackupError,
    format::{MAGIC, Tag, VERSION, frame, triple},
};
use crate::{ChainView as _, Handle};
use alloy_primitives::{B256, Bytes};
use commonware_codec::Encode as _;
use commonware_consensus::types::Height;
use commonware_runtime::Spawner;
use commonware_storage::Context;
use sha2::{Digest as _, Sha256};
use std::{collections::VecDeque, time::Duration};

/// How long a block that is stored may take to be certified. The next block brings that, or the one after it.
const CERTIFIED_WITHIN: Duration = Duration::from_secs(60);
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// A backup that is being read. Blocks that are made meanwhile are not in it.
pub struct Export<E: Context + Spawner> {
    handle: Handle<E>,
    sum: Sha256,
    height: u64,
    hash: B256,
    waiting: VecDeque<Bytes>,
    was_waiting: u64,
    /// What comes next.
    next: Next,
}

enum Next {
    Head,
    Waiting,
    Block(u64),
    End,
    Nothing,
}

impl<E: Context + Spawner> Export<E> {
    /// Chooses the height, which covers everything that was acknowledged before.
    pub async fn begin(handle: &Handle<E>) -> Result<Self, BackupError> {
        let first = handle.first_block();
        if first > 0 {
            return Err(BackupError::NotWhole { first });
        }
        // A transaction leaves the pool after its block is stored: first the one, then the other.
        let waiting: VecDeque<Bytes> = handle.0.pool.live().into();
        let stored = handle.0.store.tip()?.unwrap_or_default();
        let certified = async {
            while handle.tip().header.number < stored {
                tokio::time::sleep(LOOK_AGAIN).await;
            }
        };
        let late = |_| BackupError::NotCertified {
            number: stored,
            waited_s: CERTIFIED_WITHIN.as_secs(),
        };
        tokio::time::timeout(CERTIFIED_WITHIN, certified)
            .await
            .map_err(late)?;
        let tip = handle.tip();
        Ok(Self {
            handle: handle.clone(),
            sum: Sha256::new(),
            height: tip.header.number,
            hash: tip.hash,
            was_waiting: waiting.len() as u64,
            waiting,
            next: Next::Head,
        })
    }

    /// Number of the last block.
    pub const fn height(&self) -> u64 {
        self.height
    }

    /// The next bytes of the file; `None` after the last.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, BackupError> {
        let mut bytes = match self.next {
            Next::Head => {
                self.next = Next::Waiting;
                self.head()
            }
            Next::Waiting => match self.waiting.pop_front() {
                Some(raw) => frame(Tag::Waiting, &raw),
                None => {
                    self.next = if self.height > 0 {
                        Next::Block(1)
                    } else {
                        Next::End
                    };
                    Vec::new()
                }
            },
            Next::Block(number) => {
                self.next = if number < self.height {
                    Next::Block(number + 1)
                } else {
                    Next::End
                };
                self.block(number).await?
            }
            Next::End => {
                self.next = Next::Nothing;
                frame(Tag::End, &triple(self.height, self.hash, self.was_waiting))
            }
            Next::Nothing => return Ok(None),
        };
        self.sum.update(&bytes);
        if matches!(self.next, Next::Nothing) {
            bytes.extend_from_slice(&self.sum.finalize_reset());
        }
        Ok(Some(bytes.into()))
    }

    fn head(&self) -> Vec<u8> {
        let network = self.handle.network();
        let mut bytes = MAGIC.to_vec();
        bytes.push(VERSION);
        let head = triple(network.chain_id, network.genesis_hash, self.height);
        bytes.extend_from_slice(&frame(Tag::Head, &head));
        bytes
    }

    async fn block(&self, number: u64) -> Result<Vec<u8>, BackupError> {
        let missing = || BackupError::Missing { number };
        let marshal = self.handle.0.marshal.get().ok_or_else(missing)?;
        let height = Height::new(number);
        let block = marshal.get_block(height).await.ok_or_else(missing)?;
        let mut bytes = frame(Tag::Block, &block.encode());
        match marshal.get_finalization(height).await {
            Some(finalization) => {
                bytes.extend_from_slice(&frame(Tag::Certificate, &finalization.encode()));
            }
            None if number == self.height => return Err(missing()),
            None => {}
        }
        Ok(bytes)
    }
}
