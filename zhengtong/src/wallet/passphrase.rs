//! Passphrases: typed at the terminal, unseen, or from a file.

use super::file;
use anyhow::{Context, Result, ensure};
use std::path::PathBuf;
use zeroize::Zeroizing;

/// The fewest characters of a new passphrase.
pub const LEAST_CHARACTERS: usize = 12;
/// The most bytes of a passphrase.
const MOST_BYTES: u64 = 1024;

#[derive(clap::Args)]
pub struct Passphrase {
    /// Read the passphrase from the first line of this file instead of asking for it.
    #[arg(long)]
    pub passphrase_file: Option<PathBuf>,
}

impl Passphrase {
    /// That of a key that is there.
    pub fn ask(&self) -> Result<Zeroizing<String>> {
        match &self.passphrase_file {
            Some(path) => {
                let text = Zeroizing::new(file::read(path, MOST_BYTES)?);
                Ok(Zeroizing::new(text.lines().next().unwrap_or_default().to_owned()))
            }
            None => prompt("口令 / passphrase: "),
        }
    }

    /// That of a new key: typed twice, and not too short.
    pub fn choose(&self) -> Result<Zeroizing<String>> {
        let chosen = self.ask()?;
        ensure!(
            chosen.chars().count() >= LEAST_CHARACTERS,
            "the passphrase has fewer than {LEAST_CHARACTERS} characters; whoever has the file can try many"
        );
        if self.passphrase_file.is_none() {
            let again = prompt("再输一次 / again: ")?;
            ensure!(*chosen == *again, "the two passphrases differ; nothing was made");
        }
        Ok(chosen)
    }
}

/// A secret line from the terminal, which does not show it.
pub fn prompt(text: &str) -> Result<Zeroizing<String>> {
    let line = rpassword::prompt_password(text).map(Zeroizing::new);
    let line = line.context("no terminal to ask at; give --passphrase-file")?;
    ensure!(line.len() as u64 <= MOST_BYTES, "more than {MOST_BYTES} bytes");
    Ok(line)
}
