//! Log queries over a bounded range.

use crate::{
    RpcError,
    api::{Answer, find_block, number_of},
    convert,
    error::invalid_range,
    limits::{MAX_FILTER_TERMS, MAX_LOG_BLOCKS, MAX_LOGS},
    server::Methods,
};
use alloy_eips::BlockNumberOrTag;
use alloy_rpc_types_eth::{Filter, FilterBlockOption, Log};
use zhengtong_chain::{ChainView, SealedBlock};

pub(super) fn register<V: ChainView>(methods: &mut Methods<V>) {
    methods.add("eth_getLogs", |api, mut args| async move {
        let filter: Filter = args.required("filter")?;
        args.end()?;
        check(&filter)?;
        api.read(move |view| query(view, &filter)).await
    });
}

/// Refuses filters that would take long to match.
pub(crate) fn check(filter: &Filter) -> Answer<()> {
    let topics = filter.topics.iter().map(|topic| topic.len());
    let most = topics.chain([filter.address.len()]).max().unwrap_or(0);
    if most > MAX_FILTER_TERMS {
        return Err(RpcError::Limit(format!(
            "the filter names {most} alternatives, at most {MAX_FILTER_TERMS}"
        )));
    }
    Ok(())
}

/// The logs that a query asks for.
pub(super) fn query(view: &impl ChainView, filter: &Filter) -> Answer<Vec<Log>> {
    match filter.block_option {
        FilterBlockOption::AtBlockHash(hash) => {
            let block = find_block(view, hash.into())?;
            let block = block.ok_or_else(|| RpcError::UnknownBlock(format!("no block {hash}")))?;
            let mut found = Vec::new();
            add(&mut found, &block, filter)?;
            Ok(found)
        }
        FilterBlockOption::Range { from_block, to_block } => {
            let tip = view.tip().header.number;
            let from = number_of(view, from_block.unwrap_or(BlockNumberOrTag::Latest));
            let to = number_of(view, to_block.unwrap_or(BlockNumberOrTag::Latest));
            if from > to {
                return Err(invalid_range(from, to));
            }
            if from > tip {
                return Ok(Vec::new());
            }
            range(view, filter, from, to.min(tip))
        }
    }
}

/// The matching logs of blocks `from..=to`, which must exist.
pub(super) fn range(view: &impl ChainView, filter: &Filter, from: u64, to: u64) -> Answer<Vec<Log>> {
    if to - from >= MAX_LOG_BLOCKS {
        let enough = from + MAX_LOG_BLOCKS - 1;
        return Err(RpcError::Limit(format!(
            "query exceeds max block range {MAX_LOG_BLOCKS}; ask for fromBlock {from:#x} to toBlock {enough:#x}"
        )));
    }
    let mut found = Vec::new();
    for number in from..=to {
        if let Some(block) = view.block(number)? {
            add(&mut found, &block, filter)?;
        }
    }
    Ok(found)
}

/// The matching logs of one block.
pub(super) fn matching<'a>(block: &'a SealedBlock, filter: &'a Filter) -> impl Iterator<Item = Log> + 'a {
    let possible = filter.matches_bloom(block.header.logs_bloom);
    possible
        .then(|| convert::logs(block, |log| filter.matches(log)))
        .into_iter()
        .flatten()
}

fn add(found: &mut Vec<Log>, block: &SealedBlock, filter: &Filter) -> Answer<()> {
    for log in matching(block, filter) {
        if found.len() == MAX_LOGS {
            let number = block.header.number;
            return Err(RpcError::Limit(format!(
                "query returned more than {MAX_LOGS} results, reached in block {number}; narrow the range"
            )));
        }
        found.push(log);
    }
    Ok(())
}
