//! Files that a crash leaves old or new, never in between; and JSON files that people exchange.

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
};
use thiserror::Error;

/// Largest file that people exchange, in bytes.
const MAX_JSON_BYTES: u64 = 16 * 1024 * 1024;

/// Why a public file cannot be used.
#[derive(Debug, Error)]
pub enum FileError {
    #[error("cannot read the {what} {path}: {source}")]
    Read {
        what: &'static str,
        path: PathBuf,
        source: io::Error,
    },
    #[error("cannot write the {what} {path}: {source}")]
    Write {
        what: &'static str,
        path: PathBuf,
        source: io::Error,
    },
    #[error("{path} is not a {what}{}: {source}", told(.format))]
    Parse {
        what: &'static str,
        path: PathBuf,
        /// What it says that it is.
        format: Option<String>,
        source: serde_json::Error,
    },
    #[error("{path} has more than {MAX_JSON_BYTES} bytes; that is no {what}")]
    TooLarge { what: &'static str, path: PathBuf },
}

fn told(format: &Option<String>) -> String {
    format
        .as_ref()
        .map_or_else(String::new, |format| format!(" (it says it is {format:?})"))
}

/// What all files that people exchange say of themselves.
#[derive(Deserialize)]
struct Tagged {
    format: String,
}

/// Reads a public JSON file; `what` names it in errors.
pub fn read_json<T: DeserializeOwned>(path: &Path, what: &'static str) -> Result<T, FileError> {
    let failed = |source| FileError::Read {
        what,
        path: path.into(),
        source,
    };
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(failed)?;
    file.take(MAX_JSON_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    if bytes.len() as u64 > MAX_JSON_BYTES {
        return Err(FileError::TooLarge {
            what,
            path: path.into(),
        });
    }
    serde_json::from_slice(&bytes).map_err(|source| FileError::Parse {
        what,
        path: path.into(),
        format: serde_json::from_slice(&bytes)
            .ok()
            .map(|Tagged { format }| format),
        source,
    })
}

/// Writes a public JSON file.
pub fn write_json<T: Serialize>(path: &Path, what: &'static str, value: &T) -> Result<(), FileError> {
    let failed = |source| FileError::Write {
        what,
        path: path.into(),
        source,
    };
    let mut text = serde_json::to_string_pretty(value).map_err(|source| failed(io::Error::other(source)))?;
    text.push('\n');
    write(path, text.as_bytes(), false).map_err(failed)
}

/// Replaces a file durably. A secret one can be read by its owner alone.
pub fn write(path: &Path, bytes: &[u8], secret: bool) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let fresh = path.with_extension("new");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    if secret {
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    }
    let mut file = options.open(&fresh)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&fresh, path)?;
    sync_around(path)
}

/// Whether there is nothing in a folder; one that is not there is empty.
pub fn is_empty(folder: &Path) -> io::Result<bool> {
    match fs::read_dir(folder) {
        Ok(mut entries) => Ok(entries.next().is_none()),
        Err(source) if source.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(source) => Err(source),
    }
}

/// Makes it durable that something has this name.
pub fn sync_around(path: &Path) -> io::Result<()> {
    match path.parent() {
        // A bare file name has an empty parent, which is this folder.
        Some(folder) if folder.as_os_str().is_empty() => File::open(".")?.sync_all(),
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}
