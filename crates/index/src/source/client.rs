//! A node of the network, by URL. The client verifies every block and answer before it comes here.

use alloy_primitives::{Address, B256, Bytes};
use alloy_sol_types::SolValue;
use async_trait::async_trait;
use futures::{StreamExt, stream::BoxStream};
use tokio::sync::Mutex;
use zhengtong_bindings::Rules;
use zhengtong_client::{Client, ClientError};
use zhengtong_types::{NetworkInfo, ReceiptProof, StateProof, VerifiedBlock};

use super::{Block, BlockLog, BlockSource, SourceError, Tip};

/// A connected client as a source.
pub struct ClientSource {
    client: Client,
    network: NetworkInfo,
    /// The last tip; its header is verified once.
    tip: Mutex<Option<Tip>>,
}

impl ClientSource {
    /// Uses a client; its node must be one of this kind of chain, with proofs.
    pub fn new(client: Client) -> Result<Self, ClientError> {
        let network = client.network()?.clone();
        Ok(Self {
            client,
            network,
            tip: Mutex::new(None),
        })
    }

    fn contract(&self, name: &str) -> Result<Address, SourceError> {
        let known = self.network.contracts.get(name).copied();
        known.ok_or_else(|| SourceError::Unknown(format!("a contract \"{name}\"")))
    }
}

#[async_trait]
impl BlockSource for ClientSource {
    fn network(&self) -> &NetworkInfo {
        &self.network
    }

    fn follow(&self, from: u64) -> BoxStream<'static, Result<Block, SourceError>> {
        self.client
            .follow(from)
            .map(|block| block.map(|block| read(&block)).map_err(Into::into))
            .boxed()
    }

    async fn tip(&self) -> Result<Tip, SourceError> {
        let number = self.client.block_number().await?;
        let mut last = self.tip.lock().await;
        if let Some(tip) = *last
            && tip.number == number
        {
            return Ok(tip);
        }
        let timestamp_ms = self.client.header(number).await?.time_ms();
        Ok(*last.insert(Tip { number, timestamp_ms }))
    }

    async fn rule_set(&self, id: B256) -> Result<Bytes, SourceError> {
        let rules = self
            .client
            .read(self.contract("rules")?, &Rules::ruleSetCall { id })
            .await?;
        Ok(rules.abi_encode().into())
    }

    async fn receipt_proof(&self, tx_hash: B256) -> Result<ReceiptProof, SourceError> {
        Ok(self.client.receipt_proof(tx_hash).await?)
    }

    async fn state_proof(&self, address: Address, slots: &[B256]) -> Result<StateProof, SourceError> {
        Ok(self.client.state_proof(address, slots).await?)
    }
}

fn read(block: &VerifiedBlock) -> Block {
    let logs = block
        .receipts()
        .iter()
        .flat_map(|(tx_hash, receipt)| receipt.logs().iter().map(move |log| (*tx_hash, log.clone())));
    Block {
        number: block.number(),
        hash: block.header().hash(),
        parent_hash: block.header().header().parent_hash,
        timestamp_ms: block.header().time_ms(),
        logs: (0..)
            .zip(logs)
            .map(|(log_index, (tx_hash, log))| BlockLog {
                tx_hash,
                log_index,
                log,
            })
            .collect(),
    }
}

impl From<ClientError> for SourceError {
    fn from(error: ClientError) -> Self {
        match error {
            ClientError::Unproven(_)
            | ClientError::Broken { .. }
            | ClientError::WrongNetwork { .. }
            | ClientError::NoProofs { .. } => SourceError::Unverified(error.to_string()),
            ClientError::Refused { .. } if error.is_not_kept() => SourceError::NotKept(error.to_string()),
            ClientError::Refused { .. } | ClientError::Reverted { .. } => {
                SourceError::Unknown(error.to_string())
            }
            _ => SourceError::Unreachable(error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{ClientError, SourceError};

    fn refused(code: i32) -> SourceError {
        ClientError::Refused {
            method: "eth_getBlockByNumber",
            code,
            message: "pruned history unavailable: block 1 is not kept here".into(),
        }
        .into()
    }

    #[test]
    fn a_node_that_does_not_keep_every_block_ends_the_index() {
        let error = refused(4444);
        assert!(matches!(error, SourceError::NotKept(_)) && !error.is_transient());
        assert!(
            error
                .to_string()
                .contains("give the index a node that began by replay"),
            "{error}"
        );
        assert!(refused(-32000).is_transient(), "another refusal may pass");
    }
}
