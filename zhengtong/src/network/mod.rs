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

use alloy_primitives::{Address, B256};
use anyhow::{Context, Result};
use std::{
    net::SocketAddr,
    time::{SystemTime, UNIX_EPOCH},
};

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

/// Reads a hash from the command line.
pub fn parse_hash(text: &str) -> Result<B256, String> {
    text.parse().map_err(|_| digits("a hash", 64, text))
}

/// Reads an account from the command line.
fn parse_account(text: &str) -> Result<Address, String> {
    text.parse().map_err(|_| digits("an account", 40, text))
}

/// What is wrong with something in hexadecimal digits.
fn digits(what: &str, expected: usize, text: &str) -> String {
    let found = text.strip_prefix("0x").unwrap_or(text);
    match found.chars().find(|letter| !letter.is_ascii_hexdigit()) {
        Some(letter) => format!("{what} is 0x and {expected} hexadecimal digits, and {letter:?} is none"),
        None => format!(
            "{what} is 0x and {expected} hexadecimal digits, and this has {}",
            found.len()
        ),
    }
}

/// Reads where a node is reached from the command line.
fn parse_location(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| {
        "write it as IP:port, such as 192.0.2.7:9700 or [2001:db8::7]:9700; a name is not taken, because nodes are let in by IP address".into()
    })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_read_is_said_with_how_it_is_written() {
        let said = parse_hash("0x1234").expect_err("short");
        assert_eq!(said, "a hash is 0x and 64 hexadecimal digits, and this has 4");
        let said = parse_account(&format!("0x{}g", "a".repeat(39))).expect_err("no digit");
        assert_eq!(
            said,
            "an account is 0x and 40 hexadecimal digits, and 'g' is none"
        );
        for wrong in ["node.example:9700", "192.0.2.7", "9700"] {
            let said = parse_location(wrong).expect_err(wrong);
            assert!(said.starts_with("write it as IP:port"), "{said}");
        }
        assert!(parse_hash(&B256::ZERO.to_string()).is_ok());
        assert!(parse_account(&Address::ZERO.to_string()).is_ok());
        assert!(parse_location("[2001:db8::7]:9700").is_ok());
    }
}
