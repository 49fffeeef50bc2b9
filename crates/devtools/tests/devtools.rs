//! The methods of a development chain, as tools ask for them.

mod common;

use alloy_primitives::{Address, B256, U256, address, b256, hex};
use common::{ALICE, BOB, Chain, quantity};
use futures::future::join_all;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// `sstore(0, timestamp())`.
const KEEPS_TIME: &str = "0x425f5500";
/// A contract without an owner.
const CONTRACT: Address = address!("00000000000000000000000000000000000c0de5");

#[tokio::test]
async fn a_transaction_is_in_a_block_of_its_own_when_it_is_answered() {
    let chain = Chain::new();
    for number in 1..=3 {
        let hash = chain.transfer(ALICE, BOB, 1).await;
        let receipt = chain.ask("eth_getTransactionReceipt", json!([hash])).await;
        assert_eq!(receipt["blockNumber"], json!(format!("{number:#x}")));
        assert_eq!(receipt["status"], "0x1");
    }
    let block = chain.ask("eth_getBlockByNumber", json!(["latest", false])).await;
    assert_eq!(block["transactions"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn without_automine_transactions_wait_for_a_block_and_pending_shows_it() {
    let chain = Chain::new();
    chain.ask("evm_setAutomine", json!([false])).await;
    let first = chain.transfer(ALICE, BOB, 7).await;
    let second = chain.transfer(BOB, ALICE, 1).await;
    let third = chain.transfer(ALICE, BOB, 1).await;
    assert_eq!(chain.ask("eth_blockNumber", json!([])).await, "0x0");
    assert_eq!(
        chain.ask("eth_getTransactionReceipt", json!([first])).await,
        Value::Null
    );
    let waiting = chain.ask("eth_getTransactionByHash", json!([first])).await;
    assert_eq!(waiting["blockNumber"], Value::Null);
    let pending = chain.ask("eth_getBlockByNumber", json!(["pending", false])).await;
    assert_eq!(pending["number"], "0x1");
    assert_eq!(pending["transactions"], json!([first, second, third]));
    let (before, after) = (
        chain.balance(BOB, "latest").await,
        chain.balance(BOB, "pending").await,
    );
    assert_eq!(after - before, U256::from(7));
    assert_eq!(
        chain
            .ask("eth_getTransactionCount", json!([ALICE, "pending"]))
            .await,
        "0x2"
    );
    chain.ask("evm_mine", json!([])).await;
    let block = chain.ask("eth_getBlockByNumber", json!(["latest", false])).await;
    assert_eq!(block["transactions"], pending["transactions"]);
    // What was dropped is not mined.
    let dropped = chain.transfer(ALICE, BOB, 1).await;
    assert_eq!(chain.ask("hardhat_dropTransaction", json!([dropped])).await, true);
    assert_eq!(
        chain.ask("hardhat_dropTransaction", json!([dropped])).await,
        false
    );
    let refusal = chain.refusal("hardhat_dropTransaction", json!([first])).await;
    assert!(refusal.1.contains("already mined"), "{refusal:?}");
    chain.ask("evm_mine", json!([])).await;
    let block = chain.ask("eth_getBlockByNumber", json!(["latest", false])).await;
    assert_eq!(block["transactions"], json!([]));
}

/// Hardhat's `Promise.all` of transactions from one account.
#[tokio::test]
async fn transactions_sent_side_by_side_from_one_account_each_get_a_nonce_in_their_order() {
    let chain = Chain::new();
    for automine in [true, false] {
        chain.ask("evm_setAutomine", json!([automine])).await;
        let hashes = join_all((0..32).map(|_| chain.transfer(ALICE, BOB, 1))).await;
        assert_eq!(BTreeSet::from_iter(&hashes).len(), hashes.len());
        if !automine {
            chain.ask("evm_mine", json!([])).await;
            let block = chain.ask("eth_getBlockByNumber", json!(["latest", false])).await;
            assert_eq!(block["transactions"], json!(hashes));
        }
        for hash in hashes {
            let receipt = chain.ask("eth_getTransactionReceipt", json!([hash])).await;
            assert_eq!(receipt["status"], "0x1");
        }
    }
    assert_eq!(chain.ask("eth_blockNumber", json!([])).await, json!("0x21"));
}

#[tokio::test]
async fn a_revert_brings_everything_back_once() {
    let chain = Chain::new();
    chain.advance(5);
    chain.transfer(ALICE, BOB, 1).await;
    let before = chain.ask("eth_getBlockByNumber", json!(["latest", true])).await;
    let balance = chain.balance(BOB, "latest").await;
    let point = chain.ask("evm_snapshot", json!([])).await;
    let lost = chain.transfer(ALICE, BOB, 5).await;
    chain.ask("evm_increaseTime", json!([1_000])).await;
    chain.ask("hardhat_setBalance", json!([BOB, "0x0"])).await;
    chain.ask("hardhat_setCode", json!([CONTRACT, KEEPS_TIME])).await;
    let later = chain.ask("evm_snapshot", json!([])).await;
    assert_ne!(point, later);
    chain.ask("hardhat_mine", json!(["0x10"])).await;

    assert_eq!(chain.ask("evm_revert", json!([point])).await, true);
    assert_eq!(
        chain.ask("eth_getBlockByNumber", json!(["latest", true])).await,
        before
    );
    assert_eq!(chain.balance(BOB, "latest").await, balance);
    assert_eq!(chain.ask("eth_getCode", json!([CONTRACT])).await, "0x");
    assert_eq!(
        chain.ask("eth_getTransactionReceipt", json!([lost])).await,
        Value::Null
    );
    assert_eq!(chain.ask("eth_getTransactionCount", json!([ALICE])).await, "0x1");
    // The point and what came after it are used up.
    assert_eq!(chain.ask("evm_revert", json!([point])).await, false);
    assert_eq!(chain.ask("evm_revert", json!([later])).await, false);
    chain.advance(10);
    chain.transfer(ALICE, BOB, 5).await;
    let next = chain.ask("eth_getBlockByNumber", json!(["latest", false])).await;
    assert_eq!(quantity(&next["timestamp"]) - quantity(&before["timestamp"]), 10);
}

#[tokio::test]
async fn time_goes_as_it_is_told() {
    let chain = Chain::new();
    let start = chain.timestamp().await;
    assert_eq!(chain.ask("evm_increaseTime", json!(["0x64"])).await, 100);
    chain.ask("evm_mine", json!([])).await;
    assert_eq!(chain.timestamp().await, start + 100);
    chain.ask("evm_setNextBlockTimestamp", json!([start + 500])).await;
    // An estimate is for the block to come.
    let pending = chain.ask("eth_getBlockByNumber", json!(["pending", false])).await;
    assert_eq!(quantity(&pending["timestamp"]), start + 500);
    chain.ask("hardhat_setCode", json!([CONTRACT, KEEPS_TIME])).await;
    chain.send(json!({ "from": ALICE, "to": CONTRACT })).await;
    assert_eq!(chain.timestamp().await, start + 500);
    let kept = chain.ask("eth_getStorageAt", json!([CONTRACT, "0x0"])).await;
    assert_eq!(kept, json!(B256::from(U256::from(start + 500))));
    chain.advance(3);
    chain.ask("evm_mine", json!([])).await;
    assert_eq!(chain.timestamp().await, start + 503);
    chain.ask("evm_mine", json!([start + 600])).await;
    assert_eq!(chain.timestamp().await, start + 600);
    let (code, message) = chain
        .refusal("evm_setNextBlockTimestamp", json!([start + 600]))
        .await;
    assert_eq!(code, -32000);
    assert!(
        message.contains("lower than or equal to previous block's timestamp"),
        "{message}"
    );
    chain.ask("hardhat_mine", json!(["0x3", "0x3c"])).await;
    assert_eq!(chain.timestamp().await, start + 601 + 120);
    let (code, message) = chain.refusal("hardhat_mine", json!([100_001])).await;
    assert_eq!(
        (code, message.contains("at most 100000")),
        (-32005, true),
        "{message}"
    );
}

#[tokio::test]
async fn state_is_rewritten_now_and_not_in_the_past() {
    let chain = Chain::new();
    chain.ask("evm_mine", json!([])).await;
    chain.ask("evm_mine", json!([])).await;
    chain.ask("hardhat_setBalance", json!([CONTRACT, "0x2a"])).await;
    chain.ask("anvil_setNonce", json!([CONTRACT, "0x9"])).await;
    chain
        .ask("hardhat_setCode", json!([CONTRACT, "0x5f545f5260205ff3"]))
        .await;
    let word = b256!("00000000000000000000000000000000000000000000000000000000000000ff");
    chain
        .ask("hardhat_setStorageAt", json!([CONTRACT, "0x0", word]))
        .await;
    assert_eq!(chain.balance(CONTRACT, "latest").await, U256::from(42));
    assert_eq!(chain.balance(CONTRACT, "0x1").await, U256::ZERO);
    assert_eq!(
        chain.ask("eth_getTransactionCount", json!([CONTRACT])).await,
        "0x9"
    );
    assert_eq!(
        chain.ask("eth_call", json!([{ "to": CONTRACT }])).await,
        json!(word)
    );
    assert_eq!(
        chain.ask("eth_call", json!([{ "to": CONTRACT }, "0x1"])).await,
        "0x"
    );
    let (_, message) = chain
        .refusal("hardhat_setCode", json!([CONTRACT, "0xef0100"]))
        .await;
    assert!(message.contains("EIP-7702"), "{message}");
    let (code, _) = chain
        .refusal("hardhat_setNextBlockBaseFeePerGas", json!(["0x1"]))
        .await;
    assert_eq!(code, -32004);
    assert_eq!(
        chain
            .ask("hardhat_setNextBlockBaseFeePerGas", json!(["0x0"]))
            .await,
        true
    );
    chain.ask("hardhat_reset", json!([])).await;
    assert_eq!(chain.ask("eth_blockNumber", json!([])).await, "0x0");
    assert_eq!(chain.balance(CONTRACT, "latest").await, U256::ZERO);
    let forking = json!([{ "forking": { "jsonRpcUrl": "http://elsewhere" } }]);
    assert_eq!(chain.refusal("hardhat_reset", forking).await.0, -32004);
}

#[tokio::test]
async fn anyone_can_be_impersonated_and_nobody_else_sends() {
    let chain = Chain::new();
    chain.ask("hardhat_setBalance", json!([CONTRACT, "0x5"])).await;
    chain.ask("hardhat_setCode", json!([CONTRACT, "0x00"])).await;
    let transfer = json!([{ "from": CONTRACT, "to": BOB, "value": "0x2" }]);
    let (_, message) = chain.refusal("eth_sendTransaction", transfer.clone()).await;
    assert!(message.starts_with("unknown account"), "{message}");
    chain.ask("hardhat_impersonateAccount", json!([CONTRACT])).await;
    let first = chain.ask("eth_sendTransaction", transfer.clone()).await;
    let second = chain.ask("eth_sendTransaction", transfer.clone()).await;
    assert_ne!(first, second);
    let sent = chain.ask("eth_getTransactionByHash", json!([second])).await;
    assert_eq!((&sent["from"], &sent["nonce"]), (&json!(CONTRACT), &json!("0x1")));
    assert_eq!(chain.balance(CONTRACT, "latest").await, U256::ONE);
    assert_eq!(
        chain.ask("debug_traceTransaction", json!([second])).await["failed"],
        false
    );
    assert_eq!(
        chain
            .ask("hardhat_stopImpersonatingAccount", json!([CONTRACT]))
            .await,
        true
    );
    chain.refusal("eth_sendTransaction", transfer.clone()).await;
    chain.ask("anvil_autoImpersonateAccount", json!([true])).await;
    let (_, message) = chain.refusal("eth_sendTransaction", transfer).await;
    assert!(message.contains("insufficient funds"), "{message}");
}

#[tokio::test]
async fn a_revert_is_told_with_its_reason_and_its_bytes() {
    let chain = Chain::new();
    // Error("no") from memory: mstore(0, selector ‖ 0x20 ‖ 2 ‖ "no"), revert.
    let reason = hex!(
        "08c379a0"
        "0000000000000000000000000000000000000000000000000000000000000020"
        "0000000000000000000000000000000000000000000000000000000000000002"
        "6e6f000000000000000000000000000000000000000000000000000000000000"
    );
    // codecopy(0, 12, 100); revert(0, 100)
    let code = [&hex!("6064600a5f3960645ffd")[..], &reason].concat();
    chain
        .ask(
            "hardhat_setCode",
            json!([CONTRACT, alloy_primitives::hex::encode_prefixed(code)]),
        )
        .await;
    for method in ["eth_call", "eth_estimateGas", "eth_sendTransaction"] {
        let error = chain
            .error(method, json!([{ "from": ALICE, "to": CONTRACT }]))
            .await;
        assert_eq!(error["code"], 3, "{method}: {error}");
        assert_eq!(error["message"], "execution reverted: no", "{method}");
        assert_eq!(
            error["data"],
            json!(alloy_primitives::hex::encode_prefixed(reason)),
            "{method}"
        );
    }
    assert_eq!(chain.ask("eth_blockNumber", json!([])).await, "0x0");
    // With gas of its own it is in a block, and failed.
    let hash = chain
        .send(json!({ "from": ALICE, "to": CONTRACT, "gas": "0x186a0" }))
        .await;
    let receipt = chain.ask("eth_getTransactionReceipt", json!([hash])).await;
    assert_eq!(receipt["status"], "0x0");
    let (_, message) = chain
        .refusal(
            "eth_sendTransaction",
            json!([{ "from": ALICE, "to": BOB, "gas": "0x3938701" }]),
        )
        .await;
    assert!(
        message.contains("exceeds block gas limit of 60000000"),
        "{message}"
    );
}

/// Signatures by `cast wallet sign` of the first well-known key.
#[tokio::test]
async fn the_known_accounts_sign() {
    let chain = Chain::new();
    assert_eq!(chain.ask("eth_accounts", json!([])).await, json!([ALICE, BOB]));
    let expected = "0xf16ea9a3478698f695fd1401bfe27e9e4a7e8e3da94aa72b021125e31fa899cc573c48ea3fe1d4ab61a9db10c19032026e3ed2dbccba5a178235ac27f94504311c";
    let hello = json!("0x68656c6c6f");
    assert_eq!(chain.ask("personal_sign", json!([hello, ALICE])).await, expected);
    assert_eq!(chain.ask("eth_sign", json!([ALICE, hello])).await, expected);
    let (_, message) = chain.refusal("personal_sign", json!([hello, CONTRACT])).await;
    assert!(message.starts_with("unknown account"), "{message}");
    let data = json!({
        "types": {
            "EIP712Domain": [{ "name": "name", "type": "string" }],
            "Note": [{ "name": "text", "type": "string" }, { "name": "ids", "type": "uint8[2]" }],
        },
        "primaryType": "Note", "domain": { "name": "test" }, "message": { "text": "hello", "ids": [1, 2] },
    });
    let expected = "0xf386b7e023289e67cdd8d7831ac3777018638b08d2077d390b830bd6ceb39a4b5444ac01aad851d8b0bd3779a2d536f14402074fc73dbc82983899016a5f152c1c";
    for data in [data.clone(), json!(data.to_string())] {
        assert_eq!(
            chain.ask("eth_signTypedData_v4", json!([ALICE, data])).await,
            expected
        );
    }
    let (code, _) = chain
        .refusal("eth_signTypedData_v4", json!([ALICE, { "types": {} }]))
        .await;
    assert_eq!(code, -32602);
}

#[tokio::test]
async fn blocks_are_made_by_the_clock_if_they_are_wanted() {
    let chain = Chain::new();
    chain.ask("evm_setIntervalMining", json!([10])).await;
    let mut blocks = chain.subscribe();
    blocks.recv().await.expect("a block");
    blocks.recv().await.expect("another");
    assert_eq!(chain.ask("anvil_getIntervalMining", json!([])).await, 10);
    chain.ask("evm_setIntervalMining", json!([0])).await;
    assert_eq!(chain.ask("anvil_getIntervalMining", json!([])).await, Value::Null);
}

/// Every method of the page is served, and every one that a node has not or has otherwise is on the page.
#[tokio::test]
async fn the_page_names_what_is_served() {
    let chain = Chain::new();
    let page = include_str!("../../../docs/devtools.md");
    let rows = page.lines().filter(|line| line.starts_with("| `"));
    let first_cells = rows.filter_map(|row| row.split('|').nth(1));
    let named: std::collections::BTreeSet<&str> = first_cells
        .flat_map(|cell| cell.split('`').skip(1).step_by(2))
        .collect();
    let served = chain.names();
    for name in &named {
        assert!(served.contains(*name), "{name} is on the page and not served");
    }
    let document: Value =
        serde_json::from_str(include_str!("../../../docs/openrpc.json")).expect("a document");
    let of_node: Vec<&str> = document["methods"]
        .as_array()
        .expect("methods")
        .iter()
        .filter(|method| method["deprecated"] != true || method["name"] == "eth_getProof")
        .filter_map(|method| method["name"].as_str())
        .collect();
    for name in &served {
        assert!(
            named.contains(name.as_str()) || of_node.contains(&name.as_str()),
            "{name} is served and not on the page"
        );
    }
    assert!(!served.iter().any(|name| name.starts_with("zhengtong_")));
    let client = chain.ask("web3_clientVersion", json!([])).await;
    assert!(
        client
            .as_str()
            .is_some_and(|client| client.starts_with("anvil") && client.contains("zhengtong"))
    );
}

/// An account that delegates to a contract runs its code (EIP-7702).
#[tokio::test]
async fn accounts_delegate_to_whatever_they_like() {
    let chain = Chain::new();
    chain.ask("hardhat_setCode", json!([CONTRACT, KEEPS_TIME])).await;
    let authorization = common::authorization(CONTRACT, 1);
    let hash = chain
        .send(json!({ "from": ALICE, "to": ALICE, "gas": "0x30d40", "authorizationList": [authorization] }))
        .await;
    let receipt = chain.ask("eth_getTransactionReceipt", json!([hash])).await;
    assert_eq!(
        (&receipt["type"], &receipt["status"]),
        (&json!("0x4"), &json!("0x1"))
    );
    let code = format!("0xef0100{}", alloy_primitives::hex::encode(CONTRACT));
    assert_eq!(chain.ask("eth_getCode", json!([ALICE])).await, code);
    let kept = chain.ask("eth_getStorageAt", json!([ALICE, "0x0"])).await;
    assert_eq!(kept, json!(B256::from(U256::from(chain.timestamp().await))));
    // The account still sends, and takes the delegation back.
    let authorization = common::authorization(Address::ZERO, 3);
    chain
        .send(json!({ "from": ALICE, "to": BOB, "gas": "0x30d40", "authorizationList": [authorization] }))
        .await;
    assert_eq!(chain.ask("eth_getCode", json!([ALICE])).await, "0x");
}
