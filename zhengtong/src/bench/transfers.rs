//! ERC-20 transfers: our validator, durable and certified, beside anvil, in memory, under the same load.

use super::{
    Transfers, cpu,
    energy::Meter,
    figures,
    lanes::{self, Lanes},
    load::{self, Senders},
    parts::Parts,
    report::Section,
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
pub struct Measured {
    pub transactions: usize,
    /// From the first request until everything was included.
    pub wall: Duration,
    pub cpu: Duration,
    /// Of the whole machine, load generator included, where it tells.
    pub joules: Option<f64>,
}

impl Measured {
    pub fn per_second(&self) -> f64 {
        self.transactions as f64 / self.wall.as_secs_f64()
    }

    pub fn cpu_per_thousand_s(&self) -> f64 {
        self.per_thousand_s(self.cpu)
    }

    pub fn per_thousand_s(&self, cpu: Duration) -> f64 {
        cpu.as_secs_f64() * 1000.0 / self.transactions as f64
    }

    pub fn joules_per_thousand(&self) -> Option<f64> {
        Some(self.joules? * 1000.0 / self.transactions as f64)
    }
}

/// A measurement that runs.
struct Clock {
    pids: Vec<u32>,
    cpu: Duration,
    energy: Option<Meter>,
    started: Instant,
}

impl Clock {
    fn start(server: &Server) -> Result<Self> {
        let pids = server.pids();
        Ok(Self {
            cpu: cpu::used_by_all(&pids)?,
            pids,
            energy: Meter::start(),
            started: Instant::now(),
        })
    }

    fn stop(self, transactions: usize) -> Result<Measured> {
        Ok(Measured {
            transactions,
            wall: self.started.elapsed(),
            cpu: cpu::used_by_all(&self.pids)?.saturating_sub(self.cpu),
            joules: self.energy.and_then(|meter| meter.joules()),
        })
    }
}

/// What is measured of our validator.
pub struct Ours {
    pub load: Measured,
    /// What each part of the validator used for it.
    pub parts: Vec<(&'static str, Duration)>,
    /// As many requests of the same size that do nothing.
    pub http: Measured,
    /// From sending a transfer to having its receipt, which our node shows when it is final.
    pub alone: Vec<Duration>,
    /// The same while the load runs.
    pub loaded: Vec<Duration>,
}

/// All servers under the same load, one after the other.
pub struct Round {
    pub ours: Ours,
    /// Several validators, if they are to be measured.
    pub network: Option<Measured>,
    pub anvil: Measured,
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
        if let Some(network) = &round.network {
            println!(
                "  {} validators {:.0} tx/s, {:.3} CPU-s per 1,000",
                args.validators,
                network.per_second(),
                network.cpu_per_thousand_s()
            );
        }
        rounds.push(round);
    }
    Ok(figures::sections(args, &rounds))
}

async fn round(args: &Transfers) -> Result<Round> {
    let funder = test_accounts()?.into_iter().next().context("no test account")?;
    let ours = Server::validator(&args.folder.join("validator")).await?;
    let chain_id = ours.http.quantity("eth_chainId", "[]").await?;
    let ours = measure_ours(ours, &funder, args).await.context("our validator")?;
    std::fs::remove_dir_all(args.folder.join("validator"))?;
    let network = match args.validators {
        0 => None,
        validators => {
            let folder = args.folder.join("network");
            let server = Server::network(&folder, validators).await?;
            let measured = measure(server, &funder, args)
                .await
                .context("several validators")?;
            std::fs::remove_dir_all(folder)?;
            Some(measured)
        }
    };
    let anvil = Server::anvil(&args.anvil, &args.folder.join("anvil"), chain_id).await?;
    load::fund_on_anvil(&anvil.http, args.senders + 1).await?;
    let anvil = measure(anvil, &funder, args).await.context("anvil")?;
    Ok(Round { ours, network, anvil })
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
    let monitor = server.monitor.clone().context("our validator tells how it is")?;
    let before = Parts::read(&monitor).await?;
    let load = async {
        let measured = under_load(&server, &senders, &transfers, args.lanes).await;
        ended.set(true);
        measured
    };
    let (mut load, loaded) = futures::try_join!(load, lanes::send_each(address, &watched, &ended))?;
    load.transactions += loaded.len();
    let parts = Parts::read(&monitor).await?.since(&before);

    let echoes = senders.echoes(args.transfers)?;
    let connected = Lanes::connect(address, args.lanes)?;
    let clock = Clock::start(&server)?;
    connected.send(&echoes).await?;
    let http = clock.stop(echoes.len())?;
    Ok(Ours {
        load,
        parts,
        http,
        alone,
        loaded,
    })
}

/// The load alone.
async fn measure(server: Server, funder: &PrivateKeySigner, args: &Transfers) -> Result<Measured> {
    let mut senders = Senders::prepare(&server.http, funder, args.senders + 1).await?;
    warm(&server, &mut senders, args.lanes).await?;
    let transfers = senders.transfers(args.transfers)?;
    under_load(&server, &senders, &transfers, args.lanes).await
}

pub async fn warm(server: &Server, senders: &mut Senders, lanes: usize) -> Result<()> {
    let transfers = senders.transfers(WARM_UP)?;
    Lanes::connect(&server.http.address, lanes)?
        .send(&transfers)
        .await?;
    senders.wait_included(&server.http).await
}

/// Sends everything, waits until all of it is included, then makes sure that all of it succeeded.
pub async fn under_load(
    server: &Server,
    senders: &Senders,
    transfers: &[Bytes],
    lanes: usize,
) -> Result<Measured> {
    let http = &server.http;
    let first = http.latest().await? + 1;
    let connected = Lanes::connect(&http.address, lanes)?;
    let clock = Clock::start(server)?;
    connected.send(transfers).await?;
    senders.wait_included(http).await?;
    let measured = clock.stop(transfers.len())?;
    http.require_success(first..=http.latest().await?).await?;
    Ok(measured)
}
