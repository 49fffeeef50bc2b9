//! A node that began at a block near the tip says so, in geth's words, when it is asked for an older one.

use crate::node::Node;
use alloy_primitives::Bytes;
use serde_json::{Value, json};

/// A node with blocks 1 to 6 that keeps those from 4 on.
async fn node() -> (Node, Value, Value) {
    let node = Node::instant().await;
    let contract = node.deploy().await;
    let mut hashes = Vec::new();
    for nonce in 1..6 {
        let raw = node.sign(nonce, contract.into(), Bytes::new(), 0);
        hashes.push(json!(node.send(&raw).await));
    }
    let old = node.ask("eth_getBlockByNumber", json!(["0x3", false])).await;
    node.chain.begin_at(4);
    (node, old["hash"].clone(), hashes[1].clone())
}

#[tokio::test]
async fn what_is_older_is_refused_and_the_rest_is_served() {
    let (node, old_hash, _) = node().await;
    let refused = [
        ("eth_getBlockByNumber", json!(["0x3", false])),
        ("eth_getBlockByHash", json!([old_hash, false])),
        ("eth_getHeaderByNumber", json!(["0x1"])),
        ("eth_getBlockReceipts", json!(["0x3"])),
        ("eth_getBlockTransactionCountByNumber", json!(["0x2"])),
        ("eth_getTransactionByBlockNumberAndIndex", json!(["0x3", "0x0"])),
        (
            "eth_getLogs",
            json!([{ "fromBlock": "0x3", "toBlock": "latest" }]),
        ),
        ("eth_getLogs", json!([{ "fromBlock": "earliest" }])),
        ("eth_getLogs", json!([{ "blockHash": old_hash }])),
        ("eth_feeHistory", json!(["0x4", "latest", []])),
        ("debug_getRawBlock", json!(["0x3"])),
        ("trace_block", json!(["0x3"])),
        ("zhengtong_getFinalization", json!(["0x3"])),
    ];
    for (method, params) in refused {
        let refusal = node.refusal(method, params.clone()).await;
        assert_eq!(refusal.code, 4444, "{method} {params}: {refusal:?}");
        assert!(
            refusal.message.starts_with("pruned history unavailable: block "),
            "{refusal:?}"
        );
        assert!(
            refusal.message.contains("this node has block 4 and later ones"),
            "{refusal:?}"
        );
    }
    for block in ["0x4", "0x6", "latest", "0x0", "earliest"] {
        assert!(
            node.ask("eth_getBlockByNumber", json!([block, false]))
                .await
                .is_object(),
            "{block}"
        );
    }
    let logs = node.ask("eth_getLogs", json!([{ "fromBlock": "0x4" }])).await;
    assert_eq!(logs.as_array().map(Vec::len), Some(3));
}

#[tokio::test]
async fn a_transaction_that_is_older_is_unknown_as_one_that_waits_elsewhere_is() {
    let (node, _, old) = node().await;
    for method in ["eth_getTransactionByHash", "eth_getTransactionReceipt"] {
        assert_eq!(node.ask(method, json!([old])).await, Value::Null);
    }
}

#[tokio::test]
async fn capabilities_name_the_first_block() {
    let (node, _, _) = node().await;
    let all = node.ask("eth_capabilities", json!([])).await;
    for kind in ["tx", "logs", "receipts", "blocks", "state"] {
        assert_eq!(all[kind]["oldestBlock"], "0x4", "{kind}");
    }
}
