use crate::node::{COUNTED, Node};
use alloy_primitives::{Address, Bytes};
use serde_json::{Value, json};

/// A node with a counter that counted to `times` in blocks 2, 3 …
async fn counted(times: u64) -> (Node, Address) {
    let node = Node::instant().await;
    let contract = node.deploy().await;
    for nonce in 1..=times {
        node.send(&node.sign(nonce, contract.into(), Bytes::new(), 0))
            .await;
    }
    (node, contract)
}

fn length(value: &Value) -> usize {
    value.as_array().unwrap().len()
}

#[tokio::test]
async fn logs_are_found_by_range_address_and_topic() {
    let (node, contract) = counted(4).await;
    let ask = async |filter: Value| length(&node.ask("eth_getLogs", json!([filter])).await);
    assert_eq!(ask(json!({ "fromBlock": "0x0", "toBlock": "latest" })).await, 4);
    assert_eq!(ask(json!({ "fromBlock": "earliest" })).await, 4);
    assert_eq!(ask(json!({})).await, 1);
    assert_eq!(ask(json!({ "fromBlock": "0x2", "toBlock": "0x3" })).await, 2);
    assert_eq!(ask(json!({ "fromBlock": "0x0", "toBlock": "0xffffff" })).await, 4);
    assert_eq!(
        ask(json!({ "fromBlock": "0xfffff0", "toBlock": "0xffffff" })).await,
        0
    );
    assert_eq!(ask(json!({ "fromBlock": "0x0", "address": contract })).await, 4);
    assert_eq!(
        ask(json!({ "fromBlock": "0x0", "address": [contract, Address::ZERO] })).await,
        4
    );
    assert_eq!(
        ask(json!({ "fromBlock": "0x0", "address": Address::ZERO })).await,
        0
    );
    assert_eq!(ask(json!({ "fromBlock": "0x0", "topics": [COUNTED] })).await, 4);
    assert_eq!(ask(json!({ "fromBlock": "0x0", "topics": [null] })).await, 4);
    assert_eq!(
        ask(json!({ "fromBlock": "0x0", "topics": [[COUNTED, contract.into_word()]] })).await,
        4
    );
    assert_eq!(
        ask(json!({ "fromBlock": "0x0", "topics": [contract.into_word()] })).await,
        0
    );
    let block = node.ask("eth_getBlockByNumber", json!(["0x3"])).await;
    let logs = node
        .ask("eth_getLogs", json!([{ "blockHash": block["hash"] }]))
        .await;
    assert_eq!((length(&logs), &logs[0]["blockNumber"]), (1, &json!("0x3")));
}

#[tokio::test]
async fn log_queries_are_bounded() {
    let (node, _) = counted(1).await;
    for (filter, code, expected) in [
        (
            json!({ "fromBlock": "0x2", "toBlock": "0x1" }),
            -32602,
            "invalid block range params",
        ),
        (json!({ "blockHash": COUNTED }), -32000, "header not found"),
        (
            json!({ "blockHash": COUNTED, "fromBlock": "0x1" }),
            -32602,
            "invalid argument 0 (filter)",
        ),
        (
            json!({ "topics": [null, null, null, null, null] }),
            -32602,
            "invalid argument 0 (filter)",
        ),
        (
            json!({ "address": (0..1001u32).map(|i| format!("0x{i:040x}")).collect::<Vec<_>>() }),
            -32005,
            "the filter names 1001",
        ),
    ] {
        let refusal = node.refusal("eth_getLogs", json!([filter])).await;
        assert_eq!(refusal.code, code, "{refusal:?}");
        assert!(refusal.message.starts_with(expected), "{refusal:?}");
    }
    for _ in 0..10_000 {
        node.chain.mine();
    }
    let refusal = node.refusal("eth_getLogs", json!([{ "fromBlock": "0x0" }])).await;
    assert_eq!(refusal.code, -32005);
    assert_eq!(
        refusal.message,
        "query exceeds max block range 10000; ask for fromBlock 0x0 to toBlock 0x270f"
    );
}

#[tokio::test]
async fn filters_report_what_is_new() {
    let node = Node::manual().await;
    let blocks = node.ask("eth_newBlockFilter", json!([])).await;
    let pending = node.ask("eth_newPendingTransactionFilter", json!([])).await;
    let logs = node.ask("eth_newFilter", json!([{ "topics": [COUNTED] }])).await;
    let changes = async |id: &Value| node.ask("eth_getFilterChanges", json!([id])).await;
    assert_eq!(changes(&blocks).await, json!([]));
    let contract = node.deploy().await;
    let first = node.chain.mine();
    let sent = node.send(&node.sign(1, contract.into(), Bytes::new(), 0)).await;
    let second = node.chain.mine();
    assert_eq!(changes(&blocks).await, json!([first.hash, second.hash]));
    assert_eq!(changes(&blocks).await, json!([]));
    assert_eq!(
        changes(&pending).await.as_array().unwrap().last().unwrap(),
        &json!(sent)
    );
    assert_eq!(changes(&pending).await, json!([]));
    let found = changes(&logs).await;
    assert_eq!((length(&found), &found[0]["transactionHash"]), (1, &json!(sent)));
    assert_eq!(changes(&logs).await, json!([]));
    assert_eq!(length(&node.ask("eth_getFilterLogs", json!([logs])).await), 1);
    assert_eq!(node.ask("eth_uninstallFilter", json!([logs])).await, true);
    assert_eq!(node.ask("eth_uninstallFilter", json!([logs])).await, false);
    for id in [&logs, &json!("0x1")] {
        let refusal = node.refusal("eth_getFilterChanges", json!([id])).await;
        assert_eq!(
            (refusal.code, refusal.message.as_str()),
            (-32000, "filter not found")
        );
    }
    let refusal = node.refusal("eth_getFilterLogs", json!([blocks])).await;
    assert_eq!(refusal.message, "filter not found");
}

#[tokio::test]
async fn filters_are_bounded_in_number() {
    let node = Node::manual().await;
    for _ in 0..1_000 {
        node.ask("eth_newBlockFilter", json!([])).await;
    }
    let refusal = node.refusal("eth_newBlockFilter", json!([])).await;
    assert_eq!(refusal.code, -32005);
}
