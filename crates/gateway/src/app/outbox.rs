//! Transactions that survive a crash: written down signed, sent until final, executed once at most.

use std::sync::Arc;
use std::time::Duration;

use alloy_consensus::{SignableTransaction as _, TxEip1559, TxEnvelope};
use alloy_eips::Encodable2718 as _;
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use alloy_signer::SignerSync as _;
use alloy_signer_local::PrivateKeySigner;
use thiserror::Error;
use tokio::sync::Mutex;
use zhengtong_types::VerifiedReceipt;

use super::chain::{ChainError, ChainPort};
use crate::store::{OutboxRow, OutboxState, Store, StoreError};

/// Gas limit of every transaction, just below what one transaction may use; gas has no price.
pub const GAS_LIMIT: u64 = 16_000_000;
/// How long one look for a receipt takes before the transaction is sent again.
const WAIT: Duration = Duration::from_secs(10);
/// How often it is sent again before the caller is told to come back later.
const MAX_ROUNDS: u32 = 6;

/// Why a transaction did not do what it should.
#[derive(Debug, Error)]
pub enum OutboxError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The chain.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// Final, and reverted: the contract refused it.
    #[error("transaction {0} was executed and refused by the contract")]
    Reverted(B256),
    /// Not final yet.
    #[error("transaction {0} is not final yet")]
    NotFinal(B256),
    /// The key does not sign.
    #[error("signing failed: {0}")]
    Sign(#[from] alloy_signer::Error),
}

/// Sends for one key. There must be one only for each key.
pub struct Outbox {
    store: Store,
    chain: Arc<dyn ChainPort>,
    signer: PrivateKeySigner,
    /// One at a time chooses a nonce, writes it down, and hands the transaction over.
    sending: Mutex<()>,
}

impl Outbox {
    /// An outbox of a key.
    pub fn new(store: Store, chain: Arc<dyn ChainPort>, signer: PrivateKeySigner) -> Self {
        Self {
            store,
            chain,
            signer,
            sending: Mutex::new(()),
        }
    }

    /// The key's address.
    pub fn address(&self) -> Address {
        self.signer.address()
    }

    /// Sends again everything that was signed and is not final; to be called first after a start, so that no nonce is
    /// taken twice.
    ///
    /// # Errors
    /// The store or the chain fails.
    pub async fn resume(&self) -> Result<usize, OutboxError> {
        let rows = self.store.unfinished().await?;
        for row in &rows {
            if let Some((_, raw, hash)) = &row.signed {
                self.send_again(row, raw, *hash).await?;
            }
        }
        Ok(rows.len())
    }

    /// Executes the transaction named `id` once and waits until it is final. Called again with the same name, it finds
    /// the first one, whatever happened in between.
    ///
    /// # Errors
    /// [`OutboxError::Reverted`] for good; anything else may work later.
    pub async fn execute(
        &self,
        id: &str,
        target: Address,
        data: &Bytes,
    ) -> Result<VerifiedReceipt, OutboxError> {
        let mut row = self.store.want(id, target, data).await?;
        let mut last = B256::ZERO;
        for _ in 0..MAX_ROUNDS {
            let hash = match &row.signed {
                Some((_, _, hash)) => *hash,
                None => self.sign_and_send(&row).await?,
            };
            last = hash;
            if let Some(receipt) = self.chain.wait_final(hash, WAIT).await? {
                return self.finish(id, hash, receipt).await;
            }
            if let Some((_, raw, hash)) = &row.signed {
                self.send_again(&row, raw, *hash).await?;
            }
            row = self.store.want(id, target, data).await?;
        }
        Err(OutboxError::NotFinal(last))
    }

    async fn finish(
        &self,
        id: &str,
        hash: B256,
        receipt: VerifiedReceipt,
    ) -> Result<VerifiedReceipt, OutboxError> {
        let done = receipt.succeeded();
        let state = if done {
            OutboxState::Final
        } else {
            OutboxState::Reverted
        };
        self.store.set_transaction(id, state).await?;
        if done {
            Ok(receipt)
        } else {
            Err(OutboxError::Reverted(hash))
        }
    }

    async fn sign_and_send(&self, row: &OutboxRow) -> Result<B256, OutboxError> {
        let _one_at_a_time = self.sending.lock().await;
        let taken = self.store.signed_nonces().await?;
        let mut nonce = self.chain.pending_nonce(self.signer.address()).await?;
        while taken.contains(&nonce) {
            nonce += 1;
        }
        let transaction = TxEip1559 {
            chain_id: self.chain.chain_id(),
            nonce,
            gas_limit: GAS_LIMIT,
            max_fee_per_gas: 0,
            max_priority_fee_per_gas: 0,
            to: row.target.into(),
            value: U256::ZERO,
            access_list: Default::default(),
            input: row.data.clone(),
        };
        let signature = self.signer.sign_hash_sync(&transaction.signature_hash())?;
        let raw = Bytes::from(TxEnvelope::from(transaction.into_signed(signature)).encoded_2718());
        let hash = keccak256(&raw);
        self.store.signed(&row.id, nonce, &raw, hash).await?;
        match self.chain.send(&raw).await {
            Ok(hash) => Ok(hash),
            Err(error @ ChainError::Refused(_)) => {
                self.store.unsign(&row.id).await?;
                Err(error.into())
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The node may have lost it, or given its nonce to another: then it is signed anew.
    async fn send_again(&self, row: &OutboxRow, raw: &Bytes, hash: B256) -> Result<(), OutboxError> {
        match self.chain.send(raw).await {
            Ok(_) => Ok(()),
            Err(ChainError::Refused(reason)) => {
                if self.chain.wait_final(hash, Duration::ZERO).await?.is_none() {
                    tracing::warn!(transaction = row.id, reason, "signing anew");
                    self.store.unsign(&row.id).await?;
                }
                Ok(())
            }
            Err(error) => Err(error.into()),
        }
    }
}
