//! Who a network is: its constant public key, and the facts a node tells about it.

use crate::consensus::NetworkPublic;
use alloy_primitives::{Address, B256, Bytes, FixedBytes};
use commonware_codec::{Copying, DecodeExt as _, Encode as _};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fmt, str::FromStr};
use thiserror::Error;

/// What every validator prefixes its signatures with; networks are told apart by their keys.
pub const NAMESPACE: &[u8] = b"zhengtong";

/// The public key of a network's validators together, a BLS12-381 point in G2, compressed to 96 bytes.
///
/// It stays the same when validators join, leave or are replaced. It is all a verifier has to be told.
/// Parsing checks that the bytes are a point of the right group and not the identity.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "FixedBytes<96>", into = "FixedBytes<96>")]
pub struct NetworkKey(NetworkPublic);

/// Why text or bytes are not a network key.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum NetworkKeyError {
    #[error("a network key is 96 bytes, written as 192 hexadecimal digits: {0}")]
    Hex(String),
    #[error("a network key is a compressed BLS12-381 point in G2, this is not one")]
    Point,
}

impl NetworkKey {
    /// The engine's type as a key.
    pub const fn new(public: NetworkPublic) -> Self {
        Self(public)
    }

    /// The key as the engine's type.
    pub const fn public(&self) -> &NetworkPublic {
        &self.0
    }

    /// The 96 compressed bytes.
    pub fn to_bytes(&self) -> FixedBytes<96> {
        FixedBytes::from_slice(&self.0.encode())
    }
}

impl TryFrom<FixedBytes<96>> for NetworkKey {
    type Error = NetworkKeyError;

    fn try_from(bytes: FixedBytes<96>) -> Result<Self, NetworkKeyError> {
        NetworkPublic::decode(Copying(bytes.as_slice()))
            .map(Self)
            .map_err(|_| NetworkKeyError::Point)
    }
}

impl From<NetworkKey> for FixedBytes<96> {
    fn from(key: NetworkKey) -> Self {
        key.to_bytes()
    }
}

impl FromStr for NetworkKey {
    type Err = NetworkKeyError;

    fn from_str(text: &str) -> Result<Self, NetworkKeyError> {
        FixedBytes::from_str(text.trim())
            .map_err(|e| NetworkKeyError::Hex(e.to_string()))?
            .try_into()
    }
}

impl fmt::Display for NetworkKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_bytes().fmt(f)
    }
}

impl fmt::Debug for NetworkKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NetworkKey({self})")
    }
}

/// What a node says about its network; the answer of `zhengtong_network`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NetworkInfo {
    /// EIP-155 chain id.
    pub chain_id: u64,
    /// A name for people.
    pub name: String,
    /// The key that verifies every certificate.
    pub public_key: NetworkKey,
    /// [`NAMESPACE`], told so that a verifier can be written from the answer alone.
    pub namespace: Bytes,
    /// Hash of block 0.
    pub genesis_hash: B256,
    /// Validators in the committee.
    pub validators: u32,
    /// Validators whose partial signatures make a certificate.
    pub threshold: u32,
    /// Contracts made at genesis, by their name in the `Registry`, and `registry` itself.
    pub contracts: BTreeMap<String, Address>,
    /// Version of the node's software.
    pub version: String,
}

/// Who validates in an epoch, as a node says it; the answer of `zhengtong_getValidators`. Nothing has to be believed of it to
/// verify anything else: certificates of every epoch verify under the one key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EpochValidators {
    pub epoch: u64,
    /// First block of the epoch.
    pub first_block: u64,
    /// Last block of the epoch.
    pub last_block: u64,
    /// Whether the validators have new shares. If not, too few dealt or answered in the epoch before, and its validators and
    /// shares go on.
    pub reshared: bool,
    /// Who votes.
    pub validators: Vec<EpochValidator>,
    /// Who is dealt shares in this epoch, and votes in the next.
    pub next: Vec<EpochValidator>,
    /// Who is dealt shares in the next epoch.
    pub announced: Vec<EpochValidator>,
    /// What this node does; absent while it starts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<EpochRole>,
}

/// What a node does in an epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum EpochRole {
    /// It is none of the validators.
    Follower,
    /// It is a validator, but does not have its share, and does not vote.
    WithoutShare,
    /// It is a validator whose data was made from a backup, and does not vote: in this epoch it may have voted before.
    Restored,
    /// It votes.
    Validator,
}

/// One of the validators of an epoch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EpochValidator {
    /// Its ed25519 public key.
    pub key: Bytes,
    /// Where it was voted in to be reached; absent if the network file says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// Whether its share of this epoch is public, because it did not answer when it was dealt to.
    pub revealed: bool,
}
