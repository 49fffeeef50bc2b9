//! What the state says of an account's quota. `slots` reads a slot of a contract.

use super::{Book, Governor, Place, Quota, QuotaRules, Request, Standing, TokenQuota, token};
use alloy_primitives::{Address, B256, U256};
use zhengtong_bindings::{
    EVERYONE, GOVERNORS, GOVERNORS_LEAST_GAS, OFFICERS, ORGANISATIONS, RESIDENTS, account_usage_slot,
    assigned_class_slot, attester_slot, checkpoint_slot, class_name_slot, class_usage_slot, limits_slot,
    membership_slot, officer_active_slot, slug_str,
};

/// Where the flag of a council's checkpoint begins, after the second of the change.
const CHECKPOINT_VALUE_BIT: usize = 48;
const HALF_BITS: usize = 64;

/// The standing of an account in the block `number`, by the state before it.
pub fn standing<E>(
    rules: &QuotaRules,
    account: Address,
    number: u64,
    mut slots: impl FnMut(Address, U256) -> Result<U256, E>,
) -> Result<Standing, E> {
    let record = record(&rules.book, account, rules.epoch(number), &mut slots)?;
    let has_token = record.usage.has_token;
    standing_of(rules, record, has_token, number, &mut slots)
}

/// The standing of a transaction's account in a block with it, by the state before the block: as [`standing`], but a token
/// that the transaction shows counts.
pub fn standing_for<E>(
    rules: &QuotaRules,
    request: &Request<'_>,
    place: Place,
    mut slots: impl FnMut(Address, U256) -> Result<U256, E>,
) -> Result<Standing, E> {
    let (book, number) = (&rules.book, place.number);
    let record = record(book, request.account, rules.epoch(number), &mut slots)?;
    let mut has_token = record.usage.has_token;
    if record.may_show(book, request) {
        let window = token::window(place.timestamp_s);
        let key = token::key(book, window, &mut slots)?;
        has_token = key.is_some_and(|key| token::shows(rules, &key, window, request));
    }
    standing_of(rules, record, has_token, number, &mut slots)
}

fn standing_of<E>(
    rules: &QuotaRules,
    record: Record,
    has_token: bool,
    number: u64,
    slots: &mut impl FnMut(Address, U256) -> Result<U256, E>,
) -> Result<Standing, E> {
    let mut quota_of = |class: u8, account_used: u64| -> Result<(Quota, Quota), E> {
        let (limit, total) = limits(&rules.book, class, slots)?;
        let used = used_in(
            rules.epoch(number),
            slots(rules.book.quotas, class_usage_slot(class))?,
        );
        let account = Quota {
            limit,
            used: account_used,
        };
        Ok((account, Quota { limit: total, used }))
    };
    let (account, total) = quota_of(record.class, record.usage.gas)?;
    let token = if record.class == EVERYONE && has_token {
        let (account, total) = quota_of(RESIDENTS, record.usage.by_token)?;
        Some(TokenQuota { account, total })
    } else {
        None
    };
    Ok(Standing {
        class: record.class,
        account,
        total,
        token,
        next_epoch_block: rules.next_epoch_block(number),
    })
}

/// An account's class, and what it used.
#[derive(Clone, Copy, Debug)]
pub(super) struct Record {
    pub class: u8,
    /// The slot of what it used, before the block.
    pub word: U256,
    pub usage: Usage,
}

impl Record {
    /// Whether it is worth looking for a token in a transaction: who is known by other means needs none.
    pub fn may_show(&self, book: &Book, request: &Request<'_>) -> bool {
        self.class == EVERYONE && !self.usage.has_token && token::seems_to_show(book, request)
    }
}

pub(super) fn record<E>(
    book: &Book,
    account: Address,
    epoch: u64,
    slots: &mut impl FnMut(Address, U256) -> Result<U256, E>,
) -> Result<Record, E> {
    let class = class_of(book, account, slots)?;
    let word = slots(book.quotas, account_usage_slot(account))?;
    let usage = Usage::read(epoch, word);
    Ok(Record { class, word, usage })
}

/// The name of a class, if it has one.
pub fn class_name<E>(
    book: &Book,
    class: u8,
    mut slots: impl FnMut(Address, U256) -> Result<U256, E>,
) -> Result<Option<String>, E> {
    Ok(slug_str(B256::from(slots(book.quotas, class_name_slot(class))?)))
}

/// The class of an account, as `Quotas.classOf` answers it.
pub(super) fn class_of<E>(
    book: &Book,
    account: Address,
    slots: &mut impl FnMut(Address, U256) -> Result<U256, E>,
) -> Result<u8, E> {
    // First, so that no assignment can take it away.
    if governs(book.governor, account, slots)? {
        return Ok(GOVERNORS);
    }
    let assigned = slots(book.quotas, assigned_class_slot(account))?;
    if let Some(class) = assigned.to::<u8>().checked_sub(1) {
        return Ok(class);
    }
    if !slots(book.registry, attester_slot(account))?.is_zero() {
        return Ok(ORGANISATIONS);
    }
    if !slots(book.registry, officer_active_slot(account))?.is_zero() {
        return Ok(OFFICERS);
    }
    Ok(EVERYONE)
}

fn governs<E>(
    governor: Governor,
    account: Address,
    slots: &mut impl FnMut(Address, U256) -> Result<U256, E>,
) -> Result<bool, E> {
    let council = match governor {
        Governor::Key(key) => return Ok(key == account),
        Governor::Council(council) => council,
    };
    let membership = membership_slot(account);
    let changes = slots(council, membership)?;
    if changes.is_zero() {
        return Ok(false);
    }
    let latest = slots(council, checkpoint_slot(membership, changes))?;
    Ok(latest >> CHECKPOINT_VALUE_BIT == U256::ONE)
}

/// Gas in an epoch for an account of a class, and for all of them. Who governs has enough to decide otherwise, and is
/// crowded out by nobody.
pub(super) fn limits<E>(
    book: &Book,
    class: u8,
    slots: &mut impl FnMut(Address, U256) -> Result<U256, E>,
) -> Result<(u64, u64), E> {
    let (account, total) = halves(slots(book.quotas, limits_slot(class))?);
    Ok(if class == GOVERNORS {
        (account.max(GOVERNORS_LEAST_GAS), u64::MAX)
    } else {
        (account, total)
    })
}

/// What a slot of usage says about an epoch.
pub(super) fn used_in(epoch: u64, slot: U256) -> u64 {
    let (of, gas) = halves(slot);
    if of == epoch { gas } else { 0 }
}

/// A class's slot of usage.
pub(super) fn class_usage(epoch: u64, gas: u64) -> U256 {
    U256::from(gas) << HALF_BITS | U256::from(epoch)
}

/// What an account used, as the contract keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Usage {
    /// Gas of this epoch, by its class.
    pub gas: u64,
    /// Gas ever, by its token.
    pub by_token: u64,
    /// It has shown a token.
    pub has_token: bool,
}

impl Usage {
    fn read(epoch: u64, slot: U256) -> Self {
        let [_, _, by_token, flags] = *slot.as_limbs();
        Self {
            gas: used_in(epoch, slot),
            by_token,
            has_token: flags & 1 == 1,
        }
    }

    pub fn word(&self, epoch: u64) -> U256 {
        U256::from_limbs([epoch, self.gas, self.by_token, u64::from(self.has_token)])
    }
}

/// The lowest and the next 64 bits.
fn halves(slot: U256) -> (u64, u64) {
    let [low, high, ..] = *slot.as_limbs();
    (low, high)
}
