//! Runs a scenario with a seed, and many seeds after another.

use super::{
    cluster::Cluster,
    conduct::Conduct,
    members::{Incidents, Members},
    property::{Evidence, Violation, check},
    scenario::Scenario,
    seat::Seat,
};
use crate::common::{Network, network};
use commonware_runtime::{
    Runner as _,
    deterministic::{self, FaultConfig, PartialWriteMode, ResizeConfig, WriteConfig},
};
use commonware_utils::probability;
use rand::{RngExt as _, SeedableRng as _, rngs::ChaCha20Rng, seq::SliceRandom as _};
use std::{
    env,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::OnceLock,
    time::{Duration, Instant, UNIX_EPOCH},
};

/// Simulated time after which a run has hung.
const LIMIT: Duration = Duration::from_secs(1_200);
/// When a simulation begins. Clocks that are behind must have somewhere to be.
const BEGIN: Duration = Duration::from_secs(1_800_000_000);
/// Seeds of each scenario, unless the environment says otherwise.
const SEEDS: u64 = 1;
/// A line is printed after this many seeds.
const LINE: u64 = 50;

/// What a run gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The runtime's hash over everything that happened.
    pub audit: String,
    pub height: u64,
    pub acknowledged: usize,
    pub incidents: Incidents,
    pub violations: Vec<Violation>,
}

/// A network of four or of seven, the same in every run.
pub fn members(size: usize) -> &'static Network {
    static FOUR: OnceLock<Network> = OnceLock::new();
    static SEVEN: OnceLock<Network> = OnceLock::new();
    let place = if size == 4 { &FOUR } else { &SEVEN };
    place.get_or_init(|| network(size, size as u64))
}

pub fn settings(seed: u64) -> deterministic::Config {
    deterministic::Config::default()
        .with_seed(seed)
        .with_start_time(UNIX_EPOCH + BEGIN)
        .with_timeout(Some(LIMIT))
}

/// The halves that twins show themselves to: honest validators on one side or on both, other twins on both.
pub fn sides(byzantine: usize, size: usize, rng: &mut ChaCha20Rng) -> [Vec<usize>; 2] {
    let mut honest: Vec<usize> = (byzantine..size).collect();
    honest.shuffle(rng);
    let cut = rng.random_range(1..honest.len());
    let mut sides = [honest[..cut].to_vec(), honest[cut..].to_vec()];
    if rng.random() {
        sides[0].push(honest[cut]);
    }
    for side in &mut sides {
        side.extend(0..byzantine);
    }
    sides
}

/// Plays a scenario with a seed and checks every property.
pub fn run(scenario: Scenario, size: usize, seed: u64) -> Report {
    let network = members(size);
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    let faulty = (size - 1) / 3;
    let seats = (0..size)
        .map(|index| {
            let conduct = if index < faulty {
                scenario.conduct(&mut rng)
            } else {
                Conduct::Honest
            };
            Seat::new(index, conduct)
        })
        .collect();
    let members = Members::new(seats);
    let sides = sides(faulty, size, &mut rng);
    if scenario != Scenario::PowerCut {
        return deterministic::Runner::new(settings(seed)).start(async move |context| {
            let mut cluster = Cluster::start(context, network, members, sides).await;
            scenario.play(&mut cluster, &mut rng).await;
            judge(cluster).await
        });
    }
    let settings = settings(seed).with_storage_fault_config(torn_writes(&mut rng));
    let before = sides.clone();
    let (rest, checkpoint) = deterministic::Runner::new(settings).start_and_recover(async move |context| {
        let mut cluster = Cluster::start(context, network, members, before).await;
        scenario.play(&mut cluster, &mut rng).await;
        cluster.part()
    });
    deterministic::Runner::from(checkpoint).start(async move |context| {
        let mut cluster = Cluster::start(context, network, rest, sides).await;
        cluster.traffic(2).await;
        judge(cluster).await
    })
}

/// What a power cut leaves of writes that were not synced: nothing, all, the beginning, or pieces.
fn torn_writes(rng: &mut ChaCha20Rng) -> FaultConfig {
    let (retention_rate, mode) = match rng.random_range(0..4) {
        0 => (probability!(0.0), PartialWriteMode::Prefix),
        1 => (probability!(1.0), PartialWriteMode::Prefix),
        2 => (probability!(0.99), PartialWriteMode::Prefix),
        _ => (probability!(0.5), PartialWriteMode::Subset),
    };
    FaultConfig::default()
        .write(WriteConfig {
            failure_rate: probability!(0.0),
            retention_rate,
            mode,
        })
        .resize(ResizeConfig {
            failure_rate: probability!(0.0),
            partial_rate: probability!(0.0),
        })
}

/// Concludes a cluster and checks every property.
pub async fn judge(mut cluster: Cluster<'_>) -> Report {
    let evidence = cluster.conclude().await;
    report(cluster, evidence)
}

/// Checks every property of a cluster as it is; that it goes on is not asked.
pub async fn judge_as_it_is(mut cluster: Cluster<'_>) -> Report {
    let evidence = cluster.evidence().await;
    report(cluster, evidence)
}

fn report(cluster: Cluster<'_>, evidence: Evidence) -> Report {
    let violations = check(&evidence);
    let height = evidence.height();
    drop(evidence);
    let audit = cluster.context.auditor().state();
    let members = cluster.part();
    Report {
        audit,
        height,
        acknowledged: members.acknowledged.len(),
        incidents: members.incidents,
        violations,
    }
}

/// A whole number from the environment.
pub fn from_environment(name: &str, otherwise: u64) -> u64 {
    match env::var(name) {
        Ok(text) => text
            .parse()
            .unwrap_or_else(|_| panic!("{name} is {text:?}, expected a whole number")),
        Err(_) => otherwise,
    }
}

/// Runs a scenario with `ZHENGTONG_SEEDS` seeds from `ZHENGTONG_SEED` on, and stops at the first that violates a property.
#[expect(clippy::print_stdout, reason = "a long run says how far it is")]
pub fn campaign(scenario: Scenario, size: usize) {
    let first = from_environment("ZHENGTONG_SEED", 0);
    let count = from_environment("ZHENGTONG_SEEDS", SEEDS);
    let began = Instant::now();
    let (mut blocks, mut acknowledged, mut incidents) = (0, 0, Incidents::default());
    for (done, seed) in (first..first + count).enumerate() {
        let again = format!(
            "{scenario:?} of {size} with seed {seed}; again: ZHENGTONG_SEED={seed} ZHENGTONG_SEEDS=1 cargo test --workspace --test chain {}",
            super::test_name(scenario, size)
        );
        let report = match catch_unwind(AssertUnwindSafe(|| run(scenario, size, seed))) {
            Ok(report) => report,
            Err(panic) => {
                println!("panicked: {again}");
                resume_unwind(panic)
            }
        };
        assert!(
            report.violations.is_empty(),
            "violated: {again}\n{:#?}",
            report.violations
        );
        assert!(report.acknowledged > 0, "nothing was acknowledged: {again}");
        blocks += report.height;
        acknowledged += report.acknowledged;
        incidents.add(report.incidents);
        let done = done as u64 + 1;
        if done.is_multiple_of(LINE) || done == count {
            let each_ms = began.elapsed().as_millis() as u64 / done;
            println!(
                "{scenario:?} of {size}: {done} of {count} seeds hold, {each_ms} ms a seed, {blocks} blocks, {acknowledged} acknowledged, {incidents:?}, the last was {:.16}",
                report.audit
            );
        }
    }
    assert!(
        scenario.happened(&incidents),
        "{scenario:?} of {size} was harmless in {count} seeds from {first}: {incidents:?}"
    );
}
