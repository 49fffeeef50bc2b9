//! What the accounts of one block use.

use super::{
    OverQuota, Place, Purse, Quota, QuotaRules, Request, Standing, TokenQuota,
    read::{Record, class_usage, limits, record, used_in},
    token::{self, Modulus},
};
use alloy_primitives::{
    Address, U256,
    map::{AddressMap, Entry, HashMap},
};
use zhengtong_bindings::{EVERYONE, RESIDENTS, account_usage_slot, class_usage_slot};
use zhengtong_evm::SlotChange;

/// Counts the gas of a block's transactions. Every account and class is read once a block, and written once.
pub struct Meter<'a> {
    rules: &'a QuotaRules,
    place: Place,
    accounts: AddressMap<Account>,
    classes: HashMap<u8, Class>,
    /// The key of the tokens of the block's day, once a transaction showed one.
    key: Option<Option<Modulus>>,
    judge: Option<&'a dyn Fn(bool) -> bool>,
}

/// An account while a block is executed.
struct Account {
    record: Record,
    /// The transaction that was asked about last.
    asked: Asked,
    has_changed: bool,
}

/// What settling a transaction does to its account.
#[derive(Clone, Copy)]
struct Asked {
    purse: Purse,
    /// It shows a token. That is kept only of a transaction that is in the block, so that everyone keeps the same.
    shows_token: bool,
}

/// A class while a block is executed.
struct Class {
    /// Gas of an account.
    limit: u64,
    total: Quota,
    /// What was in the slot.
    before: U256,
    has_changed: bool,
}

impl<'a> Meter<'a> {
    pub fn new(rules: &'a QuotaRules, place: Place) -> Self {
        Self {
            rules,
            place,
            accounts: AddressMap::default(),
            classes: HashMap::default(),
            key: None,
            judge: None,
        }
    }

    /// The same, but this says whether a token counts, given whether it is valid.
    pub fn judged_by(self, judge: &'a dyn Fn(bool) -> bool) -> Self {
        Self {
            judge: Some(judge),
            ..self
        }
    }

    /// Whether a transaction may run after those that were settled. `slots` reads the state before the block.
    pub fn admit<E>(
        &mut self,
        request: &Request<'_>,
        mut slots: impl FnMut(Address, U256) -> Result<U256, E>,
    ) -> Result<Result<(), OverQuota>, E> {
        let (standing, shows_token) = self.standing(request, &mut slots)?;
        let admitted = standing.admits(0, request.gas_limit);
        if let Some(account) = self.accounts.get_mut(&request.account) {
            // What runs though it should not is of the account's class.
            let purse = admitted.unwrap_or(Purse::Class);
            account.asked = Asked { purse, shows_token };
        }
        Ok(admitted.map(drop))
    }

    /// Counts what the account's transaction that was asked about last used.
    pub fn settle(&mut self, account: Address, gas: u64) {
        let Some(account) = self.accounts.get_mut(&account) else {
            debug_assert!(false, "it was not asked about");
            return;
        };
        let usage = &mut account.record.usage;
        let (used, class) = match account.asked.purse {
            Purse::Class => (&mut usage.gas, account.record.class),
            Purse::Token => (&mut usage.by_token, RESIDENTS),
        };
        *used = used.saturating_add(gas);
        usage.has_token |= account.asked.shows_token;
        account.has_changed = true;
        if let Some(class) = self.classes.get_mut(&class) {
            class.total.used = class.total.used.saturating_add(gas);
            class.has_changed = true;
        }
    }

    /// What the block leaves in the state.
    pub fn finish(self) -> Vec<SlotChange> {
        let (contract, epoch) = (self.rules.book.quotas, self.rules.epoch(self.place.number));
        let change = |slot, before, after| SlotChange {
            address: contract,
            slot,
            before,
            after,
        };
        let accounts = self
            .accounts
            .into_iter()
            .filter(|(_, account)| account.has_changed);
        let accounts = accounts.map(|(address, Account { record, .. })| {
            change(account_usage_slot(address), record.word, record.usage.word(epoch))
        });
        let classes = self.classes.into_iter().filter(|(_, class)| class.has_changed);
        let classes = classes.map(|(number, class)| {
            let after = class_usage(epoch, class.total.used);
            change(class_usage_slot(number), class.before, after)
        });
        accounts.chain(classes).collect()
    }

    /// The standing of a transaction's account now, and whether the transaction shows a token for the first time.
    fn standing<E>(
        &mut self,
        request: &Request<'_>,
        slots: &mut impl FnMut(Address, U256) -> Result<U256, E>,
    ) -> Result<(Standing, bool), E> {
        let (rules, number) = (self.rules, self.place.number);
        let record = match self.accounts.entry(request.account) {
            Entry::Occupied(seen) => seen.get().record,
            Entry::Vacant(unseen) => {
                let record = record(&rules.book, request.account, rules.epoch(number), slots)?;
                let asked = Asked {
                    purse: Purse::Class,
                    shows_token: false,
                };
                unseen.insert(Account {
                    record,
                    asked,
                    has_changed: false,
                });
                record
            }
        };
        let shows_token = record.may_show(&rules.book, request) && self.shows(request, slots)?;
        let class = self.class(record.class, slots)?;
        let account = Quota {
            limit: class.limit,
            used: record.usage.gas,
        };
        let total = class.total;
        let has_token = record.class == EVERYONE && (record.usage.has_token || shows_token);
        let token = if has_token {
            let class = self.class(RESIDENTS, slots)?;
            let account = Quota {
                limit: class.limit,
                used: record.usage.by_token,
            };
            Some(TokenQuota {
                account,
                total: class.total,
            })
        } else {
            None
        };
        let standing = Standing {
            class: record.class,
            account,
            total,
            token,
            next_epoch_block: rules.next_epoch_block(number),
        };
        Ok((standing, shows_token))
    }

    fn shows<E>(
        &mut self,
        request: &Request<'_>,
        slots: &mut impl FnMut(Address, U256) -> Result<U256, E>,
    ) -> Result<bool, E> {
        let window = token::window(self.place.timestamp_s);
        if self.key.is_none() {
            self.key = Some(token::key(&self.rules.book, window, slots)?);
        }
        let key = self.key.iter().flatten().next();
        let is_valid = key.is_some_and(|key| token::shows(self.rules, key, window, request));
        Ok(self.judge.map_or(is_valid, |judge| judge(is_valid)))
    }

    fn class<E>(
        &mut self,
        class: u8,
        slots: &mut impl FnMut(Address, U256) -> Result<U256, E>,
    ) -> Result<&Class, E> {
        Ok(match self.classes.entry(class) {
            Entry::Occupied(seen) => seen.into_mut(),
            Entry::Vacant(unseen) => {
                let book = &self.rules.book;
                let (limit, total) = limits(book, class, slots)?;
                let before = slots(book.quotas, class_usage_slot(class))?;
                let used = used_in(self.rules.epoch(self.place.number), before);
                unseen.insert(Class {
                    limit,
                    total: Quota { limit: total, used },
                    before,
                    has_changed: false,
                })
            }
        })
    }
}
