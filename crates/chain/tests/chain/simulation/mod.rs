//! Clusters with faults: whole validators with our executor, pool and stores, in the deterministic runtime.
//!
//! A run is a [`Scenario`](scenario::Scenario), a size and a seed, and nothing else: the same three give the same run. At
//! its end every [`Property`](property::Property) is checked. `docs/testing.md` says how to repeat a run and how to run many.

mod application;
mod cluster;
mod conclusion;
mod conduct;
mod delay;
mod faults;
mod machine;
mod members;
mod membership;
mod property;
mod resharing;
mod residents;
mod run;
mod sabotage;
mod scenario;
mod seat;
mod wire;

use run::{campaign, run};
use scenario::Scenario;

/// Makes a test of every scenario for four and for seven validators.
macro_rules! scenarios {
    ($($name:ident: $scenario:ident,)*) => {
        mod four {
            $(#[test]
            fn $name() {
                super::campaign(super::Scenario::$scenario, 4);
            })*
        }

        mod seven {
            $(#[test]
            fn $name() {
                super::campaign(super::Scenario::$scenario, 7);
            })*
        }

        /// The path of a scenario's test.
        fn test_name(scenario: Scenario, size: usize) -> String {
            let name = match scenario {
                $(Scenario::$scenario => stringify!($name),)*
            };
            format!("simulation::{}::{name}", if size == 4 { "four" } else { "seven" })
        }
    };
}

scenarios! {
    equivocation: Equivocation,
    double_votes: DoubleVotes,
    withholding: Withholding,
    invalid_blocks: InvalidBlocks,
    flood: Flood,
    crashes: Crashes,
    power_cut: PowerCut,
    lossy_links: LossyLinks,
    partition: Partition,
    slow_disks: SlowDisks,
    full_disks: FullDisks,
    skewed_clocks: SkewedClocks,
    long_absence: LongAbsence,
    wiped: Wiped,
}

#[test]
fn the_same_seed_gives_the_same_run() {
    let first = run(Scenario::Crashes, 4, 3);
    assert_eq!(first, run(Scenario::Crashes, 4, 3));
    assert_ne!(first.audit, run(Scenario::Crashes, 4, 4).audit);
}
