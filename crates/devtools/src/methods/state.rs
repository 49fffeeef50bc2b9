//! Accounts and storage, as a test wants them.

use super::{DevMethods, both, quantity::Quantity};
use crate::chain::EditError;
use alloy_primitives::{Address, B256, Bytes, U256};
use zhengtong_rpc::RpcError;

pub(super) fn register(methods: &mut DevMethods) {
    both!(methods, "setBalance", |chain, mut args| async move {
        let address: Address = args.required("address")?;
        let balance: U256 = args.required("balance")?;
        args.end()?;
        chain.with(|edit| edit.set_balance(address, balance));
        Ok(true)
    });
    methods.replace("anvil_addBalance", |chain, mut args| async move {
        let address: Address = args.required("address")?;
        let more: U256 = args.required("balance")?;
        args.end()?;
        chain.with(|edit| {
            let balance = edit.balance(&address).saturating_add(more);
            edit.set_balance(address, balance);
        });
        Ok(true)
    });
    both!(methods, "setNonce", |chain, mut args| async move {
        let address: Address = args.required("address")?;
        let nonce: Quantity = args.required("nonce")?;
        args.end()?;
        chain
            .with(|edit| edit.set_nonce(address, nonce.0))
            .map_err(refused)?;
        Ok(true)
    });
    both!(methods, "setCode", |chain, mut args| async move {
        let address: Address = args.required("address")?;
        let code: Bytes = args.required("code")?;
        args.end()?;
        chain.with(|edit| edit.set_code(address, code)).map_err(refused)?;
        Ok(true)
    });
    both!(methods, "setStorageAt", |chain, mut args| async move {
        let address: Address = args.required("address")?;
        let slot: U256 = args.required("slot")?;
        let value: B256 = args.required("value")?;
        args.end()?;
        chain.with(|edit| edit.set_slot(address, slot, value.into()));
        Ok(true)
    });
    both!(methods, "setCoinbase", |chain, mut args| async move {
        let address: Address = args.required("address")?;
        args.end()?;
        chain.with(|edit| edit.set_coinbase(address));
        Ok(true)
    });
    methods.replace("eth_coinbase", |chain, args| async move {
        args.end()?;
        Ok(chain.with(|edit| edit.coinbase()))
    });
    both!(methods, "setPrevRandao", |chain, mut args| async move {
        let value: U256 = args.required("value")?;
        args.end()?;
        chain.with(|edit| edit.set_next_mix_hash(value.into()));
        Ok(true)
    });
    both!(methods, "dropTransaction", |chain, mut args| async move {
        let hash: B256 = args.required("hash")?;
        args.end()?;
        chain.with(|edit| edit.drop_transaction(hash)).map_err(refused)
    });
    methods.replace("anvil_dropAllTransactions", |chain, args| async move {
        args.end()?;
        chain.with(|edit| edit.drop_all());
        Ok(true)
    });
    both!(methods, "reset", |chain, mut args| async move {
        let fork: Option<serde_json::Value> = args.optional("options")?;
        args.end()?;
        let asks = fork.is_some_and(|fork| fork.get("forking").is_some_and(|forking| !forking.is_null()));
        if asks {
            return Err(RpcError::Unsupported(
                "this chain does not fork another one; use reset without forking",
            ));
        }
        chain.with(|edit| edit.reset());
        Ok(true)
    });
    both!(methods, "setNextBlockBaseFeePerGas", |_, mut args| async move {
        let fee: U256 = args.required("base fee")?;
        args.end()?;
        only_zero(fee)
    });
    both!(methods, "setMinGasPrice", |_, mut args| async move {
        let price: U256 = args.required("gas price")?;
        args.end()?;
        only_zero(price)
    });
}

fn only_zero(fee: U256) -> Result<bool, RpcError> {
    if fee.is_zero() {
        return Ok(true);
    }
    Err(RpcError::Unsupported("gas has no price on this chain; use 0"))
}

pub(super) fn refused(error: EditError) -> RpcError {
    RpcError::Refused(error.to_string())
}
