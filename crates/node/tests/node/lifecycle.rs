use crate::common::{account, balance, configs, dev, finalized, transfer};
use alloy_primitives::{Address, B256, U256};
use std::time::Instant;
use zhengtong_chain::{ChainView as _, SubmitError};
use zhengtong_node::{Node, NodeError};

#[tokio::test(flavor = "multi_thread")]
async fn it_finalizes_and_continues_where_it_was() {
    let folder = tempfile::tempdir().expect("a folder");
    let network = dev(1, 0);
    let config = configs(folder.path(), &network).remove(0);
    let receiver = Address::repeat_byte(0x42);
    let began = Instant::now();
    let node = Node::start(config.clone()).await.expect("it starts");
    println!("start: {:?}", began.elapsed());
    let view = node.view().clone();
    assert_eq!(view.tip().header.number, 0);
    let key = view.network().public_key;
    for nonce in 0..20 {
        let began = Instant::now();
        let hash = view
            .submit(transfer(&account(1), nonce, receiver, 1))
            .await
            .expect("accepted");
        let acknowledged = began.elapsed();
        let number = finalized(&view, hash).await;
        println!("acknowledged {acknowledged:?}, final {:?}", began.elapsed());
        view.finality(number)
            .expect("reads")
            .expect("certified")
            .verify(&key)
            .expect("verifies");
    }
    assert_eq!(balance(&view, receiver).await, U256::from(20));
    let proof = view.prove(receiver, &[B256::ZERO]).await.expect("proves");
    assert_eq!(
        proof.verify(&key).expect("verifies").account().balance(),
        U256::from(20)
    );

    let busy = Node::start(config.clone())
        .await
        .err()
        .expect("the folder is locked");
    assert!(matches!(busy, NodeError::Data(_)), "{busy}");
    let tip = view.tip().header.number;
    drop(view);
    node.stop().await;

    let node = Node::start(config).await.expect("it starts again");
    let view = node.view().clone();
    assert!(view.tip().header.number >= tip);
    assert_eq!(balance(&view, receiver).await, U256::from(20));
    let error = view
        .submit(transfer(&account(1), 3, receiver, 1))
        .await
        .expect_err("used");
    assert_eq!(error, SubmitError::NonceTooLow { got: 3, expected: 20 });
    let hash = view
        .submit(transfer(&account(1), 20, receiver, 1))
        .await
        .expect("accepted");
    finalized(&view, hash).await;
    node.stop().await;
}
