//! Blocks.

use crate::{api::find_block, convert, server::Methods};
use alloy_eips::{BlockId, BlockNumberOrTag};
use alloy_primitives::{B256, U64, U256};
use alloy_rpc_types_eth::{Header, Index};
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
    methods.add("eth_getUncleByBlockNumberAndIndex", |_, mut args| async move {
        let _: BlockNumberOrTag = args.required("block")?;
        let _: Index = args.required("index")?;
        args.end().map(|()| None::<Header>)
    });
    methods.add("eth_getUncleByBlockHashAndIndex", |_, mut args| async move {
        let _: B256 = args.required("hash")?;
        let _: Index = args.required("index")?;
        args.end().map(|()| None::<Header>)
    });
}
