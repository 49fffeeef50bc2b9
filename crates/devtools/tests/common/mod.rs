//! A chain with two known accounts and a clock that stands still.

use alloy_eips::eip7702::Authorization;
use alloy_primitives::{Address, B256, U256, address};
use alloy_signer::SignerSync as _;
use alloy_signer_local::PrivateKeySigner;
use jsonrpsee::RpcModule;
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};
use tokio::sync::broadcast::Receiver;
use zhengtong_chain::{ChainView as _, SealedBlock};
use zhengtong_devtools::{Clock, Config, DevChain, Wallet, module};

/// The first two accounts of the well-known mnemonic.
pub const ALICE: Address = address!("f39Fd6e51aad88F6F4ce6aB8827279cffFb92266");
pub const BOB: Address = address!("70997970C51812dc3A010C7d01b50e0d17dc79C8");
const KEYS: [&str; 2] = [
    "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80",
    "59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d",
];
const START: u64 = 1_790_000_000;

pub struct Chain {
    chain: DevChain,
    module: RpcModule<()>,
    now: Arc<AtomicU64>,
}

impl Chain {
    pub fn new() -> Self {
        let now = Arc::new(AtomicU64::new(START));
        let keys = KEYS.map(|key| key.parse::<PrivateKeySigner>().expect("a key"));
        let clock = now.clone();
        let chain = DevChain::new(Config {
            chain_id: 20_260,
            block_gas_limit: 60_000_000,
            alloc: BTreeMap::from([ALICE, BOB].map(|account| (account, U256::from(1_000_000)))),
            council: ALICE,
            clock: Clock::new(move || clock.load(Ordering::Relaxed)),
        });
        let chain = chain.expect("a chain");
        Self {
            module: module(chain.clone(), Wallet::new(keys)),
            chain,
            now,
        }
    }

    pub fn advance(&self, seconds: u64) {
        self.now.fetch_add(seconds, Ordering::Relaxed);
    }

    pub fn subscribe(&self) -> Receiver<Arc<SealedBlock>> {
        self.chain.subscribe()
    }

    pub fn names(&self) -> BTreeSet<String> {
        self.module.method_names().map(str::to_owned).collect()
    }

    async fn answer(&self, method: &str, params: Value) -> Value {
        let request = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let (answer, _) = self
            .module
            .raw_json_request(&request.to_string(), 1)
            .await
            .expect("a request");
        serde_json::from_str(answer.get()).expect("JSON")
    }

    pub async fn ask(&self, method: &str, params: Value) -> Value {
        let answer = self.answer(method, params.clone()).await;
        assert!(answer.get("error").is_none(), "{method} {params}: {answer}");
        answer["result"].clone()
    }

    pub async fn error(&self, method: &str, params: Value) -> Value {
        let answer = self.answer(method, params.clone()).await;
        assert!(answer.get("error").is_some(), "{method} {params}: {answer}");
        answer["error"].clone()
    }

    /// Code and message of a refusal.
    pub async fn refusal(&self, method: &str, params: Value) -> (i64, String) {
        let error = self.error(method, params).await;
        let code = error["code"].as_i64().expect("a code");
        (code, error["message"].as_str().expect("a message").to_owned())
    }

    pub async fn send(&self, transaction: Value) -> B256 {
        let hash = self.ask("eth_sendTransaction", json!([transaction])).await;
        serde_json::from_value(hash).expect("a hash")
    }

    pub async fn transfer(&self, from: Address, to: Address, value: u64) -> B256 {
        self.send(json!({ "from": from, "to": to, "value": U256::from(value) }))
            .await
    }

    pub async fn balance(&self, address: Address, block: &str) -> U256 {
        let balance = self.ask("eth_getBalance", json!([address, block])).await;
        serde_json::from_value(balance).expect("a number")
    }

    pub async fn timestamp(&self) -> u64 {
        let block = self.ask("eth_getBlockByNumber", json!(["latest", false])).await;
        quantity(&block["timestamp"])
    }
}

pub fn quantity(value: &Value) -> u64 {
    let digits = value.as_str().and_then(|text| text.strip_prefix("0x"));
    u64::from_str_radix(digits.expect("a quantity"), 16).expect("a number")
}

/// Alice's authorization to run the code of `target`, as the one with `nonce`.
pub fn authorization(target: Address, nonce: u64) -> Value {
    let authorization = Authorization {
        chain_id: U256::from(20_260),
        address: target,
        nonce,
    };
    let key = KEYS[0].parse::<PrivateKeySigner>().expect("a key");
    let signature = key
        .sign_hash_sync(&authorization.signature_hash())
        .expect("signs");
    json!(authorization.into_signed(signature))
}
