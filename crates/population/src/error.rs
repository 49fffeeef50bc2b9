use std::path::PathBuf;

use thiserror::Error;

/// Why the population could not be prepared.
#[derive(Debug, Error)]
pub enum PopulationError {
    /// A file could not be read, written or renamed.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The record of what was generated cannot be read.
    #[error("{path} is not a population's record: {source}; remove the folder to start over")]
    Record {
        /// The file.
        path: PathBuf,
        /// Why.
        source: serde_json::Error,
    },
    /// A database refused.
    #[error("database of {agency}: {source}")]
    Database {
        /// The agency.
        agency: &'static str,
        /// Why.
        source: sqlx::Error,
    },
    /// A database did not open.
    #[error("database of {agency}: {source}")]
    Open {
        /// The agency.
        agency: &'static str,
        /// Why.
        source: zhengtong_vault::VaultError,
    },
}
