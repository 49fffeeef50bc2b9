//! `zhengtong bench`: throughput, cost and latency, beside anvil, in one run.
//!
//! Numbers of one machine on one day: quote the ratios, which are taken in the same run under the same load.

mod cases;
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
    /// Everything: transfers here and on anvil, then cases.
    All(All),
}

#[derive(clap::Args)]
pub struct All {
    /// ERC-20 transfers to send to each server.
    #[arg(long, default_value_t = 20_000)]
    transfers: usize,
    /// Accounts that send them.
    #[arg(long, default_value_t = 200)]
    senders: usize,
    /// Requests under way at once.
    #[arg(long, default_value_t = 32)]
    lanes: usize,
    /// Cases to open and see decided.
    #[arg(long, default_value_t = 200)]
    cases: usize,
    /// anvil's program.
    #[arg(long, default_value = "contracts/node_modules/.bin/anvil")]
    anvil: PathBuf,
    /// Where to keep the data of the run; deleted first.
    #[arg(long, default_value = "target/bench")]
    folder: PathBuf,
}

#[tokio::main]
pub async fn run(command: Command) -> Result<()> {
    let Command::All(args) = command;
    transfers::compare(&args).await?;
    cases::measure(&args).await
}
