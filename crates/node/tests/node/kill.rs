//! Kills the process at arbitrary moments; nothing it acknowledged may be lost.

use crate::common::{account, balance, configs, dev, finalized, transfer};
use alloy_primitives::{Address, U256};
use std::{
    io::{BufRead as _, BufReader, Write as _},
    path::PathBuf,
    process::{Command, Stdio},
    time::Duration,
};
use zhengtong_chain::ChainView as _;
use zhengtong_node::Node;

/// Set for the process that is killed.
const FOLDER: &str = "ZHENGTONG_KILL_TEST";
const ROUNDS: u64 = 5;
/// Where starting takes longer than the first rounds last, later ones last longer.
const MOST_ROUNDS: u64 = 60;
const RECEIVER: Address = Address::repeat_byte(0x42);

/// Not a test of its own: what the killed process runs. It submits transfers one after another and prints each that was
/// acknowledged.
#[tokio::test(flavor = "multi_thread")]
async fn killed_process() {
    let Some(folder) = std::env::var_os(FOLDER).map(PathBuf::from) else {
        return;
    };
    let node = Node::start(configs(&folder, &dev(1, 0)).remove(0))
        .await
        .expect("it starts");
    let sender = account(1);
    let first = node.view().pending_nonce(sender.address()).await.expect("reads");
    for nonce in first.. {
        node.view()
            .submit(transfer(&sender, nonce, RECEIVER, 1))
            .await
            .expect("accepted");
        let mut out = std::io::stdout();
        writeln!(out, "\nacknowledged {nonce}")
            .and_then(|()| out.flush())
            .expect("the parent reads");
    }
}

/// Runs the process above, kills it after a while, and returns the last nonce that it reported.
fn run_and_kill(folder: &std::path::Path, after: Duration) -> Option<u64> {
    let mut child = Command::new(std::env::current_exe().expect("this binary"))
        .args(["kill::killed_process", "--exact", "--nocapture"])
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("it runs");
    let out = BufReader::new(child.stdout.take().expect("piped"));
    let reader = std::thread::spawn(move || {
        let lines = out.lines().map_while(Result::ok);
        lines
            .filter_map(|line| line.strip_prefix("acknowledged ")?.parse().ok())
            .last()
    });
    std::thread::sleep(after);
    child.kill().expect("it can be killed");
    child.wait().expect("it ends");
    reader.join().expect("no panic")
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_acknowledged_is_lost_when_the_process_is_killed() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = configs(folder.path(), &dev(1, 0)).remove(0);
    let mut acknowledged = None;
    for round in 0..MOST_ROUNDS {
        if round >= ROUNDS && acknowledged.is_some() {
            break;
        }
        // From before the node serves to well into its work.
        let after = Duration::from_millis(700 + 431 * round);
        acknowledged = run_and_kill(folder.path(), after).max(acknowledged);
    }
    let last: u64 = acknowledged.expect("something was acknowledged");
    println!("{} acknowledged", last + 1);
    let node = Node::start(config).await.expect("it recovers");
    let view = node.view();
    let mut blocks = view.subscribe();
    while balance(view, RECEIVER).await < U256::from(last + 1) {
        tokio::time::timeout(Duration::from_secs(60), blocks.recv())
            .await
            .expect("the chain goes on")
            .ok();
    }
    let next = view.pending_nonce(account(1).address()).await.expect("reads");
    assert!(next > last);
    let hash = view
        .submit(transfer(&account(1), next, RECEIVER, 1))
        .await
        .expect("accepted");
    finalized(view, hash).await;
    node.stop().await;
}
