//! What an agency checks before it answers a guardian: when a case is linked, and again before anything is recorded or read.

use alloy_primitives::B256;
use serde::{Deserialize, Serialize};
use zhengtong_bindings::parse_slug;
use zhengtong_credentials::{CredentialError, Expected, Jwk, KeyBinding, Presented, StatusReference};
use zhengtong_vault::ResidentNumber;

use super::{CHILD_CLAIM, GUARDIAN_CLAIM, GUARDIANSHIP_VCT, TERMS_CLAIM, of_age_s};
use crate::app::delegation::DelegationError;
use crate::app::openid::{StatusError, TrustError, TrustedIssuer};
use crate::app::{AcceptError, App, inner};

/// What was confirmed about a guardian, to look whether it still holds. Says nothing of who.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StoredConfirmation {
    /// Who confirmed it: their slug in the `Registry`.
    issuer: String,
    /// What they call themselves.
    identifier: String,
    /// Where its status is kept.
    uri: String,
    index: u32,
    /// When it ends, unix seconds.
    expires_s: u64,
    /// When the child is of age, unix seconds.
    of_age_s: u64,
}

/// Who shows a credential of guardianship, for what.
pub(in crate::app) struct Claimed<'a> {
    /// Hash of the terms.
    pub document: B256,
    /// The number that they proved, and the key that this proof is bound to.
    pub guardian: (&'a ResidentNumber, &'a Jwk),
}

impl App {
    /// The child that a credential of guardianship names: genuine, issued by who may, in force, for exactly these terms, of
    /// exactly this guardian, whose key showed it now.
    pub(in crate::app) async fn guardianship_shown(
        &self,
        text: &str,
        binding: KeyBinding<'_>,
        claimed: &Claimed<'_>,
    ) -> Result<(ResidentNumber, StoredConfirmation), AcceptError> {
        let wrong = |error: CredentialError| AcceptError::from(DelegationError::NotConfirmed(error));
        let presented = Presented::parse(text).map_err(wrong)?;
        let issuer = match self.trusted_issuer(&presented).await {
            Ok(issuer) => issuer,
            Err(TrustError::Issuer | TrustError::Certificate(_)) => {
                return Err(DelegationError::ConfirmedByOther.into());
            }
            Err(TrustError::Credential(error)) => return Err(wrong(error)),
            Err(TrustError::App(error)) => return Err(error.into()),
        };
        if !self.may_issue(&issuer, GUARDIANSHIP_VCT).await? {
            return Err(DelegationError::ConfirmedByOther.into());
        }
        let expected = Expected {
            issuer: &issuer.identifier,
            issuer_key: &issuer.key,
            vct: GUARDIANSHIP_VCT,
            now_s: self.clock.now_s(),
            binding: Some(binding),
        };
        let verified = presented.verify(&expected).map_err(wrong)?;
        let signed = verified.text(TERMS_CLAIM).map_err(wrong)?.parse::<B256>();
        if signed.ok() != Some(claimed.document) {
            return Err(DelegationError::OtherTerms.into());
        }
        let (number, key) = claimed.guardian;
        let is_theirs = presented.claimed_holder().map_err(wrong)?.thumbprint() == key.thumbprint();
        if !is_theirs || verified.text(GUARDIAN_CLAIM).map_err(wrong)? != number.expose() {
            return Err(DelegationError::OtherGuardian.into());
        }
        let malformed = |claim| wrong(CredentialError::Claim(claim));
        let child = verified.text(CHILD_CLAIM).map_err(wrong)?;
        let child = ResidentNumber::parse(child).map_err(|_| malformed(CHILD_CLAIM))?;
        let StatusReference { uri, index } = verified
            .status()
            .map_err(wrong)?
            .ok_or_else(|| malformed("status"))?;
        let expires = verified.claim("exp").and_then(serde_json::Value::as_u64);
        let confirmation = StoredConfirmation {
            issuer: issuer.organisation,
            identifier: issuer.identifier,
            uri,
            index,
            expires_s: expires.ok_or_else(|| malformed("exp"))?,
            of_age_s: of_age_s(&child),
        };
        Ok((child, confirmation))
    }

    /// Whether a guardian is still confirmed: the child is not of age, who issued it may, and has not revoked it.
    pub(in crate::app) async fn still_confirmed(
        &self,
        confirmed: &StoredConfirmation,
        now_s: u64,
    ) -> Result<(), AcceptError> {
        let StoredConfirmation {
            of_age_s, expires_s, ..
        } = *confirmed;
        if now_s >= of_age_s {
            return Err(DelegationError::OfAge { of_age_s }.into());
        }
        if now_s >= expires_s {
            return Err(DelegationError::Over { until_s: expires_s }.into());
        }
        let id = parse_slug(&confirmed.issuer).map_err(|_| DelegationError::ConfirmedByOther)?;
        let listed = self.store.organisation(id).await.map_err(inner)?;
        let (_, roles) = listed.ok_or(DelegationError::ConfirmedByOther)?;
        let issuer = TrustedIssuer {
            organisation: confirmed.issuer.clone(),
            id,
            roles,
            identifier: confirmed.identifier.clone(),
            // The list brings the key that it is signed with, certified; this one is not looked at.
            key: self.issuer.jwk(),
        };
        if !self.may_issue(&issuer, GUARDIANSHIP_VCT).await? {
            return Err(DelegationError::ConfirmedByOther.into());
        }
        let reference = StatusReference {
            uri: confirmed.uri.clone(),
            index: confirmed.index,
        };
        match self.require_valid(&issuer, &reference).await {
            Ok(()) => Ok(()),
            Err(StatusError::Revoked | StatusError::Suspended) => Err(DelegationError::Revoked.into()),
            Err(StatusError::App(error) | StatusError::Trust(TrustError::App(error))) => Err(error.into()),
            Err(error) => {
                tracing::warn!(issuer = confirmed.issuer, %error, "whether a guardian is still one cannot be known now");
                Err(DelegationError::StatusUnknown.into())
            }
        }
    }
}
