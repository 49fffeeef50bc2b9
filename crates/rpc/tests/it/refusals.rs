use crate::node::Node;
use serde_json::{Value, json};
use zhengtong_rpc::{Config, Hosts, RpcServer, StartError};

#[tokio::test]
async fn a_notification_has_no_answer() {
    let node = Node::instant().await;
    let told = json!({ "jsonrpc": "2.0", "method": "eth_chainId" });
    let asked = json!({ "jsonrpc": "2.0", "id": 1, "method": "eth_chainId" });
    let silence = (200, String::new());
    assert_eq!(node.post(told.to_string()).await, silence);
    assert_eq!(node.post(json!([told, told]).to_string()).await, silence);
    let (_, answer) = node.post(json!([told, asked, told]).to_string()).await;
    let answers: Value = serde_json::from_str(&answer).unwrap();
    assert_eq!(answers.as_array().map(Vec::len), Some(1));
    assert_eq!(answers[0]["result"], "0x4f24");
}

#[tokio::test]
async fn malformed_requests_are_refused() {
    let node = Node::instant().await;
    let error = |answer: &str| {
        serde_json::from_str::<Value>(answer).unwrap()["error"]["code"]
            .as_i64()
            .unwrap()
    };
    assert_eq!(error(&node.post("{").await.1), -32700);
    assert_eq!(error(&node.post(r#"{ "id": 1 }"#).await.1), -32600);
    assert_eq!(error(&node.post("[]").await.1), -32600);
    let refusal = node.refusal("eth_nothing", json!([])).await;
    assert_eq!(
        (refusal.code, refusal.message.as_str()),
        (-32601, "the method eth_nothing does not exist/is not available")
    );
    let long = node.refusal(&"x".repeat(10_000), json!([])).await;
    assert!(
        long.message.len() < 120,
        "what a client sends is not all said again"
    );
    let refusal = node.refusal("eth_getBalance", json!({ "address": "0x" })).await;
    assert_eq!(
        (refusal.code, refusal.message.as_str()),
        (-32602, "params must be an array")
    );
    let refusal = node.refusal("eth_getBalance", json!(["0x12", "latest"])).await;
    assert_eq!(refusal.code, -32602);
    assert!(
        refusal.message.starts_with("invalid argument 0 (address)"),
        "{refusal:?}"
    );
    let refusal = node.refusal("eth_getBalance", json!([])).await;
    assert_eq!(refusal.message, "missing value for required argument 0 (address)");
    let refusal = node
        .refusal("eth_getStorageAt", json!([node.key.address(), "12"]))
        .await;
    assert_eq!(
        refusal.message,
        "invalid argument 1 (slot): hex string without 0x prefix"
    );
    let refusal = node.refusal("eth_blockNumber", json!([1])).await;
    assert_eq!(refusal.message, "too many arguments, want at most 0");
    let refusal = node
        .refusal("eth_feeHistory", json!(["0x401", "latest", []]))
        .await;
    assert_eq!(
        refusal.message,
        "invalid argument 0 (block count): 1025 blocks, at most 1024"
    );
    let refusal = node
        .refusal("eth_feeHistory", json!(["0x1", "latest", [50.0, 20.0]]))
        .await;
    assert!(
        refusal
            .message
            .starts_with("invalid argument 2 (reward percentiles)"),
        "{refusal:?}"
    );
}

#[tokio::test]
async fn oversized_requests_are_refused() {
    let node = Node::instant().await;
    let (status, answer) = node.post(vec![b' '; 3 * 1024 * 1024]).await;
    assert!(status == 413 || answer.contains("-32007"), "{status} {answer}");
    let request = json!({ "jsonrpc": "2.0", "id": 1, "method": "eth_chainId", "params": [] });
    let batch = vec![request.clone(); 500];
    let (_, answer) = node.post(json!(batch).to_string()).await;
    assert_eq!(serde_json::from_str::<Vec<Value>>(&answer).unwrap().len(), 500);
    let batch = vec![request; 501];
    let (_, answer) = node.post(json!(batch).to_string()).await;
    assert!(answer.contains("-32010"), "{answer}");
}

#[tokio::test]
async fn pages_may_ask_but_not_under_another_name() {
    let node = Node::instant().await;
    let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "eth_chainId" }).to_string();
    let ask = async |host: &str| {
        let request = reqwest::Client::new()
            .post(&node.url)
            .header("content-type", "application/json");
        request
            .header("host", host)
            .header("origin", "https://wallet.example")
            .body(body.clone())
            .send()
            .await
            .unwrap()
    };
    let answer = ask("127.0.0.1:8545").await;
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["access-control-allow-origin"], "*");
    let by_program = reqwest::Client::new()
        .post(&node.url)
        .header("content-type", "application/json")
        .body(body.clone());
    let answer = by_program.send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert!(!answer.headers().contains_key("access-control-allow-origin"));
    assert_eq!(ask("localhost").await.status(), 200);
    assert_eq!(ask("rebound.example").await.status(), 403);
    let preflight = reqwest::Client::new()
        .request(reqwest::Method::OPTIONS, &node.url)
        .header("origin", "https://wallet.example")
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "content-type");
    let answer = preflight.send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["access-control-allow-headers"], "*");
}

#[tokio::test]
async fn a_port_in_use_and_a_wrong_host_are_named() {
    let node = Node::instant().await;
    let address = node.server.address();
    let taken = RpcServer::start(
        Config {
            address,
            hosts: Hosts::Local,
        },
        node.chain.clone(),
    )
    .await;
    assert!(matches!(taken, Err(StartError::Listen { address: named, .. }) if named == address));
    let config = Config {
        address: "127.0.0.1:0".parse().unwrap(),
        hosts: Hosts::Named(vec!["a b".into()]),
    };
    let wrong = RpcServer::start(config, node.chain.clone()).await;
    assert!(matches!(wrong, Err(StartError::Host { host, .. }) if host == "a b"));
}

#[tokio::test]
async fn a_stopped_server_frees_its_port() {
    let node = Node::instant().await;
    let address = node.server.address();
    node.server.stop().await;
    RpcServer::start(
        Config {
            address,
            hosts: Hosts::Any,
        },
        node.chain,
    )
    .await
    .unwrap()
    .stop()
    .await;
}
