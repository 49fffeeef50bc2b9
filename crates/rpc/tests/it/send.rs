use crate::node::{COUNTER, Node};
use alloy_primitives::{Bytes, TxKind};
use serde_json::json;
use std::time::Duration;

#[tokio::test]
async fn refusals_are_worded_as_wallets_expect() {
    let node = Node::instant().await;
    let raw = node.sign(0, TxKind::Create, COUNTER, 0);
    node.send(&raw).await;
    let cases = [
        (raw, -32000, "already known"),
        (
            node.sign(0, TxKind::Create, Bytes::from_static(b"\x5f"), 0),
            -32000,
            "nonce too low: next nonce 1, tx nonce 0",
        ),
        (
            node.sign(9, TxKind::Create, COUNTER, 0),
            -32000,
            "nonce too high: next nonce 1, tx nonce 9",
        ),
        (
            Bytes::from_static(&[0x02, 0xc0]),
            -32602,
            "transaction does not decode",
        ),
        (Bytes::new(), -32602, "transaction does not decode"),
        (
            Bytes::from(vec![0; 200_000]),
            -32000,
            "oversized data: transaction is 200000 bytes, more than 131072",
        ),
    ];
    for (raw, code, expected) in cases {
        let refusal = node.refusal("eth_sendRawTransaction", json!([raw])).await;
        assert_eq!(refusal.code, code, "{refusal:?}");
        assert!(refusal.message.starts_with(expected), "{refusal:?}");
    }
    let refusal = node.refusal("eth_sendRawTransaction", json!(["zz"])).await;
    assert_eq!(refusal.code, -32602);
    assert!(
        refusal.message.starts_with("invalid argument 0 (transaction)"),
        "{refusal:?}"
    );
    assert_eq!(node.ask("eth_blockNumber", json!([])).await, "0x1");
}

#[tokio::test]
async fn sending_can_wait_for_the_receipt() {
    let node = Node::manual().await;
    let chain = node.chain.clone();
    let mining = tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(50)).await;
        chain.mine();
    });
    let raw = node.sign(0, TxKind::Create, COUNTER, 0);
    let receipt = node.ask("eth_sendRawTransactionSync", json!([raw])).await;
    assert_eq!(receipt["status"], "0x1");
    mining.await.unwrap();

    let raw = node.sign(1, TxKind::Create, COUNTER, 0);
    let refusal = node
        .refusal("eth_sendRawTransactionSync", json!([raw, "0x32"]))
        .await;
    assert_eq!(refusal.code, 4);
    assert_eq!(refusal.data, json!(alloy_primitives::keccak256(&raw)));

    // Drafts of EIP-7966 since 2025: the expected nonce comes with the refusal.
    let raw = node.sign(9, TxKind::Create, COUNTER, 0);
    let refusal = node.refusal("eth_sendRawTransactionSync", json!([raw])).await;
    assert_eq!((refusal.code, refusal.data), (6, json!("0x2")));
}
