//! The frames of a backup. A frame is a tag, the length of its content in four bytes, big-endian, and the content.
//!
//! 1. `Head`, once: chain id (8), genesis hash (32), height (8).
//! 2. `Waiting`, any number: a raw transaction.
//! 3. For each block from the first: `Block` in the engine's encoding, and `Certificate` if there is one of that block.
//! 4. `End`, once: height (8), hash of the last block (32), number of waiting transactions (8).
//!
//! Before them stand [`MAGIC`] and [`VERSION`], after them the SHA-256 of everything before it.

use alloy_primitives::B256;
use commonware_consensus::BoundedBlock;
use zhengtong_types::{
    consensus::{Block, MAX_TRANSACTION_BYTES},
    limits::MAX_CERTIFICATE_BYTES,
};

pub const MAGIC: &[u8; 16] = b"zhengtong backup";
pub const VERSION: u8 = 1;
/// Bytes of a frame before its content.
pub const FRAME_BYTES: usize = 5;
/// Bytes of the SHA-256 at the end.
pub const SUM_BYTES: usize = 32;
/// Most waiting transactions in a backup; far more than a pool holds.
pub const MAX_WAITING: u64 = 1_000_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tag {
    Head = 1,
    Waiting = 2,
    Block = 3,
    Certificate = 4,
    End = 5,
}

impl Tag {
    pub const fn read(byte: u8) -> Option<Self> {
        match byte {
            1 => Some(Self::Head),
            2 => Some(Self::Waiting),
            3 => Some(Self::Block),
            4 => Some(Self::Certificate),
            5 => Some(Self::End),
            _ => None,
        }
    }

    /// The most bytes of such a frame's content.
    pub fn limit(self) -> usize {
        match self {
            Self::Head | Self::End => 48,
            Self::Waiting => MAX_TRANSACTION_BYTES,
            Self::Block => <Block as BoundedBlock>::max_encode_size(&()),
            Self::Certificate => MAX_CERTIFICATE_BYTES,
        }
    }
}

/// A frame's bytes.
pub fn frame(tag: Tag, content: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(FRAME_BYTES + content.len());
    bytes.push(tag as u8);
    // Far below 4 GiB: see `Tag::limit`.
    bytes.extend_from_slice(&(content.len() as u32).to_be_bytes());
    bytes.extend_from_slice(content);
    bytes
}

/// What `Head` and `End` have: a number, a hash, a number.
pub fn triple(first: u64, hash: B256, last: u64) -> [u8; 48] {
    let mut bytes = [0; 48];
    bytes[..8].copy_from_slice(&first.to_be_bytes());
    bytes[8..40].copy_from_slice(hash.as_slice());
    bytes[40..].copy_from_slice(&last.to_be_bytes());
    bytes
}

/// Undoes [`triple`].
pub fn read_triple(bytes: &[u8]) -> Option<(u64, B256, u64)> {
    let bytes: &[u8; 48] = bytes.try_into().ok()?;
    let number = |at: usize| bytes[at..at + 8].try_into().map(u64::from_be_bytes).ok();
    Some((number(0)?, B256::from_slice(&bytes[8..40]), number(40)?))
}
