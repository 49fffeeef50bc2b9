//! The authority that keeps the register of guardians: issues the credential for terms, keeps for the child what was issued,
//! and ends it when the register changes or one of those concerned asks for it.

use alloy_primitives::{B256, keccak256};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use zeroize::Zeroize;
use zhengtong_credentials::{CredentialText, Jwk, MAX_STATUS_ENTRIES, NewCredential, Status, StatusEntry};
use zhengtong_vault::ResidentNumber;

use super::{
    CHILD_CLAIM, GUARDIAN_CLAIM, GUARDIANSHIP_VCT, GuardianshipError, KIND_CLAIM, TERMS_CLAIM, of_age_s,
};
use crate::app::clock::day_of;
use crate::app::delegation::{MAX_AHEAD_S, Role, Terms, parse};
use crate::app::link::canonical;
use crate::app::records::remove_guardianship;
use crate::app::{AcceptError, App, AppError, inner};
use crate::store::GuardianshipRow;

/// The most credentials in force for one child.
pub const MAX_LIVE_FOR_A_CHILD: i64 = 16;
/// How often one person may ask within [`REQUESTS_WINDOW_S`].
pub const MAX_REQUESTS: i64 = 30;
/// Seconds over which requests are counted.
const REQUESTS_WINDOW_S: u64 = 3600;
/// How many are held against the register at a time.
const MAX_CHECKED: i64 = 1_000;
/// How long after its end what was issued for a child is kept, in seconds: as long as links are (five years).
const KEPT_S: u64 = 1_826 * 86_400;
/// The place of a credential of guardianship in the status list is that of a decision with this number: no case has one.
const SEQ: u32 = 0;
/// Who ended it: the child, a guardian, or the register.
const BY_CHILD: &str = "child";
const BY_GUARDIAN: &str = "guardian";
const BY_REGISTER: &str = "register";

/// Who asks, about which child.
pub struct Shown<'a> {
    /// Their identity credential, shown to this organisation.
    pub presentation: &'a str,
    /// The challenge that it was shown with.
    pub nonce: &'a str,
    /// The child's number.
    pub number: &'a str,
}

/// What the vault keeps for the child, under the child's own key. Personal: no `Debug`, no `Clone`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StoredGuardianship {
    child: String,
    guardian: String,
    kind: String,
    terms: Value,
    issued_s: u64,
}

impl Drop for StoredGuardianship {
    fn drop(&mut self) {
        self.child.zeroize();
        self.guardian.zeroize();
    }
}

/// What was issued for a child, for those concerned. Personal: it cannot be printed.
pub struct FoundGuardianship {
    /// Hash of the terms.
    pub document: B256,
    /// The guardian's number.
    pub guardian: String,
    /// As what: `parent` or another word of the register.
    pub kind: String,
    /// The terms, as they were issued for.
    pub terms: Value,
    /// Unix seconds.
    pub issued_s: u64,
    /// When it was ended, unix seconds; 0: it was not.
    pub ended_s: u64,
    /// `child`, `guardian`, `register`, or empty.
    pub ended_by: String,
}

/// Somebody concerned with a child, who has proven that.
struct Concerned {
    child: ResidentNumber,
    person: ResidentNumber,
    key: Jwk,
    /// As what they are a guardian; `None`: they are the child.
    kind: Option<String>,
    /// When they showed who they are, unix seconds.
    shown_at_s: u64,
}

impl App {
    /// Issues the credential for a guardian's terms: its holder is the guardian whom the terms name.
    ///
    /// # Errors
    /// See [`GuardianshipError`].
    pub async fn issue_guardianship(
        &self,
        shown: &Shown<'_>,
        terms: &Value,
    ) -> Result<CredentialText, GuardianshipError> {
        let concerned = self.concerned(shown).await?;
        let read = parse(terms).map_err(GuardianshipError::Terms)?;
        self.may_be_confirmed(&read, &concerned)?;
        let kind = concerned.kind.ok_or(GuardianshipError::NotGuardian)?;
        let shown_at_s = Some(concerned.shown_at_s);
        let (document, now_s) = (keccak256(canonical(terms)), self.clock.now_s());
        let (child, guardian) = (&concerned.child, &concerned.person);
        let (subject, acting) = (self.vault.resident(child), self.vault.resident(guardian));
        for one in [subject, acting] {
            self.not_before_deletion(one, shown_at_s).await?;
        }
        let before = self.store.guardianship(document).await?;
        let is_of_another = |row: &GuardianshipRow| row.child != subject;
        if before.as_ref().is_some_and(is_of_another) {
            return Err(GuardianshipError::OtherChild);
        }
        if before.as_ref().is_some_and(|row| row.ended_s > 0) {
            return Err(GuardianshipError::Ended);
        }
        if before.is_none() && self.store.live_guardianships(subject, now_s).await? >= MAX_LIVE_FOR_A_CHILD {
            return Err(GuardianshipError::Full);
        }
        let place = self.store.credential_of(document, SEQ).await?;
        if place.status_index >= MAX_STATUS_ENTRIES {
            return Err(AppError::StatusListFull.into());
        }
        let stored = StoredGuardianship {
            child: child.expose().to_owned(),
            guardian: guardian.expose().to_owned(),
            kind: kind.clone(),
            terms: terms.clone(),
            issued_s: now_s,
        };
        // For the child first: nobody acts for them of which they could not learn here.
        self.put_guardianship(subject, document, &stored).await?;
        let row = GuardianshipRow {
            document,
            child: subject,
            guardian: acting,
            until_s: read.until,
            ended_s: 0,
            ended_by: String::new(),
        };
        self.store.put_guardianship(&row).await?;
        for one in [subject, acting] {
            let kept = self.not_during_deletion(one, shown_at_s).await;
            if matches!(kept, Err(AcceptError::BeforeDeletion)) {
                // The guardian's deletion does not reach the child's key.
                let removed = remove_guardianship(&self.vault, subject, document).await;
                removed.map_err(inner)?;
            }
            kept?;
        }
        // Somebody may have been quicker with the same terms.
        if self
            .store
            .guardianship(document)
            .await?
            .as_ref()
            .is_none_or(is_of_another)
        {
            return Err(GuardianshipError::OtherChild);
        }
        // The chain knows a list that has its place before anybody has it.
        self.anchor_statuses().await?;
        let text = |value: String| Value::String(value);
        let open = Map::from_iter([(TERMS_CLAIM.to_owned(), text(format!("{document:#x}")))]);
        let disclosable = [
            (CHILD_CLAIM, child.expose().to_owned()),
            (GUARDIAN_CLAIM, guardian.expose().to_owned()),
            (KIND_CLAIM, kind),
        ];
        let disclosable = disclosable.map(|(name, value)| (name.to_owned(), text(value)));
        let issued = self.issuer.issue(NewCredential {
            vct: GUARDIANSHIP_VCT.into(),
            issued_at_s: now_s,
            expires_at_s: read.until,
            holder: concerned.key,
            open,
            disclosable: Map::from_iter(disclosable),
            status: Some(StatusEntry {
                uri: self.status_uri(),
                index: place.status_index,
            }),
        })?;
        tracing::info!(%document, "guardianship confirmed");
        Ok(issued)
    }

    /// What was issued for a child, newest first: for the child, and for whoever is their guardian now.
    ///
    /// # Errors
    /// See [`GuardianshipError`].
    pub async fn find_guardianships(
        &self,
        shown: &Shown<'_>,
    ) -> Result<Vec<FoundGuardianship>, GuardianshipError> {
        let concerned = self.concerned(shown).await?;
        let subject = self.vault.resident(&concerned.child);
        let mut found = Vec::new();
        for row in self.store.guardianships_of(subject).await? {
            let Some(mut stored) = self.stored_guardianship(subject, row.document).await? else {
                continue;
            };
            found.push(FoundGuardianship {
                document: row.document,
                guardian: std::mem::take(&mut stored.guardian),
                kind: std::mem::take(&mut stored.kind),
                terms: stored.terms.take(),
                issued_s: stored.issued_s,
                ended_s: row.ended_s,
                ended_by: row.ended_by,
            });
        }
        Ok(found)
    }

    /// Ends what was issued for a child, at the word of the child or of whoever is their guardian now. Again, nothing changes.
    ///
    /// # Errors
    /// See [`GuardianshipError`].
    pub async fn end_guardianship(&self, shown: &Shown<'_>, document: B256) -> Result<(), GuardianshipError> {
        let concerned = self.concerned(shown).await?;
        let subject = self.vault.resident(&concerned.child);
        let row = self.store.guardianship(document).await?;
        row.filter(|row| row.child == subject)
            .ok_or(GuardianshipError::None)?;
        let by = if concerned.kind.is_some() {
            BY_GUARDIAN
        } else {
            BY_CHILD
        };
        Ok(self.revoke_guardianship(document, by).await?)
    }

    /// Ends what the register does not confirm any more, and brings the list of statuses on the chain up to date. Runs by
    /// itself; here for tests.
    ///
    /// # Errors
    /// The disk or the chain fails: what is missing comes with the next run.
    pub async fn hold_guardianships_against_register(&self) -> Result<(), AppError> {
        if !self.source.knows_guardians() {
            return Ok(());
        }
        let now_s = self.clock.now_s();
        for row in self.store.unchecked_guardianships(now_s, MAX_CHECKED).await? {
            self.store.note_guardianship_checked(row.document, now_s).await?;
            let is_confirmed = match self.stored_guardianship(row.child, row.document).await? {
                Some(stored) => self.is_registered_guardian(&stored).await,
                // The person was deleted here: nobody can be told of it any more.
                None => Some(false),
            };
            if is_confirmed == Some(false) {
                self.revoke_guardianship(row.document, BY_REGISTER).await?;
            }
        }
        for (subject, document) in self
            .store
            .drop_old_guardianships(now_s.saturating_sub(KEPT_S))
            .await?
        {
            remove_guardianship(&self.vault, subject, document).await?;
        }
        self.anchor_statuses().await
    }

    /// `None`: the register gives no answer, and nothing follows from that.
    async fn is_registered_guardian(&self, stored: &StoredGuardianship) -> Option<bool> {
        let number = |text: &str| ResidentNumber::parse(text).ok();
        let (child, guardian) = (number(&stored.child)?, number(&stored.guardian)?);
        let today = day_of(self.clock.now_s());
        match self.source.guardianship(&child, &guardian, today).await {
            Ok(kind) => Some(kind.is_some()),
            Err(error) => {
                tracing::error!(%error, "the register of guardians gave no answer");
                None
            }
        }
    }

    async fn revoke_guardianship(&self, document: B256, by: &'static str) -> Result<(), AppError> {
        self.store
            .end_guardianship(document, by, self.clock.now_s())
            .await?;
        self.revoke_place(document, SEQ, Status::Invalid).await?;
        tracing::info!(%document, by, "guardianship ended");
        Ok(())
    }

    /// Who asks: they show their identity to this organisation, and are the child, or a guardian of the child by the register.
    async fn concerned(&self, shown: &Shown<'_>) -> Result<Concerned, GuardianshipError> {
        if !self.source.knows_guardians() {
            return Err(GuardianshipError::NotHere);
        }
        let now_s = self.clock.now_s();
        let child = ResidentNumber::parse(shown.number)?;
        if !self.store.take_nonce(shown.nonce, now_s).await? {
            return Err(GuardianshipError::Nonce);
        }
        let binding = self.for_me(shown.nonce);
        let proof = self.identity_shown(shown.presentation, binding).await?;
        let (person, key, shown_at_s) = (proof.number, proof.key, proof.at_s);
        // Beside the attempts to prove this person's identity, which somebody else may make.
        let counted = format!("guardian/{}", self.vault.resident(&person).to_hex());
        let count = self
            .store
            .count_attempt(&counted, now_s, REQUESTS_WINDOW_S)
            .await?;
        if count > MAX_REQUESTS {
            return Err(GuardianshipError::TooMany);
        }
        let kind = if person.expose() == child.expose() {
            None
        } else {
            let kind = self.source.guardianship(&child, &person, day_of(now_s)).await?;
            Some(kind.ok_or(GuardianshipError::NotGuardian)?)
        };
        Ok(Concerned {
            child,
            person,
            key,
            kind,
            shown_at_s,
        })
    }

    /// Whether terms are those of a guardian that can be confirmed now: of whoever asks, and over before the child is of age.
    fn may_be_confirmed(&self, terms: &Terms, concerned: &Concerned) -> Result<(), GuardianshipError> {
        use crate::app::delegation::DelegationError as Wrong;
        let now_s = self.clock.now_s();
        if terms.role != Role::Guardian {
            return Err(GuardianshipError::Role);
        }
        if terms.chain_id != self.chain.chain_id() {
            return Err(GuardianshipError::Terms(Wrong::OtherNetwork));
        }
        if terms.delegate != concerned.key.thumbprint() {
            return Err(GuardianshipError::Terms(Wrong::OtherDelegate));
        }
        let (from_s, until_s) = (terms.from, terms.until);
        if now_s.saturating_add(MAX_AHEAD_S) < from_s {
            return Err(GuardianshipError::Terms(Wrong::NotYet { from_s }));
        }
        if now_s >= until_s {
            return Err(GuardianshipError::Terms(Wrong::Over { until_s }));
        }
        let of_age_s = of_age_s(&concerned.child);
        if until_s > of_age_s {
            return Err(GuardianshipError::OfAge { of_age_s });
        }
        Ok(())
    }
}
