use crate::{
    Cache, Entry, History, Key, Value, account_key, db, decode_account, decode_slot, encode_account,
    encode_slot, prove_key, seed, slot_key,
};
use alloy_primitives::{Address, B256, U256, hex};
use commonware_codec::Decode as _;
use commonware_cryptography::Sha256;
use commonware_runtime::{Runner as _, Supervisor as _, buffer::paged::CacheRef, deterministic};
use commonware_storage::qmdb::any::value::FixedEncoding;
use commonware_utils::{NZU16, NZUsize};
use std::{
    num::NonZeroUsize,
    sync::atomic::{AtomicBool, AtomicU8, Ordering},
};
use zhengtong_evm::AccountState;
use zhengtong_types::{
    ProofKind,
    state_proof::{ExclusionProof, InclusionProof},
};

const ALICE: Address = Address::repeat_byte(0x11);

fn account() -> AccountState {
    AccountState {
        nonce: 7,
        balance: U256::from(0x0102),
        code_hash: B256::repeat_byte(0xcc),
    }
}

fn value(byte: u8) -> Option<Value> {
    Some(Value::new([byte; 72]))
}

/// Computed with Python's hashlib.
#[test]
fn keys_are_pinned() {
    let account = hex!("b58fb076a4a18df20af412eda108b8b88745dca49b6e10cab9e1b5a1613ab9a0");
    let slot = hex!("ab7f9253cc1a9a3b7d998a5780e15c8f7e526946cb96cc4374781ee1e7772848");
    assert_eq!(account_key(ALICE).as_ref(), account);
    assert_eq!(slot_key(ALICE, U256::from(5)).as_ref(), slot);
}

#[test]
fn values_are_pinned() {
    let encoded = encode_account(&account());
    let expected = [
        hex!("0000000000000007").as_slice(),
        &hex!("0000000000000000000000000000000000000000000000000000000000000102"),
        &[0xcc; 32],
    ]
    .concat();
    assert_eq!(encoded.as_ref(), expected);
    assert_eq!(decode_account(&encoded), account());

    let slot = encode_slot(U256::from(3)).expect("not zero");
    let mut expected = [0; 72];
    expected[31] = 3;
    assert_eq!(slot.as_ref(), expected);
    assert_eq!(decode_slot(&slot), U256::from(3));
    assert_eq!(encode_slot(U256::ZERO), None, "a zero slot has no entry");
}

fn entry(key: Key, before: Option<Value>, after: Option<Value>) -> Entry {
    Entry { key, before, after }
}

fn writes() -> Vec<Entry> {
    let slots = (1..=9).map(|slot| {
        entry(
            slot_key(ALICE, U256::from(slot)),
            None,
            encode_slot(U256::from(slot)),
        )
    });
    std::iter::once(entry(account_key(ALICE), None, Some(encode_account(&account()))))
        .chain(slots)
        .collect()
}

#[test]
fn a_start_remembers_every_operation() {
    let cached = |operations| {
        let page_cache = CacheRef::new(NZU16!(1024), NZUsize!(16));
        db::config("test", page_cache, operations)
            .init_cache
            .map(NonZeroUsize::get)
    };
    assert_eq!(cached(5_000_000), Some(5_000_000));
    assert_eq!(cached(0), Some(1 << 16), "a new one knows of none");
}

fn config() -> db::Config {
    db::config("test", CacheRef::new(NZU16!(1024), NZUsize!(16)), 0)
}

/// The root of fixed content. If this changes, the storage engine's format did: existing data folders and proofs break.
#[test]
fn the_root_of_fixed_content_is_pinned() {
    let commitment = deterministic::Runner::default().start(async |context| {
        let commitment = seed(context.child("first"), config(), &writes())
            .await
            .expect("memory");
        let commitment = commitment.expect("it was empty");
        let mut backwards = writes();
        backwards.reverse();
        let again = seed(context.child("again"), config(), &backwards)
            .await
            .expect("memory");
        assert_eq!(again, None, "what is there is left alone");
        commitment
    });
    assert_eq!((commitment.sync_start, commitment.sync_end), (0, 13));
    assert_eq!(
        hex::encode(commitment.root),
        "b8efbc9edee929029f240be2613f29c0bf76589d74ba8890be2e33effe081701"
    );
    assert_eq!(
        hex::encode(commitment.ops_root),
        "710735e2d83d2c7e6fe1d023521e5bb9254443f38bc35a252585ba5be0d2b7df"
    );
}

#[test]
fn presence_and_absence_are_proven_and_nothing_else() {
    deterministic::Runner::default().start(async |context| {
        seed(context.child("seed"), config(), &writes())
            .await
            .expect("memory");
        let database = db::Qmdb::init(context.child("open"), config(), None)
            .await
            .expect("memory");
        let root = database.root();

        let key = account_key(ALICE);
        let entry = prove_key(&database, key).await.expect("proves");
        assert_eq!(entry.proof.kind, ProofKind::Inclusion);
        let proof = InclusionProof::decode_cfg(entry.proof.data.0.clone(), &(64, ())).expect("decodes");
        assert!(proof.verify::<Sha256, FixedEncoding<Value>>(key, encode_account(&account()), &root));
        assert!(!proof.verify::<Sha256, FixedEncoding<Value>>(key, value(1).expect("some"), &root));
        assert!(!proof.verify::<Sha256, FixedEncoding<Value>>(key, encode_account(&account()), &key));

        let absent = account_key(Address::repeat_byte(0x22));
        let entry = prove_key(&database, absent).await.expect("proves");
        assert_eq!((entry.proof.kind, entry.value), (ProofKind::Exclusion, None));
        let proof = ExclusionProof::decode_cfg(entry.proof.data.0.clone(), &(64, (), ())).expect("decodes");
        assert!(proof.verify::<Sha256>(&absent, &root));
        assert!(!proof.verify::<Sha256>(&key, &root), "a key that is there");
    });
}

#[test]
fn history_answers_for_each_block_in_its_window() {
    let history = History::default();
    let (a, b) = (account_key(ALICE), account_key(Address::ZERO));
    assert_eq!(history.oldest(3), 3, "nothing is kept yet");
    history.publish(4, &[entry(a, value(3), None)]);
    history.publish(5, &[entry(b, None, value(1))]);
    history.publish(6, &[entry(a, value(5), None)]);
    history.publish(6, &[entry(a, value(9), None)]);
    assert_eq!(history.oldest(6), 3);
    assert_eq!(history.get(3, &a), Some(value(3)));
    assert_eq!(history.get(4, &a), Some(value(5)), "block 6 is published once");
    assert_eq!(history.get(6, &a), None, "nothing overwrote it since");
    assert_eq!(history.get(3, &b), Some(None));
    assert_eq!(history.get(5, &b), None);
    for number in 7..1_000 {
        history.publish(number, &[]);
    }
    assert_eq!(history.oldest(999), 999 - crate::WINDOW_BLOCKS as u64);
}

#[test]
fn the_cache_does_not_keep_what_was_read_before_the_tip_moved() {
    let cache = Cache::default();
    let key = account_key(ALICE);
    let began = cache.get(&key).expect_err("empty");
    cache.advance(&[entry(key, None, value(2))]);
    cache.fill(began, key, value(1));
    assert_eq!(cache.get(&key).expect("known"), value(2));

    let other = account_key(Address::ZERO);
    let began = cache.get(&other).expect_err("unknown");
    cache.fill(began, other, None);
    assert_eq!(cache.get(&other).expect("known to be absent"), None);
}

#[test]
fn the_cache_is_bounded() {
    const MOST: NonZeroUsize = NonZeroUsize::new(64).unwrap();
    let cache = Cache::new(MOST);
    let keys: Vec<_> = (0..10_000)
        .map(|slot| slot_key(ALICE, U256::from(slot)))
        .collect();
    for key in &keys {
        cache.advance(&[entry(*key, None, value(3))]);
    }
    let known = keys.iter().filter(|key| cache.get(key).is_ok());
    assert_eq!(known.count(), MOST.get(), "the newest are kept, and no others");
    assert_eq!(cache.get(&keys[9_999]).expect("known"), value(3));
}

#[test]
fn what_was_read_before_a_move_never_comes_after_it() {
    let (cache, key) = (Cache::default(), account_key(ALICE));
    let (database, ended) = (AtomicU8::new(0), AtomicBool::new(false));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !ended.load(Ordering::SeqCst) {
                let began = cache.generation();
                cache.fill(began, key, value(database.load(Ordering::SeqCst)));
            }
        });
        let stale = (0..=u8::MAX).cycle().take(100_000).find(|byte| {
            database.store(*byte, Ordering::SeqCst);
            cache.advance(&[entry(key, None, value(*byte))]);
            cache.get(&key).expect("known") != value(*byte)
        });
        ended.store(true, Ordering::SeqCst);
        assert_eq!(stale, None);
    });
}
