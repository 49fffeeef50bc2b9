//! Accounts that nobody knows fill a part of the pool; what is left is for the others.

use crate::common::{CHAIN_ID, account, blank, sign};
use alloy_consensus::TxEip1559;
use alloy_primitives::{Address, B256, TxKind};
use zhengtong_bindings::{EVERYONE, ORGANISATIONS};
use zhengtong_chain::{
    PoolConfig, SubmitError,
    pool::{EVERYONES_PERCENT, Origin, Pool},
    quota::{Quota, Standing, TokenQuota},
};
use zhengtong_evm::{TransactionRules, decode, recover};

const ROOM: usize = 20;

fn pool() -> Pool {
    Pool::new(PoolConfig {
        max_transactions: ROOM,
        ..PoolConfig::default()
    })
}

fn reserve(pool: &Pool, class: u8, sender: u64, nonce: u64, limit: u64) -> Result<B256, SubmitError> {
    reserve_with(pool, Origin::Submitted, class, sender, nonce, limit, None)
}

/// `token` is what the sender's token buys.
fn reserve_with(
    pool: &Pool,
    origin: Origin,
    class: u8,
    sender: u64,
    nonce: u64,
    limit: u64,
    token: Option<u64>,
) -> Result<B256, SubmitError> {
    let transaction = TxEip1559 {
        nonce,
        gas_limit: 21_000,
        to: TxKind::Call(Address::repeat_byte(0x42)),
        ..blank()
    };
    let raw = sign(&account(sender), transaction);
    let transaction = decode(&raw, &TransactionRules::new(CHAIN_ID)).and_then(recover)?;
    let hash = *transaction.tx_hash();
    let quota = |limit| Quota { limit, used: 0 };
    let standing = Standing {
        class,
        account: quota(limit),
        total: quota(u64::MAX),
        token: token.map(|limit| TokenQuota {
            account: quota(limit),
            total: quota(u64::MAX),
        }),
        next_epoch_block: 7,
    };
    pool.reserve(transaction, raw, 0, origin, Some(&standing))?;
    pool.activate([hash]);
    Ok(hash)
}

#[test]
fn a_flood_of_fresh_keys_leaves_room_for_organisations() {
    let (pool, share) = (pool(), ROOM * EVERYONES_PERCENT / 100);
    for sender in 0..share as u64 {
        reserve(&pool, EVERYONE, 100 + sender, 0, u64::MAX).expect("there is room");
    }
    let refused = reserve(&pool, EVERYONE, 200, 0, u64::MAX);
    assert_eq!(refused, Err(SubmitError::PoolFull { max: share }));
    for sender in 0..(ROOM - share) as u64 {
        reserve(&pool, ORGANISATIONS, 300 + sender, 0, u64::MAX).expect("there is room");
    }
    let refused = reserve(&pool, ORGANISATIONS, 400, 0, u64::MAX);
    assert_eq!(refused, Err(SubmitError::PoolFull { max: ROOM }));
}

#[test]
fn a_flood_of_fresh_keys_leaves_room_for_who_has_a_token() {
    let (pool, share) = (pool(), ROOM * EVERYONES_PERCENT / 100);
    for sender in 0..share as u64 {
        reserve(&pool, EVERYONE, 100 + sender, 0, u64::MAX).expect("there is room");
    }
    let with_token = |nonce| reserve_with(&pool, Origin::Submitted, EVERYONE, 300, nonce, 0, Some(42_000));
    with_token(0).expect("a token pays");
    with_token(1).expect("a token pays");
    let Err(SubmitError::Quota(over)) = with_token(2) else {
        panic!("it was taken");
    };
    assert_eq!((over.class, over.waiting), (EVERYONE, 42_000));
    // What a token does not pay for is of everyone, who have no room.
    let refused = reserve_with(&pool, Origin::Submitted, EVERYONE, 301, 0, u64::MAX, Some(20_999));
    assert_eq!(refused, Err(SubmitError::PoolFull { max: share }));
}

#[test]
fn what_was_accepted_keeps_its_place_when_its_token_is_of_yesterday() {
    let (pool, share) = (pool(), ROOM * EVERYONES_PERCENT / 100);
    for sender in 0..share as u64 {
        reserve(&pool, EVERYONE, 100 + sender, 0, u64::MAX).expect("there is room");
    }
    // Accepted beside the share while its token was of the day; after a start it is of everyone.
    reserve_with(&pool, Origin::Restored, EVERYONE, 300, 0, u64::MAX, None).expect("it was acknowledged");
    let refused = reserve(&pool, EVERYONE, 200, 0, u64::MAX);
    assert_eq!(refused, Err(SubmitError::PoolFull { max: share }));
}

#[test]
fn they_make_room_among_themselves() {
    let (pool, share) = (pool(), ROOM * EVERYONES_PERCENT / 100);
    let idle = reserve(&pool, ORGANISATIONS, 300, 5, u64::MAX).expect("behind a gap");
    let first = reserve(&pool, EVERYONE, 100, 5, u64::MAX).expect("behind a gap");
    for sender in 1..share as u64 {
        reserve(&pool, EVERYONE, 100 + sender, 0, u64::MAX).expect("there is room");
    }
    reserve(&pool, EVERYONE, 200, 0, u64::MAX).expect("the one behind a gap makes room");
    assert_eq!(pool.get(first), None);
    assert!(pool.get(idle).is_some(), "that of an organisation stays");
    let refused = reserve(&pool, EVERYONE, 201, 0, u64::MAX);
    assert_eq!(refused, Err(SubmitError::PoolFull { max: share }));
    // What left makes room too.
    pool.remove(
        *pool.select(&Default::default(), 1, 1 << 20)[0]
            .transaction
            .tx_hash(),
    );
    reserve(&pool, EVERYONE, 201, 0, u64::MAX).expect("there is room again");
}

#[test]
fn what_waits_counts_by_its_gas_limit() {
    let pool = pool();
    for nonce in 0..3 {
        reserve(&pool, EVERYONE, 100, nonce, 63_000).expect("within");
    }
    let Err(SubmitError::Quota(over)) = reserve(&pool, EVERYONE, 100, 3, 63_000 + 20_999) else {
        panic!("it was taken");
    };
    assert_eq!(
        (over.waiting, over.needed, over.next_epoch_block),
        (63_000, 21_000, 7)
    );
    reserve(&pool, EVERYONE, 100, 3, 63_000 + 21_000).expect("within");
    let sender = account(100).address();
    pool.finalized([(&sender, 1)], []);
    assert_eq!(pool.len(), 2);
    reserve(&pool, EVERYONE, 100, 4, 63_000).expect("two are done");
}
