//! The time of blocks: a clock that can be moved, and the next block's time if it was set.

use std::{fmt, sync::Arc};
use thiserror::Error;

/// Latest time that a block can be given, in seconds since the Unix epoch: what follows it still fits.
pub const MAX_TIMESTAMP: u64 = i64::MAX as u64;

/// Seconds since the Unix epoch.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> u64 + Send + Sync>);

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Clock").field(&self.now()).finish()
    }
}

impl Clock {
    pub fn new(now: impl Fn() -> u64 + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    pub fn now(&self) -> u64 {
        (self.0)()
    }
}

/// Why the time is not moved so.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum TimeError {
    #[error("Timestamp {got} is lower than or equal to previous block's timestamp {parent}")]
    NotAfter { got: u64, parent: u64 },
    #[error("timestamp {0} is more than {MAX_TIMESTAMP}")]
    TooLate(u64),
}

/// When blocks are made.
#[derive(Clone, Copy, Debug, Default)]
pub struct Time {
    /// Seconds that this chain is ahead of its clock.
    offset: i64,
    /// Time of the next block.
    next: Option<u64>,
    /// Seconds from each block to the one after.
    interval: Option<u64>,
}

impl Time {
    /// The time of a block that is made now.
    pub fn of_next(&self, now: u64, parent: u64) -> u64 {
        let soonest = parent.saturating_add(1);
        match (self.next, self.interval) {
            (Some(next), _) => next,
            (None, Some(interval)) => parent.saturating_add(interval).max(soonest),
            (None, None) => now.saturating_add_signed(self.offset).max(soonest),
        }
        .min(MAX_TIMESTAMP)
    }

    /// The time of a block that is made right after its parent, `interval` seconds later or as far as blocks are apart.
    pub fn of_following(&self, parent: u64, interval: Option<u64>) -> u64 {
        let interval = interval.or(self.interval).unwrap_or(1).max(1);
        parent.saturating_add(interval).min(MAX_TIMESTAMP)
    }

    /// A block was made: from its time, time goes on.
    pub fn made(&mut self, now: u64, timestamp: u64) {
        if self.next.take().is_some() {
            self.move_to(now, timestamp);
        }
    }

    /// The chain's time is `timestamp` now.
    pub fn move_to(&mut self, now: u64, timestamp: u64) {
        self.offset = difference(timestamp, now);
    }

    /// Moves time ahead, and returns how far it is ahead of the clock in all, in seconds.
    pub fn increase(&mut self, seconds: u64) -> i64 {
        self.offset = self.offset.saturating_add_unsigned(seconds);
        self.offset
    }

    pub fn set_next(&mut self, timestamp: u64, parent: u64) -> Result<(), TimeError> {
        if timestamp <= parent {
            return Err(TimeError::NotAfter {
                got: timestamp,
                parent,
            });
        }
        if timestamp > MAX_TIMESTAMP {
            return Err(TimeError::TooLate(timestamp));
        }
        self.next = Some(timestamp);
        Ok(())
    }

    pub fn set_interval(&mut self, seconds: Option<u64>) -> bool {
        std::mem::replace(&mut self.interval, seconds).is_some()
    }

    /// The same time of the chain as it was `then`, at another time of the clock.
    pub fn continued(mut self, then: u64, now: u64) -> Self {
        self.offset = self.offset.saturating_sub(difference(now, then));
        self
    }
}

fn difference(left: u64, right: u64) -> i64 {
    let difference = i128::from(left) - i128::from(right);
    i64::try_from(difference).unwrap_or(if difference > 0 { i64::MAX } else { i64::MIN })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_after_its_parent_whatever_the_clock_says() {
        let time = Time::default();
        assert_eq!(time.of_next(100, 50), 100);
        assert_eq!(time.of_next(100, 100), 101);
        assert_eq!(time.of_next(10, 100), 101);
    }

    #[test]
    fn time_goes_on_from_a_time_that_was_set() {
        let mut time = Time::default();
        assert_eq!(
            time.set_next(100, 100),
            Err(TimeError::NotAfter {
                got: 100,
                parent: 100
            })
        );
        assert_eq!(time.set_next(u64::MAX, 100), Err(TimeError::TooLate(u64::MAX)));
        time.set_next(1_000, 100).expect("after its parent");
        assert_eq!(time.of_next(200, 100), 1_000);
        time.made(200, 1_000);
        assert_eq!(time.of_next(210, 1_000), 1_010);
        assert_eq!(time.increase(90), 890);
        assert_eq!(time.of_next(210, 1_000), 1_100);
        // Taken up again 40 seconds later, no time has passed on the chain.
        assert_eq!(time.continued(210, 250).of_next(250, 1_000), 1_100);
    }

    #[test]
    fn an_interval_is_between_blocks_and_not_on_the_clock() {
        let mut time = Time::default();
        assert!(!time.set_interval(Some(12)));
        assert_eq!(time.of_next(500, 100), 112);
        assert!(time.set_interval(None));
        assert_eq!(time.of_next(500, 100), 500);
    }
}
