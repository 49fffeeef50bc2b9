//! What a consent must say: its record, beyond that the chain has its hash, and no more than the service asks for.

use std::collections::HashSet;

use alloy_primitives::B256;
use serde_json::Value;
use zhengtong_services::{ConsentUse, Package};

use crate::store::ConsentRow;

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
    /// Whether a record consents to this, in the same words as the chain. The answer names the member that does not.
    ///
    /// # Errors
    /// The first member that is missing or says something else.
    pub fn allowed_by(&self, record: &Value, on_chain: &ConsentRow) -> Result<(), &'static str> {
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
        // Wallets that know of one kind alone say nothing.
        let once = match text("use") {
            Some("once") => true,
            Some("standing") => false,
            None if record["use"].is_null() => false,
            _ => return Err("use"),
        };
        if once != on_chain.once {
            return Err("use");
        }
        if record["until"].as_u64() != Some(on_chain.until_s) {
            return Err("until");
        }
        let granted = record["fields"].as_array().ok_or("fields")?;
        let granted: HashSet<_> = granted.iter().filter_map(Value::as_str).collect();
        let is_covered = self.fields.iter().all(|field| granted.contains(field.as_str()));
        is_covered.then_some(()).ok_or("fields")
    }
}

/// Whether a consent is one that the service may use: not a standing one where its package asks for one use alone.
pub fn within_declared(package: &Package, provider: &str, on_chain: &ConsentRow) -> bool {
    let declared = package.evidence().consent(package.rules().predicates(), provider);
    declared.is_none_or(|terms| terms.r#use != ConsentUse::Once || on_chain.once)
}
