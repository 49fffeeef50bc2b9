//! How long and how often the client tries.

use std::time::Duration;

/// How long one request may take.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
/// How long connecting may take.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Largest request in bytes.
pub const MAX_REQUEST_BYTES: u32 = 2 * 1024 * 1024;
/// Largest answer in bytes: a full block with its receipts, in hexadecimal.
pub const MAX_RESPONSE_BYTES: u32 = 160 * 1024 * 1024;
/// Most requests at once to one node.
pub const MAX_CONCURRENT_REQUESTS: usize = 64;

/// Most nodes that one client knows.
pub const MAX_NODES: usize = 64;

/// How often a request is made to a node that cannot be reached. With the waits between, about half a minute: longer
/// than a node takes to start again.
pub const MAX_TRIES: u32 = 10;
/// The first wait between tries; it doubles up to [`MAX_RETRY_WAIT`].
pub const FIRST_RETRY_WAIT: Duration = Duration::from_millis(100);
/// The longest wait between tries.
pub const MAX_RETRY_WAIT: Duration = Duration::from_secs(5);

/// How often it is said again that no node answers.
pub const SAY_INTERVAL: Duration = Duration::from_secs(60);

/// How often a node is asked whether something became final.
pub const POLL_INTERVAL: Duration = Duration::from_millis(50);
/// How long a transaction may take to become final.
pub const FINAL_TIMEOUT: Duration = Duration::from_secs(120);
/// A transaction that is not final after this long is sent again, in case the node lost it.
pub const RESEND_INTERVAL: Duration = Duration::from_secs(10);

/// Blocks that [`crate::Client::follow`] fetches at once while it catches up.
pub const FOLLOW_WINDOW: u64 = 16;
/// How often an account looks up its nonce again when a node refuses a transaction.
pub const MAX_NONCE_TRIES: u32 = 5;
/// An estimate is raised by this part of itself: state may change before the transaction runs.
pub const GAS_MARGIN: u64 = 4;
