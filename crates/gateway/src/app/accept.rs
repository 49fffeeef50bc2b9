//! Accepting a link: opened, signed by the case's key, and of a person whose identity is proven.

use alloy_primitives::B256;
use thiserror::Error;
use zhengtong_bindings::IDENTITY;
use zhengtong_credentials::{CredentialError, Expected, Jwk, KeyBinding, Presented};
use zhengtong_vault::ResidentNumber;

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
    /// Too many links wait for cases that the chain does not have.
    #[error("too many links wait for their cases; try again later")]
    Busy,
    /// Inside.
    #[error(transparent)]
    App(#[from] AppError),
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
        let (number, delegate) = self.proven_person(&link).await?;
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
            Some(row) => (self.stored_link(row).await?.unwrap_or_default(), false),
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
        self.put_link(&row, &stored).await.map_err(inner)?;
        tracing::info!(case = %case_id, provider = row.provider, owner = row.owner, "link accepted");
        self.0.wake.notify_one();
        Ok(())
    }

    /// The resident number that the case is of, if one is shown, and who acts for them.
    async fn proven_person(
        &self,
        link: &Link,
    ) -> Result<(Option<ResidentNumber>, Option<StoredDelegate>), AcceptError> {
        let Some(text) = &link.presentation else {
            return Ok((None, None));
        };
        let nonce = format!("{:#x}", link.case_id);
        let shown = self.identity_shown(text, self.for_me(&nonce)).await?;
        let Some(delegation) = &link.delegation else {
            return Ok((Some(shown.0), None));
        };
        let (person, delegate) = self.acting_for(link, delegation, shown).await?;
        Ok((Some(person), Some(delegate)))
    }

    /// The resident number that an identity credential proves, shown to this organisation with this challenge.
    pub(super) async fn number_shown(&self, text: &str, nonce: &str) -> Result<ResidentNumber, AcceptError> {
        Ok(self.identity_shown(text, self.for_me(nonce)).await?.0)
    }

    pub(super) fn for_me<'a>(&'a self, nonce: &'a str) -> KeyBinding<'a> {
        KeyBinding {
            audience: &self.organisation,
            nonce,
            max_age_s: MAX_PRESENTATION_AGE_S,
        }
    }

    /// The resident number that an identity credential proves, and the key that it is bound to.
    pub(super) async fn identity_shown(
        &self,
        text: &str,
        binding: KeyBinding<'_>,
    ) -> Result<(ResidentNumber, Jwk), AcceptError> {
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
        Ok((number, presented.claimed_holder()?))
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
