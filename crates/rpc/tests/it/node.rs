//! A served mock chain, and a client that sees what is really on the wire.

use crate::schema::DOCUMENT;
use alloy_consensus::{SignableTransaction as _, TxEip1559, TxEnvelope};
use alloy_eips::Encodable2718 as _;
use alloy_primitives::{Address, B256, Bytes, TxKind, U256, b256, bytes};
use alloy_signer::SignerSync as _;
use alloy_signer_local::PrivateKeySigner;
use serde_json::{Value, json};
use zhengtong_rpc::{
    Config, Hosts, RpcServer,
    mocks::{CHAIN_ID, MockChain},
};

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

/// An error of JSON-RPC.
#[derive(Debug, PartialEq)]
pub struct Refusal {
    pub code: i64,
    pub message: String,
    pub data: Value,
}

pub struct Node {
    pub chain: MockChain,
    pub server: RpcServer,
    pub key: PrivateKeySigner,
    http: reqwest::Client,
}

impl Node {
    /// A node whose chain makes a block of each transaction.
    pub async fn instant() -> Self {
        let key = key();
        Self::of(MockChain::instant(&[key.address()]), key).await
    }

    /// A node whose chain makes a block when it is told to.
    pub async fn manual() -> Self {
        let key = key();
        Self::of(MockChain::new(&[key.address()]), key).await
    }

    async fn of(chain: MockChain, key: PrivateKeySigner) -> Self {
        let config = Config {
            address: "127.0.0.1:0".parse().unwrap(),
            hosts: Hosts::Local,
        };
        let server = RpcServer::start(config, chain.clone()).await.unwrap();
        Self {
            chain,
            server,
            key,
            http: reqwest::Client::new(),
        }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.server.address())
    }

    /// Posts any body and returns the answer.
    pub async fn post(&self, body: impl Into<reqwest::Body>) -> (u16, String) {
        let request = self
            .http
            .post(self.url())
            .header("content-type", "application/json")
            .body(body);
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    }

    pub async fn request(&self, method: &str, params: Value) -> Result<Value, Refusal> {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let (_, answer) = self.post(body.to_string()).await;
        let mut answer: Value = serde_json::from_str(&answer).unwrap();
        match answer.get_mut("error") {
            None => {
                let result = answer["result"].take();
                let complaint = DOCUMENT.complaint(method, &result);
                assert_eq!(complaint, None, "{method}: {result}");
                Ok(result)
            }
            Some(error) => Err(Refusal {
                code: error["code"].as_i64().unwrap(),
                message: error["message"].as_str().unwrap().into(),
                data: error["data"].take(),
            }),
        }
    }

    pub async fn ask(&self, method: &str, params: Value) -> Value {
        self.request(method, params)
            .await
            .unwrap_or_else(|refusal| panic!("{method}: {refusal:?}"))
    }

    pub async fn refusal(&self, method: &str, params: Value) -> Refusal {
        self.request(method, params).await.expect_err(method)
    }

    /// Signs a transaction of the funded account.
    pub fn sign(&self, nonce: u64, to: TxKind, data: Bytes, value: u64) -> Bytes {
        let transaction = TxEip1559 {
            chain_id: CHAIN_ID,
            nonce,
            gas_limit: 1_000_000,
            max_fee_per_gas: 2_000_000_000,
            max_priority_fee_per_gas: 1_000_000_000,
            to,
            value: U256::from(value),
            access_list: Default::default(),
            input: data,
        };
        let signature = self.key.sign_hash_sync(&transaction.signature_hash()).unwrap();
        TxEnvelope::from(transaction.into_signed(signature))
            .encoded_2718()
            .into()
    }

    pub async fn send(&self, raw: &Bytes) -> B256 {
        serde_json::from_value(self.ask("eth_sendRawTransaction", json!([raw])).await).unwrap()
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
fn key() -> PrivateKeySigner {
    "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"
        .parse()
        .unwrap()
}
