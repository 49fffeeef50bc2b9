//! `eth-sign-request`: what is to be signed, by which key, on which chain.

use super::{
    KeyPath,
    cbor::{self, WireError},
};
use alloy_primitives::{Address, Bytes, hex};
use minicbor::{
    Decoder, Encoder,
    data::{Tag, Type},
};
use std::fmt;

/// CBOR tag of a UUID.
pub(super) const UUID_TAG: u64 = 37;
/// CBOR tag of a `sign-data-type`, which wallets leave out.
const DATA_TYPE_TAG: u64 = 401;
/// The longest origin that is read, in bytes.
const MAX_ORIGIN_BYTES: usize = 256;

/// Joins a request and its signature: a UUID.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestId(pub [u8; 16]);

impl RequestId {
    /// Version 4 of RFC 9562.
    pub fn random() -> Self {
        let mut bytes: [u8; 16] = rand::random();
        bytes[6] = bytes[6] & 0x0f | 0x40;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        Self(bytes)
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = hex::encode(self.0);
        let parts = [
            &text[..8],
            &text[8..12],
            &text[12..16],
            &text[16..20],
            &text[20..],
        ];
        write!(f, "{}", parts.join("-"))
    }
}

/// How the data is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DataType {
    /// RLP of a transaction without type (EIP-155).
    Legacy = 1,
    /// JSON of EIP-712.
    TypedData = 2,
    /// A message to be signed by EIP-191.
    Message = 3,
    /// A transaction with a type (EIP-2718), without its signature.
    Typed = 4,
}

impl DataType {
    fn of(number: u64) -> Result<Self, WireError> {
        Ok(match number {
            1 => Self::Legacy,
            2 => Self::TypedData,
            3 => Self::Message,
            4 => Self::Typed,
            _ => {
                return Err(WireError::field(
                    "the type of the data",
                    "is none of ERC-4527's (1 to 4)",
                ));
            }
        })
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignRequest {
    pub id: Option<RequestId>,
    pub data: Bytes,
    pub data_type: DataType,
    pub chain_id: u64,
    pub path: KeyPath,
    /// Whose key it is, to be checked.
    pub address: Option<Address>,
    /// Who asks, as it says itself.
    pub origin: Option<String>,
}

impl SignRequest {
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut to = Encoder::new(&mut bytes);
        let optional = [self.id.is_some(), self.address.is_some(), self.origin.is_some()];
        let entries = 4 + optional.into_iter().map(u64::from).sum::<u64>();
        let mut write = || {
            to.map(entries)?;
            if let Some(id) = &self.id {
                to.u8(1)?.tag(Tag::new(UUID_TAG))?.bytes(&id.0)?;
            }
            to.u8(2)?.bytes(&self.data)?;
            to.u8(3)?.u8(self.data_type as u8)?;
            to.u8(4)?.u64(self.chain_id)?;
            to.u8(5)?;
            self.path.encode(&mut to);
            if let Some(address) = &self.address {
                to.u8(6)?.bytes(address.as_slice())?;
            }
            if let Some(origin) = &self.origin {
                to.u8(7)?.str(origin)?;
            }
            Ok::<_, minicbor::encode::Error<_>>(())
        };
        write().expect("writing to memory");
        bytes
    }

    pub fn decode(bytes: &[u8]) -> Result<Self, WireError> {
        let (mut id, mut data, mut data_type, mut chain_id) = (None, None, None, None);
        let (mut path, mut address, mut origin) = (None, None, None);
        cbor::whole_map(bytes, |key, from| {
            match key {
                1 => {
                    cbor::tag(from, UUID_TAG, "the request's id")?;
                    id = Some(RequestId(cbor::fixed(from, "the request's id")?));
                }
                2 => data = Some(Bytes::copy_from_slice(from.bytes()?)),
                3 => data_type = Some(DataType::of(data_type_number(from)?)?),
                4 => chain_id = Some(from.u64()?),
                5 => path = Some(KeyPath::decode(from)?),
                6 => address = Some(Address::from(cbor::fixed::<20>(from, "the address")?)),
                7 => origin = Some(cbor::text(from, MAX_ORIGIN_BYTES, "the origin")?),
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(Self {
            id,
            data: data.ok_or(WireError::field("the request", "has no data to sign"))?,
            data_type: data_type.ok_or(WireError::field("the request", "does not say what its data is"))?,
            // The standard's default.
            chain_id: chain_id.unwrap_or(1),
            path: path.ok_or(WireError::field("the request", "names no key"))?,
            address,
            origin,
        })
    }
}

/// A number; or, as the standard's text has it, a tagged map with it.
fn data_type_number(from: &mut Decoder<'_>) -> Result<u64, WireError> {
    if from.datatype()? == Type::Tag {
        cbor::tag(from, DATA_TYPE_TAG, "the type of the data")?;
    }
    if from.datatype()? != Type::Map {
        return Ok(from.u64()?);
    }
    let mut number = None;
    cbor::map(from, |key, from| {
        if key == 1 {
            number = Some(from.u64()?);
        }
        Ok(key == 1)
    })?;
    number.ok_or(WireError::field("the type of the data", "is missing"))
}
