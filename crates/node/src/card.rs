//! What an operator tells the others about a node: a small public file.

use crate::{
    Identity,
    files::{self, FileError},
};
use alloy_primitives::Bytes;
use commonware_codec::{Copying, DecodeExt as _, Encode as _};
use serde::{Deserialize, Serialize};
use std::{net::SocketAddr, path::Path};
use thiserror::Error;
use zhengtong_types::consensus::ValidatorKey;

const FORMAT: &str = "zhengtong-card/1";
const WHAT: &str = "node's card";
/// Longest name, in bytes.
pub const MAX_NAME_BYTES: usize = 64;

/// A node as its operator announces it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeCard {
    pub format: String,
    /// The institution, for people.
    pub name: String,
    /// Ed25519 public key.
    pub key: Bytes,
    /// Where other nodes reach it.
    pub address: SocketAddr,
}

/// Why a card is refused.
#[derive(Debug, Error)]
pub enum CardError {
    #[error(transparent)]
    File(#[from] FileError),
    #[error("the card has format {0:?}, expected {FORMAT:?}")]
    Format(String),
    #[error("the name {0:?} is empty or longer than {MAX_NAME_BYTES} bytes")]
    Name(String),
    #[error("the key of {0:?} is not an ed25519 public key")]
    Key(String),
    #[error("{0} is nowhere that another machine can connect to; name this machine's own address and port")]
    Address(SocketAddr),
}

impl NodeCard {
    pub fn new(name: String, identity: &Identity, address: SocketAddr) -> Result<Self, CardError> {
        let card = Self {
            format: FORMAT.into(),
            name,
            key: Bytes::from(identity.public().encode()),
            address,
        };
        card.check()?;
        Ok(card)
    }

    pub fn read(path: &Path) -> Result<Self, CardError> {
        let card: Self = files::read_json(path, WHAT)?;
        card.check()?;
        Ok(card)
    }

    pub fn write(&self, path: &Path) -> Result<(), CardError> {
        Ok(files::write_json(path, WHAT, self)?)
    }

    /// Checks what the types do not.
    pub fn check(&self) -> Result<(), CardError> {
        if self.format != FORMAT {
            return Err(CardError::Format(self.format.clone()));
        }
        if self.name.is_empty() || self.name.len() > MAX_NAME_BYTES {
            return Err(CardError::Name(self.name.clone()));
        }
        if self.address.port() == 0 || self.address.ip().is_unspecified() {
            return Err(CardError::Address(self.address));
        }
        self.public().map(drop)
    }

    pub fn public(&self) -> Result<ValidatorKey, CardError> {
        ValidatorKey::decode(Copying(&self.key)).map_err(|_| CardError::Key(self.name.clone()))
    }
}
