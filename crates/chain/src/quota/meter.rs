//! What the accounts of one block use.

use super::{
    OverQuota, Quota, QuotaRules, Standing,
    read::{class_of, limits, usage, used_in},
};
use alloy_primitives::{Address, U256};
use std::collections::{HashMap, hash_map::Entry};
use zhengtong_bindings::{account_usage_slot, class_usage_slot};
use zhengtong_evm::SlotChange;

/// Counts the gas of a block's transactions. Every account and class is read once a block, and written once.
pub struct Meter<'a> {
    rules: &'a QuotaRules,
    number: u64,
    accounts: HashMap<Address, (u8, Counted)>,
    classes: HashMap<u8, Counted>,
}

/// A quota while a block is executed.
struct Counted {
    slot: U256,
    /// What was in the slot.
    before: U256,
    quota: Quota,
    has_changed: bool,
}

impl Counted {
    fn new(slot: U256, before: U256, limit: u64, epoch: u64) -> Self {
        let used = used_in(epoch, before);
        Self {
            slot,
            before,
            quota: Quota { limit, used },
            has_changed: false,
        }
    }

    fn add(&mut self, gas: u64) {
        self.quota.used = self.quota.used.saturating_add(gas);
        self.has_changed = true;
    }
}

impl<'a> Meter<'a> {
    /// For the block `number`.
    pub fn new(rules: &'a QuotaRules, number: u64) -> Self {
        Self {
            rules,
            number,
            accounts: HashMap::new(),
            classes: HashMap::new(),
        }
    }

    /// Whether a transaction may run after those that were settled. `slots` reads the state before the block.
    pub fn admit<E>(
        &mut self,
        account: Address,
        gas_limit: u64,
        slots: impl FnMut(Address, U256) -> Result<U256, E>,
    ) -> Result<Result<(), OverQuota>, E> {
        Ok(self.standing(account, slots)?.admits(0, gas_limit))
    }

    /// Counts what an admitted account's transaction used.
    pub fn settle(&mut self, account: Address, gas: u64) {
        let Some((class, own)) = self.accounts.get_mut(&account) else {
            debug_assert!(false, "it was not admitted");
            return;
        };
        own.add(gas);
        if let Some(total) = self.classes.get_mut(class) {
            total.add(gas);
        }
    }

    /// What the block leaves in the state.
    pub fn finish(self) -> Vec<SlotChange> {
        let (contract, epoch) = (self.rules.book.quotas, self.rules.epoch(self.number));
        let accounts = self.accounts.into_values().map(|(_, own)| own);
        let counted = accounts.chain(self.classes.into_values());
        let changed = counted.filter(|counted| counted.has_changed);
        changed
            .map(|counted| SlotChange {
                address: contract,
                slot: counted.slot,
                before: counted.before,
                after: usage(epoch, counted.quota.used),
            })
            .collect()
    }

    fn standing<E>(
        &mut self,
        account: Address,
        mut slots: impl FnMut(Address, U256) -> Result<U256, E>,
    ) -> Result<Standing, E> {
        let (rules, epoch) = (self.rules, self.rules.epoch(self.number));
        if !self.accounts.contains_key(&account) {
            let book = &rules.book;
            let class = class_of(book, account, &mut slots)?;
            let (limit, total) = limits(book, class, &mut slots)?;
            let slot = account_usage_slot(account);
            let own = Counted::new(slot, slots(book.quotas, slot)?, limit, epoch);
            if let Entry::Vacant(unseen) = self.classes.entry(class) {
                let slot = class_usage_slot(class);
                unseen.insert(Counted::new(slot, slots(book.quotas, slot)?, total, epoch));
            }
            self.accounts.insert(account, (class, own));
        }
        let (class, own) = &self.accounts[&account];
        Ok(Standing {
            class: *class,
            account: own.quota,
            total: self.classes[class].quota,
            next_epoch_block: rules.next_epoch_block(self.number),
        })
    }
}
