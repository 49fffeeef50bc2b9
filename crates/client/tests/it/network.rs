use crate::node::{Node, Parrot, signer};
use alloy_primitives::{Address, U256};
use alloy_rpc_types_eth::{Filter, TransactionRequest};
use serde_json::json;
use zhengtong_client::{Account, Client, ClientError, Expected};
use zhengtong_rpc::mocks::MockChain;

#[tokio::test]
async fn the_wrong_network_is_refused() {
    let node = Node::instant().await;
    let other = Node::start(MockChain::with(&[], 4, true)).await;
    let wrong = Client::connect(&node.url(), Some(other.key()))
        .await
        .expect_err("another key");
    assert!(
        matches!(
            wrong,
            ClientError::WrongNetwork {
                what: "the network key",
                ..
            }
        ),
        "{wrong}"
    );
    let expected = Expected {
        key: None,
        chain_id: Some(1),
    };
    let wrong = Client::connect_to(&node.url(), expected)
        .await
        .expect_err("another chain");
    assert!(
        matches!(
            wrong,
            ClientError::WrongNetwork {
                what: "the chain id",
                ..
            }
        ),
        "{wrong}"
    );
    let expected = Expected {
        key: Some(node.key()),
        chain_id: Some(20260),
    };
    assert_eq!(
        Client::connect_to(&node.url(), expected)
            .await
            .unwrap()
            .chain_id(),
        20260
    );
}

#[tokio::test]
async fn another_evm_chain_can_be_used_without_proofs() {
    let node = Parrot::start(&[
        ("eth_chainId", json!("0x7a69")),
        ("eth_call", json!("0x01")),
        ("eth_getTransactionCount", json!("0x5")),
        ("eth_estimateGas", json!("0x5208")),
        ("eth_gasPrice", json!("0x3b9aca00")),
        ("eth_maxPriorityFeePerGas", json!("0x1")),
    ])
    .await;
    let client = Client::connect(&node.url(), None).await.unwrap();
    assert_eq!(client.chain_id(), 31337);
    let output = client
        .call(&TransactionRequest::default().to(Address::ZERO), None)
        .await
        .unwrap();
    assert_eq!(output[..], [1]);
    assert_eq!(client.pending_nonce(Address::ZERO).await.unwrap(), 5);
    for error in [
        client
            .wait_final(Default::default())
            .await
            .expect_err("no proofs"),
        client.state(Address::ZERO, &[]).await.expect_err("no proofs"),
        client.block(1).await.expect_err("no proofs"),
    ] {
        assert!(matches!(error, ClientError::NoProofs { .. }), "{error}");
    }
    let error = Client::connect(&node.url(), Some(Node::instant().await.key()))
        .await
        .expect_err("it has no key");
    assert!(matches!(error, ClientError::NoProofs { .. }), "{error}");
    // A node that cannot take the transaction says so.
    let account = Account::new(client, signer());
    let error = account
        .submit(&crate::node::transfer())
        .await
        .expect_err("no such method");
    assert!(error.to_string().contains("eth_sendRawTransaction"), "{error}");
}

#[tokio::test]
async fn addresses_and_answers_are_checked() {
    let error = Client::connect("nonsense", None).await.expect_err("no address");
    assert!(matches!(error, ClientError::Url { .. }), "{error}");
    let node = Parrot::start(&[("eth_chainId", json!({ "is": "wrong" }))]).await;
    let error = Client::connect(&node.url(), None).await.expect_err("no number");
    assert!(
        matches!(
            error,
            ClientError::Answer {
                method: "eth_chainId",
                ..
            }
        ),
        "{error}"
    );
}

#[tokio::test]
async fn state_can_be_read() {
    let node = Node::instant().await;
    let account = node.account().await;
    account.execute(&crate::node::transfer()).await.unwrap();
    let client = account.client();
    assert_eq!(client.block_number().await.unwrap(), 1);
    assert_eq!(
        client.balance(Address::repeat_byte(9)).await.unwrap(),
        U256::from(1)
    );
    assert_eq!(
        client.logs(&Filter::new().from_block(0u64)).await.unwrap().len(),
        0
    );
    assert_eq!(client.network().unwrap().public_key, node.key());
}

#[tokio::test]
async fn the_next_node_is_asked_when_one_cannot_be_reached() {
    let node = Node::instant().await;
    // Nobody listens there any more.
    let gone = std::net::TcpListener::bind("127.0.0.1:0")
        .and_then(|held| held.local_addr())
        .unwrap();
    let urls = format!("http://{gone}, {}", node.url());
    let client = Client::connect(&urls, Some(node.key())).await.unwrap();
    assert_eq!(client.block_number().await.unwrap(), 0);

    let many = vec![node.url(); 65].join(",");
    let refused = Client::connect(&many, None).await.expect_err("too many");
    assert!(matches!(refused, ClientError::Url { .. }), "{refused}");
}
