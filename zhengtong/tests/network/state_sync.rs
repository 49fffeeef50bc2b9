//! A follower and a wiped validator that begin at a certified block near the tip, while transactions come in.

use crate::{
    commands::{Setup, add_follower, found, text},
    processes::Process,
    transfers::{FINAL, RECEIVER, Sender, all_final, connect},
};
use alloy_primitives::U256;
use std::{
    fs,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::task::JoinHandle;
use zhengtong_client::Client;

const VALIDATORS: usize = 4;
/// Transfers that each validator acknowledges before anyone begins.
const BEFORE: usize = 500;

/// Transfers of one account that wait at a time; a node takes 256.
const WAITING: usize = 100;

/// Sends transfers, and waits now and then until they are final.
async fn send(sender: &mut Sender, node: &Client, count: usize) {
    for sent in 1..=count {
        let hash = sender.send(node).await;
        if sent % WAITING == 0 || sent == count {
            all_final(node, &[hash]).await;
        }
    }
}

/// Each sends through its own validator.
async fn fill(clients: &[Client], each: usize) -> Vec<Sender> {
    let mut filled = Vec::new();
    for (index, client) in clients.iter().enumerate() {
        let (mut sender, client) = (Sender::new(index), client.clone());
        filled.push(tokio::spawn(async move {
            send(&mut sender, &client, each).await;
            sender
        }));
    }
    let mut senders = Vec::new();
    for sender in filled {
        senders.push(sender.await.expect("it sends"));
    }
    senders
}

/// Sends on and on, until told to stop.
fn load(mut sender: Sender, node: Client, stop: Arc<AtomicBool>) -> JoinHandle<Sender> {
    tokio::spawn(async move {
        while !stop.load(Ordering::Relaxed) {
            send(&mut sender, &node, WAITING).await;
        }
        sender
    })
}

/// Starts a node that begins near the tip, and answers what it said until it served.
fn start(setup: &Setup, index: usize) -> (Process, String) {
    let config = setup.node(index).join("node.toml");
    let mut process = Process::start(&["node", "--config", text(&config), "--sync", "state"]);
    process.wait_for("ready");
    let said = process.printed.join("\n");
    (process, said)
}

/// Starts a node that begins near the tip, with a network file in which nothing but the genesis differs.
fn with_another_genesis(setup: &Setup, index: usize) -> Process {
    let folder = setup.node(index);
    let read = |name: &str| fs::read_to_string(folder.join(name)).expect("it is there");
    let mut network: serde_json::Value = serde_json::from_str(&read("network.json")).expect("JSON");
    let limit = &mut network["genesis"]["block_gas_limit"];
    *limit = (limit.as_u64().expect("a number") - 1).into();
    fs::write(folder.join("other.json"), network.to_string()).expect("writes");
    let config = folder.join("other.toml");
    fs::write(&config, read("node.toml").replace("network.json", "other.json")).expect("writes");
    Process::start(&["node", "--config", text(&config), "--sync", "state"])
}

/// The node's tip, once it is at this block or later.
async fn reaches(node: &Client, number: u64) -> u64 {
    tokio::time::timeout(FINAL, async {
        loop {
            let tip = node.block_number().await.expect("it serves");
            if tip >= number {
                return tip;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    })
    .await
    .expect("it follows")
}

/// The node has the state that the others have, and proves it.
async fn same_state(node: &Client, other: &Client, paid: usize) {
    let asked = other.block_number().await.expect("it serves");
    // Its own tip is what a node with little history certainly has.
    let number = reaches(node, asked).await;
    reaches(other, number).await;
    let (here, there) = (node.header(number).await, other.header(number).await);
    let (here, there) = (here.expect("certified"), there.expect("certified"));
    assert_eq!(here.header().state_root, there.header().state_root);
    assert_eq!(here.hash(), there.hash());
    assert_eq!(node.balance(RECEIVER).await.expect("it serves"), U256::from(paid));
    // The client checks certificate, header and proof with the network's key.
    let proven = node.state(RECEIVER, &[]).await.expect("proven");
    let account = proven.account();
    assert_eq!(account.balance(), U256::from(paid));
}

/// Bytes that came in over loopback on this machine so far.
fn loopback_bytes() -> u64 {
    let devices = fs::read_to_string("/proc/net/dev").expect("Linux");
    let line = devices.lines().find_map(|line| line.trim().strip_prefix("lo:"));
    let received = line.and_then(|line| line.split_whitespace().next());
    received.and_then(|bytes| bytes.parse().ok()).expect("a counter")
}

/// Bytes of files below a folder.
fn size(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).expect("it is there");
    let sizes = entries.map(|entry| {
        let entry = entry.expect("reads");
        let kind = entry.metadata().expect("reads");
        if kind.is_dir() {
            size(&entry.path())
        } else {
            kind.len()
        }
    });
    sizes.sum()
}

/// Run it where nothing else uses the loopback, in a network namespace of its own.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement, not a test"]
async fn replay_beside_state_sync() {
    let transfers = std::env::var("TRANSFERS").map_or(20_000, |count| count.parse().expect("a number"));
    let root = tempfile::tempdir().expect("a folder");
    let setup = found(root.path(), VALIDATORS);
    add_follower(&setup, VALIDATORS);
    let running: Vec<_> = (0..VALIDATORS).map(|index| setup.start(index)).collect();
    let mut clients: Vec<Client> = Vec::new();
    for rpc in &setup.rpc[..VALIDATORS] {
        clients.push(connect(*rpc, setup.key).await);
    }
    fill(&clients, transfers / VALIDATORS).await;
    let idle = loopback_bytes();
    tokio::time::sleep(Duration::from_secs(10)).await;
    let idle_per_second = (loopback_bytes() - idle) / 10;
    for (name, sync) in [("replay", "replay"), ("state sync", "state")] {
        let _ = fs::remove_dir_all(setup.node(VALIDATORS).join("data"));
        let target = clients[0].block_number().await.expect("it serves");
        let (began, before) = (Instant::now(), loopback_bytes());
        let config = setup.node(VALIDATORS).join("node.toml");
        let mut process = Process::start(&["node", "--config", text(&config), "--sync", sync]);
        process.wait_for("ready");
        let follower = connect(setup.rpc[VALIDATORS], setup.key).await;
        while follower.block_number().await.expect("it serves") < target {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let took = began.elapsed();
        let bytes = loopback_bytes() - before - idle_per_second * took.as_secs();
        println!(
            "{name}: {transfers} transfers in {target} blocks: {:.1} s, {:.2} MB over the network, {:.2} MB on disk",
            took.as_secs_f64(),
            bytes as f64 / 1e6,
            size(&setup.node(VALIDATORS).join("data")) as f64 / 1e6,
        );
        process.terminate();
    }
    for process in running {
        process.terminate();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follower_and_a_wiped_validator_begin_near_the_tip_under_load() {
    let root = tempfile::tempdir().expect("a folder");
    let setup = found(root.path(), VALIDATORS);
    add_follower(&setup, VALIDATORS);
    let mut running: Vec<_> = (0..VALIDATORS).map(|index| Some(setup.start(index))).collect();
    let mut clients: Vec<Client> = Vec::new();
    for rpc in &setup.rpc[..VALIDATORS] {
        clients.push(connect(*rpc, setup.key).await);
    }
    let mut stranger = with_another_genesis(&setup, VALIDATORS);
    let mut senders = fill(&clients, BEFORE).await;
    // Nobody talks to a node of another genesis, though the key that certifies is the same.
    let said = stranger.wait_to_say("is the network file theirs");
    assert!(said.contains("connected to no other node"), "{said}");
    stranger.kill();
    fs::remove_dir_all(setup.node(VALIDATORS).join("data")).expect("it is there");

    // The follower begins while transactions come in.
    let stop = Arc::new(AtomicBool::new(false));
    let busy = load(senders.remove(0), clients[0].clone(), stop.clone());
    let (follower, said) = start(&setup, VALIDATORS);
    for step in [
        "beginning at block ",
        "the state has the certified root ",
        "are not kept here",
    ] {
        assert!(said.contains(step), "no {step:?} in {said}");
    }
    let press = connect(setup.rpc[VALIDATORS], setup.key).await;
    stop.store(true, Ordering::Relaxed);
    senders.insert(0, busy.await.expect("it sends"));
    let last: Vec<_> = senders
        .iter()
        .map(|sender| *sender.acknowledged.last().expect("sent"))
        .collect();
    all_final(&clients[1], &last).await;
    let sent = |senders: &[Sender]| -> usize { senders.iter().map(|sender| sender.acknowledged.len()).sum() };
    same_state(&press, &clients[1], sent(&senders)).await;

    // What is older than its first block is refused as such; what it acknowledges is passed on.
    let refused = press.block(1).await.expect_err("it does not keep it");
    assert!(refused.is_not_kept(), "{refused}");
    assert!(clients[1].block(1).await.is_ok());
    let mut own = Sender::new(VALIDATORS);
    let hash = own.send(&press).await;
    all_final(&press, &[hash]).await;
    all_final(&clients[1], &[hash]).await;
    senders.push(own);
    follower.kill();
    let follower = setup.start(VALIDATORS);
    same_state(&press, &clients[1], sent(&senders)).await;

    // A validator has lost its disk and kept its keys.
    running[3].take().expect("it runs").kill();
    fs::remove_dir_all(setup.node(3).join("data")).expect("it is there");
    let (wiped, _) = start(&setup, 3);
    same_state(&clients[3], &clients[1], sent(&senders)).await;
    // Without another one, nothing is final unless the wiped one votes.
    running[2].take().expect("it runs").kill();
    let hash = senders[0].send(&clients[0]).await;
    all_final(&clients[1], &[hash]).await;
    same_state(&clients[3], &clients[1], sent(&senders)).await;
    same_state(&press, &clients[3], sent(&senders)).await;
    for process in running.into_iter().flatten().chain([follower, wiped]) {
        process.terminate();
    }
}
