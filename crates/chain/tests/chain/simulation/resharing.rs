//! Epochs: the validators deal each other new shares of the same key, while some of them crash or deal nothing.

use super::{
    cluster::Cluster,
    conduct::{Conduct, Withheld},
    members::Members,
    run::{judge, settings},
    seat::Seat,
};
use crate::common::{Network, network_of};
use commonware_codec::Encode as _;
use commonware_glue::dkg::types::EpochOutcome;
use commonware_runtime::{Runner as _, deterministic};
use commonware_utils::NZU64;
use rand::{RngExt as _, SeedableRng as _, rngs::ChaCha20Rng};
use std::{num::NonZeroU64, time::Duration};
use zhengtong_chain::{ChainView as _, committee::Now};
use zhengtong_types::EpochRole as Role;

pub const EPOCH_BLOCKS: NonZeroU64 = NZU64!(32);
pub const SIZE: usize = 4;
const SEEDS: u64 = 3;

fn seats(silent: usize) -> Members {
    let conduct = |index| match index < silent {
        true => Conduct::Withholds(Withheld::Dealings),
        false => Conduct::Honest,
    };
    Members::new((0..SIZE).map(|index| Seat::new(index, conduct(index))).collect())
}

/// The epoch that a validator is in.
pub fn now(cluster: &Cluster<'_>, index: usize) -> Now {
    let view = cluster.seat(index).view().expect("it serves");
    view.epoch().expect("it knows the validators")
}

/// Sends transactions until the chain is in this epoch.
pub async fn reach(cluster: &mut Cluster<'_>, epoch: u64) {
    let goal = epoch * EPOCH_BLOCKS.get() + 2;
    for _ in 0..2_000 {
        if cluster.height() >= goal {
            return;
        }
        cluster.traffic(1).await;
    }
    panic!("block {goal} is not there, but {}", cluster.height());
}

/// The epoch has the network's key, and other shares than the first.
fn reshared(network: &Network, now: &Now) {
    assert_eq!(now.info.outcome, EpochOutcome::Success);
    let sharing = now.info.output.public();
    assert_eq!(
        sharing.public(),
        network.info.public_key.public(),
        "the key stays"
    );
    let first = network.schemes[0].clone();
    assert_eq!(first.identity(), sharing.public());
    let validators: Vec<_> = now.info.output.players().iter().cloned().collect();
    assert_eq!(validators, network.validators);
}

/// Plays with a seed; the last is the state of the first epoch that was made by resharing, and of the one after.
fn play(seed: u64, silent: usize, check: impl Fn(&Network, &[Now; 2]) + Send + 'static) {
    let network: &'static Network = Box::leak(Box::new(network_of(SIZE, 100 + seed, EPOCH_BLOCKS)));
    let report = deterministic::Runner::new(settings(seed)).start(async move |context| {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let mut cluster = Cluster::start(context, network, seats(silent), [Vec::new(), Vec::new()]).await;
        assert_eq!(now(&cluster, 3).role, Some(Role::Validator));
        // One that deals stops somewhere in the epoch, and comes back.
        cluster.blocks(rng.random_range(1..EPOCH_BLOCKS.get() - 8)).await;
        cluster.stop_one(2);
        cluster.blocks(4).await;
        cluster.start_one(2).await;
        cluster.serving().await;
        reach(&mut cluster, 1).await;
        let first = now(&cluster, 3);
        reach(&mut cluster, 2).await;
        let second = now(&cluster, 3);
        assert_eq!([first.info.epoch.get(), second.info.epoch.get()], [1, 2]);
        assert_ne!(first.info.encode(), second.info.encode());
        check(network, &[first, second]);
        // What is left of the first epoch is of no use any more.
        let secrets = cluster.seat(3).secrets().expect("it started");
        assert_eq!(secrets.epochs().first(), Some(&1));
        cluster.traffic(2).await;
        judge(cluster).await
    });
    assert!(
        report.violations.is_empty(),
        "seed {seed}: {:#?}",
        report.violations
    );
    assert!(report.acknowledged > 0);
}

/// One of four deals nothing and another stops for a while, and still each epoch has new shares.
#[test]
fn shares_rotate_though_one_deals_nothing_and_one_crashes() {
    for seed in 0..SEEDS {
        play(seed, 1, |network, epochs| {
            for now in epochs {
                reshared(network, now);
                assert_eq!(now.role, Some(Role::Validator));
                // Whoever does not answer has no secrets left.
                let revealed = now.info.output.revealed();
                assert!(revealed.iter().all(|key| *key == network.validators[0]));
            }
            let [first, second] = epochs.clone().map(|now| now.info.output.public().encode());
            assert_ne!(first, second, "the shares are others each time");
        });
    }
}

/// Two of four deal nothing: there are no new shares, and the old ones go on.
#[test]
fn too_few_dealers_change_nothing() {
    play(7, 2, |network, epochs| {
        for now in epochs {
            assert_eq!(now.info.outcome, EpochOutcome::Failure);
            assert_eq!(now.role, Some(Role::Validator));
            let sharing = now.info.output.public();
            assert_eq!(sharing.public(), network.info.public_key.public());
        }
        let [first, second] = epochs.clone().map(|now| now.info.output.public().encode());
        assert_eq!(first, second, "the shares are the same");
    });
}

/// Blocks of the first epoch before one loses its disk. It is dealt to afterwards.
const BEFORE_LOSS: u64 = 6;
/// Longer than the clocks of a network may differ, so that the next epoch is one that begins after a start.
const CLOCKS: Duration = Duration::from_secs(8);
/// Much longer than a block takes.
const STILL: Duration = Duration::from_secs(60);

/// Stops one for a while, and answers how far the others came.
async fn without(cluster: &mut Cluster<'_>, index: usize) -> u64 {
    cluster.stop_one(index);
    // What was under way is done.
    cluster.wait(CLOCKS).await;
    let before = cluster.height();
    cluster.wait(STILL).await;
    let came = cluster.height() - before;
    cluster.start_one(index).await;
    cluster.serving().await;
    came
}

/// A validator on restored data votes in no epoch in which it may have voted before, whatever that costs the others; it votes
/// in the first that begins while it runs, and does so after a restart.
#[test]
fn a_restored_validator_follows_until_an_epoch_begins() {
    let network: &'static Network = Box::leak(Box::new(network_of(SIZE, 200, EPOCH_BLOCKS)));
    let report = deterministic::Runner::new(settings(11)).start(async move |context| {
        let mut cluster = Cluster::start(context, network, seats(0), [Vec::new(), Vec::new()]).await;
        cluster.blocks(BEFORE_LOSS).await;
        cluster.settle().await;
        cluster.members.seats[1].restore();
        cluster.start_one(1).await;
        cluster.serving().await;
        assert_eq!(now(&cluster, 1).role, Some(Role::Restored));
        cluster.traffic(1).await;
        // Three are a quorum, but not if one of them abstains.
        assert_eq!(without(&mut cluster, 2).await, 0);
        assert!(cluster.height() < EPOCH_BLOCKS.get());
        assert_eq!(now(&cluster, 1).role, Some(Role::Restored));
        // A start later is a later beginning.
        cluster.stop_one(1);
        cluster.start_one(1).await;
        cluster.serving().await;
        assert_eq!(now(&cluster, 1).role, Some(Role::Restored));
        cluster.wait(CLOCKS).await;

        // What it was dealt for the next epoch it had answered before the loss, and does not have any more. It is dealt to again
        // for the one after.
        reach(&mut cluster, 1).await;
        assert_eq!(now(&cluster, 1).role, Some(Role::WithoutShare));
        reach(&mut cluster, 2).await;
        assert_eq!(now(&cluster, 1).role, Some(Role::Validator));
        cluster.stop_one(1);
        cluster.start_one(1).await;
        cluster.serving().await;
        let again = now(&cluster, 1);
        assert_eq!((again.info.epoch.get(), again.role), (2, Some(Role::Validator)));
        assert!(without(&mut cluster, 2).await > 0, "it is one of three again");
        judge(cluster).await
    });
    assert!(report.violations.is_empty(), "{:#?}", report.violations);
}
