//! `eth-signature`: the answer.

use super::{
    RequestId,
    cbor::{self, WireError},
    request::UUID_TAG,
};
use alloy_primitives::{Address, B256, Signature, U256};
use minicbor::{Encoder, data::Tag};
use thiserror::Error;

/// r and s.
const RS_BYTES: usize = 64;
/// The most bytes of v: an EIP-155 v has the chain's id in it.
const MAX_V_BYTES: usize = 9;
/// The longest origin that is read, in bytes.
const MAX_ORIGIN_BYTES: usize = 256;

/// Why an answer is not taken.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum SignatureError {
    #[error("this answers another request")]
    OtherRequest,
    #[error("this is not a signature: {0}")]
    Malformed(&'static str),
    #[error("this was signed by {found}, not by {wanted}: another key, or something else was signed")]
    OtherSigner { found: Address, wanted: Address },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EthSignature {
    pub id: Option<RequestId>,
    /// r, s and v. v is 27 or 28 for messages, 0 or 1 for typed transactions, EIP-155's for others.
    pub signature: Vec<u8>,
    /// Who signed, as it says itself.
    pub origin: Option<String>,
}

impl EthSignature {
    /// `v` as a number, without leading zeros but for one byte.
    pub fn new(id: Option<RequestId>, signature: &Signature, v: u128) -> Self {
        let mut bytes = signature.as_bytes()[..RS_BYTES].to_vec();
        let number = v.to_be_bytes();
        let first = number
            .iter()
            .position(|byte| *byte != 0)
            .unwrap_or(number.len() - 1);
        bytes.extend(&number[first..]);
        Self {
            id,
            signature: bytes,
            origin: Some("Zhengtong".into()),
        }
    }

    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut to = Encoder::new(&mut bytes);
        let entries = 1 + u64::from(self.id.is_some()) + u64::from(self.origin.is_some());
        let mut write = || {
            to.map(entries)?;
            if let Some(id) = &self.id {
                to.u8(1)?.tag(Tag::new(UUID_TAG))?.bytes(&id.0)?;
            }
            to.u8(2)?.bytes(&self.signature)?;
            if let Some(origin) = &self.origin {
                to.u8(3)?.str(origin)?;
            }
            Ok::<_, minicbor::encode::Error<_>>(())
        };
        write().expect("writing to memory");
        bytes
    }

    pub fn decode(bytes: &[u8]) -> Result<Self, WireError> {
        let (mut id, mut signature, mut origin) = (None, None, None);
        cbor::whole_map(bytes, |key, from| {
            match key {
                1 => {
                    cbor::tag(from, UUID_TAG, "the request's id")?;
                    id = Some(RequestId(cbor::fixed(from, "the request's id")?));
                }
                2 => signature = Some(from.bytes()?.to_vec()),
                3 => origin = Some(cbor::text(from, MAX_ORIGIN_BYTES, "the origin")?),
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        let signature: Vec<u8> = signature.ok_or(WireError::field("the answer", "has no signature"))?;
        if !(RS_BYTES + 1..=RS_BYTES + MAX_V_BYTES).contains(&signature.len()) {
            return Err(WireError::field("the signature", "has another length"));
        }
        Ok(Self {
            id,
            signature,
            origin,
        })
    }

    /// The signature, if it is this signer's of this hash, for this request.
    pub fn check(&self, id: RequestId, hash: B256, wanted: Address) -> Result<Signature, SignatureError> {
        if self.id != Some(id) {
            return Err(SignatureError::OtherRequest);
        }
        let (rs, v) = self.signature.split_at(RS_BYTES);
        let v = v
            .iter()
            .fold(0u128, |number, byte| number << 8 | u128::from(*byte));
        let parity = match v {
            0 | 27 => false,
            1 | 28 => true,
            // EIP-155: 35 or 36 and twice the chain's id.
            35.. => v % 2 == 0,
            _ => {
                return Err(SignatureError::Malformed(
                    "v is none of 0, 1, 27, 28 and EIP-155's",
                ));
            }
        };
        let signature = Signature::new(
            U256::from_be_slice(&rs[..32]),
            U256::from_be_slice(&rs[32..]),
            parity,
        );
        let found = signature.recover_address_from_prehash(&hash);
        let found = found.map_err(|_| SignatureError::Malformed("no key gives it"))?;
        if found == wanted {
            return Ok(signature);
        }
        Err(SignatureError::OtherSigner { found, wanted })
    }
}
