//! What was measured of transfers, as figures.

use super::{
    Transfers,
    report::{Section, median, p50_p99_ms},
    transfers::{Measured, Ours, Round},
};
use std::time::Duration;

const PER_SECOND: &str = "tx/s";
const CPU: &str = "CPU-s per 1,000";
const JOULES: &str = "J per 1,000, whole machine";

/// Everything, of all rounds.
pub fn sections(args: &Transfers, rounds: &[Round]) -> Vec<Section> {
    let mut sections = vec![servers(args, rounds), shares(rounds)];
    if rounds.iter().any(|round| round.network.is_some()) {
        sections.push(network(args, rounds));
    }
    sections
}

/// A row for a measurement's energy, where the machine tells.
fn energy(section: &mut Section, what: &str, measured: &[&Measured]) {
    let joules: Option<Vec<f64>> = measured.iter().map(|one| one.joules_per_thousand()).collect();
    let value = joules.map_or_else(
        || "not told by this machine".to_owned(),
        |joules| format!("{:.1}", median(joules)),
    );
    section.row(what, value, JOULES);
}

fn servers(args: &Transfers, rounds: &[Round]) -> Section {
    let mut section = Section::new(format!(
        "ERC-20 transfers over HTTP, one validator, durable and certified, beside anvil --block-time 1 (medians of {} rounds)",
        rounds.len()
    ));
    let of = |value: fn(&Round) -> f64| median(rounds.iter().map(value));
    section.row(
        "zhengtong",
        format!("{:.0}", of(|r| r.ours.load.per_second())),
        PER_SECOND,
    );
    section.row(
        "anvil",
        format!("{:.0}", of(|r| r.anvil.per_second())),
        PER_SECOND,
    );
    let ratio = of(|r| r.ours.load.per_second() / r.anvil.per_second());
    section.row("throughput, zhengtong ÷ anvil", format!("{ratio:.2}"), "×");
    section.row(
        "zhengtong",
        format!("{:.3}", of(|r| r.ours.load.cpu_per_thousand_s())),
        CPU,
    );
    section.row(
        "anvil",
        format!("{:.3}", of(|r| r.anvil.cpu_per_thousand_s())),
        CPU,
    );
    let ratio = of(|r| r.anvil.cpu_per_thousand_s() / r.ours.load.cpu_per_thousand_s());
    section.row("cost, anvil ÷ zhengtong", format!("{ratio:.2}"), "×");
    let all = |of: fn(&Round) -> &Measured| rounds.iter().map(of).collect::<Vec<_>>();
    energy(&mut section, "zhengtong", &all(|round| &round.ours.load));
    energy(&mut section, "anvil", &all(|round| &round.anvil));
    let all =
        |times: fn(&Round) -> &Vec<Duration>| rounds.iter().flat_map(times).copied().collect::<Vec<_>>();
    let (alone, loaded) = (all(|r| &r.ours.alone), all(|r| &r.ours.loaded));
    let unit = "ms, p50 / p99";
    section.row(
        format!("finality, one at a time ({} samples)", alone.len()),
        p50_p99_ms(&alone),
        unit,
    );
    section.row(
        format!(
            "finality, {} connections busy ({} samples)",
            args.lanes,
            loaded.len()
        ),
        p50_p99_ms(&loaded),
        unit,
    );
    section
}

/// Where the processor time of our validator goes. What has no part of its own is consensus, certificates and the runtime.
fn shares(rounds: &[Round]) -> Section {
    let mut section = Section::new("where one validator's processor time goes");
    let mut add = |what: &str, value: &dyn Fn(&Ours) -> f64| {
        let cost = median(rounds.iter().map(|round| value(&round.ours)));
        let share = median(rounds.iter().map(|round| {
            let ours = &round.ours;
            100.0 * value(ours) / ours.load.cpu_per_thousand_s()
        }));
        section.row(what, format!("{cost:.3} ({share:.0} %)"), CPU);
    };
    let count = rounds.first().map_or(0, |round| round.ours.parts.len());
    for index in 0..count {
        let name = rounds[0].ours.parts[index].0;
        add(name, &|ours| ours.load.per_thousand_s(ours.parts[index].1));
    }
    add("HTTP and JSON, from as many requests that do nothing", &|ours| {
        ours.http.cpu_per_thousand_s()
    });
    add(
        "the rest: consensus, certificates, state on disk, runtime",
        &|ours| {
            let parts: Duration = ours.parts.iter().map(|(_, used)| *used).sum();
            let known = ours.load.per_thousand_s(parts) + ours.http.cpu_per_thousand_s();
            (ours.load.cpu_per_thousand_s() - known).max(0.0)
        },
    );
    section
}

fn network(args: &Transfers, rounds: &[Round]) -> Section {
    let mut section = Section::new(format!(
        "the same, {} validators as processes on this machine, clients at one of them, beside one anvil",
        args.validators
    ));
    let networks: Vec<(&Measured, &Measured)> = rounds
        .iter()
        .filter_map(|round| Some((round.network.as_ref()?, &round.anvil)))
        .collect();
    let of = |value: fn(&(&Measured, &Measured)) -> f64| median(networks.iter().map(value));
    section.row(
        "zhengtong",
        format!("{:.0}", of(|(ours, _)| ours.per_second())),
        PER_SECOND,
    );
    let ratio = of(|(ours, anvil)| ours.per_second() / anvil.per_second());
    section.row("throughput, zhengtong ÷ anvil", format!("{ratio:.2}"), "×");
    let cost = of(|(ours, _)| ours.cpu_per_thousand_s());
    section.row("zhengtong, all validators together", format!("{cost:.3}"), CPU);
    let ours: Vec<&Measured> = networks.iter().map(|(ours, _)| *ours).collect();
    energy(&mut section, "zhengtong", &ours);
    section
}
