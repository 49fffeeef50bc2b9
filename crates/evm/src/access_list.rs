//! `eth_createAccessList`: what a call would touch.

use crate::{
    BlockContext, CallOutcome, CallRequest, ExecuteError, MAX_TRANSACTION_GAS, Overrides,
    call::{Prepared, evm_for_calls},
};
use alloy_eips::eip2930::AccessList;
use revm::{Database, InspectEvm as _, context::TxEnv};
use revm_inspectors::access_list::AccessListInspector;

/// A list changes the gas that is left, and with it what a call does: it is made again until it is stable, this often at most.
const MAX_ROUNDS: usize = 8;

/// Runs a call until the accounts and slots that it touches are those it names, and tells what it did with them named.
pub fn create_access_list<DB: Database>(
    database: DB,
    context: &BlockContext,
    request: &CallRequest,
    overrides: &Overrides,
) -> Result<(AccessList, CallOutcome), ExecuteError<DB::Error>> {
    let mut call = Prepared::new(database, context, request, overrides)?;
    let mut list = sorted(request.access_list.clone().unwrap_or_default());
    let mut round = 0;
    loop {
        round += 1;
        let transaction = TxEnv {
            tx_type: 1,
            gas_limit: call.transaction.gas_limit.min(MAX_TRANSACTION_GAS),
            access_list: list.clone(),
            ..call.transaction.clone()
        };
        let inspector = AccessListInspector::new(list.clone());
        let mut evm = evm_for_calls(&mut call.state, &call.context, inspector);
        let outcome = evm.inspect_tx(transaction)?.result.into();
        let touched = sorted(evm.inspector.access_list());
        if touched == list || round == MAX_ROUNDS {
            return Ok((touched, outcome));
        }
        list = touched;
    }
}

/// In a canonical order, so that the same question has the same answer.
fn sorted(mut list: AccessList) -> AccessList {
    for item in &mut list.0 {
        item.storage_keys.sort_unstable();
        item.storage_keys.dedup();
    }
    list.0.sort_unstable_by_key(|item| item.address);
    list
}
