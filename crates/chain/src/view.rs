//! What a node shows of its chain: the seam between the consensus application and everything that reads or submits.

use crate::{
    committee::Now,
    quota::{OverQuota, QuotaRules},
};
use alloy_consensus::{Header, TxEnvelope, transaction::Recovered};
use alloy_primitives::{Address, B256, Bytes};
use std::{future::Future, sync::Arc};
use thiserror::Error;
use tokio::sync::broadcast;
use zhengtong_evm::{DBErrorMarker, Database, TransactionError, TransactionRules};
use zhengtong_types::{Finality, NetworkInfo, StateProof};

pub use zhengtong_evm::TransactionReceipt;

/// Blocks before the latest whose state can still be read.
pub const STATE_WINDOW_BLOCKS: u64 = 256;

/// A finalized and executed block. "Latest", "safe" and "finalized" all mean the newest of these.
#[derive(Clone, Debug)]
pub struct SealedBlock {
    pub header: Header,
    /// `keccak256(rlp(header))`, what the validators signed.
    pub hash: B256,
    /// In block order, senders recovered; the envelope knows its hash.
    pub transactions: Vec<Recovered<TxEnvelope>>,
    /// One for each transaction, in block order.
    pub receipts: Vec<TransactionReceipt>,
    /// Size of header and raw transactions in bytes.
    pub size_bytes: usize,
    /// Milliseconds since the Unix epoch.
    pub timestamp_ms: u64,
}

/// A transaction that is accepted and not yet final.
#[derive(Clone, Debug)]
pub struct Waiting {
    pub transaction: Arc<Recovered<TxEnvelope>>,
    /// Nothing is missing: neither an earlier nonce nor a change of its account.
    pub can_run: bool,
}

/// Why something could not be read.
#[derive(Clone, Debug, Error)]
pub enum ViewError {
    #[error("block {number} does not exist; the latest is {latest}")]
    UnknownBlock { number: u64, latest: u64 },
    #[error(
        "block {number} is not kept here; this node has block {first} and later ones: ask a node that has them all"
    )]
    NotKept { number: u64, first: u64 },
    #[error("state of block {number} is no longer kept; the oldest is {oldest}, the latest {latest}")]
    StateGone { number: u64, oldest: u64, latest: u64 },
    #[error("{slots} slots asked to be proven at once, at most {max}")]
    TooManySlots { slots: usize, max: usize },
    #[error("the chain advanced while the proof was made; ask again")]
    Moved,
    #[error("storage failed: {0}")]
    Storage(String),
    #[error("{0}")]
    NotHere(&'static str),
    #[error("the node is starting; its state is not open yet")]
    Starting,
    #[error("the node is stopping")]
    Stopping,
}

impl DBErrorMarker for ViewError {}

/// Why a transaction was refused. Nothing was changed.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum SubmitError {
    /// It is wrong whatever the state.
    #[error(transparent)]
    Transaction(#[from] TransactionError),
    #[error("nonce too low: next nonce {expected}, tx nonce {got}")]
    NonceTooLow { got: u64, expected: u64 },
    #[error("nonce too high: next nonce {expected}, tx nonce {got}, at most {max_gap} ahead")]
    NonceTooHigh { got: u64, expected: u64, max_gap: u64 },
    #[error("already known")]
    AlreadyKnown { hash: B256 },
    #[error(
        "a different transaction with nonce {nonce} is already waiting; the price is zero, so none can replace it"
    )]
    NonceTaken { nonce: u64, hash: B256 },
    #[error("insufficient funds: balance {balance}, value {value}")]
    InsufficientFunds {
        balance: alloy_primitives::U256,
        value: alloy_primitives::U256,
    },
    #[error("Transaction gas limit is {got} and exceeds block gas limit of {block}")]
    AboveBlock { got: u64, block: u64 },
    #[error("sender {0} is a contract (EIP-3607)")]
    SenderIsContract(Address),
    #[error("quota exceeded: {0}")]
    Quota(#[from] OverQuota),
    #[error("this account already has {max} transactions waiting; send the next when some of them are final")]
    AccountFull { max: usize },
    #[error("the pool is full ({max} transactions); try again later")]
    PoolFull { max: usize },
    #[error("the node cannot store the transaction ({0}); it was not accepted")]
    Storage(String),
    #[error("the node is stopping")]
    Stopping,
}

/// Read and submit access to a running node. Clones are cheap and share everything.
///
/// Usable from any async runtime. Reads answer from finalized and executed blocks only.
pub trait ChainView: Clone + Send + Sync + 'static {
    /// State after one block, for execution: `basic`, `code_by_hash`, `storage`, `block_hash`.
    ///
    /// Reads that miss the cache block on the disk: use it on a blocking thread (`spawn_blocking`), never on an async worker.
    type State: Database<Error = ViewError> + Send + 'static;

    fn network(&self) -> &NetworkInfo;

    /// What makes a transaction acceptable here.
    fn rules(&self) -> &TransactionRules;

    /// How much gas who may use in an epoch; `None` where nobody counts.
    fn quotas(&self) -> Option<&QuotaRules> {
        None
    }

    /// The latest finalized and executed block.
    fn tip(&self) -> Arc<SealedBlock>;

    /// The block that would be made now, for those who ask for `pending`: on a network no one can know, so it is the tip. Where
    /// it is not, [`ChainView::state`] has the state after it under its number.
    fn pending(&self) -> Result<Arc<SealedBlock>, ViewError> {
        Ok(self.tip())
    }

    /// The first block that this node keeps, besides the genesis block; 0 if it keeps all.
    fn first_block(&self) -> u64 {
        0
    }

    /// The epoch of the next block, and its validators; `None` where nobody votes.
    fn epoch(&self) -> Option<Now> {
        None
    }

    /// A block by number; `None` above the tip. One below [`Self::first_block`] is [`ViewError::NotKept`].
    fn block(&self, number: u64) -> Result<Option<Arc<SealedBlock>>, ViewError>;

    /// The number of a finalized block by its hash. The block itself need not be kept.
    fn block_number(&self, hash: B256) -> Result<Option<u64>, ViewError>;

    /// Block number and index of a finalized transaction.
    fn transaction(&self, hash: B256) -> Result<Option<(u64, usize)>, ViewError>;

    /// A transaction that is accepted but not yet finalized.
    fn pending_transaction(&self, hash: B256) -> Option<Recovered<TxEnvelope>>;

    /// Every transaction that is accepted but not yet finalized, by account in the order of nonces.
    fn waiting(&self) -> Vec<Waiting>;

    /// Certificate and headers down to the block; `None` above the tip.
    fn finality(&self, number: u64) -> Result<Option<Finality>, ViewError>;

    /// State after block `at`, which must be the tip or one of the [`STATE_WINDOW_BLOCKS`] before it.
    fn state(&self, at: u64) -> Result<Self::State, ViewError>;

    /// Proves an account and slots of it at the tip. At most [`MAX_PROVEN_SLOTS`] slots.
    fn prove(
        &self,
        address: Address,
        slots: &[B256],
    ) -> impl Future<Output = Result<StateProof, ViewError>> + Send;

    /// Checks, stores durably and pools a raw EIP-2718 transaction. It answers only once the transaction survives a crash.
    fn submit(&self, raw: Bytes) -> impl Future<Output = Result<B256, SubmitError>> + Send;

    /// The next nonce of an account, counting what waits without a gap.
    fn pending_nonce(&self, address: Address) -> impl Future<Output = Result<u64, ViewError>> + Send;

    /// Every finalized block from now on, in order. A receiver that lags loses the oldest and is told so.
    fn subscribe(&self) -> broadcast::Receiver<Arc<SealedBlock>>;

    /// Hashes of transactions as they are accepted.
    fn subscribe_pending(&self) -> broadcast::Receiver<B256>;
}

/// Most slots that one proof covers.
pub const MAX_PROVEN_SLOTS: usize = 64;
