//! Transactions that survive a crash: written down signed, sent until final, executed once at most.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;
use std::time::Duration;

use alloy_consensus::{SignableTransaction as _, TxEip1559, TxEnvelope};
use alloy_eips::Encodable2718 as _;
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use alloy_signer::SignerSync as _;
use alloy_signer_local::PrivateKeySigner;
use thiserror::Error;
use tokio::sync::{Mutex, Semaphore, oneshot};
use zhengtong_types::VerifiedReceipt;

use super::chain::{ChainError, ChainPort};
use super::finality::{Expected, Finality};
use crate::store::{Begun, FirstUse, OutboxRow, OutboxState, SignedRow, Store, StoreError};

/// Gas limit of every transaction, just below what one transaction may use; gas has no price.
pub const GAS_LIMIT: u64 = 16_000_000;
/// How long one look for a receipt takes before the transaction is sent again.
const WAIT: Duration = Duration::from_secs(10);
/// How often it is sent again before the caller is told to come back later.
const MAX_ROUNDS: u32 = 6;

/// The most transactions that are signed and written down together.
const MAX_GROUP: usize = 128;
/// The most transactions on their way to the node at once.
const MAX_SENDS: usize = 64;
/// How long those that come are gathered at most while others are on their way into a block: a block costs everybody who
/// makes or follows it, whatever is in it.
const MAX_GATHERING: Duration = Duration::from_millis(50);
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

/// Those who wait to be sent, and whether somebody signs.
#[derive(Default)]
struct Queue {
    waiting: Vec<(Unsigned, Waiter)>,
    /// Names of those that are being signed: none is signed twice.
    under_way: HashSet<String>,
    is_signing: bool,
}

type Waiter = oneshot::Sender<Result<Submitted, OutboxError>>;

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

/// Makes the call of a use record from its counter; answers the tag too. `None` if it cannot be made.
pub type MakeCall = Box<dyn Fn(u32) -> Option<(B256, Bytes)> + Send + Sync>;

enum Content {
    Call(Bytes),
    First(Box<FirstUse>, MakeCall),
}

struct Unsigned {
    id: String,
    target: Address,
    content: Content,
}

/// Nonces that are free: from the next one on, but those taken.
struct Nonces {
    next: u64,
    taken: BTreeSet<u64>,
}

impl Nonces {
    fn take(&mut self) -> u64 {
        while self.taken.remove(&self.next) {
            self.next += 1;
        }
        let nonce = self.next;
        self.next += 1;
        self.taken = self.taken.split_off(&self.next);
        nonce
    }
}

/// What came of signing one.
enum Signing {
    Signed(SignedRow, Expected),
    Not(Result<Submitted, OutboxError>),
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
            sends: Arc::new(Semaphore::new(MAX_SENDS)),
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
            if let Some(receipt) = self.wait_final(hash, expected, is_old, WAIT).await? {
                return self.finish(id, hash, receipt).await;
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
    /// transaction are written down at once, before it is sent.
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

    async fn sent(&self, id: &str, target: Address, content: Content) -> Result<Submitted, OutboxError> {
        let (sender, sent) = oneshot::channel();
        let unsigned = Unsigned {
            id: id.to_owned(),
            target,
            content,
        };
        let starts = {
            let mut queue = self.queue.lock();
            if queue.under_way.contains(id) {
                return Err(OutboxError::NotSent);
            }
            queue.waiting.retain(|(waiting, _)| waiting.id != id);
            queue.waiting.push((unsigned, sender));
            !std::mem::replace(&mut queue.is_signing, true)
        };
        if starts {
            // A task of its own: who waits may give up in the middle, and others wait with them.
            let outbox = self.clone();
            tokio::spawn(async move { outbox.sign_waiting().await });
        }
        sent.await.unwrap_or(Err(OutboxError::NotSent))
    }

    async fn sign_waiting(&self) {
        loop {
            let group: Vec<_> = {
                let mut queue = self.queue.lock();
                // Who gave up is not signed for.
                queue.waiting.retain(|(_, waiting)| !waiting.is_closed());
                let count = queue.waiting.len().min(MAX_GROUP);
                if count == 0 {
                    queue.under_way.clear();
                    queue.is_signing = false;
                    return;
                }
                let group: Vec<_> = queue.waiting.drain(..count).collect();
                queue.under_way = group.iter().map(|(unsigned, _)| unsigned.id.clone()).collect();
                group
            };
            let (unsigned, waiting): (Vec<_>, Vec<_>) = group.into_iter().unzip();
            match self.sign_all(unsigned).await {
                // Nobody is answered: each of them tries again, or gives up.
                Err(error) => tracing::warn!(%error, "transactions cannot be signed now"),
                Ok(signed) => {
                    // They can be found by their names from now on.
                    self.queue.lock().under_way.clear();
                    let last = signed.iter().rev().find_map(|signing| match signing {
                        Signing::Signed(row, _) => Some(self.finality.expect(row.hash)),
                        Signing::Not(_) => None,
                    });
                    for (waiting, signing) in waiting.into_iter().zip(signed) {
                        self.hand_over(waiting, signing).await;
                    }
                    if let Some(last) = last.filter(|_| self.finality.is_followed()) {
                        // Time over, or it is final: both ways the next ones go.
                        let _ = tokio::time::timeout(MAX_GATHERING, last.receipt()).await;
                    }
                }
            }
        }
    }

    /// Sends one beside the others, in turn; the next group is signed meanwhile.
    async fn hand_over(&self, waiting: Waiter, signing: Signing) {
        let (row, expected) = match signing {
            Signing::Signed(row, expected) => (row, expected),
            Signing::Not(result) => {
                let _ = waiting.send(result);
                return;
            }
        };
        // It never closes.
        let turn = self.sends.clone().acquire_owned().await.ok();
        let outbox = self.clone();
        tokio::spawn(async move {
            let sent = outbox.send_signed(&row).await;
            drop(turn);
            let sent = sent.map(|hash| {
                Submitted::Sent(Sent {
                    hash,
                    data: row.data,
                    expected,
                })
            });
            let _ = waiting.send(sent);
        });
    }

    /// Signs with the next free nonces, and writes all down at once.
    async fn sign_all(&self, group: Vec<Unsigned>) -> Result<Vec<Signing>, OutboxError> {
        let mut next = self.sending.lock().await;
        let mut nonces = match next.take() {
            Some(first) => Nonces {
                next: first,
                taken: BTreeSet::new(),
            },
            None => self.free_nonces().await?,
        };
        let mut batch = self.store.batch().await?;
        let mut signed = Vec::with_capacity(group.len());
        for unsigned in group {
            let data = match unsigned.content {
                Content::Call(data) => data,
                Content::First(first, call) => {
                    let n = match batch.begin_first(&first).await? {
                        Begun::Free(n) => n,
                        Begun::Replayed => {
                            signed.push(Signing::Not(Ok(Submitted::Replayed)));
                            continue;
                        }
                        Begun::Known => {
                            signed.push(Signing::Not(Ok(Submitted::Known)));
                            continue;
                        }
                    };
                    let Some((tag, data)) = call(n) else {
                        signed.push(Signing::Not(Ok(Submitted::NoCall)));
                        continue;
                    };
                    batch.put_first(&first, n, tag).await?;
                    data
                }
            };
            let nonce = nonces.take();
            let (raw, hash) = self.sign(nonce, unsigned.target, &data)?;
            let row = SignedRow {
                id: unsigned.id,
                target: unsigned.target,
                data,
                nonce,
                raw,
                hash,
            };
            batch.put_signed(&row).await?;
            signed.push(Signing::Signed(row, self.finality.expect(hash)));
        }
        batch.commit().await?;
        // Behind one that the chain refused, nonces are taken: then they are looked up again.
        *next = nonces.taken.is_empty().then_some(nonces.next);
        Ok(signed)
    }

    async fn send_signed(&self, row: &SignedRow) -> Result<B256, OutboxError> {
        match self.chain.send(&row.raw).await {
            Ok(hash) => Ok(hash),
            Err(error @ ChainError::Refused(_)) => {
                // In this order: whoever looks nonces up again finds this one free.
                self.store.unsign(&row.id).await?;
                *self.sending.lock().await = None;
                Err(error.into())
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The nonces that neither the chain nor a signed transaction has.
    async fn free_nonces(&self) -> Result<Nonces, OutboxError> {
        let taken = self.store.signed_nonces().await?;
        let next = self.chain.pending_nonce(self.signer.address()).await?;
        Ok(Nonces { next, taken })
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
