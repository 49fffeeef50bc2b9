//! Transactions and receipts.

use crate::{
    api::{Answer, find_block},
    args::Args,
    convert,
    proofs::encoded,
    server::Methods,
};
use alloy_eips::{BlockId, BlockNumberOrTag};
use alloy_primitives::{B256, Bytes};
use alloy_rpc_types_eth::{Index, Transaction, TransactionReceipt};
use zhengtong_chain::ChainView;

/// A transaction of a block, or one that waits for a block.
pub(super) fn by_hash(view: &impl ChainView, hash: B256) -> Answer<Option<Transaction>> {
    // First, since it goes from the pool into a block, and never back.
    let waiting = view.pending_transaction(hash);
    if let Some((number, index)) = view.transaction(hash)? {
        let block = view.block(number)?;
        return Ok(block.and_then(|block| convert::transaction(&block, index)));
    }
    Ok(waiting.map(convert::pending))
}

/// Reads which transaction of which block is meant.
fn position<B: Into<BlockId> + serde::de::DeserializeOwned>(
    mut args: Args,
    block: &'static str,
) -> Answer<(BlockId, usize)> {
    let block: B = args.required(block)?;
    let index: Index = args.required("index")?;
    args.end()?;
    Ok((block.into(), index.0))
}

pub(super) fn register<V: ChainView>(methods: &mut Methods<V>) {
    methods.add("eth_getTransactionByHash", |api, mut args| async move {
        let hash: B256 = args.required("hash")?;
        args.end()?;
        api.read(move |view| by_hash(view, hash)).await
    });
    methods.add("eth_getRawTransactionByHash", |api, mut args| async move {
        let hash: B256 = args.required("hash")?;
        args.end()?;
        api.read(move |view| raw_transaction(view, hash)).await
    });
    methods.add(
        "eth_getTransactionByBlockNumberAndIndex",
        |api, args| async move {
            let (block, index) = position::<BlockNumberOrTag>(args, "block")?;
            api.read(move |view| {
                Ok(find_block(view, block)?.and_then(|block| convert::transaction(&block, index)))
            })
            .await
        },
    );
    methods.add("eth_getTransactionByBlockHashAndIndex", |api, args| async move {
        let (block, index) = position::<B256>(args, "hash")?;
        api.read(move |view| {
            Ok(find_block(view, block)?.and_then(|block| convert::transaction(&block, index)))
        })
        .await
    });
    methods.add(
        "eth_getRawTransactionByBlockNumberAndIndex",
        |api, args| async move {
            let (block, index) = position::<BlockNumberOrTag>(args, "block")?;
            api.read(move |view| raw_at(view, block, index)).await
        },
    );
    methods.add(
        "eth_getRawTransactionByBlockHashAndIndex",
        |api, args| async move {
            let (block, index) = position::<B256>(args, "hash")?;
            api.read(move |view| raw_at(view, block, index)).await
        },
    );
    methods.add("eth_getTransactionReceipt", |api, mut args| async move {
        let hash: B256 = args.required("hash")?;
        args.end()?;
        api.read(move |view| receipt(view, hash)).await
    });
    methods.add("eth_getBlockReceipts", |api, mut args| async move {
        let id: BlockId = args.required("block")?;
        args.end()?;
        api.read(move |view| {
            Ok(find_block(view, id)?.map(|block| {
                let receipts =
                    (0..block.transactions.len()).filter_map(|index| convert::receipt(&block, index));
                receipts.collect::<Vec<_>>()
            }))
        })
        .await
    });
}

/// The receipt of a final transaction.
pub(super) fn receipt(view: &impl ChainView, hash: B256) -> Answer<Option<TransactionReceipt>> {
    let Some((number, index)) = view.transaction(hash)? else {
        return Ok(None);
    };
    Ok(view
        .block(number)?
        .and_then(|block| convert::receipt(&block, index)))
}

/// The bytes of a transaction that is final or waits.
pub(crate) fn raw_transaction(view: &impl ChainView, hash: B256) -> Answer<Option<Bytes>> {
    match view.transaction(hash)? {
        Some((number, index)) => raw_at(view, number.into(), index),
        None => Ok(view
            .pending_transaction(hash)
            .map(|transaction| encoded(transaction.inner()))),
    }
}

fn raw_at(view: &impl ChainView, block: BlockId, index: usize) -> Answer<Option<Bytes>> {
    Ok(find_block(view, block)?.and_then(|block| {
        let transaction = block.transactions.get(index)?;
        Some(encoded(transaction.inner()))
    }))
}
