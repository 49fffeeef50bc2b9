//! `zhengtong wallet`: the keys of officers and operators, on a machine that is never connected.
//!
//! ```text
//! connected machine -- eth-sign-request --> this one shows every field, asks, signs -- eth-signature --> connected machine
//! ```
//!
//! What passes between the two is ERC-4527's: texts that are QR codes or lines of a file. `council --sign-elsewhere` and any
//! wallet that knows QR signers are the other side. See `docs/cold-wallet.md`.

mod address;
mod content;
mod export;
pub mod file;
mod key;
mod keystore;
mod make;
mod message;
mod openings;
mod passphrase;
pub mod screen;
mod show;
mod sign;
#[cfg(test)]
mod tests;
mod typed;
pub mod wire;

pub use openings::{Openings, ProposalContent, Statement};
pub use show::{Book, refusal, words};

use anyhow::Result;

#[derive(clap::Subcommand)]
pub enum Command {
    /// Make a key from new words. They are shown once, on a terminal: write them on paper.
    New(make::NewArgs),
    /// Make the key's file again from its words.
    Restore(make::RestoreArgs),
    /// Show the address of an account.
    Address(address::Args),
    /// Show the public account as a QR code and a text, for a wallet that watches it and asks for signatures.
    Export(export::Args),
    /// Show all of what a request wants signed, in Chinese and English, ask, and sign it.
    Sign(sign::Args),
}

pub fn run(command: Command) -> Result<()> {
    match command {
        Command::New(args) => make::new(&args),
        Command::Restore(args) => make::restore(&args),
        Command::Address(args) => address::run(&args),
        Command::Export(args) => export::run(&args),
        Command::Sign(args) => sign::run(&args),
    }
}

/// A line of a command's answer.
#[expect(clippy::print_stdout, reason = "the answer of the command")]
fn say(line: impl std::fmt::Display) {
    println!("{line}");
}
