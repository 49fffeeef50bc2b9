//! `zhengtong bench`: throughput, cost and latency, beside anvil, in one run.
//!
//! Numbers of one machine on one day: quote the ratios, which are taken in the same run under the same load.

mod cpu;
mod http;
mod load;
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
    /// ERC-20 transfers to send to each server.
    #[arg(long, default_value_t = 20_000)]
    transfers: usize,
    /// Accounts that send them.
    #[arg(long, default_value_t = 200)]
    senders: usize,
    /// Requests under way at once.
    #[arg(long, default_value_t = 32)]
    lanes: usize,
    /// anvil's program.
    #[arg(long, default_value = "contracts/node_modules/.bin/anvil")]
    anvil: PathBuf,
    /// Where to keep the data of the run; deleted first.
    #[arg(long, default_value = "target/bench")]
    folder: PathBuf,
}

#[tokio::main]
pub async fn run(command: Command) -> Result<()> {
    let Command::Transfers(args) = command;
    transfers::compare(&args).await
}
