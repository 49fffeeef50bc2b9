//! The `debug_` namespace: raw items, and traces in geth's shapes.

use crate::{
    RpcError,
    api::{Answer, need_block},
    calls::{block_overrides, call_request, context, read_transaction, state_overrides},
    eth::transactions::raw_transaction,
    proofs::encoded_items,
    replay::{Past, only, trace_error},
    server::Methods,
};
use alloy_consensus::{Block, BlockBody, TxEnvelope};
use alloy_eips::{BlockId, BlockNumberOrTag};
use alloy_primitives::{B256, Bytes};
use alloy_rpc_types_eth::{BlockOverrides, Index, Withdrawals, state::StateOverride};
use alloy_rpc_types_trace::geth::{GethDebugTracingOptions, GethTrace};
use serde::{Deserialize, Serialize};
use zhengtong_chain::{ChainView, SealedBlock};
use zhengtong_evm::{Overrides, geth_call, geth_traces};
use zhengtong_types::header::encode_header;

pub(crate) fn register<V: ChainView>(methods: &mut Methods<V>) {
    register_raw(methods);
    methods.add("debug_traceTransaction", |api, mut args| async move {
        let hash: B256 = args.required("hash")?;
        let options: GethDebugTracingOptions = args.optional("options")?.unwrap_or_default();
        args.end()?;
        api.trace(move |view| {
            let (past, index) = Past::of_transaction(view, hash)?
                .ok_or_else(|| RpcError::Execution("transaction not found".into()))?;
            only(past.again(index..index + 1, |state, replay| {
                geth_traces(state, replay, &options)
            })?)
        })
        .await
    });
    methods.add("debug_traceBlockByNumber", |api, mut args| async move {
        let number: BlockNumberOrTag = args.required("block")?;
        let options: GethDebugTracingOptions = args.optional("options")?.unwrap_or_default();
        args.end()?;
        api.trace(move |view| block_traces(view, number.into(), &options))
            .await
    });
    methods.add("debug_traceBlockByHash", |api, mut args| async move {
        let hash: B256 = args.required("hash")?;
        let options: GethDebugTracingOptions = args.optional("options")?.unwrap_or_default();
        args.end()?;
        api.trace(move |view| block_traces(view, hash.into(), &options))
            .await
    });
    methods.add("debug_traceCall", |api, mut args| async move {
        let request = read_transaction(&mut args)?;
        let block: Option<BlockId> = args.optional("block")?;
        let options: CallOptions = args.optional("options")?.unwrap_or_default();
        let overrides = options
            .overrides()
            .map_err(|reason| args.refuse("options", reason))?;
        args.end()?;
        api.trace(move |view| {
            let request = call_request(request, view.rules())?;
            let block = need_block(view, block)?;
            let context = context(view, &block);
            let (state, before) = match options.tx_index {
                None => (view.state(block.header.number)?, &[][..]),
                Some(Index(count)) => {
                    let before = block.transactions.get(..count).ok_or_else(|| {
                        RpcError::Params(format!(
                            "txIndex {count} is more than the block's {} transactions",
                            block.transactions.len()
                        ))
                    })?;
                    (Past::of(view, block.clone())?.state, before)
                }
            };
            geth_call(state, &context, before, &request, &overrides, &options.tracing).map_err(trace_error)
        })
        .await
    });
}

fn register_raw<V: ChainView>(methods: &mut Methods<V>) {
    methods.add("debug_getRawHeader", |api, mut args| async move {
        let id: BlockId = args.required("block")?;
        args.end()?;
        api.read(move |view| Ok(encode_header(&need_block(view, Some(id))?.header)))
            .await
    });
    methods.add("debug_getRawBlock", |api, mut args| async move {
        let id: BlockId = args.required("block")?;
        args.end()?;
        api.read(move |view| {
            let block = need_block(view, Some(id))?;
            Ok(raw_block(&block))
        })
        .await
    });
    methods.add("debug_getRawReceipts", |api, mut args| async move {
        let id: BlockId = args.required("block")?;
        args.end()?;
        api.read(move |view| {
            let block = need_block(view, Some(id))?;
            Ok(encoded_items(&block).1)
        })
        .await
    });
    methods.add("debug_getRawTransaction", |api, mut args| async move {
        let hash: B256 = args.required("hash")?;
        args.end()?;
        api.read(move |view| raw_transaction(view, hash)).await
    });
    methods.add("debug_getBadBlocks", |_, args| async move {
        args.end().map(|()| Vec::<String>::new())
    });
}

/// The block as Ethereum's peers would send it.
fn raw_block(block: &SealedBlock) -> Bytes {
    let body = BlockBody {
        transactions: block
            .transactions
            .iter()
            .map(|tx| tx.inner().clone())
            .collect::<Vec<TxEnvelope>>(),
        ommers: Vec::new(),
        withdrawals: Some(Withdrawals::default()),
    };
    alloy_rlp::encode(Block::new(block.header.clone(), body)).into()
}

/// What `debug_traceCall` takes beside the tracer.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct CallOptions {
    #[serde(flatten)]
    tracing: GethDebugTracingOptions,
    #[serde(default)]
    state_overrides: Option<StateOverride>,
    #[serde(default)]
    block_overrides: Option<BlockOverrides>,
    /// Executes after this many transactions of the block, and not after all.
    #[serde(default)]
    tx_index: Option<Index>,
}

impl CallOptions {
    fn overrides(&self) -> Result<Overrides, String> {
        Ok(Overrides {
            accounts: state_overrides(self.state_overrides.clone().unwrap_or_default())?,
            block: block_overrides(&self.block_overrides.clone().unwrap_or_default())?,
        })
    }
}

/// The trace of one transaction of a block.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Traced {
    tx_hash: B256,
    result: GethTrace,
}

fn block_traces<V: ChainView>(
    view: &V,
    id: BlockId,
    options: &GethDebugTracingOptions,
) -> Answer<Vec<Traced>> {
    let past = Past::find(view, id)?;
    let block = past.block.clone();
    let all = past.all();
    let results = past.again(all, |state, replay| geth_traces(state, replay, options))?;
    let hashes = block
        .transactions
        .iter()
        .map(|transaction| *transaction.tx_hash());
    Ok(hashes
        .zip(results)
        .map(|(tx_hash, result)| Traced { tx_hash, result })
        .collect())
}
