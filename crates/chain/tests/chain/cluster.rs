//! Four validators with real threshold signatures: agreement and durability through slow links, a crash and a restart.

use crate::common::{Network, account, config, network, transfer};
use alloy_primitives::{Address, B256, U256};
use commonware_p2p::{
    Manager as _,
    simulated::{Config as NetConfig, Link, Network as Simulated, Oracle},
};
use commonware_runtime::{
    Clock as _, Handle as Task, Quota, Runner as _, Spawner as _, Supervisor as _, deterministic,
};
use commonware_utils::{NZU32, NZUsize, TryCollect as _, ordered::Set, probability};
use std::{sync::Arc, time::Duration};
use tokio::sync::oneshot;
use zhengtong_chain::{ChainView as _, Handle, Links, Networks, Setup, Store, engine};
use zhengtong_evm::Database as _;
use zhengtong_state::Wait;
use zhengtong_types::consensus::ValidatorKey;

const VALIDATORS: usize = 4;
/// Transfers that each of the four senders makes.
const TRANSFERS: u64 = 8;
const RECEIVER: Address = Address::repeat_byte(0x42);
const QUOTA: Quota = Quota::per_second(NZU32!(1_000));
/// Simulated time after which a run has failed.
const PATIENCE: Duration = Duration::from_secs(300);

type View = Handle<deterministic::Context>;

struct Validator {
    view: View,
    task: Task<()>,
}

struct Cluster<'a> {
    context: &'a deterministic::Context,
    network: &'a Network,
    oracle: Oracle<ValidatorKey, deterministic::Context>,
    /// Block stores outlive their validators, as disks do.
    stores: Vec<Arc<Store>>,
    starts: u32,
}

impl<'a> Cluster<'a> {
    async fn new(
        context: &'a deterministic::Context,
        network: &'a Network,
        stores: Vec<Arc<Store>>,
        link: Link,
    ) -> Self {
        let (simulated, oracle) = Simulated::new(
            context.child("network"),
            NetConfig {
                max_size: engine::message_limit(VALIDATORS as u32),
                max_peers_per_set: NZUsize!(VALIDATORS),
                disconnect_on_block: true,
                tracked_peer_sets: NZUsize!(1),
            },
        );
        simulated.start();
        let peers: Set<ValidatorKey> = network
            .validators
            .iter()
            .cloned()
            .try_collect()
            .expect("keys differ");
        oracle.manager().track(0, peers);
        for from in &network.validators {
            for to in network.validators.iter().filter(|to| *to != from) {
                oracle
                    .add_link(from.clone(), to.clone(), link.clone())
                    .await
                    .expect("both are known");
            }
        }
        Self {
            context,
            network,
            oracle,
            stores,
            starts: 0,
        }
    }

    async fn start(&mut self, index: usize) -> Validator {
        let me = self.network.validators[index].clone();
        let control = self.oracle.control(me.clone());
        let mut channels = Vec::new();
        for channel in 0..Networks::<(), ()>::COUNT {
            channels.push(Some(
                control.register(channel, QUOTA).await.expect("a fresh channel"),
            ));
        }
        let links = Links {
            peers: self.oracle.manager(),
            blocker: self.oracle.control(me.clone()),
            channels: Networks::new(|channel| channels[channel as usize].take().expect("each is taken once")),
        };
        let setup = Setup {
            config: config(),
            network: self.network.info.clone(),
            genesis: self.network.genesis.clone(),
            scheme: self.network.schemes[index].clone(),
            public_key: me,
            store: self.stores[index].clone(),
            wait: Wait::Refuse,
            prefix: format!("validator-{index}"),
        };
        self.starts += 1;
        let context = self
            .context
            .child("validator")
            .with_attribute("start", self.starts);
        let (ready, started) = oneshot::channel();
        let task = context.spawn(async move |context| {
            let started = engine::start(context.child("engine"), setup, links)
                .await
                .expect("it starts");
            let _ = ready.send(started.handle);
            let _ = started.engine.await;
        });
        Validator {
            view: started.await.expect("it starts"),
            task,
        }
    }
}

/// Waits until a validator has finalized a transaction.
async fn finalized(context: &deterministic::Context, view: &View, hash: B256) -> u64 {
    let mut waited = Duration::ZERO;
    loop {
        if let Some((number, _)) = view.transaction(hash).expect("the store reads") {
            return number;
        }
        assert!(waited < PATIENCE, "{hash} is not final after {waited:?}");
        context.sleep(Duration::from_millis(100)).await;
        waited += Duration::from_millis(100);
    }
}

fn link(latency_ms: u64, jitter_ms: u64) -> Link {
    Link {
        latency: Duration::from_millis(latency_ms),
        jitter: Duration::from_millis(jitter_ms),
        success_rate: probability!(1.0),
    }
}

/// One run: everyone sends, one validator crashes in the middle and comes back. Returns the runtime's audit hash.
fn run(network: &Network, seed: u64, link: Link) -> String {
    let config = deterministic::Config::default()
        .with_seed(seed)
        .with_timeout(Some(PATIENCE * 2));
    deterministic::Runner::new(config).start(async |context| {
        let stores = (0..VALIDATORS)
            .map(|_| Arc::new(Store::in_memory().expect("memory")))
            .collect();
        let mut cluster = Cluster::new(&context, network, stores, link).await;
        let mut validators = Vec::new();
        for index in 0..VALIDATORS {
            validators.push(cluster.start(index).await);
        }
        let crashed = (seed % VALIDATORS as u64) as usize;
        let mut acknowledged = Vec::new();
        for nonce in 0..TRANSFERS {
            for index in 0..VALIDATORS {
                let raw = transfer(&account(index as u64 + 1), nonce, RECEIVER, 1);
                acknowledged.push(validators[index].view.submit(raw).await.expect("accepted"));
            }
            context.sleep(Duration::from_millis(150)).await;
            if nonce == TRANSFERS / 2 {
                // Right after it acknowledged: nothing it holds has reached anyone else.
                validators.remove(crashed).task.abort();
                context.sleep(Duration::from_secs(5)).await;
                validators.insert(crashed, cluster.start(crashed).await);
            }
        }
        let mut top = 0;
        for validator in &validators {
            for hash in &acknowledged {
                top = finalized(&context, &validator.view, *hash).await.max(top);
            }
        }
        agree(network, &validators, top);
        context.auditor().state()
    })
}

/// Every validator has the same blocks, roots and state, and a certificate for each.
fn agree(network: &Network, validators: &[Validator], top: u64) {
    for number in 0..=top {
        let blocks: Vec<_> = validators
            .iter()
            .map(|validator| validator.view.block(number).expect("reads").expect("finalized"))
            .collect();
        for block in &blocks {
            assert_eq!(block.hash, blocks[0].hash, "block {number}");
            assert_eq!(block.header.state_root, blocks[0].header.state_root);
            assert_eq!(block.receipts, blocks[0].receipts);
        }
    }
    for validator in validators {
        let finality = validator.view.finality(top).expect("reads").expect("certified");
        assert_eq!(
            finality
                .verify(&network.info.public_key)
                .expect("verifies")
                .number(),
            top
        );
        let mut state = validator
            .view
            .state(validator.view.tip().header.number)
            .expect("the tip is kept");
        let balance = state
            .basic(RECEIVER)
            .expect("memory reads")
            .expect("it was paid")
            .balance;
        assert_eq!(balance, U256::from(TRANSFERS * VALIDATORS as u64));
    }
}

#[test]
fn four_validators_agree_through_a_crash_and_lose_nothing() {
    let network = network(VALIDATORS, 4);
    for seed in 0..2 {
        run(&network, seed, link(10, 5));
    }
}

#[test]
fn four_validators_agree_over_slow_links() {
    run(&network(VALIDATORS, 4), 7, link(150, 100));
}

#[test]
fn the_same_seed_gives_the_same_run() {
    let network = network(VALIDATORS, 4);
    let first = run(&network, 3, link(20, 10));
    assert_eq!(first, run(&network, 3, link(20, 10)));
    assert_ne!(first, run(&network, 4, link(20, 10)));
}
