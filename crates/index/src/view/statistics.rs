//! Open statistics: counts and times, never a person.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Counts under this number are not published. The chain itself is open and pseudonymous, and
/// anyone can count it; a table that says "one refusal" in a small place would still point at a
/// person, so we do not print one.
pub const SMALLEST_COUNT: u64 = 5;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Statistics {
    /// Block up to which it is counted.
    pub height: u64,
    /// Counts of 1 to `smallest_count` − 1 are null, and so is a second count where the first
    /// could be worked out from the others.
    pub smallest_count: u64,
    /// All services together; its `service` is empty.
    pub total: ServiceStatistics,
    pub services: Vec<ServiceStatistics>,
    pub providers: Vec<ProviderStatistics>,
}

/// How often an organisation used data it holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProviderStatistics {
    pub provider: String,
    /// Null: held back.
    pub uses: Option<u64>,
}

/// One service. The six counts after `opened` sum to it. Null: held back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ServiceStatistics {
    pub service: String,
    pub opened: Option<u64>,
    pub approved_by_rule: Option<u64>,
    pub approved_by_officer: Option<u64>,
    pub refused_by_officer: Option<u64>,
    pub in_review: Option<u64>,
    pub waiting_for_applicant: Option<u64>,
    pub waiting_for_facts: Option<u64>,
    /// Cases that were appealed, whatever their status.
    pub appealed: Option<u64>,
    /// From opening to the first decision; null under `smallest_count` decided cases.
    pub median_seconds: Option<u64>,
    pub p90_seconds: Option<u64>,
}
