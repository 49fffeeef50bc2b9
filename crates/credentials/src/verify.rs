use affinidi_sd_jwt::{SdJwt, Sha256Hasher, VerificationOptions, verifier};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::error::KeyBindingError;
use crate::es256::{Accepted, Jwt};
use crate::issue::CREDENTIAL_TYP;
use crate::present::KEY_BINDING_TYP;
use crate::{CredentialError, Jwk};

/// The most bytes of a presented credential.
pub const MAX_CREDENTIAL_BYTES: usize = 16 * 1024;
/// The most disclosures of a presented credential.
const MAX_DISCLOSURES: usize = 64;
/// How far a holder's clock may be ahead, in seconds.
const MAX_AHEAD_S: u64 = 60;

/// A presented credential, parsed and not yet believed.
pub struct Presented<'a> {
    text: &'a str,
    issued: Jwt<'a>,
    binding: Option<&'a str>,
}

/// What a verifier asks for.
pub struct Expected<'a> {
    /// The issuing organisation (`iss`).
    pub issuer: &'a str,
    /// The issuer's key, trusted because of its endorsement or by other means.
    pub issuer_key: &'a Jwk,
    /// The type (`vct`).
    pub vct: &'a str,
    /// Now, unix seconds.
    pub now_s: u64,
    /// The proof of possession asked for, if any.
    pub binding: Option<KeyBinding<'a>>,
}

/// The proof of possession a verifier asks for.
pub struct KeyBinding<'a> {
    /// The verifier's own name.
    pub audience: &'a str,
    /// Its challenge.
    pub nonce: &'a str,
    /// The oldest proof accepted, in seconds.
    pub max_age_s: u64,
}

/// An accepted credential's claims, disclosed ones included. Personal: cannot be printed.
pub struct Verified {
    claims: Map<String, Value>,
}

impl Verified {
    /// A claim.
    pub fn claim(&self, name: &str) -> Option<&Value> {
        self.claims.get(name)
    }

    /// A claim that must be a text.
    ///
    /// # Errors
    /// [`CredentialError::Claim`] if it is missing (perhaps not disclosed) or no text.
    pub fn text(&self, name: &'static str) -> Result<&str, CredentialError> {
        self.claim(name)
            .and_then(Value::as_str)
            .ok_or(CredentialError::Claim(name))
    }
}

impl<'a> Presented<'a> {
    /// Splits and decodes a presentation.
    ///
    /// # Errors
    /// Too large, or malformed.
    pub fn parse(text: &'a str) -> Result<Self, CredentialError> {
        if text.len() > MAX_CREDENTIAL_BYTES {
            let (bytes, limit) = (text.len(), MAX_CREDENTIAL_BYTES);
            return Err(CredentialError::TooLarge { bytes, limit });
        }
        let malformed = || CredentialError::Malformed {
            part: "the credential",
        };
        let (issued, rest) = text.split_once('~').ok_or_else(malformed)?;
        if rest.matches('~').count() > MAX_DISCLOSURES {
            return Err(CredentialError::Malformed {
                part: "the list of disclosures",
            });
        }
        let last = rest.rsplit('~').next().unwrap_or_default();
        let binding = Some(last).filter(|last| !last.is_empty());
        Ok(Self {
            text,
            issued: Jwt::parse(issued, "the issuer's part")?,
            binding,
        })
    }

    /// The issuer it claims to be from.
    ///
    /// # Errors
    /// There is no `iss`.
    pub fn claimed_issuer(&self) -> Result<&str, CredentialError> {
        self.issued
            .payload
            .get("iss")
            .and_then(Value::as_str)
            .ok_or(CredentialError::Claim("iss"))
    }

    /// The key it claims to be signed with (header `jwk`).
    ///
    /// # Errors
    /// There is none, or it is no P-256 key.
    pub fn claimed_key(&self) -> Result<Jwk, CredentialError> {
        let what = "the issuer's key";
        Jwk::parse(
            self.issued
                .header
                .get("jwk")
                .ok_or(CredentialError::Key { what })?,
            what,
        )
    }

    /// The holder's key that it claims to be bound to (`cnf.jwk`).
    ///
    /// # Errors
    /// There is none, or it is no P-256 key.
    pub fn claimed_holder(&self) -> Result<Jwk, CredentialError> {
        let bound = self.issued.payload.get("cnf").and_then(|cnf| cnf.get("jwk"));
        Jwk::parse(bound.ok_or(CredentialError::Claim("cnf"))?, "the holder's key")
    }

    /// The endorsement of that key (header `endorsement`).
    pub fn endorsement(&self) -> Option<&str> {
        self.issued.header.get("endorsement").and_then(Value::as_str)
    }

    /// Verifies everything: issuer, type, times, disclosures, key binding.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn verify(&self, expected: &Expected<'_>) -> Result<Verified, CredentialError> {
        let issuer_key = expected.issuer_key.verifying_key("the issuer's key")?;
        self.issued.verify(&issuer_key, CREDENTIAL_TYP, "issuer")?;
        let signed = &self.issued.payload;
        if self.claimed_issuer()? != expected.issuer {
            return Err(CredentialError::Issuer);
        }
        if signed.get("vct").and_then(Value::as_str) != Some(expected.vct) {
            return Err(CredentialError::Type {
                expected: expected.vct.into(),
            });
        }
        check_times(signed, expected.now_s)?;
        if let Some(binding) = &expected.binding {
            self.verify_binding(binding, expected.now_s)?;
        }
        Ok(Verified {
            claims: self.disclosed()?,
        })
    }

    fn disclosed(&self) -> Result<Map<String, Value>, CredentialError> {
        let credential = SdJwt::parse(self.text, &Sha256Hasher)
            .map_err(|_| CredentialError::Malformed { part: "a disclosure" })?;
        let accepted = Accepted(&self.issued.payload);
        let options = VerificationOptions::default();
        let resolved = verifier::verify(&credential, &accepted, &Sha256Hasher, &options, None)
            .map_err(|_| CredentialError::Disclosures)?;
        match resolved.claims {
            Value::Object(claims) => Ok(claims),
            _ => Err(CredentialError::Disclosures),
        }
    }

    fn verify_binding(&self, asked: &KeyBinding<'_>, now_s: u64) -> Result<(), CredentialError> {
        let text = self.binding.ok_or(KeyBindingError::Missing)?;
        let holder = self.issued.payload.get("cnf").and_then(|cnf| cnf.get("jwk"));
        let holder = Jwk::parse(holder.ok_or(CredentialError::Claim("cnf"))?, "the holder's key")?;
        let binding = Jwt::parse(text, "the holder's part")?;
        let key = holder.verifying_key("the holder's key")?;
        binding.verify(&key, KEY_BINDING_TYP, "holder")?;
        let claim = |name| binding.payload.get(name).and_then(Value::as_str);
        let shown = &self.text[..self.text.len() - text.len()];
        if claim("sd_hash") != Some(URL_SAFE_NO_PAD.encode(Sha256::digest(shown)).as_str()) {
            return Err(KeyBindingError::Hash.into());
        }
        if claim("aud") != Some(asked.audience) {
            return Err(KeyBindingError::Audience.into());
        }
        if claim("nonce") != Some(asked.nonce) {
            return Err(KeyBindingError::Nonce.into());
        }
        let iat = binding.payload.get("iat").and_then(Value::as_u64);
        let iat = iat.ok_or(CredentialError::Claim("iat"))?;
        if iat > now_s.saturating_add(MAX_AHEAD_S) {
            return Err(KeyBindingError::Future.into());
        }
        if now_s.saturating_sub(iat) > asked.max_age_s {
            return Err(KeyBindingError::Stale {
                max_age_s: asked.max_age_s,
            }
            .into());
        }
        Ok(())
    }
}

fn check_times(signed: &Map<String, Value>, now_s: u64) -> Result<(), CredentialError> {
    let time = |name| signed.get(name).map(|value| value.as_u64());
    let expired_at_s = time("exp").flatten().ok_or(CredentialError::Claim("exp"))?;
    if now_s >= expired_at_s {
        return Err(CredentialError::Expired { expired_at_s });
    }
    for name in ["iat", "nbf"] {
        match time(name) {
            Some(None) => return Err(CredentialError::Claim(name)),
            Some(Some(from)) if from > now_s.saturating_add(MAX_AHEAD_S) => {
                return Err(CredentialError::NotYetValid { valid_from_s: from });
            }
            _ => {}
        }
    }
    Ok(())
}
