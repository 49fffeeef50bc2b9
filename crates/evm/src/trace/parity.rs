//! Traces as `trace_*` gives them, the namespace of Parity and its successors.

use super::{
    Evm, Replay, TraceError,
    bounded::{Bounded, Budget, Steps},
    evm_for_blocks, inspect,
    shared::{Shared, charge_state},
};
use crate::{
    BlockContext, CallRequest, ExecuteError, Overrides,
    call::{Prepared, evm_for_calls},
};
use alloy_primitives::map::HashSet;
use alloy_rpc_types_eth::TransactionInfo;
use alloy_rpc_types_trace::parity::{LocalizedTransactionTrace, TraceResults, TraceType};
use revm::{Database, context_interface::result::ResultAndState, database::State};
use revm_inspectors::tracing::{TracingInspector, TracingInspectorConfig};

/// The calls of the wanted transactions, one list each. `database` has the state before the block.
pub fn parity_traces<DB: Database>(
    database: DB,
    replay: &Replay<'_>,
) -> Result<Vec<Vec<LocalizedTransactionTrace>>, TraceError<DB::Error>> {
    let config = TracingInspectorConfig::default_parity();
    replay.each(database, |index, state, transaction, budget| {
        let inspector = Bounded::new(TracingInspector::new(config), budget, Steps::of(&config));
        let evm = evm_for_blocks(state, &replay.context, inspector);
        let (done, inspector) = inspect(evm, transaction)?;
        let info = TransactionInfo {
            hash: Some(*replay.transactions[index].tx_hash()),
            index: Some(index as u64),
            block_hash: Some(replay.block_hash),
            block_number: Some(replay.context.number),
            ..TransactionInfo::default()
        };
        let traces = inspector
            .into_parity_builder()
            .into_localized_transaction_traces(info);
        Ok((traces, done.state))
    })
}

/// What `types` name of the wanted transactions, one result each. `database` has the state before the block.
pub fn parity_results<DB: Database>(
    database: DB,
    replay: &Replay<'_>,
    types: &HashSet<TraceType>,
) -> Result<Vec<TraceResults>, TraceError<DB::Error>> {
    let config = TracingInspectorConfig::from_parity_config(types);
    replay.each(database, |_, state, transaction, budget| {
        let inspector = Bounded::new(TracingInspector::new(config), budget, Steps::of(&config));
        let evm = evm_for_blocks(state, &replay.context, inspector);
        let (done, inspector) = inspect(evm, transaction)?;
        let results = results(state, inspector, &done, types, budget)?;
        Ok((results, done.state))
    })
}

/// What `types` name of a call.
pub fn parity_call<DB: Database>(
    database: DB,
    context: &BlockContext,
    request: &CallRequest,
    overrides: &Overrides,
    types: &HashSet<TraceType>,
) -> Result<TraceResults, TraceError<DB::Error>> {
    let config = TracingInspectorConfig::from_parity_config(types);
    let mut budget = Budget::default();
    let mut call = Prepared::new(database, context, request, overrides)?;
    let inspector = Bounded::new(TracingInspector::new(config), &mut budget, Steps::of(&config));
    let evm: Evm<'_, DB, _> = evm_for_calls(&mut call.state, &call.context, inspector);
    let (done, inspector) = inspect(evm, call.transaction)?;
    results(&mut call.state, inspector, &done, types, &mut budget)
}

fn results<DB: Database>(
    state: &mut State<DB>,
    inspector: TracingInspector,
    done: &ResultAndState,
    types: &HashSet<TraceType>,
    budget: &mut Budget,
) -> Result<TraceResults, TraceError<DB::Error>> {
    if types.contains(&TraceType::StateDiff) || types.contains(&TraceType::VmTrace) {
        charge_state(state, &done.state, budget)?;
    }
    let results =
        inspector
            .into_parity_builder()
            .into_trace_results_with_state(done, types, Shared::new(state));
    Ok(results.map_err(ExecuteError::from)?)
}
