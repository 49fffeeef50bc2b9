//! A validator alone that keeps a window of blocks.

use crate::common::{Network, account, config, network, transfer};
use alloy_primitives::{Address, U256};
use commonware_runtime::{Clock as _, Runner as _, Supervisor as _, deterministic};
use std::{sync::Arc, time::Duration};
use zhengtong_chain::{
    ChainView as _, Config, Handle, Setup, Store, ViewError, config::MIN_KEPT_BLOCKS, engine, solo,
};
use zhengtong_evm::Database as _;

const RECEIVER: Address = Address::repeat_byte(0x42);
/// Blocks that are made beyond those that are kept.
const BEYOND: u64 = 80;

async fn start(
    context: &deterministic::Context,
    network: &Network,
    store: Arc<Store>,
) -> Handle<deterministic::Context> {
    let setup = Setup {
        config: Config {
            heartbeat: Duration::from_millis(200),
            keep_blocks: Some(MIN_KEPT_BLOCKS),
            ..config()
        },
        ..network.setup(store, "window")
    };
    let links = solo::links(network.validators[0].clone());
    engine::start(context.child("node"), setup, network.secrets(0), links)
        .await
        .expect("it starts")
        .handle
}

#[test]
fn what_leaves_the_window_is_gone_and_says_so_and_the_rest_survives_a_restart() {
    let network = network(1, 1);
    let store = Arc::new(Store::in_memory().expect("memory"));
    let (shared, memory) = (&network, store.clone());
    let runner = deterministic::Runner::timed(Duration::from_secs(3_600));
    let (old, checkpoint) = runner.start_and_recover(async move |context| {
        let view = start(&context, shared, memory).await;
        let old = view
            .submit(transfer(&account(1), 0, RECEIVER, 7))
            .await
            .expect("accepted");
        while view.tip().header.number < MIN_KEPT_BLOCKS + BEYOND {
            let (tip, first) = (view.tip().header.number, view.first_block());
            assert!(
                first == 0 || tip + 1 - first >= MIN_KEPT_BLOCKS,
                "{first} to {tip} is too few"
            );
            context.sleep(Duration::from_secs(1)).await;
        }
        old
    });
    deterministic::Runner::from(checkpoint).start(async move |context| {
        let view = start(&context, shared, store).await;
        let new = view
            .submit(transfer(&account(1), 1, RECEIVER, 1))
            .await
            .expect("accepted");
        while view.transaction(new).expect("reads").is_none() {
            context.sleep(Duration::from_millis(100)).await;
        }
        let (tip, first) = (view.tip().header.number, view.first_block());
        assert_eq!(first, tip + 1 - MIN_KEPT_BLOCKS);
        for number in [1, first - 1] {
            assert!(matches!(view.block(number), Err(ViewError::NotKept { .. })));
            assert!(matches!(view.finality(number), Err(ViewError::NotKept { .. })));
        }
        assert_eq!(view.transaction(old).expect("reads"), None);
        for number in [0, first, tip] {
            let block = view.block(number).expect("reads").expect("kept");
            assert_eq!(view.block_number(block.hash).expect("reads"), Some(number));
        }
        let finality = view.finality(first).expect("reads").expect("certified");
        assert_eq!(
            finality
                .verify(&shared.info.public_key)
                .expect("verifies")
                .number(),
            first
        );
        let mut state = view.state(tip).expect("the tip is kept");
        let paid = state.basic(RECEIVER).expect("memory reads").expect("it was paid");
        assert_eq!(
            paid.balance,
            U256::from(8),
            "the state does not depend on what is forgotten"
        );
    });
}
