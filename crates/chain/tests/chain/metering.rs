//! A block's meter over a state in memory, held against a recount.

use crate::{
    common::CHAIN_ID,
    tokens::{KEY, Token, modulus},
};
use alloy_primitives::{Address, B256, Bytes, U256};
use commonware_utils::NZU64;
use rand::{RngExt as _, SeedableRng as _, rngs::ChaCha20Rng};
use std::{collections::HashMap, convert::Infallible};
use zhengtong_bindings::{
    EVERYONE, GOVERNORS, GOVERNORS_LEAST_GAS, RESIDENTS, TOKEN_ISSUER_SLOT, account_usage_slot, addresses,
    allowance_window, assigned_class_slot, checkpoint_slot, class_usage_slot, limits_slot, long_bytes_slots,
    membership_slot, token_key_slot,
};
use zhengtong_chain::quota::{
    Book, Bound, Governor, Meter, Place, Purse, Quota, QuotaRules, Request, standing, standing_for,
};
use zhengtong_evm::SlotChange;

const QUOTAS: Address = Address::repeat_byte(1);
const REGISTRY: Address = Address::repeat_byte(2);
const COUNCIL: Address = Address::repeat_byte(3);
const KEY_OF_COUNCIL: Address = Address::repeat_byte(4);

type Slots = HashMap<(Address, U256), U256>;

fn rules(governor: Governor) -> QuotaRules {
    QuotaRules {
        book: Book {
            quotas: QUOTAS,
            registry: REGISTRY,
            cases: addresses().cases,
            allowances: addresses().allowances,
            governor,
        },
        chain_id: CHAIN_ID,
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

/// A block of the first day of 1970.
fn place(number: u64) -> Place {
    Place {
        number,
        timestamp_s: 0,
    }
}

fn request(account: Address, gas_limit: u64, input: &[u8]) -> Request<'_> {
    Request {
        account,
        gas_limit,
        to: Some(Address::ZERO),
        input,
    }
}

fn admit(meter: &mut Meter<'_>, slots: &Slots, account: Address, gas: u64) -> Result<(), Bound> {
    admit_with(meter, slots, account, gas, &[])
}

fn admit_with(
    meter: &mut Meter<'_>,
    slots: &Slots,
    account: Address,
    gas: u64,
    input: &[u8],
) -> Result<(), Bound> {
    let Ok(admitted) = meter.admit(&request(account, gas, input), reads(slots));
    admitted.map_err(|over| over.bound)
}

/// An authority's key for the day of these blocks.
fn with_authority(slots: &mut Slots) {
    let (allowances, police) = (addresses().allowances, B256::repeat_byte(8));
    slots.insert((allowances, TOKEN_ISSUER_SLOT), police.into());
    let key = token_key_slot(police, allowance_window(0));
    slots.insert((allowances, key), U256::from(513));
    let modulus = modulus(&KEY);
    for (slot, word) in long_bytes_slots(key, 8).zip(modulus.chunks(32)) {
        slots.insert((allowances, slot), U256::from_be_slice(word));
    }
}

/// A call at whose end an account shows a token.
fn shown(account: Address) -> Bytes {
    let token = Token::new(&KEY, account, allowance_window(0), B256::repeat_byte(9));
    token.at_the_end_of(b"a call")
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
    let (rules, mut slots) = (rules(Governor::Key(KEY_OF_COUNCIL)), Slots::new());
    limited(&mut slots, EVERYONE, 100, 150);
    let [one, two, three] = [5, 6, 7].map(Address::repeat_byte);
    let mut meter = Meter::new(&rules, place(3));
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
    let mut last = Meter::new(&rules, place(9));
    assert_eq!(admit(&mut last, &slots, one, 1), Err(Bound::Account));
    assert_eq!(admit(&mut last, &slots, three, 31), Err(Bound::Class));
    let mut next = Meter::new(&rules, place(10));
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
    let (rules, mut slots) = (rules(Governor::Key(KEY_OF_COUNCIL)), Slots::new());
    limited(&mut slots, EVERYONE, u64::MAX, u64::MAX);
    let one = Address::repeat_byte(5);
    let mut meter = Meter::new(&rules, place(u64::MAX));
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
    for account in [member, KEY_OF_COUNCIL] {
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
        [member, removed, other, KEY_OF_COUNCIL].map(|account| class(&by_members, account)),
        [GOVERNORS, EVERYONE, EVERYONE, EVERYONE]
    );
    let by_key = rules(Governor::Key(KEY_OF_COUNCIL));
    assert_eq!(
        [member, removed, other, KEY_OF_COUNCIL].map(|account| class(&by_key, account)),
        [EVERYONE, EVERYONE, EVERYONE, GOVERNORS]
    );
}

/// Random blocks of random accounts, against sums over everything that ever ran.
#[test]
fn no_walk_goes_beyond_a_quota() {
    let (rules, mut rng) = (
        rules(Governor::Key(KEY_OF_COUNCIL)),
        ChaCha20Rng::seed_from_u64(19),
    );
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
        let mut meter = Meter::new(&rules, place(number));
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

#[test]
fn a_token_pays_first_and_once() {
    let (rules, mut slots) = (rules(Governor::Key(KEY_OF_COUNCIL)), Slots::new());
    limited(&mut slots, EVERYONE, 100, 150);
    limited(&mut slots, RESIDENTS, 60, 90);
    with_authority(&mut slots);
    let [one, two] = [5, 6].map(Address::repeat_byte);
    let mut meter = Meter::new(&rules, place(3));
    assert_eq!(admit_with(&mut meter, &slots, one, 50, &shown(one)), Ok(()));
    meter.settle(one, 40);
    // It is known now. What it does not pay for any more is of everyone.
    assert_eq!(admit(&mut meter, &slots, one, 21), Ok(()));
    meter.settle(one, 21);
    assert_eq!(admit(&mut meter, &slots, one, 20), Ok(()));
    meter.settle(one, 20);
    // There are 30 for all who have one.
    assert_eq!(admit_with(&mut meter, &slots, two, 31, &shown(two)), Ok(()));
    meter.settle(two, 31);
    assert_eq!(admit_with(&mut meter, &slots, two, 30, &shown(two)), Ok(()));
    meter.settle(two, 30);
    assert_eq!(finish(meter, &mut slots), 4, "two accounts and two classes");

    let used = |slots: &Slots, account| {
        let Ok(now) = standing(&rules, account, 4, reads(slots));
        let token = now.token.expect("it has shown one");
        assert_eq!((now.class, now.total.used, token.total.used), (EVERYONE, 52, 90));
        (now.account.used, token.account.used)
    };
    assert_eq!(used(&slots, one), (21, 60));
    assert_eq!(used(&slots, two), (31, 30));
    // The next epoch begins anew for classes and for accounts, and not for tokens.
    let Ok(now) = standing(&rules, one, 10, reads(&slots));
    let token = now.token.expect("it has shown one");
    assert_eq!(
        (now.account.used, token.account.used, token.total.used),
        (0, 60, 0)
    );
    let mut meter = Meter::new(&rules, place(10));
    assert_eq!(
        admit_with(&mut meter, &slots, one, 101, &shown(one)),
        Err(Bound::Account)
    );
    assert_eq!(admit_with(&mut meter, &slots, one, 100, &shown(one)), Ok(()));
    meter.settle(one, 100);
    finish(meter, &mut slots);
    let Ok(now) = standing(&rules, one, 11, reads(&slots));
    assert_eq!((now.account.used, now.total.used), (100, 100));
}

/// Who proposes sees transactions that are left out; who checks does not. Both must write the same.
#[test]
fn a_token_of_a_transaction_that_is_left_out_is_not_kept() {
    let (rules, mut slots) = (rules(Governor::Key(KEY_OF_COUNCIL)), Slots::new());
    limited(&mut slots, EVERYONE, 100, 150);
    limited(&mut slots, RESIDENTS, 60, 90);
    with_authority(&mut slots);
    let one = Address::repeat_byte(5);
    let written = |left_out: &[u64]| -> Vec<SlotChange> {
        let mut meter = Meter::new(&rules, place(3));
        for gas in left_out {
            // Too large, or found to be invalid when it ran.
            let _ = admit_with(&mut meter, &slots, one, *gas, &shown(one));
        }
        assert_eq!(admit(&mut meter, &slots, one, 30), Ok(()));
        meter.settle(one, 30);
        let mut changes = meter.finish();
        changes.sort_by_key(|change| change.slot);
        changes
    };
    let alone = written(&[]);
    assert_eq!(alone.len(), 2);
    let of_one = alone.iter().find(|change| change.slot == account_usage_slot(one));
    assert_eq!(of_one.expect("it is written").after, U256::from(30) << 64);
    for left_out in [&[1_000][..], &[50], &[1_000, 50]] {
        assert_eq!(written(left_out), alone, "{left_out:?}");
    }
}

/// What the pool is told before a block is what a block of that transaction alone says.
#[test]
fn the_pool_and_a_block_say_the_same() {
    let (rules, mut rng) = (
        rules(Governor::Key(KEY_OF_COUNCIL)),
        ChaCha20Rng::seed_from_u64(23),
    );
    let (mut by_token, mut refused) = (0, 0);
    for _ in 0..2_000 {
        let mut slots = Slots::new();
        limited(
            &mut slots,
            EVERYONE,
            rng.random_range(0..100),
            rng.random_range(0..100),
        );
        limited(
            &mut slots,
            RESIDENTS,
            rng.random_range(0..100),
            rng.random_range(0..100),
        );
        let account = Address::repeat_byte(5);
        let word = U256::from_limbs([
            rng.random_range(0..2),
            rng.random_range(0..50),
            rng.random_range(0..50),
            rng.random_range(0..2),
        ]);
        slots.insert((QUOTAS, account_usage_slot(account)), word);
        if rng.random() {
            with_authority(&mut slots);
        }
        if rng.random_ratio(1, 4) {
            slots.insert((QUOTAS, assigned_class_slot(account)), U256::from(3));
            limited(&mut slots, 2, 50, 50);
        }
        let input = match rng.random_range(0..3) {
            0 => Bytes::new(),
            1 => shown(account),
            _ => shown(Address::repeat_byte(6)),
        };
        let asked = request(account, rng.random_range(0..100), &input);
        let Ok(pool) = standing_for(&rules, &asked, place(5), reads(&slots));
        let mut meter = Meter::new(&rules, place(5));
        let Ok(block) = meter.admit(&asked, reads(&slots));
        assert_eq!(pool.admits(0, asked.gas_limit).map(drop), block);
        if block.is_err() {
            refused += 1;
            continue;
        }
        meter.settle(account, 7);
        finish(meter, &mut slots);
        let residents = slots.get(&(QUOTAS, class_usage_slot(RESIDENTS)));
        let is_token = residents.is_some_and(|word| *word >> 64 == U256::from(7));
        assert_eq!(is_token, pool.admits(0, asked.gas_limit) == Ok(Purse::Token));
        by_token += usize::from(is_token);
    }
    assert!(by_token > 30 && refused > 100, "{by_token} {refused}");
}
