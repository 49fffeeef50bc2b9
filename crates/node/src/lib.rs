//! Wires consensus, execution and storage into a node that runs inside any process.
//!
//! A validator has a [`NodeConfig`], a [`NetworkFile`] that all nodes share, and two secret files: its ed25519 identity
//! and its share of the network's BLS key. A follower has no share. [`Node::start`] opens its data folder and returns a
//! running [`Node`]; the engine has a runtime of its own on its own thread, and [`Node::view`] is usable from any other.
//!
//! A network begins with a [`NodeCard`] of each validator; these make a [`PlanFile`]; the [`ceremony`] among the
//! validators makes the key, and with it the [`NetworkFile`] and the shares.

mod backup;
mod card;
pub mod ceremony;
mod config;
mod council;
mod data;
pub mod dev;
mod files;
mod keys;
mod network;
mod node;
mod p2p;
mod plan;
mod prepare;
mod quotas;
mod room;
mod secrets;
mod votes;

pub use backup::{RestoreError, RestoreStep, Restored, check_backup, restore};
pub use card::{CardError, NodeCard};
pub use config::{FollowerEntry, NodeConfig, NodeConfigError, SyncMode};
pub use council::{CouncilError, CouncilFile, MembersFile};
pub use data::DataError;
pub use files::FileError;
pub use keys::{Identity, KeyError, ShareFile, require_owners};
pub use network::{
    DelegatesError, EPOCH_BLOCKS, EpochError, GenesisFile, NetworkError, NetworkFile, ValidatorEntry,
    least_epoch_blocks,
};
pub use node::{Node, NodeError, View};
pub use p2p::ListenError;
pub use plan::{PlanError, PlanFile};
pub use quotas::{ClassFile, ClassesFile, QuotaSet, QuotasError, QuotasFile};
pub use zhengtong_chain::{SyncStep, backup::BackupError, backup::Summary as BackupSummary};
