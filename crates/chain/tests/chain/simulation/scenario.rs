//! What goes wrong in a simulation.
//!
//! To add a scenario: name it here, say who misbehaves ([`Scenario::conduct`]) or what happens ([`Scenario::play`]), and
//! add it to the list in `mod.rs`, which makes a test of it for four and for seven validators.

use super::{
    application::LIES,
    cluster::{Cluster, good_link, link},
    conduct::{Conduct, WITHHELD},
    members::Incidents,
};
use commonware_utils::probability;
use rand::{RngExt as _, rngs::ChaCha20Rng, seq::SliceRandom as _};
use std::time::Duration;
use zhengtong_chain::Networks;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scenario {
    /// Byzantine validators run twice with one key, and show each copy to others.
    Equivocation,
    /// Byzantine validators vote for everything at once.
    DoubleVotes,
    /// Byzantine validators keep votes, certificates or blocks back.
    Withholding,
    /// Byzantine validators propose blocks that are wrong.
    InvalidBlocks,
    /// Byzantine validators send nonsense on a channel, and transactions by the thousand.
    Flood,
    /// Machines stop at a random change to their disk, also while they start again.
    Crashes,
    /// All machines stop at once; what was written but not synced is there in part.
    PowerCut,
    /// Messages get lost or are late.
    LossyLinks,
    /// The network falls apart and comes together again.
    Partition,
    /// Disks are slow to read and to sync.
    SlowDisks,
    /// There is no room on a disk for a while.
    FullDisks,
    /// Clocks are wrong.
    SkewedClocks,
    /// A validator comes back after many blocks.
    LongAbsence,
    /// A validator comes back with nothing but its key.
    Wiped,
}

/// Random changes to its disk after which a machine stops: enough to reach every part of a start and of several blocks.
const CRASH_WITHIN: u64 = 400;

/// Blocks that a long absence lasts, and in one of eight seeds: more than the engine keeps views for.
const ABSENCE_BLOCKS: u64 = 24;
const LONGEST_ABSENCE_BLOCKS: u64 = 300;

impl Scenario {
    /// How the first `f` of the validators behave.
    pub fn conduct(self, rng: &mut ChaCha20Rng) -> Conduct {
        match self {
            Self::Equivocation => Conduct::Twin,
            Self::DoubleVotes => Conduct::VotesForAll,
            Self::Withholding => Conduct::Withholds(WITHHELD[rng.random_range(0..WITHHELD.len())]),
            Self::InvalidBlocks => Conduct::Lies(LIES[rng.random_range(0..LIES.len())]),
            Self::Flood => Conduct::Floods {
                channel: rng.random_range(0..Networks::<(), ()>::COUNT),
            },
            _ => Conduct::Honest,
        }
    }

    /// Whether something of what it is about was there to be survived.
    pub fn happened(self, incidents: &Incidents) -> bool {
        match self {
            Self::DoubleVotes | Self::Flood => incidents.shut_out > 0,
            Self::InvalidBlocks => incidents.lies > 0 && incidents.over_quota > 0,
            Self::Crashes => incidents.stops > 0,
            Self::FullDisks => incidents.refused > 0,
            Self::LongAbsence => incidents.missed >= ABSENCE_BLOCKS,
            _ => true,
        }
    }

    /// Lets it happen. Everything is mended afterwards.
    pub async fn play(self, cluster: &mut Cluster<'_>, rng: &mut ChaCha20Rng) {
        let size = cluster.size();
        let faulty = (size - 1) / 3;
        let mut shuffled: Vec<usize> = (0..size).collect();
        shuffled.shuffle(rng);
        let (few, most) = shuffled.split_at(faulty);
        match self {
            Self::Equivocation
            | Self::DoubleVotes
            | Self::Withholding
            | Self::InvalidBlocks
            | Self::Flood => {
                cluster.traffic(2 * size).await;
                cluster.wait(Duration::from_secs(20)).await;
                cluster.traffic(3).await;
            }
            Self::Crashes => {
                cluster.downtime = Duration::from_millis(rng.random_range(200..6_000));
                // Often more than f at a time: nothing may be lost then either.
                for _ in 0..4 {
                    let index = rng.random_range(0..size);
                    cluster
                        .seat(index)
                        .faults()
                        .stop_after(rng.random_range(0..CRASH_WITHIN));
                    cluster.traffic(4).await;
                }
                let index = rng.random_range(0..size);
                cluster.stop_one(index);
                cluster.traffic(1).await;
                cluster.start_one(index).await;
                // It stops again on its way up.
                cluster.seat(index).faults().stop_after(rng.random_range(0..40));
                cluster.traffic(4).await;
            }
            Self::PowerCut => {
                cluster.traffic(rng.random_range(1..8)).await;
                cluster.submit().await;
                cluster
                    .wait(Duration::from_millis(rng.random_range(0..300)))
                    .await;
            }
            Self::LossyLinks => {
                let everyone = [(0..size).collect()];
                let lossy = match rng.random_range(0..3) {
                    0 => link(10, 4, probability!(0.75)),
                    1 => link(rng.random_range(100..600), 100, probability!(1.0)),
                    _ => link(rng.random_range(20..200), 50, probability!(0.875)),
                };
                cluster.join(&everyone, &lossy).await;
                cluster.traffic(6).await;
                cluster.wait(Duration::from_secs(15)).await;
                cluster.traffic(2).await;
            }
            Self::Partition => {
                cluster.traffic(2).await;
                let cut = match rng.random_range(0..3) {
                    // The larger part goes on.
                    0 => vec![few.to_vec(), most.to_vec()],
                    // Nobody can.
                    1 => {
                        let (left, right) = shuffled.split_at(size / 2);
                        vec![left.to_vec(), right.to_vec()]
                    }
                    _ => shuffled.iter().map(|index| vec![*index]).collect(),
                };
                cluster.join(&cut, &good_link()).await;
                cluster.traffic(3).await;
                cluster.wait(Duration::from_secs(rng.random_range(2..40))).await;
                cluster.traffic(2).await;
                let everyone = [(0..size).collect()];
                cluster.join(&everyone, &good_link()).await;
                cluster.traffic(2).await;
            }
            Self::SlowDisks => {
                for index in 0..size {
                    let sync_ms = if few.contains(&index) {
                        rng.random_range(500..2_000)
                    } else {
                        rng.random_range(1..100)
                    };
                    cluster.seat(index).faults().slow(rng.random_range(0..3), sync_ms);
                }
                cluster.traffic(6).await;
            }
            Self::FullDisks => {
                cluster.traffic(2).await;
                for index in few {
                    cluster.seat(*index).faults().fill(true);
                }
                cluster.downtime = Duration::from_secs(1);
                cluster.traffic(6).await;
                cluster.wait(Duration::from_secs(3)).await;
                for index in few {
                    cluster.seat(*index).faults().fill(false);
                }
                cluster.traffic(3).await;
            }
            Self::SkewedClocks => {
                for index in 0..size {
                    let skew_ms = if few.contains(&index) {
                        [9_000, 60_000, -9_000, -60_000][rng.random_range(0..4)]
                    } else {
                        rng.random_range(-400..400)
                    };
                    cluster.stop_one(index);
                    cluster.seat(index).faults().skew(skew_ms);
                }
                cluster.wait(Duration::from_secs(1)).await;
                for index in 0..size {
                    cluster.start_one(index).await;
                }
                cluster.serving().await;
                cluster.traffic(8).await;
            }
            Self::LongAbsence => {
                cluster.traffic(2).await;
                for index in few {
                    cluster.stop_one(*index);
                }
                let left_at = cluster.height();
                cluster.traffic(3).await;
                cluster
                    .blocks(if rng.random_ratio(1, 8) {
                        LONGEST_ABSENCE_BLOCKS
                    } else {
                        ABSENCE_BLOCKS
                    })
                    .await;
                cluster.members.incidents.missed = cluster.height() - left_at;
                for index in few {
                    cluster.start_one(*index).await;
                }
                cluster.traffic(2).await;
            }
            Self::Wiped => {
                cluster.traffic(3).await;
                for index in few {
                    cluster.stop_one(*index);
                }
                cluster.traffic(3).await;
                // What only its journal had is gone with it; everything else is final before it is wiped.
                cluster.settle().await;
                for index in few {
                    cluster.members.seats[*index].wipe();
                    cluster.start_one(*index).await;
                }
                cluster.traffic(3).await;
            }
        }
    }
}
