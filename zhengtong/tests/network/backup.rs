//! A backup under load, and a network whose every disk is gone that goes on from it.

use crate::{
    commands::{Setup, after, found, text},
    processes::{Process, ports, refused, zhengtong},
    transfers::{RECEIVER, Sender, agree, all_final, connect},
};
use alloy_primitives::{B256, U256};
use std::{
    fs,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use zhengtong_client::Client;
use zhengtong_types::EpochRole;

const VALIDATORS: usize = 4;
/// Transfers that are acknowledged one after the other before the backup.
const BEFORE: usize = 40;

async fn clients(setup: &Setup) -> Vec<Client> {
    let mut clients = Vec::new();
    for rpc in &setup.rpc[..VALIDATORS] {
        clients.push(connect(*rpc, setup.key).await);
    }
    clients
}

fn start(setup: &Setup) -> Vec<Process> {
    (0..VALIDATORS).map(|index| setup.start(index)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_network_that_lost_every_disk_goes_on_from_a_backup_under_load() {
    let root = tempfile::tempdir().expect("a folder");
    let setup = found(root.path(), VALIDATORS);
    let config = |index: usize| setup.node(index).join("node.toml");
    let written = fs::read_to_string(config(0)).expect("it is there");
    let backups = root.path().join("backups");
    fs::create_dir(&backups).expect("a folder");
    let back_up = |to: &str| ["node", "backup", "--config", text(&config(0)), "--to", to].map(str::to_owned);
    let said = refused(&back_up(text(&backups)));
    assert!(said.contains("`monitor`"), "{said}");
    fs::write(config(0), format!("monitor = \"{}\"\n{written}", ports(1)[0])).expect("writes");
    let said = refused(&back_up(text(&backups)));
    assert!(said.contains("does it run?"), "{said}");

    let mut running = start(&setup);
    let nodes = clients(&setup).await;
    let mut sender = Sender::new(0);
    for _ in 0..BEFORE {
        sender.send(&nodes[0]).await;
    }
    // Others go on while the backup is taken, and some of theirs wait for a block.
    let stop = Arc::new(AtomicBool::new(false));
    let load: Vec<_> = (1..VALIDATORS - 1)
        .map(|index| {
            let (node, stop) = (nodes[index].clone(), stop.clone());
            tokio::spawn(async move {
                let mut sender = Sender::new(index);
                while !stop.load(Ordering::Relaxed) {
                    let hash = sender.send(&node).await;
                    if sender.acknowledged.len().is_multiple_of(50) {
                        all_final(&node, &[hash]).await;
                    }
                }
            })
        })
        .collect();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let before: Vec<B256> = sender.acknowledged.clone();
    all_final(&nodes[0], &before[..1]).await;
    let command = back_up(text(&backups));
    let printed = tokio::task::spawn_blocking(move || zhengtong(&command))
        .await
        .expect("it runs");
    let height: u64 = after(&printed, "last block ")
        .split(' ')
        .next()
        .and_then(|number| number.parse().ok())
        .expect("a number");
    let backup = backups.join(format!("test-{height}.backup"));
    assert!(printed.contains(text(&backup)), "{printed}");
    let said = refused(&back_up(text(&backup)));
    assert!(said.contains("is there already"), "{said}");
    let block = nodes[0].header(height).await.expect("certified").hash();
    let restore = |index: usize, from: &Path, more: &[&str]| {
        let config = config(index);
        let words = ["node", "restore", "--config", text(&config), "--from", text(from)];
        words
            .iter()
            .chain(more)
            .map(|word| (*word).to_owned())
            .collect::<Vec<_>>()
    };

    // One loses its disk while the others go on. It follows from the backup, and does not vote in an epoch in which it may
    // have voted before.
    let last = VALIDATORS - 1;
    running.pop().expect("they run").kill();
    fs::remove_dir_all(setup.node(last).join("data")).expect("it is there");
    let said = zhengtong(&restore(last, &backup, &[]));
    assert!(said.contains("until then it follows"), "{said}");
    running.push(setup.start(last));
    let now = nodes[last].validators().await.expect("it serves");
    assert_eq!(now.and_then(|now| now.role), Some(EpochRole::Restored));
    let hash = sender.send(&nodes[last]).await;
    all_final(&nodes[last], &[hash]).await;

    stop.store(true, Ordering::Relaxed);
    for one in load {
        one.await.expect("it sends");
    }
    running.drain(..).for_each(Process::kill);

    // Everybody's disk is gone; keys, shares and the network file are not.
    for index in 0..VALIDATORS {
        fs::remove_dir_all(setup.node(index).join("data")).expect("it is there");
    }
    let bytes = fs::read(&backup).expect("it is there");
    let cut = root.path().join("cut.backup");
    fs::write(&cut, &bytes[..bytes.len() - 1]).expect("writes");
    let said = refused(&restore(0, &cut, &[]));
    assert!(said.contains("cut off"), "{said}");
    assert!(!setup.node(0).join("data").exists());
    let wrong = B256::repeat_byte(1).to_string();
    let said = refused(&restore(0, &backup, &["--network-lost", &wrong]));
    assert!(said.contains(&block.to_string()), "{said}");
    assert!(!setup.node(0).join("data").exists());
    let agreed = block.to_string();
    let restoring: Vec<_> = (0..VALIDATORS)
        .map(|index| Process::start(&restore(index, &backup, &["--network-lost", &agreed])))
        .collect();
    for process in restoring {
        let said = process.finish().join("\n");
        assert!(said.contains("restored; start the node"), "{said}");
        assert_eq!(after(&said, "last block "), format!("{height} {block}"));
    }
    let said = refused(&restore(0, &backup, &["--network-lost", &agreed]));
    assert!(said.contains("is not empty"), "{said}");

    running = start(&setup);
    let nodes = clients(&setup).await;
    // What was acknowledged before is final, or becomes it now.
    all_final(&nodes[0], &before).await;
    all_final(&nodes[3], &before).await;
    let mut later = Sender::new(VALIDATORS);
    let hash = later.send(&nodes[2]).await;
    for node in &nodes {
        all_final(node, &[hash]).await;
    }
    assert!(agree(&nodes).await > height);
    assert_eq!(nodes[1].header(height).await.expect("certified").hash(), block);
    assert!(nodes[0].balance(RECEIVER).await.expect("it serves") >= U256::from(BEFORE + 1));
    running.into_iter().for_each(Process::terminate);
}
