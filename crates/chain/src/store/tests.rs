use super::{
    META, Store,
    places::{MOST_BLOCKS, MOST_KEPT, TRANSACTIONS, WRITTEN},
};
use crate::view::SealedBlock;
use alloy_consensus::{Header, SignableTransaction as _, TxEip1559, TxEnvelope};
use alloy_eips::eip2718::Encodable2718 as _;
use alloy_primitives::{Address, B256, Bytes, Signature, U256};
use commonware_cryptography::{Signer as _, ed25519};
use std::sync::Arc;
use zhengtong_evm::Transaction;
use zhengtong_types::{
    consensus::Block,
    header::{Extra, blank_header},
};

/// A quarter of what is kept in memory.
const QUARTER: usize = MOST_KEPT.div_ceil(4);

/// A header with everything but what it would take to execute.
pub(crate) fn header(number: u64, parent_hash: B256) -> Header {
    let extra = Extra {
        epoch: 0,
        view: number,
        parent_view: number.saturating_sub(1),
        leader: ed25519::PrivateKey::from_seed(0).public_key(),
        millis: 0,
        ops_root: B256::ZERO,
        sync_start: 0,
        sync_end: 1,
        payload: None,
    };
    Header {
        number,
        parent_hash,
        extra_data: extra.encode(),
        ..blank_header()
    }
}

/// Stores a block with this many transactions of its own, and answers their hashes.
fn put(store: &Store, number: u64, count: usize) -> Vec<B256> {
    let transaction = |nonce| {
        let unsigned = TxEip1559 {
            chain_id: number,
            nonce,
            ..TxEip1559::default()
        };
        let signature = Signature::new(U256::ONE, U256::ONE, false);
        Transaction::new_unchecked(TxEnvelope::from(unsigned.into_signed(signature)), Address::ZERO)
    };
    let transactions: Vec<_> = (0..count as u64).map(transaction).collect();
    let raws: Vec<Bytes> = transactions.iter().map(|one| one.encoded_2718().into()).collect();
    let block = Block::assemble(header(number, B256::ZERO), raws, None).expect("a block");
    let hashes = transactions.iter().map(|one| *one.tx_hash()).collect();
    let sealed = SealedBlock {
        header: block.header().clone(),
        hash: block.hash(),
        timestamp_ms: block.timestamp_ms(),
        transactions,
        receipts: Vec::new(),
        size_bytes: 0,
    };
    store.put(&block, &Arc::new(sealed), &[], None).expect("stored");
    hashes
}

fn require_all(store: &Store, number: u64, hashes: &[B256]) {
    for (index, hash) in hashes.iter().enumerate() {
        let found = store.transaction(*hash).expect("reads");
        assert_eq!(found, Some((number, index)), "{hash}");
    }
}

/// All transactions of the blocks from the first on.
fn require_every(store: &Store, blocks: &[Vec<B256>]) {
    for (number, hashes) in (1..).zip(blocks) {
        require_all(store, number, hashes);
    }
}

#[test]
fn a_transaction_is_found_before_and_after_its_place_is_written_and_after_a_start() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("blocks.redb");
    let mut known: Vec<Vec<B256>> = Vec::new();
    // Enough that every part is written, with a start after every block, which stores the last one again.
    for next in 1..=12 {
        let store = Store::open(&path).expect("opens");
        if let Some(hashes) = known.last() {
            assert_eq!(&put(&store, next - 1, QUARTER), hashes);
        }
        known.push(put(&store, next, QUARTER));
        require_every(&store, &known);
    }
    let store = Store::open(&path).expect("opens");
    require_every(&store, &known);
    assert_eq!(store.transaction(B256::ZERO).expect("reads"), None);
}

#[test]
fn what_is_forgotten_is_not_found_whether_its_place_was_written_or_not() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("blocks.redb");
    let store = Store::open(&path).expect("opens");
    let known: Vec<_> = (1..=6).map(|number| put(&store, number, QUARTER)).collect();
    // Some places of the first blocks are written.
    for below in [3, 6] {
        store.forget(below).expect("forgets");
        for (number, hashes) in (1..).zip(&known) {
            if number >= below {
                require_all(&store, number, hashes);
                continue;
            }
            for hash in hashes {
                assert_eq!(store.transaction(*hash).expect("reads"), None, "{number} {hash}");
            }
        }
    }
    drop(store);
    let store = Store::open(&path).expect("opens");
    require_all(&store, 6, &known[5]);
    assert_eq!(store.transaction(known[4][0]).expect("reads"), None);
}

#[test]
fn a_store_of_a_version_that_wrote_each_place_at_once_is_read_and_goes_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("blocks.redb");
    let store = Store::open(&path).expect("opens");
    let old: Vec<_> = (1..=3).map(|number| put(&store, number, QUARTER)).collect();
    let write = store.database.begin_write().expect("writes");
    for (number, hashes) in (1..).zip(&old) {
        let mut table = write.open_table(TRANSACTIONS).expect("a table");
        for (hash, index) in hashes.iter().zip(0..) {
            table.insert(&hash.0, (number, index)).expect("writes");
        }
    }
    write.commit().expect("writes");
    let write = store.database.begin_write().expect("writes");
    write
        .open_table(META)
        .and_then(|mut notes| Ok(notes.remove(WRITTEN)?.is_some()))
        .expect("a note");
    write.commit().expect("writes");
    drop(store);
    let store = Store::open(&path).expect("opens");
    let new = put(&store, 4, 3);
    drop(store);
    let store = Store::open(&path).expect("opens");
    require_all(&store, 4, &new);
    require_every(&store, &old);
}

#[test]
fn a_start_of_a_quiet_chain_reads_no_more_blocks_than_it_says() {
    let store = Store::in_memory().expect("memory");
    let written = || {
        let note = store.note(WRITTEN).expect("reads").expect("a note");
        u64::from_be_bytes(note.try_into().expect("a number"))
    };
    let first = put(&store, 1, 1);
    for number in 2..=MOST_BLOCKS + 40 {
        put(&store, number, 0);
        assert!(
            number - written() <= MOST_BLOCKS + 16,
            "{number} and {}",
            written()
        );
    }
    assert!(written() > 1);
    require_all(&store, 1, &first);
}
