//! One person acting for another, as an agency checks it: `docs/decisions/0026-delegation.md`, and for a child
//! `docs/decisions/0027-guardians.md`.
//!
//! The terms are canonical JSON. Their hash is what the person's own key signed (the nonce of a presentation of their identity
//! credential to [`AUDIENCE`]), and what `Delegations` keeps under the delegation's key. A case belongs to a delegation if its
//! key is a leaf of the tree whose root the terms name: so the person, who made the tree, finds every case there can be.
//! For a child, who signs nothing, the authority that keeps the register of guardians confirms the terms in their place.

use alloy_primitives::{Address, B256, keccak256};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use thiserror::Error;
use zeroize::Zeroize;
use zhengtong_credentials::{CredentialError, Jwk, KeyBinding};
use zhengtong_vault::ResidentNumber;

use super::accept::MAX_PRESENTATION_AGE_S;
use super::guardianship::{Claimed, StoredConfirmation};
use super::link::{Link, canonical};
use super::project::{Ask, word};
use super::{AcceptError, App, AppError, inner};
use crate::store::{ACT_FOR_ANOTHER, RefusalRow};

/// Who a delegation is shown to. No organisation is called so: it is no slug.
pub const AUDIENCE: &str = "urn:zhengtong:delegation";
/// The longest a delegation can last, in seconds: a year and a day.
pub const MAX_DURATION_S: u64 = 366 * 86_400;
/// Cases that can be opened under one delegation: leaves of its tree.
pub const MAX_CASES: u32 = 64;
/// Hashes from a leaf to the root.
pub const TREE_DEPTH: usize = 6;
/// The most services in scope.
pub const MAX_SERVICES: usize = 32;
/// The most bytes of the terms.
const MAX_TERMS_BYTES: usize = 8 * 1024;
const TERMS_VERSION: u32 = 1;
/// How far a delegate's clock may be behind this one, in seconds.
pub(super) const MAX_AHEAD_S: u64 = 60;

/// As what somebody acts for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Whom the person chose.
    Carer,
    /// Whom the register of guardians names for a child.
    Guardian,
}

impl Role {
    /// Its word in records.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Carer => "carer",
            Self::Guardian => "guardian",
        }
    }
}

/// A delegation as a link shows it. Personal: it cannot be printed.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shown {
    terms: Value,
    /// Of a carer: the person's identity credential, shown to [`AUDIENCE`]. Of a guardian: their credential of guardianship,
    /// shown to this organisation for this case.
    presentation: String,
    place: Place,
}

impl Shown {
    /// The role that it claims; a carer's if it claims none that there is.
    fn role(&self) -> Role {
        let role = self.terms.get("role").cloned().unwrap_or_default();
        serde_json::from_value(role).unwrap_or(Role::Carer)
    }
}

impl Drop for Shown {
    fn drop(&mut self) {
        self.presentation.zeroize();
    }
}

/// Where in the tree the case's key is.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Place {
    index: u32,
    salt: B256,
    path: [B256; TREE_DEPTH],
}

impl Place {
    /// The root of the tree in which this key is at this place. A leaf hashes 52 bytes and a node 64: neither can be the other.
    fn root(&self, key: Address) -> Option<B256> {
        if self.index >= MAX_CASES {
            return None;
        }
        let leaf = keccak256([self.salt.as_slice(), key.as_slice()].concat());
        let climb = |below: B256, (level, beside): (usize, &B256)| {
            let is_right = self.index >> level & 1 == 1;
            let (left, right) = if is_right {
                (*beside, below)
            } else {
                (below, *beside)
            };
            keccak256([left.as_slice(), right.as_slice()].concat())
        };
        Some(self.path.iter().enumerate().fold(leaf, climb))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Terms {
    v: u32,
    /// Random: makes the hash of the terms tell nothing.
    #[expect(dead_code, reason = "must be there, and says nothing")]
    id: B256,
    pub chain_id: u64,
    key: Address,
    pub delegate: String,
    pub role: Role,
    services: Vec<String>,
    pub from: u64,
    pub until: u64,
    /// Root of the tree of case keys.
    cases: B256,
}

/// Who acted for the person, as the agency's file has it. Personal: no `Debug`, no `Clone`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StoredDelegate {
    pub role: Role,
    /// The delegate's resident number.
    pub number: String,
    pub key: Address,
    pub document: B256,
    pub services: Vec<String>,
    pub from_s: u64,
    pub until_s: u64,
    /// Of a guardian; absent in what was kept before there were guardians.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed: Option<StoredConfirmation>,
}

impl Drop for StoredDelegate {
    fn drop(&mut self) {
        self.number.zeroize();
    }
}

/// Why somebody may not act for another. Never carries personal data.
#[derive(Debug, Error)]
pub enum DelegationError {
    /// Not as agreed.
    #[error("its `{0}` is missing or has the wrong form")]
    Field(&'static str),
    /// Another chain's.
    #[error("it is of another network")]
    OtherNetwork,
    /// The person's identity credential, or their signature over the terms.
    #[error("the person's signed identity: {0}")]
    Identity(CredentialError),
    /// Its issuer may not prove identities.
    #[error(
        "the person's identity credential is not of an organisation that the Registry lets prove identities"
    )]
    Issuer,
    /// Made out to another wallet than the one that shows it.
    #[error("it is made out to somebody else")]
    OtherDelegate,
    /// The case's key is not of its tree.
    #[error("the case's key is not one of this delegation's")]
    NotItsCase,
    /// Longer than allowed, or over before it begins.
    #[error("it lasts {seconds} s; at least 1 and at most {MAX_DURATION_S} are allowed")]
    Duration {
        /// How long it lasts.
        seconds: u64,
    },
    /// Not begun.
    #[error("it begins at {from_s}")]
    NotYet {
        /// Unix seconds.
        from_s: u64,
    },
    /// Over.
    #[error("it was over at {until_s}")]
    Over {
        /// Unix seconds.
        until_s: u64,
    },
    /// The chain does not have it (yet).
    #[error("the chain has no such delegation in the blocks that this gateway has seen")]
    NotRegistered,
    /// One of the two ended it.
    #[error("it was ended")]
    Ended,
    /// For other services.
    #[error("it is not for this service")]
    Scope,
    /// The credential of guardianship, or the proof that its holder shows it.
    #[error("the credential of guardianship: {0}")]
    NotConfirmed(CredentialError),
    /// Its issuer may not confirm guardians.
    #[error(
        "the credential of guardianship is not of an organisation that the Registry lets confirm guardians"
    )]
    ConfirmedByOther,
    /// It confirms other terms.
    #[error("the credential of guardianship is for other terms")]
    OtherTerms,
    /// It names another guardian than the one who shows it.
    #[error("the credential of guardianship is another guardian's")]
    OtherGuardian,
    /// Who confirmed it does not any more.
    #[error("the authority that confirmed the guardian has revoked that")]
    Revoked,
    /// Whether it is revoked cannot be known now.
    #[error("whether the guardian is still confirmed cannot be known now; try again in a moment")]
    StatusUnknown,
    /// The child is of age.
    #[error("the person is of age since {of_age_s}: nobody is their guardian any more")]
    OfAge {
        /// Unix seconds.
        of_age_s: u64,
    },
}

impl DelegationError {
    /// A stable word for records and problems.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Field(_) => "malformed",
            Self::OtherNetwork => "other-network",
            Self::Identity(_) => "not-signed",
            Self::Issuer => "issuer",
            Self::OtherDelegate => "other-delegate",
            Self::NotItsCase => "not-its-case",
            Self::Duration { .. } => "duration",
            Self::NotYet { .. } => "not-yet",
            Self::Over { .. } => "over",
            Self::NotRegistered => "not-registered",
            Self::Ended => "ended",
            Self::Scope => "scope",
            Self::NotConfirmed(_) => "not-confirmed",
            Self::ConfirmedByOther => "confirmed-by-other",
            Self::OtherTerms => "other-terms",
            Self::OtherGuardian => "other-guardian",
            Self::Revoked => "revoked",
            Self::StatusUnknown => "status-unknown",
            Self::OfAge { .. } => "of-age",
        }
    }

    /// Whether asking again in a moment may help.
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::NotRegistered | Self::StatusUnknown)
    }
}

/// Reads terms, whatever their role.
pub(super) fn parse(value: &Value) -> Result<Terms, DelegationError> {
    let wrong = DelegationError::Field;
    if canonical(value).len() > MAX_TERMS_BYTES {
        return Err(wrong("terms"));
    }
    let terms: Terms = Deserialize::deserialize(value).map_err(|_| wrong("terms"))?;
    if terms.v != TERMS_VERSION {
        return Err(wrong("v"));
    }
    let are_slugs = terms
        .services
        .iter()
        .all(|service| zhengtong_bindings::parse_slug(service).is_ok());
    if terms.services.is_empty() || terms.services.len() > MAX_SERVICES || !are_slugs {
        return Err(wrong("services"));
    }
    let seconds = terms.until.saturating_sub(terms.from);
    if seconds == 0 || seconds > MAX_DURATION_S {
        return Err(DelegationError::Duration { seconds });
    }
    Ok(terms)
}

impl App {
    /// Whose case a link is of, and who acts for them, if somebody does: everything about the delegation is checked but the
    /// service, if the case is not known yet.
    pub(super) async fn acting_for(
        &self,
        link: &Link,
        shown: &Shown,
        delegate: (ResidentNumber, Jwk),
    ) -> Result<(ResidentNumber, StoredDelegate), AcceptError> {
        let found = self.checked_delegation(link, shown, delegate).await;
        if let Err(AcceptError::Delegation(error)) = &found {
            let row = self.refusal(link.case_id, shown.role(), error.word(), self.clock.now_ms());
            let unique = hex::encode(super::session::random()?);
            self.store.put_refusal(&row, &unique).await.map_err(inner)?;
        }
        found
    }

    async fn checked_delegation(
        &self,
        link: &Link,
        shown: &Shown,
        delegate: (ResidentNumber, Jwk),
    ) -> Result<(ResidentNumber, StoredDelegate), AcceptError> {
        let now_s = self.clock.now_s();
        let terms = parse(&shown.terms)?;
        if terms.chain_id != self.chain.chain_id() {
            return Err(DelegationError::OtherNetwork.into());
        }
        let document = keccak256(canonical(&shown.terms));
        let (person, confirmed) = match terms.role {
            Role::Carer => (self.giver(shown, document).await?, None),
            Role::Guardian => {
                let nonce = format!("{:#x}", link.case_id);
                let claimed = Claimed {
                    document,
                    guardian: (&delegate.0, &delegate.1),
                };
                let binding = self.for_me(&nonce);
                let (child, confirmed) = self
                    .guardianship_shown(&shown.presentation, binding, &claimed)
                    .await?;
                (child, Some(confirmed))
            }
        };
        let (number, key) = delegate;
        if key.thumbprint() != terms.delegate {
            return Err(DelegationError::OtherDelegate.into());
        }
        if shown.place.root(link.applicant) != Some(terms.cases) {
            return Err(DelegationError::NotItsCase.into());
        }
        let stored = StoredDelegate {
            role: terms.role,
            number: number.expose().to_owned(),
            key: terms.key,
            document,
            services: terms.services,
            from_s: terms.from,
            until_s: terms.until,
            confirmed,
        };
        self.still_acts(&stored, now_s).await?;
        if let Some(service) = self.store.opened_service(link.case_id).await.map_err(inner)? {
            in_scope(&stored, service)?;
        }
        Ok((person, stored))
    }

    /// Who signed a carer's terms.
    async fn giver(&self, shown: &Shown, document: B256) -> Result<ResidentNumber, AcceptError> {
        let nonce = format!("{document:#x}");
        let binding = KeyBinding {
            audience: AUDIENCE,
            nonce: &nonce,
            max_age_s: MAX_DURATION_S + MAX_PRESENTATION_AGE_S,
        };
        let person = self.identity_shown(&shown.presentation, binding).await;
        let person = person.map_err(|error| match error {
            AcceptError::Presentation(error) => DelegationError::Identity(error).into(),
            AcceptError::Issuer => DelegationError::Issuer.into(),
            other => other,
        })?;
        Ok(person.number)
    }

    /// Whether a delegation holds now, by its own words and by the last block that this gateway has seen.
    async fn still_acts(&self, delegate: &StoredDelegate, now_s: u64) -> Result<(), AcceptError> {
        let (from_s, until_s) = (delegate.from_s, delegate.until_s);
        if now_s.saturating_add(MAX_AHEAD_S) < from_s {
            return Err(DelegationError::NotYet { from_s }.into());
        }
        if now_s >= until_s {
            return Err(DelegationError::Over { until_s }.into());
        }
        let row = self.store.delegation(delegate.key).await.map_err(inner)?;
        let row = row.filter(|row| row.document == delegate.document);
        let row = row.ok_or(DelegationError::NotRegistered)?;
        if row.ended {
            return Err(DelegationError::Ended.into());
        }
        if now_s >= row.until_s {
            return Err(DelegationError::Over { until_s: row.until_s }.into());
        }
        match &delegate.confirmed {
            Some(confirmed) => self.still_confirmed(confirmed, now_s).await,
            None => Ok(()),
        }
    }

    /// Whether who opened a case may still act in it: asked before anything is put on record or read. A refusal is kept once
    /// for each ask.
    pub(super) async fn may_act(&self, delegate: &StoredDelegate, ask: &Ask) -> Result<bool, AppError> {
        let holds = match in_scope(delegate, ask.service) {
            Ok(()) => self.still_acts(delegate, self.clock.now_s()).await,
            Err(error) => Err(error.into()),
        };
        match holds {
            Ok(()) => Ok(true),
            Err(AcceptError::App(error)) => Err(error),
            // Nobody refused: it is looked at again.
            Err(AcceptError::Delegation(DelegationError::StatusUnknown)) => Ok(false),
            Err(AcceptError::Delegation(error)) => {
                let result = error.word();
                let of = keccak256(format!("{:#x}/{}", ask.case_id, ask.seq));
                let row = self.refusal(ask.case_id, delegate.role, result, ask.at_s * 1000);
                self.store.put_refusal(&row, &hex::encode(&of[..8])).await?;
                Ok(false)
            }
            Err(_) => Ok(false),
        }
    }

    fn refusal(&self, case_id: B256, role: Role, result: &'static str, at_ms: u64) -> RefusalRow {
        tracing::info!(case = %case_id, result, "acting for another refused");
        self.0.metrics.refusal(ACT_FOR_ANOTHER, result);
        RefusalRow {
            at_ms,
            who: role.as_str().to_owned(),
            agency: self.organisation.clone(),
            action: ACT_FOR_ANOTHER.to_owned(),
            resource: format!("{case_id:#x}"),
            purpose: String::new(),
            policies: String::new(),
            result: result.to_owned(),
        }
    }
}

fn in_scope(delegate: &StoredDelegate, service: B256) -> Result<(), DelegationError> {
    let service = word(service);
    let is_named = delegate.services.contains(&service);
    is_named.then_some(()).ok_or(DelegationError::Scope)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made by the portal.
    fn vector() -> Value {
        let all: Value =
            serde_json::from_str(include_str!("../../../../portal/src/wallet/vectors.json")).unwrap();
        all["delegation"].clone()
    }

    #[test]
    fn the_hash_of_terms_and_the_tree_of_cases_are_the_wallets() {
        let vector = vector();
        let terms = parse(&vector["terms"]).unwrap();
        let document = keccak256(canonical(&vector["terms"]));
        assert_eq!(document.to_string(), vector["document"].as_str().unwrap());
        let mut seen = 0;
        for case in vector["places"].as_array().unwrap() {
            let place: Place = Deserialize::deserialize(&case["place"]).unwrap();
            let key: Address = case["address"].as_str().unwrap().parse().unwrap();
            assert_eq!(place.root(key), Some(terms.cases));
            assert_ne!(place.root(Address::ZERO), Some(terms.cases));
            let beyond = Place {
                index: place.index + MAX_CASES,
                ..place
            };
            assert_eq!(beyond.root(key), None);
            seen += 1;
        }
        assert!(seen >= 3);
    }

    #[test]
    fn terms_that_are_not_as_agreed() {
        let good = vector()["terms"].clone();
        let with = |name: &str, value: Value| {
            let mut terms = good.clone();
            terms[name] = value;
            parse(&terms).err().map(|error| error.word())
        };
        let many: Vec<_> = (0..=MAX_SERVICES).map(|n| format!("service-{n}")).collect();
        let from = good["from"].as_u64().unwrap();
        assert_eq!(with("services", good["services"].clone()), None);
        assert_eq!(with("role", "guardian".into()), None);
        for (name, value, word) in [
            ("v", 2.into(), "malformed"),
            ("role", "parent".into(), "malformed"),
            ("services", Value::Array(Vec::new()), "malformed"),
            ("services", many.into(), "malformed"),
            ("services", vec!["Not A Slug"].into(), "malformed"),
            ("delegate", 1.into(), "malformed"),
            ("delegate", "x".repeat(MAX_TERMS_BYTES).into(), "malformed"),
            ("seed", "0x00".into(), "malformed"),
            ("until", from.into(), "duration"),
            ("until", 0.into(), "duration"),
            ("until", (from + MAX_DURATION_S + 1).into(), "duration"),
        ] {
            assert_eq!(with(name, value), Some(word), "{name}");
        }
    }
}
