//! Bounds and sizes that several of the engine's parts share.

use commonware_consensus::types::ViewDelta;
use commonware_utils::{NZU16, NZUsize};
use std::{
    num::{NonZeroU16, NonZeroUsize},
    time::Duration,
};

/// Messages that wait for one actor.
pub const MAILBOX: NonZeroUsize = NZUsize!(1_024);
pub const PAGE_BYTES: NonZeroU16 = NZU16!(4_096);
pub const BUFFER_BYTES: NonZeroUsize = NZUsize!(1 << 18);
/// Views that are kept after the application processed a block.
pub const RETAINED_VIEWS: ViewDelta = ViewDelta::new(256);
/// How long a peer may take to answer.
pub const FETCH_TIMEOUT: Duration = Duration::from_secs(2);
/// How long to wait before another peer is asked.
pub const FETCH_RETRY: Duration = Duration::from_millis(200);
