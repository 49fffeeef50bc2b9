//! Reads that wait, for execution that cannot.

use crate::Key;
use futures::FutureExt as _;
use std::future::Future;
use thiserror::Error;
use zhengtong_evm::DBErrorMarker;

/// What a read does when its value is not in memory.
#[derive(Clone, Debug)]
pub enum Wait {
    /// Block this thread, which must not be an async worker.
    Block(tokio::runtime::Handle),
    /// Give up with [`ReadError::Pending`]; the caller awaits the key and tries again.
    Refuse,
}

/// Why state could not be read.
#[derive(Clone, Debug, Error)]
pub enum ReadError {
    #[error("the value is not in memory")]
    Pending(Key),
    #[error("storage failed: {0}")]
    Storage(String),
}

impl DBErrorMarker for ReadError {}

/// Finishes a read of `key` as `wait` says.
pub fn wait_for<T>(wait: &Wait, key: Key, read: impl Future<Output = T>) -> Result<T, ReadError> {
    match wait {
        Wait::Block(runtime) => Ok(runtime.block_on(read)),
        Wait::Refuse => read.now_or_never().ok_or(ReadError::Pending(key)),
    }
}
