//! What the state says of an account's quota. `slots` reads a slot of a contract.

use super::{Book, Governor, Quota, QuotaRules, Standing};
use alloy_primitives::{Address, B256, U256};
use zhengtong_bindings::{
    EVERYONE, GOVERNORS, GOVERNORS_LEAST_GAS, OFFICERS, ORGANISATIONS, account_usage_slot,
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
    let (book, epoch) = (&rules.book, rules.epoch(number));
    let class = class_of(book, account, &mut slots)?;
    let (limit, total) = limits(book, class, &mut slots)?;
    let used = used_in(epoch, slots(book.quotas, account_usage_slot(account))?);
    let used_by_class = used_in(epoch, slots(book.quotas, class_usage_slot(class))?);
    Ok(Standing {
        class,
        account: Quota { limit, used },
        total: Quota {
            limit: total,
            used: used_by_class,
        },
        next_epoch_block: rules.next_epoch_block(number),
    })
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

/// A slot of usage.
pub(super) fn usage(epoch: u64, gas: u64) -> U256 {
    U256::from(gas) << HALF_BITS | U256::from(epoch)
}

/// The lowest and the next 64 bits.
fn halves(slot: U256) -> (u64, u64) {
    let [low, high, ..] = *slot.as_limbs();
    (low, high)
}
