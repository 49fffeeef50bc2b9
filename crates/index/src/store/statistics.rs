//! Counting cases, with small numbers held back.

use std::collections::BTreeMap;

use sqlx::Row;

use super::{
    Store, StoreError,
    value::{int, uint},
};
use crate::view::statistics::{ProviderStatistics, SMALLEST_COUNT, ServiceStatistics};

/// Counts of one service. `parts` sum to the number of cases opened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Counts {
    parts: [u64; PARTS],
    appealed: u64,
    decided: u64,
}

impl Counts {
    fn add(&mut self, other: &Counts) {
        for (sum, part) in self.parts.iter_mut().zip(other.parts) {
            *sum += part;
        }
        self.appealed += other.appealed;
        self.decided += other.decided;
    }
}

const PARTS: usize = 6;
const BY_RULE: usize = 0;
const APPROVED_BY_OFFICER: usize = 1;
const REFUSED_BY_OFFICER: usize = 2;
const IN_REVIEW: usize = 3;
const WAITING_FOR_APPLICANT: usize = 4;
const WAITING_FOR_FACTS: usize = 5;

impl Store {
    /// Statistics of all services together, and of every service that has cases.
    pub async fn statistics(&self) -> Result<(ServiceStatistics, Vec<ServiceStatistics>), StoreError> {
        let mut all = BTreeMap::<String, Counts>::new();
        let rows = sqlx::query(
            "SELECT c.service, c.status, COALESCE(d.outcome, ''), CASE WHEN COALESCE(d.officer, '') = '' THEN 0 ELSE 1 END, \
             CASE WHEN c.appeals > 0 THEN 1 ELSE 0 END, CASE WHEN c.decided_seconds >= 0 THEN 1 ELSE 0 END, COUNT(*) \
             FROM cases AS c LEFT JOIN decisions AS d ON d.case_id = c.id \
             AND d.seq = (SELECT MAX(e.seq) FROM decisions AS e WHERE e.case_id = c.id) GROUP BY 1, 2, 3, 4, 5, 6",
        )
        .fetch_all(&self.pool)
        .await?;
        for row in rows {
            let counts = all.entry(row.try_get(0)?).or_default();
            let (status, outcome): (String, String) = (row.try_get(1)?, row.try_get(2)?);
            let by_officer = integer(&row, 3)? != 0;
            let number = uint(integer(&row, 6)?);
            counts.parts[part(&status, &outcome, by_officer)] += number;
            if integer(&row, 4)? != 0 {
                counts.appealed += number;
            }
            if integer(&row, 5)? != 0 {
                counts.decided += number;
            }
        }
        let mut total = Counts::default();
        let mut services = Vec::with_capacity(all.len());
        for (service, counts) in all {
            total.add(&counts);
            let times = self.times(&service, counts.decided).await?;
            services.push(published(service, &counts, times));
        }
        let times = self.times("", total.decided).await?;
        Ok((published(String::new(), &total, times), services))
    }

    /// How often each provider used data.
    pub async fn provider_statistics(&self) -> Result<Vec<ProviderStatistics>, StoreError> {
        let rows = sqlx::query("SELECT provider, COUNT(*) FROM uses GROUP BY provider ORDER BY provider")
            .fetch_all(&self.pool)
            .await?;
        rows.iter()
            .map(|row| {
                Ok(ProviderStatistics {
                    provider: row.try_get(0)?,
                    uses: large(uint(row.try_get(1)?)),
                })
            })
            .collect()
    }

    /// Median and 90th percentile (nearest rank) from opening to the first decision; of every
    /// service when none is named.
    async fn times(&self, service: &str, decided: u64) -> Result<(Option<u64>, Option<u64>), StoreError> {
        if decided < SMALLEST_COUNT {
            return Ok((None, None));
        }
        let mut found = [None; 2];
        for (slot, percent) in found.iter_mut().zip([50, 90]) {
            let rank = (decided * percent).div_ceil(100).max(1) - 1;
            let seconds: Option<i64> = sqlx::query_scalar(
                "SELECT decided_seconds FROM cases WHERE ($1 = '' OR service = $1) AND decided_seconds >= 0 \
                 ORDER BY decided_seconds LIMIT 1 OFFSET $2",
            )
            .bind(service.to_owned())
            .bind(int(rank))
            .fetch_optional(&self.pool)
            .await?;
            *slot = seconds.map(uint);
        }
        Ok((found[0], found[1]))
    }
}

/// Literal numbers are 32-bit in PostgreSQL and 64-bit in SQLite.
fn integer(row: &sqlx::any::AnyRow, column: usize) -> Result<i64, StoreError> {
    match row.try_get::<i64, _>(column) {
        Ok(value) => Ok(value),
        Err(_) => Ok(row.try_get::<i32, _>(column)?.into()),
    }
}

fn part(status: &str, outcome: &str, by_officer: bool) -> usize {
    match (status, outcome, by_officer) {
        ("review", ..) => IN_REVIEW,
        ("supplement", ..) => WAITING_FOR_APPLICANT,
        (_, "approve", false) => BY_RULE,
        (_, "approve", true) => APPROVED_BY_OFFICER,
        (_, "refuse", _) => REFUSED_BY_OFFICER,
        _ => WAITING_FOR_FACTS,
    }
}

fn published(service: String, counts: &Counts, times: (Option<u64>, Option<u64>)) -> ServiceStatistics {
    let (median_seconds, p90_seconds) = times;
    let opened: u64 = counts.parts.iter().sum();
    let parts = hold_back(&counts.parts);
    ServiceStatistics {
        service,
        opened: large(opened),
        approved_by_rule: parts[BY_RULE],
        approved_by_officer: parts[APPROVED_BY_OFFICER],
        refused_by_officer: parts[REFUSED_BY_OFFICER],
        in_review: parts[IN_REVIEW],
        waiting_for_applicant: parts[WAITING_FOR_APPLICANT],
        waiting_for_facts: parts[WAITING_FOR_FACTS],
        appealed: large(counts.appealed),
        median_seconds,
        p90_seconds,
    }
}

/// The number, unless it is small. None is no secret.
fn large(count: u64) -> Option<u64> {
    (count == 0 || count >= SMALLEST_COUNT).then_some(count)
}

/// Holds back small parts, and a second one when a single one could be worked out from the sum.
fn hold_back(parts: &[u64; PARTS]) -> [Option<u64>; PARTS] {
    let mut shown = parts.map(large);
    if shown.iter().filter(|part| part.is_none()).count() == 1 {
        // The smallest part that is shown and not empty; an empty one only when there is no other.
        let second = (0..PARTS)
            .filter(|i| shown[*i].is_some())
            .min_by_key(|i| (parts[*i] == 0, parts[*i]));
        if let Some(second) = second {
            shown[second] = None;
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_counts_are_held_back() {
        assert_eq!(
            hold_back(&[9, 0, 2, 3, 0, 0]),
            [Some(9), Some(0), None, None, Some(0), Some(0)]
        );
    }

    #[test]
    fn a_single_small_count_hides_another() {
        assert_eq!(
            hold_back(&[9, 0, 2, 7, 0, 0]),
            [Some(9), Some(0), None, None, Some(0), Some(0)]
        );
        assert_eq!(hold_back(&[0, 0, 2, 0, 0, 0])[2], None);
        assert_eq!(
            hold_back(&[0, 0, 2, 0, 0, 0])
                .iter()
                .filter(|p| p.is_none())
                .count(),
            2
        );
    }

    #[test]
    fn large_counts_are_shown() {
        assert_eq!(
            hold_back(&[5, 6, 7, 8, 9, 0]),
            [Some(5), Some(6), Some(7), Some(8), Some(9), Some(0)]
        );
    }
}
