//! Time comes in as a parameter.

use std::time::{SystemTime, UNIX_EPOCH};

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone};

/// Tells the time.
pub trait Clock: Send + Sync + 'static {
    /// Unix milliseconds.
    fn now_ms(&self) -> u64;

    /// Unix seconds.
    fn now_s(&self) -> u64 {
        self.now_ms() / 1000
    }
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now_ms(&self) -> u64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    }
}

/// The civil day of a unix second in China (UTC+8 all year): the day of an application.
pub fn day_of(at_s: u64) -> Date {
    let instant = i64::try_from(at_s)
        .ok()
        .and_then(|s| Timestamp::from_second(s).ok())
        .unwrap_or(Timestamp::MAX);
    instant.to_zoned(TimeZone::fixed(Offset::constant(8))).date()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    #[test]
    fn the_day_begins_at_midnight_in_china() {
        // 2026-11-22T16:00:00Z is midnight of the 23rd at UTC+8.
        let midnight = 1_795_363_200;
        assert_eq!(super::day_of(midnight - 1), date(2026, 11, 22));
        assert_eq!(super::day_of(midnight), date(2026, 11, 23));
    }
}
