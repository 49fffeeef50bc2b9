//! Quotas: how much gas an account and a class of accounts may use in an epoch.
//!
//! The contract `Quotas` keeps limits and classes; the chain itself keeps there what was used. A transaction may run if what
//! its account used in the epoch, and its gas limit, are within the account's quota, and the same holds for its class: it
//! reserves by its limit, and what counts afterwards is what it used. Limits and classes are those of the state before the
//! block, so everyone who executes a block decides alike. `docs/decisions/0019-quotas.md` says why.
//!
//! An account that nobody knows has two purses: its class is *everyone*, which a flood of fresh keys can use up; and once it
//! has shown a token of the daily allowance, that pays first, in the class *residents*, for as much as a token buys.
//!
//! - `read`: what the state says of an account.
//! - `known`: what was read, until the state moves on.
//! - `token`: whether a transaction shows a token.
//! - `meter`: the account of one block, and what it writes into the state.

mod known;
mod meter;
mod read;
mod token;

pub use known::{At, KnownSenders, Sender};
pub use meter::Meter;
pub use read::{class_name, standing, standing_for};
pub use token::TOKEN_MARK;
/// Where limits and names are in the contract, for those that stand in for it.
pub use zhengtong_bindings::{EVERYONE, RESIDENTS, class_name_slot, limits_slot};

use alloy_consensus::Transaction as _;
use alloy_primitives::Address;
use std::{fmt, num::NonZeroU64};
use thiserror::Error;
use zhengtong_evm::Transaction;

/// Where quotas are kept, and who can always change them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Book {
    /// The contract `Quotas`.
    pub quotas: Address,
    /// The contract `Registry`, which knows organisations and officers.
    pub registry: Address,
    /// The contract `Cases`, whose openings carry tokens.
    pub cases: Address,
    /// The contract `Allowances`, which knows by which key tokens are signed.
    pub allowances: Address,
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
    /// Tokens are of one chain.
    pub chain_id: u64,
    /// Blocks after which everyone begins anew.
    pub epoch_blocks: NonZeroU64,
}

impl QuotaRules {
    pub fn epoch(&self, number: u64) -> u64 {
        number / self.epoch_blocks
    }

    /// Whether a transaction may have another standing than the others of its account: it has the form of one that shows a
    /// token.
    pub fn seems_to_show(&self, request: &Request<'_>) -> bool {
        token::seems_to_show(&self.book, request)
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

/// What a transaction asks for.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    pub account: Address,
    pub gas_limit: u64,
    pub to: Option<Address>,
    pub input: &'a [u8],
}

impl<'a> From<&'a Transaction> for Request<'a> {
    fn from(transaction: &'a Transaction) -> Self {
        Self {
            account: transaction.signer(),
            gas_limit: transaction.gas_limit(),
            to: transaction.to(),
            input: transaction.inner().input(),
        }
    }
}

/// The block that a transaction would be in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub number: u64,
    pub timestamp_s: u64,
}

/// What a transaction is paid from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purse {
    /// The quota of its account and of the account's class.
    Class,
    /// What the account's token buys, and the quota of the class of residents.
    Token,
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
    /// What its token buys, if it has one.
    pub token: Option<TokenQuota>,
    /// The first block of the next epoch.
    pub next_epoch_block: u64,
}

/// What pays first for an account that has a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenQuota {
    /// What the token buys; it does not begin anew.
    pub account: Quota,
    /// The quota of all who have one, in this epoch.
    pub total: Quota,
}

impl TokenQuota {
    fn admits(&self, waiting: u64, needed: u64) -> bool {
        self.account.left() >= needed.saturating_add(waiting) && self.total.left() >= needed
    }
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
            token: self.token.map(|_| TokenQuota {
                account: unbound,
                total: unbound,
            }),
            ..self
        }
    }

    /// Whether a transaction with this gas limit may run, and from which purse, if `waiting` gas is reserved by others of its
    /// account. A token pays first, so that it makes no difference to others how crowded the account's own class is.
    pub fn admits(&self, waiting: u64, needed: u64) -> Result<Purse, OverQuota> {
        if self.token.is_some_and(|token| token.admits(waiting, needed)) {
            return Ok(Purse::Token);
        }
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
        Ok(Purse::Class)
    }
}
