//! Setting a network up, as docs/operations.md says.

use crate::{
    processes::{Process, ports, refused, zhengtong},
    transfers::{CHAIN_ID, account},
};
use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
};
use zhengtong_types::NetworkKey;

/// Where things of a test network are.
pub struct Setup {
    pub root: PathBuf,
    pub rpc: Vec<SocketAddr>,
    pub key: NetworkKey,
}

impl Setup {
    pub fn node(&self, index: usize) -> PathBuf {
        self.root.join(format!("node-{index}"))
    }

    /// Starts a node and waits until it serves.
    pub fn start(&self, index: usize) -> Process {
        self.start_with(index, &[])
    }

    /// The same with more arguments.
    pub fn start_with(&self, index: usize, more: &[&str]) -> Process {
        let config = self.node(index).join("node.toml");
        let mut process = Process::start(&[&["node", "--config", text(&config)], more].concat());
        process.wait_for("ready");
        process
    }
}

pub fn text(path: &Path) -> &str {
    path.to_str().expect("test folders have plain names")
}

/// The words after a label in a command's output.
pub fn after<'a>(printed: &'a str, label: &str) -> &'a str {
    let line = printed.lines().find_map(|line| line.strip_prefix(label));
    line.unwrap_or_else(|| panic!("no {label:?} in {printed}")).trim()
}

/// One key governs.
pub fn one_key() -> Vec<String> {
    vec!["--council".into(), account(0).address().to_string()]
}

fn make_plan(root: &Path, validators: usize, council: &[String], epoch_blocks: Option<u64>) -> PathBuf {
    let (plan, addresses) = (root.join("plan.json"), ports(validators));
    let mut arguments = ["network", "plan", "--name", "test", "--chain-id"]
        .map(str::to_owned)
        .to_vec();
    arguments.push(CHAIN_ID.to_string());
    arguments.extend_from_slice(council);
    arguments.extend(["--out".into(), text(&plan).to_owned()]);
    if let Some(blocks) = epoch_blocks {
        arguments.extend(["--epoch-blocks".into(), blocks.to_string()]);
    }
    for index in 0..=validators {
        arguments.extend(["--fund".into(), format!("{}=1000", account(index).address())]);
    }
    for (index, address) in addresses.iter().enumerate() {
        let folder = root.join(format!("node-{index}"));
        let (name, address) = (format!("institution {index}"), address.to_string());
        zhengtong(&[
            "network",
            "key",
            "--folder",
            text(&folder),
            "--name",
            &name,
            "--address",
            &address,
        ]);
        arguments.push(text(&folder.join("card.json")).to_owned());
    }
    zhengtong(&arguments);
    plan
}

/// Keys, plan and ceremony of validators, each command a process of its own; one key is the council.
pub fn found(root: &Path, validators: usize) -> Setup {
    found_governed(root, validators, &one_key(), None)
}

/// The same with another council, as arguments of `network plan`, and epochs of another length if one is given.
pub fn found_governed(
    root: &Path,
    validators: usize,
    council: &[String],
    epoch_blocks: Option<u64>,
) -> Setup {
    found_by(
        root,
        &make_plan(root, validators, council, epoch_blocks),
        validators,
    )
}

fn found_by(root: &Path, plan: &Path, validators: usize) -> Setup {
    let hash = after(&zhengtong(&["network", "check", text(plan)]), "plan hash").to_owned();
    zhengtong(&["network", "check", text(plan), "--hash", &hash]);

    let rpc = ports(validators + 1);
    let dkg = |index: usize| {
        let folder = root.join(format!("node-{index}"));
        Process::start(&[
            "network",
            "dkg",
            "--folder",
            text(&folder),
            "--plan",
            text(plan),
            "--rpc",
            &rpc[index].to_string(),
        ])
    };
    // One that is killed while it waits goes on when it is started again.
    let mut killed = dkg(0);
    killed.wait_for("waiting for");
    killed.kill();
    let parts: Vec<Process> = (0..validators).map(dkg).collect();
    let printed: Vec<String> = parts.into_iter().map(|part| part.finish().join("\n")).collect();
    let (key, genesis) = (
        after(&printed[0], "network key"),
        after(&printed[0], "genesis hash"),
    );
    for (index, printed) in printed.iter().enumerate() {
        assert_eq!(after(printed, "network key"), key);
        assert_eq!(after(printed, "genesis hash"), genesis);
        let folder = root.join(format!("node-{index}"));
        let file = folder.join("network.json");
        let checked = zhengtong(&["network", "check", text(&file), "--hash", genesis]);
        assert_eq!(after(&checked, "network key"), key);
        assert!(!folder.join("ceremony").exists(), "its secrets are deleted");
    }
    Setup {
        root: root.into(),
        rpc,
        key: key.parse().expect("a key"),
    }
}

/// Sets up one more node, without a vote, that all validators let in.
pub fn add_follower(setup: &Setup, index: usize) {
    let (folder, address) = (setup.node(index), ports(1)[0].to_string());
    zhengtong(&[
        "network",
        "follow",
        "--folder",
        text(&folder),
        "--name",
        "press",
        "--address",
        &address,
        "--network",
        text(&setup.node(0).join("network.json")),
        "--rpc",
        &setup.rpc[index].to_string(),
    ]);
    let card = folder.join("card.json");
    for validator in 0..index {
        let config = setup.node(validator).join("node.toml");
        zhengtong(&["network", "admit", "--config", text(&config), text(&card)]);
    }
}

#[test]
fn what_would_go_wrong_is_refused() {
    let root = tempfile::tempdir().expect("a folder");
    let root = root.path();
    let plan = make_plan(root, 2, &one_key(), None);
    let node = root.join("node-0");
    let said = refused(&[
        "network",
        "key",
        "--folder",
        text(&node),
        "--name",
        "x",
        "--address",
        "127.0.0.1:1",
    ]);
    assert!(said.contains("identity.key is there already"), "{said}");
    let said = refused(&[
        "network",
        "key",
        "--folder",
        text(&root.join("other")),
        "--name",
        "x",
        "--address",
        "0.0.0.0:1",
    ]);
    assert!(said.contains("0.0.0.0:1"), "{said}");

    let shown = zhengtong(&["network", "check", text(&plan)]);
    for line in [
        "  epochs     3600 blocks each, 2 h where nothing happens",
        "  blocks     300000000 gas at most",
        "  recovery   of an account waits 3 days",
        "  delegates  none",
        "  3 accounts have 3000 ether together",
    ] {
        assert!(shown.contains(line), "no {line:?} in {shown}");
    }
    assert!(!shown.contains(&u64::MAX.to_string()), "{shown}");

    let said = refused(&["network", "check", text(&plan), "--hash", "0x12"]);
    assert!(said.contains("64 hexadecimal digits, and this has 2"), "{said}");
    let named = root.join("named");
    let (name, place) = (["--name", "x"], ["--address", "node.example:9700"]);
    let said = refused(&[&["network", "key", "--folder", text(&named)][..], &name, &place].concat());
    assert!(said.contains("write it as IP:port"), "{said}");

    let zero = format!("0x{}", "00".repeat(32));
    let said = refused(&["network", "check", text(&plan), "--hash", &zero]);
    assert!(said.contains("do not use this file"), "{said}");

    let card = node.join("card.json");
    let before = fs::read(&plan).expect("exists");
    let governor = account(0).address().to_string();
    let other_card = root.join("node-1/card.json");
    let planned = |out: &Path, more: &[&str], second: &Path| {
        let words = [
            "network",
            "plan",
            "--name",
            "x",
            "--chain-id",
            "1",
            "--out",
            text(out),
        ];
        refused(&[&words[..], more, &[text(&card), text(second)]].concat())
    };
    let said = planned(&plan, &["--council", &governor], &other_card);
    assert!(said.contains("plan.json is there already"), "{said}");
    assert_eq!(fs::read(&plan).expect("exists"), before);
    let new = root.join("new.json");
    let said = planned(&new, &[], &other_card);
    assert!(said.contains("--council") && said.contains("--member"), "{said}");
    for (option, value) in [
        ("--member", governor.clone()),
        ("--delegate", governor.clone()),
        ("--fund", format!("{governor}=1")),
    ] {
        let council = if option == "--member" {
            vec![]
        } else {
            vec!["--council", &governor]
        };
        let options = [&council[..], &[option, &value, option, &value]].concat();
        let said = planned(&new, &options, &other_card);
        assert!(
            said.contains(&format!("{option} names {governor} twice")),
            "{said}"
        );
    }
    assert!(!new.exists());
    let said = planned(&root.join("twice.json"), &["--council", &governor], &card);
    assert!(said.contains("same key"), "{said}");

    let stranger = root.join("stranger");
    zhengtong(&[
        "network",
        "key",
        "--folder",
        text(&stranger),
        "--name",
        "x",
        "--address",
        "127.0.0.1:1",
    ]);
    let said = refused(&[
        "network",
        "dkg",
        "--folder",
        text(&stranger),
        "--plan",
        text(&plan),
    ]);
    assert!(said.contains("is not in the plan"), "{said}");

    // Two that hold different plans find out before a key is made.
    let other = root.join("other.json");
    let changed = fs::read_to_string(&plan)
        .expect("exists")
        .replace("\"test\"", "\"rest\"");
    fs::write(&other, changed).expect("writes");
    let mut first = Process::start(&["network", "dkg", "--folder", text(&node), "--plan", text(&plan)]);
    first.wait_for("waiting for");
    let said = refused(&[
        "network",
        "dkg",
        "--folder",
        text(&root.join("node-1")),
        "--plan",
        text(&other),
    ]);
    assert!(said.contains("institution 0 has another plan"), "{said}");
    assert!(!node.join("share.key").exists());
    let said = refused(&["node", "--config", text(&root.join("nowhere.toml"))]);
    assert!(said.contains("nowhere.toml"), "{said}");
}
