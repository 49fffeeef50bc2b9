use crate::node::{COUNTED, COUNTER, Node};
use alloy_primitives::{Address, Bytes, TxKind};
use jsonrpsee::{
    core::client::{ClientT as _, Error, Subscription, SubscriptionClientT as _},
    rpc_params,
    ws_client::{WsClient, WsClientBuilder},
};
use serde_json::{Value, json};

async fn connect(node: &Node) -> WsClient {
    WsClientBuilder::default()
        .build(format!("ws://{}", node.server.address()))
        .await
        .unwrap()
}

async fn subscribe(
    client: &WsClient,
    params: jsonrpsee::core::params::ArrayParams,
) -> Result<Subscription<Value>, Error> {
    client.subscribe("eth_subscribe", params, "eth_unsubscribe").await
}

#[tokio::test]
async fn heads_come_in_order_without_a_gap() {
    let node = Node::manual().await;
    let client = connect(&node).await;
    let mut heads = subscribe(&client, rpc_params!["newHeads"]).await.unwrap();
    // More than the chain's channel holds, so that what was missed is read again.
    for _ in 0..200 {
        node.chain.mine();
    }
    for number in 1..=200 {
        let head = heads.next().await.unwrap().unwrap();
        assert_eq!(head["number"], format!("{number:#x}"));
        assert!(head["hash"].is_string() && head["logsBloom"].is_string());
    }
    heads.unsubscribe().await.unwrap();
}

#[tokio::test]
async fn logs_and_transactions_are_pushed() {
    let node = Node::manual().await;
    let client = connect(&node).await;
    let mut logs = subscribe(&client, rpc_params!["logs", json!({ "topics": [COUNTED] })])
        .await
        .unwrap();
    let mut none = subscribe(&client, rpc_params!["logs", json!({ "address": Address::ZERO })])
        .await
        .unwrap();
    let mut hashes = subscribe(&client, rpc_params!["newPendingTransactions"])
        .await
        .unwrap();
    let mut full = subscribe(&client, rpc_params!["newPendingTransactions", true])
        .await
        .unwrap();
    let deployed = node.send(&node.sign(0, TxKind::Create, COUNTER, 0)).await;
    assert_eq!(hashes.next().await.unwrap().unwrap(), json!(deployed));
    assert_eq!(full.next().await.unwrap().unwrap()["hash"], json!(deployed));
    let wanted = json!({ "transactionHashes": [deployed] });
    let mut receipts = subscribe(&client, rpc_params!["transactionReceipts", wanted])
        .await
        .unwrap();
    node.chain.mine();
    let receipt = node.ask("eth_getTransactionReceipt", json!([deployed])).await;
    assert_eq!(receipts.next().await.unwrap().unwrap(), json!([receipt]));
    let contract = node.key.address().create(0);
    let counted = node.send(&node.sign(1, contract.into(), Bytes::new(), 0)).await;
    node.chain.mine();
    let log = logs.next().await.unwrap().unwrap();
    assert_eq!(
        (&log["transactionHash"], &log["blockNumber"]),
        (&json!(counted), &json!("0x2"))
    );
    let quiet = tokio::time::timeout(std::time::Duration::from_millis(100), none.next()).await;
    assert!(quiet.is_err());
    let number: String = client.request("eth_blockNumber", rpc_params![]).await.unwrap();
    assert_eq!(number, "0x2");
}

#[tokio::test]
async fn a_transaction_that_is_in_a_block_at_once_is_pushed_whole() {
    let node = Node::instant().await;
    let client = connect(&node).await;
    let mut full = subscribe(&client, rpc_params!["newPendingTransactions", true])
        .await
        .unwrap();
    let deployed = node.send(&node.sign(0, TxKind::Create, COUNTER, 0)).await;
    let pushed = full.next().await.unwrap().unwrap();
    assert_eq!(
        (&pushed["hash"], &pushed["blockNumber"]),
        (&json!(deployed), &json!("0x1"))
    );
}

#[tokio::test]
async fn subscriptions_are_checked_and_bounded() {
    let node = Node::manual().await;
    let client = connect(&node).await;
    for (params, expected) in [
        (rpc_params!["nothing"], "invalid argument 0 (kind)"),
        (rpc_params!["newHeads", true], "invalid argument 1 (params)"),
        (
            rpc_params!["logs", json!({ "topics": "x" })],
            "invalid argument 1 (params)",
        ),
        (rpc_params![], "missing value for required argument 0 (kind)"),
    ] {
        let Err(Error::Call(error)) = subscribe(&client, params).await else {
            panic!("{expected}")
        };
        assert_eq!(error.code(), -32602);
        assert!(error.message().starts_with(expected), "{error}");
    }
    let mut kept = Vec::new();
    for _ in 0..64 {
        kept.push(subscribe(&client, rpc_params!["newHeads"]).await.unwrap());
    }
    let Err(Error::Call(error)) = subscribe(&client, rpc_params!["newHeads"]).await else {
        panic!("it is bounded")
    };
    assert_eq!(error.code(), -32006);
}
