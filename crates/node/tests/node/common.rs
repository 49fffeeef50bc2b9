//! Development networks in temporary folders, and signed transfers.

use alloy_consensus::{SignableTransaction as _, TxEip1559, TxEnvelope};
use alloy_eips::eip2718::Encodable2718 as _;
use alloy_primitives::{Address, B256, Bytes, TxKind, U256};
use alloy_signer::SignerSync as _;
use alloy_signer_local::PrivateKeySigner;
use rand::{SeedableRng as _, rngs::ChaCha20Rng};
use std::path::Path;
use zhengtong_chain::ChainView as _;
use zhengtong_node::{NodeConfig, View, dev::DevNetwork};

/// A funded account.
pub fn account(index: u64) -> PrivateKeySigner {
    PrivateKeySigner::from_bytes(&B256::from(U256::from(index))).expect("small scalars are keys")
}

pub fn dev(validators: u32, first_port: u16) -> DevNetwork {
    let rich = U256::from(10).pow(U256::from(21));
    DevNetwork {
        council: account(1).address(),
        alloc: (1..=10).map(|index| (account(index).address(), rich)).collect(),
        unmetered: vec![account(1).address()],
        validators,
        first_port,
        ..DevNetwork::default()
    }
}

pub fn configs(folder: &Path, network: &DevNetwork) -> Vec<NodeConfig> {
    network
        .open(folder, ChaCha20Rng::seed_from_u64(1))
        .expect("the network is made")
}

pub fn transfer(from: &PrivateKeySigner, nonce: u64, to: Address, value: u64) -> Bytes {
    let transaction = TxEip1559 {
        chain_id: zhengtong_node::dev::DEV_CHAIN_ID,
        nonce,
        gas_limit: 21_000,
        to: TxKind::Call(to),
        value: U256::from(value),
        ..TxEip1559::default()
    };
    let signature = from
        .sign_hash_sync(&transaction.signature_hash())
        .expect("local keys sign");
    TxEnvelope::from(transaction.into_signed(signature))
        .encoded_2718()
        .into()
}

/// Waits until a transaction is final and returns its block.
pub async fn finalized(view: &View, hash: B256) -> u64 {
    let mut blocks = view.subscribe();
    loop {
        if let Some((number, _)) = view.transaction(hash).expect("the store reads") {
            return number;
        }
        blocks.recv().await.expect("the chain goes on");
    }
}

/// Balance at the tip.
pub async fn balance(view: &View, address: Address) -> U256 {
    let view = view.clone();
    let read = tokio::task::spawn_blocking(move || {
        let mut state = view
            .state(view.tip().header.number)
            .expect("the tip's state is kept");
        zhengtong_evm::Database::basic(&mut state, address).expect("the disk reads")
    });
    read.await
        .expect("no panic")
        .map(|info| info.balance)
        .unwrap_or_default()
}
