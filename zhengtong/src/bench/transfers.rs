//! ERC-20 transfers: our validator, durable and certified, beside anvil, in memory, under the same load.

use super::{
    Transfers, cpu, lanes,
    load::{self, Senders},
    report::{Section, median, p50_p99_ms},
    server::Server,
};
use crate::dev::keys::test_accounts;
use alloy_signer_local::PrivateKeySigner;
use anyhow::{Context, Result};
use bytes::Bytes;
use std::{
    cell::Cell,
    time::{Duration, Instant},
};

/// Transfers that are sent first and not counted.
const WARM_UP: usize = 500;
/// Transfers whose finality is timed one after the other, without other load.
const ALONE: usize = 200;

/// Most transfers whose finality is timed under load.
const MAX_WATCHED: usize = 1_000;

/// What one server did.
struct Measured {
    transactions: usize,
    /// From the first request until everything was included.
    wall: Duration,
    cpu: Duration,
}

impl Measured {
    fn per_second(&self) -> f64 {
        self.transactions as f64 / self.wall.as_secs_f64()
    }

    fn cpu_per_thousand_s(&self) -> f64 {
        self.cpu.as_secs_f64() * 1000.0 / self.transactions as f64
    }
}

/// A measurement that runs.
struct Clock {
    pid: u32,
    cpu: Duration,
    started: Instant,
}

impl Clock {
    fn start(server: &Server) -> Result<Self> {
        let pid = server.pid();
        let (cpu, started) = (cpu::used(pid)?, Instant::now());
        Ok(Self { pid, cpu, started })
    }

    fn stop(self, transactions: usize) -> Result<Measured> {
        Ok(Measured {
            transactions,
            wall: self.started.elapsed(),
            cpu: cpu::used(self.pid)?.saturating_sub(self.cpu),
        })
    }
}

/// What is measured of our validator.
struct Ours {
    load: Measured,
    /// As many requests of the same size that do nothing.
    http: Measured,
    /// From sending a transfer to having its receipt, which our node shows when it is final.
    alone: Vec<Duration>,
    /// The same while the load runs.
    loaded: Vec<Duration>,
}

/// Both servers under the same load, one after the other.
struct Round {
    ours: Ours,
    anvil: Measured,
}

#[expect(clippy::print_stdout, reason = "progress of a long command")]
pub async fn compare(args: &Transfers) -> Result<Vec<Section>> {
    let _ = std::fs::remove_dir_all(&args.folder);
    std::fs::create_dir_all(&args.folder)?;
    println!(
        "{} ERC-20 transfers of {} accounts, {} connections, one request each; {} rounds on each server",
        args.transfers, args.senders, args.lanes, args.rounds
    );
    let mut rounds = Vec::with_capacity(args.rounds);
    for number in 1..=args.rounds {
        let round = round(args).await?;
        println!(
            "round {number} of {}: zhengtong {:.0} tx/s, {:.3} CPU-s per 1,000; anvil {:.0} tx/s, {:.3} CPU-s per 1,000",
            args.rounds,
            round.ours.load.per_second(),
            round.ours.load.cpu_per_thousand_s(),
            round.anvil.per_second(),
            round.anvil.cpu_per_thousand_s(),
        );
        rounds.push(round);
    }
    Ok(vec![section(args, &rounds)])
}

async fn round(args: &Transfers) -> Result<Round> {
    let funder = test_accounts()?.into_iter().next().context("no test account")?;
    let ours = Server::validator(&args.folder.join("validator")).await?;
    let chain_id = ours.http.quantity("eth_chainId", "[]").await?;
    let ours = measure_ours(ours, &funder, args).await.context("our validator")?;
    std::fs::remove_dir_all(args.folder.join("validator"))?;
    let anvil = Server::anvil(&args.anvil, &args.folder.join("anvil"), chain_id).await?;
    let anvil = measure_anvil(anvil, &funder, args).await.context("anvil")?;
    Ok(Round { ours, anvil })
}

async fn measure_ours(server: Server, funder: &PrivateKeySigner, args: &Transfers) -> Result<Ours> {
    // One account more, which watches: its transfers are answered when they are final.
    let mut senders = Senders::prepare(&server.http, funder, args.senders + 1).await?;
    let address = &server.http.address;
    let alone = lanes::send_each(address, &senders.watched(ALONE)?, &Cell::new(false)).await?;
    let watched = senders.watched(MAX_WATCHED)?;
    warm(&server, &mut senders, args.lanes).await?;
    let transfers = senders.transfers(args.transfers)?;
    let ended = Cell::new(false);
    let load = async {
        let measured = under_load(&server, &senders, &transfers, args.lanes).await;
        ended.set(true);
        measured
    };
    let (mut load, loaded) = futures::try_join!(load, lanes::send_each(address, &watched, &ended))?;
    load.transactions += loaded.len();

    let echoes = senders.echoes(args.transfers)?;
    let clock = Clock::start(&server)?;
    lanes::send_all(address, &echoes, args.lanes).await?;
    let http = clock.stop(echoes.len())?;
    Ok(Ours {
        load,
        http,
        alone,
        loaded,
    })
}

async fn measure_anvil(server: Server, funder: &PrivateKeySigner, args: &Transfers) -> Result<Measured> {
    load::fund_on_anvil(&server.http, args.senders + 1).await?;
    let mut senders = Senders::prepare(&server.http, funder, args.senders + 1).await?;
    warm(&server, &mut senders, args.lanes).await?;
    let transfers = senders.transfers(args.transfers)?;
    under_load(&server, &senders, &transfers, args.lanes).await
}

async fn warm(server: &Server, senders: &mut Senders, lanes: usize) -> Result<()> {
    let transfers = senders.transfers(WARM_UP)?;
    lanes::send_all(&server.http.address, &transfers, lanes).await?;
    senders.wait_included(&server.http).await
}

/// Sends everything, waits until all of it is included, then makes sure that all of it succeeded.
async fn under_load(
    server: &Server,
    senders: &Senders,
    transfers: &[Bytes],
    lanes: usize,
) -> Result<Measured> {
    let http = &server.http;
    let first = http.latest().await? + 1;
    let clock = Clock::start(server)?;
    lanes::send_all(&http.address, transfers, lanes).await?;
    senders.wait_included(http).await?;
    let measured = clock.stop(transfers.len())?;
    http.require_success(first..=http.latest().await?).await?;
    Ok(measured)
}

fn section(args: &Transfers, rounds: &[Round]) -> Section {
    let mut section = Section::new(format!(
        "ERC-20 transfers over HTTP, one validator, durable and certified, beside anvil --block-time 1 (medians of {} rounds)",
        rounds.len()
    ));
    let of = |value: fn(&Round) -> f64| median(rounds.iter().map(value));
    let (per_second, cpu) = ("tx/s", "CPU-s per 1,000");
    section.row(
        "zhengtong",
        format!("{:.0}", of(|r| r.ours.load.per_second())),
        per_second,
    );
    section.row(
        "anvil",
        format!("{:.0}", of(|r| r.anvil.per_second())),
        per_second,
    );
    let ratio = of(|r| r.ours.load.per_second() / r.anvil.per_second());
    section.row("throughput, zhengtong ÷ anvil", format!("{ratio:.2}"), "×");
    section.row(
        "zhengtong",
        format!("{:.3}", of(|r| r.ours.load.cpu_per_thousand_s())),
        cpu,
    );
    section.row(
        "zhengtong, for as many requests that do nothing",
        format!("{:.3}", of(|r| r.ours.http.cpu_per_thousand_s())),
        cpu,
    );
    section.row(
        "anvil",
        format!("{:.3}", of(|r| r.anvil.cpu_per_thousand_s())),
        cpu,
    );
    let ratio = of(|r| r.anvil.cpu_per_thousand_s() / r.ours.load.cpu_per_thousand_s());
    section.row("cost, anvil ÷ zhengtong", format!("{ratio:.2}"), "×");
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
