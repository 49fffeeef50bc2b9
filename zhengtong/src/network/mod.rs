//! `zhengtong network`: starts a network of several institutions without anyone who knows its key.
//!
//! Each operator runs `key` and sends the card it writes to the others; one runs `plan` on all cards and sends the plan
//! round; everyone runs `check` on it and compares hashes; then everyone runs `dkg` at the same time, compares genesis
//! hashes, and starts `zhengtong node`. `follow` and `admit` let a node without a vote in. `local` does all of it here.

mod check;
mod dkg;
mod follow;
mod key;
mod local;
mod plan;
mod run;

use anyhow::{Context, Result};
use std::time::{SystemTime, UNIX_EPOCH};

#[derive(clap::Subcommand)]
pub enum Command {
    /// Make a node's identity on its own machine, and the card for the other operators.
    Key(key::Args),
    /// Put the validators' cards together into the plan of a network.
    Plan(plan::Args),
    /// Show what a plan or network file says, with the hash that operators compare.
    Check(check::Args),
    /// Make the network's key together with the other validators, all at the same time.
    Dkg(dkg::Args),
    /// Set up a node without a vote that follows a network.
    Follow(follow::FollowArgs),
    /// Let a follower connect to this node.
    Admit(follow::AdmitArgs),
    /// Do all of it on this machine, to try it out.
    Local(local::Args),
    /// Run the nodes that `local` made, and show how they are.
    Run(run::Args),
}

pub fn run(command: Command) -> Result<()> {
    match command {
        Command::Key(args) => key::run(args),
        Command::Plan(args) => plan::run(args),
        Command::Check(args) => check::run(&args),
        Command::Dkg(args) => dkg::run(args),
        Command::Follow(args) => follow::follow(args),
        Command::Admit(args) => follow::admit(&args),
        Command::Local(args) => local::run(args),
        Command::Run(args) => run::run(&args),
    }
}

/// The clock, in milliseconds since the Unix epoch.
pub fn now_ms() -> Result<u64> {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .context("the clock is before 1970")?;
    Ok(now.as_millis() as u64)
}

/// A line of a command's answer.
#[expect(clippy::print_stdout, reason = "the answer of the command")]
fn say(line: impl std::fmt::Display) {
    println!("{line}");
}
