//! A network of one in the deterministic runtime: transfers, finality, state, proofs, and restarts.

use crate::common::{account, config, network, transfer};
use alloy_primitives::{Address, B256, U256, keccak256};
use commonware_runtime::{Runner as _, Supervisor as _, deterministic};
use std::sync::Arc;
use zhengtong_chain::{ChainView, Handle, Setup, Store, SubmitError, engine, solo};
use zhengtong_evm::Database as _;
use zhengtong_state::Wait;

type View = Handle<deterministic::Context>;

async fn start(
    context: &deterministic::Context,
    network: &crate::common::Network,
    store: Arc<Store>,
) -> View {
    let setup = Setup {
        config: config(),
        network: network.info.clone(),
        genesis: network.genesis.clone(),
        scheme: network.schemes[0].clone(),
        public_key: network.validators[0].clone(),
        store,
        wait: Wait::Refuse,
        prefix: "solo".into(),
    };
    engine::start(
        context.child("node"),
        setup,
        solo::links(network.validators[0].clone()),
    )
    .await
    .expect("it starts")
    .handle
}

/// Waits until a transaction is final and returns its block and index.
async fn finalized(view: &View, hash: B256) -> (u64, usize) {
    let mut blocks = view.subscribe();
    loop {
        if let Some(place) = view.transaction(hash).expect("the store reads") {
            return place;
        }
        blocks.recv().await.expect("the chain goes on");
    }
}

fn balance(view: &View, at: u64, address: Address) -> U256 {
    let mut state = view.state(at).expect("the state is kept");
    state
        .basic(address)
        .expect("memory reads")
        .map(|info| info.balance)
        .unwrap_or_default()
}

#[test]
fn transfers_are_final_proven_and_survive_a_restart() {
    let network = network(1, 1);
    let store = Arc::new(Store::in_memory().expect("memory"));
    let receiver = Address::repeat_byte(0x42);
    let (shared, key) = (&network, network.info.public_key);
    let memory = store.clone();
    let (first, checkpoint) = deterministic::Runner::timed(std::time::Duration::from_secs(120))
        .start_and_recover(async move |context| {
            let view = start(&context, shared, memory).await;
            assert_eq!(view.tip().header.number, 0);
            let raw = transfer(&account(1), 0, receiver, 7);
            let hash = view.submit(raw.clone()).await.expect("accepted");
            assert_eq!(hash, keccak256(&raw));
            let (number, index) = finalized(&view, hash).await;
            assert_eq!((number, index), (1, 0));
            let block = view.block(number).expect("reads").expect("exists");
            assert_eq!(block.receipts.len(), 1);
            assert!(block.receipts[0].envelope.status());
            assert_eq!(block.receipts[0].gas_used, 21_000);

            let header = view.finality(number).expect("reads").expect("certified");
            assert_eq!(header.verify(&key).expect("verifies").hash(), block.hash);
            assert_eq!(balance(&view, number, receiver), U256::from(7));
            assert_eq!(
                balance(&view, 0, receiver),
                U256::ZERO,
                "the state before it is still there"
            );

            let proof = view.prove(receiver, &[B256::ZERO]).await.expect("proves");
            let state = proof.verify(&key).expect("verifies");
            assert_eq!(state.account().balance(), U256::from(7));
            number
        });
    deterministic::Runner::from(checkpoint).start(async move |context| {
        let view = start(&context, shared, store).await;
        assert!(view.tip().header.number >= first);
        assert_eq!(balance(&view, view.tip().header.number, receiver), U256::from(7));
        let error = view
            .submit(transfer(&account(1), 0, receiver, 7))
            .await
            .expect_err("used nonce");
        assert_eq!(error, SubmitError::NonceTooLow { got: 0, expected: 1 });
        let hash = view
            .submit(transfer(&account(1), 1, receiver, 1))
            .await
            .expect("accepted");
        let (number, _) = finalized(&view, hash).await;
        assert_eq!(balance(&view, number, receiver), U256::from(8));
    });
}
