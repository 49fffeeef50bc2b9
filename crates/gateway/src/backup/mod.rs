//! The books of a gateway on embedded storage: backed up while it runs, and restored with everything checked.
//!
//! A backup is in two places. A folder has the store, the vault's records, and a manifest signed by the attester; a file, kept
//! elsewhere and for less long, has the keys of persons and cases, wrapped by the vault's key as they are in the vault. Who
//! has one without the other can read nothing about anybody, and neither has the organisation's own keys.
//!
//! A backup has keys that were destroyed since. So a restore takes the record of deletions too
//! ([`crate::app::deletion::record`]), must see every deletion that the backup knows in it, and carries all of them out again
//! before the gateway's folder gets its books.

mod manifest;
mod restore;

pub use manifest::{Followed, Manifest};
pub use restore::{Restored, restore};

use std::fs::{self, File, OpenOptions};
use std::future::Future;
use std::io::{self, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use alloy_primitives::B256;
use sha2::{Digest as _, Sha256};
use thiserror::Error;
use zhengtong_types::{Finality, VerifyError};
use zhengtong_vault::{VaultError, copy};

use crate::app::deletion::{DeletionError, record::RecordError};
use crate::store::{Store, StoreError};
use crate::{Config, GatewayError, Keys};

const STORE: &str = "gateway.sqlite";
const VAULT: &str = "vault.sqlite";
const RECORDS: &str = "records.sqlite";
const MANIFEST: &str = "manifest.json";
/// How often a backup is taken again because somebody was deleted meanwhile.
const TRIES: u32 = 5;

/// Why there is no backup, or nothing restored.
#[derive(Debug, Error)]
pub enum BackupError {
    /// A file.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Something is there that would be written over.
    #[error("{0} is there already; nothing is written over")]
    Exists(PathBuf),
    /// A gateway on PostgreSQL.
    #[error(
        "the books are in PostgreSQL: back them up with pg_dump, as docs/operations.md says, and carry deletions out again with `zhengtong gateway deletions --apply`"
    )]
    Postgres,
    /// Deletions went on while the backup was taken.
    #[error("persons were deleted each time that the backup was taken; take it again later")]
    Deleting,
    /// The block that was applied last is not proven.
    #[error("block {number}, the last one that was applied, is not the network's: {reason}")]
    Block {
        /// Its number.
        number: u64,
        /// Why.
        reason: String,
    },
    /// The manifest.
    #[error("{path} is not a manifest that this organisation signed: {reason}")]
    Manifest {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A file of the backup is another one.
    #[error("{path} was changed, or is of another backup: its SHA-256 is not the manifest's")]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// SQLite finds a file damaged.
    #[error("{path} is damaged")]
    Damaged {
        /// The file.
        path: PathBuf,
    },
    /// The record of deletions is older than the backup.
    #[error(
        "{path} lacks deletion {id}, which the backup has: it is older than the backup; bring the newest record of deletions"
    )]
    OldRecord {
        /// The record.
        path: PathBuf,
        /// The deletion.
        id: String,
    },
    /// Another organisation's, or of another network.
    #[error("the backup is of {found}, this gateway is of {expected}")]
    Foreign {
        /// Whose it is.
        found: String,
        /// Whose it should be.
        expected: String,
    },
    /// The record of deletions.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// A deletion.
    #[error(transparent)]
    Deletion(#[from] DeletionError),
    /// The vault, or a key file.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The keys.
    #[error(transparent)]
    Keys(#[from] GatewayError),
}

impl BackupError {
    fn io(path: &Path, source: io::Error) -> Self {
        Self::Io {
            path: path.into(),
            source,
        }
    }

    fn block(number: u64, source: &VerifyError) -> Self {
        Self::Block {
            number,
            reason: source.to_string(),
        }
    }
}

/// Backs up the books of a gateway, which may run: into the new folder `to`, and its keys into the new file `keys_to`.
/// `prove` asks a node for the certificate of the block that was applied last.
///
/// # Errors
/// See [`BackupError`]; then nothing is left of it.
pub async fn back_up<F: Future<Output = Result<Finality, String>>>(
    config: &Config,
    prove: impl Fn(u64) -> F,
    to: &Path,
    keys_to: &Path,
    now_ms: u64,
) -> Result<Manifest, BackupError> {
    if config.database_url.is_some() {
        return Err(BackupError::Postgres);
    }
    for path in [to, keys_to] {
        if path.exists() {
            return Err(BackupError::Exists(path.into()));
        }
    }
    let keys = existing_keys(config)?;
    fs::create_dir_all(to).map_err(|source| BackupError::io(to, source))?;
    let made = make(config, &keys, prove, to, keys_to, now_ms).await;
    if made.is_err() {
        // What is left of it is of no use, and may have been written in part only.
        let _ = fs::remove_dir_all(to);
        let _ = fs::remove_file(keys_to);
    }
    made
}

async fn make<F: Future<Output = Result<Finality, String>>>(
    config: &Config,
    keys: &Keys,
    prove: impl Fn(u64) -> F,
    to: &Path,
    keys_to: &Path,
    now_ms: u64,
) -> Result<Manifest, BackupError> {
    let (store, vault) = (config.data_folder.join(STORE), config.data_folder.join(VAULT));
    let (store_copy, records) = (to.join(STORE), to.join(RECORDS));
    for path in [&store, &vault] {
        fs::metadata(path).map_err(|source| BackupError::io(path, source))?;
    }
    // The store first: what it names was put into the vault before. A deletion between the two would leave one half.
    let mut tries = 0;
    let (looked, copied) = loop {
        for path in [&store_copy, &records, keys_to] {
            remove_if_there(path)?;
            new_file(path)?;
        }
        copy::copy(&store, &store_copy).await?;
        let looked = Store::look_into(&store_copy).await?;
        let copied = copy::split(&vault, &records, keys_to).await?;
        if Store::look_into(&store).await?.deletions == looked.deletions {
            break (looked, copied);
        }
        tries += 1;
        if tries == TRIES {
            return Err(BackupError::Deleting);
        }
    };
    let network = config.network_key.to_string();
    expect(&network, looked.network.as_deref())?;
    expect(&config.organisation, looked.organisation.as_deref())?;
    let followed = match looked.checkpoint {
        None => None,
        Some(last) => {
            let failed = |reason| BackupError::Block {
                number: last.number,
                reason,
            };
            let finality = prove(last.number).await.map_err(failed)?;
            let followed = Followed {
                number: last.number,
                hash: last.hash,
                finality,
            };
            followed.check(&config.network_key)?;
            Some(followed)
        }
    };
    let manifest = Manifest {
        format: manifest::FORMAT.to_owned(),
        organisation: config.organisation.clone(),
        network,
        created_ms: now_ms,
        followed,
        store_sha256: sha256(&store_copy)?,
        records_sha256: sha256(&records)?,
        keys_sha256: sha256(keys_to)?,
        records: copied.records,
        keys: copied.keys,
        deletions: looked.deletions,
    };
    manifest.write(&to.join(MANIFEST), &keys.attester)?;
    for path in [&store_copy, &records, keys_to, to] {
        sync(path)?;
    }
    Ok(manifest)
}

/// The organisation's keys; none is made.
fn existing_keys(config: &Config) -> Result<Keys, BackupError> {
    for path in [&config.keys.attester, &config.keys.vault] {
        fs::metadata(path).map_err(|source| BackupError::io(path, source))?;
    }
    Ok(Keys::read_or_create(&config.keys, None)?)
}

fn expect(expected: &str, found: Option<&str>) -> Result<(), BackupError> {
    match found {
        Some(found) if found == expected => Ok(()),
        found => Err(BackupError::Foreign {
            found: found.unwrap_or("nobody").to_owned(),
            expected: expected.to_owned(),
        }),
    }
}

/// An empty file that its owner alone can read.
fn new_file(path: &Path) -> Result<(), BackupError> {
    let made = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path);
    made.map(drop).map_err(|source| BackupError::io(path, source))
}

fn remove_if_there(path: &Path) -> Result<(), BackupError> {
    match fs::remove_file(path) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => Err(BackupError::io(path, source)),
        _ => Ok(()),
    }
}

fn sync(path: &Path) -> Result<(), BackupError> {
    let synced = File::open(path).and_then(|file| file.sync_all());
    synced.map_err(|source| BackupError::io(path, source))
}

fn sha256(path: &Path) -> Result<B256, BackupError> {
    let failed = |source| BackupError::io(path, source);
    let mut file = File::open(path).map_err(failed)?;
    let (mut sum, mut buffer) = (Sha256::new(), vec![0; 1 << 20]);
    loop {
        match file.read(&mut buffer).map_err(failed)? {
            0 => return Ok(B256::from_slice(&sum.finalize())),
            read => sum.update(&buffer[..read]),
        }
    }
}
