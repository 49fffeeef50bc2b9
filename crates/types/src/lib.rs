//! Blocks, headers, certificates and proofs of the chain: shapes, codec and verification, without I/O.
//!
//! Everything a node says can be checked from one [`NetworkKey`]: certificate → header → parent links → receipt or state.
//! Unchecked shapes ([`Finality`], [`ReceiptProof`], [`StateProof`], [`FinalizedBlock`]) come off the wire and are only
//! good for one thing, their `verify`. What it returns ([`VerifiedHeader`], [`VerifiedReceipt`], [`VerifiedState`],
//! [`VerifiedBlock`]) has private fields and no other constructor, so holding one is having checked it.
//! The format is written down in `docs/proofs.md`; the portal has a second implementation of it.

pub mod committee;
pub mod consensus;
mod error;
mod finality;
pub mod header;
pub mod limits;
#[cfg(feature = "mocks")]
pub mod mocks;
mod network;
mod receipt;
#[cfg(any(test, feature = "remember"))]
pub mod remembering;
pub mod state_proof;
pub mod trie;

pub use error::{Step, VerifyError};
pub use finality::{Finality, FinalizedBlock, VerifiedBlock, VerifiedHeader};
pub use network::{
    EpochRole, EpochValidator, EpochValidators, NAMESPACE, NetworkInfo, NetworkKey, NetworkKeyError,
};
pub use receipt::{ReceiptProof, VerifiedReceipt};
pub use state_proof::{
    KeyProof, ProofKind, SlotEntry, StateEntry, StateProof, VerifiedAccount, VerifiedState,
};
