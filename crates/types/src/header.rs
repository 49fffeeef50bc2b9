//! The header's consensus part: what the engine needs to know about a block, carried in `extraData`.
//!
//! Everything else in the header is Ethereum's (yellow paper, EIP-1559, EIP-4399, EIP-4788, EIP-4895, EIP-7685), so that
//! any client recomputes the block hash as `keccak256(rlp(header))`. The engine agrees on exactly that hash.

use crate::consensus::{Context, Digest, ValidatorKey};
use alloy_consensus::{EMPTY_OMMER_ROOT_HASH, EMPTY_ROOT_HASH, Header};
use alloy_eips::eip7685::EMPTY_REQUESTS_HASH;
use alloy_primitives::{Address, B64, B256, Bytes, U256, keccak256};
use alloy_rlp::{Decodable as _, Encodable as _};
use commonware_codec::{Copying, DecodeExt as _};
use commonware_consensus::types::{Epoch, Round, View};
use thiserror::Error;

/// Length of the consensus part in bytes, of a block without a payload.
pub const EXTRA_BYTES: usize = 107;
/// Length of the consensus part in bytes, of a block with a payload.
pub const EXTRA_PAYLOAD_BYTES: usize = EXTRA_BYTES + 32;
/// Version byte at its start, of a block without a payload.
pub const EXTRA_VERSION: u8 = 1;
/// Version byte at its start, of a block with a payload.
pub const EXTRA_PAYLOAD_VERSION: u8 = 2;
/// Largest RLP header this chain produces or accepts, in bytes.
pub const MAX_HEADER_BYTES: usize = 1024;

/// The content of `extraData`, all integers big-endian:
/// `version(1) epoch(8) view(8) parentView(8) leader(32) millis(2) opsRoot(32) syncStart(8) syncEnd(8)`, and in version 2
/// `payload(32)` behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extra {
    pub epoch: u64,
    pub view: u64,
    /// View of the parent block; its digest is `parentHash`.
    pub parent_view: u64,
    /// Ed25519 identity of the proposer.
    pub leader: ValidatorKey,
    /// The part of the block's time below one second, 0..=999 ms.
    pub millis: u16,
    /// Root over the state database's operations, which a syncing node downloads against.
    pub ops_root: B256,
    /// Operations a syncing node needs: from this location (inclusive) …
    pub sync_start: u64,
    /// … to this one (exclusive).
    pub sync_end: u64,
    /// Keccak-256 of what the block carries for the committee; without it, the block carries nothing.
    pub payload: Option<B256>,
}

/// Why a header's consensus part was refused.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ExtraError {
    #[error("extraData has {got} bytes, expected {EXTRA_BYTES}, or {EXTRA_PAYLOAD_BYTES} with a payload")]
    Length { got: usize },
    #[error(
        "extraData has version {got}, expected {EXTRA_VERSION}, or {EXTRA_PAYLOAD_VERSION} with a payload"
    )]
    Version { got: u8 },
    #[error("extraData names a leader that is not an ed25519 public key")]
    Leader,
    #[error("extraData has {got} milliseconds, expected at most 999")]
    Millis { got: u16 },
    #[error("extraData has the empty operation range {start}..{end}")]
    Range { start: u64, end: u64 },
}

impl Extra {
    /// How many operations a syncing node needs.
    pub const fn operations(&self) -> u64 {
        self.sync_end - self.sync_start
    }

    /// Encodes to exactly [`EXTRA_BYTES`], or [`EXTRA_PAYLOAD_BYTES`] with a payload.
    pub fn encode(&self) -> Bytes {
        let (length, version) = match self.payload {
            None => (EXTRA_BYTES, EXTRA_VERSION),
            Some(_) => (EXTRA_PAYLOAD_BYTES, EXTRA_PAYLOAD_VERSION),
        };
        let mut out = Vec::with_capacity(length);
        out.push(version);
        out.extend(self.epoch.to_be_bytes());
        out.extend(self.view.to_be_bytes());
        out.extend(self.parent_view.to_be_bytes());
        out.extend(self.leader.as_ref());
        out.extend(self.millis.to_be_bytes());
        out.extend(self.ops_root);
        out.extend(self.sync_start.to_be_bytes());
        out.extend(self.sync_end.to_be_bytes());
        if let Some(payload) = &self.payload {
            out.extend(payload);
        }
        debug_assert_eq!(out.len(), length);
        out.into()
    }

    /// Decodes the only accepted encoding.
    pub fn decode(bytes: &[u8]) -> Result<Self, ExtraError> {
        let length = ExtraError::Length { got: bytes.len() };
        let Some((bytes, rest)) = bytes.split_first_chunk::<EXTRA_BYTES>() else {
            return Err(length);
        };
        let payload = match (bytes[0], rest.len()) {
            (EXTRA_VERSION, 0) => None,
            (EXTRA_PAYLOAD_VERSION, 32) => Some(B256::from_slice(rest)),
            (EXTRA_VERSION | EXTRA_PAYLOAD_VERSION, _) => return Err(length),
            (got, _) => return Err(ExtraError::Version { got }),
        };
        let u64_at = |at: usize| {
            let mut word = [0; 8];
            word.copy_from_slice(&bytes[at..at + 8]);
            u64::from_be_bytes(word)
        };
        let millis = u16::from_be_bytes([bytes[57], bytes[58]]);
        if millis > 999 {
            return Err(ExtraError::Millis { got: millis });
        }
        let (start, end) = (u64_at(91), u64_at(99));
        if start >= end {
            return Err(ExtraError::Range { start, end });
        }
        Ok(Self {
            epoch: u64_at(1),
            view: u64_at(9),
            parent_view: u64_at(17),
            leader: ValidatorKey::decode(Copying(&bytes[25..57])).map_err(|_| ExtraError::Leader)?,
            millis,
            ops_root: B256::from_slice(&bytes[59..91]),
            sync_start: start,
            sync_end: end,
            payload,
        })
    }

    /// The engine's context of the block whose header has this consensus part and this `parentHash`.
    pub fn context(&self, parent_hash: B256) -> Context {
        Context {
            round: Round::new(Epoch::new(self.epoch), View::new(self.view)),
            leader: self.leader.clone(),
            parent: (View::new(self.parent_view), digest_of(parent_hash)),
        }
    }
}

/// A block hash as the engine's digest.
pub fn digest_of(hash: B256) -> Digest {
    Digest::from(hash.0)
}

/// The engine's digest as a block hash.
pub fn hash_of(digest: &Digest) -> B256 {
    B256::from_slice(digest.as_ref())
}

/// `keccak256(rlp(header))`, the block hash and what validators sign.
pub fn header_hash(header: &Header) -> B256 {
    keccak256(encode_header(header))
}

/// Standard RLP of a header.
pub fn encode_header(header: &Header) -> Bytes {
    let mut out = Vec::with_capacity(header.length());
    header.encode(&mut out);
    out.into()
}

/// Decodes a header and refuses trailing bytes and any encoding but the canonical one.
pub fn decode_header(bytes: &[u8]) -> Result<Header, alloy_rlp::Error> {
    if bytes.len() > MAX_HEADER_BYTES {
        return Err(alloy_rlp::Error::Custom("header is larger than 1024 bytes"));
    }
    let mut rest = bytes;
    let header = Header::decode(&mut rest)?;
    if !rest.is_empty() || encode_header(&header).as_ref() != bytes {
        return Err(alloy_rlp::Error::Custom("header is not canonically encoded"));
    }
    Ok(header)
}

/// Time of a block in milliseconds since the Unix epoch.
pub fn timestamp_ms(header: &Header, extra: &Extra) -> u64 {
    header
        .timestamp
        .saturating_mul(1000)
        .saturating_add(u64::from(extra.millis))
}

/// A header with every field that is constant on this chain set; the rest is zero.
///
/// There is no fee market (base fee 0), no beacon chain, no withdrawal, no blob and no request.
pub fn blank_header() -> Header {
    Header {
        ommers_hash: EMPTY_OMMER_ROOT_HASH,
        beneficiary: Address::ZERO,
        transactions_root: EMPTY_ROOT_HASH,
        receipts_root: EMPTY_ROOT_HASH,
        difficulty: U256::ZERO,
        nonce: B64::ZERO,
        base_fee_per_gas: Some(0),
        withdrawals_root: Some(EMPTY_ROOT_HASH),
        blob_gas_used: Some(0),
        excess_blob_gas: Some(0),
        parent_beacon_block_root: Some(B256::ZERO),
        requests_hash: Some(EMPTY_REQUESTS_HASH),
        ..Header::default()
    }
}

#[cfg(test)]
mod tests;
