use super::{Journal, Origin, Pool, Writer, run_writer};
use crate::{config::PoolConfig, metrics::Metrics, view::SubmitError};
use alloy_consensus::{SignableTransaction as _, TxEip1559, TxEnvelope};
use alloy_eips::eip2718::Encodable2718 as _;
use alloy_primitives::{Address, B256, Bytes, Signature, U256, keccak256, map::AddressMap};
use commonware_runtime::{
    Blob as _, Metrics as _, Runner as _, Spawner as _, Storage as _, Supervisor as _, WriteOptions,
    deterministic,
};
use futures::future::join_all;
use std::sync::Arc;
use tokio::sync::mpsc;
use zhengtong_evm::Transaction;

const ALICE: Address = Address::repeat_byte(1);
const BOB: Address = Address::repeat_byte(2);

/// The pool does not look at signatures, so none is made.
fn transaction(sender: Address, nonce: u64) -> (Transaction, Bytes) {
    let unsigned = TxEip1559 {
        nonce,
        gas_limit: 21_000,
        value: U256::from(sender.0[0]),
        ..TxEip1559::default()
    };
    let signature = Signature::new(U256::from(1), U256::from(1), false);
    let envelope = TxEnvelope::from(unsigned.into_signed(signature));
    let raw = envelope.encoded_2718().into();
    (Transaction::new_unchecked(envelope, sender), raw)
}

fn pool(change: impl FnOnce(&mut PoolConfig)) -> Pool {
    let mut config = PoolConfig::default();
    change(&mut config);
    Pool::new(config)
}

fn reserve(pool: &Pool, sender: Address, nonce: u64, next: u64) -> Result<B256, SubmitError> {
    let (transaction, raw) = transaction(sender, nonce);
    let hash = *transaction.tx_hash();
    pool.reserve(transaction, raw, next, Origin::Submitted, None)
        .map(|()| hash)
}

fn add(pool: &Pool, sender: Address, nonce: u64) -> B256 {
    let hash = reserve(pool, sender, nonce, 0).expect("accepted");
    pool.activate([hash]);
    hash
}

fn selected(pool: &Pool, moved: &[(Address, u64)]) -> Vec<(Address, u64)> {
    let moved: AddressMap<_> = moved.iter().copied().collect();
    let candidates = pool.select(&moved, 100, 1 << 20);
    let nonce = |transaction: &Transaction| alloy_consensus::Transaction::nonce(transaction.inner());
    candidates
        .iter()
        .map(|c| (c.transaction.signer(), nonce(&c.transaction)))
        .collect()
}

#[test]
fn they_come_in_order_of_arrival_and_of_nonce() {
    let pool = pool(|_| {});
    add(&pool, ALICE, 1);
    add(&pool, BOB, 0);
    add(&pool, ALICE, 0);
    add(&pool, ALICE, 3);
    assert_eq!(
        selected(&pool, &[]),
        [(BOB, 0), (ALICE, 0), (ALICE, 1)],
        "3 waits behind a gap"
    );
    assert_eq!(
        selected(&pool, &[(ALICE, 1)]),
        [(ALICE, 1), (BOB, 0)],
        "an unfinalized ancestor has nonce 0"
    );
    assert_eq!(pool.next_nonce(ALICE, 0), 2);
    assert_eq!(pool.next_nonce(Address::ZERO, 9), 9);
    pool.finalized([(&ALICE, 0)], [(&ALICE, &1)]);
    assert_eq!(selected(&pool, &[]), [(ALICE, 1), (BOB, 0)]);
    assert_eq!(pool.len(), 3);
}

#[test]
fn only_durable_ones_are_proposed() {
    let pool = pool(|_| {});
    let hash = reserve(&pool, ALICE, 0, 0).expect("accepted");
    add(&pool, ALICE, 1);
    assert!(selected(&pool, &[]).is_empty());
    assert!(pool.get(hash).is_none());
    pool.activate([hash]);
    assert_eq!(selected(&pool, &[]).len(), 2);
    pool.remove(hash);
    assert!(selected(&pool, &[]).is_empty());
}

#[test]
fn what_could_not_run_is_tried_again_when_its_account_changes() {
    let pool = pool(|_| {});
    let hash = add(&pool, ALICE, 0);
    add(&pool, ALICE, 1);
    pool.park(hash);
    assert!(
        selected(&pool, &[]).is_empty(),
        "and what stands behind it waits too"
    );
    pool.finalized([], [(&BOB, &0)]);
    assert!(selected(&pool, &[]).is_empty());
    pool.finalized([], [(&ALICE, &0)]);
    assert_eq!(selected(&pool, &[]).len(), 2);
}

#[test]
fn every_limit_is_kept() {
    let pool = pool(|config| {
        (
            config.max_per_account,
            config.max_nonce_gap,
            config.max_transactions,
        ) = (2, 4, 5);
        config.unmetered = vec![BOB];
    });
    let hash = add(&pool, ALICE, 0);
    assert_eq!(
        reserve(&pool, ALICE, 0, 0),
        Err(SubmitError::AlreadyKnown { hash })
    );
    assert_eq!(
        reserve(&pool, ALICE, 5, 0),
        Err(SubmitError::NonceTooHigh {
            got: 5,
            expected: 0,
            max_gap: 4
        })
    );
    assert_eq!(
        reserve(&pool, ALICE, 1, 2),
        Err(SubmitError::NonceTooLow { got: 1, expected: 2 })
    );
    add(&pool, ALICE, 1);
    assert_eq!(
        reserve(&pool, ALICE, 2, 0),
        Err(SubmitError::AccountFull { max: 2 })
    );
    for nonce in 0..3 {
        add(&pool, BOB, nonce);
    }
    assert_eq!(
        reserve(&pool, BOB, 3, 0),
        Err(SubmitError::PoolFull { max: 5 }),
        "all of them can run"
    );
}

#[test]
fn a_second_transaction_with_the_same_nonce_is_refused() {
    let pool = pool(|_| {});
    let first = add(&pool, ALICE, 0);
    let other = TxEip1559 {
        nonce: 0,
        gas_limit: 30_000,
        ..TxEip1559::default()
    };
    let signature = Signature::new(U256::from(1), U256::from(1), false);
    let other = Transaction::new_unchecked(other.into_signed(signature).into(), ALICE);
    let refused = pool.reserve(other, Bytes::new(), 0, Origin::Submitted, None);
    assert_eq!(
        refused,
        Err(SubmitError::NonceTaken {
            nonce: 0,
            hash: first
        })
    );
}

#[test]
fn a_full_pool_gives_up_what_cannot_run() {
    let pool = pool(|config| config.max_transactions = 2);
    let gapped = add(&pool, ALICE, 2);
    add(&pool, ALICE, 0);
    add(&pool, BOB, 0);
    assert!(pool.get(gapped).is_none());
    assert_eq!(selected(&pool, &[]), [(ALICE, 0), (BOB, 0)]);
    assert_eq!(pool.live().len(), 2);
}

#[test]
fn what_others_pass_on_does_not_push_out_what_was_acknowledged() {
    let pool = pool(|config| config.max_transactions = 2);
    let pass_on = |sender, nonce| {
        let (transaction, raw) = transaction(sender, nonce);
        let hash = *transaction.tx_hash();
        pool.reserve(transaction, raw, 0, Origin::PassedOn, None)
            .map(|()| hash)
    };
    let acknowledged = add(&pool, ALICE, 2);
    let passed_on = pass_on(BOB, 3).expect("there is room");
    // One that was passed on makes room for another, and for a submission.
    let other = pass_on(BOB, 4).expect("the first makes room");
    assert_eq!(pool.live().len(), 2);
    add(&pool, ALICE, 0);
    for gone in [passed_on, other] {
        pool.activate([gone]);
        assert!(pool.get(gone).is_none());
    }
    // Only what was acknowledged is left, and one of it cannot run.
    assert_eq!(pass_on(BOB, 0), Err(SubmitError::PoolFull { max: 2 }));
    assert!(pool.get(acknowledged).is_some());
}

fn raws(range: std::ops::Range<u64>) -> Vec<Bytes> {
    range.map(|nonce| transaction(ALICE, nonce).1).collect()
}

fn hashed(range: std::ops::Range<u64>) -> Vec<(B256, Bytes)> {
    let hashed = |raw: Bytes| (keccak256(&raw), raw);
    raws(range).into_iter().map(hashed).collect()
}

#[test]
fn the_journal_keeps_what_it_acknowledged_through_a_power_loss() {
    let (_, checkpoint) = deterministic::Runner::default().start_and_recover(async |context| {
        let (mut journal, records) = Journal::open(context.child("first"), "pool".into())
            .await
            .expect("memory");
        assert!(records.is_empty());
        journal.append(&hashed(0..3)).await.expect("written");
        journal.append(&hashed(3..4)).await.expect("written");
    });
    deterministic::Runner::from(checkpoint).start(async |context| {
        let (mut journal, records) = Journal::open(context.child("second"), "pool".into())
            .await
            .expect("memory");
        assert_eq!(records, raws(0..4));
        journal.compact(&raws(2..4)).await.expect("rewritten");
        journal.append(&hashed(4..5)).await.expect("written");
        drop(journal);
        let (_, records) = Journal::open(context.child("third"), "pool".into())
            .await
            .expect("memory");
        assert_eq!(records, raws(2..5));
    });
}

#[test]
fn a_torn_record_is_cut_off_and_the_journal_goes_on() {
    deterministic::Runner::default().start(async |context| {
        let (mut journal, _) = Journal::open(context.child("first"), "pool".into())
            .await
            .expect("memory");
        journal.append(&hashed(0..2)).await.expect("written");
        drop(journal);
        let (blob, size) = context.open("pool", &0u64.to_be_bytes()).await.expect("exists");
        // A length and a check without the rest, then rubbish.
        blob.write_at(size, vec![0, 0, 0, 90, 1, 2, 3, 4, 5, 6], WriteOptions::default())
            .await
            .expect("memory");
        blob.sync().await.expect("memory");
        drop(blob);
        let (mut journal, records) = Journal::open(context.child("second"), "pool".into())
            .await
            .expect("memory");
        assert_eq!(records, raws(0..2));
        journal.append(&hashed(2..3)).await.expect("written");
        drop(journal);
        let (_, records) = Journal::open(context.child("third"), "pool".into())
            .await
            .expect("memory");
        assert_eq!(records, raws(0..3));
    });
}

#[test]
fn a_crash_while_rewriting_loses_nothing() {
    deterministic::Runner::default().start(async |context| {
        let (mut journal, _) = Journal::open(context.child("first"), "pool".into())
            .await
            .expect("memory");
        journal.append(&hashed(0..3)).await.expect("written");
        drop(journal);
        // The next generation has half a record; the old one is still there.
        let (blob, _) = context.open("pool", &1u64.to_be_bytes()).await.expect("new");
        blob.write_at(0, vec![0, 0, 0, 90, 1], WriteOptions::default())
            .await
            .expect("memory");
        blob.sync().await.expect("memory");
        drop(blob);
        let (_, records) = Journal::open(context.child("second"), "pool".into())
            .await
            .expect("memory");
        assert_eq!(records, raws(0..3));
        assert_eq!(
            context.scan("pool").await.expect("exists").len(),
            1,
            "one generation is left"
        );
    });
}

/// As on a full disk: writes fail, then work again.
#[test]
fn a_failed_write_is_not_acknowledged_and_harms_nothing() {
    deterministic::Runner::default().start(async |context| {
        let (mut journal, _) = Journal::open(context.child("first"), "pool".into())
            .await
            .expect("memory");
        journal.append(&hashed(0..1)).await.expect("written");
        context.storage_fault_config().write().write_rate = Some(deterministic::WriteConfig {
            failure_rate: commonware_utils::probability!(1.0),
            retention_rate: commonware_utils::probability!(0.5),
            mode: deterministic::PartialWriteMode::Prefix,
        });
        journal.append(&hashed(1..2)).await.expect_err("refused");
        context.storage_fault_config().write().write_rate = None;
        context.storage_fault_config().write().sync_rate = Some(commonware_utils::probability!(1.0));
        journal.append(&hashed(2..3)).await.expect_err("refused");
        context.storage_fault_config().write().sync_rate = None;
        journal.append(&hashed(3..4)).await.expect("written");
        drop(journal);
        let (_, records) = Journal::open(context.child("second"), "pool".into())
            .await
            .expect("memory");
        assert_eq!(records, [raws(0..1), raws(3..4)].concat());
    });
}

#[test]
fn submissions_that_come_while_others_are_written_share_a_sync() {
    const TOGETHER: u64 = 100;
    deterministic::Runner::default().start(async |context| {
        let (journal, _) = Journal::open(context.child("journal"), "pool".into())
            .await
            .expect("memory");
        let pool = Arc::new(pool(|config| config.unmetered = [ALICE].into()));
        let (writer, queue) = Writer::new();
        let (passed_on, _receiver) = mpsc::channel(64);
        let metrics = Metrics::new(&context.child("chain"));
        let active = pool.clone();
        context
            .child("writer")
            .spawn(move |_| run_writer(journal, queue, active, passed_on, metrics));
        let syncs = || {
            let text = context.encode();
            let count = text
                .lines()
                .find_map(|line| line.split_once("storage_syncs_total ")?.1.parse::<u64>().ok());
            count.expect("it is counted")
        };
        let submit = async |nonce| {
            let hash = reserve(&pool, ALICE, nonce, 0).expect("accepted");
            let permit = writer.permit().await.expect("it runs");
            let answer = permit.append(hash, transaction(ALICE, nonce).1);
            answer.await.expect("it runs").expect("written");
        };
        let before = syncs();
        submit(0).await;
        assert_eq!(syncs(), before + 1, "who comes alone waits for nobody");
        join_all((1..=TOGETHER).map(submit)).await;
        assert!(syncs() <= before + 3, "{} for {TOGETHER}", syncs() - before - 1);
    });
}

#[test]
fn what_waits_is_told_with_whether_it_can_run() {
    let pool = pool(|_| {});
    for nonce in [0, 1, 3] {
        add(&pool, ALICE, nonce);
    }
    let parked = add(&pool, BOB, 0);
    pool.park(parked);
    let nonce = |transaction: &Transaction| alloy_consensus::Transaction::nonce(transaction.inner());
    let mut told: Vec<_> = pool
        .waiting()
        .iter()
        .map(|w| (w.transaction.signer(), nonce(&w.transaction), w.can_run))
        .collect();
    told.sort_unstable();
    let mut expected = [
        (ALICE, 0, true),
        (ALICE, 1, true),
        (ALICE, 3, false),
        (BOB, 0, false),
    ];
    expected.sort_unstable();
    assert_eq!(told, expected);
}
