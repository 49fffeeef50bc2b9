//! Holds `docs/openrpc.json` against the server. That every result has its shape is checked by `Node::ask` in all tests.

use crate::{generate::Known, node::Node, schema::DOCUMENT};
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn described(keep: impl Fn(&Value) -> bool) -> impl Iterator<Item = (&'static str, &'static Vec<Value>)> {
    let methods = DOCUMENT.methods().filter(move |method| keep(method));
    methods.map(|method| {
        (
            method["name"].as_str().unwrap(),
            method["params"].as_array().unwrap(),
        )
    })
}

/// Methods that can be asked over HTTP and do not always refuse.
fn is_plain(method: &Value) -> bool {
    method["x-websocket"] != true && method["deprecated"] != true
}

#[tokio::test]
async fn every_method_is_described_and_every_described_one_exists() {
    let node = Node::instant().await;
    let module = zhengtong_rpc::module(node.chain.clone());
    let served: BTreeSet<&str> = module.method_names().collect();
    let described: BTreeSet<&str> = described(|_| true).map(|(name, _)| name).collect();
    assert_eq!(served, described);
    let namespaces = node.ask("rpc_modules", json!([])).await;
    let named: BTreeSet<&str> = namespaces
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    let used = described
        .iter()
        .map(|name| name.split(['_', '.']).next().unwrap());
    assert_eq!(named, used.collect());
}

#[tokio::test]
async fn the_document_is_served() {
    let node = Node::instant().await;
    assert_eq!(node.ask("rpc.discover", json!([])).await, DOCUMENT.json);
}

#[tokio::test]
async fn parameters_have_the_described_names_in_the_described_order() {
    let node = Node::instant().await;
    let known = Known::of(&node).await;
    for (method, params) in described(is_plain) {
        let mut random = known.random(0);
        let valid: Vec<Value> = params
            .iter()
            .map(|param| random.value(&param["schema"]))
            .collect();
        for (index, param) in params.iter().enumerate() {
            let name = param["name"].as_str().unwrap();
            if param["required"] == true {
                let refusal = node.refusal(method, json!(valid[..index])).await;
                let expected = format!("missing value for required argument {index} ({name})");
                assert_eq!(
                    (refusal.code, refusal.message.as_str()),
                    (-32602, expected.as_str()),
                    "{method}"
                );
            }
            let mut wrong = valid[..index].to_vec();
            wrong.push(json!("\u{1}"));
            let refusal = node.refusal(method, json!(wrong)).await;
            let expected = format!("invalid argument {index} ({name})");
            assert_eq!(refusal.code, -32602, "{method}: {refusal:?}");
            assert!(
                refusal.message.starts_with(&expected),
                "{method}: {refusal:?}, expected {expected}"
            );
        }
        let mut many = valid;
        many.push(json!(1));
        let refusal = node.refusal(method, json!(many)).await;
        let expected = format!("too many arguments, want at most {}", params.len());
        assert_eq!((refusal.code, refusal.message), (-32602, expected), "{method}");
    }
}

#[tokio::test]
async fn what_is_not_here_says_what_is_instead() {
    let node = Node::instant().await;
    for (method, _) in described(|method| method["deprecated"] == true) {
        let refusal = node.refusal(method, json!([])).await;
        assert_eq!(refusal.code, -32004, "{method}: {refusal:?}");
        assert!(
            refusal.message.contains("use ") || refusal.message.contains("send with"),
            "{refusal:?}"
        );
    }
    // geth's answer to a subscription where there is nothing to push to.
    for method in ["eth_subscribe", "eth_unsubscribe"] {
        let refusal = node.refusal(method, json!(["newHeads"])).await;
        assert_eq!(refusal.code, -32601);
        assert!(
            refusal.message.starts_with("notifications not supported"),
            "{refusal:?}"
        );
    }
    let request = json!({ "jsonrpc": "2.0", "id": 7, "method": "eth_subscribe", "params": ["newHeads"] });
    let (_, answer) = node.post(json!([request]).to_string()).await;
    let answer: Value = serde_json::from_str(&answer).unwrap();
    assert_eq!(
        (&answer[0]["id"], &answer[0]["error"]["code"]),
        (&json!(7), &json!(-32601))
    );
}
