//! How a process is told to stop.

use anyhow::Result;
use tokio::signal::{
    ctrl_c,
    unix::{SignalKind, signal},
};

/// Resolves on Ctrl-C or SIGTERM. Listens from now on, not from when it is awaited.
pub fn stopped() -> Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = ctrl_c() => {}
            _ = terminate.recv() => {}
        }
    })
}
