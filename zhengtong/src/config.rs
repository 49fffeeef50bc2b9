//! Configuration files of the processes that serve.

use anyhow::{Context, Result, ensure};
use serde::de::DeserializeOwned;
use std::{fs, path::Path};

/// The most bytes of a configuration file.
const MAX_BYTES: u64 = 64 * 1024;

/// Reads a configuration file, and answers the folder that paths in it are relative to as well.
pub fn read<T: DeserializeOwned>(path: &Path) -> Result<(T, &Path)> {
    let name = path.display();
    let bytes = fs::metadata(path)
        .with_context(|| format!("cannot read {name}"))?
        .len();
    ensure!(
        bytes <= MAX_BYTES,
        "{name} has {bytes} bytes, more than {MAX_BYTES}"
    );
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {name}"))?;
    let config = toml::from_str(&text).with_context(|| format!("{name}"))?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    Ok((config, folder.unwrap_or(Path::new("."))))
}
