//! `zhengtong bench`: throughput, cost and latency, beside anvil, in one run.
//!
//! Numbers of one machine on one day: quote the ratios, which are taken in the same run under the same load.

mod cpu;
mod energy;
mod exchange;
mod figures;
mod http;
mod lanes;
mod load;
mod parts;
mod report;
mod server;
mod state;
mod transfers;

use anyhow::Result;
use clap::Subcommand;
use std::path::PathBuf;

#[derive(Subcommand)]
pub enum Command {
    /// ERC-20 transfers: one validator, durable, beside anvil under the same load.
    Transfers(Transfers),
    /// The same transfers with few and with many accounts in the state.
    State(State),
    /// Records between two gateways, end to end, and the same query with the gate off.
    Exchange(Exchanges),
}

#[derive(clap::Args)]
pub struct Exchanges {
    /// Exchanges to make.
    #[arg(long, default_value_t = 5_000)]
    exchanges: usize,
    /// Cases that they are of: data of one case is used once at a time.
    #[arg(long, default_value_t = 256)]
    cases: usize,
    /// Exchanges under way at once.
    #[arg(long, default_value_t = 64)]
    lanes: usize,
    /// Databases of the asking and the giving gateway, `postgres:` URLs separated by a comma; SQLite if not given.
    #[arg(long, value_delimiter = ',')]
    databases: Vec<String>,
    /// Folder of the agencies' mapping files.
    #[arg(long, default_value = "agencies")]
    agencies: PathBuf,
    /// Folder of the service packages.
    #[arg(long, default_value = "services")]
    services: PathBuf,
    /// Where to keep the data of the run; deleted first.
    #[arg(long, default_value = "target/bench-exchange")]
    folder: PathBuf,
    /// Where to write the figures as JSON too.
    #[arg(long)]
    report: Option<PathBuf>,
}

#[derive(clap::Args)]
pub struct Transfers {
    /// ERC-20 transfers to send to each server in a round.
    #[arg(long, default_value_t = 20_000)]
    transfers: usize,
    /// Accounts that send them.
    #[arg(long, default_value_t = 200)]
    senders: usize,
    /// Connections, each with one request under way.
    #[arg(long, default_value_t = 256)]
    lanes: usize,
    /// Validators of the network that is measured besides, all on this machine; 0 leaves it out.
    #[arg(long, default_value_t = 4)]
    validators: u16,
    /// How often all servers are measured, in turn.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// anvil's program.
    #[arg(long, default_value = "contracts/node_modules/.bin/anvil")]
    anvil: PathBuf,
    /// Where to keep the data of the run; deleted first.
    #[arg(long, default_value = "target/bench")]
    folder: PathBuf,
    /// Where to write the figures as JSON too.
    #[arg(long)]
    report: Option<PathBuf>,
}

#[derive(clap::Args)]
pub struct State {
    /// Holders of the token in the larger state; the smaller one has ten thousand.
    #[arg(long, default_value_t = 5_000_000)]
    holders: usize,
    /// ERC-20 transfers to send to each server in a round.
    #[arg(long, default_value_t = 20_000)]
    transfers: usize,
    /// Accounts that send them.
    #[arg(long, default_value_t = 200)]
    senders: usize,
    /// Connections, each with one request under way.
    #[arg(long, default_value_t = 256)]
    lanes: usize,
    /// How often both are measured, in turn. The first time reads a large state from disk.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Where to keep the data of the run; deleted first.
    #[arg(long, default_value = "target/bench-state")]
    folder: PathBuf,
    /// Where to write the figures as JSON too.
    #[arg(long)]
    report: Option<PathBuf>,
}

/// One thread: the load generator shares the machine with what it measures.
#[tokio::main(flavor = "current_thread")]
pub async fn run(command: Command) -> Result<()> {
    let (sections, report) = match command {
        Command::Transfers(args) => (transfers::compare(&args).await?, args.report),
        Command::State(args) => (state::compare(&args).await?, args.report),
        Command::Exchange(args) => (exchange::measure(&args).await?, args.report),
    };
    report::print(&sections);
    match &report {
        Some(path) => report::write(&sections, path),
        None => Ok(()),
    }
}
