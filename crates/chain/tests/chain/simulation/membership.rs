//! Members: the governing key votes a node in and a validator out, while one of them fails, and both happen three epochs later.

use super::{
    cluster::{Cluster, good_link, link},
    conduct::{Conduct, Withheld},
    members::Members,
    resharing::{EPOCH_BLOCKS, SIZE, now, reach},
    run::{Report, from_environment, judge, settings},
    seat::Seat,
};
use crate::common::{Network, network_with};
use alloy_primitives::B256;
use alloy_sol_types::SolCall as _;
use commonware_runtime::{Runner as _, deterministic};
use commonware_utils::probability;
use rand::{RngExt as _, SeedableRng as _, rngs::ChaCha20Rng};
use zhengtong_bindings::{Validators, validators::IValidators::Validator};
use zhengtong_chain::ChainView as _;
use zhengtong_types::{EpochRole as Role, consensus::ValidatorKey};

/// The node that is voted in; it follows until then.
const NEWCOMER: usize = SIZE;
/// The first epoch with the new validators, if the vote is in the first half of the first.
const EFFECTIVE: u64 = 3;
/// Blocks that the others make while one of four is away. They need the newcomer's vote for each.
const WITHOUT_ONE: u64 = 4;
/// Seeds, unless the environment says otherwise: every trouble once.
const SEEDS: u64 = TROUBLES.len() as u64;

/// What goes wrong meanwhile. None is more than one of four validators has to bear.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trouble {
    /// One that stays stops for a while in each epoch.
    StayerStops,
    /// One that stays deals nothing and thanks for nothing.
    StayerIsSilent,
    /// The newcomer stops for a while in each epoch, also while it is dealt to.
    NewcomerStops,
    /// Messages are lost.
    LossyLinks,
}

const TROUBLES: [Trouble; 4] = [
    Trouble::StayerStops,
    Trouble::StayerIsSilent,
    Trouble::NewcomerStops,
    Trouble::LossyLinks,
];

/// Who does what in a run.
#[derive(Clone, Copy, Debug)]
struct Cast {
    trouble: Trouble,
    /// The validator that is voted out. Not the first: the governing key sends through it.
    leaver: usize,
    /// The one that trouble befalls.
    stayer: usize,
}

impl Cast {
    fn new(seed: u64, rng: &mut ChaCha20Rng) -> Self {
        let leaver = rng.random_range(1..SIZE);
        let others: Vec<usize> = (1..SIZE).filter(|index| *index != leaver).collect();
        Self {
            trouble: TROUBLES[(seed % SEEDS) as usize],
            leaver,
            stayer: others[rng.random_range(0..others.len())],
        }
    }

    fn seats(&self) -> Members {
        let conduct = |index| match self.trouble {
            Trouble::StayerIsSilent if index == self.stayer => Conduct::Withholds(Withheld::Dealings),
            _ => Conduct::Honest,
        };
        Members::new(
            (0..=NEWCOMER)
                .map(|index| Seat::new(index, conduct(index)))
                .collect(),
        )
    }

    /// Who stops for a while.
    fn stops(&self) -> Option<usize> {
        match self.trouble {
            Trouble::StayerStops => Some(self.stayer),
            Trouble::NewcomerStops => Some(NEWCOMER),
            Trouble::StayerIsSilent | Trouble::LossyLinks => None,
        }
    }
}

/// Has the newcomer voted in and another one voted out.
async fn vote(cluster: &mut Cluster<'_>, leaver: usize) {
    let key = |index: usize| B256::from_slice(cluster.network.validators[index].as_ref());
    let (add, remove) = (
        Validators::addCall {
            v: Validator {
                key: key(NEWCOMER),
                location: "192.0.2.7:9700".into(),
                name: "newcomer".into(),
            },
        },
        Validators::removeCall { key: key(leaver) },
    );
    let contract = cluster.network.info.contracts["validators"];
    cluster.govern(contract, add.abi_encode()).await;
    cluster.govern(contract, remove.abi_encode()).await;
}

/// Goes on to an epoch, in which one stops somewhere and comes back.
async fn go_on(cluster: &mut Cluster<'_>, epoch: u64, stops: Option<usize>, rng: &mut ChaCha20Rng) {
    if let Some(index) = stops {
        cluster.blocks(rng.random_range(1..EPOCH_BLOCKS.get() / 2)).await;
        cluster.stop_one(index);
        cluster.blocks(rng.random_range(1..EPOCH_BLOCKS.get() / 3)).await;
        cluster.start_one(index).await;
        cluster.serving().await;
    }
    reach(cluster, epoch).await;
}

fn play(seed: u64) -> Report {
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    let cast = Cast::new(seed, &mut rng);
    let network: &'static Network = Box::leak(Box::new(network_with(SIZE, 1, 300 + seed, EPOCH_BLOCKS)));
    deterministic::Runner::new(settings(seed)).start(async move |context| {
        let mut cluster = Cluster::start(context, network, cast.seats(), [Vec::new(), Vec::new()]).await;
        assert_eq!(now(&cluster, NEWCOMER).role, Some(Role::Follower));
        if cast.trouble == Trouble::LossyLinks {
            let everyone = [(0..cluster.size()).collect()];
            let lossy = link(rng.random_range(10..100), 20, probability!(0.9));
            cluster.join(&everyone, &lossy).await;
        }
        cluster.blocks(rng.random_range(1..EPOCH_BLOCKS.get() / 4)).await;
        vote(&mut cluster, cast.leaver).await;
        assert!(
            cluster.height() < EPOCH_BLOCKS.get() / 2,
            "the vote is in time for this epoch's list"
        );
        for epoch in 1..=EFFECTIVE {
            // Until the last moment those of the genesis validate.
            let before = now(&cluster, 0);
            assert!(
                before
                    .info
                    .output
                    .players()
                    .iter()
                    .eq(&network.validators[..SIZE])
            );
            assert_eq!(now(&cluster, cast.leaver).role, Some(Role::Validator));
            go_on(&mut cluster, epoch, cast.stops(), &mut rng).await;
        }

        let after = now(&cluster, 0);
        assert_eq!(after.info.epoch.get(), EFFECTIVE);
        let players: Vec<ValidatorKey> = after.info.output.players().iter().cloned().collect();
        let mut expected = network.validators.clone();
        expected.remove(cast.leaver);
        expected.sort();
        assert_eq!(players, expected);
        assert_eq!(
            after.info.output.public().public(),
            network.info.public_key.public(),
            "the key stays"
        );
        assert_eq!(now(&cluster, cast.leaver).role, Some(Role::Follower));
        assert_eq!(now(&cluster, NEWCOMER).role, Some(Role::Validator));

        // Three of four are a quorum: with a stayer away, the newcomer votes for every block. Whoever left is no help.
        cluster.join(&[(0..cluster.size()).collect()], &good_link()).await;
        cluster.stop_one(cast.stayer);
        cluster.stop_one(cast.leaver);
        cluster.blocks(1).await;
        let height = cluster.height();
        cluster.blocks(WITHOUT_ONE).await;
        assert!(cluster.height() >= height + WITHOUT_ONE, "the newcomer votes");
        cluster.start_one(cast.stayer).await;
        cluster.start_one(cast.leaver).await;
        cluster.serving().await;

        // A proof of the old validators holds under the key that the new ones have.
        let view = cluster.seat(NEWCOMER).view().expect("it serves");
        let finality = view
            .finality(1)
            .expect("memory reads")
            .expect("it has the first block");
        finality
            .verify_block(&network.info.public_key, 1)
            .expect("it holds");
        judge(cluster).await
    })
}

#[test]
fn one_joins_and_one_leaves() {
    let first = from_environment("ZHENGTONG_SEED", 0);
    for seed in first..first + from_environment("ZHENGTONG_SEEDS", SEEDS) {
        let report = play(seed);
        assert!(
            report.violations.is_empty(),
            "seed {seed}: {:#?}",
            report.violations
        );
        assert!(report.acknowledged > 0, "seed {seed}");
    }
}
