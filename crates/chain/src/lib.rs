//! The consensus application: propose, verify and apply blocks; transaction pool; genesis.
//!
//! - [`view`]: what everything else reads and submits through. *Latest* means finalized, executed and certified.
//! - [`genesis`]: block 0 from a specification.
//! - [`pool`]: accepted transactions, durable before they are acknowledged.
//! - [`quota`]: how much gas an account may use in an epoch.
//! - [`backup`]: finalized blocks in one file, and a node made from it.
//! - [`engine`]: wires the application to commonware's engine, for one validator or many.

/// Target of the spans that may leave the process as traces. What they say are numbers and words of the program: nothing that
/// was sent to it, and nobody.
pub const TRACED: &str = "zhengtong::traced";

/// A number as spans have it; others become text there.
pub fn figure(number: impl TryInto<i64>) -> i64 {
    number.try_into().unwrap_or(i64::MAX)
}

mod application;
pub mod backup;
pub mod committee;
pub mod config;
pub mod engine;
mod execution;
pub mod genesis;
mod gossip;
mod handle;
mod inner;
mod listing;
mod metrics;
mod pacing;
mod pending;
pub mod pool;
pub mod quota;
mod rules;
mod senders;
pub mod solo;
mod store;
pub mod view;

pub use application::App;
pub use config::{Config, PoolConfig, Reporter, SyncMode};
pub use engine::{Links, Networks, Peers, ProposalInput, Setup, StartError, Started, SyncError, SyncStep};
pub use genesis::{
    CouncilTerms, FirstClass, Genesis, GenesisError, GenesisSpec, GenesisValidator, Governance, QuotaTerms,
    RECOVERY_DELAY_S,
};
pub use handle::{Handle, StateView};
pub use rules::{RuleError, Rules, Standard};
pub use store::{Store, StoreError};
pub use view::{ChainView, SealedBlock, SubmitError, TransactionReceipt, ViewError, Waiting};
