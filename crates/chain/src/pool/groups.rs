//! What comes together is done together.

use commonware_runtime::Clock;
use std::time::Duration;
use tokio::sync::mpsc;

/// Most in one group.
const GROUP: usize = 1_024;
/// A group of this many is a busy one: more are on their way.
pub const BUSY_GROUP: usize = 4;
/// How long the first of the next group waits for others after a busy one. What a group costs whatever is in it, the sync and
/// the waking of threads, is then shared by more; who comes alone does not wait.
pub const GATHER: Duration = Duration::from_millis(3);

/// A queue, group by group.
pub struct Groups<E, T> {
    clock: E,
    queue: mpsc::Receiver<T>,
    is_busy: bool,
}

impl<E: Clock, T> Groups<E, T> {
    pub fn new(clock: E, queue: mpsc::Receiver<T>) -> Self {
        Self {
            clock,
            queue,
            is_busy: false,
        }
    }

    /// Waits for the next group, which is not empty; `None` when nobody can send any more.
    pub async fn next(&mut self) -> Option<Vec<T>> {
        let mut group = Vec::new();
        if self.queue.recv_many(&mut group, GROUP).await == 0 {
            return None;
        }
        if self.is_busy {
            self.clock.sleep(GATHER).await;
            while group.len() < GROUP
                && let Ok(one) = self.queue.try_recv()
            {
                group.push(one);
            }
        }
        self.is_busy = group.len() >= BUSY_GROUP;
        Some(group)
    }
}
