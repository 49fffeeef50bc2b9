//! What an Ethereum node says of itself, and what this one is not: a miner, a keystore, a keeper of Ethereum's tries.

use crate::{Answer, RpcError, server::Methods};
use alloy_eips::{
    eip2124::ForkHash,
    eip7840::BlobParams,
    eip7910::{EthConfig, EthForkConfig},
};
use alloy_primitives::{Address, U64};
use serde_json::json;
use std::collections::BTreeMap;
use zhengtong_chain::{ChainView, view::STATE_WINDOW_BLOCKS};

const NO_ETHEREUM_PROOF: &str = "this chain's state root is not Ethereum's; use zhengtong_getStateProof(address, slots), see docs/proofs.md";
const NO_KEYS: &str = "this node holds no keys; sign in a wallet and send with eth_sendRawTransaction";

pub(super) fn register<V: ChainView>(methods: &mut Methods<V>) {
    methods.add("eth_accounts", |_, args| async move {
        args.end().map(|()| Vec::<String>::new())
    });
    methods.add("eth_mining", |_, args| async move { args.end().map(|()| false) });
    methods.add("eth_syncing", |_, args| async move { args.end().map(|()| false) });
    methods.add(
        "eth_hashrate",
        |_, args| async move { args.end().map(|()| U64::ZERO) },
    );
    methods.add("eth_coinbase", |api, args| async move {
        args.end()
            .map(|()| -> Address { api.view.tip().header.beneficiary })
    });
    methods.add("eth_capabilities", |api, args| async move {
        args.end()?;
        let tip = api.view.tip();
        let number = tip.header.number;
        let first = api.view.first_block();
        let all = json!({ "disabled": false, "oldestBlock": U64::from(first) });
        let window = json!({ "type": "window", "retentionBlocks": U64::from(STATE_WINDOW_BLOCKS) });
        Ok(json!({
            "head": { "number": U64::from(number), "hash": tip.hash },
            "state": {
                "disabled": false,
                "oldestBlock": U64::from(number.saturating_sub(STATE_WINDOW_BLOCKS).max(first)),
                "deleteStrategy": window,
            },
            "tx": all, "logs": all, "receipts": all, "blocks": all,
            "stateproofs": { "disabled": true },
        }))
    });
    methods.add("eth_config", |api, args| async move {
        args.end()?;
        api.read(config).await
    });
    methods.add("eth_getProof", |_, _| async move {
        Err::<(), _>(RpcError::Unsupported(NO_ETHEREUM_PROOF))
    });
    for name in ["eth_sendTransaction", "eth_sign", "eth_signTransaction"] {
        methods.add(name, |_, _| async move {
            Err::<(), _>(RpcError::Unsupported(NO_KEYS))
        });
    }
}

/// The chain's rules (EIP-7910). They are Osaka's from the first block on, and no other fork is scheduled. There are no blobs, and
/// no contracts that the system calls.
fn config(view: &impl ChainView) -> Answer<EthConfig> {
    let genesis = view.block(0)?;
    let genesis = genesis.ok_or_else(|| RpcError::Internal("the genesis block is missing".into()))?;
    let current = EthForkConfig {
        activation_time: 0,
        blob_schedule: BlobParams {
            target_blob_count: 0,
            max_blob_count: 0,
            ..BlobParams::osaka()
        },
        chain_id: view.network().chain_id,
        fork_id: ForkHash::from(genesis.hash).0.into(),
        precompiles: zhengtong_evm::precompiles(),
        system_contracts: BTreeMap::new(),
    };
    Ok(EthConfig {
        current,
        next: None,
        last: None,
    })
}
