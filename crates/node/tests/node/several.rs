//! Several validators on loopback, as processes on one machine would be.

use crate::common::{account, balance, configs, dev, finalized, transfer};
use alloy_primitives::{Address, U256};
use zhengtong_chain::ChainView as _;
use zhengtong_node::Node;

#[tokio::test(flavor = "multi_thread")]
async fn four_validators_finalize_what_any_of_them_accepts() {
    let folder = tempfile::tempdir().expect("a folder");
    let receiver = Address::repeat_byte(0x42);
    let first_port = 20_000 + (std::process::id() % 10_000) as u16;
    let mut nodes = Vec::new();
    for config in configs(folder.path(), &dev(4, first_port)) {
        nodes.push(Node::start(config).await.expect("it starts"));
    }
    let mut hashes = Vec::new();
    for (index, node) in nodes.iter().enumerate() {
        let raw = transfer(&account(index as u64 + 1), 0, receiver, 1);
        hashes.push(node.view().submit(raw).await.expect("accepted"));
    }
    let key = nodes[0].view().network().public_key;
    for node in &nodes {
        let view = node.view();
        for hash in &hashes {
            let number = finalized(view, *hash).await;
            view.finality(number)
                .expect("reads")
                .expect("certified")
                .verify(&key)
                .expect("verifies");
        }
        assert_eq!(balance(view, receiver).await, U256::from(4));
    }
    for node in nodes {
        node.stop().await;
    }
}
