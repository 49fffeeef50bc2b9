//! The `trace_` namespace: traces in Parity's shapes.

use crate::{
    RpcError,
    api::{Answer, need_block, number_of},
    calls::{call_request, context, read_transaction},
    error::invalid_range,
    limits::{MAX_FILTER_TERMS, MAX_FOUND_TRACES, MAX_TRACED_BLOCKS, MAX_TRACED_GAS},
    replay::{Past, only, trace_error},
    server::Methods,
};
use alloy_eips::{BlockId, BlockNumberOrTag};
use alloy_primitives::{Address, B256, Bytes, map::HashSet};
use alloy_rpc_types_eth::Index;
use alloy_rpc_types_trace::parity::{
    Action, LocalizedTransactionTrace, TraceOutput, TraceResultsWithTransactionHash, TraceType,
};
use serde::Deserialize;
use zhengtong_chain::{ChainView, ViewError};
use zhengtong_evm::{
    Database, MAX_TRACE_BYTES, Overrides, Replay, decode, parity_call, parity_results, parity_traces, recover,
};

type Types = HashSet<TraceType>;

pub(crate) fn register<V: ChainView>(methods: &mut Methods<V>) {
    methods.add("trace_transaction", |api, mut args| async move {
        let hash: B256 = args.required("hash")?;
        args.end()?;
        api.trace(move |view| of_transaction(view, hash)).await
    });
    methods.add("trace_get", |api, mut args| async move {
        let hash: B256 = args.required("hash")?;
        let indices: Vec<Index> = args.required("indices")?;
        let [index] = indices[..] else {
            return Err(args.refuse("indices", "exactly one is taken"));
        };
        args.end()?;
        api.trace(move |view| {
            Ok(of_transaction(view, hash)?.and_then(|traces| traces.into_iter().nth(index.0)))
        })
        .await
    });
    methods.add("trace_block", |api, mut args| async move {
        let id: BlockId = args.required("block")?;
        args.end()?;
        api.trace(move |view| all_calls(Past::find(view, id)?)).await
    });
    methods.add("trace_filter", |api, mut args| async move {
        let filter: Filter = args.required("filter")?;
        args.end()?;
        filter.check()?;
        api.trace(move |view| filter.find(view)).await
    });
    register_results(methods);
}

fn register_results<V: ChainView>(methods: &mut Methods<V>) {
    methods.add("trace_replayTransaction", |api, mut args| async move {
        let hash: B256 = args.required("hash")?;
        let types: Types = args.required("trace types")?;
        args.end()?;
        api.trace(move |view| {
            let (past, index) = Past::of_transaction(view, hash)?
                .ok_or_else(|| RpcError::Execution("transaction not found".into()))?;
            only(past.again(index..index + 1, |state, replay| {
                parity_results(state, replay, &types)
            })?)
        })
        .await
    });
    methods.add("trace_replayBlockTransactions", |api, mut args| async move {
        let id: BlockId = args.required("block")?;
        let types: Types = args.required("trace types")?;
        args.end()?;
        api.trace(move |view| {
            let past = Past::find(view, id)?;
            let block = past.block.clone();
            let all = past.all();
            let results = past.again(all, |state, replay| parity_results(state, replay, &types))?;
            let hashes = block
                .transactions
                .iter()
                .map(|transaction| *transaction.tx_hash());
            Ok(results
                .into_iter()
                .zip(hashes)
                .map(|(full_trace, transaction_hash)| TraceResultsWithTransactionHash {
                    full_trace,
                    transaction_hash,
                })
                .collect::<Vec<_>>())
        })
        .await
    });
    methods.add("trace_call", |api, mut args| async move {
        let request = read_transaction(&mut args)?;
        let types: Types = args.required("trace types")?;
        let block: Option<BlockId> = args.optional("block")?;
        args.end()?;
        api.trace(move |view| {
            let block = need_block(view, block)?;
            let request = call_request(request, view.rules())?;
            let state = view.state(block.header.number)?;
            let overrides = Overrides::default();
            parity_call(state, &context(view, &block), &request, &overrides, &types).map_err(trace_error)
        })
        .await
    });
    methods.add("trace_rawTransaction", |api, mut args| async move {
        let raw: Bytes = args.required("transaction")?;
        let types: Types = args.required("trace types")?;
        let block: Option<BlockId> = args.optional("block")?;
        args.end()?;
        api.trace(move |view| {
            let block = need_block(view, block)?;
            let transaction = decode(&raw, view.rules()).and_then(recover);
            let transaction = transaction.map_err(zhengtong_chain::SubmitError::from)?;
            let replay = Replay {
                context: context(view, &block),
                block_hash: block.hash,
                transactions: &[transaction],
                wanted: 0..1,
            };
            let state = view.state(block.header.number)?;
            only(parity_results(state, &replay, &types).map_err(trace_error)?)
        })
        .await
    });
}

fn all_calls<S: Database<Error = ViewError>>(past: Past<S>) -> Answer<Vec<LocalizedTransactionTrace>> {
    let all = past.all();
    Ok(past.again(all, parity_traces)?.into_iter().flatten().collect())
}

fn of_transaction<V: ChainView>(view: &V, hash: B256) -> Answer<Option<Vec<LocalizedTransactionTrace>>> {
    let Some((past, index)) = Past::of_transaction(view, hash)? else {
        return Ok(None);
    };
    only(past.again(index..index + 1, parity_traces)?).map(Some)
}

/// What `trace_filter` looks for. A list that is empty admits every address.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Filter {
    #[serde(default)]
    from_block: Option<BlockNumberOrTag>,
    #[serde(default)]
    to_block: Option<BlockNumberOrTag>,
    #[serde(default)]
    from_address: Option<Vec<Address>>,
    #[serde(default)]
    to_address: Option<Vec<Address>>,
    #[serde(default)]
    mode: Mode,
    /// How many traces to leave out.
    #[serde(default)]
    after: Option<Index>,
    /// How many to give.
    #[serde(default)]
    count: Option<Index>,
}

/// Whether both lists have to admit a trace, or one.
#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Mode {
    #[default]
    Union,
    Intersection,
}

impl Filter {
    fn check(&self) -> Answer<()> {
        let most = [&self.from_address, &self.to_address].map(|list| list.as_ref().map_or(0, Vec::len));
        if most.iter().any(|length| *length > MAX_FILTER_TERMS) {
            return Err(RpcError::Limit(format!(
                "the filter names more than {MAX_FILTER_TERMS} addresses"
            )));
        }
        Ok(())
    }

    fn find<V: ChainView>(&self, view: &V) -> Answer<Vec<LocalizedTransactionTrace>> {
        let number = |tag: Option<BlockNumberOrTag>| number_of(view, tag.unwrap_or(BlockNumberOrTag::Latest));
        let (from, to) = (number(self.from_block), number(self.to_block));
        if from > to {
            return Err(invalid_range(from, to));
        }
        // Block 0 has no transactions.
        let (from, to) = (from.max(1), to.min(view.tip().header.number));
        if to.saturating_sub(from) >= MAX_TRACED_BLOCKS {
            let enough = from + MAX_TRACED_BLOCKS - 1;
            return Err(RpcError::Limit(format!(
                "at most {MAX_TRACED_BLOCKS} blocks are traced at once; ask for fromBlock {from:#x} to toBlock {enough:#x}"
            )));
        }
        let after = self.after.map_or(0, |after| after.0);
        let count = self.count.map_or(usize::MAX, |count| count.0);
        let (mut seen, mut bytes, mut found) = (0_usize, 0, Vec::new());
        let mut gas = 0_u64;
        for number in from..=to {
            let past = Past::find(view, number.into())?;
            gas = gas.saturating_add(past.block.header.gas_used);
            if gas > MAX_TRACED_GAS {
                return Err(RpcError::Limit(format!(
                    "the blocks used more than {MAX_TRACED_GAS} gas, reached in block {number}; narrow the range"
                )));
            }
            for trace in all_calls(past)? {
                if !self.admits(&trace) {
                    continue;
                }
                seen += 1;
                if seen <= after {
                    continue;
                }
                if found.len() == count {
                    return Ok(found);
                }
                bytes += data_bytes(&trace);
                if found.len() == MAX_FOUND_TRACES || bytes > MAX_TRACE_BYTES {
                    return Err(RpcError::Limit(format!(
                        "more than {MAX_FOUND_TRACES} traces or {MAX_TRACE_BYTES} bytes are found, reached in block {number}; narrow the range or use after and count"
                    )));
                }
                found.push(trace);
            }
        }
        Ok(found)
    }

    fn admits(&self, trace: &LocalizedTransactionTrace) -> bool {
        let created = match &trace.trace.result {
            Some(TraceOutput::Create(output)) => Some(output.address),
            _ => None,
        };
        let (from, to) = match &trace.trace.action {
            Action::Call(call) => (call.from, Some(call.to)),
            Action::Create(create) => (create.from, created),
            Action::Selfdestruct(end) => (end.address, Some(end.refund_address)),
            Action::Reward(reward) => (reward.author, None),
        };
        let admitted = |list: &Option<Vec<Address>>, address: Option<Address>| {
            let list = list.as_ref().filter(|list| !list.is_empty())?;
            Some(address.is_some_and(|address| list.contains(&address)))
        };
        match (
            admitted(&self.from_address, Some(from)),
            admitted(&self.to_address, to),
        ) {
            (None, None) => true,
            (Some(one), None) | (None, Some(one)) => one,
            (Some(from), Some(to)) => match self.mode {
                Mode::Union => from || to,
                Mode::Intersection => from && to,
            },
        }
    }
}

/// Bytes of what a call was given and returned.
fn data_bytes(trace: &LocalizedTransactionTrace) -> usize {
    let given = match &trace.trace.action {
        Action::Call(call) => call.input.len(),
        Action::Create(create) => create.init.len(),
        Action::Selfdestruct(_) | Action::Reward(_) => 0,
    };
    given
        + trace
            .trace
            .result
            .as_ref()
            .map_or(0, |result| result.output().len())
}
