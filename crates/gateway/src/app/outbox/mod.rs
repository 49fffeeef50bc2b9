//! Transactions that survive a crash: written down signed, sent until final, executed once at most.

mod together;

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use alloy_primitives::{Address, B256, Bytes};
use alloy_signer_local::PrivateKeySigner;
use thiserror::Error;
use tokio::sync::{Mutex, Semaphore};
use zhengtong_types::VerifiedReceipt;

use super::chain::{ChainError, ChainPort};
use super::finality::{Expected, Finality};
use crate::store::{FirstUse, OutboxRow, OutboxState, Store, StoreError};

pub use together::MakeCall;
use together::{Content, Queue};

/// How long one look for a receipt takes before the transaction is sent again.
const WAIT: Duration = Duration::from_secs(10);
/// How often it is sent again before the caller is told to come back later.
const MAX_ROUNDS: u32 = 6;
/// How long a followed block is waited for before the chain is asked for the one transaction.
const HEAR_TIMEOUT: Duration = Duration::from_secs(2);

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
    /// Final, and reverted, but it made calls of others too, of which one was refused: this one is wanted again, alone.
    #[error("transaction {0} was undone, because another call in it was refused")]
    Undone(B256),
    /// Not final yet.
    #[error("transaction {0} is not final yet")]
    NotFinal(B256),
    /// Not signed and sent; it may be later.
    #[error("the transaction could not be sent now")]
    NotSent,
    /// The key does not sign.
    #[error("signing failed: {0}")]
    Sign(#[from] alloy_signer::Error),
}

/// Sends for one key. There must be one only for each key; clones share it.
#[derive(Clone)]
pub struct Outbox {
    store: Store,
    chain: Arc<dyn ChainPort>,
    signer: PrivateKeySigner,
    /// One at a time chooses nonces and writes them down. Holds the next one, while nobody else chose in between.
    sending: Arc<Mutex<Option<u64>>>,
    /// Transactions that are to be signed and sent together.
    queue: Arc<parking_lot::Mutex<Queue>>,
    /// Turns to send.
    sends: Arc<Semaphore>,
    finality: Arc<Finality>,
}

/// What became of a transaction that was handed over.
pub enum Submitted {
    /// The node has it.
    Sent(Sent),
    /// The message that it is about came before: nothing was signed.
    Replayed,
    /// The request that it is about is known already: nothing was signed.
    Known,
    /// Its call cannot be made: nothing was signed.
    NoCall,
}

/// A transaction that the node has.
pub struct Sent {
    /// Its hash.
    pub hash: B256,
    /// The call.
    pub data: Bytes,
    /// Its receipt, when it is final.
    expected: Expected,
}

impl Outbox {
    /// An outbox of a key.
    pub fn new(store: Store, chain: Arc<dyn ChainPort>, signer: PrivateKeySigner) -> Self {
        Self {
            store,
            chain,
            signer,
            sending: Arc::default(),
            queue: Arc::default(),
            sends: Arc::new(Semaphore::new(together::MAX_SENDS)),
            finality: Arc::default(),
        }
    }

    /// Where blocks that are followed are told.
    pub(super) fn finality(&self) -> &Finality {
        &self.finality
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
        let mut last = B256::ZERO;
        for _ in 0..MAX_ROUNDS {
            let row = self.store.transaction(id).await?;
            let signed = row.as_ref().and_then(|row| row.signed.as_ref());
            let (hash, expected) = match signed {
                Some((_, _, hash)) => (*hash, self.finality.expect(*hash)),
                None => {
                    let data = row.as_ref().map_or(data, |row| &row.data);
                    match self.sent(id, target, Content::Call(data.clone())).await? {
                        Submitted::Sent(sent) => (sent.hash, sent.expected),
                        _ => return Err(OutboxError::NotSent),
                    }
                }
            };
            last = hash;
            // One that was begun before may be final since.
            let is_old = signed.is_some();
            let waiting = self.wait_final(hash, expected, is_old, WAIT);
            let span = tracing::info_span!(target: crate::TRACED, "transaction.final");
            if let Some(receipt) = tracing::Instrument::instrument(waiting, span).await? {
                match self.finish(id, hash, receipt).await {
                    Err(OutboxError::Undone(_)) => continue,
                    finished => return finished,
                }
            }
            if let Some(row) = self.store.transaction(id).await?
                && let Some((_, raw, hash)) = &row.signed
            {
                self.send_again(&row, raw, *hash).await?;
            }
        }
        Err(OutboxError::NotFinal(last))
    }

    /// The verified receipt once a followed block has it, or the chain says so where none is followed.
    async fn wait_final(
        &self,
        hash: B256,
        expected: Expected,
        is_old: bool,
        limit: Duration,
    ) -> Result<Option<VerifiedReceipt>, ChainError> {
        if !self.finality.is_followed() {
            return self.chain.wait_final(hash, limit).await;
        }
        if is_old && let Some(receipt) = self.chain.wait_final(hash, Duration::ZERO).await? {
            return Ok(Some(receipt));
        }
        match tokio::time::timeout(limit.min(HEAR_TIMEOUT), expected.receipt()).await {
            Ok(receipt) => Ok(Some(receipt)),
            Err(_) => {
                self.chain
                    .wait_final(hash, limit.saturating_sub(HEAR_TIMEOUT))
                    .await
            }
        }
    }

    /// The verified receipt of a transaction that was sent; `None` if it is not final in time.
    ///
    /// # Errors
    /// The chain fails.
    pub async fn receipt(&self, sent: Sent, limit: Duration) -> Result<Option<VerifiedReceipt>, ChainError> {
        self.wait_final(sent.hash, sent.expected, false, limit).await
    }

    /// Hands the transaction named `id` to the chain, and does not wait until it is final. Called again with the same name,
    /// it sends the first one again. Those that wait at the same time are written down together.
    ///
    /// # Errors
    /// The store or the chain fails.
    pub async fn submit(&self, id: &str, target: Address, data: &Bytes) -> Result<Sent, OutboxError> {
        if let Some(row) = self.store.transaction(id).await?
            && let Some((_, raw, hash)) = &row.signed
        {
            let expected = self.finality.expect(*hash);
            if row.state == OutboxState::Signed {
                self.send_again(&row, raw, *hash).await?;
            }
            // It may be final already, and then no block to come has it.
            let expected = match self.chain.wait_final(*hash, Duration::ZERO).await? {
                Some(receipt) => Expected::of(receipt),
                None => expected,
            };
            return Ok(Sent {
                hash: *hash,
                data: row.data.clone(),
                expected,
            });
        }
        match self.sent(id, target, Content::Call(data.clone())).await? {
            Submitted::Sent(sent) => Ok(sent),
            _ => Err(OutboxError::NotSent),
        }
    }

    /// Hands over the use record of a request that is new: its nonce, its counter, what it asks for and the signed
    /// transaction are written down at once, before it is sent. Those that wait at the same time share a transaction.
    ///
    /// # Errors
    /// The store or the chain fails.
    pub async fn submit_first(
        &self,
        id: &str,
        target: Address,
        first: FirstUse,
        call: MakeCall,
    ) -> Result<Submitted, OutboxError> {
        self.sent(id, target, Content::First(Box::new(first), call)).await
    }

    /// Takes note of the receipt of a transaction that was submitted.
    ///
    /// # Errors
    /// [`OutboxError::Reverted`] if the contract refused it, [`OutboxError::Undone`] if it refused another one with it.
    pub async fn settle(
        &self,
        id: &str,
        hash: B256,
        receipt: VerifiedReceipt,
    ) -> Result<VerifiedReceipt, OutboxError> {
        if receipt.succeeded() {
            self.store.settled(id);
            return Ok(receipt);
        }
        self.finish(id, hash, receipt).await
    }

    async fn finish(
        &self,
        id: &str,
        hash: B256,
        receipt: VerifiedReceipt,
    ) -> Result<VerifiedReceipt, OutboxError> {
        if receipt.succeeded() {
            self.store.set_transaction(id, OutboxState::Final).await?;
            return Ok(receipt);
        }
        Err(if self.store.reverted(id, hash).await? {
            OutboxError::Reverted(hash)
        } else {
            OutboxError::Undone(hash)
        })
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
