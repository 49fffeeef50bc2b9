//! Blocks, headers, certificates and proofs of the chain: shapes, codec and verification, without I/O.

pub mod consensus;
pub mod header;
