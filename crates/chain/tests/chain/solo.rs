//! A network of one in the deterministic runtime: transfers, finality, state, proofs, and restarts.

use crate::common::{View, account, delegation, network, transfer};
use alloy_primitives::{Address, B256, U256, keccak256};
use commonware_runtime::{Runner as _, Supervisor as _, deterministic};
use std::{collections::BTreeSet, sync::Arc};
use zhengtong_chain::{ChainView, Setup, Store, SubmitError, engine, solo};
use zhengtong_evm::{Database as _, Delegations, TransactionError};

async fn start(
    context: &deterministic::Context,
    network: &crate::common::Network,
    store: Arc<Store>,
) -> View {
    start_with(context, network, store, Delegations::default()).await
}

async fn start_with(
    context: &deterministic::Context,
    network: &crate::common::Network,
    store: Arc<Store>,
    delegations: Delegations,
) -> View {
    let setup = Setup {
        delegations,
        ..network.setup(store, "solo")
    };
    engine::start(
        context.child("node"),
        setup,
        network.secrets(0),
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

#[test]
fn an_account_delegates_to_what_the_network_lists_and_still_sends() {
    const TARGET: Address = Address::repeat_byte(0x77);
    let network = network(1, 1);
    let (shared, store) = (&network, Arc::new(Store::in_memory().expect("memory")));
    deterministic::Runner::timed(std::time::Duration::from_secs(120)).start(async move |context| {
        let list = Delegations::Listed(BTreeSet::from([TARGET]));
        let view = start_with(&context, shared, store, list).await;
        let owner = account(1);
        let other = Address::repeat_byte(0x78);
        let error = view
            .submit(delegation(&owner, 0, other))
            .await
            .expect_err("not listed");
        let expected = TransactionError::Delegation {
            index: 0,
            target: other,
        };
        assert_eq!(error, SubmitError::Transaction(expected));

        let hash = view
            .submit(delegation(&owner, 0, TARGET))
            .await
            .expect("accepted");
        let (number, _) = finalized(&view, hash).await;
        let mut state = view.state(number).expect("the state is kept");
        let info = state.basic(owner.address()).expect("reads").expect("exists");
        assert_eq!(info.nonce, 2);
        let code = state
            .code_by_hash(info.code_hash)
            .expect("reads")
            .original_bytes();
        assert_eq!(code, [&[0xef, 0x01, 0x00][..], TARGET.as_slice()].concat());
        // Its code is not a contract's: the owner sends as before, from the nonce after the authorization's.
        let raw = transfer(&owner, 2, Address::repeat_byte(0x42), 7);
        let hash = view.submit(raw).await.expect("accepted");
        finalized(&view, hash).await;
    });
}
