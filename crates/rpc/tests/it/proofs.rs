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

#[tokio::test]
async fn the_next_block_is_waited_for_and_no_other() {
    let node = Node::instant().await;
    let tip = node.chain.mine().header.number;
    let ask = async |number: u64, wait: bool| {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "zhengtong_getFinalizedBlock", "params": [number, wait] });
        let (_, answer) = node.post(body.to_string()).await;
        serde_json::from_str::<serde_json::Value>(&answer).unwrap()
    };
    // What will not be there soon is refused at once: the test would take ten seconds otherwise.
    for (number, wait) in [(tip + 2, true), (tip + 1, false)] {
        assert!(ask(number, wait).await["error"].is_object(), "{number} {wait}");
    }
    assert!(ask(tip, true).await["result"].is_object());
    let (answer, ()) = tokio::join!(ask(tip + 1, true), async {
        // The question is on its way before there is an answer.
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        node.chain.mine();
    });
    let block: FinalizedBlock = serde_json::from_value(answer["result"].clone()).unwrap();
    let network: NetworkInfo =
        serde_json::from_value(node.ask("zhengtong_network", json!([])).await).unwrap();
    assert_eq!(
        block.verify(&network.public_key, tip + 1).unwrap().number(),
        tip + 1
    );
}
