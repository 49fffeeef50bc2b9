//! Tokens of the provider: signature (RFC 7515, 7518), ID token (OpenID Connect Core 1.0, 3.1.3.7) and logout token
//! (Back-Channel Logout 1.0, 2.6). No clock and no I/O of its own.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use serde_json::{Map, Value};
use thiserror::Error;

/// The most bytes of a token.
pub const MAX_TOKEN_BYTES: usize = 64 * 1024;
/// How far the provider's clock may be from ours, in seconds.
pub const LEEWAY_S: u64 = 60;
/// How old an ID token or a logout token may be, in seconds.
pub const MAX_TOKEN_AGE_S: u64 = 600;
/// The longest subject (OpenID Connect Core 1.0, section 2), and the longest name of a session, in bytes.
const MAX_SUBJECT_BYTES: usize = 255;
/// The fewest bytes of an RSA modulus.
const MIN_RSA_BYTES: usize = 256;
/// What a logout token is about.
const LOGOUT_EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// How a token may be signed: by a key that the provider alone holds, never by one that we have too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum SigningAlgorithm {
    /// ECDSA on P-256 with SHA-256.
    ES256,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    RS256,
}

impl SigningAlgorithm {
    /// Both.
    pub fn all() -> Vec<Self> {
        vec![Self::ES256, Self::RS256]
    }

    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ES256 => "ES256",
            Self::RS256 => "RS256",
        }
    }

    fn parse(name: &str) -> Option<Self> {
        Self::all().into_iter().find(|known| known.as_str() == name)
    }

    fn algorithm(self) -> Algorithm {
        match self {
            Self::ES256 => Algorithm::ES256,
            Self::RS256 => Algorithm::RS256,
        }
    }
}

/// What is wrong with a token. Each has a word, by which a refusal is kept.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum TokenError {
    /// Not a token.
    #[error("it is no signed token of at most {MAX_TOKEN_BYTES} bytes")]
    Malformed,
    /// Another algorithm, `none` among them.
    #[error("it is signed by an algorithm that is not allowed here")]
    Algorithm,
    /// Extensions that must be understood, or a token of another kind.
    #[error("its header asks for what is not understood here")]
    Header,
    /// No such key.
    #[error("the provider has no such key")]
    Key,
    /// Not signed by it.
    #[error("its signature is wrong")]
    Signature,
    /// Of another issuer.
    #[error("it is of another issuer")]
    Issuer,
    /// For another client.
    #[error("it is for another client")]
    Audience,
    /// Expired.
    #[error("it has expired")]
    Expired,
    /// From the future, or too old.
    #[error("it was issued in the future or too long ago")]
    IssuedAt,
    /// Not of this sign-in.
    #[error("it is not of this sign-in")]
    Nonce,
    /// No subject.
    #[error("its subject is missing or too long")]
    Subject,
    /// Who it is about has proven that too long ago.
    #[error("the provider has not asked the officer who they are for too long")]
    AuthTime,
    /// Not about a logout.
    #[error("it is not about a logout")]
    Event,
}

impl TokenError {
    /// How a refusal is kept.
    pub fn word(self) -> &'static str {
        match self {
            Self::Malformed => "token-malformed",
            Self::Algorithm => "token-algorithm",
            Self::Header => "token-header",
            Self::Key => "token-key",
            Self::Signature => "token-signature",
            Self::Issuer => "token-issuer",
            Self::Audience => "token-audience",
            Self::Expired => "token-expired",
            Self::IssuedAt => "token-issued-at",
            Self::Nonce => "token-nonce",
            Self::Subject => "token-subject",
            Self::AuthTime => "token-auth-time",
            Self::Event => "token-event",
        }
    }
}

/// A token whose signature nobody has checked yet.
#[derive(Debug)]
pub struct Unverified<'t> {
    /// How it says it is signed.
    pub algorithm: SigningAlgorithm,
    /// By which key.
    pub key_id: Option<String>,
    kind: Option<String>,
    signed: &'t str,
    payload: &'t str,
    signature: &'t str,
}

impl<'t> Unverified<'t> {
    /// Takes a token apart, and refuses any algorithm but those allowed.
    ///
    /// # Errors
    /// See [`TokenError`].
    pub fn parse(token: &'t str, allowed: &[SigningAlgorithm]) -> Result<Self, TokenError> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(TokenError::Malformed);
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(TokenError::Malformed)?;
        let (header, payload) = signed.split_once('.').ok_or(TokenError::Malformed)?;
        if payload.contains('.') {
            return Err(TokenError::Malformed);
        }
        let header = object(header)?;
        let text = |name: &str| header.get(name).and_then(Value::as_str);
        let algorithm = text("alg")
            .and_then(SigningAlgorithm::parse)
            .filter(|algorithm| allowed.contains(algorithm))
            .ok_or(TokenError::Algorithm)?;
        // No extension is understood (RFC 7515, 4.1.11), and keys in the token itself are not looked at.
        if header.contains_key("crit") {
            return Err(TokenError::Header);
        }
        Ok(Self {
            algorithm,
            key_id: text("kid").map(str::to_owned),
            kind: text("typ").map(str::to_owned),
            signed,
            payload,
            signature,
        })
    }

    /// Checks the signature; answers the claims.
    ///
    /// # Errors
    /// See [`TokenError`].
    pub fn verify(&self, key: &ProviderKey) -> Result<Map<String, Value>, TokenError> {
        let (message, algorithm) = (self.signed.as_bytes(), self.algorithm.algorithm());
        let good = jsonwebtoken::crypto::verify(self.signature, message, &key.key, algorithm);
        if !good.unwrap_or(false) {
            return Err(TokenError::Signature);
        }
        object(self.payload)
    }

    /// Refuses tokens of another kind: an access token or a logout token is no ID token.
    ///
    /// # Errors
    /// It is of another kind.
    pub fn require_kind(&self, kinds: &[&str]) -> Result<(), TokenError> {
        match &self.kind {
            None => Ok(()),
            Some(kind) if kinds.iter().any(|known| kind.eq_ignore_ascii_case(known)) => Ok(()),
            Some(_) => Err(TokenError::Header),
        }
    }
}

fn object(part: &str) -> Result<Map<String, Value>, TokenError> {
    let bytes = URL_SAFE_NO_PAD.decode(part).map_err(|_| TokenError::Malformed)?;
    serde_json::from_slice(&bytes).map_err(|_| TokenError::Malformed)
}

/// A key that the provider signs by.
pub struct ProviderKey {
    /// Its name.
    pub id: Option<String>,
    /// What it signs by.
    pub algorithm: SigningAlgorithm,
    key: DecodingKey,
}

impl ProviderKey {
    /// A key of a key set (RFC 7517), if it is one that tokens may be signed by here.
    pub fn of(jwk: &Value) -> Option<Self> {
        let jwk: Jwk = serde_json::from_value(jwk.clone()).ok()?;
        let algorithm = match &jwk.algorithm {
            AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => {
                SigningAlgorithm::ES256
            }
            AlgorithmParameters::RSA(key) => {
                let modulus = URL_SAFE_NO_PAD.decode(&key.n).ok()?;
                let is_long = modulus.iter().skip_while(|byte| **byte == 0).count() >= MIN_RSA_BYTES;
                is_long.then_some(SigningAlgorithm::RS256)?
            }
            _ => return None,
        };
        let named = jwk.common.key_algorithm.map(|named| named.to_string());
        let for_signing = match jwk.common.public_key_use {
            None | Some(PublicKeyUse::Signature) => true,
            Some(_) => false,
        };
        if !for_signing || named.is_some_and(|named| named != algorithm.as_str()) {
            return None;
        }
        Some(Self {
            key: DecodingKey::from_jwk(&jwk).ok()?,
            id: jwk.common.key_id,
            algorithm,
        })
    }
}

/// What a token must say.
pub struct Expected<'a> {
    /// The issuer, exactly.
    pub issuer: &'a str,
    /// Whom it is for.
    pub client_id: &'a str,
    /// Unix seconds.
    pub now_s: u64,
}

impl Expected<'_> {
    /// Checks the claims of an ID token; `max_age_s`: how long ago the officer may have proven who they are. Answers the
    /// subject.
    ///
    /// # Errors
    /// See [`TokenError`].
    pub fn check_id_token<'c>(
        &self,
        claims: &'c Map<String, Value>,
        nonce: &str,
        max_age_s: Option<u64>,
    ) -> Result<&'c str, TokenError> {
        self.check_common(claims)?;
        let expires = seconds(claims, "exp").ok_or(TokenError::Expired)?;
        if self.now_s >= expires.saturating_add(LEEWAY_S) {
            return Err(TokenError::Expired);
        }
        if claims.get("nonce").and_then(Value::as_str) != Some(nonce) {
            return Err(TokenError::Nonce);
        }
        if let Some(max_age_s) = max_age_s {
            let proven = seconds(claims, "auth_time").ok_or(TokenError::AuthTime)?;
            if self.now_s > proven.saturating_add(max_age_s).saturating_add(LEEWAY_S) {
                return Err(TokenError::AuthTime);
            }
        }
        bounded(claims, "sub").ok_or(TokenError::Subject)
    }

    /// Checks the claims of a logout token; answers the subject and the session that ended, at least one of them.
    ///
    /// # Errors
    /// See [`TokenError`].
    pub fn check_logout_token<'c>(
        &self,
        claims: &'c Map<String, Value>,
    ) -> Result<(Option<&'c str>, Option<&'c str>), TokenError> {
        self.check_common(claims)?;
        if let Some(expires) = seconds(claims, "exp")
            && self.now_s >= expires.saturating_add(LEEWAY_S)
        {
            return Err(TokenError::Expired);
        }
        // With a nonce it could be an ID token.
        let event = claims.get("events").and_then(|events| events.get(LOGOUT_EVENT));
        if !event.is_some_and(Value::is_object) || claims.contains_key("nonce") {
            return Err(TokenError::Event);
        }
        let (subject, session) = (bounded(claims, "sub"), bounded(claims, "sid"));
        if subject.is_none() && session.is_none() {
            return Err(TokenError::Subject);
        }
        Ok((subject, session))
    }

    fn check_common(&self, claims: &Map<String, Value>) -> Result<(), TokenError> {
        let text = |name: &str| claims.get(name).and_then(Value::as_str);
        if text("iss") != Some(self.issuer) {
            return Err(TokenError::Issuer);
        }
        let (is_for_us, others) = match claims.get("aud") {
            Some(Value::String(one)) => (one == self.client_id, 0),
            Some(Value::Array(all)) => (
                all.iter().any(|one| one.as_str() == Some(self.client_id)),
                all.len().saturating_sub(1),
            ),
            _ => (false, 0),
        };
        let presenter = claims.get("azp").map(|azp| azp.as_str() == Some(self.client_id));
        if !is_for_us || presenter == Some(false) || (others > 0 && presenter.is_none()) {
            return Err(TokenError::Audience);
        }
        let issued = seconds(claims, "iat").ok_or(TokenError::IssuedAt)?;
        let is_future = |at: u64| at > self.now_s + LEEWAY_S;
        if is_future(issued) || self.now_s - issued.min(self.now_s) > MAX_TOKEN_AGE_S {
            return Err(TokenError::IssuedAt);
        }
        if claims.contains_key("nbf") && seconds(claims, "nbf").is_none_or(is_future) {
            return Err(TokenError::IssuedAt);
        }
        Ok(())
    }
}

/// A time of RFC 7519 (a number, which may have a fraction), in whole seconds.
fn seconds(claims: &Map<String, Value>, name: &str) -> Option<u64> {
    let value = claims.get(name)?;
    value.as_u64().or_else(|| {
        let number = value.as_f64().filter(|number| (0.0..1e15).contains(number))?;
        Some(number as u64)
    })
}

fn bounded<'c>(claims: &'c Map<String, Value>, name: &str) -> Option<&'c str> {
    let text = claims.get(name)?.as_str()?;
    (!text.is_empty() && text.len() <= MAX_SUBJECT_BYTES).then_some(text)
}

#[cfg(test)]
mod tests;
