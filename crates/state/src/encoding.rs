//! How accounts and slots are written: 32-byte keys, 72-byte values.
//!
//! | entry | key | value |
//! |---|---|---|
//! | account | `sha256("a" ‖ address)` | nonce, u64 big-endian ‖ balance(32) ‖ code hash(32) |
//! | slot | `sha256("s" ‖ address ‖ slot)` | value(32) ‖ 40 zero bytes; a zero slot has no entry |

use crate::{Key, Value};
use alloy_primitives::{Address, B256, U256};
use commonware_cryptography::{Hasher as _, Sha256};
use zhengtong_evm::{AccountState, StateChanges};

/// Key of an account.
pub fn account_key(address: Address) -> Key {
    Sha256::hash(&[b"a", address.as_slice()])
}

/// Key of a storage slot.
pub fn slot_key(address: Address, slot: U256) -> Key {
    Sha256::hash(&[b"s", address.as_slice(), &slot.to_be_bytes::<32>()])
}

pub fn encode_account(account: &AccountState) -> Value {
    let mut bytes = [0; 72];
    bytes[..8].copy_from_slice(&account.nonce.to_be_bytes());
    bytes[8..40].copy_from_slice(&account.balance.to_be_bytes::<32>());
    bytes[40..].copy_from_slice(account.code_hash.as_slice());
    Value::new(bytes)
}

pub fn decode_account(value: &Value) -> AccountState {
    let bytes: &[u8] = value.as_ref();
    let mut nonce = [0; 8];
    nonce.copy_from_slice(&bytes[..8]);
    AccountState {
        nonce: u64::from_be_bytes(nonce),
        balance: U256::from_be_slice(&bytes[8..40]),
        code_hash: B256::from_slice(&bytes[40..]),
    }
}

pub fn encode_slot(value: U256) -> Option<Value> {
    (!value.is_zero()).then(|| {
        let mut bytes = [0; 72];
        bytes[..32].copy_from_slice(&value.to_be_bytes::<32>());
        Value::new(bytes)
    })
}

pub fn decode_slot(value: &Value) -> U256 {
    let bytes: &[u8] = value.as_ref();
    U256::from_be_slice(&bytes[..32])
}

/// What a block writes: every changed key with its new value, `None` to delete.
pub fn entries(changes: &StateChanges) -> Vec<(Key, Option<Value>)> {
    let accounts =
        changes.accounts.iter().map(|change| (account_key(change.address), change.after.as_ref().map(encode_account)));
    let slots = changes.slots.iter().map(|change| (slot_key(change.address, change.slot), encode_slot(change.after)));
    accounts.chain(slots).collect()
}

/// What a block overwrites: every changed key with its old value.
pub fn undo(changes: &StateChanges) -> Vec<(Key, Option<Value>)> {
    let accounts =
        changes.accounts.iter().map(|change| (account_key(change.address), change.before.as_ref().map(encode_account)));
    let slots = changes.slots.iter().map(|change| (slot_key(change.address, change.slot), encode_slot(change.before)));
    accounts.chain(slots).collect()
}
