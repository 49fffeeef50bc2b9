//! Wakes who waits for a use record as soon as a followed block holds it: no polling, and one certificate a block.

use std::collections::{HashMap, VecDeque};

use alloy_primitives::B256;
use parking_lot::Mutex;
use tokio::sync::oneshot;
use zhengtong_types::{VerifiedBlock, VerifiedReceipt};

/// The last receipts kept for those who begin to wait a moment too late.
const MAX_RECENT: usize = 4_096;

/// Receipts of this gateway's use records, by transaction.
#[derive(Default)]
pub(crate) struct Finality(Mutex<State>);

#[derive(Default)]
struct State {
    waiting: HashMap<B256, Vec<oneshot::Sender<VerifiedReceipt>>>,
    recent: HashMap<B256, VerifiedReceipt>,
    order: VecDeque<B256>,
}

impl Finality {
    /// Hands over the receipts of these transactions, which are in this block.
    pub fn tell(&self, block: &VerifiedBlock, transactions: &[B256]) {
        if transactions.is_empty() {
            return;
        }
        let mut state = self.0.lock();
        for (place, (hash, _)) in block.receipts().iter().enumerate() {
            if !transactions.contains(hash) {
                continue;
            }
            let Some(receipt) = block.receipt(place) else {
                continue;
            };
            for waiting in state.waiting.remove(hash).into_iter().flatten() {
                // Who waited may have given up.
                let _ = waiting.send(receipt.clone());
            }
            if state.recent.insert(*hash, receipt).is_none() {
                state.order.push_back(*hash);
            }
            if state.order.len() > MAX_RECENT
                && let Some(oldest) = state.order.pop_front()
            {
                state.recent.remove(&oldest);
            }
        }
    }

    /// The receipt once a followed block has it. Never resolves for a transaction that reverts.
    pub async fn heard(&self, hash: B256) -> Option<VerifiedReceipt> {
        let heard = {
            let mut state = self.0.lock();
            if let Some(receipt) = state.recent.get(&hash) {
                return Some(receipt.clone());
            }
            state.waiting.retain(|_, waiting| {
                waiting.retain(|sender| !sender.is_closed());
                !waiting.is_empty()
            });
            let (sender, heard) = oneshot::channel();
            state.waiting.entry(hash).or_default().push(sender);
            heard
        };
        heard.await.ok()
    }
}
