//! State with all its past: every value is kept with the version in which it was written, so that a look back is a search
//! and a rewind takes away what came later.

use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use std::collections::HashMap;
use zhengtong_evm::{AccountState, Bytecode, EMPTY_CODE_HASH, StateChanges};

/// The values of one key, oldest first.
type Past<T> = Vec<(u64, T)>;

#[derive(Clone, Copy, Debug)]
enum Key {
    Account(Address),
    Slot(Address, U256),
}

/// All versions of the state. A version's number is never used again, so that a reader of one that was rewound finds nothing
/// newer than what it was given.
#[derive(Debug, Default)]
pub struct Versions {
    version: u64,
    accounts: HashMap<Address, Past<Option<AccountState>>>,
    slots: HashMap<(Address, U256), Past<U256>>,
    /// By hash; what code says does not change, so it is never taken back.
    codes: HashMap<B256, Bytecode>,
    /// Hashes of blocks by number.
    hashes: Vec<B256>,
    written: Vec<(u64, Key)>,
}

impl Versions {
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Writes what a block changed, and returns the new version.
    pub fn apply(&mut self, changes: &StateChanges) -> u64 {
        self.version += 1;
        for change in &changes.accounts {
            self.write_account(change.address, change.after);
        }
        for change in &changes.slots {
            self.write_slot(change.address, change.slot, change.after);
        }
        for (hash, code) in &changes.codes {
            self.codes
                .entry(*hash)
                .or_insert_with(|| Bytecode::new_raw(code.clone()));
        }
        self.version
    }

    pub fn set_account(&mut self, address: Address, account: AccountState) -> u64 {
        self.version += 1;
        self.write_account(address, Some(account));
        self.version
    }

    pub fn set_slot(&mut self, address: Address, slot: U256, value: U256) -> u64 {
        self.version += 1;
        self.write_slot(address, slot, value);
        self.version
    }

    /// Keeps code, and returns its hash; `None` if it begins as a delegation and is none.
    pub fn keep_code(&mut self, code: Bytes) -> Option<B256> {
        if code.is_empty() {
            return Some(EMPTY_CODE_HASH);
        }
        let hash = keccak256(&code);
        let code = Bytecode::new_raw_checked(code).ok()?;
        self.codes.insert(hash, code);
        Some(hash)
    }

    pub fn push_hash(&mut self, hash: B256) {
        self.hashes.push(hash);
    }

    /// Takes back what was written after a version, and all blocks but the first `blocks`.
    pub fn rewind(&mut self, version: u64, blocks: usize) {
        self.hashes.truncate(blocks);
        while let Some((at, key)) = self.written.last().copied()
            && at > version
        {
            self.written.pop();
            match key {
                Key::Account(address) => forget(&mut self.accounts, &address, version),
                Key::Slot(address, slot) => forget(&mut self.slots, &(address, slot), version),
            }
        }
    }

    pub fn account(&self, address: &Address, version: u64) -> Option<AccountState> {
        *find(self.accounts.get(address)?, version)?
    }

    pub fn slot(&self, address: Address, slot: U256, version: u64) -> U256 {
        let past = self.slots.get(&(address, slot));
        past.and_then(|past| find(past, version))
            .copied()
            .unwrap_or_default()
    }

    pub fn code(&self, hash: &B256) -> Bytecode {
        self.codes.get(hash).cloned().unwrap_or_default()
    }

    pub fn hash(&self, number: u64) -> B256 {
        let index = usize::try_from(number).ok();
        index
            .and_then(|index| self.hashes.get(index))
            .copied()
            .unwrap_or_default()
    }

    fn write_account(&mut self, address: Address, account: Option<AccountState>) {
        self.accounts
            .entry(address)
            .or_default()
            .push((self.version, account));
        self.written.push((self.version, Key::Account(address)));
    }

    fn write_slot(&mut self, address: Address, slot: U256, value: U256) {
        self.slots
            .entry((address, slot))
            .or_default()
            .push((self.version, value));
        self.written.push((self.version, Key::Slot(address, slot)));
    }
}

fn find<T>(past: &Past<T>, version: u64) -> Option<&T> {
    let later = past.partition_point(|(at, _)| *at <= version);
    past[..later].last().map(|(_, value)| value)
}

fn forget<K: std::hash::Hash + Eq, T>(all: &mut HashMap<K, Past<T>>, key: &K, version: u64) {
    if let Some(past) = all.get_mut(key) {
        past.retain(|(at, _)| *at <= version);
        if past.is_empty() {
            all.remove(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use zhengtong_evm::{AccountChange, SlotChange};

    const ALICE: Address = Address::repeat_byte(1);

    fn account(nonce: u64) -> AccountState {
        AccountState {
            nonce,
            balance: U256::ZERO,
            code_hash: EMPTY_CODE_HASH,
        }
    }

    #[test]
    fn every_version_stays_readable_until_it_is_rewound() {
        let mut state = Versions::default();
        let one = state.set_account(ALICE, account(1));
        let two = state.apply(&StateChanges {
            accounts: vec![AccountChange {
                address: ALICE,
                before: Some(account(1)),
                after: None,
            }],
            slots: vec![SlotChange {
                address: ALICE,
                slot: U256::ONE,
                before: U256::ZERO,
                after: U256::from(7),
            }],
            codes: Vec::new(),
        });
        assert_eq!(state.account(&ALICE, 0), None);
        assert_eq!(state.account(&ALICE, one), Some(account(1)));
        assert_eq!(state.account(&ALICE, two), None);
        assert_eq!(state.slot(ALICE, U256::ONE, one), U256::ZERO);
        assert_eq!(state.slot(ALICE, U256::ONE, two), U256::from(7));
        state.rewind(one, 0);
        assert_eq!(state.account(&ALICE, two), Some(account(1)));
        assert_eq!(state.slot(ALICE, U256::ONE, two), U256::ZERO);
        // A reader of the version that was rewound does not see what is written now.
        let three = state.set_account(ALICE, account(3));
        assert!(three > two);
        assert_eq!(state.account(&ALICE, two), Some(account(1)));
        state.rewind(0, 0);
        assert_eq!(state.account(&ALICE, three), None);
    }

    #[test]
    fn a_delegation_that_is_none_is_refused() {
        let mut state = Versions::default();
        assert_eq!(state.keep_code(Bytes::new()), Some(EMPTY_CODE_HASH));
        assert_eq!(state.keep_code(Bytes::from_static(&[0xef, 0x01, 0x00])), None);
        let delegation = [&[0xef, 0x01, 0x00][..], ALICE.as_slice()].concat();
        let hash = state.keep_code(delegation.into()).expect("well formed");
        assert!(state.code(&hash).is_eip7702());
    }
}
