//! `crypto-hdkey`: a public account, from which all its addresses follow.

use super::{
    KeyPath,
    cbor::{self, WireError},
};
use alloy_primitives::Address;
use coins_bip32::{
    ecdsa::VerifyingKey,
    prelude::Parent as _,
    primitives::{ChainCode, Hint, KeyFingerprint, XKeyInfo},
    xkeys::XPub,
};
use minicbor::Encoder;

/// The longest name that is read, in bytes.
const MAX_NAME_BYTES: usize = 256;

/// A public key with what deriving from it takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HdKey {
    /// Compressed, SEC 1.
    pub key: [u8; 33],
    pub chain_code: Option<[u8; 32]>,
    pub origin: KeyPath,
    /// The fingerprint of the key above it.
    pub parent: Option<u32>,
    /// For people.
    pub name: Option<String>,
}

impl HdKey {
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut to = Encoder::new(&mut bytes);
        let optional = [
            self.chain_code.is_some(),
            self.parent.is_some(),
            self.name.is_some(),
        ];
        let entries = 2 + optional.into_iter().map(u64::from).sum::<u64>();
        let mut write = || {
            to.map(entries)?.u8(3)?.bytes(&self.key)?;
            if let Some(code) = &self.chain_code {
                to.u8(4)?.bytes(code)?;
            }
            to.u8(6)?;
            self.origin.encode(&mut to);
            if let Some(parent) = self.parent {
                to.u8(8)?.u32(parent)?;
            }
            if let Some(name) = &self.name {
                to.u8(9)?.str(name)?;
            }
            Ok::<_, minicbor::encode::Error<_>>(())
        };
        write().expect("writing to memory");
        bytes
    }

    pub fn decode(bytes: &[u8]) -> Result<Self, WireError> {
        let (mut key, mut chain_code, mut origin, mut parent, mut name) = (None, None, None, None, None);
        cbor::whole_map(bytes, |entry, from| {
            match entry {
                1 | 2 if from.bool()? => {
                    return Err(WireError::field("the account", "is a secret key; keep it"));
                }
                1 | 2 => {}
                3 => key = Some(cbor::fixed::<33>(from, "the account's key")?),
                4 => chain_code = Some(cbor::fixed::<32>(from, "the chain code")?),
                6 => origin = Some(KeyPath::decode(from)?),
                8 => parent = Some(from.u32()?),
                9 => name = Some(cbor::text(from, MAX_NAME_BYTES, "the account's name")?),
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(Self {
            key: key.ok_or(WireError::field("the account", "has no key"))?,
            chain_code,
            origin: origin.ok_or(WireError::field("the account", "has no path"))?,
            parent,
            name,
        })
    }

    /// The address of `origin/0/index`.
    pub fn address(&self, index: u32) -> Result<Address, WireError> {
        let wrong = |_| WireError::field("the account", "gives no key there");
        let chain_code = self
            .chain_code
            .ok_or(WireError::field("the account", "has no chain code"))?;
        let key = VerifyingKey::from_sec1_bytes(&self.key)
            .map_err(|_| WireError::field("the account's key", "is not a point of the curve"))?;
        let info = XKeyInfo {
            depth: u8::try_from(self.origin.steps.len()).unwrap_or(u8::MAX),
            parent: KeyFingerprint(self.parent.unwrap_or_default().to_be_bytes()),
            index: self.origin.steps.last().copied().unwrap_or_default(),
            chain_code: ChainCode(chain_code),
            hint: Hint::Legacy,
        };
        let account = XPub::new(key, info);
        let child = account
            .derive_child(0)
            .and_then(|change| change.derive_child(index))
            .map_err(wrong)?;
        let key: &VerifyingKey = child.as_ref();
        Ok(Address::from_public_key(key))
    }

    /// The path of `origin/0/index`.
    pub fn path(&self, index: u32) -> KeyPath {
        let mut path = self.origin.clone();
        path.steps.extend([0, index]);
        path
    }
}
