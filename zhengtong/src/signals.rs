//! How a process is told to stop.

use anyhow::Result;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::signal::{
    ctrl_c,
    unix::{SignalKind, signal},
};

/// Whether the process was told to stop.
static IS_STOPPING: AtomicBool = AtomicBool::new(false);

/// Whether the process was told to stop: what fails from then on may fail for that alone.
pub fn is_stopping() -> bool {
    IS_STOPPING.load(Ordering::Relaxed)
}

/// Resolves on Ctrl-C or SIGTERM. Listens from now on, not from when it is awaited.
pub fn stopped() -> Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = ctrl_c() => {}
            _ = terminate.recv() => {}
        }
        IS_STOPPING.store(true, Ordering::Relaxed);
    })
}
