//! Calls as requests describe them: a transaction without a signature, a block, and what is to be pretended.

mod overrides;
mod words;

use crate::{
    RpcError,
    api::{Answer, need_block},
    args::Args,
};
use alloy_eips::BlockId;
use alloy_primitives::TxKind;
use alloy_rpc_types_eth::TransactionRequest;
use zhengtong_chain::{ChainView, SealedBlock, SubmitError};
use zhengtong_evm::{
    BlockContext, CallRequest, EstimateError, HaltReason, Limits, Overrides, TransactionError,
    TransactionRules, estimate,
};

pub(crate) use overrides::{block_overrides, count_overrides, state_overrides};
pub(crate) use words::{execute_error, halt_message, invalid_message};

/// What a call asks for: transaction, block, and what is to be pretended.
pub(crate) struct Wanted {
    pub(crate) request: TransactionRequest,
    pub(crate) block: Option<BlockId>,
    pub(crate) overrides: Overrides,
}

/// A call that can be executed on a state.
pub(crate) struct Ready<S> {
    pub(crate) request: CallRequest,
    pub(crate) context: BlockContext,
    pub(crate) overrides: Overrides,
    pub(crate) state: S,
}

impl Wanted {
    /// Reads transaction, block, state overrides and block overrides.
    pub(crate) fn read(args: &mut Args) -> Answer<Self> {
        let request = read_transaction(args)?;
        let block = args.optional("block")?;
        let accounts = args.optional("state overrides")?.unwrap_or_default();
        let accounts = state_overrides(accounts).map_err(|reason| args.refuse("state overrides", reason))?;
        let block_wanted = args.optional("block overrides")?.unwrap_or_default();
        let block_wanted =
            block_overrides(&block_wanted).map_err(|reason| args.refuse("block overrides", reason))?;
        Ok(Self {
            request,
            block,
            overrides: Overrides {
                accounts,
                block: block_wanted,
            },
        })
    }

    /// Finds the gas that the transaction needs, by default in the block to come. What a contract does may depend on the
    /// time: the same second as the tip's is the one in which the transaction is least likely to run.
    pub(crate) fn estimate<V: ChainView>(mut self, view: &V) -> Answer<u64> {
        let block = *self.block.get_or_insert(BlockId::pending());
        let Ready {
            request,
            mut context,
            overrides,
            state,
        } = self.prepare(view)?;
        let tip = view.tip();
        if block == BlockId::pending() && context.number == tip.header.number {
            context.number += 1;
            context.timestamp += 1;
            context.mix_hash = tip.hash;
        }
        let (limits, block_gas) = (context.limits, context.gas_limit);
        match estimate(state, &context, &request, &overrides) {
            Ok(gas) if limits == Limits::Lifted => Ok(with_room(gas).min(block_gas)),
            Ok(gas) => Ok(gas),
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
    }

    /// Finds the block, and the state after it.
    pub(crate) fn prepare<V: ChainView>(self, view: &V) -> Answer<Ready<V::State>> {
        let block = need_block(view, self.block)?;
        Ok(Ready {
            request: call_request(self.request, view.rules())?,
            context: context(view, &block),
            overrides: self.overrides,
            state: view.state(block.header.number)?,
        })
    }
}

/// A development chain's estimate has room for what other transactions do before: its users send many at once, and do not
/// ask what became of each. What needs less than a write does not depend on them.
const fn with_room(gas: u64) -> u64 {
    const OF_A_WRITE: u64 = 40_000;
    const ROOM: u64 = 100_000;
    if gas < OF_A_WRITE { gas } else { 2 * gas + ROOM }
}

/// The gas that a transaction of the block to come needs.
pub fn estimate_pending<V: ChainView>(view: &V, request: TransactionRequest) -> Answer<u64> {
    let wanted = Wanted {
        request,
        block: Some(BlockId::pending()),
        overrides: Overrides::default(),
    };
    wanted.estimate(view)
}

/// Reads a transaction that is to be executed and not sent.
pub fn read_transaction(args: &mut Args) -> Answer<TransactionRequest> {
    let request: TransactionRequest = args.required("transaction")?;
    check_transaction(&request).map_err(|reason| args.refuse("transaction", reason))?;
    Ok(request)
}

/// Refuses what contradicts itself or does not exist on this chain.
pub(crate) fn check_transaction(request: &TransactionRequest) -> Result<(), &'static str> {
    if request.input.unique_input().is_err() {
        return Err("both \"data\" and \"input\" are set and not equal");
    }
    if request.blob_versioned_hashes.is_some() {
        return Err("blobs are not supported");
    }
    if request.authorization_list.as_ref().is_some_and(Vec::is_empty) {
        return Err("EIP-7702 transaction with empty auth list");
    }
    if request.gas_price.is_some()
        && (request.max_fee_per_gas.is_some() || request.max_priority_fee_per_gas.is_some())
    {
        return Err("both gasPrice and (maxFeePerGas or maxPriorityFeePerGas) specified");
    }
    if let (Some(fee), Some(tip)) = (request.max_fee_per_gas, request.max_priority_fee_per_gas)
        && fee < tip
    {
        return Err("maxFeePerGas < maxPriorityFeePerGas");
    }
    Ok(())
}

/// The call that a transaction makes, under the rules for transactions.
pub(crate) fn call_request(request: TransactionRequest, rules: &TransactionRules) -> Answer<CallRequest> {
    let chain_id = rules.chain_id;
    if let Some(got) = request.chain_id
        && got != chain_id
    {
        return Err(RpcError::Params(format!(
            "chainId does not match node's (have={got}, want={chain_id})"
        )));
    }
    for (index, authorization) in request.authorization_list.iter().flatten().enumerate() {
        let target = authorization.address;
        if !rules.delegations.admits(&target) {
            return Err(RpcError::from(SubmitError::from(TransactionError::Delegation {
                index,
                target,
            })));
        }
    }
    Ok(CallRequest {
        from: request.from.unwrap_or_default(),
        to: request.to.unwrap_or(TxKind::Create),
        gas_limit: request.gas,
        value: request.value.unwrap_or_default(),
        data: request.input.into_input().unwrap_or_default(),
        access_list: request.access_list,
        authorization_list: request.authorization_list,
    })
}

/// A call sees the block it is made at, as in geth.
pub(crate) fn context(view: &impl ChainView, block: &SealedBlock) -> BlockContext {
    let rules = view.rules();
    BlockContext {
        chain_id: rules.chain_id,
        limits: rules.limits,
        number: block.header.number,
        timestamp: block.header.timestamp,
        gas_limit: block.header.gas_limit,
        beneficiary: block.header.beneficiary,
        mix_hash: block.header.mix_hash,
    }
}
