//! `eth_call` and `eth_estimateGas`, with state and block overrides.

use crate::{
    RpcError,
    api::{Answer, need_block},
    limits::MAX_OVERRIDES,
    server::Methods,
};
use alloy_eips::BlockId;
use alloy_primitives::{TxKind, U64, U256};
use alloy_rpc_types_eth::{BlockOverrides, TransactionRequest, state::StateOverride};
use std::collections::BTreeMap;
use zhengtong_chain::{ChainView, SealedBlock, ViewError};
use zhengtong_evm::{
    AccountOverride, BlockContext, CallOutcome, CallRequest, EstimateError, ExecuteError, HaltReason,
    Overrides, StorageOverride, call, estimate,
};

pub(super) fn register<V: ChainView>(methods: &mut Methods<V>) {
    methods.add("eth_call", |api, mut args| async move {
        let wanted = Wanted::read(&mut args)?;
        args.end()?;
        api.execute(move |view| {
            let (request, context, overrides, state) = wanted.prepare(view)?;
            match call(state, &context, &request, &overrides).map_err(execute_error)? {
                CallOutcome::Returned { output, .. } => Ok(output),
                CallOutcome::Reverted { output, .. } => Err(RpcError::Reverted(output)),
                CallOutcome::Halted { reason, .. } => Err(RpcError::Execution(halt_message(&reason))),
            }
        })
        .await
    });
    methods.add("eth_estimateGas", |api, mut args| async move {
        let wanted = Wanted::read(&mut args)?;
        args.end()?;
        api.execute(move |view| {
            let (request, context, overrides, state) = wanted.prepare(view)?;
            match estimate(state, &context, &request, &overrides) {
                Ok(gas) => Ok(U64::from(gas)),
                Err(EstimateError::Reverted { output }) => Err(RpcError::Reverted(output)),
                Err(EstimateError::Halted {
                    reason: HaltReason::OutOfGas(_),
                    gas_limit,
                }) => Err(RpcError::Execution(format!(
                    "gas required exceeds allowance ({gas_limit})"
                ))),
                Err(EstimateError::Halted { reason, .. }) => Err(RpcError::Execution(halt_message(&reason))),
                Err(EstimateError::Execute(error)) => Err(execute_error(error)),
            }
        })
        .await
    });
}

/// What a call asks for: transaction, block, state overrides, block overrides.
struct Wanted {
    request: TransactionRequest,
    block: Option<BlockId>,
    overrides: Overrides,
}

impl Wanted {
    fn read(args: &mut crate::args::Args) -> Answer<Self> {
        let request: TransactionRequest = args.required("transaction")?;
        if request.input.unique_input().is_err() {
            return Err(args.refuse("transaction", "both \"data\" and \"input\" are set and not equal"));
        }
        if request.authorization_list.is_some() || request.blob_versioned_hashes.is_some() {
            return Err(args.refuse("transaction", "blobs and delegations are not supported"));
        }
        let block = args.optional("block")?;
        let state: StateOverride = args.optional("state overrides")?.unwrap_or_default();
        let accounts = state_overrides(state).map_err(|reason| args.refuse("state overrides", reason))?;
        let block_overrides: BlockOverrides = args.optional("block overrides")?.unwrap_or_default();
        let overrides =
            block_overrides_of(&block_overrides).map_err(|reason| args.refuse("block overrides", reason))?;
        Ok(Self {
            request,
            block,
            overrides: Overrides {
                accounts,
                block: overrides,
            },
        })
    }

    fn prepare<V: ChainView>(self, view: &V) -> Answer<(CallRequest, BlockContext, Overrides, V::State)> {
        let block = need_block(view, self.block)?;
        let chain_id = view.network().chain_id;
        if let Some(got) = self.request.chain_id
            && got != chain_id
        {
            return Err(RpcError::Params(format!(
                "chainId does not match node's (have={got}, want={chain_id})"
            )));
        }
        let state = view.state(block.header.number)?;
        let request = CallRequest {
            from: self.request.from.unwrap_or_default(),
            to: self.request.to.unwrap_or(TxKind::Create),
            gas_limit: self.request.gas,
            value: self.request.value.unwrap_or_default(),
            data: self.request.input.into_input().unwrap_or_default(),
            access_list: self.request.access_list,
        };
        Ok((request, context(chain_id, &block), self.overrides, state))
    }
}

/// A call sees the block it is made at, as in geth.
fn context(chain_id: u64, block: &SealedBlock) -> BlockContext {
    BlockContext {
        chain_id,
        number: block.header.number,
        timestamp: block.header.timestamp,
        gas_limit: block.header.gas_limit,
        beneficiary: block.header.beneficiary,
        mix_hash: block.header.mix_hash,
    }
}

fn state_overrides(
    accounts: StateOverride,
) -> Result<BTreeMap<alloy_primitives::Address, AccountOverride>, String> {
    let slots = accounts
        .values()
        .flat_map(|account| [&account.state, &account.state_diff])
        .flatten();
    let size = accounts.len() + slots.map(|slots| slots.len()).sum::<usize>();
    if size > MAX_OVERRIDES {
        return Err(format!("{size} accounts and slots, at most {MAX_OVERRIDES}"));
    }
    let slots = |slots: alloy_primitives::map::B256HashMap<alloy_primitives::B256>| {
        slots
            .into_iter()
            .map(|(slot, value)| (U256::from_be_bytes(slot.0), U256::from_be_bytes(value.0)))
            .collect()
    };
    let convert = |(address, account): (_, alloy_rpc_types_eth::state::AccountOverride)| {
        let storage = match (account.state, account.state_diff) {
            (Some(_), Some(_)) => return Err(format!("account {address} has both 'state' and 'stateDiff'")),
            (Some(all), None) => StorageOverride::All(slots(all)),
            (None, Some(some)) => StorageOverride::Some(slots(some)),
            (None, None) => StorageOverride::Keep,
        };
        if account.move_precompile_to.is_some() {
            return Err("'movePrecompileToAddress' is not supported".into());
        }
        // EIP-7702 designators are not accepted on this chain, and a malformed one is not code at all.
        if account
            .code
            .as_ref()
            .is_some_and(|code| code.starts_with(&[0xef, 0x01]))
        {
            return Err(format!(
                "account {address} has code that is an EIP-7702 delegation"
            ));
        }
        let (balance, nonce, code) = (account.balance, account.nonce, account.code);
        Ok((
            address,
            AccountOverride {
                balance,
                nonce,
                code,
                storage,
            },
        ))
    };
    accounts.into_iter().map(convert).collect()
}

fn block_overrides_of(block: &BlockOverrides) -> Result<zhengtong_evm::BlockOverrides, String> {
    let fees = [
        ("baseFee", block.base_fee),
        ("blobBaseFee", block.blob_base_fee),
        ("difficulty", block.difficulty),
    ];
    if let Some((name, _)) = fees.iter().find(|(_, fee)| fee.is_some_and(|fee| !fee.is_zero())) {
        return Err(format!("'{name}' is always 0 on this chain"));
    }
    let number = block.number.map(|number| {
        number
            .try_into()
            .map_err(|_| "'number' does not fit in 64 bits".to_owned())
    });
    Ok(zhengtong_evm::BlockOverrides {
        number: number.transpose()?,
        timestamp: block.time,
        gas_limit: block.gas_limit,
        beneficiary: block.coinbase,
        mix_hash: block.random,
    })
}

fn execute_error(error: ExecuteError<ViewError>) -> RpcError {
    match error {
        ExecuteError::Database(error) => error.into(),
        ExecuteError::Internal(error) => RpcError::Internal(error),
        ExecuteError::NoRoom { .. } => RpcError::Execution(error.to_string()),
        ExecuteError::Invalid(reason) => RpcError::Execution(invalid_message(&reason)),
    }
}

/// In the words by which wallets recognise the cause.
fn invalid_message(reason: &zhengtong_evm::InvalidTransaction) -> String {
    use zhengtong_evm::InvalidTransaction as Invalid;
    match reason {
        Invalid::LackOfFundForMaxFee { .. } => {
            format!("insufficient funds for gas * price + value: {reason}")
        }
        Invalid::CallGasCostMoreThanGasLimit { .. } | Invalid::GasFloorMoreThanGasLimit { .. } => {
            format!("intrinsic gas too low: {reason}")
        }
        Invalid::CreateInitCodeSizeLimit => "max initcode size exceeded".into(),
        _ => reason.to_string(),
    }
}

fn halt_message(reason: &HaltReason) -> String {
    match reason {
        HaltReason::OutOfGas(_) => "out of gas".into(),
        HaltReason::OpcodeNotFound | HaltReason::InvalidFEOpcode => "invalid opcode".into(),
        HaltReason::InvalidJump => "invalid jump destination".into(),
        HaltReason::StackUnderflow => "stack underflow".into(),
        HaltReason::StackOverflow => "stack limit reached 1024 (1023)".into(),
        other => format!("execution stopped: {other:?}"),
    }
}
