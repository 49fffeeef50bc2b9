//! Nodes that begin near the tip, among four validators with real threshold signatures, some of whom lie to them.

use crate::{
    common::{Known, Network, Secrets, View, account, blank, config, network, sign, transfer},
    forgers::{ARCHIVE, BACKFILL, Fate, Forgery, PROBE, STATE, change_answer, lose_answer, replace},
};
use alloy_consensus::TxEip1559;
use alloy_primitives::{Address, B256, Bytes, TxKind, U256, bytes, keccak256};
use commonware_codec::{Copying, DecodeExt as _, Encode as _};
use commonware_consensus::simplex::types::{Finalize, Proposal};
use commonware_cryptography::{Signer as _, ed25519};
use commonware_p2p::{
    Manager as _, TrackedPeers,
    simulated::{Config as NetConfig, Link, Network as Simulated, Oracle},
};
use commonware_parallel::Sequential;
use commonware_runtime::{
    Clock as _, Handle as Task, Quota, Runner as _, Spawner as _, Supervisor as _, deterministic,
};
use commonware_utils::{NZU32, NZUsize, TryCollect as _, non_empty, ordered::Set, probability};
use std::{
    sync::Arc,
    time::{Duration, UNIX_EPOCH},
};
use tokio::sync::oneshot;
use zhengtong_chain::{
    ChainView as _, Config, Links, Networks, Reporter, Setup, StartError, Store, SyncError, SyncMode,
    ViewError, engine,
};
use zhengtong_evm::Database as _;
use zhengtong_types::{
    consensus::{Finalization, ValidatorKey},
    header::{decode_header, digest_of, encode_header},
};

const VALIDATORS: usize = 4;
const FOLLOWERS: usize = 2;
const RECEIVER: Address = Address::repeat_byte(0x42);
const QUOTA: Quota = Quota::per_second(NZU32!(1_000));
/// Simulated time after which a run has failed.
const PATIENCE: Duration = Duration::from_secs(600);
/// Simulated time in which a node begins that is not kept from it.
const SOON: Duration = Duration::from_secs(60);
/// Contracts that are made before anyone begins: each stores the hash of a block some way back.
const CONTRACTS: u64 = 8;

/// What a probe's answer about the newest certified block begins with.
const LATEST: u8 = 5;

struct Node {
    view: View,
    task: Task<()>,
}

/// The code that makes a contract which, when called, stores the hash of the block `back` before in slot 0.
fn hash_keeper(back: u8) -> Bytes {
    // PUSH8 (PUSH1 back NUMBER SUB BLOCKHASH PUSH0 SSTORE STOP) PUSH0 MSTORE PUSH1 8 PUSH1 24 RETURN
    [
        &bytes!("67 60")[..],
        &[back],
        &bytes!("43 03 40 5f 55 00 5f 52 6008 6018 f3"),
    ]
    .concat()
    .into()
}

struct Cluster<'a> {
    context: &'a deterministic::Context,
    network: &'a Network,
    oracle: Oracle<ValidatorKey, deterministic::Context>,
    validators: Vec<Option<Node>>,
    /// What validators keep to themselves, also when they lose their disk.
    secrets: Vec<Secrets>,
    nonces: [u64; VALIDATORS],
    paid: u64,
    starts: u32,
}

/// What a node is started from, besides the network.
struct Begin {
    signer: ed25519::PrivateKey,
    secrets: Secrets,
    votes: bool,
    store: Arc<Store>,
    /// The name of its disk.
    prefix: &'static str,
    sync: SyncMode,
    forgery: Forgery,
}

impl<'a> Cluster<'a> {
    /// Four validators that run, with a chain of some length.
    async fn new(context: &'a deterministic::Context, network: &'a Network) -> Self {
        let (simulated, oracle) = Simulated::new(
            context.child("network"),
            NetConfig {
                max_size: engine::message_limit(),
                max_peers_per_set: NZUsize!(VALIDATORS + FOLLOWERS),
                disconnect_on_block: true,
                tracked_peer_sets: NZUsize!(1),
            },
        );
        simulated.start();
        let followers: Vec<ValidatorKey> = (0..FOLLOWERS as u64)
            .map(|seed| ed25519::PrivateKey::from_seed(900 + seed).public_key())
            .collect();
        let set = |keys: &[ValidatorKey]| -> Set<ValidatorKey> {
            keys.iter().cloned().try_collect().expect("keys differ")
        };
        oracle
            .manager()
            .track(0, TrackedPeers::new(set(&network.validators), set(&followers)));
        let everyone = || network.validators.iter().chain(&followers);
        for from in everyone() {
            for to in everyone().filter(|to| *to != from) {
                let link = Link {
                    latency: Duration::from_millis(10),
                    jitter: Duration::from_millis(5),
                    success_rate: probability!(1.0),
                };
                oracle
                    .add_link(from.clone(), to.clone(), link)
                    .await
                    .expect("both are known");
            }
        }
        let mut cluster = Self {
            context,
            network,
            oracle,
            validators: Vec::new(),
            secrets: (0..VALIDATORS).map(|index| network.secrets(index)).collect(),
            nonces: [0; VALIDATORS],
            paid: 0,
            starts: 0,
        };
        for index in 0..VALIDATORS {
            let begin = Begin {
                signer: network.keys[index].clone(),
                secrets: cluster.secrets[index].clone(),
                votes: true,
                store: memory(),
                prefix: ["v0", "v1", "v2", "v3"][index],
                sync: SyncMode::Replay,
                forgery: Forgery::none(),
            };
            let node = cluster.start(begin).await.expect("a validator starts");
            cluster.validators.push(Some(node));
        }
        for back in 1..=CONTRACTS {
            let create = TxEip1559 {
                nonce: cluster.nonces[0],
                gas_limit: 1_000_000,
                to: TxKind::Create,
                // Beyond the first, far enough back to be below where a follower begins.
                input: hash_keeper(30 + back as u8),
                ..blank()
            };
            cluster.submit(0, create).await;
        }
        for _ in 0..25 {
            cluster.pay().await;
        }
        cluster
    }

    /// Starts a node; the receiver resolves when it serves or has failed.
    #[expect(clippy::print_stdout, reason = "how far a sync is")]
    async fn begin(&mut self, begin: Begin) -> (oneshot::Receiver<Result<View, StartError>>, Task<()>) {
        let key = begin.signer.public_key();
        let control = self.oracle.control(key.clone());
        let mut channels = Vec::new();
        for channel in 0..Networks::<(), ()>::COUNT {
            let registered = control.register(channel, QUOTA).await.expect("a fresh channel");
            channels.push(Some(begin.forgery.on(channel, registered)));
        }
        let links = Links {
            peers: Known(self.oracle.manager()),
            blocker: self.oracle.control(key),
            channels: Networks::new(|channel| channels[channel as usize].take().expect("each is taken once")),
        };
        let setup = Setup {
            config: Config {
                sync: begin.sync,
                report: Reporter::new(|step| println!("{step}")),
                ..config()
            },
            signer: begin.signer,
            votes: begin.votes,
            ..self.network.setup(begin.store, begin.prefix)
        };
        self.starts += 1;
        let context = self.context.child("node").with_attribute("start", self.starts);
        let (ready, started) = oneshot::channel();
        let task = context.spawn(async move |context| {
            match engine::start(context.child("engine"), setup, begin.secrets, links).await {
                Ok(running) => {
                    let _ = ready.send(Ok(running.handle));
                    let _ = running.engine.await;
                }
                Err(error) => {
                    let _ = ready.send(Err(error));
                }
            }
        });
        (started, task)
    }

    async fn start(&mut self, begin: Begin) -> Result<Node, StartError> {
        let (started, task) = self.begin(begin).await;
        let view = started.await.expect("its task goes on")?;
        Ok(Node { view, task })
    }

    /// A follower with an empty disk that wants state sync.
    fn follower(&self, index: usize, prefix: &'static str, forgery: Forgery) -> Begin {
        Begin {
            signer: ed25519::PrivateKey::from_seed(900 + index as u64),
            secrets: Secrets::default(),
            votes: false,
            store: memory(),
            prefix,
            sync: SyncMode::State,
            forgery,
        }
    }

    fn validator(&self, index: usize) -> &View {
        &self.validators[index].as_ref().expect("it runs").view
    }

    /// Has a transaction of an account finalized through the first validator, and answers its block.
    async fn submit(&mut self, from: usize, transaction: TxEip1559) -> u64 {
        self.nonces[from] += 1;
        let raw = sign(&account(from as u64 + 1), transaction);
        let hash = self.validator(0).submit(raw).await.expect("accepted");
        finalized(self.context, self.validator(0), hash).await
    }

    /// One transfer, final.
    async fn pay(&mut self) -> u64 {
        let raw = transfer(&account(2), self.nonces[1], RECEIVER, 1);
        (self.nonces[1], self.paid) = (self.nonces[1] + 1, self.paid + 1);
        let hash = self.validator(0).submit(raw).await.expect("accepted");
        finalized(self.context, self.validator(0), hash).await
    }

    /// Calls every contract, so that who lacks a code or an old hash computes another root.
    async fn call_all(&mut self) -> u64 {
        let maker = account(1).address();
        let mut top = 0;
        for made in 0..CONTRACTS {
            let call = TxEip1559 {
                nonce: self.nonces[0],
                gas_limit: 200_000,
                to: TxKind::Call(maker.create(made)),
                ..blank()
            };
            top = self.submit(0, call).await;
        }
        top
    }

    /// The node has the validators' blocks and state, and goes on executing with them.
    async fn goes_on(&mut self, node: &View) {
        self.pay().await;
        let top = self.call_all().await;
        reaches(self.context, node, top).await;
        let first = node.first_block();
        assert!(first > 0 || node.block(1).is_ok());
        for number in first.max(1)..=top {
            let block = node.block(number).expect("reads").expect("kept");
            let honest = self.validator(0).block(number).expect("reads").expect("kept");
            assert_eq!(
                (block.hash, &block.receipts),
                (honest.hash, &honest.receipts),
                "block {number}"
            );
        }
        let finality = node.finality(top).expect("reads").expect("certified");
        let verified = finality.verify(&self.network.info.public_key).expect("verifies");
        assert_eq!(verified.number(), top);
        let mut state = node.state(top).expect("the tip is kept");
        let paid = state.basic(RECEIVER).expect("memory reads").expect("it was paid");
        assert_eq!(paid.balance, U256::from(self.paid));
        let proof = node.prove(RECEIVER, &[]).await.expect("it proves");
        assert_eq!(proof.block_number, node.tip().header.number);
    }
}

/// As a crash does: nothing is tidied up, and the disk can be opened again.
fn crash(node: Node) {
    node.task.abort();
}

fn memory() -> Arc<Store> {
    Arc::new(Store::in_memory().expect("memory"))
}

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

async fn reaches(context: &deterministic::Context, view: &View, number: u64) {
    let mut waited = Duration::ZERO;
    while view.tip().header.number < number {
        assert!(waited < PATIENCE, "block {number} is not there after {waited:?}");
        context.sleep(Duration::from_millis(100)).await;
        waited += Duration::from_millis(100);
    }
}

fn simulate<F: Future<Output = ()>>(seed: u64, run: impl FnOnce(deterministic::Context) -> F) {
    let config = deterministic::Config::default()
        .with_seed(seed)
        .with_timeout(Some(PATIENCE * 4));
    deterministic::Runner::new(config).start(run);
}

/// A byte of the block's hash under a certificate that is left as it is.
#[expect(clippy::ptr_arg, reason = "a forger may change the length")]
fn change_floor(message: &mut Vec<u8>) -> Fate {
    if message.first() != Some(&LATEST) {
        return Fate::Unchanged;
    }
    let at = message.len() - 60;
    message[at] ^= 1;
    Fate::Changed
}

#[test]
fn a_follower_begins_near_the_tip_and_goes_on_there() {
    let network = network(VALIDATORS, 4);
    simulate(1, async |context| {
        let mut cluster = Cluster::new(&context, &network).await;
        let begin = cluster.follower(0, "honest", Forgery::none());
        let store = begin.store.clone();
        let node = cluster.start(begin).await.expect("it begins");
        let first = node.view.first_block();
        assert!(first > 20, "it did not begin near the tip, but at {first}");
        cluster.goes_on(&node.view).await;

        // What it did not execute is not here, and says so; the genesis is.
        for number in [1, first - 1] {
            let refused = node.view.block(number);
            assert!(
                matches!(refused, Err(ViewError::NotKept { number: at, first: from }) if at == number && from == first),
                "{refused:?}"
            );
            assert!(matches!(
                node.view.finality(number),
                Err(ViewError::NotKept { .. })
            ));
        }
        assert_eq!(
            node.view.block(0).expect("reads").expect("kept").hash,
            network.info.genesis_hash
        );

        // It comes back from its disk and goes on, without being told how it began.
        crash(node);
        cluster.pay().await;
        let again = Begin {
            store,
            sync: SyncMode::Replay,
            ..cluster.follower(0, "honest", Forgery::none())
        };
        let node = cluster.start(again).await.expect("it goes on");
        assert_eq!(node.view.first_block(), first);
        cluster.goes_on(&node.view).await;

        // A node that replayed has everything, and one that has data goes on from it whatever it is asked.
        let mut begin = cluster.follower(1, "replay", Forgery::none());
        begin.sync = SyncMode::Replay;
        let store = begin.store.clone();
        let node = cluster.start(begin).await.expect("it replays");
        cluster.goes_on(&node.view).await;
        crash(node);
        cluster.pay().await;
        let again = Begin {
            store,
            ..cluster.follower(1, "replay", Forgery::none())
        };
        let node = cluster.start(again).await.expect("it goes on");
        assert_eq!(node.view.first_block(), 0);
        cluster.goes_on(&node.view).await;
    });
}

#[test]
fn forgers_are_shut_out_and_the_honest_are_enough() {
    let network = network(VALIDATORS, 4);
    let forgers = |count: usize| &network.validators[VALIDATORS - count..];
    let cases = [
        ("floor", Forgery::new(&[PROBE], forgers(2), change_floor), 2),
        ("operations", Forgery::new(&[STATE], forgers(3), change_answer), 3),
        (
            "headers and code",
            Forgery::new(&[ARCHIVE], forgers(3), change_answer),
            3,
        ),
        ("block", Forgery::new(&[BACKFILL], forgers(3), change_answer), 3),
    ];
    for (what, forgery, count) in cases {
        // Whom a node asks first is chance: tried until it asks a forger.
        let seeds = (2..12).take_while(|_| forgery.count() == 0);
        seeds.for_each(|seed| {
            simulate(seed, async |context| {
                let mut cluster = Cluster::new(&context, &network).await;
                let begin = cluster.follower(0, "deceived", forgery.clone());
                let me = begin.signer.public_key();
                let node = cluster.start(begin).await.expect("it begins");
                assert!(node.view.first_block() > 20, "{what}");
                let blocked = cluster.oracle.blocked().await.expect("it runs");
                assert_eq!(
                    blocked.iter().any(|(by, _)| *by == me),
                    forgery.count() > 0,
                    "who forges {what} is shut out"
                );
                for (by, peer) in &blocked {
                    assert_eq!(by, &me, "{what}");
                    assert!(
                        forgers(count).contains(peer),
                        "an honest peer is shut out for a forged {what}"
                    );
                }
                cluster.goes_on(&node.view).await;
            })
        });
        assert!(forgery.count() > 0, "nobody forged {what}");
    }
}

#[test]
fn among_forgers_alone_nothing_begins_and_nothing_is_kept() {
    let network = network(VALIDATORS, 4);
    for (channel, forge) in [
        (PROBE, change_floor as fn(&mut Vec<u8>) -> Fate),
        (STATE, change_answer),
        (ARCHIVE, change_answer),
        (BACKFILL, change_answer),
    ] {
        simulate(3, async |context| {
            let mut cluster = Cluster::new(&context, &network).await;
            let forgery = Forgery::new(&[channel], &network.validators, forge);
            let begin = cluster.follower(0, "alone", forgery.clone());
            let store = begin.store.clone();
            let (mut started, task) = cluster.begin(begin).await;
            context.sleep(SOON).await;
            assert!(
                started.try_recv().is_err(),
                "it serves what forgers said on channel {channel}"
            );
            assert!(forgery.count() > 0);
            assert_eq!(store.tip().expect("reads"), Some(0), "it has the genesis alone");
            assert_eq!(store.first(), 0, "it did not complete");
            task.abort();
        });
    }
}

#[test]
fn an_interrupted_beginning_goes_on() {
    let network = network(VALIDATORS, 4);
    for channel in [ARCHIVE, STATE] {
        simulate(4, async |context| {
            let mut cluster = Cluster::new(&context, &network).await;
            // The headers come, and then nothing more of this channel.
            let left = std::sync::atomic::AtomicI32::new(if channel == ARCHIVE { 4 } else { 0 });
            let cut = Forgery::new(&[channel], &network.validators, move |message| {
                if matches!(lose_answer(message), Fate::Unchanged) {
                    return Fate::Unchanged;
                }
                match left.fetch_sub(1, std::sync::atomic::Ordering::Relaxed) {
                    1.. => Fate::Unchanged,
                    _ => Fate::Lost,
                }
            });
            let begin = cluster.follower(0, "cut", cut.clone());
            let store = begin.store.clone();
            let (mut started, task) = cluster.begin(begin).await;
            context.sleep(SOON).await;
            assert!(started.try_recv().is_err(), "it serves half a state");
            assert!(cut.count() > 0);
            let before = store.start().expect("reads").expect("it chose a block");
            assert!(!before.complete);
            task.abort();
            cluster.pay().await;

            let again = Begin {
                store: store.clone(),
                sync: SyncMode::Replay,
                ..cluster.follower(0, "cut", Forgery::none())
            };
            let node = cluster.start(again).await.expect("it goes on");
            let after = store.start().expect("reads").expect("it began");
            assert!(after.complete && after.number >= before.number);
            assert_eq!(node.view.first_block(), after.number + 1);
            cluster.goes_on(&node.view).await;
        });
    }
}

/// All validators together could certify a header whose `stateRoot` is not that of the operations it names. Even then
/// nothing is served.
#[test]
fn a_certified_header_with_another_root_than_its_state_is_refused() {
    let network = network(VALIDATORS, 4);
    simulate(5, async |context| {
        let mut cluster = Cluster::new(&context, &network).await;
        let finality = cluster
            .validator(0)
            .finality(20)
            .expect("reads")
            .expect("certified");
        let honest = Finalization::decode(Copying(&finality.certificate)).expect("its own");
        let rlp = finality.headers[0].clone();
        let mut header = decode_header(&rlp).expect("its own");
        header.state_root = B256::repeat_byte(0xbb);
        let forged = encode_header(&header);
        let (honest_hash, forged_hash) = (keccak256(&rlp), keccak256(&forged));
        let proposal = Proposal::new(
            honest.proposal.round,
            honest.proposal.parent,
            digest_of(forged_hash),
        );
        let votes: Vec<_> = network
            .schemes
            .iter()
            .map(|scheme| Finalize::sign(scheme, proposal.clone()).expect("it has a share"))
            .collect();
        let certificate =
            Finalization::from_finalizes(&network.schemes[0], non_empty![@votes.iter()], &Sequential)
                .expect("a quorum");
        let answer = [&[LATEST][..], &certificate.encode()].concat();

        let (old, new) = (rlp.to_vec(), forged.to_vec());
        let forgery = Forgery::new(&[PROBE, ARCHIVE, BACKFILL], &network.validators, move |message| {
            // An answer on the probe channel; on the others a message begins with a small number in eight bytes.
            if message.first() == Some(&LATEST) {
                message.clone_from(&answer);
                return Fate::Changed;
            }
            match replace(message, &old, &new) {
                true => Fate::Changed,
                false => Fate::Unchanged,
            }
        })
        .with_outgoing(move |message| {
            replace(message, forged_hash.as_slice(), honest_hash.as_slice());
            Fate::Changed
        });
        // The second time it has the state already, and refuses it again.
        let store = memory();
        for _ in 0..2 {
            let begin = Begin {
                store: store.clone(),
                ..cluster.follower(0, "wrong-root", forgery.clone())
            };
            let Err(error) = cluster.start(begin).await else {
                panic!("it serves a state that nobody certified")
            };
            let number = header.number;
            assert!(
                matches!(
                    error,
                    StartError::Sync(SyncError::WrongRoot { number: at, expected, .. })
                        if at == number && expected == header.state_root
                ),
                "{error}"
            );
            assert_eq!((store.tip().expect("reads"), store.first()), (Some(0), 0));
        }
    });
}

/// A validator that has lost its disk begins above every view in which it may have voted, and votes again.
#[test]
fn a_wiped_validator_begins_after_what_it_may_have_voted_on() {
    let network = network(VALIDATORS, 4);
    simulate(6, async |context| {
        let mut cluster = Cluster::new(&context, &network).await;
        let wiped = cluster.validators[3].take().expect("it runs");
        wiped.task.abort();
        let began_ms = context
            .current()
            .duration_since(UNIX_EPOCH)
            .expect("after the epoch")
            .as_millis() as u64;
        let begin = Begin {
            signer: network.keys[3].clone(),
            secrets: cluster.secrets[3].clone(),
            votes: true,
            store: memory(),
            prefix: "v3-wiped",
            sync: SyncMode::State,
            forgery: Forgery::none(),
        };
        let store = begin.store.clone();
        let node = cluster.start(begin).await.expect("it begins");
        let floor = store.start().expect("reads").expect("it began").number;
        // Not only the block it begins at, but those before it too were made after it started.
        for number in floor - 3..=floor {
            let block = cluster.validator(0).block(number).expect("reads").expect("kept");
            assert!(
                block.timestamp_ms > began_ms + 5_500,
                "block {number} may be of a view in which it voted"
            );
        }
        cluster.goes_on(&node.view).await;

        // Without another one, nothing is final unless the wiped one votes.
        cluster.validators[2].take().expect("it runs").task.abort();
        cluster.pay().await;
        cluster.goes_on(&node.view).await;
    });
}
