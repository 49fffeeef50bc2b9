//! What a gateway does, without knowing HTTP.

mod accept;
pub mod access;
pub mod allowance;
pub mod api;
mod asking;
pub mod backup;
pub mod chain;
pub mod clock;
mod consent;
pub mod database;
pub mod delegation;
pub mod deletion;
mod desk;
mod evidence;
pub mod exchange;
mod finality;
pub mod finalized_use;
mod follow;
mod grounds;
pub mod guardianship;
mod host;
mod identity;
mod issuing;
pub mod link;
pub mod mapping;
mod metrics;
mod my_session;
pub mod mysql;
pub mod oidc;
pub mod openid;
pub mod outbox;
pub mod passkey;
mod people;
pub mod project;
mod records;
pub mod recovery;
pub mod requests;
mod resident;
pub mod retention;
mod rule_sets;
mod sealing;
mod session;
pub mod siwe;
pub mod source;
mod tracker;
pub mod use_record;
mod work;

use std::collections::BTreeMap;
use std::sync::Arc;

use alloy_primitives::{Address, B256};
use alloy_signer_local::PrivateKeySigner;
use thiserror::Error;
use tokio::sync::Notify;
use zhengtong_bindings::Addresses;
use zhengtong_credentials::{CredentialError, Issuer};
use zhengtong_services::Package;
use zhengtong_vault::{Secret, Vault, VaultError};

pub use accept::AcceptError;
pub use access::AccessError;
pub use allowance::{Allowance, AllowanceError};
pub use backup::BackupError;
pub use desk::{DeskCase, DeskFact, DeskPage, MAX_QUEUE_PAGE};
pub use grounds::{Became, Ground, Issued};
pub use guardianship::GuardianshipError;
pub use identity::{IdentityError, Proven};
pub use metrics::Metrics;
pub use my_session::{MySession, MySessionError, PersonCode};
pub use records::StatementText;
pub use recovery::RecoveryError;
pub use resident::{MAX_STATEMENT_CHARS, ResidentError, SignedRequest};
pub use session::{KeyError, Session, SessionError};
pub use tracker::{Period, Usage, Usages};

use crate::store::{CaseRow, Store, StoreError};
use chain::{ChainError, ChainPort};
use clock::Clock;
use openid::Openid;
use outbox::{Outbox, OutboxError};
use rule_sets::RuleSets;
use source::Source;

/// Type of the identity credential.
pub const IDENTITY_VCT: &str = "urn:zhengtong:identity:1";

/// A failure inside, not of the caller.
#[derive(Debug, Error)]
pub enum AppError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The vault.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The chain.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// A transaction.
    #[error(transparent)]
    Outbox(#[from] OutboxError),
    /// A credential.
    #[error(transparent)]
    Credential(#[from] CredentialError),
    /// A record in the vault cannot be read.
    #[error("a {0} in the vault cannot be read")]
    Record(&'static str),
    /// The node gave a rule set that does not have the hash asked for.
    #[error("the node's rule set does not have the id {0}")]
    RuleSet(B256),
    /// The gate was shown a use record for something else.
    #[error(transparent)]
    Gate(#[from] source::GateError),
    /// The use record in the receipt is not the one written.
    #[error(transparent)]
    Use(#[from] finalized_use::UseError),
    /// The use record's details do not fit.
    #[error(transparent)]
    Details(#[from] use_record::TooLong),
    /// No package with the hash that the service names.
    #[error("no service package with hash {0} is installed")]
    PackageMissing(B256),
    /// The operating system gave no randomness.
    #[error("no randomness: {0}")]
    Randomness(getrandom::Error),
    /// The status list is full.
    #[error("the status list is full")]
    StatusListFull,
}

impl AppError {
    /// Whether the store or the vault did not answer.
    fn is_unreachable_store(&self) -> bool {
        match self {
            Self::Store(StoreError::Database(error))
            | Self::Outbox(OutboxError::Store(StoreError::Database(error)))
            | Self::Vault(VaultError::Database(error)) => zhengtong_vault::sql::is_unreachable(error),
            _ => false,
        }
    }
}

/// The parts a gateway is made of.
pub struct Parts {
    /// This organisation's slug.
    pub organisation: String,
    /// The same, as the contracts keep it.
    pub me: B256,
    /// The chain.
    pub chain: Arc<dyn ChainPort>,
    /// Where the contracts are.
    pub contracts: Addresses,
    /// The store.
    pub store: Store,
    /// The vault.
    pub vault: Vault,
    /// The agency's database.
    pub source: Source,
    /// Opens links.
    pub encryption: Secret<[u8; 32]>,
    /// Signs transactions and facts.
    pub attester: PrivateKeySigner,
    /// Signs credentials.
    pub issuer: Issuer,
    /// How wallets reach this gateway, if it speaks OpenID's protocols.
    pub public_url: Option<String>,
    /// Service packages.
    pub packages: Vec<Package>,
    /// Hosts that officers sign in from.
    pub session_domains: Vec<String>,
    /// Roles of officers who sign in by a key; see [`access::KEY_ROLES`] for those of other keys.
    pub key_roles: BTreeMap<Address, Vec<access::Role>>,
    /// Whether officers may sign in by a key alone.
    pub key_sign_in: bool,
    /// Where else officers sign in.
    pub oidc: Option<oidc::Provider>,
    /// Who may do what.
    pub access: access::Access,
    /// Tokens of the daily allowance for each person.
    pub allowance_tokens: u32,
    /// How long what is kept.
    pub retention: retention::Retention,
    /// Breaks one promise, so that a test can see it noticed. Only in `dev`, and in no configuration file.
    pub sabotage: Option<crate::config::Sabotage>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// A gateway. Clones share everything.
#[derive(Clone)]
pub struct App(Arc<Inner>);

pub(crate) struct Inner {
    parts: Parts,
    outbox: Outbox,
    rule_sets: RuleSets,
    metrics: Metrics,
    exchange: exchange::Exchange,
    openid: Openid,
    /// Rings when there may be work.
    wake: Notify,
    allowance_keys: allowance::Keys,
    /// One at a time publishes a status list.
    publishing: tokio::sync::Mutex<()>,
    /// One at a time is given a seat in the register of people.
    seating: tokio::sync::Mutex<()>,
}

impl std::ops::Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0.parts
    }
}

impl App {
    /// Puts a gateway together.
    pub(crate) fn new(parts: Parts, exchange: exchange::Exchange) -> Self {
        let outbox = Outbox::new(parts.store.clone(), parts.chain.clone(), parts.attester.clone());
        Self(Arc::new(Inner {
            outbox,
            rule_sets: RuleSets::default(),
            metrics: Metrics::new(),
            exchange,
            openid: Openid::new(&parts.encryption),
            wake: Notify::new(),
            allowance_keys: allowance::Keys::default(),
            publishing: tokio::sync::Mutex::new(()),
            seating: tokio::sync::Mutex::new(()),
            parts,
        }))
    }

    /// Counters, in the text format of Prometheus.
    ///
    /// # Errors
    /// The store fails.
    pub async fn metrics_text(&self) -> Result<String, StoreError> {
        Ok(self.0.metrics.text(&self.store.job_counts().await?))
    }

    /// The last block this gateway has seen.
    ///
    /// # Errors
    /// The store fails.
    pub async fn block_number(&self) -> Result<u64, StoreError> {
        Ok(self.store.checkpoint().await?.map_or(0, |at| at.number))
    }

    /// Whether the `Registry` lists this organisation with this gateway's key.
    ///
    /// # Errors
    /// The store fails.
    pub async fn is_registered(&self) -> Result<bool, StoreError> {
        let listed = self.store.organisation(self.me).await?;
        Ok(listed.is_some_and(|(attester, _)| attester == self.attester.address()))
    }

    /// The package of the version of its service that a case is of.
    async fn package_of(&self, case: &CaseRow) -> Result<&Package, AppError> {
        let service = self
            .store
            .service(case.service, case.version)
            .await?
            .ok_or(AppError::Record("service"))?;
        self.package(service.package)
            .ok_or(AppError::PackageMissing(service.package))
    }

    fn package(&self, hash: B256) -> Option<&Package> {
        self.packages.iter().find(|package| package.hash() == hash)
    }
}

/// Makes an inner failure of any error, so that `?` can lift it.
pub(crate) fn inner(error: impl Into<AppError>) -> AppError {
    error.into()
}
