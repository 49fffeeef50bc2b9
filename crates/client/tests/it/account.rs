use crate::node::{Node, REVERTING, signer, transfer};
use alloy_primitives::{Bytes, TxKind, U256};
use std::collections::BTreeSet;
use zhengtong_client::{AccountError, Call, ClientError};

fn creation(code: Bytes) -> Call {
    Call {
        to: TxKind::Create,
        data: code,
        value: U256::ZERO,
        gas_limit: None,
    }
}

#[tokio::test]
async fn nonces_are_given_out_in_order() {
    let node = Node::manual().await;
    let account = node.account().await;
    let submitting = (0..20).map(|_| {
        let account = account.clone();
        tokio::spawn(async move { account.submit(&transfer()).await.unwrap().0 })
    });
    let mut hashes = BTreeSet::new();
    for submitted in submitting.collect::<Vec<_>>() {
        hashes.insert(submitted.await.unwrap());
    }
    assert_eq!(hashes.len(), 20);
    let block = node.chain.mine();
    assert_eq!(block.transactions.len(), 20);
    assert!(block.receipts.iter().all(|receipt| receipt.envelope.status()));
}

#[tokio::test]
async fn a_nonce_used_elsewhere_is_noticed() {
    let node = Node::instant().await;
    let one = node.account().await;
    let other = node.account().await;
    one.execute(&transfer()).await.unwrap();
    let different = Call {
        value: U256::from(2),
        ..transfer()
    };
    other.execute(&different).await.unwrap();
    other.execute(&different).await.unwrap();
    // `one` still believes that its next nonce is 1.
    one.execute(&transfer()).await.unwrap();
    assert_eq!(one.client().pending_nonce(signer().address()).await.unwrap(), 4);
}

#[tokio::test]
async fn a_revert_is_known_before_it_is_sent() {
    let node = Node::instant().await;
    let account = node.account().await;
    account.execute(&creation(REVERTING)).await.unwrap();
    let contract = signer().address().create(0);
    let call = Call {
        to: contract.into(),
        data: Bytes::new(),
        value: U256::ZERO,
        gas_limit: None,
    };
    let error = account.execute(&call).await.expect_err("it reverts");
    let AccountError::Client(ClientError::Reverted { output, .. }) = error else {
        panic!("{error}")
    };
    assert_eq!(output[..], [0, 0]);
    assert_eq!(
        account.client().pending_nonce(signer().address()).await.unwrap(),
        1
    );
    // Sent all the same, it is executed and fails.
    let error = account
        .execute(&Call {
            gas_limit: Some(100_000),
            ..call
        })
        .await
        .expect_err("it reverts");
    assert!(matches!(error, AccountError::Failed { .. }), "{error}");
    // Which does not stop the next one.
    account.execute(&transfer()).await.unwrap();
}

#[tokio::test]
async fn a_refused_transaction_leaves_no_gap() {
    let node = Node::instant().await;
    let account = node.account().await;
    let error = account
        .submit(&creation(vec![0; 200_000].into()))
        .await
        .expect_err("it is too large");
    assert!(matches!(error, AccountError::Client(_)), "{error}");
    account.execute(&transfer()).await.unwrap();
}

#[tokio::test]
async fn sending_twice_is_harmless() {
    let node = Node::manual().await;
    let account = node.account().await;
    let (hash, raw) = account.submit(&transfer()).await.unwrap();
    assert_eq!(account.client().send(&raw).await.unwrap(), hash);
    node.chain.mine();
    assert_eq!(account.client().send(&raw).await.unwrap(), hash);
    assert_eq!(node.chain.mine().transactions.len(), 0);
}

#[tokio::test]
async fn what_the_node_lost_is_sent_again() {
    let node = Node::manual().await;
    let account = node.account().await;
    let executing = tokio::spawn(async move { account.execute(&transfer()).await });
    while node.chain.waiting() == 0 {
        tokio::task::yield_now().await;
    }
    node.chain.lose_waiting();
    while node.chain.waiting() == 0 {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    node.chain.mine();
    assert!(executing.await.unwrap().unwrap().succeeded());
}
