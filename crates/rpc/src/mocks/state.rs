//! The state of a mock: maps that are copied for every block.

use alloy_primitives::{Address, B256, Bytes, U256};
use std::collections::BTreeMap;
use zhengtong_chain::ViewError;
use zhengtong_evm::{AccountInfo, AccountState, Bytecode, Database, Outcome};

/// State after a block.
#[derive(Clone, Debug, Default)]
pub struct MockState {
    pub(super) accounts: BTreeMap<Address, AccountState>,
    pub(super) slots: BTreeMap<(Address, U256), U256>,
    pub(super) codes: BTreeMap<B256, Bytes>,
    pub(super) hashes: BTreeMap<u64, B256>,
}

impl MockState {
    pub(super) fn apply(&mut self, outcome: &Outcome) {
        for change in &outcome.changes.accounts {
            match change.after {
                Some(account) => self.accounts.insert(change.address, account),
                None => self.accounts.remove(&change.address),
            };
        }
        for change in &outcome.changes.slots {
            self.slots.insert((change.address, change.slot), change.after);
        }
        self.codes.extend(outcome.changes.codes.iter().cloned());
    }
}

impl Database for MockState {
    type Error = ViewError;

    fn basic(&mut self, address: Address) -> Result<Option<AccountInfo>, ViewError> {
        Ok(self.accounts.get(&address).map(|account| account.to_info()))
    }

    fn code_by_hash(&mut self, hash: B256) -> Result<Bytecode, ViewError> {
        Ok(self
            .codes
            .get(&hash)
            .map(|code| Bytecode::new_raw(code.clone()))
            .unwrap_or_default())
    }

    fn storage(&mut self, address: Address, slot: U256) -> Result<U256, ViewError> {
        Ok(self.slots.get(&(address, slot)).copied().unwrap_or_default())
    }

    fn block_hash(&mut self, number: u64) -> Result<B256, ViewError> {
        Ok(self.hashes.get(&number).copied().unwrap_or_default())
    }
}
