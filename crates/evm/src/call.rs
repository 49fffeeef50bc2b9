//! Execution without a block: `eth_call` and `eth_estimateGas`.

use crate::{BlockContext, ExecuteError, MAX_TRANSACTION_GAS, Overrides, overrides::Overridden};
use alloy_eips::eip2930::AccessList;
use alloy_primitives::{Address, Bytes, Log, TxKind, U256};
use revm::{
    Context, Database, ExecuteEvm as _, MainBuilder as _, MainContext as _,
    context::TxEnv,
    context_interface::result::{ExecutionResult, HaltReason},
    database::State,
    handler::{MainnetContext, MainnetEvm},
};
use thiserror::Error;

/// Most gas a call may use, and what it gets if it names none.
pub const MAX_CALL_GAS: u64 = 100_000_000;
/// A search stops when it is this close: 1/64 of the result.
const ESTIMATE_PRECISION: u64 = 64;

/// A call, as `eth_call` describes it. Gas has no price, so none is named.
#[derive(Clone, Debug, Default)]
pub struct CallRequest {
    pub from: Address,
    pub to: TxKind,
    /// Capped at [`MAX_CALL_GAS`].
    pub gas_limit: Option<u64>,
    pub value: U256,
    pub data: Bytes,
    pub access_list: Option<AccessList>,
}

/// What a call did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallOutcome {
    Returned {
        output: Bytes,
        gas_used: u64,
        logs: Vec<Log>,
    },
    Reverted {
        output: Bytes,
        gas_used: u64,
    },
    Halted {
        reason: HaltReason,
        gas_used: u64,
    },
}

/// Why no amount of gas was found.
#[derive(Debug, Error)]
pub enum EstimateError<E: std::error::Error> {
    #[error("execution reverted")]
    Reverted { output: Bytes },
    #[error("execution stopped: {reason:?} with {gas_limit} gas")]
    Halted { reason: HaltReason, gas_limit: u64 },
    #[error(transparent)]
    Execute(#[from] ExecuteError<E>),
}

/// Executes a call on the state and changes nothing.
pub fn call<DB: Database>(
    database: DB,
    context: &BlockContext,
    request: &CallRequest,
    overrides: &Overrides,
) -> Result<CallOutcome, ExecuteError<DB::Error>> {
    let gas_limit = request.gas_limit.unwrap_or(MAX_CALL_GAS).min(MAX_CALL_GAS);
    Probe::new(database, context, request, overrides)?.run(gas_limit)
}

/// Finds the least gas (exactly, or within 1/64) with which a transaction succeeds, at most what one transaction may use.
pub fn estimate<DB: Database>(
    database: DB,
    context: &BlockContext,
    request: &CallRequest,
    overrides: &Overrides,
) -> Result<u64, EstimateError<DB::Error>> {
    let most = request
        .gas_limit
        .unwrap_or(MAX_TRANSACTION_GAS)
        .min(MAX_TRANSACTION_GAS)
        .min(context.gas_limit);
    let mut probe = Probe::new(database, context, request, overrides)?;
    let used = match probe.run(most)? {
        CallOutcome::Returned { gas_used, .. } => gas_used,
        CallOutcome::Reverted { output, .. } => return Err(EstimateError::Reverted { output }),
        CallOutcome::Halted { reason, .. } => {
            return Err(EstimateError::Halted {
                reason,
                gas_limit: most,
            });
        }
    };
    // Most transactions need what they use, and then the answer is exact.
    if probe.succeeds(used)? {
        return Ok(used);
    }
    // Refunds and the 63/64 rule make the need larger than the use: search between them.
    let (mut low, mut high) = (used, most);
    let guess = (used + used / 4).min(most);
    if probe.succeeds(guess)? {
        high = guess;
    } else {
        low = guess;
    }
    while high - low > 1 && high - low > high / ESTIMATE_PRECISION {
        let middle = low + (high - low) / 2;
        if probe.succeeds(middle)? {
            high = middle;
        } else {
            low = middle;
        }
    }
    Ok(high)
}

/// A call that can be run with different amounts of gas; state once read stays read.
struct Probe<'a, DB: Database> {
    evm: MainnetEvm<MainnetContext<State<Overridden<'a, DB>>>>,
    transaction: TxEnv,
}

impl<'a, DB: Database> Probe<'a, DB> {
    fn new(
        database: DB,
        context: &BlockContext,
        request: &CallRequest,
        overrides: &'a Overrides,
    ) -> Result<Self, ExecuteError<DB::Error>> {
        let context = overrides.block.apply(context);
        let database = Overridden {
            database,
            accounts: &overrides.accounts,
        };
        let mut state = State::builder().with_database(database).build();
        let nonce = state.basic(request.from)?.map_or(0, |info| info.nonce);
        let mut block = context.block_env();
        block.gas_limit = block.gas_limit.max(MAX_CALL_GAS);
        let evm = Context::mainnet()
            .with_db(state)
            .modify_cfg_chained(|config| {
                context.apply_config(config);
                config.tx_gas_limit_cap = Some(u64::MAX);
            })
            .with_block(block)
            .build_mainnet();
        let transaction = TxEnv {
            tx_type: if request.access_list.is_some() { 1 } else { 0 },
            caller: request.from,
            gas_price: 0,
            kind: request.to,
            value: request.value,
            data: request.data.clone(),
            nonce,
            chain_id: Some(context.chain_id),
            access_list: request.access_list.clone().unwrap_or_default(),
            ..TxEnv::default()
        };
        Ok(Self { evm, transaction })
    }

    fn run(&mut self, gas_limit: u64) -> Result<CallOutcome, ExecuteError<DB::Error>> {
        let transaction = TxEnv {
            gas_limit,
            ..self.transaction.clone()
        };
        let done = self.evm.transact(transaction)?;
        let gas_used = done.result.tx_gas_used();
        Ok(match done.result {
            ExecutionResult::Success { output, logs, .. } => CallOutcome::Returned {
                output: output.into_data(),
                gas_used,
                logs,
            },
            ExecutionResult::Revert { output, .. } => CallOutcome::Reverted { output, gas_used },
            ExecutionResult::Halt { reason, .. } => CallOutcome::Halted { reason, gas_used },
        })
    }

    fn succeeds(&mut self, gas_limit: u64) -> Result<bool, ExecuteError<DB::Error>> {
        match self.run(gas_limit) {
            Ok(outcome) => Ok(matches!(outcome, CallOutcome::Returned { .. })),
            // Below the intrinsic cost.
            Err(ExecuteError::Invalid(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }
}
