//! From an event to changes of rows: pure, without SQL, clock or network.
//!
//! To add an event: a variant in [`crate::event`], its decoding in [`crate::decode`], its changes
//! here, their SQL in [`crate::store`], and a test here.

#[cfg(test)]
mod tests;

use alloy_primitives::{Address, B256, Bytes};
use zhengtong_bindings::UNKNOWN;

use crate::{
    event::{Event, Service},
    words::{Cause, Outcome, Slug, Status},
};

/// Raised when the meaning of events changes; an index of another version is rebuilt.
pub const PROJECTION_VERSION: u32 = 2;

/// Where on the chain an event stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    pub block_number: u64,
    /// Time of the block in unix milliseconds.
    pub block_time_ms: u64,
    /// Index of the log in its block.
    pub log_index: u32,
    pub tx_hash: B256,
}

impl Place {
    /// Time of the block in unix seconds, as the contracts see it.
    pub fn seconds(&self) -> u64 {
        self.block_time_ms / 1_000
    }
}

/// One change of the read model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    Organisation {
        id: Slug,
        attester: Address,
        roles: u32,
        encryption_key: B256,
        name: String,
        gateway: String,
    },
    Officer {
        key: Address,
        organisation: Slug,
        active: bool,
    },
    Contract {
        name: Slug,
        at: Address,
    },
    Statute {
        id: B256,
        law: String,
        article: String,
        text_hash: B256,
        valid_from: u64,
        valid_to: u64,
    },
    /// The content is not in the event; the follower reads and checks it.
    RuleSet {
        id: B256,
        publisher: Address,
    },
    Service {
        id: Slug,
        version: u32,
        service: Service,
        published_at: u64,
    },
    ServiceActive {
        id: Slug,
        version: u32,
        active: bool,
    },
    Consent {
        id: B256,
        grantor: Address,
        provider: Slug,
        service: Slug,
        valid_to: u64,
        granted_at: u64,
        once: bool,
    },
    ConsentRevoked {
        id: B256,
        grantor: Address,
        revoked_at: u64,
    },
    Use {
        tag: B256,
        case_id: B256,
        provider: Slug,
        consumer: Slug,
        purpose: Slug,
        basis: B256,
        mask: u32,
        ciphertext: Bytes,
    },
    Case {
        id: B256,
        service: Slug,
        version: u32,
        rule_set: B256,
        applicant: Address,
        form: B256,
        opened_at: u64,
        promised_by: u64,
        statutory_by: u64,
    },
    FactAsked {
        case_id: B256,
        predicate: u8,
        provider: Slug,
    },
    /// `None`: the source does not know.
    FactAnswered {
        case_id: B256,
        predicate: u8,
        provider: Slug,
        value: Option<i32>,
        use_tag: B256,
    },
    Review {
        case_id: B256,
        cause: Cause,
    },
    Paused {
        case_id: B256,
        paused_at: u64,
    },
    Resumed {
        case_id: B256,
        form: B256,
        promised_by: u64,
        statutory_by: u64,
    },
    Decision {
        case_id: B256,
        seq: u32,
        service: Slug,
        outcome: Outcome,
        row: u8,
        amount_fen: u64,
        reason: Slug,
        statute: B256,
        statement: B256,
        officer: Option<Address>,
        decided_at: u64,
    },
    Outcome {
        case_id: B256,
        status: Status,
        appeal_by: u64,
        decided_at: u64,
    },
    Appeal {
        case_id: B256,
        promised_by: u64,
        statutory_by: u64,
    },
    Escalated {
        case_id: B256,
    },
    Closed {
        case_id: B256,
    },
    Credential {
        case_id: B256,
        credential_hash: B256,
        issuer: Slug,
        credential_type: Slug,
        status_index: u32,
        issued_at: u64,
    },
    StatusRoot {
        issuer: Slug,
        list: B256,
        root: B256,
        set_at: u64,
    },
}

/// An event that contradicts the contracts' rules. The index stops rather than guess.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProjectError {
    #[error("FactsAttested of case {case_id} carries {values} values for a mask of {bits} bits")]
    ValuesDoNotFitMask { case_id: B256, bits: u32, values: usize },
    #[error("Decided of case {case_id} carries the outcome \"review\", which is not a decision")]
    NotADecision { case_id: B256 },
}

/// What an event changes.
pub fn project(event: &Event, at: &Place) -> Result<Vec<Change>, ProjectError> {
    let change = match event.clone() {
        Event::OrganisationSet {
            id,
            attester,
            roles,
            encryption_key,
            name,
            gateway,
        } => Change::Organisation {
            id,
            attester,
            roles,
            encryption_key,
            name,
            gateway,
        },
        Event::OfficerSet {
            key,
            organisation,
            active,
        } => Change::Officer {
            key,
            organisation,
            active,
        },
        Event::ContractSet { name, at } => Change::Contract { name, at },
        Event::StatuteListed {
            id,
            law,
            article,
            text_hash,
            valid_from,
            valid_to,
        } => Change::Statute {
            id,
            law,
            article,
            text_hash,
            valid_from,
            valid_to,
        },
        Event::RuleSetPublished { id, publisher } => Change::RuleSet { id, publisher },
        Event::ServicePublished { id, version, service } => Change::Service {
            id,
            version,
            service,
            published_at: at.seconds(),
        },
        Event::ServiceActive { id, version, active } => Change::ServiceActive { id, version, active },
        Event::ConsentGranted {
            id,
            grantor,
            provider,
            service,
            until,
            once,
        } => Change::Consent {
            id,
            grantor,
            provider,
            service,
            valid_to: until,
            granted_at: at.seconds(),
            once,
        },
        Event::ConsentRevoked { id, grantor } => Change::ConsentRevoked {
            id,
            grantor,
            revoked_at: at.seconds(),
        },
        Event::Used {
            tag,
            case_id,
            provider,
            consumer,
            purpose,
            basis,
            mask,
            ciphertext,
        } => Change::Use {
            tag,
            case_id,
            provider,
            consumer,
            purpose,
            basis,
            mask,
            ciphertext,
        },
        Event::CaseOpened {
            id,
            seq: _,
            service,
            applicant,
            version,
            rule_set,
            form,
            promised_by,
            statutory_by,
        } => Change::Case {
            id,
            service,
            version,
            rule_set,
            applicant,
            form,
            opened_at: at.seconds(),
            promised_by,
            statutory_by,
        },
        Event::FactsRequested {
            id,
            seq: _,
            provider,
            mask,
        } => {
            return Ok(bits(mask)
                .map(|predicate| Change::FactAsked {
                    case_id: id,
                    predicate,
                    provider: provider.clone(),
                })
                .collect());
        }
        Event::FactsAttested {
            id,
            seq: _,
            provider,
            mask,
            values,
            use_tag,
        } => {
            return facts(id, provider, mask, &values, use_tag);
        }
        Event::ReviewRequested {
            id,
            seq: _,
            cause,
            row: _,
        } => Change::Review { case_id: id, cause },
        Event::SupplementRequested { id, .. } => Change::Paused {
            case_id: id,
            paused_at: at.seconds(),
        },
        Event::Supplemented {
            id,
            seq: _,
            form,
            promised_by,
            statutory_by,
        } => Change::Resumed {
            case_id: id,
            form,
            promised_by,
            statutory_by,
        },
        Event::Decided {
            id,
            seq,
            service,
            officer,
            outcome,
            row,
            amount_fen,
            reason,
            statute,
            statement,
            appeal_by,
        } => {
            let status = match outcome {
                Outcome::Approve => Status::Approved,
                Outcome::Refuse => Status::Refused,
                Outcome::Review => return Err(ProjectError::NotADecision { case_id: id }),
            };
            let decided_at = at.seconds();
            let officer = (!officer.is_zero()).then_some(officer);
            return Ok(vec![
                Change::Decision {
                    case_id: id,
                    seq,
                    service,
                    outcome,
                    row,
                    amount_fen,
                    reason,
                    statute,
                    statement,
                    officer,
                    decided_at,
                },
                Change::Outcome {
                    case_id: id,
                    status,
                    appeal_by,
                    decided_at,
                },
            ]);
        }
        Event::Appealed {
            id,
            seq: _,
            statement: _,
            promised_by,
            statutory_by,
        } => Change::Appeal {
            case_id: id,
            promised_by,
            statutory_by,
        },
        Event::Escalated { id, seq: _ } => Change::Escalated { case_id: id },
        Event::Closed { id, seq: _ } => Change::Closed { case_id: id },
        Event::CredentialIssued {
            case_id,
            issuer,
            credential_type,
            credential_hash,
            status_index,
        } => Change::Credential {
            case_id,
            credential_hash,
            issuer,
            credential_type,
            status_index,
            issued_at: at.seconds(),
        },
        Event::StatusRootSet { issuer, list, root } => Change::StatusRoot {
            issuer,
            list,
            root,
            set_at: at.seconds(),
        },
    };
    Ok(vec![change])
}

/// Values stand in the order of the mask's bits, lowest first.
fn facts(
    case_id: B256,
    provider: Slug,
    mask: u32,
    values: &[i32],
    use_tag: B256,
) -> Result<Vec<Change>, ProjectError> {
    if mask.count_ones() as usize != values.len() {
        return Err(ProjectError::ValuesDoNotFitMask {
            case_id,
            bits: mask.count_ones(),
            values: values.len(),
        });
    }
    Ok(bits(mask)
        .zip(values)
        .map(|(predicate, value)| Change::FactAnswered {
            case_id,
            predicate,
            provider: provider.clone(),
            value: (*value != UNKNOWN).then_some(*value),
            use_tag,
        })
        .collect())
}

/// The places of the set bits, lowest first.
pub fn bits(mask: u32) -> impl Iterator<Item = u8> {
    (0..32u8).filter(move |bit| mask >> bit & 1 == 1)
}
