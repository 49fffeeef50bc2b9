//! From a log of one of the contracts to an [`Event`].

#[cfg(test)]
mod tests;

use alloy_primitives::{B256, LogData};
use alloy_sol_types::SolEventInterface;
use zhengtong_bindings as abi;

use crate::{
    event::{Event, Service},
    words::{Cause, Outcome},
};

/// The contracts whose events the index knows, by their name in the `Registry`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Contract {
    Registry,
    Statutes,
    Rules,
    Services,
    Consents,
    Uses,
    Cases,
    Credentials,
}

impl Contract {
    /// Reads the name in the `Registry`; `None` for contracts that the index does not follow.
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "registry" => Self::Registry,
            "statutes" => Self::Statutes,
            "rules" => Self::Rules,
            "services" => Self::Services,
            "consents" => Self::Consents,
            "uses" => Self::Uses,
            "cases" => Self::Cases,
            "credentials" => Self::Credentials,
            _ => return None,
        })
    }

    /// The name in the `Registry`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Registry => "registry",
            Self::Statutes => "statutes",
            Self::Rules => "rules",
            Self::Services => "services",
            Self::Consents => "consents",
            Self::Uses => "uses",
            Self::Cases => "cases",
            Self::Credentials => "credentials",
        }
    }
}

/// A log of a known contract that is not what its interface says.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    #[error("a log of {contract} with topic {topic} is not what the contract's interface says: {source}")]
    Malformed {
        contract: &'static str,
        topic: B256,
        source: Box<alloy_sol_types::Error>,
    },
    #[error("a log of {contract} carries the unknown {what} {code}")]
    UnknownCode {
        contract: &'static str,
        what: &'static str,
        code: u8,
    },
}

/// Decodes a log. `None`: an event that the index does not know, of a later version of the contract.
pub fn decode(contract: Contract, log: &LogData) -> Result<Option<Event>, DecodeError> {
    match contract {
        Contract::Registry => known(
            contract,
            log,
            abi::registry::Registry::RegistryEvents::SELECTORS,
            registry,
        ),
        Contract::Statutes => known(
            contract,
            log,
            abi::statutes::Statutes::StatutesEvents::SELECTORS,
            statutes,
        ),
        Contract::Rules => known(contract, log, abi::rules::Rules::RulesEvents::SELECTORS, rules),
        Contract::Services => known(
            contract,
            log,
            abi::services::Services::ServicesEvents::SELECTORS,
            services,
        ),
        Contract::Consents => known(
            contract,
            log,
            abi::consents::Consents::ConsentsEvents::SELECTORS,
            consents,
        ),
        Contract::Uses => known(contract, log, abi::uses::Uses::UsesEvents::SELECTORS, uses),
        Contract::Cases => known(contract, log, abi::cases::Cases::CasesEvents::SELECTORS, cases),
        Contract::Credentials => known(
            contract,
            log,
            abi::credentials::Credentials::CredentialsEvents::SELECTORS,
            credentials,
        ),
    }
}

fn known<E: SolEventInterface>(
    contract: Contract,
    log: &LogData,
    selectors: &[[u8; 32]],
    read: fn(E) -> Result<Option<Event>, DecodeError>,
) -> Result<Option<Event>, DecodeError> {
    let Some(topic) = log.topics().first() else {
        return Ok(None);
    };
    if !selectors.contains(&topic.0) {
        return Ok(None);
    }
    E::decode_raw_log(log.topics(), &log.data)
        .map_err(|source| DecodeError::Malformed {
            contract: contract.as_str(),
            topic: *topic,
            source: Box::new(source),
        })
        .and_then(read)
}

fn registry(event: abi::registry::Registry::RegistryEvents) -> Result<Option<Event>, DecodeError> {
    use abi::registry::Registry::RegistryEvents as E;
    Ok(Some(match event {
        E::OrganisationSet(e) => Event::OrganisationSet {
            id: e.id.into(),
            attester: e.attester,
            roles: e.roles,
            encryption_key: e.encryptionKey,
            name: e.name,
            gateway: e.gateway,
        },
        E::OfficerSet(e) => Event::OfficerSet {
            key: e.key,
            organisation: e.organisation.into(),
            active: e.active,
        },
        E::ContractSet(e) => Event::ContractSet {
            name: e.name.into(),
            at: e.location,
        },
    }))
}

fn statutes(event: abi::statutes::Statutes::StatutesEvents) -> Result<Option<Event>, DecodeError> {
    let abi::statutes::Statutes::StatutesEvents::StatuteListed(e) = event;
    Ok(Some(Event::StatuteListed {
        id: e.id,
        law: e.law,
        article: e.article,
        text_hash: e.textHash,
        valid_from: e.validFrom,
        valid_to: e.validTo,
    }))
}

fn rules(event: abi::rules::Rules::RulesEvents) -> Result<Option<Event>, DecodeError> {
    let abi::rules::Rules::RulesEvents::RuleSetPublished(e) = event;
    Ok(Some(Event::RuleSetPublished {
        id: e.id,
        publisher: e.publisher,
    }))
}

fn services(event: abi::services::Services::ServicesEvents) -> Result<Option<Event>, DecodeError> {
    use abi::services::Services::ServicesEvents as E;
    Ok(Some(match event {
        E::ServicePublished(e) => Event::ServicePublished {
            id: e.id.into(),
            version: e.version,
            service: Service {
                owner: e.service.owner.into(),
                sponsor: e.service.sponsor.into(),
                package_hash: e.service.packageHash,
                rule_set: e.service.ruleSet,
                promised_seconds: e.service.promisedSeconds,
                statutory_seconds: e.service.statutorySeconds,
                appeal_seconds: e.service.appealSeconds,
                active: e.service.active,
                credential_type: e.service.credentialType.into(),
                uri: e.service.uri,
            },
        },
        E::ServiceActive(e) => Event::ServiceActive {
            id: e.id.into(),
            version: e.version,
            active: e.active,
        },
    }))
}

fn consents(event: abi::consents::Consents::ConsentsEvents) -> Result<Option<Event>, DecodeError> {
    use abi::consents::Consents::ConsentsEvents as E;
    Ok(Some(match event {
        E::ConsentGranted(e) => Event::ConsentGranted {
            id: e.id,
            grantor: e.grantor,
            provider: e.provider.into(),
            service: e.service.into(),
            until: e.until,
            once: e.once,
        },
        E::ConsentRevoked(e) => Event::ConsentRevoked {
            id: e.id,
            grantor: e.grantor,
        },
    }))
}

fn uses(event: abi::uses::Uses::UsesEvents) -> Result<Option<Event>, DecodeError> {
    let abi::uses::Uses::UsesEvents::Used(e) = event;
    Ok(Some(Event::Used {
        tag: e.tag,
        case_id: e.caseId,
        provider: e.provider.into(),
        consumer: e.consumer.into(),
        purpose: e.purpose.into(),
        basis: e.basis,
        mask: e.mask,
        ciphertext: e.ciphertext,
    }))
}

fn cases(event: abi::cases::Cases::CasesEvents) -> Result<Option<Event>, DecodeError> {
    use abi::cases::Cases::CasesEvents as E;
    Ok(Some(match event {
        E::CaseOpened(e) => Event::CaseOpened {
            id: e.id,
            seq: e.seq,
            service: e.service.into(),
            applicant: e.applicant,
            version: e.version,
            rule_set: e.ruleSet,
            form: e.form,
            promised_by: e.promisedBy,
            statutory_by: e.statutoryBy,
        },
        E::FactsRequested(e) => Event::FactsRequested {
            id: e.id,
            seq: e.seq,
            provider: e.provider.into(),
            mask: e.mask,
        },
        E::FactsAttested(e) => Event::FactsAttested {
            id: e.id,
            seq: e.seq,
            provider: e.provider.into(),
            mask: e.mask,
            values: e.values,
            use_tag: e.r#use,
        },
        E::ReviewRequested(e) => {
            let cause = Cause::from_code(e.cause).ok_or(unknown("cause", e.cause))?;
            Event::ReviewRequested {
                id: e.id,
                seq: e.seq,
                cause,
                row: e.row,
            }
        }
        E::SupplementRequested(e) => Event::SupplementRequested {
            id: e.id,
            seq: e.seq,
            officer: e.officer,
            defects: e.defects.into_iter().map(Into::into).collect(),
            statement: e.statement,
        },
        E::Supplemented(e) => Event::Supplemented {
            id: e.id,
            seq: e.seq,
            form: e.form,
            promised_by: e.promisedBy,
            statutory_by: e.statutoryBy,
        },
        E::Decided(e) => Event::Decided {
            id: e.id,
            seq: e.seq,
            service: e.service.into(),
            officer: e.officer,
            outcome: Outcome::from_code(e.outcome).ok_or(unknown("outcome", e.outcome))?,
            row: e.row,
            amount_fen: e.amountFen,
            reason: e.reason.into(),
            statute: e.statute,
            statement: e.statement,
            appeal_by: e.appealBy,
        },
        E::Appealed(e) => Event::Appealed {
            id: e.id,
            seq: e.seq,
            statement: e.statement,
            promised_by: e.promisedBy,
            statutory_by: e.statutoryBy,
        },
        E::Escalated(e) => Event::Escalated { id: e.id, seq: e.seq },
        E::Closed(e) => Event::Closed { id: e.id, seq: e.seq },
        // ERC-5267; it says nothing about a case.
        E::EIP712DomainChanged(_) => return Ok(None),
    }))
}

fn credentials(
    event: abi::credentials::Credentials::CredentialsEvents,
) -> Result<Option<Event>, DecodeError> {
    use abi::credentials::Credentials::CredentialsEvents as E;
    Ok(Some(match event {
        E::CredentialIssued(e) => Event::CredentialIssued {
            case_id: e.caseId,
            issuer: e.issuer.into(),
            credential_type: e.credentialType.into(),
            credential_hash: e.credentialHash,
            status_index: e.statusIndex,
        },
        // Whom credentials' keys are certified by; says nothing about a case.
        E::AnchorSet(_) => return Ok(None),
        E::StatusRootSet(e) => Event::StatusRootSet {
            issuer: e.issuer.into(),
            list: e.list,
            root: e.root,
        },
    }))
}

fn unknown(what: &'static str, code: u8) -> DecodeError {
    DecodeError::UnknownCode {
        contract: Contract::Cases.as_str(),
        what,
        code,
    }
}
