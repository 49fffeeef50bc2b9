//! A block's meter over a state in memory, held against a recount.

use alloy_primitives::{Address, U256};
use commonware_utils::NZU64;
use rand::{RngExt as _, SeedableRng as _, rngs::ChaCha20Rng};
use std::{collections::HashMap, convert::Infallible};
use zhengtong_bindings::{
    EVERYONE, GOVERNORS, GOVERNORS_LEAST_GAS, assigned_class_slot, checkpoint_slot, class_usage_slot,
    limits_slot, membership_slot,
};
use zhengtong_chain::quota::{Book, Bound, Governor, Meter, Quota, QuotaRules, standing};

const QUOTAS: Address = Address::repeat_byte(1);
const REGISTRY: Address = Address::repeat_byte(2);
const COUNCIL: Address = Address::repeat_byte(3);
const KEY: Address = Address::repeat_byte(4);

type Slots = HashMap<(Address, U256), U256>;

fn rules(governor: Governor) -> QuotaRules {
    QuotaRules {
        book: Book {
            quotas: QUOTAS,
            registry: REGISTRY,
            governor,
        },
        epoch_blocks: NZU64!(10),
    }
}

/// Limits of an account and of a class.
fn limited(slots: &mut Slots, class: u8, account: u64, total: u64) {
    let word = U256::from(total) << 64 | U256::from(account);
    slots.insert((QUOTAS, limits_slot(class)), word);
}

fn reads(slots: &Slots) -> impl FnMut(Address, U256) -> Result<U256, Infallible> + '_ {
    |contract, slot| Ok(slots.get(&(contract, slot)).copied().unwrap_or_default())
}

fn admit(meter: &mut Meter<'_>, slots: &Slots, account: Address, gas: u64) -> Result<(), Bound> {
    let Ok(admitted) = meter.admit(account, gas, reads(slots));
    admitted.map_err(|over| over.bound)
}

/// Writes what a block leaves, and says how many slots that were.
fn finish(meter: Meter<'_>, slots: &mut Slots) -> usize {
    let changes = meter.finish();
    for change in &changes {
        let before = slots.insert((change.address, change.slot), change.after);
        assert_eq!(before.unwrap_or_default(), change.before);
    }
    changes.len()
}

#[test]
fn it_reserves_by_limit_and_settles_by_use() {
    let (rules, mut slots) = (rules(Governor::Key(KEY)), Slots::new());
    limited(&mut slots, EVERYONE, 100, 150);
    let [one, two, three] = [5, 6, 7].map(Address::repeat_byte);
    let mut meter = Meter::new(&rules, 3);
    assert_eq!(admit(&mut meter, &slots, one, 101), Err(Bound::Account));
    assert_eq!(admit(&mut meter, &slots, one, 100), Ok(()));
    meter.settle(one, 30);
    assert_eq!(admit(&mut meter, &slots, one, 71), Err(Bound::Account));
    assert_eq!(admit(&mut meter, &slots, one, 70), Ok(()));
    meter.settle(one, 70);
    assert_eq!(admit(&mut meter, &slots, one, 1), Err(Bound::Account));
    assert_eq!(admit(&mut meter, &slots, two, 51), Err(Bound::Class));
    assert_eq!(admit(&mut meter, &slots, two, 50), Ok(()));
    meter.settle(two, 20);
    // Three was asked and used nothing: nothing is written of it.
    assert_eq!(admit(&mut meter, &slots, three, 31), Err(Bound::Class));
    assert_eq!(finish(meter, &mut slots), 3, "two accounts and a class");

    let Ok(now) = standing(&rules, one, 9, reads(&slots));
    assert_eq!(
        (now.account.left(), now.total.used, now.next_epoch_block),
        (0, 120, 10)
    );
    let mut last = Meter::new(&rules, 9);
    assert_eq!(admit(&mut last, &slots, one, 1), Err(Bound::Account));
    assert_eq!(admit(&mut last, &slots, three, 31), Err(Bound::Class));
    let mut next = Meter::new(&rules, 10);
    assert_eq!(admit(&mut next, &slots, one, 100), Ok(()));
    next.settle(one, 21);
    assert_eq!(finish(next, &mut slots), 2);
    let Ok(now) = standing(&rules, one, 11, reads(&slots));
    assert_eq!(now.account, Quota { limit: 100, used: 21 });
    assert_eq!(
        now.total.used, 21,
        "what the class used before is of another epoch"
    );
    assert_eq!(
        slots[&(QUOTAS, class_usage_slot(EVERYONE))],
        U256::from(21) << 64 | U256::from(1)
    );
}

#[test]
fn largest_numbers_do_not_overflow() {
    let (rules, mut slots) = (rules(Governor::Key(KEY)), Slots::new());
    limited(&mut slots, EVERYONE, u64::MAX, u64::MAX);
    let one = Address::repeat_byte(5);
    let mut meter = Meter::new(&rules, u64::MAX);
    for _ in 0..3 {
        let _ = admit(&mut meter, &slots, one, u64::MAX);
        meter.settle(one, u64::MAX - 1);
    }
    assert_eq!(admit(&mut meter, &slots, one, 1), Err(Bound::Account));
    finish(meter, &mut slots);
    let Ok(now) = standing(&rules, one, u64::MAX, reads(&slots));
    assert_eq!(now.account.used, u64::MAX);
    assert!(now.admits(u64::MAX, u64::MAX).is_err());
}

#[test]
fn who_governs_is_never_without_gas_nor_crowded_out() {
    let mut slots = Slots::new();
    limited(&mut slots, GOVERNORS, 0, 0);
    let membership = |slots: &mut Slots, member: Address, changes: u64, value: u64| {
        let slot = membership_slot(member);
        slots.insert((COUNCIL, slot), U256::from(changes));
        let last = checkpoint_slot(slot, U256::from(changes));
        slots.insert(
            (COUNCIL, last),
            U256::from(value) << 48 | U256::from(1_800_000_000),
        );
    };
    let [member, removed, other] = [5, 6, 7].map(Address::repeat_byte);
    membership(&mut slots, member, 3, 1);
    membership(&mut slots, removed, 2, 0);
    for account in [member, KEY] {
        slots.insert((QUOTAS, assigned_class_slot(account)), U256::from(EVERYONE + 1));
    }
    let by_members = rules(Governor::Council(COUNCIL));
    let class = |rules: &QuotaRules, account| {
        let Ok(found) = standing(rules, account, 1, reads(&slots));
        assert_eq!(
            found.account.limit,
            if found.class == GOVERNORS {
                GOVERNORS_LEAST_GAS
            } else {
                0
            }
        );
        assert_eq!(
            found.admits(0, GOVERNORS_LEAST_GAS).is_ok(),
            found.class == GOVERNORS
        );
        found.class
    };
    assert_eq!(
        [member, removed, other, KEY].map(|account| class(&by_members, account)),
        [GOVERNORS, EVERYONE, EVERYONE, EVERYONE]
    );
    let by_key = rules(Governor::Key(KEY));
    assert_eq!(
        [member, removed, other, KEY].map(|account| class(&by_key, account)),
        [EVERYONE, EVERYONE, EVERYONE, GOVERNORS]
    );
}

/// Random blocks of random accounts, against sums over everything that ever ran.
#[test]
fn no_walk_goes_beyond_a_quota() {
    let (rules, mut rng) = (rules(Governor::Key(KEY)), ChaCha20Rng::seed_from_u64(19));
    let mut slots = Slots::new();
    limited(&mut slots, 0, 1_000, 2_500);
    limited(&mut slots, 4, 3_000, 4_000);
    let accounts: Vec<Address> = (10..18).map(Address::repeat_byte).collect();
    let class = |index: usize| if index < 5 { 0_u8 } else { 4 };
    for account in &accounts[5..8] {
        slots.insert((QUOTAS, assigned_class_slot(*account)), U256::from(5));
    }
    let mut ran: Vec<(u64, usize, u64)> = Vec::new();
    let (mut admitted, mut refused) = (0, 0);
    for number in 0..200 {
        let mut meter = Meter::new(&rules, number);
        for _ in 0..rng.random_range(0..6) {
            let (index, limit) = (rng.random_range(0..8), rng.random_range(1..900));
            let sum = |of: &dyn Fn(usize) -> bool| -> u64 {
                let same = ran
                    .iter()
                    .filter(|(at, who, _)| at / 10 == number / 10 && of(*who));
                same.map(|(_, _, gas)| gas).sum()
            };
            let (own, all) = match class(index) {
                0 => (1_000, 2_500),
                _ => (3_000, 4_000),
            };
            let fits = sum(&|who| who == index) + limit <= own
                && sum(&|who| class(who) == class(index)) + limit <= all;
            assert_eq!(admit(&mut meter, &slots, accounts[index], limit).is_ok(), fits);
            if fits {
                let used = rng.random_range(1..=limit);
                meter.settle(accounts[index], used);
                ran.push((number, index, used));
                admitted += 1;
            } else {
                refused += 1;
            }
        }
        finish(meter, &mut slots);
    }
    assert!(admitted > 100 && refused > 50, "{admitted} {refused}");
}
