//! Wires consensus, execution and storage into a validator that runs inside any process.
//!
//! A validator has a [`NodeConfig`], a [`NetworkFile`] that all validators share, and two secret files: its ed25519
//! identity and its share of the network's BLS key. [`Node::start`] opens its data folder and returns a running [`Node`];
//! the engine has a runtime of its own on its own thread, and [`Node::view`] is usable from any other.

mod config;
mod data;
pub mod dev;
mod files;
mod keys;
mod network;
mod node;
mod p2p;

pub use config::{NodeConfig, NodeConfigError};
pub use data::DataError;
pub use keys::{Identity, KeyError, ShareFile};
pub use network::{GenesisFile, NetworkError, NetworkFile, ValidatorEntry};
pub use node::{Node, NodeError, View};
