//! One use of data at a time in each case: counters of use records are taken in order, and a refused one leaves no gap.

use std::collections::HashMap;
use std::sync::Arc;

use alloy_primitives::B256;
use parking_lot::Mutex;
use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};

/// Locks by case.
#[derive(Default)]
pub(crate) struct Locks(Mutex<HashMap<B256, Arc<AsyncMutex<()>>>>);

impl Locks {
    /// Waits until nobody else uses data in this case.
    pub async fn lock(&self, case_id: B256) -> OwnedMutexGuard<()> {
        let lock = {
            let mut locks = self.0.lock();
            locks.retain(|_, lock| Arc::strong_count(lock) > 1);
            locks.entry(case_id).or_default().clone()
        };
        lock.lock_owned().await
    }
}
