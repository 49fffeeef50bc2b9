//! Traces: what happened inside transactions that are executed again, in the shapes of geth and of Parity.
//!
//! To add a tracer: admit it in [`geth`], and charge in [`bounded`] for whatever it records.

mod bounded;
mod geth;
mod parity;
mod shared;

use crate::{BlockContext, ExecuteError, Transaction, executor::environment};
use alloy_primitives::B256;
use bounded::{Bounded, Budget};
use revm::{
    Context, Database, DatabaseCommit as _, ExecuteEvm as _, InspectEvm as _, Inspector, MainBuilder as _,
    MainContext as _,
    context::TxEnv,
    context_interface::result::ResultAndState,
    database::State,
    handler::{MainnetContext, MainnetEvm},
};
use std::ops::Range;
use thiserror::Error;

pub use bounded::MAX_TRACE_BYTES;
pub use geth::{geth_call, geth_traces};
pub use parity::{parity_call, parity_results, parity_traces};

/// A block's transactions, some of which are to be traced; those before them are executed only.
#[derive(Clone, Debug)]
pub struct Replay<'a> {
    pub context: BlockContext,
    pub block_hash: B256,
    pub transactions: &'a [Transaction],
    /// Indices of those to trace.
    pub wanted: Range<usize>,
}

/// Why there is no trace.
#[derive(Debug, Error)]
pub enum TraceError<E: std::error::Error> {
    #[error("the trace is larger than {MAX_TRACE_BYTES} bytes; ask for less of it, or for one transaction")]
    TooLarge,
    #[error("{0}")]
    Unsupported(String),
    #[error(transparent)]
    Execute(#[from] ExecuteError<E>),
}

type Evm<'a, DB, I> = MainnetEvm<MainnetContext<&'a mut State<DB>>, I>;

/// An EVM under the rules of a block.
fn evm_for_blocks<'a, DB: Database, I>(
    state: &'a mut State<DB>,
    context: &BlockContext,
    inspector: I,
) -> Evm<'a, DB, I> {
    Context::mainnet()
        .with_db(state)
        .modify_cfg_chained(|config| context.apply_config(config))
        .with_block(context.block_env())
        .build_mainnet_with_inspector(inspector)
}

/// The state before the transaction `index` of a block.
fn state_before<DB: Database>(
    database: DB,
    context: &BlockContext,
    transactions: &[Transaction],
) -> Result<State<DB>, ExecuteError<DB::Error>> {
    let mut state = State::builder().with_database(database).build();
    for transaction in transactions {
        execute(&mut state, context, environment(transaction))?;
    }
    Ok(state)
}

fn execute<DB: Database>(
    state: &mut State<DB>,
    context: &BlockContext,
    transaction: TxEnv,
) -> Result<(), ExecuteError<DB::Error>> {
    let done = evm_for_blocks(&mut *state, context, ()).transact(transaction)?;
    state.commit(done.state);
    Ok(())
}

/// Runs a transaction under an inspector that may record as much as the budget has left.
fn inspect<'a, DB: Database, I>(
    mut evm: Evm<'a, DB, Bounded<'_, I>>,
    transaction: TxEnv,
) -> Result<(ResultAndState, I), TraceError<DB::Error>>
where
    I: Inspector<MainnetContext<&'a mut State<DB>>>,
{
    let done = evm.inspect_tx(transaction);
    if evm.inspector.is_exhausted() {
        return Err(TraceError::TooLarge);
    }
    let done = done.map_err(ExecuteError::from)?;
    Ok((done, evm.inspector.into_inner()))
}

impl Replay<'_> {
    /// Gives each wanted transaction to `trace`, with the state before it. `trace` executes it under an inspector and
    /// returns what it changed.
    fn each<DB: Database, T>(
        &self,
        database: DB,
        mut trace: impl FnMut(
            usize,
            &mut State<DB>,
            TxEnv,
            &mut Budget,
        ) -> Result<(T, revm::state::EvmState), TraceError<DB::Error>>,
    ) -> Result<Vec<T>, TraceError<DB::Error>> {
        let before = &self.transactions[..self.wanted.start];
        let mut state = state_before(database, &self.context, before)?;
        let mut budget = Budget::default();
        let mut traces = Vec::with_capacity(self.wanted.len());
        for index in self.wanted.clone() {
            let transaction = environment(&self.transactions[index]);
            let (traced, changes) = trace(index, &mut state, transaction, &mut budget)?;
            state.commit(changes);
            traces.push(traced);
        }
        Ok(traces)
    }
}
