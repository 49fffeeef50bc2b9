use crate::node::{Node, transfer};
use alloy_primitives::B256;
use futures::StreamExt as _;
use std::time::Duration;
use zhengtong_client::{Checkpoint, ClientError};

#[tokio::test]
async fn every_block_comes_once_and_verified() {
    let node = Node::manual().await;
    let account = node.account().await;
    for _ in 0..40 {
        account.submit(&transfer()).await.unwrap();
        node.chain.mine();
    }
    let mut blocks = account.client().follow(0);
    let mut last: Option<Checkpoint> = None;
    for number in 0..=40 {
        let block = blocks.next().await.unwrap().unwrap();
        assert_eq!(
            (block.number(), block.receipts().len()),
            (number, usize::from(number > 0))
        );
        last = Some(Checkpoint::from(&block));
    }
    let quiet = tokio::time::timeout(Duration::from_millis(150), blocks.next()).await;
    assert!(quiet.is_err());
    let sealed = node.chain.mine();
    assert_eq!(blocks.next().await.unwrap().unwrap().header().hash(), sealed.hash);

    // Going on where one left off.
    let last = last.unwrap();
    let next = account.client().follow_after(last).next().await.unwrap().unwrap();
    assert_eq!(next.number(), 41);
    let forged = Checkpoint {
        hash: B256::ZERO,
        ..last
    };
    let mut broken = account.client().follow_after(forged);
    for _ in 0..2 {
        let error = broken.next().await.unwrap().expect_err("another chain");
        assert!(matches!(error, ClientError::Broken { number: 41, .. }), "{error}");
    }
}

#[tokio::test]
async fn following_survives_a_restart_of_the_node() {
    let node = Node::manual().await;
    let client = node.client().await;
    let mut blocks = client.follow(1);
    node.chain.mine();
    assert_eq!(blocks.next().await.unwrap().unwrap().number(), 1);
    let (chain, address) = (node.chain.clone(), node.server.address());
    node.server.stop().await;
    chain.mine();
    let restarting = tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(400)).await;
        Node::start_at(chain, address).await
    });
    assert_eq!(blocks.next().await.unwrap().unwrap().number(), 2);
    restarting.await.unwrap();
}
