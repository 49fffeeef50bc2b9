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

/// A changed key with its old and its new value, `None` where there is no entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub key: Key,
    pub before: Option<Value>,
    pub after: Option<Value>,
}

/// What a block changes in the database: each key once.
pub fn entries(changes: &StateChanges) -> Vec<Entry> {
    let accounts = changes.accounts.iter().map(|change| Entry {
        key: account_key(change.address),
        before: change.before.as_ref().map(encode_account),
        after: change.after.as_ref().map(encode_account),
    });
    let slots = changes.slots.iter().map(|change| Entry {
        key: slot_key(change.address, change.slot),
        before: encode_slot(change.before),
        after: encode_slot(change.after),
    });
    accounts.chain(slots).collect()
}
