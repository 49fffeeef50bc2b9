use std::path::PathBuf;

use thiserror::Error;

use crate::batch::Closed;

/// What can go wrong in a vault. No variant carries personal data or key material.
#[derive(Debug, Error)]
pub enum VaultError {
    /// The vault's database refused or failed.
    #[error("the vault's database failed: {0}")]
    Database(#[from] sqlx::Error),
    /// A database does not open.
    #[error("the database {database} does not open: {source}")]
    Open {
        /// Its URL, without a password.
        database: String,
        /// Why.
        source: sqlx::Error,
    },
    /// A database's file is missing, or cannot be made.
    #[error("the database file {path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A key file could not be read or written.
    #[error("key file {path}: {source}")]
    KeyFile {
        /// The key file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A key file can be read by others.
    #[error("key file {path} has mode {mode:o}: only its owner may read it, run `chmod 600`")]
    KeyFileMode {
        /// The key file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// A key file does not hold what it should.
    #[error("key file {path} must hold {expected}")]
    KeyFileContent {
        /// The key file.
        path: PathBuf,
        /// What it must hold.
        expected: &'static str,
    },
    /// The record is larger than a vault takes.
    #[error("a record of {bytes} bytes is larger than {limit}")]
    TooLarge {
        /// Size of the record.
        bytes: usize,
        /// [`crate::MAX_RECORD_BYTES`].
        limit: usize,
    },
    /// A record's name is empty or too long.
    #[error("a record's name must have 1 to {limit} bytes, not {bytes}")]
    Name {
        /// Size of the name.
        bytes: usize,
        /// The most a name may have.
        limit: usize,
    },
    /// The person has as many records as a vault keeps for one person.
    #[error("this person already has {limit} records")]
    TooMany {
        /// The most records one person may have.
        limit: i64,
    },
    /// The record exists, but the person's key was destroyed.
    #[error("the person's key was destroyed: the record can never be read again")]
    Destroyed,
    /// Ciphertext does not open: changed, moved, or written under another vault key.
    #[error("the {what} does not open: it was changed, or the vault's key file is another one")]
    Sealed {
        /// What did not open.
        what: &'static str,
    },
    /// What was deleted may still be in the database's log, because something else reads the database all the time.
    #[error("deleted, but still in the database's log: another process reads it all the time; try again")]
    NotScrubbed,
    /// The vault is being closed.
    #[error("the vault is closed")]
    Closed,
    /// The operating system gave no randomness.
    #[error("no randomness: {0}")]
    Randomness(getrandom::Error),
    /// A database URL is not usable.
    #[error("database url: {0}")]
    Url(String),
}

impl From<Closed> for VaultError {
    fn from(_: Closed) -> Self {
        Self::Closed
    }
}
