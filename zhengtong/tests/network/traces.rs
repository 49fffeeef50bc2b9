//! Traces of a node: its steps, and nothing of what went through them.

use crate::{
    collector::Collector,
    commands::{found, text},
    processes::{Process, ports, refused},
    transfers::{RECEIVER, Sender, account, all_final, connect, transfer_on},
};
use serde_json::{Value, json};

/// What one validator alone does: only other nodes check and execute the blocks that it builds.
const NAMES: [&str; 4] = ["rpc.request", "rpc.batch", "pool.accept", "block.build"];
/// What one of two does that nobody asks: the other's blocks are checked and executed.
const BLOCKS: [&str; 2] = ["block.build", "block.execute"];
/// Methods that the test calls, and what stands for one that is not served.
const WORDS: [&str; 3] = ["eth_sendRawTransaction", "eth_getTransactionReceipt", "other"];

#[tokio::test(flavor = "multi_thread")]
async fn a_nodes_traces_say_what_it_does_and_nothing_of_what_was_sent() {
    let said = refused(&["node", "--otlp-endpoint", "https://collector"]);
    assert!(said.contains("plain http"), "{said}");

    let root = tempfile::tempdir().expect("a folder");
    let (rpc, data) = (ports(1)[0].to_string(), root.path().join("data"));
    let collector = Collector::start().await;
    let mut node = Process::start(&[
        "dev",
        "--chain-only",
        "--data",
        text(&data),
        "--rpc",
        &rpc,
        "--otlp-endpoint",
        &collector.url,
    ]);
    node.wait_for("ready");
    let http = reqwest::Client::new();
    let call = async |body: Value| -> Value {
        let sent = http
            .post(format!("http://{rpc}"))
            .header("content-type", "application/json");
        let answer = sent.body(body.to_string()).send().await.expect("it serves");
        serde_json::from_slice(&answer.bytes().await.expect("a body")).expect("JSON")
    };
    let request =
        |method: &str, params: Value| json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
    // The first of the well-known accounts of `dev`.
    let key = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
    let sender: alloy_signer_local::PrivateKeySigner = key.parse().expect("a key");
    let raw = transfer_on(20_260, &sender, 0);
    let hash = call(request("eth_sendRawTransaction", json!([raw]))).await["result"].clone();
    let hash: alloy_primitives::B256 = hash.as_str().expect("accepted").parse().expect("a hash");
    while call(request("eth_getTransactionReceipt", json!([hash]))).await["result"].is_null() {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    let name = "eth_of_110101199001011234";
    let answer = call(request(name, json!(["110101199001011234"]))).await;
    assert_eq!(answer["error"]["code"], -32601);
    call(json!([request("eth_getTransactionReceipt", json!([hash]))])).await;
    collector.wait_for(&NAMES).await;
    // What is left is sent at the end.
    node.terminate();

    collector.says_only(&NAMES, &WORDS);
    let methods = collector
        .spans()
        .into_iter()
        .filter(|span| span.name == "rpc.request");
    assert!(methods.count() >= 3);
    let [address, receiver] = [sender.address(), RECEIVER];
    collector.lacks(&[
        b"110101199001011234",
        address.as_slice(),
        receiver.as_slice(),
        hash.as_slice(),
        &raw,
        format!("{address:x}").as_bytes(),
        format!("{receiver:x}").as_bytes(),
        format!("{hash:x}").as_bytes(),
    ]);
}

#[tokio::test(flavor = "multi_thread")]
async fn blocks_of_others_are_in_the_traces_with_their_figures_alone() {
    let root = tempfile::tempdir().expect("a folder");
    let setup = found(root.path(), 2);
    let collector = Collector::start().await;
    let first = setup.start(0);
    let second = setup.start_with(1, &["--otlp-endpoint", &collector.url]);
    let client = connect(setup.rpc[0], setup.key).await;
    let mut sender = Sender::new(0);
    let executed = |collector: &Collector| -> Vec<Vec<String>> {
        let spans = collector.spans().into_iter();
        let executed = spans.filter(|span| span.name == "block.execute");
        executed
            .map(|span| {
                span.attributes
                    .into_iter()
                    .map(|attribute| attribute.key)
                    .collect()
            })
            .collect()
    };
    // Who builds the next block is not known before.
    while executed(&collector).is_empty() {
        let hash = sender.send(&client).await;
        all_final(&client, &[hash]).await;
    }
    second.terminate();
    first.terminate();

    collector.says_only(&BLOCKS, &[]);
    for keys in executed(&collector) {
        assert_eq!(keys, ["number", "transactions", "gas"]);
    }
    let address = account(0).address();
    collector.lacks(&[
        address.as_slice(),
        RECEIVER.as_slice(),
        format!("{address:x}").as_bytes(),
        format!("{RECEIVER:x}").as_bytes(),
    ]);
}
