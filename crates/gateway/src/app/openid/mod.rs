//! Credentials by open standards: OpenID4VCI 1.0 issues what cases gave, OpenID4VP 1.0 asks for what residents hold.
//!
//! Both need `credentials` in the configuration: an address for wallets and certificates of the issuer's key.

mod credential;
mod dpop;
mod error;
mod kept;
mod metadata;
mod offer;
mod presentation;
mod query;
mod request;
mod revocation;
mod token;
mod trust;

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest, Sha256};
use zhengtong_vault::Secret;

pub use credential::{CredentialAnswer, CredentialRequest, INTERVAL_S};
pub use dpop::DpopProof;
pub use error::OpenidError;
pub use offer::Offer;
pub use presentation::{Outcome, Response, ResponseError};
pub use query::{AskedCredential, ClientIdPrefix, QueryError, ResponseMode};
pub(crate) use request::percent;
pub use request::{NewRequest, Request};
pub use revocation::StatusError;
pub use token::{AccessToken, TokenRequest};
pub use trust::{TrustError, TrustedIssuer};

use super::App;

/// How long an answer of another agency's gateway may take.
const FETCH_TIMEOUT: Duration = Duration::from_secs(5);
const NONCE_RANDOM_BYTES: usize = 16;
const NONCE_BYTES: usize = NONCE_RANDOM_BYTES + 8 + 16;

/// What the protocols share: a key that short-lived values are derived from, so that they need not be kept, and a client
/// for other agencies' status lists.
pub(crate) struct Openid {
    key: Secret<[u8; 32]>,
    /// `None` if it could not be made: then no list of another agency can be fetched.
    http: Option<reqwest::Client>,
    /// One answer of a wallet is taken at a time, so that of two to one request the later keeps nothing.
    answering: tokio::sync::Mutex<()>,
}

impl Openid {
    /// Derives its key from the organisation's encryption key.
    pub(crate) fn new(encryption: &Secret<[u8; 32]>) -> Self {
        let http = reqwest::Client::builder()
            .timeout(FETCH_TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build();
        if let Err(error) = &http {
            tracing::error!(%error, "no client for other agencies' status lists");
        }
        Self {
            key: Secret::new(hmac(encryption.expose(), &[b"zhengtong/openid/v1"])),
            http: http.ok(),
            answering: tokio::sync::Mutex::new(()),
        }
    }

    /// 32 bytes for one purpose and one name.
    fn derive(&self, purpose: &str, name: &str) -> Secret<[u8; 32]> {
        Secret::new(hmac(
            self.key.expose(),
            &[purpose.as_bytes(), b"\n", name.as_bytes()],
        ))
    }

    /// A nonce that needs not be kept: random, with its end and a proof that it was made here.
    fn nonce(&self, purpose: &str, expires_s: u64) -> Result<String, getrandom::Error> {
        let mut bytes = [0u8; NONCE_BYTES];
        getrandom::fill(&mut bytes[..NONCE_RANDOM_BYTES])?;
        bytes[NONCE_RANDOM_BYTES..NONCE_RANDOM_BYTES + 8].copy_from_slice(&expires_s.to_be_bytes());
        let proof = hmac(
            self.key.expose(),
            &[purpose.as_bytes(), b"\n", &bytes[..NONCE_RANDOM_BYTES + 8]],
        );
        bytes[NONCE_RANDOM_BYTES + 8..].copy_from_slice(&proof[..16]);
        Ok(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// When a nonce ends, if it was made here and has not ended.
    fn nonce_ends_s(&self, purpose: &str, nonce: &str, now_s: u64) -> Option<u64> {
        let bytes = URL_SAFE_NO_PAD.decode(nonce).ok()?;
        let bytes: [u8; NONCE_BYTES] = bytes.try_into().ok()?;
        let (message, proof) = bytes.split_at(NONCE_RANDOM_BYTES + 8);
        let mut mac = Hmac::<Sha256>::new_from_slice(self.key.expose()).ok()?;
        for part in [purpose.as_bytes(), b"\n", message] {
            mac.update(part);
        }
        mac.verify_truncated_left(proof).ok()?;
        let ends_s = u64::from_be_bytes(message[NONCE_RANDOM_BYTES..].try_into().ok()?);
        (now_s < ends_s).then_some(ends_s)
    }
}

fn hmac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// What the store keeps of a code or a token.
fn digest(text: &str) -> String {
    hex::encode(Sha256::digest(text.as_bytes()))
}

/// 32 random bytes in base64url.
fn random() -> Result<String, super::AppError> {
    let mut bytes = [0u8; 32];
    getrandom::fill(&mut bytes).map_err(super::AppError::Randomness)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

impl App {
    /// The address that wallets know this gateway by.
    ///
    /// # Errors
    /// It is not configured.
    pub fn credential_issuer(&self) -> Result<&str, OpenidError> {
        self.public_url.as_deref().ok_or(OpenidError::Off)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nonce_is_accepted_for_its_purpose_until_its_end_by_the_gateway_that_made_it() {
        let (one, other) = (
            Openid::new(&Secret::new([1; 32])),
            Openid::new(&Secret::new([2; 32])),
        );
        let nonce = one.nonce("proof", 100).unwrap();
        assert_eq!(one.nonce_ends_s("proof", &nonce, 99), Some(100));
        assert_eq!(one.nonce_ends_s("proof", &nonce, 100), None);
        assert_eq!(one.nonce_ends_s("dpop", &nonce, 99), None);
        assert_eq!(other.nonce_ends_s("proof", &nonce, 99), None);
        let mut longer = URL_SAFE_NO_PAD.decode(&nonce).unwrap();
        longer[NONCE_RANDOM_BYTES + 7] ^= 0xff;
        assert_eq!(
            one.nonce_ends_s("proof", &URL_SAFE_NO_PAD.encode(longer), 99),
            None
        );
        for bad in ["", "x", "!"] {
            assert_eq!(one.nonce_ends_s("proof", bad, 0), None);
        }
        assert_ne!(nonce, one.nonce("proof", 100).unwrap());
        assert_ne!(one.derive("a", "b").expose(), one.derive("a", "c").expose());
    }
}
