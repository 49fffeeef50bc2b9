//! What waits, by account and nonce, and in the order it came.

use crate::{
    config::PoolConfig,
    quota::{EVERYONE, Purse, Standing},
    view::{SubmitError, Waiting},
};
use alloy_consensus::Transaction as _;
use alloy_primitives::{
    Address, B256, Bytes,
    map::{AddressMap, B256Map},
};
use std::{collections::BTreeMap, sync::Arc};
use zhengtong_evm::Transaction;

/// A transaction that may be proposed.
#[derive(Clone, Debug)]
pub struct Candidate {
    pub transaction: Arc<Transaction>,
    pub raw: Bytes,
}

/// How a transaction came here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// From a client, who is told that it is accepted.
    Submitted,
    /// From another validator, which has it on disk.
    PassedOn,
    /// From this validator's own journal, at a start: it was accepted, so that nobody asks again whose share it takes.
    Restored,
}

#[derive(Clone, Debug)]
struct Entry {
    transaction: Arc<Transaction>,
    raw: Bytes,
    origin: Origin,
    /// Of an account that nobody knows, and not by its token.
    of_everyone: bool,
    /// Place in the order of arrival.
    place: u64,
    /// Durable.
    active: bool,
    /// It could not run on the last state that was tried; it is tried again when its account changes.
    parked: bool,
}

#[derive(Clone, Debug, Default)]
struct Account {
    /// Next nonce at the tip, as far as the pool knows.
    next: u64,
    waiting: BTreeMap<u64, Entry>,
    /// Gas limits of those together.
    gas: u64,
}

/// The pool's content and its rules.
#[derive(Clone, Debug)]
pub struct Content {
    config: PoolConfig,
    accounts: AddressMap<Account>,
    hashes: B256Map<(Address, u64)>,
    order: BTreeMap<u64, (Address, u64)>,
    bytes: usize,
    /// Of accounts that nobody knows.
    everyone: Room,
    next_place: u64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Room {
    count: usize,
    bytes: usize,
}

/// What accounts that nobody knows may fill of the pool, in percent.
pub const EVERYONES_PERCENT: usize = 75;

fn share(whole: usize) -> usize {
    whole / 100 * EVERYONES_PERCENT + whole % 100 * EVERYONES_PERCENT / 100
}

impl Content {
    pub fn new(config: PoolConfig) -> Self {
        Self {
            config,
            accounts: AddressMap::default(),
            hashes: B256Map::default(),
            order: BTreeMap::new(),
            bytes: 0,
            everyone: Room::default(),
            next_place: 0,
        }
    }

    pub fn reserve(
        &mut self,
        transaction: Transaction,
        raw: Bytes,
        next: u64,
        origin: Origin,
        quota: Option<&Standing>,
    ) -> Result<(), SubmitError> {
        let (sender, nonce, hash) = (transaction.signer(), transaction.nonce(), *transaction.tx_hash());
        if self.hashes.contains_key(&hash) {
            return Err(SubmitError::AlreadyKnown { hash });
        }
        self.check_account(sender, nonce, next)?;
        let mut of_everyone = false;
        if let Some(quota) = quota {
            let waiting = self.accounts.get(&sender).map_or(0, |account| account.gas);
            let purse = quota.admits(waiting, transaction.gas_limit())?;
            of_everyone = quota.class == EVERYONE && purse == Purse::Class;
        }
        self.make_room(raw.len(), origin, of_everyone)?;
        let account = self.accounts.entry(sender).or_default();
        account.next = account.next.max(next);
        account.gas = account.gas.saturating_add(transaction.gas_limit());
        let place = self.next_place;
        self.next_place += 1;
        self.bytes += raw.len();
        if of_everyone {
            self.everyone.count += 1;
            self.everyone.bytes += raw.len();
        }
        self.hashes.insert(hash, (sender, nonce));
        self.order.insert(place, (sender, nonce));
        account.waiting.insert(
            nonce,
            Entry {
                transaction: Arc::new(transaction),
                raw,
                origin,
                of_everyone,
                place,
                active: false,
                parked: false,
            },
        );
        Ok(())
    }

    fn check_account(&self, sender: Address, nonce: u64, next: u64) -> Result<(), SubmitError> {
        let account = self.accounts.get(&sender);
        let expected = account.map_or(next, |account| account.next.max(next));
        if nonce < expected {
            return Err(SubmitError::NonceTooLow { got: nonce, expected });
        }
        let metered = !self.config.unmetered.contains(&sender);
        let max_gap = self.config.max_nonce_gap;
        if metered && nonce - expected > max_gap {
            return Err(SubmitError::NonceTooHigh {
                got: nonce,
                expected,
                max_gap,
            });
        }
        let Some(account) = account else { return Ok(()) };
        if let Some(other) = account.waiting.get(&nonce) {
            return Err(SubmitError::NonceTaken {
                nonce,
                hash: *other.transaction.tx_hash(),
            });
        }
        if metered && account.waiting.len() >= self.config.max_per_account {
            return Err(SubmitError::AccountFull {
                max: self.config.max_per_account,
            });
        }
        Ok(())
    }

    /// Drops a transaction that cannot run if there is no room for one more. Accounts that nobody knows have a share of the
    /// pool, and make room among themselves when it is full: the rest is for the others.
    fn make_room(&mut self, bytes: usize, origin: Origin, of_everyone: bool) -> Result<(), SubmitError> {
        let (count, most_bytes) = (share(self.config.max_transactions), share(self.config.max_bytes));
        let used = &self.everyone;
        let is_full = used.count >= count || used.bytes + bytes > most_bytes;
        if of_everyone && origin != Origin::Restored && is_full {
            return match self.evict(origin, true) {
                true => Ok(()),
                false => Err(SubmitError::PoolFull { max: count }),
            };
        }
        if self.is_full(bytes) && !self.evict(origin, false) {
            return Err(SubmitError::PoolFull {
                max: self.config.max_transactions,
            });
        }
        Ok(())
    }

    fn is_full(&self, more_bytes: usize) -> bool {
        self.hashes.len() >= self.config.max_transactions || self.bytes + more_bytes > self.config.max_bytes
    }

    /// Drops the oldest transaction that cannot run: behind a gap, or parked. Those that can run are never dropped. One
    /// that was passed on goes first, for another validator has it; one that was acknowledged here makes room only for
    /// another submission here, so that no validator can push it out.
    fn evict(&mut self, newcomer: Origin, of_everyone: bool) -> bool {
        let idle = || {
            self.order.values().filter(|(sender, nonce)| {
                let account = &self.accounts[sender];
                let entry = &account.waiting[nonce];
                (entry.of_everyone || !of_everyone) && (*nonce >= account.gapless() || entry.parked)
            })
        };
        let passed_on =
            idle().find(|(sender, nonce)| self.accounts[sender].waiting[nonce].origin == Origin::PassedOn);
        let found = match newcomer {
            Origin::Submitted | Origin::Restored => passed_on.or_else(|| idle().next()),
            Origin::PassedOn => passed_on,
        };
        let Some((sender, nonce)) = found.copied() else {
            return false;
        };
        self.take(sender, nonce);
        true
    }

    pub fn activate(&mut self, hash: B256) -> bool {
        let Some((sender, nonce)) = self.hashes.get(&hash) else {
            return false;
        };
        let entry = self
            .accounts
            .get_mut(sender)
            .and_then(|account| account.waiting.get_mut(nonce));
        entry.is_some_and(|entry| !std::mem::replace(&mut entry.active, true))
    }

    pub fn park(&mut self, hash: B256) {
        let Some((sender, nonce)) = self.hashes.get(&hash) else {
            return;
        };
        if let Some(entry) = self
            .accounts
            .get_mut(sender)
            .and_then(|account| account.waiting.get_mut(nonce))
        {
            entry.parked = true;
        }
    }

    /// Quotas are others than before.
    pub fn unpark_all(&mut self) {
        let accounts = self.accounts.values_mut();
        for entry in accounts.flat_map(|account| account.waiting.values_mut()) {
            entry.parked = false;
        }
    }

    /// A finalized block changed an account.
    pub fn unpark(&mut self, address: Address) {
        let account = self.accounts.get_mut(&address);
        for entry in account
            .into_iter()
            .flat_map(|account| account.waiting.values_mut())
        {
            entry.parked = false;
        }
    }

    pub fn remove(&mut self, hash: B256) {
        if let Some((sender, nonce)) = self.hashes.get(&hash).copied() {
            self.take(sender, nonce);
        }
    }

    /// A finalized block used a nonce: it and everything before it is done.
    pub fn used(&mut self, sender: Address, nonce: u64) {
        let Some(account) = self.accounts.get_mut(&sender) else {
            return;
        };
        account.next = account.next.max(nonce + 1);
        let done: Vec<u64> = account.waiting.range(..=nonce).map(|(nonce, _)| *nonce).collect();
        for nonce in done {
            self.take(sender, nonce);
        }
    }

    fn take(&mut self, sender: Address, nonce: u64) {
        let Some(account) = self.accounts.get_mut(&sender) else {
            return;
        };
        if let Some(entry) = account.waiting.remove(&nonce) {
            account.gas = account.gas.saturating_sub(entry.transaction.gas_limit());
            self.bytes -= entry.raw.len();
            if entry.of_everyone {
                self.everyone.count -= 1;
                self.everyone.bytes -= entry.raw.len();
            }
            self.order.remove(&entry.place);
            self.hashes.remove(entry.transaction.tx_hash());
        }
        if account.waiting.is_empty() {
            self.accounts.remove(&sender);
        }
    }

    pub fn select(&self, moved: &AddressMap<u64>, max: usize, max_bytes: usize) -> Vec<Candidate> {
        let mut chosen = Vec::new();
        let mut bytes = 0;
        // Where each account stands after what was chosen so far.
        let mut nonces: AddressMap<u64> = AddressMap::default();
        for (place, (sender, nonce)) in &self.order {
            let account = &self.accounts[sender];
            let next = nonces
                .entry(*sender)
                .or_insert_with(|| moved.get(sender).copied().unwrap_or_default().max(account.next));
            if nonce != next {
                continue;
            }
            // This one, and those after it that came earlier and had to wait for it.
            for (_, entry) in account.waiting.range(*nonce..) {
                let in_turn = entry.transaction.nonce() == *next && entry.place <= *place;
                if !in_turn || !entry.active || entry.parked {
                    break;
                }
                if chosen.len() == max || bytes + entry.raw.len() > max_bytes {
                    return chosen;
                }
                bytes += entry.raw.len();
                chosen.push(Candidate {
                    transaction: entry.transaction.clone(),
                    raw: entry.raw.clone(),
                });
                *next += 1;
            }
        }
        chosen
    }

    /// Everything that waits, by account and nonce.
    pub fn waiting(&self) -> Vec<Waiting> {
        let mut waiting = Vec::with_capacity(self.hashes.len());
        for account in self.accounts.values() {
            let mut next = account.next;
            for (nonce, entry) in &account.waiting {
                let can_run = *nonce == next && entry.active && !entry.parked;
                if can_run {
                    next += 1;
                }
                waiting.push(Waiting {
                    transaction: entry.transaction.clone(),
                    can_run,
                });
            }
        }
        waiting
    }

    pub fn get(&self, hash: B256) -> Option<Transaction> {
        let (sender, nonce) = self.hashes.get(&hash)?;
        let entry = self.accounts.get(sender)?.waiting.get(nonce)?;
        entry.active.then(|| (*entry.transaction).clone())
    }

    pub fn next_nonce(&self, address: Address, next: u64) -> u64 {
        self.accounts.get(&address).map_or(next, |account| {
            if account.next < next {
                account.gapless_from(next)
            } else {
                account.gapless()
            }
        })
    }

    #[expect(clippy::len_without_is_empty, reason = "nobody asks")]
    pub fn len(&self) -> usize {
        self.hashes.len()
    }

    pub fn bytes(&self) -> usize {
        self.bytes
    }

    pub fn raws(&self) -> Vec<Bytes> {
        self.order
            .values()
            .map(|(sender, nonce)| self.accounts[sender].waiting[nonce].raw.clone())
            .collect()
    }
}

impl Account {
    /// The first nonce that nothing waits for.
    fn gapless(&self) -> u64 {
        self.gapless_from(self.next)
    }

    fn gapless_from(&self, from: u64) -> u64 {
        let mut next = from;
        for nonce in self.waiting.range(from..).map(|(nonce, _)| *nonce) {
            if nonce != next {
                break;
            }
            next += 1;
        }
        next
    }
}
