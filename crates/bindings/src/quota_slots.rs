//! Where validators find what quotas follow from: slots of `Quotas`, `Registry`, `Council` and `Allowances`, pinned by
//! `contracts/test/Layout.t.sol`. A change of one is a change of the chain's rules.

use alloy_primitives::{Address, B256, U256, keccak256};
use alloy_sol_types::SolValue;

const LIMITS_SLOT: u64 = 0;
const ASSIGNED_SLOT: u64 = 1;
const USED_SLOT: u64 = 2;
const USED_BY_CLASS_SLOT: u64 = 3;
const NAMES_SLOT: u64 = 4;
const OFFICERS_SLOT: u64 = 1;
const ATTESTERS_SLOT: u64 = 3;
const MEMBERSHIP_SLOT: u64 = 9;
const KEYS_SLOT: u64 = 1;

/// The organisation whose tokens open cases, in `Allowances`; zero if none are needed.
pub const TOKEN_ISSUER_SLOT: U256 = U256::ZERO;

/// A class's limits in `Quotas`: for an account 64 bits, in total 64, lowest bits first.
#[must_use]
pub fn limits_slot(class: u8) -> U256 {
    mapping(U256::from(class), LIMITS_SLOT)
}

/// A class's name in `Quotas`, a slug.
#[must_use]
pub fn class_name_slot(class: u8) -> U256 {
    mapping(U256::from(class), NAMES_SLOT)
}

/// The class that an account was assigned to in `Quotas`, and one; zero if to none.
#[must_use]
pub fn assigned_class_slot(account: Address) -> U256 {
    mapping(word(account), ASSIGNED_SLOT)
}

/// What an account used, in `Quotas`: epoch 64 bits, gas 64, gas by its token 64, whether it has one 8, lowest bits first.
#[must_use]
pub fn account_usage_slot(account: Address) -> U256 {
    mapping(word(account), USED_SLOT)
}

/// What a class used, in `Quotas`: epoch 64 bits, gas 64, lowest bits first.
#[must_use]
pub fn class_usage_slot(class: u8) -> U256 {
    mapping(U256::from(class), USED_BY_CLASS_SLOT)
}

/// The organisation that signs with a key, in `Registry`; zero if there is none.
#[must_use]
pub fn attester_slot(key: Address) -> U256 {
    mapping(word(key), ATTESTERS_SLOT)
}

/// Whether a key is an active officer's, in `Registry`; zero if it is not.
#[must_use]
pub fn officer_active_slot(key: Address) -> U256 {
    mapping(word(key), OFFICERS_SLOT).wrapping_add(U256::ONE)
}

/// How often an account's membership of the `Council` changed. [`checkpoint_slot`] says what it is now.
#[must_use]
pub fn membership_slot(account: Address) -> U256 {
    mapping(word(account), MEMBERSHIP_SLOT)
}

/// The last of `length` changes: second 48 bits, then 1 for a member and 0 for one who was removed. `length` is not zero.
#[must_use]
pub fn checkpoint_slot(membership: U256, length: U256) -> U256 {
    let first = U256::from_be_bytes(keccak256(membership.to_be_bytes::<32>()).0);
    first.wrapping_add(length).wrapping_sub(U256::ONE)
}

/// The length, doubled and plus one, of the key under which an organisation signs the tokens of a window, in `Allowances`;
/// zero if there is none. [`long_bytes_slots`] says where the key is.
#[must_use]
pub fn token_key_slot(organisation: B256, window: u64) -> U256 {
    let keys = mapping(organisation.into(), KEYS_SLOT);
    U256::from_be_bytes(keccak256((U256::from(window), keys).abi_encode_params()).0)
}

/// The slots of `words` words of long `bytes`, whose length is in `slot`.
pub fn long_bytes_slots(slot: U256, words: usize) -> impl Iterator<Item = U256> {
    let first = U256::from_be_bytes(keccak256(slot.to_be_bytes::<32>()).0);
    (0..words).map(move |index| first.wrapping_add(U256::from(index)))
}

fn word(address: Address) -> U256 {
    U256::from_be_bytes(B256::left_padding_from(address.as_slice()).0)
}

fn mapping(key: U256, slot: u64) -> U256 {
    U256::from_be_bytes(keccak256((key, U256::from(slot)).abi_encode_params()).0)
}
