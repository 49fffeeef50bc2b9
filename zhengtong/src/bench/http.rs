//! JSON-RPC over HTTP for everything around a measurement.

use alloy_primitives::Address;
use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use std::{
    ops::RangeInclusive,
    time::{Duration, Instant},
};

/// How long one thing may take to become true.
const PATIENCE: Duration = Duration::from_secs(600);
const POLL: Duration = Duration::from_millis(10);

const NONCE: &str = "eth_getTransactionCount";
/// Requests in one that every server takes.
const MOST_IN_BATCH: usize = 100;

pub struct Http {
    /// `host:port`.
    pub address: String,
    client: reqwest::Client,
}

impl Http {
    pub fn new(address: &str) -> Self {
        Self {
            address: address.to_owned(),
            client: reqwest::Client::new(),
        }
    }

    /// Calls a method with ready-made parameters and answers `result`.
    pub async fn call(&self, method: &str, params: &str) -> Result<Value> {
        result(method, &mut self.post(request(1, method, params)).await?)
    }

    async fn post(&self, body: String) -> Result<Value> {
        let request = self.client.post(format!("http://{}", self.address));
        let answer = request
            .header("content-type", "application/json")
            .body(body)
            .send();
        let bytes = answer
            .await
            .with_context(|| format!("{} does not answer", self.address))?
            .bytes()
            .await?;
        serde_json::from_slice(&bytes).context("the answer is not JSON")
    }

    pub async fn text(&self, method: &str, params: &str) -> Result<String> {
        Ok(self
            .call(method, params)
            .await?
            .as_str()
            .unwrap_or_default()
            .to_owned())
    }

    pub async fn quantity(&self, method: &str, params: &str) -> Result<u64> {
        quantity(method, &self.call(method, params).await?)
    }

    pub async fn nonce(&self, account: Address) -> Result<u64> {
        self.quantity(NONCE, &nonce_of(account)).await
    }

    /// The first of these accounts whose nonce at the latest block is lower than this; they are asked for in one request.
    async fn behind(&self, accounts: &[(Address, u64)]) -> Result<Option<(Address, u64)>> {
        let requests = accounts.iter().enumerate();
        let requests: Vec<_> = requests
            .map(|(index, (account, _))| request(index, NONCE, &nonce_of(*account)))
            .collect();
        let mut answers = self.post(format!("[{}]", requests.join(","))).await?;
        let answers = answers.as_array_mut().context("a batch is answered by a list")?;
        ensure!(answers.len() == accounts.len(), "some of a batch have no answer");
        for answer in answers {
            let index = answer["id"].as_u64().context("an answer without an id")?;
            let account = accounts.get(index as usize).context("an unknown id")?;
            if quantity(NONCE, &result(NONCE, answer)?)? < account.1 {
                return Ok(Some(*account));
            }
        }
        Ok(None)
    }

    /// As [`Http::wait_nonce`], of many accounts.
    pub async fn wait_nonces(&self, accounts: &[(Address, u64)]) -> Result<()> {
        let started = Instant::now();
        for accounts in accounts.chunks(MOST_IN_BATCH) {
            while let Some((account, nonce)) = self.behind(accounts).await? {
                ensure!(
                    started.elapsed() < PATIENCE,
                    "nonce {nonce} of {account} was not reached in {PATIENCE:?}"
                );
                tokio::time::sleep(POLL).await;
            }
        }
        Ok(())
    }

    /// Waits until the account's nonce at the latest block is `nonce`.
    pub async fn wait_nonce(&self, account: Address, nonce: u64) -> Result<()> {
        self.wait_nonces(&[(account, nonce)]).await
    }

    /// Waits until the server answers at all.
    pub async fn wait_up(&self) -> Result<()> {
        let started = Instant::now();
        while self.call("eth_chainId", "[]").await.is_err() {
            ensure!(
                started.elapsed() < PATIENCE,
                "{} did not come up in {PATIENCE:?}",
                self.address
            );
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Ok(())
    }

    pub async fn latest(&self) -> Result<u64> {
        self.quantity("eth_blockNumber", "[]").await
    }

    /// Makes sure that nothing in a range of blocks failed.
    pub async fn require_success(&self, blocks: RangeInclusive<u64>) -> Result<()> {
        for number in blocks {
            let params = format!("[\"{number:#x}\"]");
            let receipts = self.call("eth_getBlockReceipts", &params).await?;
            let receipts = receipts.as_array().context("eth_getBlockReceipts")?;
            for receipt in receipts {
                ensure!(
                    receipt["status"] == "0x1",
                    "transaction {} failed",
                    receipt["transactionHash"]
                );
            }
        }
        Ok(())
    }
}

/// A request with ready-made parameters.
pub fn request(id: usize, method: &str, params: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"{method}","params":{params}}}"#)
}

/// What an answer has, unless it is an error.
fn result(method: &str, answer: &mut Value) -> Result<Value> {
    if let Some(error) = answer.get("error") {
        bail!("{method}: {error}");
    }
    Ok(answer["result"].take())
}

fn nonce_of(account: Address) -> String {
    format!(r#"["{account}","latest"]"#)
}

fn quantity(method: &str, result: &Value) -> Result<u64> {
    let digits = result.as_str().and_then(|text| text.strip_prefix("0x"));
    let quantity = digits.and_then(|digits| u64::from_str_radix(digits, 16).ok());
    quantity.with_context(|| format!("{method} answered {result}"))
}
