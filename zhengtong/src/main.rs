//! The one binary: `dev`, `service`, `verify` and the servers of a network.

mod bench;
mod dev;
mod progress;
mod service;
mod web;

use anyhow::Result;
use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Zhengtong 政通: digital government on a consortium blockchain.
#[derive(Parser)]
#[command(version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run a network of one on this machine: chain, index, portal and five agencies with synthetic residents.
    Dev(dev::Args),
    /// Measure throughput and cost.
    #[command(subcommand)]
    Bench(bench::Command),
    /// Work on service packages.
    #[command(subcommand)]
    Service(service::Command),
}

fn main() -> ExitCode {
    match run(Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report(&error);
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> Result<()> {
    match cli.command {
        Command::Dev(args) => dev::run(args),
        Command::Bench(command) => bench::run(command),
        Command::Service(command) => service::run(command),
    }
}

#[expect(clippy::print_stderr, reason = "the last word of a failed command")]
fn report(error: &anyhow::Error) {
    eprintln!("error: {error:#}");
}
