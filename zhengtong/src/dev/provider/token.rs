//! Codes and ID tokens of the demo provider.

use super::Person;
use anyhow::Result;
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::time::{SystemTime, UNIX_EPOCH};
use url::form_urlencoded;
use zhengtong_credentials::JwtKey;

/// How long a code and a token hold, in seconds.
pub const CODE_S: u64 = 60;

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
    pub fn id_token(&self, key: &JwtKey, issued: &Issued) -> Result<Option<String>> {
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
