//! Files: those with secrets are their owner's alone, and none is ever replaced.

use super::{key::Secret, keystore, passphrase::Passphrase};
use anyhow::{Context, Result, bail};
use std::{
    fs,
    io::{ErrorKind, Read as _, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

/// Which key, and how it is opened.
#[derive(clap::Args)]
pub struct Wallet {
    /// The key's file.
    #[arg(long, default_value = "wallet.json")]
    pub wallet: PathBuf,
    #[command(flatten)]
    pub passphrase: Passphrase,
}

impl Wallet {
    pub fn open(&self) -> Result<Secret> {
        let text = read(&self.wallet, keystore::MAX_FILE_BYTES)?;
        let passphrase = self.passphrase.ask()?;
        keystore::open(&text, &passphrase).with_context(|| format!("cannot open {}", self.wallet.display()))
    }
}

/// The whole text of a file that is not larger than it may be.
pub fn read(path: &Path, most_bytes: u64) -> Result<String> {
    let mut text = String::new();
    let file = fs::File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    file.take(most_bytes + 1)
        .read_to_string(&mut text)
        .with_context(|| format!("cannot read {} as text", path.display()))?;
    if text.len() as u64 > most_bytes {
        bail!("{} has more than {most_bytes} bytes", path.display());
    }
    Ok(text)
}

/// Writes a new file, whole or not at all.
pub fn write_new(path: &Path, text: &str, mode: u32) -> Result<()> {
    if path.exists() {
        bail!("{} is there already; choose another file", path.display());
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    if let Some(folder) = folder {
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    }
    let mut part = path.to_path_buf().into_os_string();
    part.push(".part");
    let part = PathBuf::from(part);
    let written = write_part(&part, text, mode).and_then(|()| match fs::hard_link(&part, path) {
        // A file system without links, as sticks often have.
        Err(error) if error.kind() != ErrorKind::AlreadyExists => fs::rename(&part, path),
        other => other,
    });
    let _ = fs::remove_file(&part);
    written.with_context(|| format!("cannot write {}", path.display()))
}

fn write_part(part: &Path, text: &str, mode: u32) -> std::io::Result<()> {
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(part)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}
