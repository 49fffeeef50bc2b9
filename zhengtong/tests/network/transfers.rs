//! Signed transfers, and what nodes say about them, verified with the network's key.

use alloy_consensus::{SignableTransaction as _, TxEip1559, TxEnvelope};
use alloy_eips::eip2718::Encodable2718 as _;
use alloy_primitives::{Address, B256, Bytes, TxKind, U256};
use alloy_signer::SignerSync as _;
use alloy_signer_local::PrivateKeySigner;
use std::{net::SocketAddr, time::Duration};
use zhengtong_client::Client;
use zhengtong_types::NetworkKey;

pub const CHAIN_ID: u64 = 77_001;
pub const RECEIVER: Address = Address::repeat_byte(0x42);
/// How long finality may take. Far above what it needs on a busy machine.
pub const FINAL: Duration = Duration::from_secs(300);

/// A funded account.
pub fn account(index: usize) -> PrivateKeySigner {
    PrivateKeySigner::from_bytes(&B256::from(U256::from(index + 1))).expect("small scalars are keys")
}

fn transfer(from: &PrivateKeySigner, nonce: u64) -> Bytes {
    transfer_on(CHAIN_ID, from, nonce)
}

/// The same on another chain.
pub fn transfer_on(chain_id: u64, from: &PrivateKeySigner, nonce: u64) -> Bytes {
    let transaction = TxEip1559 {
        chain_id,
        nonce,
        gas_limit: 21_000,
        to: TxKind::Call(RECEIVER),
        value: U256::from(1),
        ..TxEip1559::default()
    };
    let signature = from
        .sign_hash_sync(&transaction.signature_hash())
        .expect("local keys sign");
    TxEnvelope::from(transaction.into_signed(signature))
        .encoded_2718()
        .into()
}

/// Someone who sends through one node, and remembers what it acknowledged.
pub struct Sender {
    key: PrivateKeySigner,
    next: u64,
    pub acknowledged: Vec<B256>,
}

impl Sender {
    pub fn new(index: usize) -> Self {
        Self {
            key: account(index),
            next: 0,
            acknowledged: Vec::new(),
        }
    }

    /// Sends one and answers its hash once the node has acknowledged it.
    pub async fn send(&mut self, node: &Client) -> B256 {
        let hash = node
            .send(&transfer(&self.key, self.next))
            .await
            .expect("acknowledged");
        self.next += 1;
        self.acknowledged.push(hash);
        hash
    }
}

/// Connects, and refuses a node whose network has another key.
pub async fn connect(rpc: SocketAddr, key: NetworkKey) -> Client {
    Client::connect(&format!("http://{rpc}"), Some(key))
        .await
        .expect("it serves")
}

/// Waits until each is final on the node, and verifies their receipts.
pub async fn all_final(node: &Client, hashes: &[B256]) {
    for hash in hashes {
        let receipt = node.wait_final_for(*hash, FINAL).await.expect("final and proven");
        assert!(receipt.succeeded(), "{hash}");
    }
}

/// Every node has the same blocks up to the lowest of their heights. Answers that height.
pub async fn agree(nodes: &[Client]) -> u64 {
    let mut top = u64::MAX;
    for node in nodes {
        top = top.min(node.block_number().await.expect("it serves"));
    }
    for number in 0..=top {
        let first = nodes[0].header(number).await.expect("certified").hash();
        for node in &nodes[1..] {
            assert_eq!(
                node.header(number).await.expect("certified").hash(),
                first,
                "block {number}"
            );
        }
    }
    top
}
