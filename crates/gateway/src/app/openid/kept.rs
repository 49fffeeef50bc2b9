//! How long what wallets left behind is kept, and whose it is: nothing outlives its request, nor a deletion.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use zhengtong_credentials::Verified;
use zhengtong_vault::{Destroyed, ResidentNumber, Subject, Vault};

use super::{AskedCredential, OpenidError, TrustedIssuer};
use crate::app::deletion::{Books, DeletionError};
use crate::app::{App, AppError, IDENTITY_VCT};

impl App {
    /// Whose data a presentation is, as far as this organisation can tell: by the number that an identity credential shows,
    /// or by the case that it issued the credential in.
    pub(super) async fn subject_shown(
        &self,
        issuer: &TrustedIssuer,
        one: &AskedCredential,
        verified: &Verified,
    ) -> Result<Option<Subject>, AppError> {
        if one.vct == IDENTITY_VCT {
            let number = verified.claim("number").and_then(Value::as_str);
            let number = number.and_then(|text| ResidentNumber::parse(text).ok());
            return Ok(number.map(|number| self.vault.resident(&number)));
        }
        let Some(reference) = verified.status()?.filter(|_| issuer.id == self.me) else {
            return Ok(None);
        };
        match self.store.case_of_status(reference.index).await? {
            Some(case_id) => self.subject_of(case_id).await.map(Some),
            None => Ok(None),
        }
    }

    /// Removes what wallets left behind and is of no use any more, unless an order keeps it.
    ///
    /// # Errors
    /// The disk fails.
    pub async fn expire_openid(&self) -> Result<(), AppError> {
        let (now_s, books) = (self.clock.now_s(), self.books());
        let mut is_removed = false;
        for (id, subject) in self.store.expired_presentations(now_s).await? {
            if let Some(subject) = subject
                && books.standing_hold(subject).await?.is_some()
            {
                continue;
            }
            if let Ok(whose) = presentation_subject(&self.vault, &id) {
                self.vault.discard(whose).await?;
            }
            self.store.drop_wallet_request(&id).await?;
            is_removed = true;
        }
        self.store.forget_expired_openid(now_s).await?;
        if is_removed {
            self.vault.scrub().await?;
            self.store.scrub().await?;
        }
        Ok(())
    }
}

impl Books<'_> {
    /// Destroys the key of what came for a request, and removes it.
    pub(in crate::app) async fn drop_presentation(
        &self,
        id: &str,
    ) -> Result<Option<Destroyed>, DeletionError> {
        let Ok(whose) = presentation_subject(self.vault, id) else {
            return Ok(None);
        };
        let destroyed = self.vault.destroy(whose).await?;
        self.vault.purge(whose).await?;
        Ok(Some(destroyed))
    }
}

/// What a presentation is kept under: the request's own name, so that it goes with the request.
pub(super) fn presentation_subject(vault: &Vault, id: &str) -> Result<Subject, OpenidError> {
    let bytes = URL_SAFE_NO_PAD.decode(id).ok();
    let bytes: [u8; 32] = bytes
        .and_then(|bytes| bytes.try_into().ok())
        .ok_or(OpenidError::NotFound)?;
    Ok(vault.applicant(&bytes))
}
