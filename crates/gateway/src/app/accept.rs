//! Accepting a link: opened, signed by the case's key, and of a person whose identity is proven.

use alloy_primitives::B256;
use thiserror::Error;
use zhengtong_bindings::IDENTITY;
use zhengtong_credentials::{CredentialError, Expected, Jwk, KeyBinding, MAX_AHEAD_S, Presented};
use zhengtong_vault::{ResidentNumber, Subject, VaultError};

use super::delegation::{DelegationError, StoredDelegate};
use super::link::{Link, LinkError, Recipient, case_commitment};
use super::openid::TrustError;
use super::records::StoredLink;
use super::{App, AppError, IDENTITY_VCT, inner};
use crate::store::LinkRow;

/// The oldest proof of possession accepted with a link, in seconds.
pub const MAX_PRESENTATION_AGE_S: u64 = 600;
/// The most links that wait for their case to appear on the chain.
pub const MAX_WAITING_LINKS: i64 = 20_000;
/// How long such a link is kept, in milliseconds.
pub const WAITING_LINK_MS: u64 = 24 * 3600 * 1000;
/// How long it is known who was deleted, in seconds: longer than anything holds that they showed before.
pub const FORGOTTEN_KEPT_S: u64 = MAX_PRESENTATION_AGE_S + 2 * MAX_AHEAD_S;

/// Why a link was not accepted.
#[derive(Debug, Error)]
pub enum AcceptError {
    /// The link itself.
    #[error(transparent)]
    Link(#[from] LinkError),
    /// The identity credential shown.
    #[error("`presentation`: {0}")]
    Presentation(#[from] CredentialError),
    /// Its issuer may not prove identities, or does not stand by the key.
    #[error("`presentation`: not issued by an organisation that the Registry lets prove identities")]
    Issuer,
    /// The number it proves is none.
    #[error("`presentation`: the number it proves is not a resident number")]
    Number,
    /// Who acts for the person may not, or not in this.
    #[error("`delegation`: {0}")]
    Delegation(#[from] DelegationError),
    /// Another person than the one the case was opened for, or another form.
    #[error(
        "the number that `{0}` stands for, with `formCommitment`, does not give the commitment that the case was opened \
         with: a case is of one person and one form, the same for every agency"
    )]
    NotOfCase(&'static str),
    /// The form is not as the service asks.
    #[error("`form`: {0}")]
    FormInvalid(String),
    /// A different link was accepted before.
    #[error("this case is linked already, to something else")]
    Conflict,
    /// What was known of the case is gone for good.
    #[error(
        "what was kept of this case here was deleted, or has been kept long enough, and no link brings it back: apply again \
         with a new case"
    )]
    CaseForgotten,
    /// Somebody may have had it since before the deletion.
    #[error(
        "this was shown before everything about the person was deleted here, or hardly {MAX_AHEAD_S} seconds after it: if it \
         is still meant, send it again in two minutes, newly shown"
    )]
    BeforeDeletion,
    /// Too many links wait for cases that the chain does not have.
    #[error("too many links wait for their cases; try again later")]
    Busy,
    /// Inside.
    #[error(transparent)]
    App(#[from] AppError),
}

/// Whom an identity credential proves, by which key, and when its holder showed it. Personal: it cannot be printed.
pub(super) struct Shown {
    pub number: ResidentNumber,
    pub key: Jwk,
    pub at_s: u64,
}

/// Whose case a link is of, as far as it is shown. Personal: it cannot be printed.
#[derive(Default)]
struct Proven {
    number: Option<ResidentNumber>,
    delegate: Option<StoredDelegate>,
    shown_at_s: Option<u64>,
}

impl App {
    /// Accepts a link for a case; again with the same content, nothing changes.
    ///
    /// # Errors
    /// See [`AcceptError`].
    pub async fn accept_link(&self, case_id: B256, sealed: &[u8]) -> Result<(), AcceptError> {
        let result = self.accept(case_id, sealed).await;
        self.0
            .metrics
            .link(if result.is_ok() { "accepted" } else { "refused" });
        result
    }

    async fn accept(&self, case_id: B256, sealed: &[u8]) -> Result<(), AcceptError> {
        let recipient = Recipient {
            organisation: &self.organisation,
            key: &self.encryption,
            chain_id: self.chain.chain_id(),
            cases: self.contracts.cases,
        };
        let mut link = recipient.open(case_id, sealed)?;
        let Proven {
            number,
            delegate,
            shown_at_s,
        } = self.proven_person(&link).await?;
        let person = link
            .person
            .commitment(number.as_ref())
            .ok_or(AcceptError::Number)?;
        let commitment = case_commitment(person, link.form_commitment);
        let opened_with = self.store.opening_form(case_id).await.map_err(inner)?;
        if opened_with.is_some_and(|opened_with| opened_with != commitment) {
            let field = if number.is_some() {
                "presentation"
            } else {
                "personCommitment"
            };
            return Err(AcceptError::NotOfCase(field));
        }
        self.check_form(&link).await?;
        let mut known = self.store.link(case_id).await.map_err(inner)?;
        if let Some(row) = known.take_if(|row| opened_with.is_some_and(|opened_with| opened_with != row.form))
        {
            // It came before the case, and is not of it.
            self.remove_link(&row).await?;
        }
        let (mut stored, fresh) = match &known {
            // Rows outlive what was linked, and a link says nothing of when it was sealed.
            Some(row) => {
                let kept = self.stored_link(row).await?;
                (kept.ok_or(AcceptError::CaseForgotten)?, false)
            }
            None => (StoredLink::default(), true),
        };
        if fresh
            && opened_with.is_none()
            && self.store.waiting_links().await.map_err(inner)? >= MAX_WAITING_LINKS
        {
            return Err(AcceptError::Busy);
        }
        let mut subject = known.as_ref().map(|row| row.subject);
        if let (Some(number), Some(secret)) = (&number, &link.use_secret) {
            let (number_text, secret) = (number.expose(), hex::encode(secret.expose()));
            let same = |kept: &Option<String>, new: &str| kept.as_deref().is_none_or(|kept| kept == new);
            if !same(&stored.number, number_text) || !same(&stored.use_secret, &secret) {
                return Err(AcceptError::Conflict);
            }
            if stored.number.is_none() {
                // As it was first shown: what is on record of a use does not change afterwards.
                stored.evidence = std::mem::take(&mut link.evidence);
            }
            stored.number = Some(number_text.to_owned());
            stored.use_secret = Some(secret);
            // The last to link it acts in it: a person may take over what another opened for them.
            stored.delegate = delegate;
            subject = Some(self.vault.resident(number));
        }
        if stored.person.is_some_and(|kept| kept != person) && number.is_none() {
            return Err(AcceptError::Conflict);
        }
        stored.person = Some(person);
        if let Some(form) = link.form.take() {
            stored.form = Some(form.into());
            stored.holder = link.holder.as_ref().map(|holder| holder.to_value());
        }
        if link.consent.is_some() {
            stored.consent = link.consent.take();
        }
        let row = LinkRow {
            case_id,
            subject: subject.unwrap_or_else(|| self.vault.applicant(&case_id.0)),
            applicant: link.applicant,
            provider: stored.use_secret.is_some(),
            owner: stored.form.is_some(),
            form: commitment,
        };
        self.not_before_deletion(row.subject, shown_at_s).await?;
        // Whose link is here already has a key.
        let has_key = known.is_some_and(|known| known.subject == row.subject);
        match self.put_link(&row, &stored, has_key).await {
            Err(AppError::Vault(VaultError::Destroyed)) => return Err(AcceptError::CaseForgotten),
            other => other?,
        }
        self.not_during_deletion(row.subject, shown_at_s).await?;
        tracing::info!(case = %case_id, provider = row.provider, owner = row.owner, "link accepted");
        self.0.wake.notify_one();
        Ok(())
    }

    /// Refuses what was shown before somebody was deleted here, or perhaps before it: whoever shows something may have a
    /// clock that is ahead. What says nothing of when it was made is refused as long as the deletion is known.
    pub(super) async fn not_before_deletion(
        &self,
        subject: Subject,
        shown_at_s: Option<u64>,
    ) -> Result<(), AcceptError> {
        let forgotten_at_s = self.store.forgotten_at(subject).await.map_err(inner)?;
        let is_after = |at_s: u64| shown_at_s.is_some_and(|shown_at_s| shown_at_s > at_s + MAX_AHEAD_S);
        if forgotten_at_s.is_none_or(is_after) {
            Ok(())
        } else {
            Err(AcceptError::BeforeDeletion)
        }
    }

    /// The same of what is kept by now: a deletion that began in between may not have seen it, and is carried out again.
    pub(super) async fn not_during_deletion(
        &self,
        subject: Subject,
        shown_at_s: Option<u64>,
    ) -> Result<(), AcceptError> {
        let kept = self.not_before_deletion(subject, shown_at_s).await;
        if matches!(kept, Err(AcceptError::BeforeDeletion)) {
            self.books().forget_late(subject).await.map_err(inner)?;
        }
        kept
    }

    /// The resident number that the case is of, if one is shown, and who acts for them.
    async fn proven_person(&self, link: &Link) -> Result<Proven, AcceptError> {
        let Some(text) = &link.presentation else {
            return Ok(Proven::default());
        };
        let nonce = format!("{:#x}", link.case_id);
        let shown = self.identity_shown(text, self.for_me(&nonce)).await?;
        let shown_at_s = Some(shown.at_s);
        let (number, delegate) = match &link.delegation {
            None => (shown.number, None),
            Some(delegation) => {
                let shown = (shown.number, shown.key);
                let (person, delegate) = self.acting_for(link, delegation, shown).await?;
                (person, Some(delegate))
            }
        };
        Ok(Proven {
            number: Some(number),
            delegate,
            shown_at_s,
        })
    }

    /// The resident number that an identity credential proves, shown to this organisation with this challenge.
    pub(super) async fn number_shown(&self, text: &str, nonce: &str) -> Result<ResidentNumber, AcceptError> {
        Ok(self.identity_shown(text, self.for_me(nonce)).await?.number)
    }

    pub(super) fn for_me<'a>(&'a self, nonce: &'a str) -> KeyBinding<'a> {
        KeyBinding {
            audience: &self.organisation,
            nonce,
            max_age_s: MAX_PRESENTATION_AGE_S,
        }
    }

    /// What an identity credential proves.
    pub(super) async fn identity_shown(
        &self,
        text: &str,
        binding: KeyBinding<'_>,
    ) -> Result<Shown, AcceptError> {
        let presented = Presented::parse(text)?;
        let trusted = match self.trusted_issuer(&presented).await {
            Ok(trusted) if trusted.roles & IDENTITY != 0 => trusted,
            Ok(_) | Err(TrustError::Issuer | TrustError::Certificate(_)) => return Err(AcceptError::Issuer),
            Err(TrustError::Credential(error)) => return Err(error.into()),
            Err(TrustError::App(error)) => return Err(error.into()),
        };
        let verified = presented.verify(&Expected {
            issuer: &trusted.identifier,
            issuer_key: &trusted.key,
            vct: IDENTITY_VCT,
            now_s: self.clock.now_s(),
            binding: Some(binding),
        })?;
        let number = ResidentNumber::parse(verified.text("number")?).map_err(|_| AcceptError::Number)?;
        Ok(Shown {
            number,
            key: presented.claimed_holder()?,
            at_s: verified.proven_at_s().ok_or(AppError::Record("presentation"))?,
        })
    }

    /// The form against the package's schema, if the case is known already.
    async fn check_form(&self, link: &Link) -> Result<(), AcceptError> {
        let Some(form) = &link.form else { return Ok(()) };
        let Some(case) = self.store.case(link.case_id).await.map_err(inner)? else {
            return Ok(());
        };
        self.validate_form(case.service, case.version, &form.answers)
            .await
    }

    /// A form against the schema of its service's package, if the package is installed.
    pub(crate) async fn validate_form(
        &self,
        service: B256,
        version: u32,
        answers: &serde_json::Value,
    ) -> Result<(), AcceptError> {
        let Some(row) = self.store.service(service, version).await.map_err(inner)? else {
            return Ok(());
        };
        let Some(package) = self.package(row.package) else {
            return Ok(());
        };
        package.validate_form(answers).map_err(|errors| {
            let fields: Vec<_> = errors.iter().map(|error| error.field.as_str()).collect();
            AcceptError::FormInvalid(format!("not as the service asks: {}", fields.join(", ")))
        })
    }
}
