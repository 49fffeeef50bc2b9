//! What a request wants signed, read and checked before anything is shown.

use super::{
    message::{self, SignIn},
    typed::{Leaf, TypedData, TypedError},
    wire::{DataType, SignRequest},
};
use alloy_consensus::{SignableTransaction as _, TxEip1559, TxLegacy, transaction::RlpEcdsaDecodableTx as _};
use alloy_primitives::{Address, B256, eip191_hash_message, keccak256};
use alloy_rlp::Decodable as _;
use serde_json::Value;
use thiserror::Error;

/// EIP-2718's number of EIP-1559's transactions.
const EIP_1559: u8 = 2;
/// The longest message.
const MAX_MESSAGE_BYTES: usize = 16 * 1024;

/// Why a request is refused, whoever confirms it.
#[derive(Debug, Error)]
pub enum ContentError {
    #[error("this is for chain {found}; this signature is to be for chain {wanted}")]
    Chain { found: u64, wanted: u64 },
    #[error("the transaction names no chain, so that it could be sent on any")]
    AnyChain,
    #[error("the transaction cannot be read: {0}")]
    Transaction(#[from] alloy_rlp::Error),
    #[error("the transaction is not written as it is signed: what is shown would not be what is signed")]
    NotCanonical,
    #[error(
        "transactions of type {found} are not signed here, only those without type and of type 2 (EIP-1559)"
    )]
    TransactionType { found: u8 },
    #[error("there is nothing to sign")]
    Empty,
    #[error("the message has {bytes} bytes, more than {most}")]
    MessageTooLong { bytes: usize, most: usize },
    #[error("the message signs {found} in, and this key is {wanted}")]
    OtherAccount { found: Address, wanted: Address },
    #[error("the message begins as one that signs somebody in, and is not written as EIP-4361 says")]
    SignIn,
    #[error(transparent)]
    Typed(#[from] TypedError),
    #[error("the typed data names a chain that is no number")]
    TypedChain,
}

/// What is signed.
pub enum Content {
    Legacy(TxLegacy),
    Eip1559(TxEip1559),
    Typed {
        data: TypedData,
        domain: Vec<Leaf>,
        message: Vec<Leaf>,
        hash: B256,
    },
    SignIn(SignIn, String),
    Text(String),
    /// A message that is no text.
    Bytes(Vec<u8>),
}

impl Content {
    /// Reads what `signer` is to sign for this chain.
    pub fn read(request: &SignRequest, chain_id: u64, signer: Address) -> Result<Self, ContentError> {
        require_chain(request.chain_id, chain_id)?;
        if request.data.is_empty() {
            return Err(ContentError::Empty);
        }
        match request.data_type {
            DataType::Legacy => legacy(&request.data, chain_id),
            DataType::Typed => typed_transaction(&request.data, chain_id),
            DataType::TypedData => typed_data(&request.data, chain_id),
            DataType::Message => message(&request.data, chain_id, signer),
        }
    }

    /// The hash that the key signs.
    pub fn hash(&self) -> B256 {
        match self {
            Self::Legacy(transaction) => transaction.signature_hash(),
            Self::Eip1559(transaction) => transaction.signature_hash(),
            Self::Typed { hash, .. } => *hash,
            Self::SignIn(_, text) | Self::Text(text) => eip191_hash_message(text),
            Self::Bytes(bytes) => eip191_hash_message(bytes),
        }
    }

    /// The signature's v, as wallets expect it for this kind of content.
    pub fn v(&self, parity: bool) -> u128 {
        let parity = u128::from(parity);
        match self {
            Self::Legacy(transaction) => {
                transaction.chain_id.map_or(27, |id| 35 + 2 * u128::from(id)) + parity
            }
            Self::Eip1559(_) => parity,
            Self::Typed { .. } | Self::SignIn(..) | Self::Text(_) | Self::Bytes(_) => 27 + parity,
        }
    }
}

const fn require_chain(found: u64, wanted: u64) -> Result<(), ContentError> {
    if found == wanted {
        return Ok(());
    }
    Err(ContentError::Chain { found, wanted })
}

fn legacy(data: &[u8], chain_id: u64) -> Result<Content, ContentError> {
    let mut rest = data;
    let transaction = TxLegacy::decode(&mut rest)?;
    require_chain(transaction.chain_id.ok_or(ContentError::AnyChain)?, chain_id)?;
    // Whatever the reader forgave is not in what it read.
    let is_canonical = rest.is_empty() && keccak256(data) == transaction.signature_hash();
    is_canonical
        .then_some(Content::Legacy(transaction))
        .ok_or(ContentError::NotCanonical)
}

fn typed_transaction(data: &[u8], chain_id: u64) -> Result<Content, ContentError> {
    let (kind, mut rest) = data
        .split_first()
        .map(|(kind, rest)| (*kind, rest))
        .ok_or(ContentError::Empty)?;
    if kind != EIP_1559 {
        return Err(ContentError::TransactionType { found: kind });
    }
    let transaction = TxEip1559::rlp_decode(&mut rest)?;
    require_chain(transaction.chain_id, chain_id)?;
    let is_canonical = rest.is_empty() && keccak256(data) == transaction.signature_hash();
    is_canonical
        .then_some(Content::Eip1559(transaction))
        .ok_or(ContentError::NotCanonical)
}

fn typed_data(bytes: &[u8], chain_id: u64) -> Result<Content, ContentError> {
    let data = TypedData::parse(bytes)?;
    match data.domain("chainId") {
        Some(Value::Number(number)) => {
            require_chain(number.as_u64().ok_or(ContentError::TypedChain)?, chain_id)?
        }
        Some(Value::String(text)) => require_chain(number(text).ok_or(ContentError::TypedChain)?, chain_id)?,
        Some(_) => return Err(ContentError::TypedChain),
        None => {}
    }
    let (hash, domain, message) = data.walk()?;
    Ok(Content::Typed {
        data,
        domain,
        message,
        hash,
    })
}

fn number(text: &str) -> Option<u64> {
    match text.strip_prefix("0x") {
        Some(hex) => u64::from_str_radix(hex, 16).ok(),
        None => text.parse().ok(),
    }
}

fn message(data: &[u8], chain_id: u64, signer: Address) -> Result<Content, ContentError> {
    let (bytes, most) = (data.len(), MAX_MESSAGE_BYTES);
    if bytes > most {
        return Err(ContentError::MessageTooLong { bytes, most });
    }
    let Ok(text) = std::str::from_utf8(data) else {
        return Ok(Content::Bytes(data.to_vec()));
    };
    let text = text.to_owned();
    if !message::is_sign_in(&text) {
        return Ok(Content::Text(text));
    }
    let sign_in = SignIn::parse(&text).ok_or(ContentError::SignIn)?;
    require_chain(sign_in.chain_id, chain_id)?;
    if sign_in.address != signer {
        let (found, wanted) = (sign_in.address, signer);
        return Err(ContentError::OtherAccount { found, wanted });
    }
    Ok(Content::SignIn(sign_in, text))
}
