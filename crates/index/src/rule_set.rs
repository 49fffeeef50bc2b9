//! Rule sets: read from the chain, and believed only when their bytes hash to their id.

use alloy_primitives::{B256, Bytes, keccak256};
use alloy_sol_types::SolValue;

use zhengtong_bindings::rules::IRules;

use crate::{
    view::chain::{BracketJson, PredicateJson, RowJson, RuleSetJson},
    words::{Outcome, Slug},
};

/// A checked rule set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleSetContent {
    /// [`RuleSetJson`] as text.
    pub json: String,
    /// `abi.encode(ruleSet)`; its keccak256 is the id.
    pub encoded: Bytes,
}

/// Why bytes are not the rule set of an id.
#[derive(Debug, thiserror::Error)]
pub enum RuleSetError {
    #[error("the bytes given for rule set {id} hash to {found}")]
    WrongHash { id: B256, found: B256 },
    #[error("rule set {id} cannot be decoded: {source}")]
    Malformed {
        id: B256,
        source: alloy_sol_types::Error,
    },
    #[error("rule set {id} has the unknown outcome {code}")]
    UnknownOutcome { id: B256, code: u8 },
    #[error("rule set {id} cannot be written as JSON: {source}")]
    Json { id: B256, source: serde_json::Error },
}

impl RuleSetContent {
    /// Checks that `encoded` is the rule set `id`, and reads it.
    pub fn check(id: B256, encoded: Bytes) -> Result<Self, RuleSetError> {
        let found = keccak256(&encoded);
        if found != id {
            return Err(RuleSetError::WrongHash { id, found });
        }
        let rules = IRules::RuleSet::abi_decode_validate(&encoded)
            .map_err(|source| RuleSetError::Malformed { id, source })?;
        let json =
            serde_json::to_string(&view(id, rules)?).map_err(|source| RuleSetError::Json { id, source })?;
        Ok(Self { json, encoded })
    }
}

fn view(id: B256, rules: IRules::RuleSet) -> Result<RuleSetJson, RuleSetError> {
    let predicates = rules
        .predicates
        .into_iter()
        .map(|predicate| PredicateJson {
            id: Slug::from(predicate.id).to_string(),
            provider: Slug::from(predicate.provider).to_string(),
            basis: format!("{:#x}", predicate.basis),
            min: predicate.min,
            max: predicate.max,
        })
        .collect();
    let rows = rules
        .rows
        .into_iter()
        .map(|row| row_view(id, row))
        .collect::<Result<_, _>>()?;
    Ok(RuleSetJson { predicates, rows })
}

fn row_view(id: B256, row: IRules::Row) -> Result<RowJson, RuleSetError> {
    Ok(RowJson {
        true_mask: row.trueMask,
        false_mask: row.falseMask,
        brackets: row
            .brackets
            .into_iter()
            .map(|bracket| BracketJson {
                predicate: bracket.predicate,
                min: bracket.min,
                max: bracket.max,
            })
            .collect(),
        outcome: Outcome::from_code(row.outcome).ok_or(RuleSetError::UnknownOutcome {
            id,
            code: row.outcome,
        })?,
        amount_fen: row.amountFen,
        reason: Slug::from(row.reason).to_string(),
        statute: format!("{:#x}", row.statute),
    })
}
