//! The engine's types, closed: one name for each generic of commonware that this chain uses, and the block itself.

use crate::{
    committee::{Carried, Directory, MAX_PAYLOAD_BYTES, Payload, PayloadError},
    header::{Extra, ExtraError, MAX_HEADER_BYTES, decode_header, digest_of, encode_header},
};
use alloy_consensus::Header;
use alloy_primitives::{B256, Bytes, keccak256};
use bytes::BufMut;
use commonware_codec::{Buf, EncodeSize, Error as CodecError, RangeCfg, Read, Write};
use commonware_consensus::{
    BoundedBlock, CertifiableBlock, Heightable,
    simplex::{scheme::bls12381_threshold::standard, types as simplex},
    types::Height,
};
use commonware_cryptography::{
    Digestible,
    bls12381::primitives::variant::{MinSig, Variant},
    ed25519, sha256,
};
use commonware_glue::dkg::ReshareBlock;
use std::sync::Arc;
use thiserror::Error;

/// A block hash as the engine carries it: 32 bytes of Keccak-256, in the engine's 32-byte digest type.
pub type Digest = sha256::Digest;
/// A validator's network identity.
pub type ValidatorKey = ed25519::PublicKey;
/// Threshold BLS12-381: signature in G1 (48 bytes), public key in G2 (96 bytes).
pub type Threshold = standard::Scheme<ValidatorKey, MinSig>;
#[cfg(not(feature = "remember"))]
pub type Scheme = Threshold;
/// With a memory, for simulations.
#[cfg(feature = "remember")]
pub type Scheme = crate::remembering::Scheme;
/// Whether this is a build for simulations.
pub const REMEMBERS: bool = cfg!(feature = "remember");
/// The network's one constant public key.
pub type NetworkPublic = <MinSig as Variant>::Public;
pub type Context = simplex::Context<Digest, ValidatorKey>;
pub type Finalization = simplex::Finalization<Scheme, Digest>;
pub type Activity = simplex::Activity<Scheme, Digest>;

/// Most transactions in one block.
pub const MAX_BLOCK_TRANSACTIONS: usize = 10_000;
/// Largest raw transaction, in bytes.
pub const MAX_TRANSACTION_BYTES: usize = 128 * 1024;
/// Largest sum of raw transactions in one block, in bytes.
pub const MAX_BODY_BYTES: usize = 4 * 1024 * 1024;

/// A header with the raw transactions it commits to.
///
/// Only [`Block::new`], [`Block::assemble`] and decoding make one, and all of them see to it that header and body belong
/// together, so the digest stands for the whole block.
#[derive(Clone, Debug)]
pub struct Block(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    header: Header,
    header_rlp: Bytes,
    extra: Extra,
    hash: B256,
    transactions: Vec<Bytes>,
    carried: Option<Carried>,
}

/// Why header and body do not make a block.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum BlockError {
    #[error("{0}")]
    Extra(#[from] ExtraError),
    #[error("the header is {got} bytes, more than {MAX_HEADER_BYTES}")]
    HeaderTooLarge { got: usize },
    #[error("the block has {got} transactions, more than {MAX_BLOCK_TRANSACTIONS}")]
    TooMany { got: usize },
    #[error("transaction {index} has {got} bytes, expected 1 to {MAX_TRANSACTION_BYTES}")]
    TransactionSize { index: usize, got: usize },
    #[error("the transactions have {got} bytes, more than {MAX_BODY_BYTES}")]
    BodyTooLarge { got: usize },
    #[error("the header commits to transactions {header}, the body has {body}")]
    Root { header: B256, body: B256 },
    #[error("the header commits to the payload {header:?}, the body has {body:?}")]
    OtherPayload {
        header: Option<B256>,
        body: Option<B256>,
    },
    #[error(transparent)]
    Payload(#[from] PayloadError),
}

impl Block {
    /// Puts a header, its raw EIP-2718 transactions and its payload together.
    pub fn new(
        header: Header,
        transactions: Vec<Bytes>,
        payload: Option<Payload>,
    ) -> Result<Self, BlockError> {
        let carried = payload.map(Carried::new).transpose()?;
        Self::checked(header, transactions, carried)
    }

    /// Sets the transactions' root in a header and puts everything together.
    pub fn assemble(
        mut header: Header,
        transactions: Vec<Bytes>,
        payload: Option<Payload>,
    ) -> Result<Self, BlockError> {
        header.transactions_root = transactions_root(&transactions);
        let carried = payload.map(Carried::new).transpose()?;
        let extra = Extra::decode(&header.extra_data)?;
        check_body(&transactions)?;
        Self::seal(header, extra, transactions, carried)
    }

    fn checked(
        header: Header,
        transactions: Vec<Bytes>,
        carried: Option<Carried>,
    ) -> Result<Self, BlockError> {
        let extra = Extra::decode(&header.extra_data)?;
        check_body(&transactions)?;
        let body = transactions_root(&transactions);
        if body != header.transactions_root {
            return Err(BlockError::Root {
                header: header.transactions_root,
                body,
            });
        }
        Self::seal(header, extra, transactions, carried)
    }

    fn seal(
        header: Header,
        extra: Extra,
        transactions: Vec<Bytes>,
        carried: Option<Carried>,
    ) -> Result<Self, BlockError> {
        let body = carried.as_ref().map(Carried::hash);
        if extra.payload != body {
            return Err(BlockError::OtherPayload {
                header: extra.payload,
                body,
            });
        }
        let header_rlp = encode_header(&header);
        if header_rlp.len() > MAX_HEADER_BYTES {
            return Err(BlockError::HeaderTooLarge {
                got: header_rlp.len(),
            });
        }
        let hash = keccak256(&header_rlp);
        Ok(Self(Arc::new(Inner {
            header,
            header_rlp,
            extra,
            hash,
            transactions,
            carried,
        })))
    }

    pub fn header(&self) -> &Header {
        &self.0.header
    }

    /// The header's RLP, whose Keccak-256 is [`Block::hash`].
    pub fn header_rlp(&self) -> &Bytes {
        &self.0.header_rlp
    }

    pub fn extra(&self) -> &Extra {
        &self.0.extra
    }

    pub fn hash(&self) -> B256 {
        self.0.hash
    }

    pub fn number(&self) -> u64 {
        self.0.header.number
    }

    /// Raw EIP-2718 transactions, in order.
    pub fn transactions(&self) -> &[Bytes] {
        &self.0.transactions
    }

    /// What the block carries for the committee.
    pub fn carried(&self) -> Option<&Payload> {
        self.0.carried.as_ref().map(Carried::payload)
    }

    /// Milliseconds since the Unix epoch.
    pub fn timestamp_ms(&self) -> u64 {
        crate::header::timestamp_ms(&self.0.header, &self.0.extra)
    }
}

impl PartialEq for Block {
    fn eq(&self, other: &Self) -> bool {
        self.0.hash == other.0.hash
    }
}

impl Eq for Block {}

/// Ethereum's transaction root over raw EIP-2718 transactions.
pub fn transactions_root(transactions: &[Bytes]) -> B256 {
    alloy_trie::root::ordered_trie_root_with_encoder(transactions, |raw, out| out.put_slice(raw))
}

fn check_body(transactions: &[Bytes]) -> Result<(), BlockError> {
    if transactions.len() > MAX_BLOCK_TRANSACTIONS {
        return Err(BlockError::TooMany {
            got: transactions.len(),
        });
    }
    let mut total = 0;
    for (index, raw) in transactions.iter().enumerate() {
        if raw.is_empty() || raw.len() > MAX_TRANSACTION_BYTES {
            return Err(BlockError::TransactionSize {
                index,
                got: raw.len(),
            });
        }
        total += raw.len();
    }
    if total > MAX_BODY_BYTES {
        return Err(BlockError::BodyTooLarge { got: total });
    }
    Ok(())
}

impl Write for Block {
    fn write(&self, buf: &mut impl BufMut) {
        self.0.header_rlp.0.write(buf);
        self.0.transactions.len().write(buf);
        for raw in &self.0.transactions {
            raw.0.write(buf);
        }
        if let Some(carried) = &self.0.carried {
            carried.bytes().0.write(buf);
        }
    }
}

impl EncodeSize for Block {
    fn encode_size(&self) -> usize {
        self.0.header_rlp.0.encode_size()
            + self.0.transactions.len().encode_size()
            + self
                .0
                .transactions
                .iter()
                .map(|raw| raw.0.encode_size())
                .sum::<usize>()
            + self
                .0
                .carried
                .as_ref()
                .map_or(0, |carried| carried.bytes().0.encode_size())
    }
}

impl Read for Block {
    type Cfg = ();

    fn read_cfg(buf: &mut impl Buf, _: &()) -> Result<Self, CodecError> {
        let header = bytes::Bytes::read_cfg(buf, &RangeCfg::new(0..=MAX_HEADER_BYTES))?;
        let header =
            decode_header(&header).map_err(|source| CodecError::Wrapped("header", Box::new(source)))?;
        let count = usize::read_cfg(buf, &RangeCfg::new(0..=MAX_BLOCK_TRANSACTIONS))?;
        let mut transactions = Vec::with_capacity(count.min(1024));
        let mut room = MAX_BODY_BYTES;
        for _ in 0..count {
            let raw =
                bytes::Bytes::read_cfg(buf, &RangeCfg::new(1..=MAX_TRANSACTION_BYTES.min(room.max(1))))?;
            room = room.saturating_sub(raw.len());
            transactions.push(Bytes::from(raw));
        }
        let wrapped = |source: BlockError| CodecError::Wrapped("block", Box::new(source));
        // The header says whether there is one.
        let extra = Extra::decode(&header.extra_data).map_err(|source| wrapped(source.into()))?;
        let carried = match extra.payload {
            None => None,
            Some(_) => {
                let bytes = bytes::Bytes::read_cfg(buf, &RangeCfg::new(1..=MAX_PAYLOAD_BYTES))?;
                Some(Carried::decode(bytes.into()).map_err(|source| wrapped(source.into()))?)
            }
        };
        Self::checked(header, transactions, carried).map_err(wrapped)
    }
}

impl Digestible for Block {
    type Digest = Digest;

    fn digest(&self) -> Digest {
        digest_of(self.0.hash)
    }
}

impl Heightable for Block {
    fn height(&self) -> Height {
        Height::new(self.0.header.number)
    }
}

impl commonware_consensus::Block for Block {
    fn parent(&self) -> Digest {
        digest_of(self.0.header.parent_hash)
    }
}

impl CertifiableBlock for Block {
    type Context = Context;

    fn context(&self) -> Context {
        self.0.extra.context(self.0.header.parent_hash)
    }
}

impl ReshareBlock for Block {
    type Variant = MinSig;
    type PublicKey = ValidatorKey;
    type Directory = Directory;

    fn payload(&self) -> Option<Payload> {
        self.carried().cloned()
    }
}

impl BoundedBlock for Block {
    fn max_encode_size(_: &()) -> usize {
        const LENGTH_BYTES: usize = 5;
        MAX_HEADER_BYTES + MAX_BODY_BYTES + MAX_PAYLOAD_BYTES + LENGTH_BYTES * (MAX_BLOCK_TRANSACTIONS + 3)
    }
}
