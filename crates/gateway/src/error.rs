use thiserror::Error;
use zhengtong_client::ClientError;
use zhengtong_credentials::CredentialError;
use zhengtong_services::PackageErrors;
use zhengtong_vault::VaultError;

use crate::app::chain::ChainError;
use crate::app::mapping::MappingError;
use crate::store::StoreError;

/// Why a gateway does not start.
#[derive(Debug, Error)]
pub enum GatewayError {
    /// The retention file is wrong.
    #[error(transparent)]
    Retention(#[from] crate::app::retention::RetentionError),
    /// The policies are refused.
    #[error(transparent)]
    Policies(#[from] crate::app::access::PolicyError),
    /// The configuration is wrong.
    #[error("configuration: {field}: {problem}")]
    Config {
        /// Which field.
        field: &'static str,
        /// What is wrong with it.
        problem: String,
    },
    /// The node cannot be reached, or is of another network.
    #[error("chain: {0}")]
    Client(#[from] ClientError),
    /// The node gives no proofs.
    #[error("chain: {0}")]
    Chain(#[from] ChainError),
    /// The data folder belongs to another network.
    #[error(
        "this data folder belongs to the network with key {kept}, the node is of {found}: use another folder or node"
    )]
    WrongNetwork {
        /// The folder's.
        kept: String,
        /// The node's.
        found: String,
    },
    /// The data folder belongs to another organisation.
    #[error("this data folder belongs to the organisation {kept}, not {found}")]
    WrongOrganisation {
        /// The folder's.
        kept: String,
        /// The configuration's.
        found: String,
    },
    /// A file of the books is missing.
    #[error(
        "there is no {path}: a gateway's data folder has gateway.sqlite and vault.sqlite; name the folder that its configuration calls `data_folder`"
    )]
    NoBooks {
        /// The file.
        path: std::path::PathBuf,
    },
    /// A database is something else than a gateway's books.
    #[error(
        "{database} has no gateway's books, or those of a gateway that never started; name another database or folder"
    )]
    NotBooks {
        /// The database, without a password.
        database: String,
    },
    /// The mapping is refused.
    #[error(transparent)]
    Mapping(#[from] MappingError),
    /// What the agency keeps cannot be read.
    #[error(transparent)]
    Source(#[from] crate::app::source::SourceError),
    /// A service package is refused.
    #[error("service packages: {0}")]
    Packages(#[from] PackageErrors),
    /// The folder of packages cannot be read.
    #[error(
        "configuration: services: {path}: {source}; it must be the folder of the published packages (`services`)"
    )]
    Services {
        /// The folder.
        path: std::path::PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A folder has more packages than are read.
    #[error(
        "configuration: services: {path} has more than {max} packages; leave there those that this network uses"
    )]
    TooManyPackages {
        /// The folder.
        path: std::path::PathBuf,
        /// The most.
        max: usize,
    },
    /// A folder cannot be read.
    #[error("{path}: {source}")]
    Folder {
        /// The folder.
        path: std::path::PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The vault, a key file, or the agency's database.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The record of deletions.
    #[error(transparent)]
    Deletion(#[from] crate::app::deletion::DeletionError),
    /// The credential key.
    #[error("credential key: {0}")]
    Credential(#[from] CredentialError),
    /// The attester's key.
    #[error("the attester's key file does not hold a secp256k1 key")]
    Attester,
    /// The exchange key.
    #[error("the exchange key file does not hold a key of the configured algorithm")]
    Exchange,
    /// The encryption key.
    #[error("the encryption key file does not hold an X25519 key")]
    Encryption,
}
