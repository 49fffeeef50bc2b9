//! Codes and ID tokens of the demo provider.

use super::Person;
use anyhow::{Context, Result};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use p256::ecdsa::{Signature, SigningKey, signature::Signer as _};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::time::{SystemTime, UNIX_EPOCH};
use url::form_urlencoded;

/// How long a code and a token hold, in seconds.
pub const CODE_S: u64 = 60;

/// Signs ID tokens (ES256).
pub struct TokenKey {
    key: SigningKey,
}

impl TokenKey {
    pub fn new(bytes: &[u8; 32]) -> Result<Self> {
        let key = SigningKey::from_slice(bytes).context("the key of the demo provider")?;
        Ok(Self { key })
    }

    fn id(&self) -> String {
        let point = self.key.verifying_key().to_sec1_point(true);
        URL_SAFE_NO_PAD.encode(Sha256::digest(point.as_bytes()))
    }

    /// As a JSON Web Key.
    pub fn public(&self) -> Value {
        let point = self.key.verifying_key().to_sec1_point(false);
        let coordinate = |bytes: Option<&[u8]>| URL_SAFE_NO_PAD.encode(bytes.unwrap_or_default());
        json!({
            "kty": "EC",
            "crv": "P-256",
            "x": coordinate(point.x().map(AsRef::as_ref)),
            "y": coordinate(point.y().map(AsRef::as_ref)),
            "kid": self.id(),
            "alg": "ES256",
            "use": "sig",
        })
    }

    fn sign(&self, claims: &Value) -> String {
        let header = json!({ "alg": "ES256", "typ": "JWT", "kid": self.id() });
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", part(&header), part(claims));
        let signature: Signature = self.key.sign(message.as_bytes());
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature.to_bytes()))
    }
}

/// What a code was issued for.
pub struct Issued {
    pub client: &'static str,
    pub redirect_uri: String,
    pub challenge: String,
    pub nonce: String,
    pub person: Person,
    pub at_s: u64,
}

/// A client that brings a code back.
pub struct Answer<'a> {
    pub issuer: &'a str,
    pub client: &'static str,
    pub redirect_uri: &'a str,
    pub verifier: &'a str,
}

impl Answer<'_> {
    /// The ID token for a code, if it is this client's, and not too old, and PKCE holds.
    pub fn id_token(&self, key: &TokenKey, issued: &Issued) -> Result<Option<String>> {
        let now_s = now_s()?;
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(self.verifier));
        let is_good = issued.client == self.client
            && issued.redirect_uri == self.redirect_uri
            && issued.challenge == challenge
            && now_s.saturating_sub(issued.at_s) < CODE_S;
        if !is_good {
            return Ok(None);
        }
        let claims = json!({
            "iss": self.issuer,
            "aud": self.client,
            "sub": issued.person.code,
            "iat": now_s,
            "exp": now_s + CODE_S,
            "auth_time": issued.at_s,
            "nonce": issued.nonce,
            "name": issued.person.name,
            "employee_number": issued.person.code,
            "department": self.client,
            "groups": issued.person.groups,
        });
        Ok(Some(key.sign(&claims)))
    }
}

/// Name and secret of `client_secret_basic` (RFC 6749, 2.3.1).
pub fn basic(header: &str) -> Option<(String, String)> {
    let bytes = STANDARD.decode(header.strip_prefix("Basic ")?).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let (id, secret) = text.split_once(':')?;
    let decoded = |text: &str| {
        let mut pairs = form_urlencoded::parse(text.as_bytes());
        pairs.next().map(|(name, _)| name.into_owned())
    };
    Some((decoded(id)?, decoded(secret)?))
}

pub fn now_s() -> Result<u64> {
    Ok(SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs())
}
