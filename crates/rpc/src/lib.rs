//! Ethereum JSON-RPC, and proofs, over read handles of the chain.
//!
//! - `eth_`, `net_`, `web3_` answer as geth does, so that wallets and tools work unchanged. Blocks are shown once they are
//!   final and executed, so `latest`, `safe` and `finalized` are the same block and nothing is ever taken back.
//! - `debug_`, `trace_` and `txpool_` tell what happened inside transactions, and what waits.
//! - `zhengtong_` gives the proofs with which [`zhengtong_types`] checks every other answer.
//!
//! To add a method: write it in the file of its subject, with a name for each argument, and take what it reads through
//! `Api::read`, `Api::execute` or `Api::trace`, which bound how much runs at once; describe it in `docs/openrpc.json`.
//! `tests/` calls every method over the wire, and holds the description against the server.

mod api;
mod args;
mod calls;
mod convert;
mod cors;
mod debug;
mod error;
mod eth;
mod filters;
pub mod limits;
mod listen;
#[cfg(feature = "mocks")]
pub mod mocks;
mod network;
mod openrpc;
mod proofs;
mod quota;
mod replay;
mod served;
mod server;
mod trace;
mod traced;
mod txpool;

pub use api::Answer;
pub use args::Args;
pub use calls::{estimate_pending, read_transaction};
pub use error::{NOT_KEPT, RpcError, UNAVAILABLE};
pub use listen::listen;
pub use server::{Config, Hosts, Methods, RpcServer, StartError, module, module_with};
