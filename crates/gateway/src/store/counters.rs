//! Counters of use records: in each case from 0 up without a gap, so that the person's walk over the tags finds all.

use std::collections::{BTreeSet, HashMap};

use alloy_primitives::B256;
use sqlx::{AnyConnection, Row};
use zhengtong_vault::sql::{about, rows};

use super::{StoreError, hex, read, unsigned};

/// Which counters uses of some cases have.
#[derive(Default)]
pub struct Counters(HashMap<B256, BTreeSet<u32>>);

impl Counters {
    /// The smallest counter of a case that no use has.
    pub fn first_free(&self, case_id: B256) -> u32 {
        let taken = self.0.get(&case_id).into_iter().flatten();
        let gap = (0..).zip(taken).find(|(place, n)| place != *n);
        gap.map_or_else(
            || self.0.get(&case_id).map_or(0, |taken| taken.len() as u32),
            |(place, _)| place,
        )
    }

    /// Gives a counter to a use.
    pub fn take(&mut self, case_id: B256, n: u32) {
        self.0.entry(case_id).or_default().insert(n);
    }
}

/// The counters that uses of these cases have.
pub(super) async fn counters(db: &mut AnyConnection, cases: &[B256]) -> Result<Counters, StoreError> {
    let mut counters = Counters::default();
    if cases.is_empty() {
        return Ok(counters);
    }
    let places = rows(cases.len(), 1);
    let mut query = about(
        cases.len(),
        format!("SELECT case_id, n FROM uses WHERE case_id IN (VALUES {places})"),
    );
    for case_id in cases {
        query = query.bind(hex(case_id));
    }
    for row in query.fetch_all(db).await? {
        let case_id = read("case", &row.try_get::<String, _>(0)?)?;
        counters.take(case_id, unsigned("n", row.try_get(1)?)?);
    }
    Ok(counters)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_gap_is_free_and_each_case_counts_for_itself() {
        let (one, other) = (B256::repeat_byte(1), B256::repeat_byte(2));
        let mut counters = Counters::default();
        for (taken, free) in [(None, 0), (Some(0), 1), (Some(2), 1), (Some(1), 3), (Some(3), 4)] {
            if let Some(n) = taken {
                counters.take(one, n);
            }
            assert_eq!(counters.first_free(one), free, "after {taken:?}");
        }
        assert_eq!(counters.first_free(other), 0);
    }
}
