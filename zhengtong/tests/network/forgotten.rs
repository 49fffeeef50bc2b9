//! A validator whose data is in part gone, one with others' keys, and a node that nobody lets in: what they say and do.

use crate::{
    commands::{Setup, found_governed, one_key, text},
    processes::{Process, ports, refused, zhengtong},
    transfers::{FINAL, Sender, all_final, connect},
};
use std::fs;
use zhengtong_client::Client;
use zhengtong_types::EpochRole;

const VALIDATORS: usize = 4;
/// So few that the next ones begin while the test waits.
const EPOCH_BLOCKS: u64 = 32;

async fn role(node: &Client) -> Option<EpochRole> {
    let now = node.validators().await.expect("it serves");
    now.expect("it has validators").role
}

/// Starts a node and answers what it says that it does.
fn start(setup: &Setup, index: usize) -> (Process, String) {
    let process = setup.start(index);
    let said = process.printed.iter().find(|line| line.contains("epoch "));
    let said = said.unwrap_or_else(|| panic!("{:?}", process.printed)).clone();
    (process, said)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_validator_whose_data_is_in_part_gone_votes_from_the_next_epoch_on() {
    let root = tempfile::tempdir().expect("a folder");
    let setup = found_governed(root.path(), VALIDATORS, &one_key(), Some(EPOCH_BLOCKS));
    let mut running: Vec<_> = (0..VALIDATORS)
        .map(|index| {
            // Nobody has voted yet, so all vote at once.
            let (process, said) = start(&setup, index);
            assert!(said.contains("this node votes"), "{index}: {said}");
            Some(process)
        })
        .collect();
    let mut clients: Vec<Client> = Vec::new();
    for rpc in &setup.rpc[..VALIDATORS] {
        clients.push(connect(*rpc, setup.key).await);
    }
    let mut sender = Sender::new(0);
    let hash = sender.send(&clients[0]).await;
    all_final(&clients[3], &[hash]).await;

    // With its data it votes at once.
    running[3].take().expect("it runs").kill();
    let (last, said) = start(&setup, 3);
    assert!(said.contains("this node votes"), "{said}");
    last.kill();
    // The blocks are there, what it voted is not.
    fs::remove_dir_all(setup.node(3).join("data/engine")).expect("it is there");
    let (last, said) = start(&setup, 3);
    assert!(
        said.contains("does not have what it voted") && said.contains("the first epoch on that begins"),
        "{said}"
    );
    assert_eq!(role(&clients[3]).await, Some(EpochRole::Restored));
    // Nor does another start in the same epoch make it forget that.
    last.kill();
    fs::remove_dir_all(setup.node(3).join("data")).expect("it is there");
    let (last, said) = start(&setup, 3);
    assert!(said.contains("does not have what it voted"), "{said}");
    last.kill();
    let (last, said) = start(&setup, 3);
    assert!(said.contains("does not have what it voted"), "{said}");
    running[3] = Some(last);

    // Epochs begin, and it votes: without it and another one nothing would be final.
    until_it_votes(&clients[3], &mut sender, &clients[0]).await;
    running[2].take().expect("it runs").kill();
    let hash = sender.send(&clients[3]).await;
    all_final(&clients[0], &[hash]).await;
    running.into_iter().flatten().for_each(Process::terminate);
}

/// Sends transactions to others until a node votes.
async fn until_it_votes(node: &Client, sender: &mut Sender, other: &Client) {
    let voting = async {
        while role(node).await != Some(EpochRole::Validator) {
            let hash = sender.send(other).await;
            all_final(other, &[hash]).await;
        }
    };
    tokio::time::timeout(FINAL, voting).await.expect("in time");
}

/// Starts the last validator, which says why it does not vote and keeps up with the others.
async fn follows(setup: &Setup, why: &str, sender: &mut Sender, other: &Client) {
    let (process, said) = start(setup, VALIDATORS - 1);
    assert!(said.contains(why), "{said}");
    let node = connect(setup.rpc[VALIDATORS - 1], setup.key).await;
    let hash = sender.send(other).await;
    all_final(&node, &[hash]).await;
    process.kill();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_validator_whose_data_came_back_or_whose_shares_are_gone_goes_on_without_voting() {
    let root = tempfile::tempdir().expect("a folder");
    let setup = found_governed(root.path(), VALIDATORS, &one_key(), Some(EPOCH_BLOCKS));
    let _others: Vec<_> = (0..VALIDATORS - 1).map(|index| setup.start(index)).collect();
    let (last, _) = start(&setup, 3);
    let other = connect(setup.rpc[0], setup.key).await;
    let node = connect(setup.rpc[3], setup.key).await;
    let mut sender = Sender::new(0);
    // It has voted.
    let hash = sender.send(&node).await;
    all_final(&node, &[hash]).await;
    last.kill();

    let folder = setup.node(3);
    let (data, aside) = (folder.join("data"), folder.join("aside"));
    fs::rename(&data, &aside).expect("it is there");
    follows(&setup, "does not have what it voted", &mut sender, &other).await;
    fs::remove_dir_all(&data).expect("it is there");
    fs::rename(&aside, &data).expect("it is there");
    follows(&setup, "does not have what it voted", &mut sender, &other).await;
    follows(&setup, "does not have what it voted", &mut sender, &other).await;

    let (last, _) = start(&setup, 3);
    until_it_votes(&node, &mut sender, &other).await;
    while folder.join("share.key").exists() {
        let hash = sender.send(&other).await;
        all_final(&node, &[hash]).await;
    }
    last.kill();
    fs::remove_dir_all(folder.join("identity.shares")).expect("it is there");
    follows(&setup, "without its share", &mut sender, &other).await;
    follows(&setup, "without its share", &mut sender, &other).await;
    let (last, _) = start(&setup, 3);
    until_it_votes(&node, &mut sender, &other).await;
    last.kill();

    // Nothing but its identity is left.
    fs::remove_dir_all(folder.join("identity.shares")).expect("it is there");
    fs::remove_dir_all(&data).expect("it is there");
    let config = folder.join("node.toml");
    let said = refused(&["node", "--config", text(&config)]);
    assert!(
        said.contains("share.key") && said.contains("take `share` out"),
        "{said}"
    );
    let told = fs::read_to_string(&config).expect("it is there");
    let told: String = told
        .lines()
        .filter(|line| !line.starts_with("share"))
        .map(|line| format!("{line}\n"))
        .collect();
    fs::write(&config, told).expect("writes");
    follows(&setup, "without its share", &mut sender, &other).await;
}

#[test]
fn keys_that_are_not_together_and_cards_of_validators_are_refused() {
    let root = tempfile::tempdir().expect("a folder");
    let setup = found_governed(root.path(), 2, &one_key(), None);
    let (first, second) = (setup.node(0), setup.node(1));
    let config = first.join("node.toml");
    let card = second.join("card.json");
    let said = refused(&["network", "admit", "--config", text(&config), text(&card)]);
    assert!(
        said.contains("is a validator of") && said.contains("--voted-out"),
        "{said}"
    );

    let own = fs::read(first.join("share.key")).expect("it is there");
    fs::copy(second.join("share.key"), first.join("share.key")).expect("writes");
    let said = refused(&["node", "--config", text(&config)]);
    assert!(
        said.contains("share.key") && said.contains("identity.key") && !said.contains("panicked"),
        "{said}"
    );
    fs::write(first.join("share.key"), own).expect("writes");
    zhengtong(&[
        "network",
        "admit",
        "--voted-out",
        "--config",
        text(&config),
        text(&card),
    ]);
    let text = fs::read_to_string(&config).expect("it is there");
    assert!(text.contains("# monitor = "), "{text}");
}

#[test]
fn a_node_that_nobody_lets_in_says_so() {
    let root = tempfile::tempdir().expect("a folder");
    let setup = found_governed(root.path(), 2, &one_key(), None);
    let running = [setup.start(0), setup.start(1)];
    let press = setup.node(2);
    let address = ports(1)[0].to_string();
    let network = setup.node(0).join("network.json");
    let (folder, rpc) = (["--folder", text(&press)], setup.rpc[2].to_string());
    let more = [
        "--name",
        "press",
        "--address",
        &address,
        "--network",
        text(&network),
        "--rpc",
        &rpc,
    ];
    zhengtong(&[&["network", "follow"][..], &folder, &more].concat());
    let (mut node, said) = start(&setup, 2);
    assert!(said.contains("this node follows"), "{said}");
    let line = node.wait_for("      no block after 0 for ");
    assert!(
        line.contains("connected to no other node")
            && line.contains("have the validators admitted this node"),
        "{line}"
    );
    // Its port is taken by itself.
    let said = refused(&["node", "--config", text(&setup.node(0).join("node.toml"))]);
    assert!(said.contains("does the node run already?"), "{said}");
    node.terminate();
    running.into_iter().for_each(Process::terminate);
}
