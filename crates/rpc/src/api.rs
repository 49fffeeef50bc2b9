//! What every method shares: the chain, turns on blocking threads, filters.

use crate::{
    RpcError,
    filters::{Filters, PendingLog},
    limits::{MAX_CALLS, MAX_READS, MAX_TRACES, MAX_WAIT},
};
use alloy_eips::{BlockId, BlockNumberOrTag};
use parking_lot::Mutex;
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use std::sync::Arc;
use tokio::{sync::Semaphore, task::spawn_blocking, time::timeout};
use zhengtong_chain::{ChainView, SealedBlock, ViewError};

/// What a method answers.
pub type Answer<T> = Result<T, RpcError>;

/// The state behind all methods.
pub(crate) struct Api<V> {
    pub(crate) view: V,
    pub(crate) filters: Mutex<Filters>,
    pub(crate) pending: Arc<Mutex<PendingLog>>,
    reads: Arc<Semaphore>,
    calls: Arc<Semaphore>,
    traces: Arc<Semaphore>,
}

impl<V: ChainView> Api<V> {
    pub(crate) fn new(view: V) -> Self {
        Self {
            view,
            filters: Mutex::default(),
            pending: Arc::default(),
            reads: Arc::new(Semaphore::new(MAX_READS)),
            calls: Arc::new(Semaphore::new(MAX_CALLS)),
            traces: Arc::new(Semaphore::new(MAX_TRACES)),
        }
    }

    /// Runs a read that may wait for the disk.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&V) -> Answer<T> + Send + 'static,
    ) -> Answer<T> {
        self.turn(&self.reads, read).await
    }

    /// Runs an execution.
    pub(crate) async fn execute<T: Send + 'static>(
        &self,
        call: impl FnOnce(&V) -> Answer<T> + Send + 'static,
    ) -> Answer<T> {
        self.turn(&self.calls, call).await
    }

    /// Runs an execution that records what it does. Its answer is written as JSON where it was made, and not kept twice.
    pub(crate) async fn trace<T: Serialize>(
        &self,
        trace: impl FnOnce(&V) -> Answer<T> + Send + 'static,
    ) -> Answer<Box<RawValue>> {
        self.turn(&self.traces, move |view| {
            to_raw_value(&trace(view)?).map_err(|source| RpcError::Internal(source.to_string()))
        })
        .await
    }

    async fn turn<T: Send + 'static>(
        &self,
        turns: &Arc<Semaphore>,
        work: impl FnOnce(&V) -> Answer<T> + Send + 'static,
    ) -> Answer<T> {
        let turn = timeout(MAX_WAIT, turns.clone().acquire_owned())
            .await
            .map_err(|_| RpcError::Busy)?;
        let turn = turn.map_err(|_| RpcError::Busy)?;
        let view = self.view.clone();
        let done = spawn_blocking(move || {
            let result = work(&view);
            drop(turn);
            result
        });
        done.await
            .map_err(|_| RpcError::Internal("the request failed".into()))?
    }
}

/// The number that a tag stands for. Blocks are final as soon as they can be read, so most tags mean the tip.
pub(crate) fn number_of(view: &impl ChainView, tag: BlockNumberOrTag) -> u64 {
    match tag {
        BlockNumberOrTag::Number(number) => number,
        BlockNumberOrTag::Earliest => 0,
        BlockNumberOrTag::Latest
        | BlockNumberOrTag::Pending
        | BlockNumberOrTag::Safe
        | BlockNumberOrTag::Finalized => view.tip().header.number,
    }
}

/// The block that an argument names, if it exists.
pub(crate) fn find_block(view: &impl ChainView, id: BlockId) -> Answer<Option<Arc<SealedBlock>>> {
    let number = match id {
        BlockId::Number(BlockNumberOrTag::Pending) => return Ok(Some(view.pending()?)),
        BlockId::Number(tag) => number_of(view, tag),
        BlockId::Hash(hash) => match view.block_number(hash.block_hash)? {
            Some(number) => number,
            None => return Ok(None),
        },
    };
    let tip = view.tip();
    if tip.header.number == number {
        Ok(Some(tip))
    } else {
        Ok(view.block(number)?)
    }
}

/// The block that an argument names, the tip if it names none.
pub(crate) fn need_block(view: &impl ChainView, id: Option<BlockId>) -> Answer<Arc<SealedBlock>> {
    let Some(id) = id else { return Ok(view.tip()) };
    find_block(view, id)?.ok_or_else(|| match id {
        BlockId::Hash(hash) => RpcError::UnknownBlock(format!("no block {}", hash.block_hash)),
        BlockId::Number(tag) => {
            let latest = view.tip().header.number;
            ViewError::UnknownBlock {
                number: number_of(view, tag),
                latest,
            }
            .into()
        }
    })
}
