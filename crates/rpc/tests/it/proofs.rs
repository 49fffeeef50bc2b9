use crate::node::{COUNTED, Node};
use alloy_primitives::{B256, Bytes, keccak256};
use serde_json::json;
use zhengtong_types::{Finality, FinalizedBlock, NetworkInfo, ReceiptProof};

#[tokio::test]
async fn what_a_node_says_can_be_proven() {
    let node = Node::instant().await;
    let network: NetworkInfo =
        serde_json::from_value(node.ask("zhengtong_network", json!([])).await).unwrap();
    assert_eq!(
        (network.chain_id, network.validators, network.threshold),
        (20260, 1, 1)
    );
    let key = network.public_key;
    let contract = node.deploy().await;
    let raw = node.sign(1, contract.into(), Bytes::new(), 0);
    let hash = node.send(&raw).await;
    node.chain.mine();

    let proof = node.ask("zhengtong_getReceiptProof", json!([hash])).await;
    let proof: ReceiptProof = serde_json::from_value(proof).unwrap();
    assert_eq!(proof.finality.headers.len(), 2);
    let receipt = proof.verify_transaction(&key, hash).unwrap();
    assert_eq!((receipt.header().number(), receipt.succeeded()), (2, true));
    assert_eq!(
        receipt.event(contract, &[COUNTED]).unwrap().data.data[..],
        B256::with_last_byte(1)[..]
    );

    let finality = node.ask("zhengtong_getFinalization", json!([1])).await;
    let finality: Finality = serde_json::from_value(finality).unwrap();
    assert_eq!(finality.verify_block(&key, 1).unwrap().number(), 1);
    assert_eq!(
        node.ask("zhengtong_getFinalization", json!(["0x1"])).await,
        json!(finality)
    );
    let tip = node.ask("zhengtong_getFinalization", json!(["latest"])).await;
    let tip: Finality = serde_json::from_value(tip).unwrap();
    assert_eq!(tip.verify(&key).unwrap().number(), 3);

    let block = node.ask("zhengtong_getFinalizedBlock", json!([2])).await;
    let block: FinalizedBlock = serde_json::from_value(block).unwrap();
    let verified = block.clone().verify(&key, 2).unwrap();
    assert_eq!(verified.receipts()[0].0, keccak256(&raw));
    assert_eq!(verified.transactions(), [raw]);
    let missing = FinalizedBlock {
        receipts: Vec::new(),
        ..block.clone()
    };
    assert!(missing.verify(&key, 2).is_err());
    assert!(block.verify(&key, 3).is_err());
}

#[tokio::test]
async fn what_cannot_be_proven_is_refused() {
    let node = Node::instant().await;
    let unknown = node
        .refusal("zhengtong_getReceiptProof", json!([B256::ZERO]))
        .await;
    assert_eq!(unknown.code, -32000);
    assert!(
        unknown.message.ends_with("is not final, or unknown"),
        "{unknown:?}"
    );
    let above = node.refusal("zhengtong_getFinalization", json!([1])).await;
    assert_eq!(
        above.message,
        "header not found: block 1 does not exist; the latest is 0"
    );
    let above = node.refusal("zhengtong_getFinalizedBlock", json!([7])).await;
    assert_eq!(
        above.message,
        "header not found: block 7 does not exist; the latest is 0"
    );
    let slots: Vec<_> = (0..65).map(B256::with_last_byte).collect();
    let many = node
        .refusal("zhengtong_getStateProof", json!([node.key.address(), slots]))
        .await;
    assert_eq!(many.code, -32005);
    let ethereum = node
        .refusal("eth_getProof", json!([node.key.address(), [], "latest"]))
        .await;
    assert_eq!(ethereum.code, -32004);
    assert!(ethereum.message.contains("zhengtong_getStateProof"));
}
