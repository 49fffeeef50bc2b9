//! What is listed on the chain: organisations, statutes, rule sets; and the state of the process.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An institution listed in the `Registry`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Organisation {
    pub id: String,
    pub name: String,
    /// Bits: 1 provider, 2 decider, 4 identity, 8 issuer.
    pub roles: u32,
    pub attester: String,
    /// X25519 public key.
    pub encryption_key: String,
    pub gateway: String,
}

/// An article of law listed in `Statutes`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Statute {
    pub id: String,
    pub law: String,
    pub article: String,
    pub text_hash: String,
    /// Unix seconds.
    pub valid_from: u64,
    /// Unix seconds; null while it is open.
    pub valid_to: Option<u64>,
}

/// A rule set. `encoded` is its ABI encoding: its keccak256 is the id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RuleSetView {
    pub id: String,
    pub publisher: String,
    #[serde(flatten)]
    pub content: RuleSetJson,
    pub encoded: String,
}

/// The content of a rule set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RuleSetJson {
    pub predicates: Vec<PredicateJson>,
    pub rows: Vec<RowJson>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PredicateJson {
    pub id: String,
    pub provider: String,
    /// Id of a statute, or `keccak256("consent")`.
    pub basis: String,
    pub min: i32,
    pub max: i32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RowJson {
    /// Bits of the predicates that must be 1.
    pub true_mask: u32,
    /// Bits of the predicates that must be 0.
    pub false_mask: u32,
    pub brackets: Vec<BracketJson>,
    pub outcome: crate::words::Outcome,
    pub amount_fen: u64,
    pub reason: String,
    pub statute: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BracketJson {
    /// Place of the predicate.
    pub predicate: u8,
    pub min: i32,
    pub max: i32,
}

/// How the process does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Health {
    pub status: HealthStatus,
    pub chain: ChainHealth,
    pub index: IndexHealth,
    /// What is wrong, when something is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HealthStatus {
    Ok,
    /// The node does not answer, or its newest block is old.
    ChainStalled,
    /// The index is too far behind the node.
    IndexBehind,
    /// The index met something that must not happen, and stopped.
    IndexStopped,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChainHealth {
    /// Newest finalized block; null when the node does not answer.
    pub height: Option<u64>,
    /// Age of that block.
    pub age_ms: Option<u64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct IndexHealth {
    pub height: u64,
    /// Blocks between the index and the node; null when the node does not answer.
    pub lag_blocks: Option<u64>,
}
