//! How much gas an account may still use, and the refusal of one that has none left.

use crate::node::Node;
use alloy_primitives::{Address, Bytes, TxKind};
use serde_json::json;
use zhengtong_rpc::mocks::{EPOCH_BLOCKS, QUOTA_GAS};

/// Of what `sign` signs.
const GAS_LIMIT: u64 = 1_000_000;

#[tokio::test]
async fn what_was_used_is_counted() {
    let node = Node::instant().await;
    let address = node.key.address();
    let quota = |block: &'static str| node.ask("zhengtong_quota", json!([address, block]));
    let fresh = json!({
        "class": 0,
        "className": "everyone",
        "epoch": 0,
        "lastBlock": EPOCH_BLOCKS - 1,
        "account": { "limit": format!("{:#x}", QUOTA_GAS[0]), "used": "0x0", "left": format!("{:#x}", QUOTA_GAS[0]) },
        "total": { "limit": format!("{:#x}", QUOTA_GAS[1]), "used": "0x0", "left": format!("{:#x}", QUOTA_GAS[1]) },
    });
    assert_eq!(quota("latest").await, fresh);
    let hash = node
        .send(&node.sign(0, TxKind::Call(Address::repeat_byte(9)), Bytes::new(), 1))
        .await;
    let receipt = node.ask("eth_getTransactionReceipt", json!([hash])).await;
    let now = quota("latest").await;
    assert_eq!(now["account"]["used"], receipt["gasUsed"]);
    assert_eq!(now["total"]["used"], receipt["gasUsed"]);
    let left = QUOTA_GAS[0] - 21_000;
    assert_eq!(now["account"]["left"], format!("{left:#x}"));
    // Of the time before, and of an account that did nothing.
    assert_eq!(quota("0x0").await, fresh);
    let other = node
        .ask("zhengtong_quota", json!([Address::repeat_byte(9)]))
        .await;
    assert_eq!(
        (&other["account"], &other["total"]),
        (&fresh["account"], &now["total"])
    );
    let refusal = node.refusal("zhengtong_quota", json!([address, "0x99"])).await;
    assert_eq!(refusal.code, -32000);
}

#[tokio::test]
async fn who_has_none_left_is_told_how_much_and_until_when() {
    let node = Node::manual().await;
    let mut refusal = None;
    for nonce in 0..=QUOTA_GAS[0] / GAS_LIMIT {
        let raw = node.sign(nonce, TxKind::Call(Address::repeat_byte(9)), Bytes::new(), 1);
        let (_, answer) = node
            .post(
                json!({ "jsonrpc": "2.0", "id": 1, "method": "eth_sendRawTransaction", "params": [raw] })
                    .to_string(),
            )
            .await;
        let answer: serde_json::Value = serde_json::from_str(&answer).unwrap();
        if let Some(error) = answer.get("error") {
            refusal = Some(error.clone());
            break;
        }
    }
    let error = refusal.expect("quotas have an end");
    assert_eq!(error["code"], -32003);
    let message = error["message"].as_str().unwrap();
    assert!(
        message.starts_with(&format!(
            "quota exceeded: the quota of this account (class 0) is {} gas an epoch, of which 0 is used",
            QUOTA_GAS[0]
        )),
        "{message}"
    );
    assert!(
        message.contains(&format!("the next epoch begins with block {EPOCH_BLOCKS}")),
        "{message}"
    );
    let data = &error["data"];
    assert_eq!((&data["of"], &data["class"]), (&json!("account"), &json!(0)));
    assert_eq!(data["limit"], format!("{:#x}", QUOTA_GAS[0]));
    assert_eq!(data["needed"], format!("{GAS_LIMIT:#x}"));
    assert_eq!(data["nextEpochBlock"], format!("{EPOCH_BLOCKS:#x}"));
}
