//! Cards and plans: what operators exchange before there is a network.

use alloy_primitives::{Address, U256};
use rand::{SeedableRng as _, rngs::ChaCha20Rng};
use std::{fs, net::SocketAddr};
use zhengtong_node::{
    CardError, CouncilError, CouncilFile, DelegatesError, GenesisFile, Identity, MembersFile, NodeCard,
    PlanError, PlanFile,
};

fn card(seed: u64) -> NodeCard {
    let identity = Identity::generate(ChaCha20Rng::seed_from_u64(seed));
    let address = SocketAddr::from(([192, 0, 2, seed as u8], 9_700));
    NodeCard::new(format!("institution {seed}"), &identity, address).expect("a card")
}

fn genesis() -> GenesisFile {
    GenesisFile {
        timestamp_ms: 1_700_000_000_000,
        block_gas_limit: 30_000_000,
        council: Address::repeat_byte(1).into(),
        alloc: [(Address::repeat_byte(2), U256::from(7))].into(),
        delegates: std::collections::BTreeSet::new(),
        recovery_delay_s: 60,
        epoch_blocks: zhengtong_node::EPOCH_BLOCKS,
        quotas: zhengtong_node::QuotasFile::default(),
    }
}

fn plan(cards: Vec<NodeCard>) -> Result<PlanFile, PlanError> {
    PlanFile::new("city".into(), 77, genesis(), cards)
}

#[test]
fn the_same_parts_make_the_same_plan() {
    let one = plan(vec![card(1), card(2), card(3)]).expect("a plan");
    let other = plan(vec![card(3), card(1), card(2)]).expect("a plan");
    assert_eq!(one.hash(), other.hash());

    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("plan.json");
    one.write(&path).expect("writes");
    assert_eq!(PlanFile::read(&path).expect("reads").hash(), one.hash());
    let text = fs::read_to_string(&path).expect("exists");
    fs::write(&path, text.replace("  ", "\t")).expect("writes");
    assert_eq!(
        PlanFile::read(&path).expect("reads").hash(),
        one.hash(),
        "layout is not content"
    );

    let mut moved = card(3);
    moved.address.set_port(9_701);
    assert_ne!(
        plan(vec![card(1), card(2), moved]).expect("a plan").hash(),
        one.hash()
    );
    let mut funded = genesis();
    funded.alloc.insert(Address::repeat_byte(3), U256::from(1));
    let funded = PlanFile::new("city".into(), 77, funded, vec![card(1), card(2), card(3)]).expect("a plan");
    assert_ne!(funded.hash(), one.hash());
}

#[test]
fn plans_and_cards_with_mistakes() {
    assert!(matches!(plan(vec![card(1)]), Err(PlanError::Count(1))));
    let most = (1 << 53) - 1;
    for (id, taken) in [(0, false), (1, true), (most, true), (most + 1, false)] {
        let planned = PlanFile::new("city".into(), id, genesis(), vec![card(1), card(2)]);
        let refused = matches!(&planned, Err(PlanError::ChainId(found)) if *found == id);
        assert!(planned.is_ok() == taken && refused != taken, "{id}: {planned:?}");
    }
    assert!(matches!(
        plan(vec![card(1), card(1)]),
        Err(PlanError::Twice(_, _, "key"))
    ));
    let mut neighbour = card(2);
    neighbour.address = card(1).address;
    assert!(matches!(
        plan(vec![card(1), neighbour]),
        Err(PlanError::Twice(_, _, "address"))
    ));
    let mut nameless = card(2);
    nameless.name.clear();
    assert!(matches!(
        plan(vec![card(1), nameless]),
        Err(PlanError::Card(CardError::Name(_)))
    ));
    let mut keyless = card(2);
    keyless.key = vec![1; 31].into();
    assert!(matches!(
        plan(vec![card(1), keyless]),
        Err(PlanError::Card(CardError::Key(_)))
    ));

    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("plan.json");
    plan(vec![card(1), card(2)])
        .expect("a plan")
        .write(&path)
        .expect("writes");
    let text = fs::read_to_string(&path).expect("exists");
    for (from, to, says) in [
        ("zhengtong-plan/1", "zhengtong-plan/9", "zhengtong-plan/9"),
        ("\"chain_id\"", "\"chainid\"", "chainid"),
        ("192.0.2.1:9700", "0.0.0.0:9700", "0.0.0.0:9700"),
    ] {
        assert!(text.contains(from), "{text}");
        fs::write(&path, text.replace(from, to)).expect("writes");
        let said = PlanFile::read(&path).expect_err("refused").to_string();
        assert!(said.contains(says), "{said}");
    }
}

#[test]
fn contracts_to_delegate_to_are_part_of_the_plan() {
    let with = |delegates: Vec<Address>| {
        let genesis = GenesisFile {
            delegates: delegates.into_iter().collect(),
            ..genesis()
        };
        PlanFile::new("city".into(), 77, genesis, vec![card(1), card(2)])
    };
    let none = with(Vec::new()).expect("a plan");
    let one = with(vec![Address::repeat_byte(7)]).expect("a plan");
    assert_ne!(none.hash(), one.hash());
    let text = serde_json::to_string(&none).expect("JSON");
    assert!(!text.contains("delegates"), "plans without any are as they were");
    assert!(matches!(
        with(vec![Address::ZERO]),
        Err(PlanError::Delegates(DelegatesError::Zero))
    ));
    let many = (1..=257).map(|index| Address::left_padding_from(&u16::to_be_bytes(index)));
    assert!(matches!(
        with(many.collect()),
        Err(PlanError::Delegates(DelegatesError::TooMany(257)))
    ));
}

#[test]
fn members_of_the_council_are_part_of_the_plan() {
    let with = |members: Vec<Address>, voting_period_s, execution_delay_s| {
        let council = CouncilFile::Members(MembersFile {
            members: members.into_iter().collect(),
            voting_period_s,
            execution_delay_s,
        });
        let genesis = GenesisFile { council, ..genesis() };
        PlanFile::new("city".into(), 77, genesis, vec![card(1), card(2)])
    };
    let (one, two) = (Address::repeat_byte(1), Address::repeat_byte(2));
    let key = plan(vec![card(1), card(2)]).expect("a plan");
    let text = serde_json::to_string(&key).expect("JSON");
    let said = format!("\"council\":\"{}\"", one.to_string().to_lowercase());
    assert!(text.contains(&said), "a key is written as it was: {text}");
    let voting = with(vec![two, one], 60, 0).expect("a plan");
    assert_eq!(with(vec![one, two], 60, 0).expect("a plan").hash(), voting.hash());
    for other in [
        with(vec![one], 60, 0),
        with(vec![one, two], 61, 0),
        with(vec![one, two], 60, 1),
    ] {
        assert_ne!(other.expect("a plan").hash(), voting.hash());
    }
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("plan.json");
    voting.write(&path).expect("writes");
    assert_eq!(PlanFile::read(&path).expect("reads").hash(), voting.hash());

    let refused = |plan: Result<PlanFile, PlanError>| match plan {
        Err(PlanError::Council(error)) => error,
        other => panic!("{other:?}"),
    };
    assert!(matches!(refused(with(vec![], 60, 0)), CouncilError::Count(0)));
    assert!(matches!(
        refused(with(vec![Address::ZERO], 60, 0)),
        CouncilError::Zero
    ));
    assert!(matches!(
        refused(with(vec![one], 59, 0)),
        CouncilError::VotingPeriod(59)
    ));
    assert!(matches!(
        refused(with(vec![one], 7_776_001, 0)),
        CouncilError::VotingPeriod(7_776_001)
    ));
    assert!(matches!(
        refused(with(vec![one], 60, 2_592_001)),
        CouncilError::ExecutionDelay(2_592_001)
    ));
    let many = (1..=101).map(Address::with_last_byte).collect();
    assert!(matches!(refused(with(many, 60, 0)), CouncilError::Count(101)));
}
