//! A served mock chain.

use crate::wire::Wire;
use alloy_primitives::{Address, B256, Bytes, TxKind, b256, bytes};
use alloy_signer_local::PrivateKeySigner;
use std::ops::Deref;
use zhengtong_rpc::{Config, Hosts, RpcServer, mocks::MockChain};

/// The counter's event: `0xe7…` with the new count as data.
pub const COUNTED: B256 = b256!("e7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e7");
/// Creates a counter: called without data it adds one to slot 0, logs and returns it; with data it reverts with "no".
pub const COUNTER: Bytes = bytes!(
    "605a8060095f395ff3"
    "3615602657"
    "6308c379a060e01b5f526020600452600260245261"
    "6e6f60f01b60445260645ffd"
    "5b5f54600101805f555f52"
    "7fe7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e7"
    "60205fa160205ff3"
);

/// Creates a contract that calls the address in its calldata, and returns whether that succeeded.
pub const FORWARD: Bytes = bytes!("600f8060095f395ff3" "5f5f5f5f5f5f355af15f5260205ff3");

pub struct Node {
    pub chain: MockChain,
    pub server: RpcServer,
    wire: Wire,
}

impl Deref for Node {
    type Target = Wire;

    fn deref(&self) -> &Wire {
        &self.wire
    }
}

impl Node {
    /// A node whose chain makes a block of each transaction.
    pub async fn instant() -> Self {
        Self::of(MockChain::instant(&[key().address()])).await
    }

    /// A node whose chain makes a block when it is told to.
    pub async fn manual() -> Self {
        Self::of(MockChain::new(&[key().address()])).await
    }

    async fn of(chain: MockChain) -> Self {
        let config = Config {
            address: "127.0.0.1:0".parse().unwrap(),
            hosts: Hosts::Local,
        };
        let server = RpcServer::start(config, chain.clone()).await.unwrap();
        let wire = Wire::to(format!("http://{}", server.address()));
        Self { chain, server, wire }
    }

    /// Deploys the counter with nonce 0.
    pub async fn deploy(&self) -> Address {
        self.send(&self.sign(0, TxKind::Create, COUNTER, 0)).await;
        self.key.address().create(0)
    }
}

/// A counter, a contract that forwards to it, and a transaction to each.
pub struct Forwarded {
    pub counter: Address,
    pub forward: Address,
    /// Calldata that makes `forward` call `counter`.
    pub input: Bytes,
    /// Counts through `forward`, in block 3.
    pub counted: B256,
    /// Makes `counter` revert, in block 4.
    pub reverted: B256,
}

impl Node {
    pub async fn forwarded(&self) -> Forwarded {
        let counter = self.deploy().await;
        self.send(&self.sign(1, TxKind::Create, FORWARD, 0)).await;
        let forward = self.key.address().create(1);
        let input = Bytes::from(counter.into_word());
        Forwarded {
            counter,
            forward,
            counted: self.send(&self.sign(2, forward.into(), input.clone(), 0)).await,
            reverted: self
                .send(&self.sign(3, counter.into(), Bytes::from_static(&[1]), 0))
                .await,
            input,
        }
    }
}

/// The first account of the well-known test mnemonic.
pub fn key() -> PrivateKeySigner {
    "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"
        .parse()
        .unwrap()
}
