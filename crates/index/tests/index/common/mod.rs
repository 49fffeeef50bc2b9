//! A small chain in memory, with the events that the contracts would emit.

pub mod api;
pub mod databases;
pub mod snapshot;
pub mod story;

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256, Log, keccak256};
use alloy_sol_types::SolEvent;
use zhengtong_bindings::{CONTRACT_NAMES, addresses};
use zhengtong_index::source::{Block, BlockLog, fake::FakeSource};
use zhengtong_types::NetworkInfo;

/// Time of block 1 in unix milliseconds: 2026-01-01 00:00:00.250 UTC.
pub const START_MS: u64 = 1_767_225_600_250;
/// Milliseconds between two blocks.
pub const BLOCK_MS: u64 = 10_000;

/// The generator of G2: a valid key that nobody uses.
const PUBLIC_KEY: &str = "0x93e02b6052719f607dacd3a088274f65596bd0d09920b61ab5da61bbdc7f5049334cf11213945d57e5ac7d055d042b7e\
024aa2b2f08f0a91260805272dc51051c6e47ad4fa403b02b4510b647ae3d1770bac0326a805bbefd48056c8c121bdb8";

/// A network called `name`.
pub fn network(name: &str) -> NetworkInfo {
    let at = addresses();
    let others = [
        at.statutes,
        at.rules,
        at.services,
        at.consents,
        at.uses,
        at.cases,
        at.credentials,
    ];
    let mut contracts: BTreeMap<_, _> = CONTRACT_NAMES
        .iter()
        .map(|name| (*name).to_owned())
        .zip(others)
        .collect();
    contracts.insert("registry".into(), at.registry);
    NetworkInfo {
        chain_id: 20_260,
        name: name.into(),
        public_key: PUBLIC_KEY.parse().expect("a point"),
        namespace: "zhengtong".as_bytes().into(),
        genesis_hash: keccak256(name),
        validators: 1,
        threshold: 1,
        contracts,
        version: "0.1.0".into(),
    }
}

/// A chain that grows block by block.
pub struct Chain {
    pub source: FakeSource,
    number: u64,
    hash: B256,
}

impl Chain {
    pub fn new(name: &str) -> Self {
        let network = network(name);
        let hash = network.genesis_hash;
        Self {
            source: FakeSource::new(network),
            number: 0,
            hash,
        }
    }

    /// The next block with these logs, one transaction each.
    pub fn next(&mut self, logs: Vec<Log>) -> Block {
        self.number += 1;
        let parent_hash = self.hash;
        self.hash = keccak256((parent_hash.0, self.number).abi());
        let logs = (0..)
            .zip(logs)
            .map(|(log_index, log)| BlockLog {
                tx_hash: keccak256((self.hash.0, u64::from(log_index)).abi()),
                log_index,
                log,
            })
            .collect();
        Block {
            number: self.number,
            hash: self.hash,
            parent_hash,
            timestamp_ms: START_MS + (self.number - 1) * BLOCK_MS,
            logs,
        }
    }

    /// Appends the next block.
    pub fn push(&mut self, logs: Vec<Log>) -> Block {
        let block = self.next(logs);
        self.source.push(block.clone());
        block
    }
}

trait Abi {
    fn abi(&self) -> Vec<u8>;
}

impl Abi for ([u8; 32], u64) {
    fn abi(&self) -> Vec<u8> {
        [&self.0[..], &self.1.to_be_bytes()].concat()
    }
}

/// A log of a contract.
pub fn log(address: Address, event: &impl SolEvent) -> Log {
    Log {
        address,
        data: event.encode_log_data(),
    }
}
