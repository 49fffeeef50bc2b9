//! `zhengtong bench`: throughput, cost and latency, beside anvil, in one run.
//!
//! Numbers of one machine on one day: quote the ratios, which are taken in the same run under the same load.

mod cpu;
mod http;
mod lanes;
mod load;
mod report;
mod server;
mod transfers;

use anyhow::Result;
use clap::Subcommand;
use std::path::PathBuf;

#[derive(Subcommand)]
pub enum Command {
    /// ERC-20 transfers: one validator, durable, beside anvil under the same load.
    Transfers(Transfers),
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
    /// How often both servers are measured, in turn.
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

/// One thread: the load generator shares the machine with what it measures.
#[tokio::main(flavor = "current_thread")]
pub async fn run(command: Command) -> Result<()> {
    let Command::Transfers(args) = command;
    let sections = transfers::compare(&args).await?;
    report::print(&sections);
    match &args.report {
        Some(path) => report::write(&sections, path),
        None => Ok(()),
    }
}
