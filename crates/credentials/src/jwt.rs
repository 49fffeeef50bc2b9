//! JSON Web Tokens signed with ES256 (RFC 7515, RFC 7518, section 3.4).

use affinidi_sd_jwt::{JwtSigner, JwtVerifier, SdJwtError};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::ecdsa::signature::{Signer as _, Verifier as _};
use p256::ecdsa::{Signature, SigningKey};
use serde_json::{Map, Value};

use crate::{CredentialError, Jwk};

/// The most bytes of a JWT.
pub const MAX_JWT_BYTES: usize = 16 * 1024;

/// Signs a JWT, adding `extra` to the header and setting its `typ`.
pub(crate) struct Signer<'a> {
    pub key: &'a SigningKey,
    pub typ: &'static str,
    pub extra: Map<String, Value>,
}

impl JwtSigner for Signer<'_> {
    fn algorithm(&self) -> &str {
        "ES256"
    }

    fn sign_jwt(&self, _: &Value, payload: &Value) -> Result<String, SdJwtError> {
        let mut header = self.extra.clone();
        header.insert("alg".into(), self.algorithm().into());
        header.insert("typ".into(), self.typ.into());
        Ok(signed(self.key, header, payload))
    }
}

fn signed(key: &SigningKey, header: Map<String, Value>, payload: &Value) -> String {
    let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let header = encode(Value::Object(header).to_string().as_bytes());
    let message = format!("{header}.{}", encode(payload.to_string().as_bytes()));
    let signature: Signature = key.sign(message.as_bytes());
    format!("{message}.{}", encode(&signature.to_bytes()))
}

/// A P-256 key that signs JWTs which name it by its thumbprint, for those who know its public half. Cannot be printed.
pub struct JwtKey(SigningKey);

impl JwtKey {
    /// A key from its 32 bytes.
    ///
    /// # Errors
    /// [`CredentialError::Key`], naming `what`: it is zero or beyond the curve's order.
    pub fn new(bytes: &[u8; 32], what: &'static str) -> Result<Self, CredentialError> {
        let key = SigningKey::from_slice(bytes).map_err(|_| CredentialError::Key { what })?;
        Ok(Self(key))
    }

    /// The public half as others look it up in a set (RFC 7517): with its name and what it is for.
    pub fn published(&self) -> Value {
        let jwk = Jwk::of(self.0.verifying_key());
        let mut value = jwk.to_value();
        value["kid"] = jwk.thumbprint().into();
        value["alg"] = "ES256".into();
        value["use"] = "sig".into();
        value
    }

    /// Signs a JWT.
    pub fn sign(&self, payload: &Value) -> String {
        let mut header = Map::new();
        header.insert("alg".into(), "ES256".into());
        header.insert("typ".into(), "JWT".into());
        header.insert("kid".into(), Jwk::of(self.0.verifying_key()).thumbprint().into());
        signed(&self.0, header, payload)
    }
}

/// A JWT's decoded header and payload, its signature not yet checked.
pub struct Jwt<'a> {
    pub(crate) header: Map<String, Value>,
    pub(crate) payload: Map<String, Value>,
    signed: &'a str,
    signature: Signature,
    part: &'static str,
}

impl<'a> Jwt<'a> {
    /// Decodes a compact JWT; `part` names it in errors.
    ///
    /// # Errors
    /// Too large, not a JWT, or without a signature of 64 bytes (as with `alg` `none`).
    pub fn parse(text: &'a str, part: &'static str) -> Result<Self, CredentialError> {
        Self::parse_within(text, part, MAX_JWT_BYTES)
    }

    /// Decodes a signed status list, which may be larger than other JWTs.
    ///
    /// # Errors
    /// As [`Self::parse`].
    pub fn parse_list(text: &'a str) -> Result<Self, CredentialError> {
        Self::parse_within(text, "the status list", crate::MAX_STATUS_TOKEN_BYTES)
    }

    fn parse_within(text: &'a str, part: &'static str, limit: usize) -> Result<Self, CredentialError> {
        if text.len() > limit {
            let bytes = text.len();
            return Err(CredentialError::TooLarge { bytes, limit });
        }
        let malformed = || CredentialError::Malformed { part };
        let (signed, signature) = text.rsplit_once('.').ok_or_else(malformed)?;
        let (header, payload) = signed.split_once('.').ok_or_else(malformed)?;
        let object = |encoded: &str| -> Option<Map<String, Value>> {
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(encoded).ok()?).ok()
        };
        let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| malformed())?;
        Ok(Self {
            header: object(header).ok_or_else(malformed)?,
            payload: object(payload).ok_or_else(malformed)?,
            signed,
            signature: Signature::from_slice(&signature).map_err(|_| malformed())?,
            part,
        })
    }

    /// A header parameter.
    pub fn header(&self, name: &str) -> Option<&Value> {
        self.header.get(name)
    }

    /// A claim.
    pub fn claim(&self, name: &str) -> Option<&Value> {
        self.payload.get(name)
    }

    /// A claim that must be a text.
    ///
    /// # Errors
    /// [`CredentialError::Claim`].
    pub fn text(&self, name: &'static str) -> Result<&str, CredentialError> {
        self.claim(name)
            .and_then(Value::as_str)
            .ok_or(CredentialError::Claim(name))
    }

    /// A claim that must be a time, in unix seconds.
    ///
    /// # Errors
    /// [`CredentialError::Claim`].
    pub fn time(&self, name: &'static str) -> Result<u64, CredentialError> {
        self.claim(name)
            .and_then(seconds)
            .ok_or(CredentialError::Claim(name))
    }

    /// Requires ES256, the type, no critical extension, and the signature of `key`, whose owner errors name `by`.
    ///
    /// # Errors
    /// [`CredentialError::Header`] or [`CredentialError::Signature`].
    pub fn verify(&self, key: &Jwk, typ: &'static str, by: &'static str) -> Result<(), CredentialError> {
        for (name, expected) in [("alg", "ES256"), ("typ", typ)] {
            if self.header.get(name).and_then(Value::as_str) != Some(expected) {
                return Err(CredentialError::Header {
                    part: self.part,
                    name,
                    expected,
                });
            }
        }
        if self.header.contains_key("crit") {
            return Err(CredentialError::Header {
                part: self.part,
                name: "crit",
                expected: "absent",
            });
        }
        key.verifying_key(by)?
            .verify(self.signed.as_bytes(), &self.signature)
            .map_err(|_| CredentialError::Signature { by })
    }
}

/// A `NumericDate` (RFC 7519, section 2) as whole seconds: it may have a fraction, and may not be negative.
pub(crate) fn seconds(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| {
        let number = value.as_f64().filter(|number| (0.0..1e15).contains(number))?;
        Some(number as u64)
    })
}

/// Hands the library a payload whose signature [`Jwt::verify`] has accepted.
pub(crate) struct Accepted<'a>(pub &'a Map<String, Value>);

impl JwtVerifier for Accepted<'_> {
    fn verify_jwt(&self, _: &str) -> Result<Value, SdJwtError> {
        Ok(Value::Object(self.0.clone()))
    }
}
