//! What comes together is done together.

use commonware_runtime::Clock;
use std::time::Duration;
use tokio::sync::mpsc;

/// A group of this many is a busy one: more are on their way.
pub const BUSY_GROUP: usize = 4;
/// How long the first of the next group waits for others after a busy one. What a group costs whatever is in it is then
/// shared by more; who comes alone does not wait.
pub const GATHER: Duration = Duration::from_millis(1);

/// A queue, group by group.
pub struct Groups<E, T> {
    clock: E,
    queue: mpsc::Receiver<T>,
    most: usize,
    is_busy: bool,
}

impl<E: Clock, T> Groups<E, T> {
    /// Groups of at most `most`. A full one waits for nobody.
    pub fn new(clock: E, queue: mpsc::Receiver<T>, most: usize) -> Self {
        Self {
            clock,
            queue,
            most,
            is_busy: false,
        }
    }

    /// Waits for the next group, which is not empty; `None` when nobody can send any more.
    pub async fn next(&mut self) -> Option<Vec<T>> {
        let mut group = Vec::new();
        if self.queue.recv_many(&mut group, self.most).await == 0 {
            return None;
        }
        if self.is_busy && group.len() < self.most {
            self.clock.sleep(GATHER).await;
            while group.len() < self.most
                && let Ok(one) = self.queue.try_recv()
            {
                group.push(one);
            }
        }
        self.is_busy = group.len() >= BUSY_GROUP;
        Some(group)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use commonware_runtime::{Runner as _, Supervisor as _, deterministic};

    #[test]
    fn a_full_group_waits_for_nobody_and_one_after_it_waits() {
        deterministic::Runner::default().start(async |context| {
            let (sender, queue) = mpsc::channel(64);
            for number in 0..2 * BUSY_GROUP + 1 {
                sender.try_send(number).expect("there is room");
            }
            let mut groups = Groups::new(context.child("groups"), queue, BUSY_GROUP);
            let began = context.current();
            assert_eq!(groups.next().await, Some((0..BUSY_GROUP).collect()));
            assert_eq!(groups.next().await, Some((BUSY_GROUP..2 * BUSY_GROUP).collect()));
            assert_eq!(context.current(), began);
            assert_eq!(groups.next().await, Some(vec![2 * BUSY_GROUP]));
            assert!(context.current().duration_since(began).expect("forwards") >= GATHER);
            drop(sender);
            assert_eq!(groups.next().await, None);
        });
    }
}
