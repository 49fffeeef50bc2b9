//! Accounts whose keys the chain knows, and those whose it does not need.

use super::{DevMethods, blocking, both, state::refused};
use crate::{DevChain, Wallet, typed_data::TypedData, wallet::unsigned};
use alloy_consensus::{TypedTransaction, transaction::Recovered};
use alloy_eips::eip2718::Encodable2718 as _;
use alloy_primitives::{Address, B256, Bytes, Signature, TxKind};
use alloy_rpc_types_eth::TransactionRequest;
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::sync::Mutex;
use zhengtong_chain::ChainView as _;
use zhengtong_rpc::{Answer, RpcError, estimate_pending, read_transaction};

pub(super) fn register(methods: &mut DevMethods, wallet: &Arc<Wallet>) {
    register_impersonation(methods);
    register_signing(methods, wallet);
    let turns = Arc::new(Mutex::new(()));
    for name in ["eth_sendTransaction", "eth_sendUnsignedTransaction"] {
        let (known, turns) = (wallet.clone(), turns.clone());
        methods.replace(name, move |chain: DevChain, mut args| {
            let (wallet, turns) = (known.clone(), turns.clone());
            async move {
                let request = read_transaction(&mut args)?;
                args.end()?;
                // One after the other, as they come: nonce and gas depend on those before.
                let _turn = turns.lock().await;
                let is_unsigned = name == "eth_sendUnsignedTransaction";
                send(chain, &wallet, request, is_unsigned).await
            }
        });
    }
    let known = wallet.clone();
    methods.replace("eth_signTransaction", move |chain: DevChain, mut args| {
        let wallet = known.clone();
        async move {
            let request = read_transaction(&mut args)?;
            args.end()?;
            let (from, transaction) = complete(chain, &wallet, request).await?;
            let signed = wallet.sign_transaction(&from, transaction);
            let signed = signed.ok_or_else(|| unknown(&from))?;
            Ok(Bytes::from(signed.encoded_2718()))
        }
    });
}

fn register_impersonation(methods: &mut DevMethods) {
    both!(methods, "impersonateAccount", |chain, mut args| async move {
        let address: Address = args.required("address")?;
        args.end()?;
        chain.impersonate(address).map_err(refused)?;
        Ok(true)
    });
    both!(
        methods,
        "stopImpersonatingAccount",
        |chain, mut args| async move {
            let address: Address = args.required("address")?;
            args.end()?;
            Ok(chain.stop_impersonating(&address))
        }
    );
    both!(methods, "autoImpersonateAccount", |chain, mut args| async move {
        let all: bool = args.required("enabled")?;
        args.end()?;
        chain.impersonate_all(all);
        Ok(true)
    });
}

fn register_signing(methods: &mut DevMethods, wallet: &Arc<Wallet>) {
    let known = wallet.clone();
    methods.replace("personal_sign", move |_, mut args| {
        let wallet = known.clone();
        async move {
            let message: Bytes = args.required("message")?;
            let address: Address = args.required("address")?;
            let _: Option<String> = args.optional("password")?;
            args.end()?;
            signature(&address, wallet.sign_message(&address, &message))
        }
    });
    let known = wallet.clone();
    methods.replace("eth_sign", move |_, mut args| {
        let wallet = known.clone();
        async move {
            let address: Address = args.required("address")?;
            let message: Bytes = args.required("message")?;
            args.end()?;
            signature(&address, wallet.sign_message(&address, &message))
        }
    });
    for name in ["eth_signTypedData_v4", "eth_signTypedData"] {
        let known = wallet.clone();
        methods.replace(name, move |_, mut args| {
            let wallet = known.clone();
            async move {
                let address: Address = args.required("address")?;
                let data: Value = args.required("typed data")?;
                // Some send it as JSON within JSON.
                let data = match data {
                    Value::String(text) => serde_json::from_str::<TypedData>(&text),
                    data => serde_json::from_value(data),
                };
                let data = data.map_err(|reason| args.refuse("typed data", reason))?;
                let digest: B256 = data
                    .digest()
                    .map_err(|reason| args.refuse("typed data", reason))?;
                args.end()?;
                signature(&address, wallet.sign_digest(&address, &digest))
            }
        });
    }
}

fn signature(address: &Address, signature: Option<Signature>) -> Answer<Value> {
    let signature = signature.ok_or_else(|| unknown(address))?;
    Ok(json!(Bytes::from(signature.as_bytes())))
}

fn unknown(address: &Address) -> RpcError {
    RpcError::Refused(format!(
        "unknown account {address}; use one of eth_accounts, or hardhat_impersonateAccount first"
    ))
}

/// Fills in what a request leaves open: nonce, gas, fees.
async fn complete(
    chain: DevChain,
    wallet: &Wallet,
    mut request: TransactionRequest,
) -> Answer<(Address, TypedTransaction)> {
    let from = request.from.or_else(|| wallet.accounts().first().copied());
    let from = from.ok_or_else(|| RpcError::Params("the transaction names no sender".into()))?;
    request.from = Some(from);
    request.chain_id.get_or_insert(chain.network().chain_id);
    request.to.get_or_insert(TxKind::Create);
    if request.gas_price.is_none() {
        let tip = *request.max_priority_fee_per_gas.get_or_insert(0);
        request.max_fee_per_gas.get_or_insert(tip);
    }
    if request.gas.is_none() {
        let (view, call) = (chain.clone(), request.clone());
        request.gas = Some(blocking(move || estimate_pending(&view, call)).await?);
    }
    if request.nonce.is_none() {
        request.nonce = Some(chain.pending_nonce(from).await?);
    }
    let transaction = request.build_consensus_tx();
    let transaction = transaction.map_err(|error| RpcError::Params(error.error.to_string()))?;
    Ok((from, transaction))
}

async fn send(
    chain: DevChain,
    wallet: &Wallet,
    request: TransactionRequest,
    is_unsigned: bool,
) -> Answer<B256> {
    let (from, transaction) = complete(chain.clone(), wallet, request).await?;
    let envelope = if is_unsigned || chain.impersonates(&from) {
        unsigned(from, transaction)
    } else {
        let signed = wallet.sign_transaction(&from, transaction);
        signed.ok_or_else(|| unknown(&from))?
    };
    let transaction = Recovered::new_unchecked(envelope, from);
    blocking(move || Ok(chain.accept(transaction)?)).await
}
