//! `zhengtong wallet export`.

use super::{
    file::{self, Wallet},
    key::{KeyError, Secret},
    say, screen,
    wire::Kind,
};
use anyhow::{Result, ensure};
use std::path::PathBuf;

/// The longest name of an account, in bytes.
const MAX_NAME_BYTES: usize = 64;

#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    wallet: Wallet,
    /// What the watching wallet calls the account.
    #[arg(long, default_value = "Zhengtong")]
    name: String,
    /// Write the text to this file too.
    #[arg(long)]
    out: Option<PathBuf>,
}

pub fn run(args: &Args) -> Result<()> {
    ensure!(
        args.name.len() <= MAX_NAME_BYTES,
        "--name has more than {MAX_NAME_BYTES} bytes"
    );
    let Secret::Words(words) = args.wallet.open()? else {
        return Err(KeyError::NoWords { index: 0 }.into());
    };
    let account = words.account(&args.name)?;
    let text = Kind::HdKey.write(&account.encode());
    if let Some(out) = &args.out {
        file::write_new(out, &format!("{text}\n"), 0o644)?;
    }
    screen::show_code(&text)?;
    say(&text);
    say(format!("地址 / address  {}", account.address(0)?));
    Ok(())
}
