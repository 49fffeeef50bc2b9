//! Blocks, headers, certificates and proofs of the chain: shapes, codec and verification, without I/O.
