use crate::node::{COUNTED, Node};
use alloy_primitives::{Bytes, TxKind};
use serde_json::{Value, json};

#[tokio::test]
async fn a_block_has_ethereums_shape() {
    let node = Node::instant().await;
    let contract = node.deploy().await;
    let raw = node.sign(1, contract.into(), Bytes::new(), 0);
    let hash = node.send(&raw).await;
    assert_eq!(node.ask("eth_blockNumber", json!([])).await, "0x2");

    let block = node.ask("eth_getBlockByNumber", json!(["latest", false])).await;
    assert_eq!(block["number"], "0x2");
    assert_eq!(block["transactions"], json!([hash]));
    assert_eq!(block["baseFeePerGas"], "0x0");
    assert_eq!(block["difficulty"], "0x0");
    assert_eq!(block["uncles"], json!([]));
    assert_eq!(block["withdrawals"], json!([]));
    for field in [
        "hash",
        "parentHash",
        "stateRoot",
        "transactionsRoot",
        "receiptsRoot",
        "mixHash",
        "logsBloom",
        "size",
        "sha3Uncles",
        "miner",
        "gasLimit",
        "gasUsed",
        "timestamp",
        "extraData",
        "nonce",
        "withdrawalsRoot",
        "blobGasUsed",
        "excessBlobGas",
        "parentBeaconBlockRoot",
        "requestsHash",
    ] {
        assert!(
            block[field].as_str().is_some_and(|value| value.starts_with("0x")),
            "{field}: {}",
            block[field]
        );
    }
    let same = [
        node.ask("eth_getBlockByHash", json!([block["hash"], false]))
            .await,
        node.ask("eth_getBlockByNumber", json!(["0x2"])).await,
        node.ask("eth_getBlockByNumber", json!(["finalized", false]))
            .await,
        node.ask("eth_getBlockByNumber", json!(["safe", false])).await,
        node.ask("eth_getBlockByNumber", json!(["pending", false])).await,
    ];
    assert!(same.iter().all(|other| *other == block));
    for params in [json!(["0x3", false]), json!(["0xffffffffffffffff", true])] {
        assert_eq!(node.ask("eth_getBlockByNumber", params).await, Value::Null);
    }
    assert_eq!(
        node.ask("eth_getBlockTransactionCountByNumber", json!(["0x2"]))
            .await,
        "0x1"
    );
    assert_eq!(
        node.ask("eth_getBlockTransactionCountByHash", json!([block["hash"]]))
            .await,
        "0x1"
    );
    assert_eq!(
        node.ask("eth_getUncleCountByBlockNumber", json!(["0x2"])).await,
        "0x0"
    );
    assert_eq!(
        node.ask("eth_getHeaderByNumber", json!(["0x2"])).await["hash"],
        block["hash"]
    );
}

#[tokio::test]
async fn a_transaction_and_its_receipt_have_ethereums_shape() {
    let node = Node::instant().await;
    let contract = node.deploy().await;
    let created = node.ask("eth_getBlockReceipts", json!(["0x1"])).await;
    assert_eq!(created[0]["contractAddress"], json!(contract));
    assert_eq!(created[0]["to"], Value::Null);

    let raw = node.sign(1, contract.into(), Bytes::new(), 0);
    let hash = node.send(&raw).await;
    let transaction = node.ask("eth_getTransactionByHash", json!([hash])).await;
    assert_eq!(transaction["from"], json!(node.key.address()));
    assert_eq!(transaction["to"], json!(contract));
    assert_eq!(transaction["type"], "0x2");
    assert_eq!(transaction["gasPrice"], "0x0");
    assert_eq!(transaction["maxFeePerGas"], "0x77359400");
    assert_eq!(transaction["blockNumber"], "0x2");
    assert_eq!(transaction["transactionIndex"], "0x0");
    assert_eq!(transaction["nonce"], "0x1");
    for field in [
        "hash",
        "blockHash",
        "input",
        "value",
        "gas",
        "chainId",
        "v",
        "r",
        "s",
        "yParity",
    ] {
        assert!(transaction[field].is_string(), "{field}");
    }
    let block = node.ask("eth_getBlockByNumber", json!(["0x2", true])).await;
    assert_eq!(block["transactions"][0], transaction);
    assert_eq!(
        node.ask("eth_getTransactionByBlockNumberAndIndex", json!(["0x2", "0x0"]))
            .await,
        transaction
    );
    assert_eq!(
        node.ask(
            "eth_getTransactionByBlockHashAndIndex",
            json!([block["hash"], "0x0"])
        )
        .await,
        transaction
    );
    assert_eq!(
        node.ask("eth_getTransactionByBlockNumberAndIndex", json!(["0x2", "0x1"]))
            .await,
        Value::Null
    );
    assert_eq!(
        node.ask("eth_getRawTransactionByHash", json!([hash])).await,
        json!(raw)
    );

    let receipt = node.ask("eth_getTransactionReceipt", json!([hash])).await;
    assert_eq!(receipt["status"], "0x1");
    assert_eq!(receipt["transactionHash"], json!(hash));
    assert_eq!(receipt["blockHash"], block["hash"]);
    assert_eq!(receipt["effectiveGasPrice"], "0x0");
    assert_eq!(receipt["gasUsed"], receipt["cumulativeGasUsed"]);
    assert_eq!(receipt["contractAddress"], Value::Null);
    assert_eq!(receipt["type"], "0x2");
    let log = &receipt["logs"][0];
    assert_eq!(log["address"], json!(contract));
    assert_eq!(log["topics"], json!([COUNTED]));
    assert_eq!(log["data"], format!("0x{:064x}", 1));
    assert_eq!(log["logIndex"], "0x0");
    assert_eq!(log["removed"], false);
    assert_eq!(
        node.ask("eth_getBlockReceipts", json!(["latest"])).await,
        json!([receipt])
    );
    let unknown = json!([format!("0x{:064x}", 9)]);
    assert_eq!(
        node.ask("eth_getTransactionReceipt", unknown.clone()).await,
        Value::Null
    );
    assert_eq!(node.ask("eth_getTransactionByHash", unknown).await, Value::Null);
}

#[tokio::test]
async fn state_is_read_at_any_recent_block() {
    let node = Node::instant().await;
    let contract = node.deploy().await;
    for nonce in 1..4 {
        node.send(&node.sign(nonce, contract.into(), Bytes::new(), 0))
            .await;
    }
    let count = |number: u64| format!("0x{number:064x}");
    assert_eq!(
        node.ask("eth_getStorageAt", json!([contract, "0x0", "latest"]))
            .await,
        count(3)
    );
    assert_eq!(
        node.ask(
            "eth_getStorageAt",
            json!([contract, format!("0x{:064x}", 0), "0x2"])
        )
        .await,
        count(1)
    );
    assert_eq!(
        node.ask("eth_getStorageAt", json!([contract, "0x", "0x1"])).await,
        count(0)
    );
    let block = node.ask("eth_getBlockByNumber", json!(["0x3"])).await;
    let by_hash = json!({ "blockHash": block["hash"], "requireCanonical": true });
    assert_eq!(
        node.ask("eth_getStorageAt", json!([contract, "0x0", by_hash]))
            .await,
        count(2)
    );
    assert_eq!(
        node.ask("eth_getTransactionCount", json!([node.key.address(), "latest"]))
            .await,
        "0x4"
    );
    assert_eq!(
        node.ask("eth_getTransactionCount", json!([node.key.address(), "earliest"]))
            .await,
        "0x0"
    );
    assert_eq!(
        node.ask("eth_getTransactionCount", json!([contract])).await,
        "0x1"
    );
    assert_eq!(node.ask("eth_getCode", json!([contract, "earliest"])).await, "0x");
    let code = node.ask("eth_getCode", json!([contract, "latest"])).await;
    assert_eq!(code, json!(Bytes::copy_from_slice(&crate::node::COUNTER[9..])));
    assert_eq!(
        node.ask("eth_getCode", json!([node.key.address(), "latest"]))
            .await,
        "0x"
    );

    let to = TxKind::from(alloy_primitives::Address::repeat_byte(9));
    node.send(&node.sign(4, to, Bytes::new(), 5)).await;
    assert_eq!(
        node.ask("eth_getBalance", json!([to.to().unwrap(), "latest"]))
            .await,
        "0x5"
    );
    assert_eq!(
        node.ask("eth_getBalance", json!([to.to().unwrap(), "0x1"])).await,
        "0x0"
    );
}

#[tokio::test]
async fn a_transaction_that_waits_can_be_seen() {
    let node = Node::manual().await;
    let hash = node
        .send(&node.sign(0, TxKind::Create, crate::node::COUNTER, 0))
        .await;
    let waiting = node.ask("eth_getTransactionByHash", json!([hash])).await;
    assert_eq!(waiting["hash"], json!(hash));
    assert_eq!(waiting["blockNumber"], Value::Null);
    let status = json!({ "pending": "0x1", "queued": "0x0" });
    assert_eq!(node.ask("txpool_status", json!([])).await, status);
    let account = node.key.address().to_string();
    let content = node.ask("txpool_content", json!([])).await;
    assert_eq!(
        content,
        json!({ "pending": { &account: { "0": waiting } }, "queued": {} })
    );
    let own = node.ask("txpool_contentFrom", json!([account])).await;
    assert_eq!(own, json!({ "pending": { "0": waiting }, "queued": {} }));
    let line = "contract creation: 0 wei + 1000000 gas × 2000000000 wei";
    let inspected = node.ask("txpool_inspect", json!([])).await;
    assert_eq!(inspected["pending"][&account]["0"], line);
    assert_eq!(
        node.ask("eth_getTransactionReceipt", json!([hash])).await,
        Value::Null
    );
    let address = node.key.address();
    assert_eq!(
        node.ask("eth_getTransactionCount", json!([address, "pending"]))
            .await,
        "0x1"
    );
    assert_eq!(
        node.ask("eth_getTransactionCount", json!([address, "latest"]))
            .await,
        "0x0"
    );
    node.chain.mine();
    assert_eq!(
        node.ask("eth_getTransactionByHash", json!([hash])).await["blockNumber"],
        "0x1"
    );
}
