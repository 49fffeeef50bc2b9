//! What block 0 depends on, and that it can be made for the largest network.

use crate::common::{configs, dev};
use alloy_primitives::{Address, B256};
use zhengtong_node::{CouncilFile, GenesisFile, MembersFile, NetworkError, NetworkFile, QuotasFile};

fn network(validators: u32) -> NetworkFile {
    let folder = tempfile::tempdir().expect("a folder");
    let config = configs(folder.path(), &dev(validators, 9_700)).remove(0);
    NetworkFile::read(&config.network).expect("reads")
}

fn hash(network: &NetworkFile) -> B256 {
    network.genesis().expect("builds").block.hash()
}

#[test]
fn addresses_of_validators_stay_out_of_it_and_nothing_else_does() {
    let network = network(4);
    let first = hash(&network);
    let mut moved = network.clone();
    for validator in &mut moved.validators {
        validator.address = Some("198.51.100.4:1234".parse().expect("an address"));
    }
    assert_eq!(
        hash(&moved),
        first,
        "operators may reach each other at different addresses"
    );

    let mut named = network.clone();
    named.validators[2].name = "民政局".into();
    let mut council = network.clone();
    council.genesis = GenesisFile {
        council: Address::repeat_byte(9).into(),
        ..network.genesis.clone()
    };
    let mut members = network.clone();
    members.genesis.council = of_members(3);
    let mut more = network.clone();
    more.genesis.council = of_members(4);
    let mut chain = network.clone();
    chain.chain_id += 1;
    let mut quotas = network.clone();
    quotas.genesis.quotas = QuotasFile::default();
    let mut hashes = vec![
        first,
        hash(&quotas),
        hash(&named),
        hash(&council),
        hash(&members),
        hash(&more),
        hash(&chain),
    ];
    hashes.sort_unstable();
    hashes.dedup();
    assert_eq!(hashes.len(), 7);
}

fn of_members(count: u8) -> CouncilFile {
    CouncilFile::Members(MembersFile {
        members: (1..=count).map(Address::repeat_byte).collect(),
        voting_period_s: 3_600,
        execution_delay_s: 60,
    })
}

#[test]
fn a_hundred_validators_and_members_fit_into_it() {
    let mut network = network(100);
    for validator in &mut network.validators {
        validator.name = "n".repeat(64);
    }
    network.genesis.council = of_members(100);
    let genesis = network.genesis().expect("the contracts can be made");
    assert!(genesis.contracts.contains_key("council"));
    assert!(genesis.contracts.contains_key("validators"));
}

#[test]
fn a_longer_name_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("network.json");
    let mut network = network(1);
    network.validators[0].name = "n".repeat(65);
    network.write(&path).expect("writes");
    assert!(matches!(NetworkFile::read(&path), Err(NetworkError::Name(0))));
    network.validators[0].name.pop();
    network.write(&path).expect("writes");
    NetworkFile::read(&path).expect("reads");
}
