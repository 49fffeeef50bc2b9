//! Bounds on what is read from a proof before anything is computed from it.

/// Largest encoded certificate in bytes: three varints of at most 10 bytes, a digest and a G1 point.
pub const MAX_CERTIFICATE_BYTES: usize = 3 * 10 + 32 + 48;
/// Most headers between a certified block and the block asked for, both included.
///
/// Validators certify at least one block in this many; a node that answers with more is not answering honestly.
pub const MAX_HEADERS: usize = 256;
/// Most nodes on one trie path. An index below 2^24 has at most 8 nibbles behind its root.
pub const MAX_TRIE_NODES: usize = 12;
/// Largest encoded receipt in bytes. EIP-7825 caps a transaction's gas at 2^24, and a byte of log data costs 8.
pub const MAX_RECEIPT_BYTES: usize = 4 * 1024 * 1024;
/// Largest trie node in bytes: a leaf holds the whole receipt.
pub const MAX_TRIE_NODE_BYTES: usize = MAX_RECEIPT_BYTES + 64;
/// Most slots in one state proof.
pub const MAX_STATE_SLOTS: usize = 1024;
/// Most digests in one state key's proof: a path and the peaks of a tree of at most 2^62 operations.
pub const MAX_STATE_DIGESTS: usize = 128;
/// Largest encoded proof of one state key in bytes.
pub const MAX_STATE_KEY_PROOF_BYTES: usize = 8 * 1024;
/// Largest sum of encoded receipts in one block, in bytes.
pub const MAX_BLOCK_RECEIPT_BYTES: usize = 64 * 1024 * 1024;
