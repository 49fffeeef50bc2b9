//! Execution without a block: `eth_call` and `eth_estimateGas`.

use crate::{BlockContext, ExecuteError, Overrides, executor::authorizations, overrides::apply};
use alloy_eips::{eip2930::AccessList, eip7702::SignedAuthorization};
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
    /// Delegations that are made before the call (EIP-7702).
    pub authorization_list: Option<Vec<SignedAuthorization>>,
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

impl From<ExecutionResult> for CallOutcome {
    fn from(result: ExecutionResult) -> Self {
        let gas_used = result.tx_gas_used();
        match result {
            ExecutionResult::Success { output, logs, .. } => Self::Returned {
                output: output.into_data(),
                gas_used,
                logs,
            },
            ExecutionResult::Revert { output, .. } => Self::Reverted { output, gas_used },
            ExecutionResult::Halt { reason, .. } => Self::Halted { reason, gas_used },
        }
    }
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
    let allowed = context.limits.transaction_gas(context.gas_limit);
    let most = request.gas_limit.unwrap_or(allowed).min(allowed);
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

/// A call made ready to run: the state with its overrides, the block, the transaction.
pub(crate) struct Prepared<DB: Database> {
    pub state: State<DB>,
    pub context: BlockContext,
    pub transaction: TxEnv,
}

impl<DB: Database> Prepared<DB> {
    pub(crate) fn new(
        database: DB,
        context: &BlockContext,
        request: &CallRequest,
        overrides: &Overrides,
    ) -> Result<Self, ExecuteError<DB::Error>> {
        let state = State::builder().with_database(database).build();
        Self::on(state, context, request, overrides)
    }

    /// Like [`Prepared::new`], on a state on which something has run.
    pub(crate) fn on(
        mut state: State<DB>,
        context: &BlockContext,
        request: &CallRequest,
        overrides: &Overrides,
    ) -> Result<Self, ExecuteError<DB::Error>> {
        let context = overrides.block.apply(context);
        apply(&mut state, &overrides.accounts).map_err(ExecuteError::Database)?;
        let nonce = state.basic(request.from)?.map_or(0, |info| info.nonce);
        let transaction = TxEnv {
            tx_type: match (&request.authorization_list, &request.access_list) {
                (Some(_), _) => 4,
                (None, Some(_)) => 1,
                (None, None) => 0,
            },
            caller: request.from,
            gas_limit: request.gas_limit.unwrap_or(MAX_CALL_GAS).min(MAX_CALL_GAS),
            gas_price: 0,
            kind: request.to,
            value: request.value,
            data: request.data.clone(),
            nonce,
            chain_id: Some(context.chain_id),
            access_list: request.access_list.clone().unwrap_or_default(),
            authorization_list: authorizations(request.authorization_list.as_deref().unwrap_or_default()),
            ..TxEnv::default()
        };
        Ok(Self {
            state,
            context,
            transaction,
        })
    }
}

/// An EVM for calls, which need no signature: any account can make them, and they may use more gas than a transaction.
pub(crate) fn evm_for_calls<DB: Database, I>(
    database: DB,
    context: &BlockContext,
    inspector: I,
) -> MainnetEvm<MainnetContext<DB>, I> {
    Context::mainnet()
        .with_db(database)
        .modify_cfg_chained(|config| {
            context.apply_config(config);
            config.tx_gas_limit_cap = Some(u64::MAX);
            config.disable_block_gas_limit = true;
            config.disable_eip3607 = true;
        })
        .with_block(context.block_env())
        .build_mainnet_with_inspector(inspector)
}

/// A call that can be run with different amounts of gas; state once read stays read.
struct Probe<DB: Database> {
    evm: MainnetEvm<MainnetContext<State<DB>>>,
    transaction: TxEnv,
}

impl<DB: Database> Probe<DB> {
    fn new(
        database: DB,
        context: &BlockContext,
        request: &CallRequest,
        overrides: &Overrides,
    ) -> Result<Self, ExecuteError<DB::Error>> {
        let call = Prepared::new(database, context, request, overrides)?;
        Ok(Self {
            evm: evm_for_calls(call.state, &call.context, ()),
            transaction: call.transaction,
        })
    }

    fn run(&mut self, gas_limit: u64) -> Result<CallOutcome, ExecuteError<DB::Error>> {
        let transaction = TxEnv {
            gas_limit,
            ..self.transaction.clone()
        };
        Ok(self.evm.transact(transaction)?.result.into())
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
