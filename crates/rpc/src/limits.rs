//! Bounds on what one caller, one connection and all of them together may ask for.

use std::time::Duration;

/// Largest request in bytes. A transaction is at most 128 KiB, twice that in hexadecimal; state overrides can be larger.
pub const MAX_REQUEST_BYTES: u32 = 2 * 1024 * 1024;
/// Largest answer in bytes: a block of 4 MiB with its receipts, in hexadecimal.
pub const MAX_RESPONSE_BYTES: u32 = 160 * 1024 * 1024;
/// Most requests in one batch.
pub const MAX_BATCH: u32 = 500;
/// Most connections at once, HTTP and WebSocket together.
pub const MAX_CONNECTIONS: u32 = 2_000;
/// Most subscriptions on one connection.
pub const MAX_SUBSCRIPTIONS_PER_CONNECTION: u32 = 64;
/// Messages waiting for a slow WebSocket reader before its subscriptions pause.
pub const MAX_WAITING_MESSAGES: u32 = 256;
/// How often a WebSocket is asked whether it is still there.
pub const PING_INTERVAL: Duration = Duration::from_secs(30);

/// Most reads of blocks and proofs that run at once.
pub const MAX_READS: usize = 32;
/// Most calls and estimates that run at once.
pub const MAX_CALLS: usize = 8;
/// How long a request waits for its turn before it is told that the node is busy.
pub const MAX_WAIT: Duration = Duration::from_secs(10);

/// Most blocks that one log query covers.
pub const MAX_LOG_BLOCKS: u64 = 10_000;
/// Most logs in one answer.
pub const MAX_LOGS: usize = 10_000;
/// Most addresses, or alternatives for one topic, in a log filter.
pub const MAX_FILTER_TERMS: usize = 1_000;
/// Most filters that are installed at once.
pub const MAX_FILTERS: usize = 1_000;
/// A filter that is not asked for this long is forgotten.
pub const FILTER_LIFETIME: Duration = Duration::from_secs(5 * 60);
/// Hashes of accepted transactions that are remembered for filters.
pub const PENDING_LOG: usize = 8_192;

/// Most bytes of waiting transactions in one answer.
pub const MAX_POOL_BYTES: usize = 32 * 1024 * 1024;
/// Most blocks in one fee history.
pub const MAX_FEE_HISTORY: u64 = 1_024;
/// Most percentiles in one fee history.
pub const MAX_REWARD_PERCENTILES: usize = 100;
/// Most accounts and slots that one call overrides.
pub const MAX_OVERRIDES: usize = 4_096;
/// Most accounts whose slots one request reads, and most slots of all of them.
pub const MAX_STORAGE_VALUES: usize = 1_024;
/// Most blocks in one simulation, those that fill gaps included.
pub const MAX_SIMULATED_BLOCKS: u64 = 256;
/// Most bytes that the calls of one simulation return, together.
pub const MAX_SIMULATED_BYTES: usize = 32 * 1024 * 1024;
/// Most traces that are made at once. Each may take several times [`zhengtong_evm::MAX_TRACE_BYTES`] of memory.
pub const MAX_TRACES: usize = 2;
/// Most blocks that one `trace_filter` executes again.
pub const MAX_TRACED_BLOCKS: u64 = 100;
/// Most gas that the blocks of one `trace_filter` used.
pub const MAX_TRACED_GAS: u64 = 1_000_000_000;
/// Most traces in one answer of `trace_filter`.
pub const MAX_FOUND_TRACES: usize = 10_000;
/// How long `eth_sendRawTransactionSync` waits at most, and if no time is named.
pub const MAX_SYNC_WAIT: Duration = Duration::from_secs(30);
/// How long `zhengtong_getFinalizedBlock` waits for the next block at most: short, because a node that stops answers first.
pub const MAX_BLOCK_WAIT: Duration = Duration::from_millis(500);
