//! Installed filters, for tools that poll.

use crate::{
    RpcError,
    api::{Answer, Api},
    eth::logs,
    filters::Kind,
    limits::{MAX_LOG_BLOCKS, MAX_LOGS},
    server::Methods,
};
use alloy_primitives::{B256, U256};
use alloy_rpc_types_eth::{Filter, FilterBlockOption, FilterChanges, Log, Transaction};
use std::time::Instant;
use zhengtong_chain::ChainView;

type Changes = FilterChanges<Transaction, Log>;

pub(super) fn register<V: ChainView>(methods: &mut Methods<V>) {
    methods.add("eth_newFilter", |api, mut args| async move {
        let filter: Filter = args.required("filter")?;
        args.end()?;
        logs::check(&filter)?;
        let kind = Kind::Logs {
            filter: Box::new(filter),
            after: api.view.tip().header.number,
        };
        api.filters.lock().install(kind, Instant::now())
    });
    methods.add("eth_newBlockFilter", |api, args| async move {
        args.end()?;
        let after = api.view.tip().header.number;
        api.filters.lock().install(Kind::Blocks { after }, Instant::now())
    });
    methods.add("eth_newPendingTransactionFilter", |api, mut args| async move {
        if args.optional::<bool>("full transactions")? == Some(true) {
            return Err(args.refuse("full transactions", "only hashes are given"));
        }
        args.end()?;
        let from = api.pending.lock().next();
        api.filters.lock().install(Kind::Pending { from }, Instant::now())
    });
    methods.add("eth_uninstallFilter", |api, mut args| async move {
        let id: U256 = args.required("filter id")?;
        args.end()?;
        Ok(api.filters.lock().uninstall(id))
    });
    methods.add("eth_getFilterLogs", |api, mut args| async move {
        let id: U256 = args.required("filter id")?;
        args.end()?;
        let Kind::Logs { filter, .. } = api.filters.lock().get(id, Instant::now())? else {
            return Err(RpcError::UnknownFilter);
        };
        api.read(move |view| logs::query(view, &filter)).await
    });
    methods.add("eth_getFilterChanges", |api, mut args| async move {
        let id: U256 = args.required("filter id")?;
        args.end()?;
        changes(&api, id).await
    });
}

async fn changes<V: ChainView>(api: &Api<V>, id: U256) -> Answer<Changes> {
    let kind = api.filters.lock().get(id, Instant::now())?;
    let (changes, next) = match kind {
        Kind::Pending { from } => {
            let pending = api.pending.lock();
            (
                hashes(pending.since(from)),
                Kind::Pending { from: pending.next() },
            )
        }
        Kind::Blocks { after } => {
            let (found, after) = api.read(move |view| block_hashes(view, after)).await?;
            (hashes(found), Kind::Blocks { after })
        }
        Kind::Logs { filter, after } => {
            let asked = filter.clone();
            let (found, after) = api.read(move |view| new_logs(view, &asked, after)).await?;
            let changes = if found.is_empty() {
                Changes::Empty
            } else {
                Changes::Logs(found)
            };
            (changes, Kind::Logs { filter, after })
        }
    };
    api.filters.lock().advance(id, next);
    Ok(changes)
}

fn hashes(found: Vec<B256>) -> Changes {
    if found.is_empty() {
        Changes::Empty
    } else {
        Changes::Hashes(found)
    }
}

fn block_hashes(view: &impl ChainView, after: u64) -> Answer<(Vec<B256>, u64)> {
    let to = view.tip().header.number.min(after.saturating_add(MAX_LOG_BLOCKS));
    let mut found = Vec::new();
    for number in after + 1..=to {
        found.extend(view.block(number)?.map(|block| block.hash));
    }
    Ok((found, to.max(after)))
}

/// The next matching logs; what does not fit in one answer comes with the next.
fn new_logs(view: &impl ChainView, filter: &Filter, after: u64) -> Answer<(Vec<Log>, u64)> {
    let (first, last) = match filter.block_option {
        FilterBlockOption::Range { from_block, to_block } => {
            let number = |tag: Option<alloy_eips::BlockNumberOrTag>| tag.and_then(|tag| tag.as_number());
            (
                number(from_block).unwrap_or(0),
                number(to_block).unwrap_or(u64::MAX),
            )
        }
        FilterBlockOption::AtBlockHash(_) => return Ok((Vec::new(), after)),
    };
    let to = view.tip().header.number.min(after.saturating_add(MAX_LOG_BLOCKS));
    let mut found = Vec::new();
    let mut reached = after;
    for number in after + 1..=to {
        if (first..=last).contains(&number)
            && let Some(block) = view.block(number)?
        {
            let new: Vec<_> = logs::matching(&block, filter).collect();
            if !found.is_empty() && found.len() + new.len() > MAX_LOGS {
                break;
            }
            found.extend(new);
        }
        reached = number;
    }
    Ok((found, reached))
}
