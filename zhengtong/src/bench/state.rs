//! The same transfers with few and with many holders in the state.

use super::{
    State,
    load::Senders,
    report::{Section, median},
    server::Server,
    transfers::{Measured, under_load, warm},
};
use crate::dev::keys::test_accounts;
use anyhow::{Context, Result, ensure};

/// Holders in the state that the other one is compared with.
const FEW: usize = 10_000;

/// A validator with holders in its state.
struct Filled {
    server: Server,
    senders: Senders,
    measured: Vec<Measured>,
}

#[expect(clippy::print_stdout, reason = "progress of a long command")]
pub async fn compare(args: &State) -> Result<Vec<Section>> {
    ensure!(args.holders > 0, "--holders must be at least 1");
    // It is not there the first time.
    let _ = std::fs::remove_dir_all(&args.folder);
    std::fs::create_dir_all(&args.folder)?;
    println!(
        "{} ERC-20 transfers to {} and to {} holders, {} connections; {} rounds",
        args.transfers, FEW, args.holders, args.lanes, args.rounds
    );
    let mut few = filled(args, FEW).await?;
    let mut many = filled(args, args.holders).await?;
    for number in 1..=args.rounds {
        for filled in [&mut few, &mut many] {
            let transfers = filled.senders.transfers(args.transfers)?;
            let measured = under_load(&filled.server, &filled.senders, &transfers, args.lanes).await?;
            filled.measured.push(measured);
        }
        let last = |filled: &Filled| filled.measured.last().map_or(0.0, Measured::per_second);
        println!(
            "round {number} of {}: {:.0} tx/s with {FEW} holders, {:.0} tx/s with {}",
            args.rounds,
            last(&few),
            last(&many),
            args.holders
        );
    }
    Ok(vec![section(args, &few, &many)])
}

#[expect(clippy::print_stdout, reason = "progress of a long command")]
async fn filled(args: &State, holders: usize) -> Result<Filled> {
    let funder = test_accounts()?.into_iter().next().context("no test account")?;
    let server = Server::validator(&args.folder.join(format!("holders-{holders}"))).await?;
    // One account more, which other measurements watch.
    let mut senders = Senders::prepare(&server.http, &funder, args.senders + 1).await?;
    let told = |made| println!("  {made} of {holders} holders are in the state");
    senders.fill(&server.http, &funder, holders, told).await?;
    warm(&server, &mut senders, args.lanes).await?;
    Ok(Filled {
        server,
        senders,
        measured: Vec::new(),
    })
}

fn section(args: &State, few: &Filled, many: &Filled) -> Section {
    let mut section = Section::new(format!(
        "the same transfers with {FEW} and with {} holders in the state (medians of {} rounds)",
        args.holders, args.rounds
    ));
    for (filled, holders) in [(few, FEW), (many, args.holders)] {
        let of = |value: fn(&Measured) -> f64| median(filled.measured.iter().map(value));
        let name = format!("{holders} holders");
        section.row(name.as_str(), format!("{:.0}", of(Measured::per_second)), "tx/s");
        let cost = format!("{:.3}", of(Measured::cpu_per_thousand_s));
        section.row(name.as_str(), cost, "CPU-s per 1,000");
        let memory = filled
            .server
            .memory_mib()
            .map_or("not told".into(), |mib| mib.to_string());
        section.row(name, memory, "MiB of memory");
    }
    let rounds = many.measured.iter().zip(&few.measured);
    let ratio = median(rounds.map(|(many, few)| many.per_second() / few.per_second()));
    section.row("throughput, many ÷ few", format!("{ratio:.2}"), "×");
    section
}
