//! The one binary: `dev`, `node`, `gateway`, `index`, `network`, `council`, `wallet`, `verify`, `service`, `statetest`, `bench`.

mod bench;
mod config;
mod council;
mod dev;
mod failure;
mod gateway;
#[cfg(test)]
mod handbook;
mod index;
mod loopback;
mod monitor;
mod network;
mod node;
mod progress;
#[cfg(test)]
mod reference;
mod service;
mod signals;
mod statetest;
mod telemetry;
mod vault;
mod verify;
mod wallet;
mod web;

use anyhow::Result;
use clap::{Parser, Subcommand};
use std::process::ExitCode;

const _: () = assert!(
    !zhengtong_types::consensus::REMEMBERS,
    "the feature `remember` is for simulations"
);

/// A node makes and drops some hundred small values for each transaction.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Zhengtong 政通: digital government on a consortium blockchain.
#[derive(Parser)]
#[command(version, about)]
struct Cli {
    #[command(flatten)]
    telemetry: telemetry::Telemetry,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run a network of one on this machine: chain, index, portal and five agencies with synthetic residents.
    Dev(dev::Args),
    /// Run one validator or follower of a network.
    Node(node::Args),
    /// Run one agency's gateway.
    Gateway(gateway::Args),
    /// Run the index of a network: events in SQL, search, statistics and open data over HTTP.
    Index(index::Args),
    /// Start a network among institutions: keys, plan, ceremony; or all of it on this machine.
    #[command(subcommand)]
    Network(network::Command),
    /// Decide together: propose, vote on and execute changes of the contracts, in a network whose council has members.
    #[command(subcommand)]
    Council(council::Command),
    /// Measure throughput and cost.
    #[command(subcommand)]
    Bench(bench::Command),
    /// Work on service packages.
    #[command(subcommand)]
    Service(service::Command),
    /// Hold the executor against Ethereum's own state tests.
    Statetest(statetest::Args),
    /// An agency's operator: delete a person, order that records are kept, see what was deleted and how long what is kept.
    #[command(subcommand)]
    Vault(vault::Command),
    /// Sign on a machine that is never connected: keys from words, requests and answers as QR codes or files (ERC-4527).
    #[command(subcommand)]
    Wallet(wallet::Command),
    /// Check what a network says, from its public key alone.
    Verify(verify::Args),
}

impl Command {
    /// What a collector of traces knows the process as.
    const fn service(&self) -> &'static str {
        match self {
            Self::Dev(_) => "zhengtong-dev",
            Self::Node(_) => "zhengtong-node",
            Self::Gateway(_) => "zhengtong-gateway",
            Self::Index(_) => "zhengtong-index",
            _ => "zhengtong",
        }
    }
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let sending = match cli.telemetry.start(cli.command.service()) {
        Ok(sending) => sending,
        Err(error) => {
            report(&error);
            return ExitCode::FAILURE;
        }
    };
    failure::log_panics();
    let done = run(cli);
    drop(sending);
    match done {
        Ok(code) => code,
        Err(error) => {
            report(&error);
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> Result<ExitCode> {
    match cli.command {
        Command::Dev(args) => dev::run(args)?,
        Command::Node(args) => node::run(args)?,
        Command::Gateway(args) => gateway::run(args)?,
        Command::Index(args) => index::run(args)?,
        Command::Network(command) => network::run(command)?,
        Command::Council(command) => council::run(command)?,
        Command::Bench(command) => bench::run(command)?,
        Command::Service(command) => service::run(command)?,
        Command::Statetest(args) => statetest::run(&args)?,
        Command::Vault(command) => vault::run(command)?,
        Command::Wallet(command) => wallet::run(command)?,
        Command::Verify(args) => return tokio::runtime::Runtime::new()?.block_on(verify::run(args)),
    }
    Ok(ExitCode::SUCCESS)
}

#[expect(clippy::print_stderr, reason = "the last word of a failed command")]
fn report(error: &anyhow::Error) {
    eprintln!("error: {}", failure::told(error));
}
