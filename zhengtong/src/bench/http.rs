//! JSON-RPC over HTTP as a load generator speaks it: bodies made beforehand, connections kept.

use alloy_primitives::{Address, U256};
use anyhow::{Context, Result, bail, ensure};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::Value;
use std::time::{Duration, Instant};

/// How long the load waits for one thing to become true.
const PATIENCE: Duration = Duration::from_secs(180);
const POLL: Duration = Duration::from_millis(10);

pub struct Http {
    url: String,
    client: reqwest::Client,
}

pub fn hex_quantity(value: U256) -> String {
    format!("{value:#x}")
}

impl Http {
    pub fn new(url: &str) -> Self {
        Self {
            url: url.to_owned(),
            client: reqwest::Client::new(),
        }
    }

    async fn post(&self, body: String) -> Result<Value> {
        let answer = self
            .client
            .post(&self.url)
            .header("content-type", "application/json")
            .body(body)
            .send()
            .await;
        let bytes = answer
            .with_context(|| format!("{} does not answer", self.url))?
            .bytes()
            .await?;
        serde_json::from_slice(&bytes).context("the answer is not JSON")
    }

    /// Calls a method with ready-made parameters and answers `result`.
    pub async fn call(&self, method: &str, params: &str) -> Result<Value> {
        let body = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{method}","params":{params}}}"#);
        let mut answer = self.post(body).await?;
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

    /// Sends raw transactions, `lanes` requests at a time; `acknowledged` gets the time of each answer since the start.
    pub async fn send_all(
        &self,
        transactions: &[String],
        lanes: usize,
        mut acknowledged: Option<&mut Vec<Duration>>,
    ) -> Result<()> {
        let started = Instant::now();
        let mut answers = stream::iter(transactions)
            .map(|raw| {
                let body = format!(
                    r#"{{"jsonrpc":"2.0","id":1,"method":"eth_sendRawTransaction","params":["{raw}"]}}"#
                );
                self.post(body)
            })
            .buffered(lanes);
        while let Some(answer) = answers.try_next().await? {
            ensure!(
                answer.get("error").is_none(),
                "a transaction was refused: {}",
                answer["error"]
            );
            if let Some(times) = acknowledged.as_deref_mut() {
                times.push(started.elapsed());
            }
        }
        Ok(())
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
                self.url
            );
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Ok(())
    }

    /// Transactions in blocks `from..=latest`, and the number of the latest.
    pub async fn count_transactions(&self, from: u64) -> Result<(usize, u64)> {
        let latest = self.quantity("eth_blockNumber", "[]").await?;
        let mut count = 0;
        for number in from..=latest {
            let params = format!("[\"{number:#x}\"]");
            count += self
                .quantity("eth_getBlockTransactionCountByNumber", &params)
                .await? as usize;
        }
        Ok((count, latest))
    }
}
