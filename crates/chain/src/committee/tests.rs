use super::{Committee, Listed, Members, usable};
use crate::store::Store;
use alloy_primitives::B256;
use commonware_codec::Encode as _;
use commonware_consensus::types::Epoch;
use commonware_cryptography::{
    Signer as _,
    bls12381::{
        dkg::feldman_desmedt::deal,
        primitives::{sharing::Mode, variant::MinSig},
    },
    ed25519,
};
use commonware_glue::dkg::{ParticipantsProvider as _, network::Directory as _};
use commonware_p2p::Address;
use commonware_utils::{N3f1, NZU64, TestRng, TryCollect as _, ordered::Set};
use futures::{FutureExt as _, executor::block_on};
use std::{net::SocketAddr, num::NonZeroU64, sync::Arc};
use zhengtong_types::{
    committee::{EpochInfo, MAX_VALIDATORS, NOWHERE, first_epoch},
    consensus::ValidatorKey,
};

const EPOCH_BLOCKS: NonZeroU64 = NZU64!(32);

fn key(seed: u64) -> ValidatorKey {
    ed25519::PrivateKey::from_seed(seed).public_key()
}

fn bytes(seed: u64) -> B256 {
    B256::from_slice(key(seed).as_ref())
}

fn first() -> EpochInfo {
    let players: Set<ValidatorKey> = (0..4).map(key).try_collect().expect("keys differ");
    let keys: Vec<ValidatorKey> = players.iter().cloned().collect();
    let (output, _) = deal::<MinSig, _, N3f1>(TestRng::new(1), Mode::NonZeroCounter, players).expect("dealt");
    first_epoch(B256::ZERO, output.public(), &keys).expect("they fit")
}

fn open(store: &Arc<Store>) -> Arc<Committee> {
    Arc::new(Committee::open(store.clone(), EPOCH_BLOCKS, None, first()).expect("memory"))
}

#[test]
fn who_cannot_validate_is_left_out() {
    let listed = [
        (bytes(1), "192.0.2.1:9700".to_owned()),
        (bytes(2), String::new()),
        (bytes(3), "[2001:db8::1]:9700".into()),
        // Not a point of the curve.
        (
            B256::from_slice(&[&[2][..], &[0; 31]].concat()),
            "192.0.2.2:1".into(),
        ),
        (bytes(4), "office.example:9700".into()),
        (bytes(1), "192.0.2.3:9700".into()),
    ];
    let at = |text: &str| Some(text.parse::<SocketAddr>().expect("an address"));
    let expected = [
        (key(1), at("192.0.2.1:9700")),
        (key(2), None),
        (key(3), at("[2001:db8::1]:9700")),
    ];
    assert_eq!(
        usable(listed),
        Some(expected.map(|(key, address)| Listed { key, address }).to_vec())
    );
    assert_eq!(usable([]), None);
    assert_eq!(usable([(bytes(1), "nowhere".to_owned())]), None);
    let many = u64::from(MAX_VALIDATORS.get()) + 5;
    let kept = usable((0..many).map(|seed| (bytes(seed), String::new()))).expect("some");
    assert_eq!(kept.len(), MAX_VALIDATORS.get() as usize);
}

#[test]
fn a_list_counts_two_epochs_later_and_survives_a_restart() {
    let store = Arc::new(Store::in_memory().expect("memory"));
    let committee = open(&store);
    assert_eq!(
        [15, 16, 17, 47, 48].map(|number| committee.middle(number)),
        [None, Some(0), None, None, Some(1)]
    );
    assert!(committee.lacks_list(0));
    let mut members = Members(committee.clone());
    assert!(
        members.participants(Epoch::new(2)).now_or_never().is_none(),
        "it waits until the list was read"
    );
    let address: SocketAddr = "192.0.2.9:9700".parse().expect("an address");
    let list = vec![
        Listed {
            key: key(0),
            address: None,
        },
        Listed {
            key: key(9),
            address: Some(address),
        },
    ];
    committee.listed(0, Some(list)).expect("memory");
    for committee in [committee, open(&store)] {
        assert!(!committee.lacks_list(0));
        let mut members = Members(committee);
        let wanted: Set<ValidatorKey> = [key(0), key(9)].into_iter().try_collect().expect("they differ");
        assert_eq!(block_on(members.participants(Epoch::new(2))), wanted);
        let peers = Set::from_iter_dedup((0..4).chain([9]).map(key));
        let directory = block_on(members.directory(Epoch::new(1), peers.clone()));
        assert!(directory.matches(&peers));
        assert_eq!(directory.get(&key(9)), Some(&Address::from(address)));
        assert_eq!(directory.get(&key(0)), Some(&Address::from(NOWHERE)));
    }
}

#[test]
fn without_a_list_those_who_are_announced_stay() {
    let store = Arc::new(Store::in_memory().expect("memory"));
    let committee = open(&store);
    committee.listed(0, None).expect("memory");
    let mut members = Members(committee);
    assert_eq!(
        block_on(members.participants(Epoch::new(2))),
        first().next_players
    );
}

#[test]
fn the_last_epochs_are_kept() {
    let store = Arc::new(Store::in_memory().expect("memory"));
    let committee = open(&store);
    let info = |epoch: u64| EpochInfo {
        epoch: Epoch::new(epoch),
        ..first()
    };
    for epoch in 1..9 {
        committee.learn(info(epoch)).expect("memory");
    }
    let committee = open(&store);
    assert!(committee.at(4 * 32).is_none());
    for epoch in 5..9 {
        let now = committee.at(epoch * 32 + 31).expect("kept");
        assert_eq!(now.info.encode(), info(epoch).encode());
        assert_eq!(now.blocks, (epoch * 32, epoch * 32 + 31));
    }
}
