//! `zhengtong wallet new` and `restore`.

use super::{
    file,
    key::{MAX_PHRASE_BYTES, Words},
    keystore::{self, Cost},
    passphrase::{self, Passphrase},
    say,
};
use anyhow::{Context, Result, ensure};
use std::{
    io::{IsTerminal as _, Read as _},
    path::{Path, PathBuf},
};
use zeroize::Zeroizing;

#[derive(clap::Args)]
pub struct NewArgs {
    /// The file that is made.
    #[arg(long, default_value = "wallet.json")]
    out: PathBuf,
    #[command(flatten)]
    passphrase: Passphrase,
}

#[derive(clap::Args)]
pub struct RestoreArgs {
    /// The file that is made.
    #[arg(long, default_value = "wallet.json")]
    out: PathBuf,
    #[command(flatten)]
    passphrase: Passphrase,
}

pub fn new(args: &NewArgs) -> Result<()> {
    ensure!(
        std::io::stdout().is_terminal(),
        "the words are shown on a terminal alone, and this is none; nothing was made"
    );
    let words = Words::random();
    keep(&words, &args.out, &args.passphrase)?;
    say("");
    say("请将下列助记词抄写在纸上，离线保存。它们不会再次显示；丢失则无法找回，任何人得到即可签名。");
    say(
        "Write these words on paper and keep them offline. They are not shown again: without them a lost key is lost,",
    );
    say("and whoever has them can sign.");
    say("");
    for (number, word) in (1..).zip(words.phrase().split(' ')) {
        say(format!("  {number:>2}  {word}"));
    }
    Ok(())
}

pub fn restore(args: &RestoreArgs) -> Result<()> {
    let words = Words::parse(&typed_words()?)?;
    keep(&words, &args.out, &args.passphrase)
}

/// From the terminal, unseen; or from what is piped in.
fn typed_words() -> Result<Zeroizing<String>> {
    if std::io::stdin().is_terminal() {
        return passphrase::prompt("助记词 / words: ");
    }
    let mut text = Zeroizing::new(String::new());
    std::io::stdin()
        .take(MAX_PHRASE_BYTES as u64)
        .read_to_string(&mut text)
        .context("the words cannot be read")?;
    Ok(text)
}

fn keep(words: &Words, out: &Path, passphrase: &Passphrase) -> Result<()> {
    ensure!(
        !out.exists(),
        "{} is there already; choose another file",
        out.display()
    );
    let passphrase = passphrase.choose()?;
    file::write_new(out, &keystore::seal(words, &passphrase, Cost::USUAL)?, 0o600)?;
    say(format!(
        "密钥文件 / key file   {} (secret; back it up)",
        out.display()
    ));
    say(format!("地址 / address        {}", words.signer(0)?.address()));
    Ok(())
}
