//! Quotas: how much gas an account and a class of accounts may use in an epoch.
//!
//! The contract `Quotas` keeps limits and classes; the chain itself keeps there what was used. A transaction may run if what
//! its account used in the epoch, and its gas limit, are within the account's quota, and the same holds for its class: it
//! reserves by its limit, and what counts afterwards is what it used. Limits and classes are those of the state before the
//! block, so everyone who executes a block decides alike. `docs/decisions/0019-quotas.md` says why.
//!
//! - `read`: what the state says of an account.
//! - `meter`: the account of one block, and what it writes into the state.

mod meter;
mod read;

pub use meter::Meter;
pub use read::{class_name, standing};
/// Where limits and names are in the contract, for those that stand in for it.
pub use zhengtong_bindings::{EVERYONE, class_name_slot, limits_slot};

use alloy_primitives::Address;
use std::{fmt, num::NonZeroU64};
use thiserror::Error;

/// Where quotas are kept, and who can always change them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Book {
    /// The contract `Quotas`.
    pub quotas: Address,
    /// The contract `Registry`, which knows organisations and officers.
    pub registry: Address,
    pub governor: Governor,
}

/// Who governs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Governor {
    /// One key.
    Key(Address),
    /// The members of this contract.
    Council(Address),
}

impl Book {
    /// Whether a log of this contract may mean that someone has another quota now.
    pub fn decides(&self, contract: Address) -> bool {
        let by_members = matches!(self.governor, Governor::Council(council) if council == contract);
        contract == self.quotas || contract == self.registry || by_members
    }
}

/// The quotas of a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuotaRules {
    pub book: Book,
    /// Blocks after which everyone begins anew.
    pub epoch_blocks: NonZeroU64,
}

impl QuotaRules {
    pub fn epoch(&self, number: u64) -> u64 {
        number / self.epoch_blocks
    }

    /// The first block of the epoch after that of a block.
    pub fn next_epoch_block(&self, number: u64) -> u64 {
        self.epoch(number)
            .saturating_add(1)
            .saturating_mul(self.epoch_blocks.get())
    }
}

/// A quota, and what is used of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// Gas in an epoch.
    pub limit: u64,
    /// Gas used in this epoch.
    pub used: u64,
}

impl Quota {
    /// Gas that can still be used in this epoch.
    pub fn left(&self) -> u64 {
        self.limit.saturating_sub(self.used)
    }
}

/// What the state says of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The account's class.
    pub class: u8,
    /// Its own quota.
    pub account: Quota,
    /// That of its class, all accounts together.
    pub total: Quota,
    /// The first block of the next epoch.
    pub next_epoch_block: u64,
}

/// Which of the two quotas is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    Account,
    Class,
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Account => "of this account",
            Self::Class => "of all accounts of its class together",
        })
    }
}

/// A transaction may need more gas than is left.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error(
    "the quota {bound} (class {class}) is {limit} gas an epoch, of which {used} is used and {waiting} is reserved by \
     transactions that wait; this one may need {needed}; {}",
    self.advice()
)]
pub struct OverQuota {
    pub bound: Bound,
    pub class: u8,
    /// Gas in an epoch.
    pub limit: u64,
    pub used: u64,
    /// Gas limits of the account's transactions in the pool.
    pub waiting: u64,
    /// The transaction's gas limit.
    pub needed: u64,
    /// The block with which the next epoch begins.
    pub next_epoch_block: u64,
}

impl OverQuota {
    fn advice(&self) -> String {
        if self.needed > self.limit {
            return "no epoch allows that, so use a lower gas limit".into();
        }
        format!(
            "the next epoch begins with block {}: send it again then, or use a lower gas limit",
            self.next_epoch_block
        )
    }
}

impl Standing {
    /// The same class without a bound: what was accepted once is not asked again.
    pub fn unbound(self) -> Self {
        let unbound = Quota {
            limit: u64::MAX,
            used: 0,
        };
        Self {
            account: unbound,
            total: unbound,
            ..self
        }
    }

    /// Whether a transaction with this gas limit may run, if `waiting` gas is reserved by others of its account.
    pub fn admits(&self, waiting: u64, needed: u64) -> Result<(), OverQuota> {
        let over = |bound, quota: Quota, waiting| OverQuota {
            bound,
            class: self.class,
            limit: quota.limit,
            used: quota.used,
            waiting,
            needed,
            next_epoch_block: self.next_epoch_block,
        };
        if self.account.left() < needed.saturating_add(waiting) {
            return Err(over(Bound::Account, self.account, waiting));
        }
        if self.total.left() < needed {
            return Err(over(Bound::Class, self.total, 0));
        }
        Ok(())
    }
}
