//! What a consent record must say, beyond that the chain has its hash.

use std::collections::HashSet;

use alloy_primitives::B256;
use serde_json::Value;

/// What is about to be done with the data.
pub struct Purpose<'a> {
    /// In which case.
    pub case_id: B256,
    /// By whom: this organisation's slug.
    pub provider: &'a str,
    /// For which service, as a slug.
    pub service: &'a str,
    /// With which fields.
    pub fields: &'a [String],
}

impl Purpose<'_> {
    /// Whether a record consents to this. The answer names the member that does not.
    ///
    /// # Errors
    /// The first member that is missing or says something else.
    pub fn allowed_by(&self, record: &Value) -> Result<(), &'static str> {
        let text = |name: &str| record[name].as_str();
        if text("caseId").and_then(|id| id.parse().ok()) != Some(self.case_id) {
            return Err("caseId");
        }
        if text("provider") != Some(self.provider) {
            return Err("provider");
        }
        if text("service") != Some(self.service) {
            return Err("service");
        }
        let granted = record["fields"].as_array().ok_or("fields")?;
        let granted: HashSet<_> = granted.iter().filter_map(Value::as_str).collect();
        let is_covered = self.fields.iter().all(|field| granted.contains(field.as_str()));
        is_covered.then_some(()).ok_or("fields")
    }
}
