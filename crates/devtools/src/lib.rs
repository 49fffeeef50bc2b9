//! A chain in memory that can be rewound and rewritten, for the tests of contracts by Hardhat, Foundry and viem.
//!
//! It executes by the same [`zhengtong_evm`], pools by the same rules and answers by the same [`zhengtong_rpc`] as a node.
//! It has no consensus: a block is made when a transaction arrives, or when it is asked for. So it has no certificates and
//! no proofs either, its state root is zero, and `zhengtong_*` methods are not served.
//!
//! - [`chain`]: blocks, states, time, snapshots.
//! - [`methods`]: `evm_*`, `hardhat_*`, `anvil_*`, and the accounts that it signs for.
//!
//! To add a method: write it in the file of its subject under `methods`, and a row in `docs/devtools.md`; a test holds that
//! page against the server.

pub mod chain;
mod methods;
mod typed_data;
mod wallet;

pub use chain::{Clock, Config, DevChain, GenesisError};
pub use methods::module;
pub use wallet::Wallet;
