//! A client that sees what is really on the wire, and holds every result against the description.

use crate::{node::key, schema::DOCUMENT};
use alloy_consensus::{SignableTransaction as _, TxEip1559, TxEnvelope};
use alloy_eips::Encodable2718 as _;
use alloy_primitives::{B256, Bytes, TxKind, U256};
use alloy_signer::SignerSync as _;
use alloy_signer_local::PrivateKeySigner;
use serde_json::{Value, json};
use zhengtong_rpc::mocks::CHAIN_ID;

/// An error of JSON-RPC.
#[derive(Debug, PartialEq)]
pub struct Refusal {
    pub code: i64,
    pub message: String,
    pub data: Value,
}

/// A node by its URL, and the key of an account that is funded there.
#[derive(Clone)]
pub struct Wire {
    pub url: String,
    pub key: PrivateKeySigner,
    http: reqwest::Client,
}

impl Wire {
    pub fn to(url: String) -> Self {
        Self {
            url,
            key: key(),
            http: reqwest::Client::new(),
        }
    }

    /// Posts any body and returns the answer.
    pub async fn post(&self, body: impl Into<reqwest::Body>) -> (u16, String) {
        let request = self
            .http
            .post(&self.url)
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
}
