//! What an operator can set, and the limits of this chain.

use crate::engine::SyncStep;
use commonware_utils::NZUsize;
use std::{num::NonZeroUsize, sync::Arc, time::Duration};

/// Gas limit of every block.
pub const DEFAULT_BLOCK_GAS_LIMIT: u64 = 300_000_000;
/// How far a block's time may be ahead of a validator's clock before the validator refuses the block, in milliseconds.
pub const MAX_CLOCK_LEAD_MS: u64 = 10_000;
/// How far it may be ahead before the validator waits for its clock to catch up.
pub const CLOCK_TOLERANCE_MS: u64 = 500;

/// Fewest of the latest blocks that a node can be told to keep: well above the 256 that `BLOCKHASH` and a node that begins
/// near the tip ask for.
pub const MIN_KEPT_BLOCKS: u64 = 512;

/// Settings of the chain application. They do not change what is valid, except `block_gas_limit`, which the genesis fixes.
#[derive(Clone, Debug)]
pub struct Config {
    /// An empty block is proposed when nothing happened for this long. Must be below `leader_timeout`.
    pub heartbeat: Duration,
    /// How long validators wait for a leader's proposal.
    pub leader_timeout: Duration,
    /// A block of this many transactions is a busy one: more are on their way.
    pub busy_transactions: usize,
    /// How long after a busy block the next one is built at the earliest. What a block costs whatever is in it, signatures
    /// and syncs, is then shared by more transactions; who comes alone does not wait.
    pub busy_interval: Duration,
    /// Most transactions in a block that this validator proposes.
    pub max_block_transactions: usize,
    /// Limits of the pool.
    pub pool: PoolConfig,
    /// How a node without data gets to where the others are.
    pub sync: SyncMode,
    /// How many of the latest blocks are kept, at least [`MIN_KEPT_BLOCKS`]; all of them if absent.
    pub keep_blocks: Option<u64>,
    /// How many pages of the state and of the engine's archives are kept in memory, 4 KiB each; all of it is taken at the
    /// start.
    pub cached_pages: NonZeroUsize,
    /// Who is told how far a sync is.
    pub report: Reporter,
}

/// How a node without data begins. One that has data goes on from it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SyncMode {
    /// Execute every block from the genesis on.
    #[default]
    Replay,
    /// Fetch the state of a certified block near the tip, and go on from there.
    State,
}

/// Is told how far a sync is. Silent by default.
#[derive(Clone, Default)]
pub struct Reporter(Option<Arc<dyn Fn(SyncStep) + Send + Sync>>);

impl Reporter {
    pub fn new(report: impl Fn(SyncStep) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(report)))
    }

    pub(crate) fn tell(&self, step: SyncStep) {
        tracing::info!(%step, "state sync");
        if let Some(report) = &self.0 {
            report(step);
        }
    }
}

impl std::fmt::Debug for Reporter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Reporter")
    }
}

/// Limits of the transaction pool.
#[derive(Clone, Debug)]
pub struct PoolConfig {
    /// Most waiting transactions.
    pub max_transactions: usize,
    /// Most bytes of waiting transactions.
    pub max_bytes: usize,
    /// Most waiting transactions of one account.
    pub max_per_account: usize,
    /// How far a nonce may be ahead of the account's next.
    pub max_nonce_gap: u64,
    /// Accounts that are not held to `max_per_account` (the demo accounts of `zhengtong dev`).
    pub unmetered: Vec<alloy_primitives::Address>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            heartbeat: Duration::from_secs(2),
            leader_timeout: Duration::from_secs(4),
            busy_transactions: 16,
            busy_interval: Duration::from_millis(80),
            max_block_transactions: 5_000,
            pool: PoolConfig::default(),
            sync: SyncMode::default(),
            keep_blocks: None,
            cached_pages: NZUsize!(8_192),
            report: Reporter::default(),
        }
    }
}

impl Default for PoolConfig {
    fn default() -> Self {
        Self {
            max_transactions: 50_000,
            max_bytes: 256 * 1024 * 1024,
            max_per_account: 256,
            max_nonce_gap: 256,
            unmetered: Vec::new(),
        }
    }
}
