//! Where blocks come from: a node of the network, seen through `zhengtong_client`, or a fake in
//! tests. Everything that passes here is finalized, and verified by the one that hands it over.

pub mod client;
pub mod fake;

use alloy_primitives::{Address, B256, Bytes, Log};
use async_trait::async_trait;
use futures::stream::BoxStream;
use zhengtong_types::{NetworkInfo, ReceiptProof, StateProof};

/// A finalized block with the logs of its transactions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    pub number: u64,
    pub hash: B256,
    pub parent_hash: B256,
    /// Unix milliseconds.
    pub timestamp_ms: u64,
    /// In the order of the block.
    pub logs: Vec<BlockLog>,
}

/// One log with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockLog {
    pub tx_hash: B256,
    /// Index of the log in its block.
    pub log_index: u32,
    pub log: Log,
}

/// The newest finalized block of the node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tip {
    pub number: u64,
    /// Unix milliseconds.
    pub timestamp_ms: u64,
}

/// Why a source could not answer.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    #[error("the node cannot be reached or did not answer: {0}")]
    Unreachable(String),
    #[error("what the node sent is not what the network signed: {0}")]
    Unverified(String),
    #[error("the node has no answer: {0}")]
    Unknown(String),
    #[error(
        "an index needs every block, and the node does not keep them all: {0}; give the index a node that began by replay"
    )]
    NotKept(String),
}

impl SourceError {
    /// Whether asking again later may help.
    pub fn is_transient(&self) -> bool {
        !matches!(self, SourceError::Unverified(_) | SourceError::NotKept(_))
    }
}

/// Blocks and proofs of one network.
#[async_trait]
pub trait BlockSource: Send + Sync + 'static {
    /// The network, checked when the source was made.
    fn network(&self) -> &NetworkInfo;

    /// Blocks from `from` on, one after the other, then live. The stream ends with its first error.
    fn follow(&self, from: u64) -> BoxStream<'static, Result<Block, SourceError>>;

    /// The newest finalized block.
    async fn tip(&self) -> Result<Tip, SourceError>;

    /// `abi.encode` of a published rule set. The caller checks it against its id.
    async fn rule_set(&self, id: B256) -> Result<Bytes, SourceError>;

    /// Proof of a transaction's receipt.
    async fn receipt_proof(&self, tx_hash: B256) -> Result<ReceiptProof, SourceError>;

    /// Proof of storage slots at the newest block.
    async fn state_proof(&self, address: Address, slots: &[B256]) -> Result<StateProof, SourceError>;
}
