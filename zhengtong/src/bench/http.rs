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
        let body = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{method}","params":{params}}}"#);
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
        let mut answer: Value = serde_json::from_slice(&bytes).context("the answer is not JSON")?;
        if let Some(error) = answer.get("error") {
            bail!("{method}: {error}");
        }
        Ok(answer["result"].take())
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
        let text = self.text(method, params).await?;
        let digits = text
            .strip_prefix("0x")
            .with_context(|| format!("{method} answered {text:?}"))?;
        u64::from_str_radix(digits, 16).with_context(|| format!("{method} answered {text:?}"))
    }

    pub async fn nonce(&self, account: Address) -> Result<u64> {
        self.quantity("eth_getTransactionCount", &format!("[\"{account}\",\"latest\"]"))
            .await
    }

    /// Waits until the account's nonce at the latest block is `nonce`.
    pub async fn wait_nonce(&self, account: Address, nonce: u64) -> Result<()> {
        let started = Instant::now();
        while self.nonce(account).await? < nonce {
            ensure!(
                started.elapsed() < PATIENCE,
                "nonce {nonce} of {account} was not reached in {PATIENCE:?}"
            );
            tokio::time::sleep(POLL).await;
        }
        Ok(())
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
