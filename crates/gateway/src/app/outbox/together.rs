//! Those that wait at the same time are signed together: written down with one sync, and use records of new requests in
//! one transaction, which the chain recovers, orders and proves once.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::time::Duration;

use alloy_consensus::{SignableTransaction as _, TxEip1559, TxEnvelope};
use alloy_eips::Encodable2718 as _;
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use alloy_signer::SignerSync as _;
use alloy_sol_types::SolCall as _;
use tokio::sync::oneshot;
use zhengtong_bindings::uses::Uses::multicallCall;

use super::{Outbox, OutboxError, Sent, Submitted};
use crate::app::chain::ChainError;
use crate::app::finality::Expected;
use crate::store::{Begun, FirstUse, SignedRow};

/// Gas limit of every transaction, just below what one transaction may use; gas has no price.
const GAS_LIMIT: u64 = 16_000_000;
/// The most use records in one transaction. Each takes about 170,000 gas (`contracts/.gas-snapshot`).
const MAX_RECORDS: usize = 48;
/// The most calls that are written down together.
const MAX_GROUP: usize = 128;
/// The most transactions on their way to the node at once.
pub(super) const MAX_SENDS: usize = 64;
/// How long those that come are gathered at most while others are on their way into a block: a block costs everybody who
/// makes or follows it, whatever is in it.
const MAX_GATHERING: Duration = Duration::from_millis(50);

/// Those who wait to be sent, and whether somebody signs.
#[derive(Default)]
pub(super) struct Queue {
    waiting: Vec<(Unsigned, Waiter)>,
    /// Names of those that are being signed: none is signed twice.
    under_way: HashSet<String>,
    is_signing: bool,
}

type Waiter = oneshot::Sender<Result<Submitted, OutboxError>>;

/// Makes the call of a use record from its counter; answers the tag too. `None` if it cannot be made.
pub type MakeCall = Box<dyn Fn(u32) -> Option<(B256, Bytes)> + Send + Sync>;

/// What is to be called.
pub(super) enum Content {
    /// This, in a transaction of its own.
    Call(Bytes),
    /// The use record of a new request, which may share one.
    First(Box<FirstUse>, MakeCall),
}

struct Unsigned {
    id: String,
    target: Address,
    content: Content,
}

/// A call that is to be made, and who waits for it.
struct Call {
    id: String,
    data: Bytes,
    waiting: Waiter,
}

/// A transaction that is written down, and whose calls it makes.
struct Signed {
    raw: Bytes,
    hash: B256,
    calls: Vec<(Call, Expected)>,
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

impl Outbox {
    /// Signs with those that wait at the same time, and answers when the node has it.
    pub(super) async fn sent(
        &self,
        id: &str,
        target: Address,
        content: Content,
    ) -> Result<Submitted, OutboxError> {
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
            match self.sign_all(group).await {
                // Nobody is answered: each of them tries again, or gives up.
                Err(error) => tracing::warn!(%error, "transactions cannot be signed now"),
                Ok(signed) => {
                    // They can be found by their names from now on.
                    self.queue.lock().under_way.clear();
                    let last = signed.last().map(|signed| self.finality.expect(signed.hash));
                    for signed in signed {
                        self.hand_over(signed).await;
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
    async fn hand_over(&self, signed: Signed) {
        // It never closes.
        let turn = self.sends.clone().acquire_owned().await.ok();
        let outbox = self.clone();
        tokio::spawn(async move {
            let mut sent = outbox.send_signed(&signed).await;
            drop(turn);
            for (call, expected) in signed.calls {
                let answer = match &mut sent {
                    Ok(()) => Ok(Submitted::Sent(Sent {
                        hash: signed.hash,
                        data: call.data,
                        expected,
                    })),
                    // The first is told why, the others that it was not sent.
                    Err(error) => Err(std::mem::replace(error, OutboxError::NotSent)),
                };
                // Who waited may have given up.
                let _ = call.waiting.send(answer);
            }
        });
    }

    /// Signs with the next free nonces, and writes all down at once. Answers those that need no transaction.
    async fn sign_all(&self, group: Vec<(Unsigned, Waiter)>) -> Result<Vec<Signed>, OutboxError> {
        let mut next = self.sending.lock().await;
        let mut nonces = match next.take() {
            Some(first) => Nonces {
                next: first,
                taken: BTreeSet::new(),
            },
            None => self.free_nonces().await?,
        };
        let mut batch = self.store.batch().await?;
        let (mut alone, mut firsts) = (Vec::new(), Vec::new());
        for (unsigned, waiting) in group {
            let (id, target) = (unsigned.id, unsigned.target);
            match unsigned.content {
                Content::Call(data) => alone.push((target, vec![Call { id, data, waiting }])),
                Content::First(first, call) => firsts.push((id, target, first, call, waiting)),
            }
        }
        let uses: Vec<_> = firsts.iter().map(|(_, _, first, ..)| &**first).collect();
        let begun = batch.begin_first(&uses).await?;
        let cases: Vec<_> = uses.iter().map(|first| first.case_id).collect();
        let mut counters = batch.counters(&cases).await?;
        let mut taken = Vec::with_capacity(firsts.len());
        let mut sharing: HashMap<Address, Vec<Call>> = HashMap::new();
        let mut others = Vec::new();
        for (begun, (id, target, first, call, waiting)) in begun.into_iter().zip(firsts) {
            let other = match begun {
                Begun::New => Submitted::NoCall,
                Begun::Replayed => Submitted::Replayed,
                Begun::Known => Submitted::Known,
            };
            let n = counters.first_free(first.case_id);
            let Some((tag, data)) = (begun == Begun::New).then(|| call(n)).flatten() else {
                others.push((waiting, other));
                continue;
            };
            counters.take(first.case_id, n);
            taken.push((first, n, tag));
            sharing
                .entry(target)
                .or_default()
                .push(Call { id, data, waiting });
        }
        let taken: Vec<_> = taken.iter().map(|(first, n, tag)| (&**first, *n, *tag)).collect();
        batch.put_first(&taken).await?;
        let mut signed = Vec::with_capacity(alone.len() + sharing.len());
        let mut signed_rows = Vec::new();
        for (target, calls) in alone.into_iter().chain(sharing.into_iter().flat_map(chunks)) {
            let nonce = nonces.take();
            let (raw, hash) = self.sign(nonce, target, &calldata(&calls))?;
            for (place, call) in calls.iter().enumerate() {
                signed_rows.push(SignedRow {
                    id: call.id.clone(),
                    target,
                    data: call.data.clone(),
                    nonce,
                    raw: (place == 0).then(|| raw.clone()),
                    hash,
                });
            }
            let calls = calls.into_iter();
            let calls = calls.map(|call| (call, self.finality.expect(hash))).collect();
            signed.push(Signed { raw, hash, calls });
        }
        batch.put_signed(&signed_rows).await?;
        batch.commit().await?;
        // Behind one that the chain refused, nonces are taken: then they are looked up again.
        *next = nonces.taken.is_empty().then_some(nonces.next);
        for (waiting, submitted) in others {
            let _ = waiting.send(Ok(submitted));
        }
        Ok(signed)
    }

    async fn send_signed(&self, signed: &Signed) -> Result<(), OutboxError> {
        match self.chain.send(&signed.raw).await {
            Ok(_) => Ok(()),
            Err(error @ ChainError::Refused(_)) => {
                // In this order: whoever looks nonces up again finds this one free.
                if let Some((call, _)) = signed.calls.first() {
                    self.store.unsign(&call.id).await?;
                }
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
}

/// As many of one contract as fit into each transaction.
fn chunks((target, calls): (Address, Vec<Call>)) -> Vec<(Address, Vec<Call>)> {
    let mut chunks = Vec::with_capacity(calls.len().div_ceil(MAX_RECORDS));
    let mut calls = calls.into_iter();
    loop {
        let chunk: Vec<_> = calls.by_ref().take(MAX_RECORDS).collect();
        if chunk.is_empty() {
            return chunks;
        }
        chunks.push((target, chunk));
    }
}

fn calldata(calls: &[Call]) -> Bytes {
    match calls {
        [alone] => alone.data.clone(),
        several => {
            let data = several.iter().map(|call| call.data.clone()).collect();
            multicallCall { data }.abi_encode().into()
        }
    }
}
