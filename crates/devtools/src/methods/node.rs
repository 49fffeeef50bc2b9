//! What the chain says of itself. Tools look there whether they may use the methods of a development chain.

use super::{DevMethods, both};
use crate::Wallet;
use alloy_primitives::{U64, U256};
use serde_json::json;
use std::{collections::BTreeMap, sync::Arc};
use zhengtong_chain::ChainView as _;

/// Hardhat's helpers ask whether the client's name begins with that of a chain that they know.
fn version() -> String {
    format!(
        "anvil/compatible/zhengtong-devtools/v{}",
        env!("CARGO_PKG_VERSION")
    )
}

pub(super) fn register(methods: &mut DevMethods, wallet: &Arc<Wallet>) {
    methods.replace("web3_clientVersion", |_, args| async move {
        args.end().map(|()| version())
    });
    both!(methods, "metadata", |chain, args| async move {
        args.end()?;
        let tip = chain.tip();
        Ok(json!({
            "clientVersion": version(),
            "chainId": chain.network().chain_id,
            "instanceId": chain.network().genesis_hash,
            "latestBlockNumber": tip.header.number,
            "latestBlockHash": tip.hash,
        }))
    });
    both!(methods, "nodeInfo", |chain, args| async move {
        args.end()?;
        let tip = chain.tip();
        Ok(json!({
            "currentBlockNumber": U64::from(tip.header.number),
            "currentBlockTimestamp": tip.header.timestamp,
            "currentBlockHash": tip.hash,
            "hardFork": "osaka",
            "transactionOrder": "fifo",
            "environment": {
                "baseFee": U256::ZERO,
                "chainId": chain.network().chain_id,
                "gasLimit": U64::from(chain.with(|edit| edit.gas_limit())),
                "gasPrice": U256::ZERO,
            },
            "forkConfig": {},
        }))
    });
    both!(methods, "setLoggingEnabled", |_, mut args| async move {
        // Nothing is logged that could be turned off.
        let _: bool = args.required("enabled")?;
        args.end().map(|()| true)
    });
    methods.replace("rpc_modules", |_, args| async move {
        let names = [
            "anvil", "debug", "eth", "evm", "hardhat", "net", "personal", "rpc", "trace", "txpool", "web3",
        ];
        args.end()?;
        Ok(names
            .map(|name| (name, "1.0"))
            .into_iter()
            .collect::<BTreeMap<_, _>>())
    });
    for name in ["eth_accounts", "eth_requestAccounts"] {
        let wallet = wallet.clone();
        methods.replace(name, move |_, args| {
            let accounts = wallet.accounts().to_vec();
            async move { args.end().map(|()| accounts) }
        });
    }
}
