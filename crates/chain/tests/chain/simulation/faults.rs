//! What is wrong with one validator's machine: its clock, its disk, and when it stops.

use commonware_runtime::Error;
use parking_lot::Mutex;
use std::{
    future::pending,
    io::{Error as IoError, ErrorKind},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, SystemTime},
};

/// End of the partition that our own code writes; the engine's partitions have other ends.
const JOURNAL: &str = "-pool";

/// What is wrong with a machine. Nothing, at first.
#[derive(Debug)]
pub struct Faults {
    skew_ms: AtomicI64,
    read_ms: AtomicU64,
    sync_ms: AtomicU64,
    full: AtomicBool,
    /// End of the partitions whose syncs are only pretended.
    pretends: Mutex<Option<&'static str>>,
    /// Changes to the disk so far.
    changes: AtomicU64,
    stop_at: AtomicU64,
    stopped: AtomicBool,
}

impl Default for Faults {
    fn default() -> Self {
        Self {
            skew_ms: AtomicI64::new(0),
            read_ms: AtomicU64::new(0),
            sync_ms: AtomicU64::new(0),
            full: AtomicBool::new(false),
            pretends: Mutex::new(None),
            changes: AtomicU64::new(0),
            stop_at: AtomicU64::new(u64::MAX),
            stopped: AtomicBool::new(false),
        }
    }
}

impl Faults {
    /// Sets how much the clock is ahead of the true time, or behind it.
    pub fn skew(&self, by_ms: i64) {
        self.skew_ms.store(by_ms, Relaxed);
    }

    /// Sets how much longer every read and every sync takes.
    pub fn slow(&self, read_ms: u64, sync_ms: u64) {
        self.read_ms.store(read_ms, Relaxed);
        self.sync_ms.store(sync_ms, Relaxed);
    }

    /// Takes the room on the disk away, or gives it back. Our own code is told so; the engine stops at the first write that fails, and the machine with it.
    pub fn fill(&self, full: bool) {
        self.full.store(full, Relaxed);
    }

    /// Makes a sync of the partitions with this end answer before anything is durable.
    pub fn pretend(&self, partition_end: Option<&'static str>) {
        *self.pretends.lock() = partition_end;
    }

    /// Stops the machine at its n-th change to the disk from now.
    pub fn stop_after(&self, changes: u64) {
        self.stop_at.store(self.changes.load(Relaxed) + changes, Relaxed);
    }

    pub fn has_stopped(&self) -> bool {
        self.stopped.load(Relaxed)
    }

    /// Lets the machine run again.
    pub fn revive(&self) {
        self.stop_at.store(u64::MAX, Relaxed);
        self.stopped.store(false, Relaxed);
    }

    /// Makes everything as it should be from now on, but for the clock.
    pub fn repair(&self) {
        self.slow(0, 0);
        self.fill(false);
        self.pretend(None);
    }

    pub fn skewed(&self, time: SystemTime) -> SystemTime {
        let skew_ms = self.skew_ms.load(Relaxed);
        let by = Duration::from_millis(skew_ms.unsigned_abs());
        if skew_ms < 0 { time - by } else { time + by }
    }

    pub fn straight(&self, time: SystemTime) -> SystemTime {
        let skew_ms = self.skew_ms.load(Relaxed);
        let by = Duration::from_millis(skew_ms.unsigned_abs());
        if skew_ms < 0 { time + by } else { time - by }
    }

    /// How much longer a read takes.
    pub fn read_time(&self) -> Duration {
        Duration::from_millis(self.read_ms.load(Relaxed))
    }

    /// How much longer a sync takes.
    pub fn sync_time(&self) -> Duration {
        Duration::from_millis(self.sync_ms.load(Relaxed))
    }

    /// Whether syncs of this partition are only pretended.
    pub fn pretends(&self, partition: &str) -> bool {
        self.pretends.lock().is_some_and(|end| partition.ends_with(end))
    }

    /// Waits for ever if the machine has stopped.
    pub async fn alive(&self) {
        if self.has_stopped() {
            pending::<()>().await;
        }
    }

    /// Counts a change to the disk, and waits for ever if the machine stops at it or has stopped.
    pub async fn change(&self, partition: &str) -> Result<(), Error> {
        self.alive().await;
        let change = self.changes.fetch_add(1, Relaxed);
        let full = self.full.load(Relaxed);
        if change >= self.stop_at.load(Relaxed) || full && !partition.ends_with(JOURNAL) {
            self.stopped.store(true, Relaxed);
            pending::<()>().await;
        }
        if full {
            return Err(Error::Io(Arc::new(IoError::from(ErrorKind::StorageFull))));
        }
        Ok(())
    }
}
