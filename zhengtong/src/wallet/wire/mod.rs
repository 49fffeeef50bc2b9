//! ERC-4527: what passes between a machine that asks for signatures and one that gives them.
//!
//! Uniform resources (`ur:TYPE/…`) over CBOR: `crypto-hdkey`, `eth-sign-request`, `eth-signature`.

mod cbor;
mod hd_key;
mod key_path;
mod parts;
mod request;
mod signature;
#[cfg(test)]
mod tests;

pub use hd_key::HdKey;
pub use key_path::KeyPath;
pub use parts::{Joiner, Kind, MAX_PART_CHARS, Parts};
pub use request::{DataType, RequestId, SignRequest};
pub use signature::EthSignature;
