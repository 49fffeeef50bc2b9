//! Nodes: an honest one, and one that answers what it is told to.

use alloy_primitives::{Address, Bytes, TxKind, U256, bytes};
use alloy_signer_local::PrivateKeySigner;
use jsonrpsee::{
    RpcModule,
    server::{Server, ServerHandle},
};
use serde_json::Value;
use std::net::SocketAddr;
use zhengtong_client::{Account, Call, Client};
use zhengtong_rpc::{Config, Hosts, RpcServer, mocks::MockChain};
use zhengtong_types::NetworkKey;

/// Creates a contract that reverts with `0xdead` when it is called.
pub const REVERTING: Bytes = bytes!("600980600b6000396000f3" "61dead5f5260025ffd");

pub struct Node {
    pub chain: MockChain,
    pub server: RpcServer,
}

/// The funded account of every test.
pub fn signer() -> PrivateKeySigner {
    PrivateKeySigner::from_bytes(&alloy_primitives::B256::repeat_byte(0x17)).unwrap()
}

impl Node {
    pub async fn start(chain: MockChain) -> Self {
        Self::start_at(chain, "127.0.0.1:0".parse().unwrap()).await
    }

    pub async fn start_at(chain: MockChain, address: SocketAddr) -> Self {
        let server = RpcServer::start(
            Config {
                address,
                hosts: Hosts::Local,
            },
            chain.clone(),
        )
        .await
        .unwrap();
        Self { chain, server }
    }

    pub async fn instant() -> Self {
        Self::start(MockChain::instant(&[signer().address()])).await
    }

    pub async fn manual() -> Self {
        Self::start(MockChain::new(&[signer().address()])).await
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.server.address())
    }

    pub fn key(&self) -> NetworkKey {
        use zhengtong_chain::ChainView as _;
        self.chain.network().public_key
    }

    pub async fn client(&self) -> Client {
        Client::connect(&self.url(), Some(self.key())).await.unwrap()
    }

    pub async fn account(&self) -> Account {
        Account::new(self.client().await, signer())
    }
}

/// Sends one wei.
pub fn transfer() -> Call {
    let to = TxKind::Call(Address::repeat_byte(9));
    Call {
        to,
        data: Bytes::new(),
        value: U256::from(1),
        gas_limit: Some(21_000),
    }
}

/// A node that gives fixed answers.
pub struct Parrot {
    pub address: SocketAddr,
    _handle: ServerHandle,
}

impl Parrot {
    pub async fn start(answers: &[(&'static str, Value)]) -> Self {
        let mut module = RpcModule::new(());
        for (method, answer) in answers.iter().cloned() {
            module
                .register_method(method, move |_, _, _| {
                    Ok::<_, jsonrpsee::types::ErrorObjectOwned>(answer.clone())
                })
                .unwrap();
        }
        let server = Server::builder().build("127.0.0.1:0").await.unwrap();
        Self {
            address: server.local_addr().unwrap(),
            _handle: server.start(module),
        }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}
