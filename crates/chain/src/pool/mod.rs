//! Transactions that are accepted but not yet finalized.
//!
//! A transaction is *reserved* (its place is taken), then journaled, then *active* (it may be proposed). One that turns out
//! not to run, for want of balance or quota say, is *parked* until a finalized block changes its account or quotas begin anew. It leaves when a finalized
//! block has used its nonce, or when the pool is full and it could not run anyway.

mod content;
mod journal;
#[cfg(test)]
mod tests;
mod writer;

pub use content::{Candidate, Content, EVERYONES_PERCENT, Origin};
pub use journal::{Journal, JournalError};
pub use writer::{Append, Permit, Writer, run_writer};

use crate::{
    config::PoolConfig,
    quota::Standing,
    view::{SubmitError, Waiting},
};
use alloy_primitives::{Address, B256, Bytes, map::AddressMap};
use parking_lot::Mutex;
use tokio::sync::{Notify, broadcast};
use zhengtong_evm::Transaction;

/// Accepted hashes that a slow subscriber may lag behind.
const ACCEPTED_BACKLOG: usize = 4_096;

/// The pool. All methods are short and never wait, except [`Pool::changed`].
#[derive(Debug)]
pub struct Pool {
    content: Mutex<Content>,
    changed: Notify,
    accepted: broadcast::Sender<B256>,
}

impl Pool {
    pub fn new(config: PoolConfig) -> Self {
        Self {
            content: Mutex::new(Content::new(config)),
            changed: Notify::new(),
            accepted: broadcast::channel(ACCEPTED_BACKLOG).0,
        }
    }

    /// Takes a place for a transaction of an account whose next nonce at the tip is `next`, within its quota if
    /// it has one.
    pub fn reserve(
        &self,
        transaction: Transaction,
        raw: Bytes,
        next: u64,
        origin: Origin,
        quota: Option<&Standing>,
    ) -> Result<(), SubmitError> {
        self.content.lock().reserve(transaction, raw, next, origin, quota)
    }

    /// The transactions are durable: they may be proposed from now on. All at once, so that the next block takes all.
    pub fn activate(&self, hashes: impl IntoIterator<Item = B256>) {
        let mut content = self.content.lock();
        let activated: Vec<B256> = hashes
            .into_iter()
            .filter(|hash| content.activate(*hash))
            .collect();
        drop(content);
        if activated.is_empty() {
            return;
        }
        self.changed.notify_waiters();
        for hash in activated {
            // No subscriber is no error.
            let _ = self.accepted.send(hash);
        }
    }

    /// The transaction cannot run on the state as it is; it waits for its account to change.
    pub fn park(&self, hash: B256) {
        self.content.lock().park(hash);
    }

    /// What cannot run is tried again: quotas are others now.
    pub fn unpark_all(&self) {
        self.content.lock().unpark_all();
        self.changed.notify_waiters();
    }

    /// The transaction could not be stored.
    pub fn remove(&self, hash: B256) {
        self.content.lock().remove(hash);
    }

    /// A finalized block used these nonces, and changed these accounts, which have these next nonces now. One may have moved
    /// without a transaction of its account: an authorization uses a nonce too (EIP-7702).
    pub fn finalized<'a>(
        &self,
        used: impl IntoIterator<Item = (&'a Address, u64)>,
        changed: impl IntoIterator<Item = (&'a Address, &'a u64)>,
    ) {
        let mut content = self.content.lock();
        for (sender, nonce) in used {
            content.used(*sender, nonce);
        }
        for (address, next) in changed {
            if let Some(last) = next.checked_sub(1) {
                content.used(*address, last);
            }
            content.unpark(*address);
        }
    }

    /// Active transactions that can run one after another, given the nonces that unfinalized ancestors already moved.
    pub fn select(&self, moved: &AddressMap<u64>, max: usize, max_bytes: usize) -> Vec<Candidate> {
        self.content.lock().select(moved, max, max_bytes)
    }

    /// Resolves when something was activated after the call.
    pub fn changed(&self) -> tokio::sync::futures::Notified<'_> {
        self.changed.notified()
    }

    pub fn waiting(&self) -> Vec<Waiting> {
        self.content.lock().waiting()
    }

    pub fn get(&self, hash: B256) -> Option<Transaction> {
        self.content.lock().get(hash)
    }

    /// The nonce after the last one that waits without a gap, given the next one at the tip.
    pub fn next_nonce(&self, address: Address, next: u64) -> u64 {
        self.content.lock().next_nonce(address, next)
    }

    pub fn subscribe(&self) -> broadcast::Receiver<B256> {
        self.accepted.subscribe()
    }

    /// Number of waiting transactions.
    pub fn len(&self) -> usize {
        self.content.lock().len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes of waiting transactions.
    pub fn live_bytes(&self) -> usize {
        self.content.lock().bytes()
    }

    /// Raw waiting transactions, oldest first.
    pub fn live(&self) -> Vec<Bytes> {
        self.content.lock().raws()
    }
}
