//! The events of the contracts, with names instead of padded bytes.
//!
//! Serialised (`args` of the HTTP API) an event is an object with the fields below: hashes and
//! keys as lower-case hex, organisations, services and codes as slugs, times in unix seconds,
//! amounts in fen.

use alloy_primitives::{Address, B256, Bytes};
use serde::Serialize;

use crate::words::{Cause, Outcome, Slug};

/// One event of one of the contracts that the index follows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Event {
    // Registry
    OrganisationSet {
        id: Slug,
        attester: Address,
        roles: u32,
        encryption_key: B256,
        name: String,
        gateway: String,
    },
    OfficerSet {
        key: Address,
        organisation: Slug,
        active: bool,
    },
    ContractSet {
        name: Slug,
        at: Address,
    },
    // Statutes
    StatuteListed {
        id: B256,
        law: String,
        article: String,
        text_hash: B256,
        valid_from: u64,
        valid_to: u64,
    },
    // Rules
    RuleSetPublished {
        id: B256,
        publisher: Address,
    },
    // Services
    ServicePublished {
        id: Slug,
        version: u32,
        service: Service,
    },
    ServiceActive {
        id: Slug,
        version: u32,
        active: bool,
    },
    // Consents
    ConsentGranted {
        id: B256,
        grantor: Address,
        provider: Slug,
        service: Slug,
        until: u64,
        once: bool,
    },
    ConsentRevoked {
        id: B256,
        grantor: Address,
    },
    // Uses
    Used {
        tag: B256,
        case_id: B256,
        provider: Slug,
        consumer: Slug,
        purpose: Slug,
        basis: B256,
        mask: u32,
        ciphertext: Bytes,
    },
    // Cases
    CaseOpened {
        id: B256,
        seq: u32,
        service: Slug,
        applicant: Address,
        version: u32,
        rule_set: B256,
        form: B256,
        promised_by: u64,
        statutory_by: u64,
    },
    FactsRequested {
        id: B256,
        seq: u32,
        provider: Slug,
        mask: u32,
    },
    FactsAttested {
        id: B256,
        seq: u32,
        provider: Slug,
        mask: u32,
        values: Vec<i32>,
        #[serde(rename = "use")]
        use_tag: B256,
    },
    ReviewRequested {
        id: B256,
        seq: u32,
        cause: Cause,
        row: u8,
    },
    SupplementRequested {
        id: B256,
        seq: u32,
        officer: Address,
        defects: Vec<Slug>,
        statement: B256,
    },
    Supplemented {
        id: B256,
        seq: u32,
        form: B256,
        promised_by: u64,
        statutory_by: u64,
    },
    Decided {
        id: B256,
        seq: u32,
        service: Slug,
        officer: Address,
        outcome: Outcome,
        row: u8,
        amount_fen: u64,
        reason: Slug,
        statute: B256,
        statement: B256,
        appeal_by: u64,
    },
    Appealed {
        id: B256,
        seq: u32,
        statement: B256,
        promised_by: u64,
        statutory_by: u64,
    },
    Escalated {
        id: B256,
        seq: u32,
    },
    Closed {
        id: B256,
        seq: u32,
    },
    // Credentials
    CredentialIssued {
        case_id: B256,
        issuer: Slug,
        credential_type: Slug,
        credential_hash: B256,
        status_index: u32,
    },
    StatusRootSet {
        issuer: Slug,
        list: B256,
        root: B256,
    },
}

/// One version of a service as published on the chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Service {
    pub owner: Slug,
    pub sponsor: Slug,
    pub package_hash: B256,
    pub rule_set: B256,
    pub promised_seconds: u32,
    pub statutory_seconds: u32,
    pub appeal_seconds: u32,
    pub active: bool,
    pub credential_type: Slug,
    pub uri: String,
}

impl Event {
    /// The name of the event in the contract's interface.
    pub fn name(&self) -> &'static str {
        match self {
            Event::OrganisationSet { .. } => "OrganisationSet",
            Event::OfficerSet { .. } => "OfficerSet",
            Event::ContractSet { .. } => "ContractSet",
            Event::StatuteListed { .. } => "StatuteListed",
            Event::RuleSetPublished { .. } => "RuleSetPublished",
            Event::ServicePublished { .. } => "ServicePublished",
            Event::ServiceActive { .. } => "ServiceActive",
            Event::ConsentGranted { .. } => "ConsentGranted",
            Event::ConsentRevoked { .. } => "ConsentRevoked",
            Event::Used { .. } => "Used",
            Event::CaseOpened { .. } => "CaseOpened",
            Event::FactsRequested { .. } => "FactsRequested",
            Event::FactsAttested { .. } => "FactsAttested",
            Event::ReviewRequested { .. } => "ReviewRequested",
            Event::SupplementRequested { .. } => "SupplementRequested",
            Event::Supplemented { .. } => "Supplemented",
            Event::Decided { .. } => "Decided",
            Event::Appealed { .. } => "Appealed",
            Event::Escalated { .. } => "Escalated",
            Event::Closed { .. } => "Closed",
            Event::CredentialIssued { .. } => "CredentialIssued",
            Event::StatusRootSet { .. } => "StatusRootSet",
        }
    }

    /// The case that the event is about, if it is about one.
    pub fn case_id(&self) -> Option<B256> {
        match self {
            Event::Used { case_id, .. } | Event::CredentialIssued { case_id, .. } => Some(*case_id),
            _ => self.case_seq().map(|(id, _)| id),
        }
    }

    /// The case and the place of the event in it, for the events that `Cases` counts.
    pub fn case_seq(&self) -> Option<(B256, u32)> {
        match self {
            Event::CaseOpened { id, seq, .. }
            | Event::FactsRequested { id, seq, .. }
            | Event::FactsAttested { id, seq, .. }
            | Event::ReviewRequested { id, seq, .. }
            | Event::SupplementRequested { id, seq, .. }
            | Event::Supplemented { id, seq, .. }
            | Event::Decided { id, seq, .. }
            | Event::Appealed { id, seq, .. }
            | Event::Escalated { id, seq }
            | Event::Closed { id, seq } => Some((*id, *seq)),
            _ => None,
        }
    }
}
