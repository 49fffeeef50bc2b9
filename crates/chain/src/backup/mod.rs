//! A node's finalized blocks in one file, taken while the node runs, and a data folder made from it.
//!
//! | file | does |
//! |---|---|
//! | `format` | the frames of the file, and their limits |
//! | `export` | reads a running node, frame by frame |
//! | `read` | reads a file, and believes nothing but hashes and certificates |
//! | `import` | gives a new node what a file has; the node then executes every block, as one that replays does |
//!
//! The file has public data alone: the blocks from the first on, their certificates, and the transactions that were
//! acknowledged and not yet final. State, receipts and indices are not in it, because executing the blocks makes them, and
//! every header says which they must be. Nobody's key is in it.
//!
//! Waiting transactions are read before the height is chosen, so what was acknowledged before is either in a block of the
//! file or among them.

mod export;
mod format;
mod import;
mod read;

pub use export::Export;
pub use import::{Votes, import, resubmit, state_root};
pub use read::{Item, Reader};

use alloy_primitives::B256;
use std::io;
use thiserror::Error;
use zhengtong_types::VerifyError;

/// What a whole backup says about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Number of the last block.
    pub height: u64,
    pub hash: B256,
    /// Certificates in the file.
    pub certificates: u64,
    /// Transactions that were not final.
    pub waiting: u64,
    /// Bytes of the file.
    pub bytes: u64,
    /// SHA-256 of all of them but the last 32, which are this.
    pub sha256: [u8; 32],
}

/// Why a backup is not made, or not believed.
#[derive(Debug, Error)]
pub enum BackupError {
    #[error("this node has blocks from {first} on and none before; back up one that keeps every block")]
    NotWhole { first: u64 },
    #[error("block {number} or its certificate is no longer here; is the node stopping?")]
    Missing { number: u64 },
    #[error(
        "block {number} was not certified within {waited_s} s; back up again when the network makes blocks, or another node"
    )]
    NotCertified { number: u64, waited_s: u64 },
    #[error("the node's store failed: {0}")]
    Store(#[from] crate::StoreError),
    #[error("the backup cannot be read: {0}")]
    Io(#[from] io::Error),
    #[error("this file is not a backup of a node")]
    NotABackup,
    #[error("the backup has format {found}, this program reads format {known}")]
    Format { found: u8, known: u8 },
    #[error("the backup is of another network: its genesis is {found}, this network's is {expected}")]
    OtherNetwork { found: B256, expected: B256 },
    #[error("the backup is cut off after {at} bytes")]
    Cut { at: u64 },
    #[error("the backup is damaged at byte {at}: {what}")]
    Damaged { at: u64, what: String },
    #[error("the certificate of block {number} in the backup is not this network's: {source}")]
    Certificate { number: u64, source: VerifyError },
    #[error("the last block of the backup, {number}, has no certificate")]
    Uncertified { number: u64 },
    #[error("the backup was changed: its SHA-256 is not what it ends with")]
    Changed,
    #[error("the new data folder failed: {0}")]
    Storage(String),
}
