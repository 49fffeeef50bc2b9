//! How often an agency's database may be asked for a record.

use std::collections::HashMap;

use parking_lot::Mutex;

const MINUTE_MS: u64 = 60_000;

/// Queries of the present minute, by record.
#[derive(Default)]
pub struct Budgets(Mutex<HashMap<String, (u64, u32)>>);

impl Budgets {
    /// Takes one query of a record's budget; `false` if the minute has none left.
    pub fn take(&self, record: &str, queries_a_minute: u32, now_ms: u64) -> bool {
        let minute = now_ms / MINUTE_MS;
        let mut used = self.0.lock();
        let (of, count) = used.entry(record.to_owned()).or_insert((minute, 0));
        if *of != minute {
            (*of, *count) = (minute, 0);
        }
        if *count >= queries_a_minute {
            return false;
        }
        *count += 1;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::Budgets;

    #[test]
    fn a_minutes_budget_is_spent_and_comes_back() {
        let budgets = Budgets::default();
        assert!(budgets.take("a", 2, 0) && budgets.take("a", 2, 59_999));
        assert!(!budgets.take("a", 2, 59_999));
        assert!(budgets.take("b", 2, 59_999), "each record has its own");
        assert!(budgets.take("a", 2, 60_000));
    }
}
