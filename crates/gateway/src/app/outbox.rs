//! Transactions that survive a crash: written down signed, sent until final, executed once at most.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use alloy_consensus::{SignableTransaction as _, TxEip1559, TxEnvelope};
use alloy_eips::Encodable2718 as _;
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use alloy_signer::SignerSync as _;
use alloy_signer_local::PrivateKeySigner;
use futures::{FutureExt as _, StreamExt as _};
use thiserror::Error;
use tokio::sync::{Mutex, oneshot};
use zhengtong_types::VerifiedReceipt;

use super::chain::{ChainError, ChainPort};
use crate::store::{OutboxRow, OutboxState, SignedRow, Store, StoreError};

/// Gas limit of every transaction, just below what one transaction may use; gas has no price.
pub const GAS_LIMIT: u64 = 16_000_000;
/// How long one look for a receipt takes before the transaction is sent again.
const WAIT: Duration = Duration::from_secs(10);
/// How often it is sent again before the caller is told to come back later.
const MAX_ROUNDS: u32 = 6;

/// The most transactions that are signed and written down together.
const MAX_GROUP: usize = 128;
/// The most transactions on their way to the node at once.
const MAX_SENDS: usize = 32;

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
}

/// Those who wait to be sent, and whether somebody sends.
#[derive(Default)]
struct Queue {
    waiting: Vec<(Unsigned, oneshot::Sender<Result<B256, OutboxError>>)>,
    /// Names of those under way: none is signed twice.
    under_way: HashSet<String>,
    is_sending: bool,
}

struct Unsigned {
    id: String,
    target: Address,
    data: Bytes,
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

    /// Hands the transaction named `id` to the chain, and does not wait until it is final. Called again with the same name,
    /// it sends the first one again. Those that wait at the same time are written down together.
    ///
    /// # Errors
    /// The store or the chain fails.
    pub async fn submit(&self, id: &str, target: Address, data: &Bytes) -> Result<B256, OutboxError> {
        if let Some(row) = self.store.transaction(id).await?
            && let Some((_, raw, hash)) = &row.signed
        {
            if row.state == OutboxState::Signed {
                self.send_again(&row, raw, *hash).await?;
            }
            return Ok(*hash);
        }
        let (sender, sent) = oneshot::channel();
        let unsigned = Unsigned {
            id: id.to_owned(),
            target,
            data: data.clone(),
        };
        let starts = {
            let mut queue = self.queue.lock();
            if queue.under_way.contains(id) {
                return Err(OutboxError::NotSent);
            }
            queue.waiting.retain(|(waiting, _)| waiting.id != id);
            queue.waiting.push((unsigned, sender));
            !std::mem::replace(&mut queue.is_sending, true)
        };
        if starts {
            // A task of its own: who waits may give up in the middle, and others wait with them.
            let outbox = self.clone();
            tokio::spawn(async move { outbox.send_waiting().await });
        }
        sent.await.unwrap_or(Err(OutboxError::NotSent))
    }

    async fn send_waiting(&self) {
        loop {
            let group: Vec<_> = {
                let mut queue = self.queue.lock();
                // Who gave up is not signed for.
                queue.waiting.retain(|(_, waiting)| !waiting.is_closed());
                let count = queue.waiting.len().min(MAX_GROUP);
                if count == 0 {
                    queue.under_way.clear();
                    queue.is_sending = false;
                    return;
                }
                let group: Vec<_> = queue.waiting.drain(..count).collect();
                queue.under_way = group.iter().map(|(unsigned, _)| unsigned.id.clone()).collect();
                group
            };
            let (unsigned, waiting): (Vec<_>, Vec<_>) = group.into_iter().unzip();
            match self.sign_all(&unsigned).await {
                // Nobody is answered: each of them tries again, or gives up.
                Err(error) => tracing::warn!(%error, "transactions cannot be signed now"),
                Ok(signed) => {
                    let sends: Vec<_> = signed.iter().map(|row| self.send_signed(row).boxed()).collect();
                    let results = futures::stream::iter(sends)
                        .buffered(MAX_SENDS)
                        .collect::<Vec<_>>()
                        .await;
                    for (waiting, result) in waiting.into_iter().zip(results) {
                        let _ = waiting.send(result);
                    }
                }
            }
        }
    }

    /// Signs with consecutive nonces, and writes all down at once.
    async fn sign_all(&self, group: &[Unsigned]) -> Result<Vec<SignedRow>, OutboxError> {
        let mut next = self.sending.lock().await;
        let first = match *next {
            Some(first) => first,
            None => self.free_nonce().await?,
        };
        let mut signed = Vec::with_capacity(group.len());
        for (unsigned, nonce) in group.iter().zip(first..) {
            let (raw, hash) = self.sign(nonce, unsigned.target, &unsigned.data)?;
            signed.push(SignedRow {
                id: unsigned.id.clone(),
                target: unsigned.target,
                data: unsigned.data.clone(),
                nonce,
                raw,
                hash,
            });
        }
        *next = None;
        self.store.put_signed(&signed).await?;
        *next = Some(first + group.len() as u64);
        Ok(signed)
    }

    async fn send_signed(&self, row: &SignedRow) -> Result<B256, OutboxError> {
        match self.chain.send(&row.raw).await {
            Ok(hash) => Ok(hash),
            Err(error @ ChainError::Refused(_)) => {
                *self.sending.lock().await = None;
                self.store.unsign(&row.id).await?;
                Err(error.into())
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The next nonce that neither the chain nor a signed transaction has.
    async fn free_nonce(&self) -> Result<u64, OutboxError> {
        let taken = self.store.signed_nonces().await?;
        let mut nonce = self.chain.pending_nonce(self.signer.address()).await?;
        while taken.contains(&nonce) {
            nonce += 1;
        }
        Ok(nonce)
    }

    fn sign(&self, nonce: u64, target: Address, data: &Bytes) -> Result<(Bytes, B256), OutboxError> {
        let transaction = TxEip1559 {
            chain_id: self.chain.chain_id(),
            nonce,
            gas_limit: GAS_LIMIT,
            max_fee_per_gas: 0,
            max_priority_fee_per_gas: 0,
            to: target.into(),
            value: U256::ZERO,
            access_list: Default::default(),
            input: data.clone(),
        };
        let signature = self.signer.sign_hash_sync(&transaction.signature_hash())?;
        let raw = Bytes::from(TxEnvelope::from(transaction.into_signed(signature)).encoded_2718());
        let hash = keccak256(&raw);
        Ok((raw, hash))
    }

    /// Takes note of the receipt of a transaction that was submitted.
    ///
    /// # Errors
    /// [`OutboxError::Reverted`] if the contract refused it.
    pub async fn settle(
        &self,
        id: &str,
        hash: B256,
        receipt: VerifiedReceipt,
    ) -> Result<VerifiedReceipt, OutboxError> {
        if receipt.succeeded() {
            self.store.settled(id, OutboxState::Final);
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
        let mut next = self.sending.lock().await;
        *next = None;
        let nonce = self.free_nonce().await?;
        let (raw, hash) = self.sign(nonce, row.target, &row.data)?;
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
