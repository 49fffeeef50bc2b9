//! `eth_simulateV1`. Codes, defaults and the logs of transfers are those of Ethereum's execution APIs; gas comes from
//! `@ethereumjs/vm`.

use crate::node::{COUNTED, Forwarded, Node};
use alloy_primitives::{Address, keccak256};
use serde_json::{Value, json};

/// The signature of a token's transfer.
fn transfer() -> Value {
    json!(keccak256("Transfer(address,address,uint256)"))
}

fn word(number: u64) -> String {
    format!("0x{number:064x}")
}

#[tokio::test]
async fn calls_see_what_those_before_them_did() {
    let node = Node::instant().await;
    let Forwarded {
        counter,
        forward,
        input,
        ..
    } = node.forwarded().await;
    let from = node.key.address();
    let payload = json!({
        "blockStateCalls": [
            { "calls": [{ "from": from, "to": forward, "input": input, "gas": "0xf4240" }, { "to": counter, "input": "0x01" }] },
            { "calls": [{ "from": from, "to": counter }], "blockOverrides": { "number": "0x7", "time": "0xffffffff", "feeRecipient": counter } },
        ],
        "returnFullTransactions": true,
    });
    let blocks = node.ask("eth_simulateV1", json!([payload, "latest"])).await;
    let tip = node.ask("eth_getBlockByNumber", json!(["latest"])).await;
    assert_eq!(blocks.as_array().unwrap().len(), 3, "the gap is filled");
    let numbers: Vec<&Value> = blocks
        .as_array()
        .unwrap()
        .iter()
        .map(|block| &block["number"])
        .collect();
    assert_eq!(json!(numbers), json!(["0x5", "0x6", "0x7"]));
    assert_eq!(blocks[0]["parentHash"], tip["hash"]);
    assert_eq!(blocks[1]["parentHash"], blocks[0]["hash"]);
    assert_eq!(blocks[2]["parentHash"], blocks[1]["hash"]);
    assert_eq!(
        (&blocks[2]["timestamp"], &blocks[2]["miner"]),
        (&json!("0xffffffff"), &json!(counter))
    );

    let [counted, reverted] = [&blocks[0]["calls"][0], &blocks[0]["calls"][1]];
    assert_eq!(
        (&counted["status"], &counted["returnData"]),
        (&json!("0x1"), &json!(word(1)))
    );
    let log = &counted["logs"][0];
    assert_eq!(
        (&log["topics"], &log["data"]),
        (&json!([COUNTED]), &json!(word(2)))
    );
    assert_eq!(
        (&log["blockHash"], &log["blockNumber"]),
        (&blocks[0]["hash"], &json!("0x5"))
    );
    assert_eq!(
        (&reverted["status"], &reverted["gasUsed"]),
        (&json!("0x0"), &json!("0x526a"))
    );
    assert_eq!(reverted["returnData"], "0x");
    assert_eq!(
        (&reverted["error"]["code"], &reverted["error"]["message"]),
        (&json!(3), &json!("execution reverted: no"))
    );
    assert_eq!(blocks[2]["calls"][0]["returnData"], word(3));

    // Transactions are of type 2, with the next nonce, all the gas that is left, and a signature of zeros.
    let transaction = &blocks[0]["transactions"][0];
    assert_eq!(
        (&transaction["type"], &transaction["nonce"], &transaction["gas"]),
        (&json!("0x2"), &json!("0x4"), &json!("0xf4240"))
    );
    assert_eq!(
        (&transaction["r"], &transaction["s"], &transaction["yParity"]),
        (&json!("0x0"), &json!("0x0"), &json!("0x0"))
    );
    assert_eq!(log["transactionHash"], transaction["hash"]);
    assert_eq!(node.ask("eth_blockNumber", json!([])).await, "0x4");
    assert_eq!(
        node.ask("eth_getStorageAt", json!([counter, "0x0"])).await,
        word(1)
    );
}

#[tokio::test]
async fn transfers_are_logged_if_asked_for_and_belong_to_no_receipt() {
    let node = Node::instant().await;
    let [from, to] = [Address::repeat_byte(0xc0), Address::repeat_byte(0xc1)];
    let mut payload = json!({
        "blockStateCalls": [{
            "stateOverrides": { from.to_string(): { "balance": "0x7d0" } },
            "calls": [{ "from": from, "to": to, "value": "0x3e8" }],
        }],
    });
    let silent = node.ask("eth_simulateV1", json!([payload])).await;
    assert_eq!(
        silent[0]["calls"][0],
        json!({ "returnData": "0x", "logs": [], "gasUsed": "0x5208", "maxUsedGas": "0x5208", "status": "0x1" })
    );
    payload["traceTransfers"] = json!(true);
    let logged = node.ask("eth_simulateV1", json!([payload])).await;
    let log = &logged[0]["calls"][0]["logs"][0];
    assert_eq!(log["address"], "0xeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee");
    assert_eq!(
        log["topics"],
        json!([transfer(), from.into_word(), to.into_word()])
    );
    assert_eq!(log["data"], word(1000));
    assert_eq!(logged[0]["logsBloom"], silent[0]["logsBloom"]);
    assert_eq!(logged[0]["receiptsRoot"], silent[0]["receiptsRoot"]);
    assert_eq!(logged[0]["hash"], silent[0]["hash"]);

    // A contract that ends itself leaves its coin behind: 60c1ff, to an account named by one byte.
    let ends = json!({ from.to_string(): { "balance": "0x1e8480", "code": "0x60c1ff" } });
    let payload = json!({ "blockStateCalls": [{ "stateOverrides": ends, "calls": [{ "to": from }] }], "traceTransfers": true });
    let ended = node.ask("eth_simulateV1", json!([payload])).await;
    let log = &ended[0]["calls"][0]["logs"][0];
    let heir = Address::with_last_byte(0xc1);
    assert_eq!(
        log["topics"],
        json!([transfer(), from.into_word(), heir.into_word()])
    );
    assert_eq!(log["data"], word(2_000_000));
}

#[tokio::test]
async fn overrides_hold_from_their_block_on() {
    let node = Node::instant().await;
    let counter = node.deploy().await;
    let at = |slot: u64| json!({ "stateDiff": { word(0): word(slot) } });
    let payload = json!({
        "blockStateCalls": [
            { "stateOverrides": { counter.to_string(): at(41) }, "calls": [{ "to": counter }] },
            { "calls": [{ "to": counter }] },
            { "stateOverrides": { counter.to_string(): { "state": {} } }, "calls": [{ "to": counter }] },
            // NUMBER, then the hash of block 2: 435f52600240602052 60405ff3.
            { "stateOverrides": { counter.to_string(): { "code": "0x435f5260024060205260405ff3" } }, "calls": [{ "to": counter }] },
        ],
    });
    let blocks = node.ask("eth_simulateV1", json!([payload, "0x1"])).await;
    let returned = |index: usize| {
        blocks[index]["calls"][0]["returnData"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert_eq!(
        [returned(0), returned(1), returned(2)],
        [word(42), word(43), word(1)]
    );
    let hash = blocks[0]["hash"].as_str().unwrap();
    assert_eq!(returned(3), format!("{}{}", word(5), &hash[2..]));
    assert_eq!(blocks[0]["number"], "0x2");
}

#[tokio::test]
async fn what_cannot_be_simulated_has_the_codes_of_the_specification() {
    let node = Node::instant().await;
    let Forwarded { counter, .. } = node.forwarded().await;
    let from = node.key.address();
    let poor = Address::repeat_byte(0xc0);
    let block = |calls: Value| json!({ "blockStateCalls": [{ "calls": calls }], "validation": true });
    let numbered = |first: &str, second: &str| json!({ "blockStateCalls": [{ "blockOverrides": { "number": first } }, { "blockOverrides": { "number": second } }] });
    let timed = |first: &str, second: &str| json!({ "blockStateCalls": [{ "blockOverrides": { "time": first } }, { "blockOverrides": { "time": second } }] });
    let cases = [
        (block(json!([{ "from": from, "nonce": "0x3" }])), -38010),
        (block(json!([{ "from": from, "nonce": "0x5" }])), -38011),
        (
            block(json!([{ "from": from, "to": counter, "gas": "0x0" }])),
            -38013,
        ),
        (
            block(json!([{ "from": poor, "to": counter, "value": "0x3e8" }])),
            -38014,
        ),
        (
            block(json!([{ "from": from, "to": counter, "gas": "0x11e1a301" }])),
            -38015,
        ),
        (numbered("0x9", "0x9"), -38020),
        (numbered("0x9", "0x8"), -38020),
        (numbered("0x4", "0x5"), -38020),
        (timed("0xffffffff", "0xffffffff"), -38021),
        (timed("0x1", "0x2"), -38021),
        (numbered("0x9", "0x105"), -38026),
        (json!({ "blockStateCalls": [] }), -32602),
        (
            json!({ "blockStateCalls": [{ "blockOverrides": { "baseFeePerGas": "0x1" } }] }),
            -32602,
        ),
        (
            block(json!([{ "from": from, "to": counter, "chainId": "0x1" }])),
            -32602,
        ),
    ];
    for (payload, code) in cases {
        let refusal = node.refusal("eth_simulateV1", json!([payload])).await;
        assert_eq!(refusal.code, code, "{payload}: {refusal:?}");
    }
    // Without validation the nonce does not matter, and a call may use up to the simulation's own limit.
    let loose =
        json!({ "blockStateCalls": [{ "calls": [{ "from": from, "to": counter, "nonce": "0x0" }] }] });
    let blocks = node.ask("eth_simulateV1", json!([loose])).await;
    assert_eq!(blocks[0]["calls"][0]["status"], "0x1");
    // INVALID consumes everything: 0xfe. The second call finds nothing left.
    let burn = json!({ "stateOverrides": { counter.to_string(): { "code": "0xfe" } }, "calls": [{ "to": counter }] });
    let once = node
        .ask("eth_simulateV1", json!([{ "blockStateCalls": [burn] }]))
        .await;
    assert_eq!(
        once[0]["calls"][0]["error"],
        json!({ "code": -32015, "message": "invalid opcode" })
    );
    let refusal = node
        .refusal("eth_simulateV1", json!([{ "blockStateCalls": [burn, burn] }]))
        .await;
    assert_eq!(refusal.code, -38026, "{refusal:?}");
}

#[tokio::test]
async fn what_calls_return_is_bounded() {
    let node = Node::instant().await;
    let to = Address::repeat_byte(7);
    // Returns 256 KiB: 62040000 5f f3.
    let code = json!({ to.to_string(): { "code": "0x620400005ff3" } });
    let calls = vec![json!({ "to": to }); 200];
    let payload = json!({ "blockStateCalls": [{ "stateOverrides": code, "calls": calls }] });
    let refusal = node.refusal("eth_simulateV1", json!([payload])).await;
    assert_eq!(refusal.code, -38026, "{refusal:?}");
    assert!(refusal.message.contains("33554432 bytes"), "{refusal:?}");
}
