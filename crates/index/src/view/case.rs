//! A case as the API shows it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::words::{Cause, Outcome, Status};

/// A case in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CaseSummary {
    pub id: String,
    /// Slug of the service.
    pub service: String,
    /// Version of the service when the case was opened.
    pub version: u32,
    pub status: Status,
    /// Why a person looks at it, while one does.
    pub cause: Option<Cause>,
    /// Unix seconds, like all times of a case.
    pub opened_at: u64,
    pub promised_by: u64,
    pub statutory_by: u64,
    /// Set after a decision: until when the applicant may appeal.
    pub appeal_by: Option<u64>,
    /// Set while the clocks stand still.
    pub paused_at: Option<u64>,
    /// An appeal holds the effect of the decision back.
    pub frozen: bool,
    pub escalated: bool,
    pub appeals: u32,
}

/// A case with everything that is public about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Case {
    #[serde(flatten)]
    pub summary: CaseSummary,
    /// Id of the rule set that decides.
    pub rule_set: String,
    /// Key of the case; a fresh one for every case.
    pub applicant: String,
    /// Commitment to the form.
    pub form: String,
    pub facts: Vec<Fact>,
    /// The last decision.
    pub decision: Option<Decision>,
    pub uses: Vec<UseRecord>,
    /// Every event of the case, in the order of the chain.
    pub events: Vec<EventRecord>,
    /// The last credential issued.
    pub credential: Option<CredentialRecord>,
}

/// Where a fact stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FactState {
    /// Asked of the source, not answered yet.
    Asked,
    Known,
    /// The source answered that it does not know.
    Unknown,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Fact {
    /// Slug of the predicate.
    pub predicate: String,
    /// Place of the predicate in the rule set.
    pub index: u8,
    /// Slug of the organisation that answers.
    pub provider: String,
    pub state: FactState,
    /// Set when the fact is known; yes is 1 and no is 0.
    pub value: Option<i32>,
    /// Tag of the use record under which the source looked.
    #[serde(rename = "use")]
    pub use_tag: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Decision {
    pub seq: u32,
    pub outcome: Outcome,
    /// The row of the rule set, from 0; null when no row led to it.
    pub row: Option<u8>,
    /// A month or once, as the service says.
    pub amount_fen: u64,
    /// Reason code.
    pub reason: String,
    /// Id of the statute.
    pub statute: String,
    /// Commitment to the officer's statement; zero when there is none.
    pub statement: String,
    /// Key of the officer; null when the rules decided.
    pub officer: Option<String>,
    /// Unix seconds.
    pub decided_at: u64,
    pub block_number: u64,
    pub tx_hash: String,
}

/// One use of personal data. Its details are readable by the person concerned alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UseRecord {
    pub tag: String,
    pub provider: String,
    pub consumer: String,
    /// Slug of the service.
    pub purpose: String,
    /// Id of a statute or of a consent.
    pub basis: String,
    /// Bits of the predicates asked.
    pub mask: u32,
    pub ciphertext: String,
    pub block_number: u64,
    pub tx_hash: String,
}

/// An event of the chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EventRecord {
    pub name: String,
    /// Place in the case, for the events of `Cases`.
    pub seq: Option<u32>,
    /// Name of the contract in the `Registry`.
    pub contract: String,
    /// The case, if it is about one.
    pub case_id: Option<String>,
    pub block_number: u64,
    /// Unix milliseconds.
    pub block_time_ms: u64,
    pub tx_hash: String,
    /// Index of the log in its block.
    pub log_index: u32,
    /// The event's arguments, by name.
    #[schema(value_type = Object)]
    pub args: serde_json::Value,
}

impl EventRecord {
    /// The event's id in the live streams: block and index of the log.
    pub fn id(&self) -> String {
        format!("{}-{}", self.block_number, self.log_index)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CredentialRecord {
    pub issuer: String,
    pub credential_type: String,
    pub credential_hash: String,
    pub status_index: u32,
    /// Unix seconds.
    pub issued_at: u64,
    pub block_number: u64,
    pub tx_hash: String,
}
