//! Whether a credential is revoked: by its issuer's Token Status List, held against the root that the chain keeps.

use alloy_primitives::B256;
use alloy_sol_types::SolCall;
use futures::StreamExt as _;
use thiserror::Error;
use zhengtong_bindings::credentials::Credentials::statusRootCall;
use zhengtong_bindings::slug;
use zhengtong_credentials::{
    Certificate, CredentialError, Jwt, MAX_STATUS_TOKEN_BYTES, Status, StatusList, StatusReference,
};

use super::{TrustError, TrustedIssuer};
use crate::app::issuing::{STATUS_LIST, STATUS_PATH};
use crate::app::{App, AppError, inner};

/// Why a credential's status does not let it pass.
#[derive(Debug, Error)]
pub enum StatusError {
    /// Revoked.
    #[error("the credential is revoked")]
    Revoked,
    /// Frozen.
    #[error("the credential is suspended")]
    Suspended,
    /// The list is somewhere else than its issuer's certificate says.
    #[error("the status list is not at its issuer's address")]
    Elsewhere,
    /// The list cannot be had now.
    #[error("the status list cannot be fetched now; try again later")]
    Unavailable,
    /// The list is not the one whose root the chain keeps.
    #[error("the status list is not the one that the chain has the root of; try again later")]
    NotAnchored,
    /// The list is not good.
    #[error("the status list: {0}")]
    List(#[from] CredentialError),
    /// Its signer is not believed.
    #[error("the status list: {0}")]
    Trust(#[from] TrustError),
    /// Inside.
    #[error(transparent)]
    App(#[from] AppError),
}

impl App {
    /// Requires that a credential is neither revoked nor suspended.
    ///
    /// # Errors
    /// See [`StatusError`].
    pub(crate) async fn require_valid(
        &self,
        issuer: &TrustedIssuer,
        reference: &StatusReference,
    ) -> Result<(), StatusError> {
        let list = if issuer.id == self.me {
            self.status_list().await?
        } else {
            self.list_of(issuer, &reference.uri).await?
        };
        match list.get(reference.index)? {
            Status::Valid => Ok(()),
            Status::Suspended => Err(StatusError::Suspended),
            Status::Invalid | Status::Other => Err(StatusError::Revoked),
        }
    }

    async fn list_of(&self, issuer: &TrustedIssuer, uri: &str) -> Result<StatusList, StatusError> {
        // The certificate names the issuer's address: nothing else is fetched.
        if format!("{}{STATUS_PATH}", issuer.identifier) != uri {
            return Err(StatusError::Elsewhere);
        }
        let token = self.fetch(uri).await?;
        let parsed = Jwt::parse_list(&token)?;
        let x5c = parsed.header("x5c").ok_or(CredentialError::Key {
            what: "the status list's key",
        })?;
        let chain = Certificate::chain_from_x5c(x5c).map_err(CredentialError::from)?;
        let (_, signer) = self.certified(&chain).await?;
        if signer.id != issuer.id {
            return Err(StatusError::Trust(TrustError::Issuer));
        }
        let list = StatusList::verify(&token, uri, &signer.key, self.clock.now_s())?;
        let call = statusRootCall {
            issuer: issuer.id,
            list: slug(STATUS_LIST),
        };
        let answer = self
            .chain
            .call(self.contracts.credentials, call.abi_encode().into())
            .await
            .map_err(inner)?;
        let root = statusRootCall::abi_decode_returns(&answer).map_err(|_| StatusError::NotAnchored)?;
        if root != B256::from(list.root()) {
            return Err(StatusError::NotAnchored);
        }
        Ok(list)
    }

    async fn fetch(&self, uri: &str) -> Result<String, StatusError> {
        let client = self.0.openid.http.as_ref().ok_or(StatusError::Unavailable)?;
        let response = client
            .get(uri)
            .header("accept", "application/statuslist+jwt")
            .send()
            .await
            .map_err(|_| StatusError::Unavailable)?;
        if !response.status().is_success() {
            return Err(StatusError::Unavailable);
        }
        let mut body = Vec::new();
        let mut stream = std::pin::pin!(http_body(response));
        while let Some(chunk) = stream.next().await {
            let chunk = chunk.map_err(|_| StatusError::Unavailable)?;
            if body.len() + chunk.len() > MAX_STATUS_TOKEN_BYTES {
                return Err(StatusError::Unavailable);
            }
            body.extend_from_slice(&chunk);
        }
        String::from_utf8(body).map_err(|_| StatusError::Unavailable)
    }
}

/// The body piece by piece, so that nobody can send more than is allowed.
fn http_body(
    response: reqwest::Response,
) -> impl futures::Stream<Item = Result<axum::body::Bytes, reqwest::Error>> {
    futures::stream::try_unfold(response, |mut response| async move {
        Ok(response.chunk().await?.map(|chunk| (chunk, response)))
    })
}
