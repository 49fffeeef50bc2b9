//! The record of deletions as a file of its own. It outlives the disk that the store is on, and names nobody.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::DeletionError;
use crate::bounded;
use crate::store::{DeletionRow, Store, StoreError};

/// What the file says it is.
const FORMAT: &str = "zhengtong-deletions/1";
/// The note in the store that says where the copy is kept.
const PLACE: &str = "deletion_record";
/// The most bytes of such a file.
const MAX_BYTES: u64 = 512 * 1024 * 1024;

/// The file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    format: String,
    /// Whose deletions.
    pub organisation: String,
    /// Oldest first, each signed by the organisation's attester.
    pub deletions: Vec<DeletionRow>,
}

/// Why a file is not a record of deletions.
#[derive(Debug, Error)]
pub enum RecordError {
    /// It cannot be read.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is something else.
    #[error("{path} is not a record of deletions: {reason}")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
}

/// Reads a record. Its signatures are checked by whoever carries it out.
///
/// # Errors
/// See [`RecordError`].
pub fn read(path: &Path) -> Result<Record, RecordError> {
    let failed = |source| RecordError::Io {
        path: path.into(),
        source,
    };
    let malformed = |reason: String| RecordError::Malformed {
        path: path.into(),
        reason,
    };
    let bytes = bounded::read(path, MAX_BYTES).map_err(failed)?;
    let bytes = bytes.ok_or_else(|| malformed(format!("it has more than {MAX_BYTES} bytes")))?;
    let record: Record = serde_json::from_slice(&bytes).map_err(|source| malformed(source.to_string()))?;
    if record.format != FORMAT {
        return Err(malformed(format!(
            "its format is {:?}, not {FORMAT:?}",
            record.format
        )));
    }
    Ok(record)
}

/// Notes in the store where the copy is kept, for every process that deletes.
///
/// # Errors
/// The store fails.
pub async fn keep_at(store: &Store, path: Option<&Path>) -> Result<(), StoreError> {
    let place = path.map(|path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned()));
    let place = place.map(|path| path.display().to_string()).unwrap_or_default();
    if store.meta(PLACE).await?.unwrap_or_default() == place {
        return Ok(());
    }
    store.set_meta(PLACE, &place).await
}

/// Writes the copy anew, if one is kept.
///
/// # Errors
/// The store fails, or the copy cannot be written.
pub async fn copy(organisation: &str, store: &Store) -> Result<(), DeletionError> {
    match store.meta(PLACE).await? {
        Some(place) if !place.is_empty() => write(organisation, store, Path::new(&place)).await.map(drop),
        _ => Ok(()),
    }
}

/// Writes the record durably to a file, replacing what was there, and answers how many deletions it has.
///
/// # Errors
/// As [`copy`].
pub async fn write(organisation: &str, store: &Store, path: &Path) -> Result<usize, DeletionError> {
    let record = Record {
        format: FORMAT.to_owned(),
        organisation: organisation.to_owned(),
        deletions: store.all_deletions().await?,
    };
    let failed = |source| DeletionError::NotCopied {
        path: path.into(),
        source,
    };
    let text = serde_json::to_vec_pretty(&record).map_err(|source| failed(io::Error::other(source)))?;
    replace(path, &text).map_err(failed)?;
    Ok(record.deletions.len())
}

fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let fresh = path.with_extension(format!("new-{}", std::process::id()));
    let mut file = File::create(&fresh)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&fresh, path)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}
