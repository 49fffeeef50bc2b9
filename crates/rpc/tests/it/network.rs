use crate::node::Node;
use serde_json::json;
use std::collections::BTreeMap;

#[tokio::test]
async fn a_node_says_who_it_is() {
    let node = Node::instant().await;
    assert_eq!(node.ask("eth_chainId", json!([])).await, "0x4f24");
    assert_eq!(node.ask("net_version", json!([])).await, "20260");
    assert_eq!(node.ask("net_listening", json!([])).await, true);
    assert_eq!(node.ask("net_peerCount", json!([])).await, "0x0");
    assert_eq!(node.ask("eth_syncing", json!([])).await, false);
    assert_eq!(node.ask("eth_accounts", json!([])).await, json!([]));
    assert_eq!(
        node.ask("eth_coinbase", json!([])).await,
        json!(alloy_primitives::Address::ZERO)
    );
    assert_eq!(node.ask("eth_hashrate", json!([])).await, "0x0");
    let capabilities = node.ask("eth_capabilities", json!([])).await;
    assert_eq!(capabilities["head"]["number"], "0x0");
    assert_eq!(
        capabilities["state"]["deleteStrategy"],
        json!({ "type": "window", "retentionBlocks": "0x100" })
    );
    assert!(
        node.ask("web3_clientVersion", json!([]))
            .await
            .as_str()
            .unwrap()
            .starts_with("zhengtong/v")
    );
    // Keccak-256 of "hello", from the Ethereum wiki.
    let hash = "0x1c8aff950685c2ed4bc3174f3472287b56d9517b9c948127319a09a7a36deac8";
    assert_eq!(node.ask("web3_sha3", json!(["0x68656c6c6f"])).await, hash);
}

#[tokio::test]
async fn gas_has_no_price() {
    let node = Node::instant().await;
    node.deploy().await;
    assert_eq!(node.ask("eth_gasPrice", json!([])).await, "0x0");
    assert_eq!(node.ask("eth_baseFee", json!([])).await, "0x0");
    assert_eq!(node.ask("eth_maxPriorityFeePerGas", json!([])).await, "0x0");
    let history = node
        .ask("eth_feeHistory", json!(["0x5", "latest", [10.0, 90.0]]))
        .await;
    assert_eq!(history["oldestBlock"], "0x0");
    assert_eq!(history["baseFeePerGas"], json!(["0x0", "0x0", "0x0"]));
    assert_eq!(history["reward"], json!([["0x0", "0x0"], ["0x0", "0x0"]]));
    assert_eq!(history["gasUsedRatio"][0], 0.0);
    assert!(history["gasUsedRatio"][1].as_f64().unwrap() > 0.0);
    // ethers sends the count as a number.
    assert_eq!(
        node.ask("eth_feeHistory", json!([1, "latest", []])).await["oldestBlock"],
        "0x1"
    );
}

/// Names and addresses as in EIP-7910's sample of Prague, and EIP-7951's of Osaka; the checksum of the genesis hash by Python's
/// `zlib.crc32`.
#[tokio::test]
async fn a_node_tells_its_fork() {
    let node = Node::instant().await;
    let genesis = node.ask("eth_getBlockByNumber", json!(["0x0", false])).await;
    assert_eq!(
        genesis["hash"],
        "0xb05c6cdc2690aaa946d6b8c054728be69f588aed41c0641022ad6bc1648fb93f"
    );
    let names = [
        "ECREC",
        "SHA256",
        "RIPEMD160",
        "ID",
        "MODEXP",
        "BN254_ADD",
        "BN254_MUL",
        "BN254_PAIRING",
        "BLAKE2F",
        "KZG_POINT_EVALUATION",
        "BLS12_G1ADD",
        "BLS12_G1MSM",
        "BLS12_G2ADD",
        "BLS12_G2MSM",
        "BLS12_PAIRING_CHECK",
        "BLS12_MAP_FP_TO_G1",
        "BLS12_MAP_FP2_TO_G2",
    ];
    let mut precompiles: BTreeMap<_, _> = (1u64..)
        .zip(names)
        .map(|(number, name)| (name, format!("{number:#042x}")))
        .collect();
    precompiles.insert("P256VERIFY", format!("{:#042x}", 0x100));
    let config = node.ask("eth_config", json!([])).await;
    let current = json!({
        "activationTime": 0,
        "blobSchedule": { "baseFeeUpdateFraction": 5007716, "max": 0, "target": 0 },
        "chainId": "0x4f24",
        "forkId": "0xdd938b9d",
        "precompiles": precompiles,
        "systemContracts": {},
    });
    assert_eq!(config, json!({ "current": current, "next": null, "last": null }));
}
