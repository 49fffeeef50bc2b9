//! Validators join and leave by vote while transactions come in, and the network's key stays.

use crate::{
    commands::{Setup, add_follower, found_governed, text},
    council::{arguments, members},
    processes::{refused, zhengtong},
    transfers::{FINAL, Sender, all_final, connect},
};
use alloy_primitives::Bytes;
use std::{
    fs,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::task::JoinHandle;
use zhengtong_client::Client;
use zhengtong_types::{EpochRole, EpochValidators};

const VALIDATORS: usize = 4;
/// So few that a vote is carried out while the test waits.
const EPOCH_BLOCKS: u64 = 48;
/// Epochs until those who were voted in vote, at most: four, and more if a busy machine makes a resharing fail.
const EPOCHS: u64 = 10;

/// Sends on and on, until told to stop; blocks come as fast as transactions become final.
fn load(mut sender: Sender, node: Client, stop: Arc<AtomicBool>) -> JoinHandle<Sender> {
    tokio::spawn(async move {
        while !stop.load(Ordering::Relaxed) {
            let hash = sender.send(&node).await;
            all_final(&node, &[hash]).await;
        }
        sender
    })
}

async fn validators(node: &Client) -> EpochValidators {
    node.validators()
        .await
        .expect("it serves")
        .expect("it has validators")
}

/// Waits until the validators of the node's epoch are as wanted.
async fn becomes(node: &Client, wanted: impl Fn(&EpochValidators) -> bool) -> EpochValidators {
    let began = validators(node).await.epoch;
    let waited = tokio::time::timeout(FINAL, async {
        loop {
            let now = validators(node).await;
            if wanted(&now) {
                return now;
            }
            assert!(now.epoch <= began + EPOCHS, "after {EPOCHS} epochs: {now:?}");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    });
    waited.await.expect("in time")
}

fn key_of(setup: &Setup, index: usize) -> Bytes {
    let card = fs::read_to_string(setup.node(index).join("card.json")).expect("a card");
    let card: serde_json::Value = serde_json::from_str(&card).expect("JSON");
    card["key"].as_str().expect("a key").parse().expect("hexadecimal")
}

fn has(now: &EpochValidators, key: &Bytes) -> bool {
    now.validators.iter().any(|validator| validator.key == *key)
}

/// The members of the council decide to add one validator and to remove another, as docs/operations.md says.
fn vote(setup: &Setup, members: &[(PathBuf, String)], joining: usize, removed: &Bytes) {
    let run = |member: usize, words: &[&str]| zhengtong(&arguments(setup, Some(&members[member].0), words));
    let card = setup.node(joining).join("card.json");
    // Shares of so many are not dealt within an epoch.
    let too_many = [&card; 3].map(|card| text(card));
    let said = refused(&arguments(
        setup,
        Some(&members[0].0),
        &[&["propose", "add-validator"], &too_many[..]].concat(),
    ));
    assert!(
        said.contains("7 validators need epochs of 56 blocks") && said.contains("--anyway"),
        "{said}"
    );
    run(0, &["propose", "add-validator", text(&card)]);
    run(1, &["propose", "remove-validator", &removed.to_string()]);
    for proposal in ["1", "2"] {
        for member in 0..3 {
            run(member, &["vote", proposal, "for"]);
        }
        run(3, &["execute", proposal]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_joins_and_one_leaves_by_vote_under_load_and_the_key_stays() {
    let root = tempfile::tempdir().expect("a folder");
    let (members, council) = members(root.path(), VALIDATORS);
    let setup = found_governed(root.path(), VALIDATORS, &council, Some(EPOCH_BLOCKS));
    // Whoever is to join follows first, so that it is there when it is dealt to.
    let joining = VALIDATORS;
    add_follower(&setup, joining);
    let mut running: Vec<_> = (0..=joining).map(|index| Some(setup.start(index))).collect();
    let mut clients: Vec<Client> = Vec::new();
    for rpc in &setup.rpc {
        clients.push(connect(*rpc, setup.key).await);
    }
    let first = validators(&clients[0]).await;
    assert_eq!((first.epoch, first.validators.len()), (0, VALIDATORS));
    assert_eq!(
        validators(&clients[joining]).await.role,
        Some(EpochRole::Follower)
    );

    let mut early = Sender::new(2);
    let old = early.send(&clients[1]).await;
    all_final(&clients[1], &[old]).await;
    let proof = clients[1].receipt_proof(old).await.expect("proven");

    let stop = Arc::new(AtomicBool::new(false));
    let busy = load(Sender::new(1), clients[0].clone(), stop.clone());
    let leaving = VALIDATORS - 1;
    let (added, removed) = (key_of(&setup, joining), key_of(&setup, leaving));
    vote(&setup, &members, joining, &removed);
    let now = becomes(&clients[0], |now| has(now, &added) && !has(now, &removed)).await;
    assert_eq!(now.validators.len(), VALIDATORS);
    assert!(now.reshared);

    // Both see it so, and both go on.
    let joined = becomes(&clients[joining], |now| has(now, &added)).await;
    assert_eq!(joined.role, Some(EpochRole::Validator));
    let left = becomes(&clients[leaving], |now| !has(now, &removed)).await;
    assert_eq!(left.role, Some(EpochRole::Follower));
    stop.store(true, Ordering::Relaxed);
    let sender = busy.await.expect("it sends");
    let last = *sender.acknowledged.last().expect("it sent");
    all_final(&clients[joining], &[last]).await;
    all_final(&clients[leaving], &[last]).await;

    // Without another one, nothing is final unless the new one votes.
    for index in [leaving, 2] {
        running[index].take().expect("it runs").kill();
    }
    let new = early.send(&clients[joining]).await;
    all_final(&clients[0], &[new]).await;
    all_final(&clients[joining], &[new]).await;

    // The key is the same, so everything of before and of now verifies with it.
    assert_eq!(clients[0].network().expect("known").public_key, setup.key);
    proof
        .verify_transaction(&setup.key, old)
        .expect("an old proof is as good as before");
    let proof = clients[joining].receipt_proof(new).await.expect("proven");
    proof.verify_transaction(&setup.key, new).expect("it verifies");
    for number in [1, now.first_block - 1, now.first_block] {
        let here = clients[0].header(number).await.expect("certified");
        let there = clients[joining].header(number).await.expect("certified");
        assert_eq!(here.hash(), there.hash());
    }
    // Shares that are out of date are gone.
    assert!(!setup.node(0).join("share.key").exists());

    // A validator that comes back finds the others where they are now.
    let back = setup.start(2);
    let again = early.send(&clients[1]).await;
    all_final(&clients[2], &[again]).await;
    for process in running.into_iter().flatten().chain([back]) {
        process.terminate();
    }
}
