//! HTTP to the provider: TLS by rustls, what is named and nothing else (no redirect, no proxy), bounded in size and time.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::{Request, StatusCode};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use reqwest::Url;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt;
use serde_json::Value;
use thiserror::Error;

use super::OidcConfigError;
use crate::app::host::is_this_machine;

/// The most bytes of an answer.
pub const MAX_ANSWER_BYTES: usize = 256 * 1024;
/// How long the provider may take.
pub const TIMEOUT: Duration = Duration::from_secs(4);
/// The most certificates of authorities.
const MAX_CERTIFICATES: usize = 64;

/// An address that nothing secret may be sent to.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum AddressError {
    /// Not one, or with what it may not have.
    #[error("must be an https address without user, query and fragment")]
    Malformed,
    /// In the clear.
    #[error("must be https: plain http is for a provider on this machine alone")]
    InTheClear,
}

/// Why there is no answer. The texts of the provider are not repeated.
#[derive(Debug, Error)]
pub enum FetchError {
    /// No connection, no TLS, or it broke off.
    #[error("cannot be reached: {0}")]
    Unreachable(String),
    /// Too late.
    #[error("did not answer within {TIMEOUT:?}")]
    Timeout,
    /// Another status.
    #[error("answered {0}")]
    Status(StatusCode),
    /// Too large, or not JSON.
    #[error("answered something that is not JSON of at most {MAX_ANSWER_BYTES} bytes")]
    Shape,
}

/// An address to talk to a provider at: HTTPS, or this machine.
///
/// # Errors
/// See [`AddressError`].
pub fn address(text: &str) -> Result<Url, AddressError> {
    let url = endpoint(text)?;
    if url.query().is_some() {
        return Err(AddressError::Malformed);
    }
    Ok(url)
}

/// The same for an endpoint, which may have a query (RFC 6749, 3.1).
///
/// # Errors
/// See [`AddressError`].
pub fn endpoint(text: &str) -> Result<Url, AddressError> {
    let url = Url::parse(text).map_err(|_| AddressError::Malformed)?;
    let is_bare = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    if !is_bare {
        return Err(AddressError::Malformed);
    }
    let host = url.host_str().ok_or(AddressError::Malformed)?;
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_this_machine(host) => Ok(url),
        "http" => Err(AddressError::InTheClear),
        _ => Err(AddressError::Malformed),
    }
}

/// The way to the provider.
pub(super) struct Http {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
}

impl Http {
    /// Trusts the authorities in a PEM file, or those of the system.
    pub(super) fn new(certificates: Option<&Path>) -> Result<Self, OidcConfigError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
        let tls = match certificates {
            Some(path) => builder.with_root_certificates(roots(path)?).with_no_client_auth(),
            None => builder.with_platform_verifier().with_no_client_auth(),
        };
        // Addresses were checked: plain http goes to this machine alone.
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_or_http()
            .enable_http1()
            .build();
        Ok(Self {
            client: Client::builder(TokioExecutor::new()).build(connector),
        })
    }

    pub(super) async fn get(&self, url: &Url) -> Result<Value, FetchError> {
        let request = Request::get(url.as_str())
            .header("accept", "application/json")
            .body(Full::default())
            .map_err(|error| FetchError::Unreachable(error.to_string()))?;
        let (status, answer) = self.send(request).await?;
        if status != StatusCode::OK {
            return Err(FetchError::Status(status));
        }
        answer.ok_or(FetchError::Shape)
    }

    /// Status and JSON, if it is JSON.
    pub(super) async fn send(
        &self,
        request: Request<Full<Bytes>>,
    ) -> Result<(StatusCode, Option<Value>), FetchError> {
        let answer = async {
            let answer = self.client.request(request).await.map_err(unreachable)?;
            let status = answer.status();
            let body = Limited::new(answer.into_body(), MAX_ANSWER_BYTES).collect().await;
            let bytes = body.map_err(|_| FetchError::Shape)?.to_bytes();
            Ok((status, serde_json::from_slice(&bytes).ok()))
        };
        tokio::time::timeout(TIMEOUT, answer)
            .await
            .map_err(|_| FetchError::Timeout)?
    }
}

/// The cause, as deep as it goes: a certificate that is not trusted is said as such.
fn unreachable(error: hyper_util::client::legacy::Error) -> FetchError {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    FetchError::Unreachable(text)
}

fn roots(path: &Path) -> Result<RootCertStore, OidcConfigError> {
    let wrong = |problem: String| OidcConfigError::Certificates(format!("{}: {problem}", path.display()));
    let mut roots = RootCertStore::empty();
    let found = CertificateDer::pem_file_iter(path).map_err(|error| wrong(error.to_string()))?;
    for certificate in found.take(MAX_CERTIFICATES) {
        let certificate = certificate.map_err(|error| wrong(error.to_string()))?;
        roots.add(certificate).map_err(|error| wrong(error.to_string()))?;
    }
    if roots.is_empty() {
        return Err(wrong("no certificate".to_owned()));
    }
    Ok(roots)
}
