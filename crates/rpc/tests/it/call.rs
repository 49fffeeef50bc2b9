use crate::node::{COUNTER, Forwarded, Node};
use alloy_primitives::{Address, Bytes};
use serde_json::json;

const NO: &str = "0x08c379a0\
    0000000000000000000000000000000000000000000000000000000000000020\
    0000000000000000000000000000000000000000000000000000000000000002\
    6e6f000000000000000000000000000000000000000000000000000000000000";

fn word(number: u64) -> String {
    format!("0x{number:064x}")
}

#[tokio::test]
async fn a_call_changes_nothing() {
    let node = Node::instant().await;
    let contract = node.deploy().await;
    for _ in 0..2 {
        assert_eq!(
            node.ask("eth_call", json!([{ "to": contract }, "latest"])).await,
            word(1)
        );
    }
    assert_eq!(node.ask("eth_call", json!([{ "to": contract }])).await, word(1));
    // Before it existed there is nothing to call.
    assert_eq!(
        node.ask("eth_call", json!([{ "to": contract }, "0x0"])).await,
        "0x"
    );
    // A creation returns the code.
    let code = Bytes::copy_from_slice(&COUNTER[9..]);
    assert_eq!(
        node.ask("eth_call", json!([{ "input": COUNTER }, "latest"]))
            .await,
        json!(code)
    );
}

#[tokio::test]
async fn a_revert_says_why() {
    let node = Node::instant().await;
    let contract = node.deploy().await;
    for method in ["eth_call", "eth_estimateGas"] {
        let refusal = node
            .refusal(method, json!([{ "to": contract, "data": "0x01" }, "latest"]))
            .await;
        assert_eq!(
            (refusal.code, refusal.message.as_str()),
            (3, "execution reverted: no")
        );
        assert_eq!(refusal.data, NO);
    }
    // INVALID, and a revert without data: code 0xfe, and 5f5ffd.
    let invalid = json!([{ "to": contract }, "latest", { contract.to_string(): { "code": "0xfe" } }]);
    let refusal = node.refusal("eth_call", invalid).await;
    assert_eq!(
        (refusal.code, refusal.message.as_str()),
        (-32000, "invalid opcode")
    );
    let silent = json!([{ "to": contract }, "latest", { contract.to_string(): { "code": "0x5f5ffd" } }]);
    let refusal = node.refusal("eth_call", silent).await;
    assert_eq!(
        (refusal.code, refusal.message.as_str(), refusal.data),
        (3, "execution reverted", json!("0x"))
    );
    let refusal = node
        .refusal("eth_call", json!([{ "to": contract, "gas": "0x5300" }, "latest"]))
        .await;
    assert_eq!((refusal.code, refusal.message.as_str()), (-32000, "out of gas"));
}

#[tokio::test]
async fn state_and_block_can_be_overridden() {
    let node = Node::instant().await;
    let contract = node.deploy().await;
    let over = |account| json!([{ "to": contract }, "latest", { contract.to_string(): account }]);
    assert_eq!(
        node.ask("eth_call", over(json!({ "stateDiff": { word(0): word(41) } })))
            .await,
        word(42)
    );
    assert_eq!(
        node.ask("eth_call", over(json!({ "state": { word(0): word(9) } })))
            .await,
        word(10)
    );
    assert_eq!(node.ask("eth_call", over(json!({ "state": {} }))).await, word(1));
    // NUMBER, TIMESTAMP: 435f5260205ff3, 425f5260205ff3.
    let code = |code: &str| json!({ contract.to_string(): { "code": code } });
    let block = json!({ "number": "0x77", "time": "0x88" });
    let ask = async |code, block| {
        node.ask("eth_call", json!([{ "to": contract }, "latest", code, block]))
            .await
    };
    assert_eq!(ask(code("0x435f5260205ff3"), block.clone()).await, word(0x77));
    assert_eq!(ask(code("0x425f5260205ff3"), block).await, word(0x88));
    assert_eq!(ask(code("0x435f5260205ff3"), json!(null)).await, word(1));
    // BALANCE of the caller: 33315f5260205ff3.
    let poor = Address::repeat_byte(7);
    let accounts = json!({ contract.to_string(): { "code": "0x33315f5260205ff3" }, poor.to_string(): { "balance": "0x5" } });
    let params = json!([{ "to": contract, "from": poor }, "latest", accounts]);
    assert_eq!(node.ask("eth_call", params).await, word(5));
}

#[tokio::test]
async fn an_estimate_is_enough_and_not_much_more() {
    let node = Node::instant().await;
    let contract = node.deploy().await;
    let transfer = json!([{ "from": node.key.address(), "to": Address::repeat_byte(9), "value": "0x1" }]);
    assert_eq!(node.ask("eth_estimateGas", transfer).await, "0x5208");
    let gas = node
        .ask(
            "eth_estimateGas",
            json!([{ "from": node.key.address(), "to": contract }]),
        )
        .await;
    let gas = u64::from_str_radix(gas.as_str().unwrap().trim_start_matches("0x"), 16).unwrap();
    let used = node
        .ask(
            "eth_call",
            json!([{ "to": contract, "gas": format!("{gas:#x}") }, "latest"]),
        )
        .await;
    assert_eq!(used, word(1));
    assert!((40_000..60_000).contains(&gas), "{gas}");
    let poor = json!([{ "from": Address::repeat_byte(7), "to": contract, "value": "0x1" }]);
    let refusal = node.refusal("eth_estimateGas", poor).await;
    assert_eq!(refusal.code, -32000);
    assert!(
        refusal
            .message
            .starts_with("insufficient funds for gas * price + value"),
        "{}",
        refusal.message
    );
}

#[tokio::test]
async fn wrong_calls_are_refused_by_name() {
    let node = Node::instant().await;
    let contract = node.deploy().await;
    let cases = [
        (json!([]), "missing value for required argument 0 (transaction)"),
        (
            json!([{ "to": "0x12" }, "latest"]),
            "invalid argument 0 (transaction)",
        ),
        (
            json!([{ "to": contract, "data": "0x01", "input": "0x02" }]),
            "invalid argument 0 (transaction): both",
        ),
        (
            json!([{ "to": contract }, "yesterday"]),
            "invalid argument 1 (block)",
        ),
        (
            json!([{ "to": contract }, "latest", { "0x12": {} }]),
            "invalid argument 2 (state overrides)",
        ),
        (
            json!([{ "to": contract }, "latest", {}, { "number": "x" }]),
            "invalid argument 3 (block overrides)",
        ),
        (
            json!([{ "to": contract }, "latest", {}, {}, 1]),
            "too many arguments, want at most 4",
        ),
        (
            json!([{ "to": contract, "chainId": "0x1" }, "latest"]),
            "chainId does not match node's (have=1, want=20260)",
        ),
    ];
    for (params, expected) in cases {
        let refusal = node.refusal("eth_call", params).await;
        assert_eq!(refusal.code, -32602, "{refusal:?}");
        assert!(refusal.message.starts_with(expected), "{refusal:?}");
    }
    let both = json!({ contract.to_string(): { "state": {}, "stateDiff": {} } });
    let refusal = node
        .refusal("eth_call", json!([{ "to": contract }, "latest", both]))
        .await;
    assert!(
        refusal.message.contains("both 'state' and 'stateDiff'"),
        "{refusal:?}"
    );
    let delegation = json!({ contract.to_string(): { "code": "0xef0100" } });
    let refusal = node
        .refusal("eth_call", json!([{ "to": contract }, "latest", delegation]))
        .await;
    assert_eq!(refusal.code, -32602);
    let refusal = node
        .refusal("eth_call", json!([{ "to": contract }, "0x99"]))
        .await;
    assert_eq!(refusal.code, -32000);
    assert!(refusal.message.starts_with("header not found"), "{refusal:?}");
}

#[tokio::test]
async fn an_access_list_names_what_a_call_touches() {
    let node = Node::instant().await;
    let Forwarded {
        counter,
        forward,
        input,
        ..
    } = node.forwarded().await;
    let ask = async |call| node.ask("eth_createAccessList", json!([call, "latest"])).await;
    // anvil's answer for the same transactions.
    let touched = json!([{ "address": counter, "storageKeys": [word(0)] }]);
    let list = ask(json!({ "from": node.key.address(), "to": forward, "input": input })).await;
    assert_eq!(list, json!({ "accessList": touched, "gasUsed": "0x74a1" }));
    // A transfer touches nothing that its transaction does not name already.
    let transfer =
        ask(json!({ "from": node.key.address(), "to": Address::repeat_byte(9), "value": "0xa" })).await;
    assert_eq!(transfer, json!({ "accessList": [], "gasUsed": "0x5208" }));
    let failed = ask(json!({ "to": counter, "input": "0x01" })).await;
    assert_eq!(
        (&failed["error"], &failed["accessList"]),
        (&json!("execution reverted: no"), &json!([]))
    );
}

#[tokio::test]
async fn a_call_may_come_from_a_contract() {
    let node = Node::instant().await;
    let contract = node.deploy().await;
    // CALLER: 335f5260205ff3.
    let code = json!({ Address::repeat_byte(7).to_string(): { "code": "0x335f5260205ff3" } });
    let call = json!([{ "from": contract, "to": Address::repeat_byte(7) }, "latest", code]);
    assert_eq!(node.ask("eth_call", call).await, json!(contract.into_word()));
    // GASLIMIT: 455f5260205ff3.
    let code = json!({ contract.to_string(): { "code": "0x455f5260205ff3" } });
    let small = json!([{ "to": contract }, "latest", code, { "gasLimit": "0x5208" }]);
    assert_eq!(node.ask("eth_call", small).await, word(0x5208));
}

#[tokio::test]
async fn many_slots_are_read_at_once() {
    let node = Node::instant().await;
    let Forwarded { counter, forward, .. } = node.forwarded().await;
    let slots = [word(0), word(1)];
    let wanted = json!({ counter.to_string(): slots, forward.to_string(): [word(0)] });
    let values = node.ask("eth_getStorageValues", json!([wanted])).await;
    let (counter, forward) = (format!("{counter:#x}"), format!("{forward:#x}"));
    assert_eq!(
        values,
        json!({ counter.clone(): [word(1), word(0)], forward: [word(0)] })
    );
    let refusal = node.refusal("eth_getStorageValues", json!([{}])).await;
    assert_eq!(
        (refusal.code, refusal.message.as_str()),
        (-32602, "empty request")
    );
    let many = json!({ counter: vec![word(0); 1_025] });
    assert_eq!(
        node.refusal("eth_getStorageValues", json!([many])).await.code,
        -32005
    );
}
