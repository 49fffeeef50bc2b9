//! Traces as `debug_trace*` gives them.

use super::{
    Evm, Replay, TraceError,
    bounded::{Bounded, Budget, Steps},
    evm_for_blocks, inspect,
    shared::{Shared, charge_state},
    state_before,
};
use crate::{
    BlockContext, CallRequest, ExecuteError, Overrides, Transaction,
    call::{Prepared, evm_for_calls},
};
use alloy_rpc_types_trace::geth::{
    GethDebugBuiltInTracerType as BuiltIn, GethDebugTracerType, GethDebugTracingOptions, GethTrace,
};
use revm::{Database, context::TxEnv, context_interface::result::ResultAndState, database::State};
use revm_inspectors::tracing::{DebugInspector, DebugInspectorError, TransactionContext};

/// Traces the wanted transactions of a block, one result each. `database` has the state before the block.
pub fn geth_traces<DB: Database>(
    database: DB,
    replay: &Replay<'_>,
    options: &GethDebugTracingOptions,
) -> Result<Vec<GethTrace>, TraceError<DB::Error>> {
    let mut tracer = Tracer::new(options)?;
    replay.each(database, |index, state, transaction, budget| {
        let at = TransactionContext {
            block_hash: Some(replay.block_hash),
            tx_index: Some(index),
            tx_hash: Some(*replay.transactions[index].tx_hash()),
        };
        let evm = evm_for_blocks(state, &replay.context, tracer.bounded(budget)?);
        let (done, inspector) = inspect(evm, transaction.clone())?;
        tracer.inspector = inspector;
        let trace = tracer.result(state, &replay.context, &transaction, Some(at), &done, budget)?;
        Ok((trace, done.state))
    })
}

/// Traces a call on the state after the `before` transactions of its block.
pub fn geth_call<DB: Database>(
    database: DB,
    context: &BlockContext,
    before: &[Transaction],
    request: &CallRequest,
    overrides: &Overrides,
    options: &GethDebugTracingOptions,
) -> Result<GethTrace, TraceError<DB::Error>> {
    let mut tracer = Tracer::new(options)?;
    let mut budget = Budget::default();
    let state = state_before(database, context, before)?;
    let mut call = Prepared::on(state, context, request, overrides)?;
    let evm: Evm<'_, DB, _> = evm_for_calls(&mut call.state, &call.context, tracer.bounded(&mut budget)?);
    let (done, inspector) = inspect(evm, call.transaction.clone())?;
    tracer.inspector = inspector;
    tracer.result(
        &mut call.state,
        &call.context,
        &call.transaction,
        None,
        &done,
        &mut budget,
    )
}

/// One of the admitted tracers.
struct Tracer {
    inspector: DebugInspector,
    steps: Option<Steps>,
}

impl Tracer {
    fn new<E: std::error::Error>(options: &GethDebugTracingOptions) -> Result<Self, TraceError<E>> {
        let is_admitted = match &options.tracer {
            None => true,
            Some(GethDebugTracerType::BuiltInTracer(tracer)) => matches!(
                tracer,
                BuiltIn::CallTracer
                    | BuiltIn::PreStateTracer
                    | BuiltIn::FourByteTracer
                    | BuiltIn::FlatCallTracer
                    | BuiltIn::NoopTracer
            ),
            Some(_) => false,
        };
        if !is_admitted {
            let admitted = "callTracer, prestateTracer, 4byteTracer, flatCallTracer, noopTracer";
            return Err(TraceError::Unsupported(format!(
                "this tracer is not supported; use {admitted}, or none for every step"
            )));
        }
        let inspector = DebugInspector::new(options.clone())
            .map_err(|source: DebugInspectorError| TraceError::Unsupported(source.to_string()))?;
        let steps = match &inspector {
            DebugInspector::Default(tracing, config) => Steps::of(tracing.config()).map(|steps| Steps {
                limit: config
                    .limit
                    .filter(|limit| *limit > 0)
                    .map(|limit| usize::try_from(limit).unwrap_or(usize::MAX)),
                ..steps
            }),
            DebugInspector::CallTracer(tracing, _)
            | DebugInspector::PreStateTracer(tracing, _)
            | DebugInspector::FlatCallTracer(tracing) => Steps::of(tracing.config()),
            _ => None,
        };
        Ok(Self { inspector, steps })
    }

    /// The inspector for the next transaction.
    fn bounded<'a, E: std::error::Error>(
        &mut self,
        budget: &'a mut Budget,
    ) -> Result<Bounded<'a, DebugInspector>, TraceError<E>> {
        let fresh = self
            .inspector
            .try_clone()
            .and_then(|mut fresh| fresh.fuse().map(|()| fresh))
            .map_err(|source| TraceError::Unsupported(source.to_string()))?;
        Ok(Bounded::new(fresh, budget, self.steps))
    }

    fn result<DB: Database>(
        &mut self,
        state: &mut State<DB>,
        context: &BlockContext,
        transaction: &TxEnv,
        at: Option<TransactionContext>,
        done: &ResultAndState,
        budget: &mut Budget,
    ) -> Result<GethTrace, TraceError<DB::Error>> {
        if matches!(self.inspector, DebugInspector::PreStateTracer(..)) {
            charge_state(state, &done.state, budget)?;
        }
        let mut before = Shared::new(state);
        self.inspector
            .get_result(at, transaction, &context.block_env(), done, &mut before)
            .map_err(|error| match error {
                DebugInspectorError::Database(source) => ExecuteError::from(source).into(),
                other => TraceError::Unsupported(other.to_string()),
            })
    }
}
