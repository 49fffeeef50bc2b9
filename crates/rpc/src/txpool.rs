//! The `txpool_` namespace: what waits for a block.

use crate::{RpcError, api::Answer, convert, limits::MAX_POOL_BYTES, server::Methods};
use alloy_consensus::Transaction as _;
use alloy_primitives::{Address, U64};
use alloy_rpc_types_eth::Transaction;
use serde::Serialize;
use std::collections::BTreeMap;
use zhengtong_chain::{ChainView, Waiting};

/// Whatever is told of a transaction, by nonce in decimal.
type ByNonce<T> = BTreeMap<String, T>;

/// Those that can run, and those that wait for something else first.
#[derive(Clone, Default, Serialize)]
struct Split<T> {
    pending: T,
    queued: T,
}

pub(crate) fn register<V: ChainView>(methods: &mut Methods<V>) {
    methods.add("txpool_status", |api, args| async move {
        args.end()?;
        let waiting = api.view.waiting();
        let pending = waiting.iter().filter(|waiting| waiting.can_run).count();
        Ok(Split {
            pending: U64::from(pending),
            queued: U64::from(waiting.len() - pending),
        })
    });
    methods.add("txpool_content", |api, args| async move {
        args.end()?;
        by_account(bounded(api.view.waiting())?, shown)
    });
    methods.add("txpool_contentFrom", |api, mut args| async move {
        let address: Address = args.required("address")?;
        args.end()?;
        let mut waiting = api.view.waiting();
        waiting.retain(|waiting| waiting.transaction.signer() == address);
        let mut all = by_account(bounded(waiting)?, shown)?;
        let account = address.to_string();
        Ok(Split {
            pending: all.pending.remove(&account).unwrap_or_default(),
            queued: all.queued.remove(&account).unwrap_or_default(),
        })
    });
    methods.add("txpool_inspect", |api, args| async move {
        args.end()?;
        by_account(api.view.waiting(), summary)
    });
}

/// Refuses to show more than fits in one answer.
fn bounded(waiting: Vec<Waiting>) -> Answer<Vec<Waiting>> {
    let bytes: usize = waiting.iter().map(size).sum();
    if bytes > MAX_POOL_BYTES {
        return Err(RpcError::Limit(format!(
            "{} transactions of {bytes} bytes wait, more than {MAX_POOL_BYTES} bytes; use txpool_inspect or txpool_contentFrom",
            waiting.len()
        )));
    }
    Ok(waiting)
}

/// About what a transaction takes in an answer.
fn size(waiting: &Waiting) -> usize {
    const WITHOUT_DATA: usize = 1_024;
    WITHOUT_DATA + 2 * waiting.transaction.input().len()
}

fn shown(waiting: &Waiting) -> Transaction {
    convert::pending(waiting.transaction.as_ref().clone())
}

/// In geth's words.
fn summary(waiting: &Waiting) -> String {
    let transaction = &waiting.transaction;
    let to = transaction
        .to()
        .map_or("contract creation".to_owned(), |to| to.to_string());
    format!(
        "{to}: {} wei + {} gas × {} wei",
        transaction.value(),
        transaction.gas_limit(),
        transaction.max_fee_per_gas()
    )
}

fn by_account<T>(
    waiting: Vec<Waiting>,
    tell: impl Fn(&Waiting) -> T,
) -> Answer<Split<BTreeMap<String, ByNonce<T>>>>
where
    T: Clone + Serialize,
{
    let mut split: Split<BTreeMap<String, ByNonce<T>>> = Split::default();
    for waiting in &waiting {
        let half = if waiting.can_run {
            &mut split.pending
        } else {
            &mut split.queued
        };
        let account = half.entry(waiting.transaction.signer().to_string()).or_default();
        account.insert(waiting.transaction.nonce().to_string(), tell(waiting));
    }
    Ok(split)
}
