//! `zhengtong wallet address`.

use super::{file::Wallet, say};
use anyhow::Result;

#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    wallet: Wallet,
    /// Which account of the words: m/44'/60'/0'/0/INDEX.
    #[arg(long, default_value_t = 0)]
    index: u32,
}

pub fn run(args: &Args) -> Result<()> {
    say(args.wallet.open()?.address(args.index)?);
    Ok(())
}
