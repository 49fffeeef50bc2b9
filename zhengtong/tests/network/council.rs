//! A network whose council has members: they propose, vote and execute with the documented commands.

use crate::{
    cold::Cold,
    commands::{Setup, after, found_governed, text},
    processes::{PATIENCE, ports, refused, zhengtong},
    transfers::connect,
};
use alloy_primitives::{B256, hex};
use alloy_sol_types::SolCall as _;
use std::{
    fs,
    path::{Path, PathBuf},
    time::Instant,
};
use zhengtong_bindings::{Statutes, Validators, addresses, statute_id, statutes::IStatutes::Statute};

const VALIDATORS: usize = 4;

/// Makes a voting key, and answers its address.
pub fn member(root: &Path, name: &str) -> (PathBuf, String) {
    let path = root.join(format!("{name}.key"));
    let printed = zhengtong(&["council", "key", "--out", text(&path)]);
    let address = after(&printed, "member").split(' ').next().expect("an address");
    (path, address.to_owned())
}

/// Members with keys of their own, and the arguments of `network plan` that make them the council.
pub fn members(root: &Path, count: usize) -> (Vec<(PathBuf, String)>, Vec<String>) {
    let members: Vec<_> = (0..count)
        .map(|index| member(root, &format!("member-{index}")))
        .collect();
    let mut council = vec!["--execution-delay".to_owned(), "1".to_owned()];
    for (_, address) in &members {
        council.extend(["--member".to_owned(), address.clone()]);
    }
    (members, council)
}

/// A command of the council, through the first node.
pub fn arguments(setup: &Setup, key: Option<&Path>, words: &[&str]) -> Vec<String> {
    let network = setup.node(0).join("network.json");
    let rpc = format!("http://{}", setup.rpc[0]);
    let rest = ["--rpc", &rpc, "--network", text(&network)];
    let mut all = ["council"].map(str::to_owned).to_vec();
    all.extend(words.iter().chain(&rest).map(|word| (*word).to_owned()));
    if let Some(key) = key {
        all.extend(["--key".to_owned(), text(key).to_owned()]);
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn members_decide_who_validates_and_what_holds() {
    let root = tempfile::tempdir().expect("a folder");
    let root = root.path();
    let (mut members, mut council) = members(root, VALIDATORS);
    // The key of one of them is on another machine.
    let cold = Cold::make(root);
    let of_member = council.iter_mut().find(|argument| **argument == members[1].1);
    of_member.expect("a member").clone_from(&cold.address);
    members[1].1.clone_from(&cold.address);
    let (stranger, stranger_address) = member(root, "stranger");
    let setup = found_governed(root, VALIDATORS, &council, None);
    let _running: Vec<_> = (0..VALIDATORS).map(|index| setup.start(index)).collect();
    let run = |key: &Path, words: &[&str]| zhengtong(&arguments(&setup, Some(key), words));
    let fails = |key: &Path, words: &[&str]| refused(&arguments(&setup, Some(key), words));

    // A newcomer's operator sends its card.
    let newcomer = root.join("newcomer");
    let address = ports(1)[0].to_string();
    let made = [
        "network",
        "key",
        "--folder",
        text(&newcomer),
        "--name",
        "卫生健康委",
        "--address",
        &address,
    ];
    let key = after(&zhengtong(&made), "key").to_owned();
    let card = newcomer.join("card.json");
    let add = [
        "propose",
        "add-validator",
        text(&card),
        "--why",
        "the health commission joins",
    ];

    let said = fails(&stranger, &add);
    assert!(
        said.contains(&format!("{stranger_address} is not a member of the council")),
        "{said}"
    );
    let said = fails(
        &members[0].0,
        &["propose", "add-validator", text(&root.join("plan.json"))],
    );
    assert!(said.contains("plan.json"), "{said}");
    // What cannot be done is said before anybody votes on it.
    let (nobody, nowhere) = (format!("0x{}", "77".repeat(32)), members[1].1.as_str());
    for (what, says) in [
        (
            &["remove-validator", &nobody][..],
            "unknown validator: key 0x7777",
        ),
        (&["remove-member", &stranger_address], "not member: account"),
        (&["add-member", nowhere], "already member"),
        (
            &["quota", "7", "--name", "x", "--account", "1", "--total", "1"],
            "there is no class 7; there are 0 to 4, and 5 would be the next",
        ),
        (
            &["quota", "3", "--account", "99999999", "--total", "1"],
            "too little to govern",
        ),
        (&["assign-quota", "9", nowhere], "there is no class 9"),
    ] {
        let said = fails(&members[0].0, &[&["propose"], what].concat());
        assert!(said.contains(says) && said.contains("--anyway"), "{said}");
    }
    let said = run(&members[0].0, &add);
    assert!(said.contains("proposal 1  the health commission joins"), "{said}");
    assert!(
        said.contains(&format!("validators: add {key} \"卫生健康委\" at \"{address}\"")),
        "{said}"
    );
    assert!(said.contains("0 for of 3 needed"), "{said}");
    let said = fails(&members[2].0, &add);
    assert!(said.contains("the same was proposed already"), "{said}");

    // Two of four are not enough; nobody votes twice, and strangers do not.
    let said = fails(&stranger, &["vote", "1", "for"]);
    assert!(said.contains("is not a member of the council"), "{said}");
    run(&members[0].0, &["vote", "1", "for"]);
    let said = fails(&members[0].0, &["vote", "1", "for"]);
    assert!(said.contains("has voted already"), "{said}");
    let (shown, said) = cold.council(&setup, &["vote", "1", "for"]);
    for line in [
        "表决 / vote: 1 (赞成 for)",
        "提案说明 / the proposal says: the health commission joins",
        "合约 / contract: 验证节点 Validators",
        "操作 / function: 增加验证节点 add a validator (add)",
        "名称 / name: \"卫生健康委\"",
        &format!("密钥 / key: {key}"),
    ] {
        assert!(shown.contains(line), "no {line:?} in {shown}");
    }
    let said = said.join("\n");
    assert!(
        said.contains("2 for of 3 needed") && !said.contains("it is carried"),
        "{said}"
    );
    let said = fails(&members[0].0, &["execute", "1"]);
    assert!(
        said.contains("proposal 1 is not carried: 2 for of 3 needed"),
        "{said}"
    );
    let said = fails(&members[0].0, &["vote", "2", "for"]);
    assert!(said.contains("there is no proposal 2"), "{said}");

    // Three are, and anybody carries it out.
    let said = run(&members[3].0, &["vote", "1", "for"]);
    assert!(said.contains("it is carried"), "{said}");
    let said = fails(&members[2].0, &["vote", "1", "against"]);
    assert!(said.contains("can be voted on no more"), "{said}");
    let said = run(&stranger, &["execute", "1"]);
    assert!(said.contains("proposal 1 is executed"), "{said}");
    let said = fails(&stranger, &["execute", "1"]);
    assert!(said.contains("was executed already"), "{said}");

    // The rest of the contracts are governed alike.
    let statute = Statute {
        law: "老年人权益保障法".into(),
        article: "第一条".into(),
        textHash: B256::repeat_byte(7),
        validFrom: 1,
        validTo: 0,
    };
    let id = statute_id(&statute.law, &statute.article);
    let call = format!(
        "statutes=0x{}",
        hex::encode(Statutes::listCall::new((statute,)).abi_encode())
    );
    run(&members[2].0, &["propose", "call", &call]);
    for (key, _) in [&members[0], &members[2], &members[3]] {
        run(key, &["vote", "2", "for"]);
    }
    run(&members[2].0, &["execute", "2"]);

    // Everyone sees it, at any node.
    let said = zhengtong(&arguments(&setup, None, &["list"]));
    assert!(said.contains("5 validators"), "{said}");
    assert!(
        said.contains(&format!("validator {key}  {address}  卫生健康委")),
        "{said}"
    );
    assert!(
        said.contains("2 proposals") && said.contains("state     executed"),
        "{said}"
    );
    for (_, member) in &members {
        assert!(said.contains(member), "{said}");
    }
    let other = connect(setup.rpc[3], setup.key).await;
    let started = Instant::now();
    while other
        .read(addresses().statutes, &Statutes::inForceCall { id, time: 7 })
        .await
        .is_ok_and(|holds| !holds)
    {
        assert!(started.elapsed() < PATIENCE, "node 3 does not follow");
    }
    let listed = other.read(addresses().validators, &Validators::listCall {}).await;
    let listed = listed.expect("it serves");
    let file = fs::read_to_string(setup.node(0).join("network.json")).expect("exists");
    assert_eq!(listed.len(), VALIDATORS + 1);
    for validator in &listed {
        let is_of_genesis = file.contains(&validator.key.to_string());
        assert_eq!(validator.key.to_string() == key, !is_of_genesis);
        assert_eq!(
            validator.location.is_empty(),
            is_of_genesis,
            "the network file has their addresses"
        );
        assert!(!validator.name.is_empty());
    }
}

#[test]
fn a_plan_names_one_key_or_members() {
    let root = tempfile::tempdir().expect("a folder");
    let card = root.path().join("node").join("card.json");
    let folder = root.path().join("node");
    zhengtong(&[
        "network",
        "key",
        "--folder",
        text(&folder),
        "--name",
        "x",
        "--address",
        "127.0.0.1:1",
    ]);
    let address = format!("0x{}", "11".repeat(20));
    let with = |council: &[&str]| {
        let mut all = vec!["network", "plan", "--name", "x", "--chain-id", "1", text(&card)];
        all.extend(council);
        refused(&all)
    };
    let said = with(&[]);
    assert!(said.contains("--council"), "{said}");
    let said = with(&["--council", &address, "--member", &address]);
    assert!(said.contains("cannot be used with"), "{said}");
    let said = with(&["--council", &address, "--voting-period", "60"]);
    assert!(said.contains("cannot be used with"), "{said}");
}
