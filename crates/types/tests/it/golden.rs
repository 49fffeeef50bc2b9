//! The proofs that both verifiers are tested with. `UPDATE_GOLDEN=1 cargo test -p zhengtong-types` writes them anew.

use crate::sample::{self, CONTRACT, EVENT};
use alloy_primitives::{B256, Bytes, keccak256};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use zhengtong_types::{
    NAMESPACE, NetworkKey, ReceiptProof, StateEntry, StateProof, mocks::Committee, state_proof::account_key,
};

/// Accounts and blocks of state databases: around the edges of tree and bitmap chunks, and with old peaks behind them.
const SHAPES: &[(u64, u64)] = &[
    (0, 4),
    (0, 255),
    (1, 4),
    (2, 4),
    (5, 4),
    (60, 4),
    (88, 4),
    (2000, 4),
    (2, 42),
    (1, 85),
    (6, 31),
    (6, 127),
    (3, 102),
    (7, 200),
    (60, 62),
    (120, 45),
];

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Golden {
    pub namespace: Bytes,
    pub networks: Vec<Network>,
    pub databases: Vec<Database>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Network {
    pub validators: u64,
    pub threshold: u32,
    pub public_key: NetworkKey,
    pub receipts: Vec<ReceiptProof>,
    pub state: StateProof,
}

/// Proofs under one state root.
#[derive(Serialize, Deserialize)]
pub struct Database {
    pub accounts: u64,
    pub blocks: u64,
    pub root: B256,
    pub entries: Vec<StateEntry>,
}

pub fn make() -> Golden {
    let networks = [1, 4].map(|validators| {
        let committee = Committee::new(validators, validators);
        Network {
            validators,
            threshold: committee.threshold(),
            public_key: *committee.key(),
            receipts: [0, 3, 127, 128, 149]
                .map(|index| sample::receipt(&committee, index))
                .into(),
            state: sample::state(&committee, 700),
        }
    });
    let databases = SHAPES.iter().map(|&(accounts, blocks)| {
        let people = [
            0,
            1,
            accounts / 2,
            accounts.saturating_sub(1),
            accounts,
            accounts + 7,
        ];
        let keys = people.map(|index| account_key(sample::person(index)));
        let edges = [B256::ZERO, B256::repeat_byte(0xff)];
        let (root, entries) = sample::prove(accounts, blocks, keys.into_iter().chain(edges).collect());
        Database {
            accounts,
            blocks,
            root,
            entries,
        }
    });
    let databases = databases.collect();
    Golden {
        namespace: Bytes::from_static(NAMESPACE),
        networks: networks.into(),
        databases,
    }
}

#[test]
fn golden_proofs_are_made_the_same_way() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/proofs.json");
    let made = serde_json::to_string_pretty(&make()).expect("it serialises") + "\n";
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &made).expect("the file can be written");
    }
    let kept = std::fs::read_to_string(&path).expect("the file can be read");
    assert!(
        kept == made,
        "tests/golden/proofs.json is stale; see the head of tests/it/golden.rs"
    );
}

#[test]
fn golden_proofs_verify() {
    for network in make().networks {
        for proof in &network.receipts {
            let receipt = proof.verify(&network.public_key).expect("it verifies");
            let index = proof.transaction_index;
            assert_eq!(receipt.header().number(), 7);
            assert_eq!(receipt.header().time_ms(), 1_790_000_007_250);
            assert_eq!(receipt.transaction_hash(), keccak256(&proof.transaction));
            assert_eq!(receipt.succeeded(), index % 5 != 0);
            let event = receipt
                .event(CONTRACT, &[EVENT, B256::with_last_byte(index as u8)])
                .expect("it is there");
            assert_eq!(event.data.data.len(), 40);
            assert!(receipt.event(CONTRACT, &[B256::ZERO]).is_err());
            proof
                .verify_transaction(&network.public_key, keccak256(&proof.transaction))
                .expect("it verifies");
            assert!(proof.verify_transaction(&network.public_key, B256::ZERO).is_err());
        }
        let state = network.state.verify(&network.public_key).expect("it verifies");
        assert_eq!((state.account().exists(), state.account().nonce()), (true, 2));
        assert_eq!(state.slot(B256::with_last_byte(1)), Some(B256::repeat_byte(0x33)));
        assert_eq!(state.slot(B256::with_last_byte(2)), Some(B256::ZERO));
        assert_eq!(state.slot(B256::with_last_byte(3)), Some(B256::ZERO));
        assert_eq!(state.slot(B256::with_last_byte(4)), None);
    }
}
