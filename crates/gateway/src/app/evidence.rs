//! A credential of the wallet in place of this agency's records: what is checked before it may answer anything.
//!
//! The person shows it inside their sealed link, and the service's package says which of its claims lead to which answer
//! (`docs/decisions/0024-held-credentials-as-evidence.md`). Whatever is wrong with it, the answer is not yes and not no:
//! the agency answers from its own records, and the use record says why.

use alloy_primitives::B256;
use serde_json::Map;
use thiserror::Error;
use zhengtong_credentials::{CredentialError, Expected, KeyBinding, Presented, Verified};
use zhengtong_services::{Disclosure, Held, PERSON_CLAIM};
use zhengtong_vault::ResidentNumber;

use super::finalized_use::FinalizedUse;
use super::grounds::Issued;
use super::link::{ShownCredential, person_commitment};
use super::openid::{StatusError, TrustError};
use super::project::Ask;
use super::records::StoredLink;
use super::rule_sets::Questions;
use super::source::GateError;
use super::{App, AppError};

/// The oldest proof of possession accepted, in seconds: the case may come onto the chain, and a gateway back to life, some
/// time after the link was sealed. It is for one case anyway.
pub const MAX_EVIDENCE_AGE_S: u64 = 24 * 3600;
/// Claims that every credential has, and that say nothing about the person.
const TECHNICAL: [&str; 10] = [
    "iss", "iat", "nbf", "exp", "cnf", "vct", "status", "sub", "_sd", "_sd_alg",
];

/// What a credential answers to the predicates of one use. It is let out against the use's record, and in no other way.
pub(super) struct Evidence {
    case_id: B256,
    mask: u32,
    values: Vec<i32>,
}

/// Why a credential does not answer in place of this agency's records. Never carries what it says.
#[derive(Debug, Error)]
pub(super) enum Refusal {
    /// The credential, or the proof that the presenter holds its key.
    #[error(transparent)]
    Credential(#[from] CredentialError),
    /// Its issuer is not believed.
    #[error(transparent)]
    Trust(TrustError),
    /// Its issuer may not issue this type.
    #[error("its issuer may not issue this type")]
    Type,
    /// Revoked, suspended, or nobody knows.
    #[error(transparent)]
    Status(StatusError),
    /// It could never be revoked.
    #[error("it names no status list")]
    NoStatus,
    /// A claim that the package asks for is missing.
    #[error("`{0}` is not disclosed")]
    Undisclosed(String),
    /// It discloses what the package does not ask for.
    #[error("it discloses more than the service asks for")]
    TooMuch,
    /// Of somebody else than the applicant.
    #[error("it is of another person than the applicant")]
    OtherPerson,
    /// What it says does not settle the question.
    #[error("what it says does not settle the question")]
    Unsettled,
}

impl Refusal {
    /// What the person's use record says.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Credential(CredentialError::Expired { .. }) => "expired",
            Self::Credential(CredentialError::KeyBinding(_)) => "binding",
            Self::Credential(CredentialError::Signature { .. } | CredentialError::Disclosures) => "altered",
            Self::Credential(_) => "unreadable",
            Self::Trust(_) => "issuer",
            Self::Type => "type",
            Self::Status(StatusError::Revoked) => "revoked",
            Self::Status(StatusError::Suspended) => "suspended",
            Self::Status(_) | Self::NoStatus => "status",
            Self::Undisclosed(_) => "undisclosed",
            Self::TooMuch => "too-much",
            Self::OtherPerson => "other-person",
            Self::Unsettled => "unsettled",
        }
    }
}

impl Evidence {
    /// The answers, against the record of their use.
    ///
    /// # Errors
    /// The record is for something else.
    pub fn release(self, gate: FinalizedUse) -> Result<Vec<i32>, GateError> {
        let (recorded, asked) = (gate.case_id(), self.case_id);
        if recorded != asked {
            return Err(GateError::OtherCase { recorded, asked });
        }
        if gate.mask() != self.mask {
            let (recorded, asked) = (gate.mask(), self.mask);
            return Err(GateError::OtherMask { recorded, asked });
        }
        Ok(self.values)
    }
}

/// A credential that was shown, and what the package says of it.
#[derive(Clone, Copy)]
pub(super) struct Offered<'a> {
    pub held: &'a Held,
    pub shown: &'a ShownCredential,
}

impl App {
    /// The predicates of `mask` in the parts that are answered together: those that one shown credential may answer, for
    /// each credential, and the rest.
    pub(super) async fn by_evidence<'a>(
        &'a self,
        ask: &Ask,
        link: &'a StoredLink,
        questions: &Questions,
        mask: u32,
    ) -> Result<Vec<(u32, Option<Offered<'a>>)>, AppError> {
        if link.evidence.is_empty() {
            return Ok(vec![(mask, None)]);
        }
        let service = self.store.service(ask.service, ask.version).await?;
        let package = service.and_then(|service| self.package(service.package));
        let (mut parts, mut rest) = (Vec::new(), mask);
        let materials = package
            .into_iter()
            .flat_map(|package| &package.evidence().materials);
        for held in materials.flat_map(|material| &material.held) {
            let Some(shown) = link.evidence.iter().find(|shown| shown.vct == held.vct) else {
                continue;
            };
            let predicates = questions.predicates.iter().enumerate();
            let bits = predicates.filter(|(_, predicate)| held.answers(&predicate.id));
            let part = rest & bits.fold(0, |part, (index, _)| part | 1 << index);
            if part != 0 {
                parts.push((part, Some(Offered { held, shown })));
                rest &= !part;
            }
        }
        if rest != 0 {
            parts.push((rest, None));
        }
        Ok(parts)
    }

    /// Checks a shown credential: genuine, in force, of this person, shown by them to this organisation for this case, with
    /// the claims that were asked for and no others; and works out what it answers.
    pub(super) async fn examine(
        &self,
        ask: &Ask,
        offered: Offered<'_>,
        number: &ResidentNumber,
        (questions, mask): (&Questions, u32),
    ) -> Result<Result<Evidence, Refusal>, AppError> {
        match self.examined(ask, offered, number, (questions, mask)).await {
            Err(Refusal::Trust(TrustError::App(error)) | Refusal::Status(StatusError::App(error))) => {
                Err(error)
            }
            Err(Refusal::Status(StatusError::Trust(TrustError::App(error)))) => Err(error),
            other => Ok(other),
        }
    }

    /// Who issued a shown credential and until when, whether or not it is accepted; `None` unless its issuer is believed and
    /// signed it, and it is of this person: otherwise it would be anybody's word, or about somebody else.
    pub(super) async fn issued(
        &self,
        Offered { held, shown }: Offered<'_>,
        number: &ResidentNumber,
    ) -> Result<Option<Issued>, AppError> {
        let Ok(presented) = Presented::parse(&shown.presentation) else {
            return Ok(None);
        };
        let issuer = match self.trusted_issuer(&presented).await {
            Ok(issuer) => issuer,
            Err(TrustError::App(error)) => return Err(error),
            Err(_) => return Ok(None),
        };
        let verify = |now_s| {
            presented.verify(&Expected {
                issuer: &issuer.identifier,
                issuer_key: &issuer.key,
                vct: &held.vct,
                now_s,
                binding: None,
            })
        };
        let verified = match verify(self.clock.now_s()) {
            // Its issuer signed it all the same.
            Err(CredentialError::Expired { expired_at_s }) => verify(expired_at_s.saturating_sub(1)),
            other => other,
        };
        let verified = verified
            .ok()
            .filter(|found| is_of(found, shown.person_salt, number));
        Ok(verified.map(|found| Issued {
            until_s: found.expires_at_s(),
            by: issuer.organisation.clone(),
        }))
    }

    async fn examined(
        &self,
        ask: &Ask,
        Offered { held, shown }: Offered<'_>,
        number: &ResidentNumber,
        (questions, mask): (&Questions, u32),
    ) -> Result<Evidence, Refusal> {
        let presented = Presented::parse(&shown.presentation)?;
        let issuer = self.trusted_issuer(&presented).await.map_err(Refusal::Trust)?;
        let verified = presented.verify(&Expected {
            issuer: &issuer.identifier,
            issuer_key: &issuer.key,
            vct: &held.vct,
            now_s: self.clock.now_s(),
            binding: Some(KeyBinding {
                audience: &self.organisation,
                nonce: &format!("{:#x}", ask.case_id),
                max_age_s: MAX_EVIDENCE_AGE_S,
            }),
        })?;
        let inside = |error| Refusal::Trust(TrustError::App(error));
        if !self.may_issue(&issuer, &held.vct).await.map_err(inside)? {
            return Err(Refusal::Type);
        }
        let reference = verified.status()?.ok_or(Refusal::NoStatus)?;
        self.require_valid(&issuer, &reference)
            .await
            .map_err(Refusal::Status)?;
        if let Some(name) = held.claims.iter().find(|name| verified.claim(name).is_none()) {
            return Err(Refusal::Undisclosed(name.clone()));
        }
        if verified
            .claims()
            .keys()
            .any(|name| !self.may_be_shown(held, name))
        {
            return Err(Refusal::TooMuch);
        }
        if !is_of(&verified, shown.person_salt, number) {
            return Err(Refusal::OtherPerson);
        }
        let claims: Map<_, _> = held
            .claims
            .iter()
            .filter_map(|name| Some((name.clone(), verified.claim(name)?.clone())))
            .collect();
        let predicates = questions.predicates.iter().enumerate();
        let asked = predicates.filter(|(index, _)| mask >> index & 1 == 1);
        let values = asked.map(|(_, predicate)| {
            held.answer(&predicate.id, &claims, ask.at_s)
                .filter(|value| (predicate.min..=predicate.max).contains(value))
        });
        Ok(Evidence {
            case_id: ask.case_id,
            mask,
            values: values.collect::<Option<_>>().ok_or(Refusal::Unsettled)?,
        })
    }

    /// What may be seen of a credential: what the package asks for, whose it is, and what is never hidden.
    fn may_be_shown(&self, held: &Held, name: &str) -> bool {
        let issued = self.packages.iter().map(|package| package.credential());
        let mut open = issued
            .filter(|issued| issued.vct == held.vct)
            .flat_map(|issued| &issued.claims)
            .filter(|claim| claim.disclosure == Disclosure::Always);
        TECHNICAL.contains(&name)
            || name == PERSON_CLAIM
            || held.claims.iter().any(|claim| claim == name)
            || open.any(|claim| claim.name == name)
    }
}

/// Whether a credential is of the person with this number: the issuer signed the commitment of the case that it was issued
/// in, and only the salt of that case and the person's number give it.
fn is_of(verified: &Verified, salt: B256, number: &ResidentNumber) -> bool {
    let signed = verified
        .text(PERSON_CLAIM)
        .ok()
        .and_then(|text| text.parse::<B256>().ok());
    signed == Some(person_commitment(salt, number))
}
