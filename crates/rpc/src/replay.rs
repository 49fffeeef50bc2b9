//! Executes past blocks again, for traces.

use crate::{
    RpcError,
    api::{Answer, find_block, need_block},
    calls::{context, execute_error},
};
use alloy_eips::BlockId;
use alloy_primitives::B256;
use std::{ops::Range, sync::Arc};
use zhengtong_chain::{ChainView, SealedBlock, ViewError};
use zhengtong_evm::{BlockContext, Replay, TraceError};

/// A block, and the state before it.
pub(crate) struct Past<S> {
    pub(crate) block: Arc<SealedBlock>,
    pub(crate) context: BlockContext,
    pub(crate) state: S,
}

impl<S> Past<S> {
    /// Fails if the state before the block is no longer kept.
    pub(crate) fn of<V: ChainView<State = S>>(view: &V, block: Arc<SealedBlock>) -> Answer<Self> {
        let parent = block.header.number.checked_sub(1);
        let parent = parent.ok_or_else(|| RpcError::Execution("genesis is not traceable".into()))?;
        Ok(Self {
            context: context(view, &block),
            state: view.state(parent)?,
            block,
        })
    }

    /// A block by number, tag or hash.
    pub(crate) fn find<V: ChainView<State = S>>(view: &V, id: BlockId) -> Answer<Self> {
        Self::of(view, need_block(view, Some(id))?)
    }

    /// The block of a transaction, and the transaction's index; none if there is no such transaction.
    pub(crate) fn of_transaction<V: ChainView<State = S>>(
        view: &V,
        hash: B256,
    ) -> Answer<Option<(Self, usize)>> {
        let Some((number, index)) = view.transaction(hash)? else {
            return Ok(None);
        };
        let block = find_block(view, number.into())?.filter(|block| index < block.transactions.len());
        let block =
            block.ok_or_else(|| RpcError::Internal(format!("block {number} has no transaction {index}")))?;
        Ok(Some((Self::of(view, block)?, index)))
    }

    pub(crate) fn all(&self) -> Range<usize> {
        0..self.block.transactions.len()
    }

    /// Executes the block again by `trace`, which is given the state before it and which transactions are wanted.
    pub(crate) fn again<T>(
        self,
        wanted: Range<usize>,
        trace: impl FnOnce(S, &Replay<'_>) -> Result<T, TraceError<ViewError>>,
    ) -> Answer<T> {
        let replay = Replay {
            context: self.context,
            block_hash: self.block.hash,
            transactions: &self.block.transactions,
            wanted,
        };
        trace(self.state, &replay).map_err(trace_error)
    }
}

/// The one result of one transaction or call.
pub(crate) fn only<T>(mut results: Vec<T>) -> Answer<T> {
    results
        .pop()
        .ok_or_else(|| RpcError::Internal("a transaction has no trace".into()))
}

pub(crate) fn trace_error(error: TraceError<ViewError>) -> RpcError {
    match error {
        TraceError::TooLarge => RpcError::Limit(error.to_string()),
        TraceError::Unsupported(reason) => RpcError::Params(reason),
        TraceError::Execute(error) => execute_error(error),
    }
}
