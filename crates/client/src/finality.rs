//! What the client proves before it says it.

use crate::{
    Client, ClientError,
    limits::{FINAL_TIMEOUT, POLL_INTERVAL},
};
use alloy_primitives::{Address, B256};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use zhengtong_types::{
    EpochValidators, Finality, FinalizedBlock, ReceiptProof, StateProof, VerifiedBlock, VerifiedHeader,
    VerifiedReceipt, VerifiedState, VerifyError,
};

impl Client {
    /// Waits until a transaction is final, at most [`FINAL_TIMEOUT`], and verifies its receipt.
    pub async fn wait_final(&self, hash: B256) -> Result<VerifiedReceipt, ClientError> {
        self.wait_final_for(hash, FINAL_TIMEOUT).await
    }

    /// [`Client::wait_final`] with another limit.
    pub async fn wait_final_for(&self, hash: B256, limit: Duration) -> Result<VerifiedReceipt, ClientError> {
        self.key()?;
        let started = Instant::now();
        while !self.is_final(hash).await? {
            let waited = started.elapsed();
            if waited >= limit {
                return Err(ClientError::NotFinal { hash, waited });
            }
            tokio::time::sleep(POLL_INTERVAL.min(limit - waited)).await;
        }
        self.receipt(hash).await
    }

    async fn is_final(&self, hash: B256) -> Result<bool, ClientError> {
        let receipt: Value = self
            .transport
            .request("eth_getTransactionReceipt", &json!([hash]))
            .await?;
        Ok(!receipt.is_null())
    }

    /// The verified receipt of a final transaction.
    pub async fn receipt(&self, hash: B256) -> Result<VerifiedReceipt, ClientError> {
        let proof = self.receipt_proof(hash).await?;
        self.verified(move |key| proof.verify_transaction(key, hash))
            .await
    }

    /// The proof of a final transaction, as the node gives it; see [`ReceiptProof::verify`].
    pub async fn receipt_proof(&self, hash: B256) -> Result<ReceiptProof, ClientError> {
        self.transport
            .request("zhengtong_getReceiptProof", &json!([hash]))
            .await
    }

    /// Certificate and headers of a block, as the node gives them; see [`Finality::verify_block`].
    pub async fn finality(&self, number: u64) -> Result<Finality, ClientError> {
        self.transport
            .request("zhengtong_getFinalization", &json!([number]))
            .await
    }

    /// The verified header of a block.
    pub async fn header(&self, number: u64) -> Result<VerifiedHeader, ClientError> {
        let finality = self.finality(number).await?;
        self.verified(move |key| finality.verify_block(key, number)).await
    }

    /// Who validates now, as the node says it; nothing else depends on it. `None` where nobody votes.
    pub async fn validators(&self) -> Result<Option<EpochValidators>, ClientError> {
        self.transport
            .request("zhengtong_getValidators", &json!([]))
            .await
    }

    /// A verified block with all its transactions and receipts.
    pub async fn block(&self, number: u64) -> Result<VerifiedBlock, ClientError> {
        self.proven_block(number, &json!([number])).await
    }

    /// As [`Client::block`]; if it is the next block, the node waits for it before it answers.
    pub(crate) async fn coming_block(&self, number: u64) -> Result<VerifiedBlock, ClientError> {
        self.proven_block(number, &json!([number, true])).await
    }

    async fn proven_block(&self, number: u64, params: &Value) -> Result<VerifiedBlock, ClientError> {
        let block: FinalizedBlock = self
            .transport
            .request("zhengtong_getFinalizedBlock", params)
            .await?;
        self.verified(move |key| block.verify(key, number)).await
    }

    /// The verified state of an account and slots of it at the latest block.
    pub async fn state(&self, address: Address, slots: &[B256]) -> Result<VerifiedState, ClientError> {
        let proof = self.state_proof(address, slots).await?;
        let asked = slots.to_vec();
        let state = self.verified(move |key| proof.verify(key)).await?;
        let missing = asked.iter().find(|slot| state.slot(**slot).is_none());
        let reason = match missing {
            _ if state.address() != address => format!("it is about {}, not {address}", state.address()),
            Some(slot) => format!("slot {slot} is missing"),
            None => return Ok(state),
        };
        Err(ClientError::Answer {
            method: "zhengtong_getStateProof",
            reason,
        })
    }

    /// The proof of an account and slots of it, as the node gives it; see [`StateProof::verify`].
    pub async fn state_proof(&self, address: Address, slots: &[B256]) -> Result<StateProof, ClientError> {
        self.transport
            .request("zhengtong_getStateProof", &json!([address, slots]))
            .await
    }

    /// Runs a verification where it holds nobody up: large blocks take a while to hash.
    async fn verified<T: Send + 'static>(
        &self,
        verify: impl FnOnce(&zhengtong_types::NetworkKey) -> Result<T, VerifyError> + Send + 'static,
    ) -> Result<T, ClientError> {
        let key = *self.key()?;
        let done = tokio::task::spawn_blocking(move || verify(&key)).await;
        let done = done.map_err(|e| ClientError::Answer {
            method: "verification",
            reason: e.to_string(),
        })?;
        Ok(done?)
    }
}
