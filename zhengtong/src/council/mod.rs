//! `zhengtong council`: the members of a network's council propose, vote on and execute changes of its contracts.
//!
//! ```text
//! propose -> the members vote -> carried -> queued for a while -> executed
//! ```
//!
//! Every member has a key of its own, here or on a machine that is never connected, and any node will do. Proposals have numbers; what one does is read from the event
//! that its id is the hash of, so a node cannot show other calls than those that are voted on.

mod calls;
mod chain;
mod elsewhere;
mod errors;
mod execute;
mod key;
mod list;
mod proposal;
mod propose;
mod trial;
mod vote;

pub use calls::{Contracts, limits_of, of_genesis};
pub use key::MemberKey;
pub use proposal::time;

use anyhow::Result;

#[derive(clap::Subcommand)]
pub enum Command {
    /// Make the key with which an institution votes.
    Key(key::Args),
    /// Propose a change.
    Propose(propose::Args),
    /// Vote on a proposal. A vote cannot be taken back.
    Vote(vote::Args),
    /// Carry out what was decided: queue it, wait, and execute it. Anybody may.
    Execute(execute::Args),
    /// Show the members and the latest proposals.
    List(list::Args),
}

#[tokio::main]
pub async fn run(command: Command) -> Result<()> {
    match command {
        Command::Key(args) => key::run(&args),
        Command::Propose(args) => propose::run(args).await,
        Command::Vote(args) => vote::run(args).await,
        Command::Execute(args) => execute::run(args).await,
        Command::List(args) => list::run(args).await,
    }
}

/// A line of a command's answer.
#[expect(clippy::print_stdout, reason = "the answer of the command")]
fn say(line: impl std::fmt::Display) {
    println!("{line}");
}
