//! Submits transactions to any node and verifies the certificates and proofs it answers with.
//!
//! A [`Client`] is told the network's key once; after that it believes nothing a node says about the past or the state
//! without a certificate and a proof: [`Client::wait_final`], [`Client::follow`] and [`Client::state_proof`] return only
//! verified values. [`Client::call`] and [`Client::logs`] are conveniences and are as honest as the node.
//!
//! Any EVM chain's JSON-RPC can be used for sending and calling; asking such a chain for a proof is the error
//! [`ClientError::NoProofs`].

mod account;
mod error;
mod finality;
mod follow;
pub mod limits;
mod network;
mod transport;

pub use account::{Account, AccountError, Call};
pub use error::ClientError;
pub use follow::{Checkpoint, Follow};
pub use network::{Client, Expected};
