//! Blocks, transactions and receipts.

use crate::{api::find_block, convert, server::Methods};
use alloy_eips::{BlockId, BlockNumberOrTag};
use alloy_primitives::{B256, U64, U256};
use alloy_rpc_types_eth::Index;
use zhengtong_chain::ChainView;

pub(super) fn register<V: ChainView>(methods: &mut Methods<V>) {
    methods.add("eth_blockNumber", |api, args| async move {
        args.end()?;
        Ok(U64::from(api.view.tip().header.number))
    });
    methods.add("eth_getBlockByNumber", |api, mut args| async move {
        let number: BlockNumberOrTag = args.required("block")?;
        let full = args.optional("full transactions")?.unwrap_or(false);
        args.end()?;
        api.read(move |view| Ok(find_block(view, number.into())?.map(|block| convert::block(&block, full))))
            .await
    });
    methods.add("eth_getBlockByHash", |api, mut args| async move {
        let hash: B256 = args.required("hash")?;
        let full = args.optional("full transactions")?.unwrap_or(false);
        args.end()?;
        api.read(move |view| Ok(find_block(view, hash.into())?.map(|block| convert::block(&block, full))))
            .await
    });
    methods.add("eth_getHeaderByNumber", |api, mut args| async move {
        let number: BlockNumberOrTag = args.required("block")?;
        args.end()?;
        api.read(move |view| Ok(find_block(view, number.into())?.map(|block| convert::header(&block))))
            .await
    });
    methods.add("eth_getHeaderByHash", |api, mut args| async move {
        let hash: B256 = args.required("hash")?;
        args.end()?;
        api.read(move |view| Ok(find_block(view, hash.into())?.map(|block| convert::header(&block))))
            .await
    });
    methods.add(
        "eth_getBlockTransactionCountByNumber",
        |api, mut args| async move {
            let number: BlockNumberOrTag = args.required("block")?;
            args.end()?;
            api.read(move |view| {
                Ok(find_block(view, number.into())?.map(|block| U64::from(block.transactions.len())))
            })
            .await
        },
    );
    methods.add("eth_getBlockTransactionCountByHash", |api, mut args| async move {
        let hash: B256 = args.required("hash")?;
        args.end()?;
        api.read(move |view| {
            Ok(find_block(view, hash.into())?.map(|block| U64::from(block.transactions.len())))
        })
        .await
    });
    for name in ["eth_getUncleCountByBlockNumber", "eth_getUncleCountByBlockHash"] {
        methods.add(name, |api, mut args| async move {
            let id: BlockId = args.required("block")?;
            args.end()?;
            api.read(move |view| Ok(find_block(view, id)?.map(|_| U256::ZERO)))
                .await
        });
    }
    register_transactions(methods);
}

fn register_transactions<V: ChainView>(methods: &mut Methods<V>) {
    methods.add("eth_getTransactionByHash", |api, mut args| async move {
        let hash: B256 = args.required("hash")?;
        args.end()?;
        api.read(move |view| {
            if let Some((number, index)) = view.transaction(hash)? {
                return Ok(view
                    .block(number)?
                    .and_then(|block| convert::transaction(&block, index)));
            }
            Ok(view.pending_transaction(hash).map(convert::pending))
        })
        .await
    });
    methods.add("eth_getRawTransactionByHash", |api, mut args| async move {
        let hash: B256 = args.required("hash")?;
        args.end()?;
        api.read(move |view| {
            let found = match view.transaction(hash)? {
                Some((number, index)) => view
                    .block(number)?
                    .and_then(|block| block.transactions.get(index).cloned()),
                None => view.pending_transaction(hash),
            };
            Ok(found.map(|transaction| crate::proofs::encoded(transaction.inner())))
        })
        .await
    });
    methods.add(
        "eth_getTransactionByBlockNumberAndIndex",
        |api, mut args| async move {
            let number: BlockNumberOrTag = args.required("block")?;
            let index: Index = args.required("index")?;
            args.end()?;
            api.read(move |view| {
                Ok(find_block(view, number.into())?.and_then(|block| convert::transaction(&block, index.0)))
            })
            .await
        },
    );
    methods.add(
        "eth_getTransactionByBlockHashAndIndex",
        |api, mut args| async move {
            let hash: B256 = args.required("hash")?;
            let index: Index = args.required("index")?;
            args.end()?;
            api.read(move |view| {
                Ok(find_block(view, hash.into())?.and_then(|block| convert::transaction(&block, index.0)))
            })
            .await
        },
    );
    methods.add("eth_getTransactionReceipt", |api, mut args| async move {
        let hash: B256 = args.required("hash")?;
        args.end()?;
        api.read(move |view| {
            let Some((number, index)) = view.transaction(hash)? else {
                return Ok(None);
            };
            Ok(view
                .block(number)?
                .and_then(|block| convert::receipt(&block, index)))
        })
        .await
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
