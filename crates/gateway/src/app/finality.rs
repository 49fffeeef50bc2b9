//! Wakes who waits for a transaction as soon as a followed block holds it: no polling, one certificate a block.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};

use alloy_primitives::B256;
use parking_lot::Mutex;
use tokio::sync::oneshot;
use zhengtong_types::{VerifiedBlock, VerifiedReceipt};

/// Transactions of this gateway that somebody waits for, and whether blocks come.
#[derive(Default)]
pub struct Finality {
    waiting: Mutex<HashMap<B256, Vec<oneshot::Sender<VerifiedReceipt>>>>,
    is_followed: AtomicBool,
}

/// The receipt of a transaction, once a followed block has it. Begun before the transaction is sent, it misses none.
pub struct Expected(oneshot::Receiver<VerifiedReceipt>);

impl Expected {
    /// One that is here.
    pub fn of(receipt: VerifiedReceipt) -> Self {
        let (sender, receiver) = oneshot::channel();
        let _ = sender.send(receipt);
        Self(receiver)
    }

    /// Waits; for ever, if no block ever has it.
    pub async fn receipt(self) -> VerifiedReceipt {
        match self.0.await {
            Ok(receipt) => receipt,
            Err(_) => std::future::pending().await,
        }
    }
}

/// Blocks are followed until this is dropped.
pub struct Following<'a>(&'a Finality);

impl Drop for Following<'_> {
    fn drop(&mut self) {
        self.0.set_followed(false);
    }
}

impl Finality {
    /// Says that blocks will be told from now on.
    pub fn following(&self) -> Following<'_> {
        Following(self)
    }

    /// Whether the last thing that came from the chain was a block.
    pub fn set_followed(&self, is_followed: bool) {
        self.is_followed.store(is_followed, Ordering::Relaxed);
    }

    /// Whether who waits will be told.
    pub fn is_followed(&self) -> bool {
        self.is_followed.load(Ordering::Relaxed)
    }

    /// Waits for a transaction from now on.
    pub fn expect(&self, hash: B256) -> Expected {
        let (sender, receiver) = oneshot::channel();
        self.waiting.lock().entry(hash).or_default().push(sender);
        Expected(receiver)
    }

    /// Hands over the receipts that are in this block.
    pub fn tell(&self, block: &VerifiedBlock) {
        self.set_followed(true);
        let mut waiting = self.waiting.lock();
        if waiting.is_empty() {
            return;
        }
        for (place, (hash, _)) in block.receipts().iter().enumerate() {
            let Some(told) = waiting.remove(hash) else {
                continue;
            };
            let Some(receipt) = block.receipt(place) else {
                continue;
            };
            for waiting in told {
                // Who waited may have given up.
                let _ = waiting.send(receipt.clone());
            }
        }
        waiting.retain(|_, waiting| {
            waiting.retain(|sender| !sender.is_closed());
            !waiting.is_empty()
        });
    }
}
