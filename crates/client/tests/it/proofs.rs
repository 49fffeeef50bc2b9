use crate::node::{Node, Parrot, transfer};
use alloy_primitives::{Address, B256};
use serde_json::{Value, json};
use std::time::Duration;
use zhengtong_client::{Client, ClientError};

async fn raw(url: &str, method: &str, params: Value) -> Value {
    use jsonrpsee::{core::client::ClientT as _, http_client::HttpClient};
    let client = HttpClient::builder().build(url).unwrap();
    let mut array = jsonrpsee::core::params::ArrayParams::new();
    for param in params.as_array().unwrap() {
        array.insert(param).unwrap();
    }
    client.request(method, array).await.unwrap()
}

#[tokio::test]
async fn a_final_transaction_is_proven() {
    let node = Node::instant().await;
    let account = node.account().await;
    let receipt = account.execute(&transfer()).await.unwrap();
    assert!(receipt.succeeded());
    let client = account.client();
    let again = client.wait_final(receipt.transaction_hash()).await.unwrap();
    assert_eq!(again, receipt);
    assert_eq!(client.header(1).await.unwrap(), *receipt.header());
    assert_eq!(
        client.block(1).await.unwrap().receipts()[0].0,
        receipt.transaction_hash()
    );
}

#[tokio::test]
async fn waiting_ends() {
    let node = Node::manual().await;
    let account = node.account().await;
    let (hash, _) = account.submit(&transfer()).await.unwrap();
    let limit = Duration::from_millis(120);
    let error = account
        .client()
        .wait_final_for(hash, limit)
        .await
        .expect_err("no block is made");
    assert!(
        matches!(error, ClientError::NotFinal { waited, .. } if waited >= limit),
        "{error}"
    );
    node.chain.mine();
    account.client().wait_final_for(hash, limit).await.unwrap();
    let unknown = account.client().receipt(B256::ZERO).await.expect_err("unknown");
    assert!(
        matches!(unknown, ClientError::Refused { code: -32000, .. }),
        "{unknown}"
    );
}

/// A node that knows the network and gives other answers than it should.
async fn liar(node: &Node, answers: &[(&'static str, Value)]) -> Client {
    let mut all = vec![
        ("eth_chainId", json!("0x4f24")),
        (
            "zhengtong_network",
            raw(&node.url(), "zhengtong_network", json!([])).await,
        ),
        ("eth_getTransactionReceipt", json!({})),
    ];
    all.extend(answers.iter().cloned());
    let parrot = Parrot::start(&all).await;
    let client = Client::connect(&parrot.url(), Some(node.key())).await.unwrap();
    // The server lives as long as the test.
    std::mem::forget(parrot);
    client
}

#[tokio::test]
async fn lies_are_found() {
    let node = Node::instant().await;
    let account = node.account().await;
    let first = account.execute(&transfer()).await.unwrap().transaction_hash();
    let second = account.execute(&transfer()).await.unwrap().transaction_hash();
    let proof = raw(&node.url(), "zhengtong_getReceiptProof", json!([first])).await;
    let block = raw(&node.url(), "zhengtong_getFinalizedBlock", json!([1])).await;
    let finality = raw(&node.url(), "zhengtong_getFinalization", json!([1])).await;

    let client = liar(&node, &[("zhengtong_getReceiptProof", proof.clone())]).await;
    client.wait_final(first).await.unwrap();
    let error = client
        .wait_final(second)
        .await
        .expect_err("another transaction's proof");
    assert!(matches!(error, ClientError::Unproven(_)), "{error}");

    let mut changed = proof;
    let text = changed["receipt"].as_str().unwrap().replace("01", "00");
    changed["receipt"] = json!(text);
    let client = liar(&node, &[("zhengtong_getReceiptProof", changed)]).await;
    let error = client.wait_final(first).await.expect_err("another receipt");
    assert!(matches!(error, ClientError::Unproven(_)), "{error}");

    let client = liar(
        &node,
        &[
            ("zhengtong_getFinalizedBlock", block.clone()),
            ("zhengtong_getFinalization", finality),
        ],
    )
    .await;
    client.block(1).await.unwrap();
    assert!(matches!(client.block(2).await, Err(ClientError::Unproven(_))));
    assert!(matches!(client.header(2).await, Err(ClientError::Unproven(_))));

    let mut empty = block;
    (empty["transactions"], empty["receipts"]) = (json!([]), json!([]));
    let client = liar(&node, &[("zhengtong_getFinalizedBlock", empty)]).await;
    let error = client.block(1).await.expect_err("a transaction is left out");
    assert!(matches!(error, ClientError::Unproven(_)), "{error}");
}

#[tokio::test]
async fn state_is_proven_and_about_what_was_asked() {
    // A proof with real keys and a real state tree, which a mock chain does not have.
    let golden = include_str!("../../../types/tests/golden/proofs.json");
    let golden: Value = serde_json::from_str(golden).unwrap();
    let network = &golden["networks"][0];
    let node = Node::instant().await;
    let mut info = raw(&node.url(), "zhengtong_network", json!([])).await;
    info["publicKey"] = network["publicKey"].clone();
    let parrot = Parrot::start(&[
        ("eth_chainId", json!("0x4f24")),
        ("zhengtong_network", info),
        ("zhengtong_getStateProof", network["state"].clone()),
    ])
    .await;
    let client = Client::connect(&parrot.url(), None).await.unwrap();
    let address: Address = "0x00000000000000000000000000000000000c0de0".parse().unwrap();
    let slots = [1, 2].map(B256::with_last_byte);
    let state = client.state(address, &slots).await.unwrap();
    assert_eq!(state.slot(slots[0]), Some(B256::repeat_byte(0x33)));
    assert_eq!(state.slot(slots[1]), Some(B256::ZERO));
    let other = client
        .state(Address::ZERO, &[])
        .await
        .expect_err("another account");
    assert!(matches!(other, ClientError::Answer { .. }), "{other}");
    let missing = client
        .state(address, &[B256::with_last_byte(9)])
        .await
        .expect_err("not proven");
    assert!(matches!(missing, ClientError::Answer { .. }), "{missing}");
}
