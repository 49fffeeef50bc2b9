//! What a block changed, in a canonical order, with what was there before.

use alloy_primitives::{Address, B256, Bytes, U256, b256};
use revm::{database::BundleState, state::AccountInfo};
use std::collections::BTreeSet;

/// Keccak-256 of no code at all.
pub const EMPTY_CODE_HASH: B256 = b256!("c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470");

/// An account as the state keeps it. An account that does not exist has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccountState {
    pub nonce: u64,
    /// In wei.
    pub balance: U256,
    /// [`EMPTY_CODE_HASH`] if it is not a contract.
    pub code_hash: B256,
}

impl AccountState {
    /// The account for execution; its code is left to be loaded by hash.
    pub fn to_info(self) -> AccountInfo {
        // `code: None` matters: the default is *empty code*, which would turn every contract into a plain account.
        AccountInfo {
            nonce: self.nonce,
            balance: self.balance,
            code_hash: self.code_hash,
            code: None,
            account_id: None,
        }
    }

    pub fn from_info(info: &AccountInfo) -> Self {
        let code_hash = if info.code_hash.is_zero() {
            EMPTY_CODE_HASH
        } else {
            info.code_hash
        };
        Self {
            nonce: info.nonce,
            balance: info.balance,
            code_hash,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccountChange {
    pub address: Address,
    pub before: Option<AccountState>,
    pub after: Option<AccountState>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlotChange {
    pub address: Address,
    pub slot: U256,
    pub before: U256,
    pub after: U256,
}

/// The changes of a whole block, each account and slot once, sorted; values that ended as they began are left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StateChanges {
    pub accounts: Vec<AccountChange>,
    pub slots: Vec<SlotChange>,
    /// New code by its hash.
    pub codes: Vec<(B256, Bytes)>,
}

impl StateChanges {
    pub(crate) fn from_bundle(bundle: BundleState) -> Self {
        let mut changes = Self::default();
        for (address, account) in bundle.state {
            let before = account.original_info.as_ref().map(AccountState::from_info);
            let after = account.info.as_ref().map(AccountState::from_info);
            if before != after {
                changes.accounts.push(AccountChange {
                    address,
                    before,
                    after,
                });
            }
            for (slot, value) in account.storage {
                let (before, after) = (value.previous_or_original_value, value.present_value);
                if before != after {
                    changes.slots.push(SlotChange {
                        address,
                        slot,
                        before,
                        after,
                    });
                }
            }
        }
        changes.codes = bundle
            .contracts
            .into_iter()
            .filter(|(_, code)| !code.is_empty())
            .map(|(hash, code)| (hash, code.original_bytes()))
            .collect();
        changes.accounts.sort_unstable_by_key(|change| change.address);
        changes
            .slots
            .sort_unstable_by_key(|change| (change.address, change.slot));
        changes.codes.sort_unstable_by_key(|(hash, _)| *hash);
        changes
    }

    /// Puts slots in their places. One that a transaction changed too ends as it is told here.
    pub(crate) fn put(&mut self, own: &[SlotChange]) {
        if own.is_empty() {
            return;
        }
        let place = |change: &SlotChange| (change.address, change.slot);
        let places: BTreeSet<_> = own.iter().map(place).collect();
        self.slots.retain(|change| !places.contains(&place(change)));
        self.slots
            .extend(own.iter().filter(|change| change.before != change.after));
        self.slots.sort_unstable_by_key(place);
    }

    pub fn is_empty(&self) -> bool {
        self.accounts.is_empty() && self.slots.is_empty()
    }
}
