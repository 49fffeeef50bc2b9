//! Traces. Expected steps and gas come from `@ethereumjs/vm` for the same transactions; shapes and names from geth's and
//! OpenEthereum's documentation, where a root call of `callTracer` has the whole transaction's gas and one of `trace_*` has
//! what is left after its intrinsic cost (21,368 here).

use crate::node::{COUNTED, COUNTER, FORWARD, Forwarded, Node};
use alloy_primitives::{Address, B256, Bytes};
use serde_json::{Value, json};

const ONE: &str = "0x0000000000000000000000000000000000000000000000000000000000000001";
const ZERO: &str = "0x0000000000000000000000000000000000000000000000000000000000000000";

/// Steps of the transaction that counts: `[pc, operation, gas, depth, stack]`, by `@ethereumjs/vm`.
fn expected_steps() -> Vec<Value> {
    serde_json::from_str(include_str!("golden/forward-steps.json")).unwrap()
}

fn steps(trace: &Value) -> Vec<Value> {
    let logs = trace["structLogs"].as_array().unwrap();
    let step = |log: &Value| json!([log["pc"], log["op"], log["gas"], log["depth"], log["stack"]]);
    logs.iter().map(step).collect()
}

#[tokio::test]
async fn every_step_is_as_another_evm_takes_it() {
    let node = Node::instant().await;
    let Forwarded {
        counted,
        counter,
        forward,
        input,
        ..
    } = node.forwarded().await;
    let trace = node.ask("debug_traceTransaction", json!([counted])).await;
    assert_eq!(steps(&trace), expected_steps());
    assert_eq!(
        (&trace["gas"], &trace["failed"], &trace["returnValue"]),
        (&json!(47157), &json!(false), &json!(ONE))
    );
    let stored = trace["structLogs"]
        .as_array()
        .unwrap()
        .iter()
        .find(|log| log["op"] == "SSTORE")
        .unwrap();
    assert_eq!(stored["storage"], json!({ ZERO: ONE }));
    assert_eq!(stored.get("memory"), None);

    // The same as a call, on the state before it.
    let call = json!({ "from": node.key.address(), "to": forward, "input": input, "gas": "0xf4240" });
    let again = node.ask("debug_traceCall", json!([call, "0x2"])).await;
    assert_eq!(steps(&again), expected_steps());
    // Before the first transaction of its block is after the block before.
    let before = node
        .ask("debug_traceCall", json!([call, "0x3", { "txIndex": "0x0" }]))
        .await;
    assert_eq!(steps(&before), expected_steps());
    let after = node
        .ask("debug_traceCall", json!([call, "0x3", { "txIndex": 1 }]))
        .await;
    assert_ne!(steps(&after), expected_steps());
    let pretend = json!({ "stateOverrides": { counter.to_string(): { "stateDiff": { ZERO: ZERO } } } });
    let pretended = node
        .ask("debug_traceCall", json!([call, "latest", pretend]))
        .await;
    assert_eq!(steps(&pretended), expected_steps());
}

#[tokio::test]
async fn steps_show_what_is_asked_for() {
    let node = Node::instant().await;
    let Forwarded { counted, .. } = node.forwarded().await;
    let ask = async |options| {
        node.ask("debug_traceTransaction", json!([counted, options]))
            .await
    };
    let short = ask(json!({ "limit": 4 })).await;
    assert_eq!(steps(&short), expected_steps()[..4]);
    assert_eq!(short["gas"], 47157);
    let bare = ask(json!({ "disableStack": true, "disableStorage": true })).await;
    let logs = bare["structLogs"].as_array().unwrap();
    assert_eq!(logs.len(), expected_steps().len());
    assert!(
        logs.iter()
            .all(|log| log.get("stack").is_none() && log.get("storage").is_none())
    );
    let whole = ask(json!({ "enableMemory": true, "enableReturnData": true })).await;
    let last = whole["structLogs"].as_array().unwrap().last().unwrap();
    assert_eq!(last["memory"], json!([ONE]));
    assert_eq!(last["returnData"], ONE);
}

#[tokio::test]
async fn calls_are_shown_as_a_tree() {
    let node = Node::instant().await;
    let Forwarded {
        counted,
        reverted,
        counter,
        forward,
        input,
    } = node.forwarded().await;
    let ask = async |hash: B256, config: Value| {
        let options = json!({ "tracer": "callTracer", "tracerConfig": config });
        node.ask("debug_traceTransaction", json!([hash, options])).await
    };
    let inner = json!({
        "type": "CALL", "from": forward, "to": counter, "value": "0x0", "gas": "0xea8fd", "gasUsed": "0x5a77",
        "input": "0x", "output": ONE,
    });
    let root = json!({
        "type": "CALL", "from": node.key.address(), "to": forward, "value": "0x0", "gas": "0xf4240",
        "gasUsed": "0xb835", "input": input, "output": ONE,
    });
    let mut expected = root.clone();
    expected["calls"] = json!([inner]);
    assert_eq!(ask(counted, json!({})).await, expected);
    assert_eq!(ask(counted, json!({ "onlyTopCall": true })).await, root);
    let logged = ask(counted, json!({ "withLog": true })).await;
    let log = &logged["calls"][0]["logs"][0];
    assert_eq!(
        (&log["address"], &log["topics"], &log["data"]),
        (&json!(counter), &json!([COUNTED]), &json!(ONE))
    );
    let failed = ask(reverted, json!({})).await;
    assert_eq!(
        (&failed["error"], &failed["revertReason"], &failed["gasUsed"]),
        (&json!("execution reverted"), &json!("no"), &json!("0x526a"))
    );
}

#[tokio::test]
async fn state_before_and_what_changed_are_shown() {
    let node = Node::instant().await;
    let Forwarded {
        counted,
        reverted,
        counter,
        forward,
        ..
    } = node.forwarded().await;
    let ask = async |config: Value| {
        let options = json!({ "tracer": "prestateTracer", "tracerConfig": config });
        node.ask("debug_traceTransaction", json!([counted, options]))
            .await
    };
    let (counter, forward) = (format!("{counter:#x}"), format!("{forward:#x}"));
    let sender = format!("{:#x}", node.key.address());
    let before = ask(json!({})).await;
    let code = json!(Bytes::copy_from_slice(&COUNTER[9..]));
    assert_eq!(
        before[&counter],
        json!({ "balance": "0x0", "nonce": 1, "code": code, "storage": { ZERO: ZERO } })
    );
    assert_eq!(
        before[&forward]["code"],
        json!(Bytes::copy_from_slice(&FORWARD[9..]))
    );
    assert_eq!(before[&sender]["nonce"], 2);
    let changed = ask(json!({ "diffMode": true })).await;
    assert_eq!(changed["post"][&counter], json!({ "storage": { ZERO: ONE } }));
    assert_eq!(
        (
            &changed["pre"][&sender]["nonce"],
            &changed["post"][&sender]["nonce"]
        ),
        (&json!(2), &json!(3))
    );
    assert_eq!(changed["post"].get(&forward), None);

    let diff = node
        .ask("trace_replayTransaction", json!([counted, ["stateDiff"]]))
        .await;
    assert_eq!(diff["trace"], json!([]));
    assert_eq!(
        diff["stateDiff"][&counter]["storage"],
        json!({ ZERO: { "*": { "from": ZERO, "to": ONE } } })
    );
    assert_eq!(
        diff["stateDiff"][&sender]["nonce"],
        json!({ "*": { "from": "0x2", "to": "0x3" } })
    );

    // The first four bytes of every call that has them, with the length of the rest.
    let options = json!({ "tracer": "4byteTracer" });
    let selectors = node
        .ask("debug_traceTransaction", json!([counted, options]))
        .await;
    assert_eq!(selectors, json!({ "0x00000000-28": 1 }));
    assert_eq!(
        node.ask("debug_traceTransaction", json!([reverted, options]))
            .await,
        json!({})
    );
}

#[tokio::test]
async fn calls_are_shown_as_a_list() {
    let node = Node::instant().await;
    let Forwarded {
        counted,
        reverted,
        counter,
        forward,
        input,
    } = node.forwarded().await;
    let block = node.ask("eth_getBlockByNumber", json!(["0x3"])).await;
    let at = |index: Value, action: Value, used: &str, subtraces: u64| {
        json!({
            "action": action, "result": { "gasUsed": used, "output": ONE }, "subtraces": subtraces,
            "traceAddress": index, "type": "call", "blockHash": block["hash"], "blockNumber": 3,
            "transactionHash": counted, "transactionPosition": 0,
        })
    };
    let action = |from: Address, to: Address, gas: &str, input: &Bytes| json!({ "callType": "call", "from": from, "to": to, "gas": gas, "input": input, "value": "0x0" });
    let expected = [
        at(
            json!([]),
            action(node.key.address(), forward, "0xeeec8", &input),
            "0x64bd",
            1,
        ),
        at(
            json!([0]),
            action(forward, counter, "0xea8fd", &Bytes::new()),
            "0x5a77",
            0,
        ),
    ];
    let all = json!(expected);
    assert_eq!(node.ask("trace_transaction", json!([counted])).await, all);
    assert_eq!(node.ask("trace_block", json!(["0x3"])).await, all);
    assert_eq!(
        node.ask("trace_get", json!([counted, ["0x1"]])).await,
        expected[1]
    );
    assert_eq!(node.ask("trace_get", json!([counted, [2]])).await, Value::Null);
    assert_eq!(
        node.ask("trace_transaction", json!([B256::ZERO])).await,
        Value::Null
    );
    // Here the root has the whole transaction's gas, as in geth.
    let flat = json!([counted, { "tracer": "flatCallTracer" }]);
    let flat = node.ask("debug_traceTransaction", flat).await;
    assert_eq!(
        (&flat[0]["action"]["gas"], &flat[1]),
        (&json!("0xf4240"), &expected[1])
    );
    let failed = node.ask("trace_transaction", json!([reverted])).await;
    assert_eq!(
        (&failed[0]["error"], &failed[0]["subtraces"]),
        (&json!("Reverted"), &json!(0))
    );
    let created = node.ask("trace_block", json!(["0x2"])).await;
    assert_eq!(created[0]["result"]["address"], json!(forward));

    let find = async |filter: Value| node.ask("trace_filter", json!([filter])).await;
    assert_eq!(find(json!({ "fromBlock": "0x3", "toBlock": "0x3" })).await, all);
    assert_eq!(
        find(json!({ "fromBlock": "0x1", "fromAddress": [forward] })).await,
        json!([expected[1]])
    );
    let to_counter = json!({ "fromBlock": "0x1", "toAddress": [counter] });
    assert_eq!(
        find(to_counter).await.as_array().unwrap().len(),
        3,
        "its creation, the call, the revert"
    );
    let both = json!({ "fromBlock": "0x1", "fromAddress": [forward], "toAddress": [forward] });
    assert_eq!(find(both.clone()).await.as_array().unwrap().len(), 3);
    let mut neither = both;
    neither["mode"] = json!("intersection");
    assert_eq!(find(neither).await, json!([]));
    let page = json!({ "fromBlock": "0x3", "toBlock": "0x4", "after": 1, "count": 1 });
    assert_eq!(find(page).await, json!([expected[1]]));
}

#[tokio::test]
async fn calls_and_signed_transactions_are_traced_without_being_sent() {
    let node = Node::instant().await;
    let Forwarded {
        counted,
        counter,
        forward,
        input,
        ..
    } = node.forwarded().await;
    let raw = node.sign(4, forward.into(), input.clone(), 0);
    let traced = node
        .ask("trace_rawTransaction", json!([raw, ["trace", "vmTrace"]]))
        .await;
    assert_eq!(traced["output"], ONE);
    assert_eq!(traced["trace"].as_array().unwrap().len(), 2);
    let operations = traced["vmTrace"]["ops"].as_array().unwrap();
    assert_eq!(operations.len(), 14, "steps of the outer call");
    let inner = operations
        .iter()
        .find(|operation| !operation["sub"].is_null())
        .unwrap();
    assert_eq!(inner["pc"], 8);
    assert_eq!(inner["sub"]["code"], json!(Bytes::copy_from_slice(&COUNTER[9..])));
    let call = json!({ "from": node.key.address(), "to": forward, "input": input });
    let traced = node.ask("trace_call", json!([call, ["trace"]])).await;
    assert_eq!(traced["trace"][1]["action"]["to"], json!(counter));
    assert_eq!(node.ask("eth_blockNumber", json!([])).await, "0x4");
    let all = node
        .ask("trace_replayBlockTransactions", json!(["0x3", ["trace"]]))
        .await;
    assert_eq!(all[0]["transactionHash"], json!(counted));
    let refusal = node
        .refusal("trace_rawTransaction", json!(["0x02c0", ["trace"]]))
        .await;
    assert_eq!(refusal.code, -32602);
}

#[tokio::test]
async fn each_transaction_of_a_block_sees_those_before_it() {
    let node = Node::manual().await;
    let counter = node.deploy().await;
    let mut hashes = Vec::new();
    for nonce in 1..4 {
        hashes.push(
            node.send(&node.sign(nonce, counter.into(), Bytes::new(), 0))
                .await,
        );
    }
    let block = node.chain.mine();
    let options = json!({ "tracer": "callTracer" });
    let traces = node
        .ask("debug_traceBlockByNumber", json!(["latest", options]))
        .await;
    assert_eq!(
        node.ask("debug_traceBlockByHash", json!([block.hash, options]))
            .await,
        traces
    );
    for (index, hash) in hashes.iter().enumerate() {
        let trace = &traces[index + 1];
        assert_eq!(trace["txHash"], json!(hash));
        assert_eq!(trace["result"]["output"], format!("0x{:064x}", index + 1));
        assert_eq!(
            node.ask("debug_traceTransaction", json!([hash, options])).await,
            trace["result"]
        );
        let receipt = node.ask("eth_getTransactionReceipt", json!([hash])).await;
        assert_eq!(receipt["gasUsed"], trace["result"]["gasUsed"]);
    }
}

#[tokio::test]
async fn raw_items_are_what_the_header_commits_to() {
    let node = Node::instant().await;
    let Forwarded { counted, .. } = node.forwarded().await;
    let block = node.ask("eth_getBlockByNumber", json!(["0x3"])).await;
    let header: Bytes = serde_json::from_value(node.ask("debug_getRawHeader", json!(["0x3"])).await).unwrap();
    assert_eq!(json!(alloy_primitives::keccak256(&header)), block["hash"]);
    let raw: Bytes =
        serde_json::from_value(node.ask("debug_getRawBlock", json!([block["hash"]])).await).unwrap();
    assert!(raw.windows(header.len()).any(|part| part == &header[..]));
    assert_eq!(
        block["size"],
        format!("{:#x}", header.len() + sent_length(&node, counted).await)
    );
    let receipts: Vec<Bytes> =
        serde_json::from_value(node.ask("debug_getRawReceipts", json!(["0x3"])).await).unwrap();
    assert_eq!(
        json!(zhengtong_types::trie::ordered_root(&receipts)),
        block["receiptsRoot"]
    );
    let transaction = node.ask("debug_getRawTransaction", json!([counted])).await;
    assert_eq!(
        transaction,
        node.ask("eth_getRawTransactionByHash", json!([counted])).await
    );
    let by_place = node
        .ask(
            "eth_getRawTransactionByBlockNumberAndIndex",
            json!(["0x3", "0x0"]),
        )
        .await;
    assert_eq!(transaction, by_place);
    let refusal = node.refusal("debug_getRawHeader", json!(["2"])).await;
    assert_eq!(refusal.code, -32602);
}

async fn sent_length(node: &Node, hash: B256) -> usize {
    let raw: Bytes =
        serde_json::from_value(node.ask("eth_getRawTransactionByHash", json!([hash])).await).unwrap();
    raw.len()
}

#[tokio::test]
async fn what_cannot_be_traced_is_refused() {
    let node = Node::instant().await;
    let Forwarded { counted, .. } = node.forwarded().await;
    let cases = [
        (
            "debug_traceTransaction",
            json!([B256::ZERO]),
            -32000,
            "transaction not found",
        ),
        (
            "trace_replayTransaction",
            json!([B256::ZERO, ["trace"]]),
            -32000,
            "transaction not found",
        ),
        (
            "debug_traceBlockByNumber",
            json!(["earliest"]),
            -32000,
            "genesis is not traceable",
        ),
        (
            "debug_traceBlockByNumber",
            json!(["0x99"]),
            -32000,
            "header not found",
        ),
        (
            "debug_traceTransaction",
            json!([counted, { "tracer": "{step: function() {}}" }]),
            -32602,
            "this tracer is not supported",
        ),
        (
            "debug_traceTransaction",
            json!([counted, { "tracer": "muxTracer" }]),
            -32602,
            "this tracer is not supported",
        ),
        (
            "debug_traceCall",
            json!([{ "to": Address::ZERO }, "0x3", { "txIndex": 2 }]),
            -32602,
            "txIndex 2 is more than",
        ),
        (
            "trace_filter",
            json!([{ "fromBlock": "0x1", "x": 1 }]),
            -32602,
            "invalid argument 0 (filter)",
        ),
    ];
    for (method, params, code, expected) in cases {
        let refusal = node.refusal(method, params).await;
        assert_eq!(refusal.code, code, "{refusal:?}");
        assert!(refusal.message.starts_with(expected), "{refusal:?}");
    }
    for _ in 0..260 {
        node.chain.mine();
    }
    let refusal = node.refusal("debug_traceTransaction", json!([counted])).await;
    assert_eq!(
        (refusal.code, refusal.message.as_str()),
        (
            -32000,
            "historical state is not available: state of block 2 is no longer kept; the oldest is 8, the latest 264"
        )
    );
    let backwards = json!([{ "fromBlock": "0xa", "toBlock": "0x9" }]);
    assert_eq!(node.refusal("trace_filter", backwards).await.code, -32602);
    let refusal = node
        .refusal("trace_filter", json!([{ "fromBlock": "0xa" }]))
        .await;
    assert_eq!(refusal.code, -32005);
    assert!(
        refusal.message.ends_with("ask for fromBlock 0xa to toBlock 0x6d"),
        "{refusal:?}"
    );
}

#[tokio::test]
async fn a_trace_that_would_take_too_much_memory_is_refused() {
    let node = Node::instant().await;
    // Loops until the gas is used up: 5b5f56.
    let endless = json!({ "code": "0x5b5f56" });
    // Expands its memory to 1 MiB and calls an empty account with all of it, again and again:
    // 5b 5f 5f 62100000 5f 5f 6099 5a f1 50 5f 56.
    let wide = json!({ "code": "0x5b5f5f621000005f5f60995af1505f56" });
    let to = Address::repeat_byte(7);
    let trace = async |code: &Value, gas: &str, options: &Value| {
        let mut options = options.clone();
        options["stateOverrides"] = json!({ to.to_string(): code });
        let call = json!({ "to": to, "gas": gas });
        node.request("debug_traceCall", json!([call, "latest", options]))
            .await
    };
    for (code, options) in [
        (&endless, json!({})),
        (&endless, json!({ "disableStack": true, "disableStorage": true })),
        (&wide, json!({ "tracer": "callTracer" })),
        (&wide, json!({ "tracer": "flatCallTracer" })),
        (&wide, json!({ "enableMemory": true })),
    ] {
        let refusal = trace(code, "0x5f5e100", &options)
            .await
            .expect_err("it is too large");
        assert_eq!(refusal.code, -32005, "{options}: {refusal:?}");
        assert!(
            refusal
                .message
                .starts_with("the trace is larger than 67108864 bytes"),
            "{refusal:?}"
        );
    }
    // What is not recorded takes no memory.
    let short = trace(&endless, "0x30d40", &json!({ "limit": 10 })).await.unwrap();
    assert_eq!((steps(&short).len(), &short["failed"]), (10, &json!(true)));
    let top = trace(&endless, "0x30d40", &json!({ "tracer": "callTracer" }))
        .await
        .unwrap();
    assert_eq!(top["error"], "out of gas");
}

#[tokio::test]
async fn the_deepest_calls_are_traced() {
    let node = Node::instant().await;
    // Calls itself with all the gas that the 63/64 rule leaves: 5f5f5f5f5f305af1.
    let to = Address::repeat_byte(7);
    let options = json!({ "tracer": "callTracer", "stateOverrides": { to.to_string(): { "code": "0x5f5f5f5f5f305af1" } } });
    let body = json!({
        "jsonrpc": "2.0", "id": 1, "method": "debug_traceCall",
        "params": [{ "to": to, "gas": "0x5f5e100" }, "latest", options],
    });
    let (_, answer) = node.post(body.to_string()).await;
    let depth = answer.matches("\"calls\"").count();
    assert!((300..=1024).contains(&depth), "{depth}");
}
