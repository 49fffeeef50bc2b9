//! What blocks carry for the committee: dealers' logs, and in the last block of each epoch who the next one's validators are.
//!
//! The shapes are commonware's (`commonware_glue::dkg`), closed over this chain's key types. A payload travels in the body
//! of a block; its Keccak-256 stands in the header ([`crate::header::Extra::payload`]).

use crate::consensus::ValidatorKey;
use alloy_primitives::{B256, Bytes, keccak256};
use commonware_codec::{Copying, Decode as _, Encode as _};
use commonware_consensus::types::Epoch;
use commonware_cryptography::bls12381::{
    dkg::feldman_desmedt,
    primitives::{
        sharing::{ModeVersion, Sharing},
        variant::MinSig,
    },
};
use commonware_glue::dkg::{network::Addresses, types};
use commonware_p2p::Address;
use commonware_utils::{NZU32, TryCollect as _, ordered::Set};
use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    num::NonZeroU32,
};
use thiserror::Error;

/// Most validators of a network.
pub const MAX_VALIDATORS: NonZeroU32 = NZU32!(100);
/// Largest payload, in bytes: three sets of [`MAX_VALIDATORS`] keys, their addresses, and a polynomial.
pub const MAX_PAYLOAD_BYTES: usize = 128 * 1024;
/// How shares are numbered, in the only version that is read.
pub const SHARING: ModeVersion = ModeVersion::v0();

/// Where validators are reached. What is [`NOWHERE`] is known from the network file.
pub type Directory = Addresses<ValidatorKey>;
/// Stands for the address of a validator that was not voted in with one: each node has it from its own network file, in
/// which it may differ.
pub const NOWHERE: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);
/// The public result of a dealing: the polynomial, and who has shares.
pub type Output = feldman_desmedt::Output<MinSig, ValidatorKey>;
/// Everything public about an epoch's validators.
pub type EpochInfo = types::EpochInfo<MinSig, ValidatorKey, Directory>;
/// What a block carries.
pub type Payload = types::Payload<MinSig, ValidatorKey, Directory>;

/// Why bytes are not a payload.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum PayloadError {
    #[error("the payload has {got} bytes, more than {MAX_PAYLOAD_BYTES}")]
    TooLarge { got: usize },
    #[error("the payload cannot be read: {0}")]
    Malformed(String),
    #[error("the payload is not encoded in the one way that is accepted")]
    NotCanonical,
}

/// A payload with its encoding.
pub(crate) struct Carried {
    bytes: Bytes,
    payload: Payload,
}

impl Carried {
    pub fn new(payload: Payload) -> Result<Self, PayloadError> {
        let bytes = Bytes::from(payload.encode());
        within(bytes.len())?;
        Ok(Self { bytes, payload })
    }

    pub fn decode(bytes: Bytes) -> Result<Self, PayloadError> {
        within(bytes.len())?;
        let payload = Payload::decode_cfg(Copying(&bytes), &(MAX_VALIDATORS, SHARING))
            .map_err(|source| PayloadError::Malformed(source.to_string()))?;
        if payload.encode() != *bytes {
            return Err(PayloadError::NotCanonical);
        }
        Ok(Self { bytes, payload })
    }

    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    pub fn payload(&self) -> &Payload {
        &self.payload
    }

    pub fn hash(&self) -> B256 {
        keccak256(&self.bytes)
    }
}

impl fmt::Debug for Carried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.payload {
            Payload::DealerLog(_) => "a dealer's log",
            Payload::EpochInfo(_) => "an epoch's validators",
        };
        write!(f, "Carried({what}, {} bytes)", self.bytes.len())
    }
}

fn within(got: usize) -> Result<(), PayloadError> {
    if got > MAX_PAYLOAD_BYTES {
        return Err(PayloadError::TooLarge { got });
    }
    Ok(())
}

/// What the header of a block with this payload says about it.
pub fn payload_hash(payload: &Payload) -> B256 {
    keccak256(payload.encode())
}

/// The first epoch of a network, as everyone computes it from the network file: the polynomial of its key, and its
/// validators. `None` if they do not fit together.
pub fn first_epoch(
    network: B256,
    polynomial: &Sharing<MinSig>,
    validators: &[ValidatorKey],
) -> Option<EpochInfo> {
    let keys: Set<ValidatorKey> = validators.iter().cloned().try_collect().ok()?;
    if polynomial.total().get() as usize != keys.len() {
        return None;
    }
    // An output has no other constructor than its encoding: a summary of how it was made, polynomial, dealers, players,
    // and whose shares are public.
    let nobody = Set::<ValidatorKey>::default();
    let mut bytes = network.to_vec();
    bytes.extend(polynomial.encode());
    bytes.extend(keys.encode());
    bytes.extend(keys.encode());
    bytes.extend(nobody.encode());
    let output = Output::decode_cfg(Copying(&bytes), &(MAX_VALIDATORS, SHARING)).ok()?;
    Some(EpochInfo {
        outcome: types::EpochOutcome::Success,
        epoch: Epoch::zero(),
        output,
        players: keys.clone(),
        next_players: keys,
        directory: validators
            .iter()
            .map(|key| (key.clone(), Address::from(NOWHERE)))
            .collect(),
    })
}

#[cfg(test)]
mod tests;
