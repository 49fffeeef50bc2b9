//! Which issuers are believed: by certificates that lead to an anchor of the chain, or by their attester's endorsement.

use alloy_primitives::B256;
use thiserror::Error;
use zhengtong_bindings::{IDENTITY, ISSUER, parse_slug};
use zhengtong_credentials::{
    Certificate, CertificateError, Certified, CredentialError, Jwk, Presented, endorsement_text,
};

use crate::app::guardianship::GUARDIANSHIP_VCT;
use crate::app::link::recover;
use crate::app::{App, AppError, IDENTITY_VCT, inner};

/// An issuer that the chain stands for.
pub struct TrustedIssuer {
    /// Its slug in the `Registry`.
    pub organisation: String,
    /// The same, as the contracts keep it.
    pub id: B256,
    /// Its roles there.
    pub roles: u32,
    /// What it calls itself (`iss`).
    pub identifier: String,
    /// Its key.
    pub key: Jwk,
}

/// Why an issuer is not believed.
#[derive(Debug, Error)]
pub enum TrustError {
    /// The credential cannot be read.
    #[error(transparent)]
    Credential(#[from] CredentialError),
    /// Its certificates do not vouch for it.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// Nobody in the `Registry` stands by the key.
    #[error("the issuer is not in the Registry, or does not stand by the key")]
    Issuer,
    /// Inside.
    #[error(transparent)]
    App(#[from] AppError),
}

impl App {
    /// The issuer that a credential says it is from, if the chain stands for it. Its signature is not checked here.
    ///
    /// # Errors
    /// See [`TrustError`].
    pub(crate) async fn trusted_issuer(&self, shown: &Presented<'_>) -> Result<TrustedIssuer, TrustError> {
        let claimed = shown.claimed_issuer()?;
        if let Some(chain) = shown.certificates()? {
            let (certified, issuer) = self.certified(&chain).await?;
            if !certified.uris.iter().any(|uri| uri == claimed) {
                return Err(TrustError::Issuer);
            }
            return Ok(TrustedIssuer {
                identifier: claimed.to_owned(),
                ..issuer
            });
        }
        let key = shown.claimed_key()?;
        let id = parse_slug(claimed).map_err(|_| TrustError::Issuer)?;
        let (attester, roles) = self
            .store
            .organisation(id)
            .await
            .map_err(inner)?
            .ok_or(TrustError::Issuer)?;
        let endorsed = endorsement_text(self.chain.chain_id(), claimed, &key);
        let signer = shown
            .endorsement()
            .and_then(|signature| recover(signature, &endorsed));
        if signer != Some(attester) {
            return Err(TrustError::Issuer);
        }
        Ok(TrustedIssuer {
            organisation: claimed.to_owned(),
            id,
            roles,
            identifier: claimed.to_owned(),
            key,
        })
    }

    /// The organisation and the key that a certificate chain vouches for: it must lead to an authority that the chain of
    /// blocks trusts for that very organisation.
    ///
    /// # Errors
    /// See [`TrustError`].
    pub(super) async fn certified(
        &self,
        chain: &[Certificate],
    ) -> Result<(Certified, TrustedIssuer), TrustError> {
        let leaf = chain.first().ok_or(CertificateError::Malformed)?.claims()?;
        let organisation = leaf.organisation(self.chain.chain_id())?.to_owned();
        let id = parse_slug(&organisation).map_err(|_| TrustError::Issuer)?;
        let (_, roles) = self
            .store
            .organisation(id)
            .await
            .map_err(inner)?
            .ok_or(TrustError::Issuer)?;
        let anchors = self.store.anchors(id).await.map_err(inner)?;
        let anchors = anchors
            .iter()
            .filter_map(|der| Certificate::from_der(der).ok())
            .collect::<Vec<_>>();
        let certified = Certificate::verify(chain, &anchors, self.clock.now_s())?;
        let issuer = TrustedIssuer {
            identifier: organisation.clone(),
            organisation,
            id,
            roles,
            key: certified.key.clone(),
        };
        Ok((certified, issuer))
    }

    /// Whether an issuer may issue a type: identities by those whom the `Registry` lets prove them, guardianship by those of
    /// them that may also issue what can be revoked, a service's result by an issuer that owns a published version of the
    /// service.
    pub(crate) async fn may_issue(&self, issuer: &TrustedIssuer, vct: &str) -> Result<bool, AppError> {
        if vct == IDENTITY_VCT {
            return Ok(issuer.roles & IDENTITY != 0);
        }
        if issuer.roles & ISSUER == 0 {
            return Ok(false);
        }
        if vct == GUARDIANSHIP_VCT {
            return Ok(issuer.roles & IDENTITY != 0);
        }
        for package in self.packages.iter().filter(|one| one.credential().vct == vct) {
            if self.store.owns_package(issuer.id, package.hash()).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
