//! A small chain with everything that can be proven.

use alloy_consensus::{
    Header, Receipt, ReceiptEnvelope, ReceiptWithBloom, SignableTransaction as _, TxEip1559, TxEnvelope,
};
use alloy_eips::Encodable2718 as _;
use alloy_primitives::{Address, B256, Bloom, Bytes, Log, LogData, Signature, U256, address, keccak256};
use commonware_codec::Encode as _;
use commonware_cryptography::Sha256;
use commonware_cryptography::sha256::Digest;
use commonware_parallel::Sequential;
use commonware_runtime::{Runner as _, Supervisor as _, buffer::paged::CacheRef, deterministic};
use commonware_storage::{
    journal::contiguous::fixed::Config as LogConfig,
    merkle::{full::Config as MerkleConfig, mmr},
    qmdb::{
        current::{FixedConfig, ordered::fixed::Db},
        floor::Proportional,
    },
    translator::EightCap,
};
use commonware_utils::{NZU16, NZU64, NZUsize};
use zhengtong_types::{
    KeyProof, ProofKind, ReceiptProof, SlotEntry, StateEntry, StateProof,
    header::{Extra, blank_header, header_hash},
    mocks::Committee,
    state_proof::{CHUNK_BYTES, VALUE_BYTES, Value, account_key, slot_key},
    trie,
};

pub const CONTRACT: Address = address!("00000000000000000000000000000000000c0de0");
pub const EVENT: B256 = B256::repeat_byte(0xe7);
const CHAIN_ID: u64 = 20260;
/// Transactions in the block with the receipt; 128 makes the trie's keys differ in length.
const TRANSACTIONS: u64 = 150;

type Qmdb = Db<mmr::Family, deterministic::Context, Digest, Value, Sha256, EightCap, CHUNK_BYTES, Sequential>;

/// The receipt of transaction `index` in a block that the certified one follows.
pub fn receipt(committee: &Committee, index: usize) -> ReceiptProof {
    let transactions: Vec<_> = (0..TRANSACTIONS).map(transaction).collect();
    let receipts: Vec<_> = (0..TRANSACTIONS).map(receipt_of).collect();
    let (transactions_root, transaction_proof) = trie::prove(&transactions, index).expect("it exists");
    let (receipts_root, proof) = trie::prove(&receipts, index).expect("it exists");
    let wanted = header(committee, 7, B256::repeat_byte(6), |header| {
        header.transactions_root = transactions_root;
        header.receipts_root = receipts_root;
    });
    let between = header(committee, 8, header_hash(&wanted), |_| {});
    let certified = header(committee, 9, header_hash(&between), |_| {});
    ReceiptProof {
        finality: committee.finality(&[&certified, &between, &wanted], 300),
        block_number: 7,
        transaction_index: index as u64,
        transaction: transactions[index].clone(),
        transaction_proof,
        receipt: receipts[index].clone(),
        proof,
    }
}

/// An account with a slot that is set, one that was deleted and one that never was, among `accounts` others.
pub fn state(committee: &Committee, accounts: u64) -> StateProof {
    let slots = [slot(1), slot(2), slot(3)];
    let keys: Vec<_> = [account_key(CONTRACT)]
        .into_iter()
        .chain(slots.map(|slot| slot_key(CONTRACT, slot)))
        .collect();
    let (root, mut entries) = prove(accounts, 4, keys);
    let certified = header(committee, 9, B256::repeat_byte(8), |header| {
        header.state_root = root
    });
    let account = entries.remove(0);
    let slots = slots
        .into_iter()
        .zip(entries)
        .map(|(slot, entry)| SlotEntry { slot, entry })
        .collect();
    StateProof {
        finality: committee.finality(&[&certified], 0x4000),
        block_number: 9,
        address: CONTRACT,
        account,
        slots,
    }
}

/// Root and proofs of a database after some blocks: write, change, delete, and change again and again.
pub fn prove(accounts: u64, blocks: u64, keys: Vec<B256>) -> (B256, Vec<StateEntry>) {
    deterministic::Runner::default().start(|context| async move {
        let cache = CacheRef::new(NZU16!(4096), NZUsize!(100));
        let config = FixedConfig {
            merkle_config: MerkleConfig {
                journal_partition: "nodes".into(),
                metadata_partition: "node-metadata".into(),
                items_per_blob: NZU64!(10_000),
                write_buffer: NZUsize!(1 << 16),
                replay_buffer: NZUsize!(1 << 16),
                strategy: Sequential,
                page_cache: cache.clone(),
            },
            journal_config: LogConfig {
                partition: "log".into(),
                items_per_blob: NZU64!(10_000),
                page_cache: cache,
                write_buffer: NZUsize!(1 << 16),
                replay_buffer: NZUsize!(1 << 16),
            },
            grafted_metadata_partition: "grafted".into(),
            translator: EightCap,
            init_cache: None,
            init_buffer: NZUsize!(1 << 16),
            init_concurrency: (),
        };
        let mut db = Qmdb::init(context.child("db"), config, None)
            .await
            .expect("it opens");
        for block in 0..blocks {
            let mut batch = db.new_batch();
            for (key, value) in writes(accounts, block) {
                batch = batch.write(Digest::from(key.0), value);
            }
            let merkleized = batch
                .merkleize(&db, None, &mut Proportional)
                .await
                .expect("it merkleizes");
            db = db
                .apply_batch(merkleized)
                .await
                .expect("it applies")
                .commit()
                .await
                .expect("it commits");
        }
        let root = B256::from_slice(db.root().as_ref());
        let mut entries = Vec::new();
        for key in keys {
            let digest = Digest::from(key.0);
            let value = db.get(&digest).await.expect("it reads");
            let (kind, data) = match &value {
                Some(_) => (
                    ProofKind::Inclusion,
                    db.key_value_proof(digest).await.expect("it proves").encode(),
                ),
                None => (
                    ProofKind::Exclusion,
                    db.exclusion_proof(&digest).await.expect("it proves").encode(),
                ),
            };
            let value = value.map(|value| Bytes::copy_from_slice(value.as_ref()));
            entries.push(StateEntry {
                key,
                value,
                proof: KeyProof {
                    kind,
                    data: data.into(),
                },
            });
        }
        (root, entries)
    })
}

fn writes(accounts: u64, block: u64) -> Vec<(B256, Option<Value>)> {
    if accounts == 0 {
        return Vec::new();
    }
    let mut writes = match block {
        0 => vec![
            (account_key(CONTRACT), Some(account_value(1))),
            (slot_key(CONTRACT, slot(1)), Some(slot_value(0x11))),
            (slot_key(CONTRACT, slot(2)), Some(slot_value(0x22))),
        ],
        1 => vec![(slot_key(CONTRACT, slot(2)), None)],
        2 => vec![(slot_key(CONTRACT, slot(1)), Some(slot_value(0x33)))],
        _ => vec![(account_key(CONTRACT), Some(account_value(2)))],
    };
    let touched = (0..accounts).filter(|index| block == 0 || index % (block % 5 + 2) == 0);
    writes.extend(touched.map(|index| (account_key(person(index)), Some(account_value(block)))));
    writes
}

pub fn person(index: u64) -> Address {
    Address::from_slice(&keccak256(index.to_be_bytes())[12..])
}

fn slot(index: u8) -> B256 {
    B256::with_last_byte(index)
}

fn account_value(nonce: u64) -> Value {
    let mut bytes = [0; VALUE_BYTES];
    bytes[..8].copy_from_slice(&nonce.to_be_bytes());
    bytes[8..40].copy_from_slice(&U256::from(1_000_000 + nonce).to_be_bytes::<32>());
    bytes[40..].copy_from_slice(keccak256([]).as_slice());
    Value::new(bytes)
}

fn slot_value(byte: u8) -> Value {
    let mut bytes = [0; VALUE_BYTES];
    bytes[..32].fill(byte);
    Value::new(bytes)
}

fn header(committee: &Committee, number: u64, parent_hash: B256, change: impl FnOnce(&mut Header)) -> Header {
    let extra = Extra {
        epoch: 0,
        view: number + 1,
        parent_view: number,
        leader: committee.leader().clone(),
        millis: 250,
        ops_root: B256::repeat_byte(0x0f),
        sync_start: 1,
        sync_end: number + 2,
        payload: None,
    };
    let mut header = blank_header();
    header.number = number;
    header.parent_hash = parent_hash;
    header.timestamp = 1_790_000_000 + number;
    header.gas_limit = 300_000_000;
    header.extra_data = extra.encode();
    change(&mut header);
    header
}

fn transaction(nonce: u64) -> Bytes {
    let transaction = TxEip1559 {
        chain_id: CHAIN_ID,
        nonce,
        gas_limit: 100_000,
        max_fee_per_gas: 0,
        max_priority_fee_per_gas: 0,
        to: CONTRACT.into(),
        value: U256::ZERO,
        access_list: Default::default(),
        input: Bytes::copy_from_slice(keccak256(nonce.to_be_bytes()).as_slice()),
    };
    let signature = Signature::new(U256::from(nonce + 1), U256::from(7), false);
    TxEnvelope::from(transaction.into_signed(signature))
        .encoded_2718()
        .into()
}

fn receipt_of(index: u64) -> Bytes {
    let data = LogData::new_unchecked(
        vec![EVENT, B256::with_last_byte(index as u8)],
        Bytes::from(vec![0xda; 40]),
    );
    let logs = vec![Log {
        address: CONTRACT,
        data,
    }];
    let receipt = Receipt {
        status: (!index.is_multiple_of(5)).into(),
        cumulative_gas_used: 50_000 * (index + 1),
        logs,
    };
    let logs_bloom: Bloom = receipt.logs.iter().collect();
    ReceiptEnvelope::Eip1559(ReceiptWithBloom { receipt, logs_bloom })
        .encoded_2718()
        .into()
}
