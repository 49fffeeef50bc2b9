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
use zhengtong_chain::{ChainView, SealedBlock};
use zhengtong_evm::{BlockContext, CallRequest, Overrides};

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

    /// Finds the block, and the state after it.
    pub(crate) fn prepare<V: ChainView>(self, view: &V) -> Answer<Ready<V::State>> {
        let block = need_block(view, self.block)?;
        let chain_id = view.network().chain_id;
        Ok(Ready {
            request: call_request(self.request, chain_id)?,
            context: context(chain_id, &block),
            overrides: self.overrides,
            state: view.state(block.header.number)?,
        })
    }
}

/// Reads a transaction that is to be executed and not sent.
pub(crate) fn read_transaction(args: &mut Args) -> Answer<TransactionRequest> {
    let request: TransactionRequest = args.required("transaction")?;
    check_transaction(&request).map_err(|reason| args.refuse("transaction", reason))?;
    Ok(request)
}

/// Refuses what contradicts itself or does not exist on this chain.
pub(crate) fn check_transaction(request: &TransactionRequest) -> Result<(), &'static str> {
    if request.input.unique_input().is_err() {
        return Err("both \"data\" and \"input\" are set and not equal");
    }
    if request.authorization_list.is_some() || request.blob_versioned_hashes.is_some() {
        return Err("blobs and delegations are not supported");
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

/// The call that a transaction makes.
pub(crate) fn call_request(request: TransactionRequest, chain_id: u64) -> Answer<CallRequest> {
    if let Some(got) = request.chain_id
        && got != chain_id
    {
        return Err(RpcError::Params(format!(
            "chainId does not match node's (have={got}, want={chain_id})"
        )));
    }
    Ok(CallRequest {
        from: request.from.unwrap_or_default(),
        to: request.to.unwrap_or(TxKind::Create),
        gas_limit: request.gas,
        value: request.value.unwrap_or_default(),
        data: request.input.into_input().unwrap_or_default(),
        access_list: request.access_list,
    })
}

/// A call sees the block it is made at, as in geth.
pub(crate) fn context(chain_id: u64, block: &SealedBlock) -> BlockContext {
    BlockContext {
        chain_id,
        number: block.header.number,
        timestamp: block.header.timestamp,
        gas_limit: block.header.gas_limit,
        beneficiary: block.header.beneficiary,
        mix_hash: block.header.mix_hash,
    }
}
