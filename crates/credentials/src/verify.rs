use affinidi_sd_jwt::{SdJwt, Sha256Hasher, VerificationOptions, verifier};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::error::KeyBindingError;
use crate::issue::CREDENTIAL_TYP;
use crate::jwt::{Accepted, Jwt, seconds};
use crate::present::KEY_BINDING_TYP;
use crate::{Certificate, CertificateError, CredentialError, Jwk};

/// The most bytes of a presented credential.
pub const MAX_CREDENTIAL_BYTES: usize = 16 * 1024;
/// The most disclosures of a presented credential.
const MAX_DISCLOSURES: usize = 64;
/// The only hash of disclosures that is accepted (`_sd_alg`); also the default.
const HASH: &str = "sha-256";
/// How far a holder's clock may be ahead, in seconds.
pub const MAX_AHEAD_S: u64 = 60;

/// A presented credential, parsed and not yet believed.
pub struct Presented<'a> {
    text: &'a str,
    issued: Jwt<'a>,
    binding: Option<&'a str>,
}

/// What a verifier asks for of any SD-JWT (RFC 9901), whatever it says.
pub struct Signed<'a> {
    /// The issuer's key, trusted by its certificate or by other means.
    pub issuer_key: &'a Jwk,
    /// The type of token (`typ`).
    pub typ: &'static str,
    /// Now, unix seconds.
    pub now_s: u64,
    /// The proof of possession asked for, if any.
    pub binding: Option<KeyBinding<'a>>,
}

/// What a verifier asks for of a credential (SD-JWT VC).
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
    proven_at_s: Option<u64>,
}

/// Where a credential's status is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusReference {
    /// Address of the list.
    pub uri: String,
    /// Index in the list.
    pub index: u32,
}

impl Verified {
    /// All claims that were shown, with those that every verifier sees.
    pub fn claims(&self) -> &Map<String, Value> {
        &self.claims
    }

    /// Where its status is kept; `None` if it cannot be revoked.
    ///
    /// # Errors
    /// [`CredentialError::Claim`] if `status` is there and not as the Token Status List says.
    pub fn status(&self) -> Result<Option<StatusReference>, CredentialError> {
        let Some(status) = self.claim("status") else {
            return Ok(None);
        };
        let wrong = CredentialError::Claim("status");
        let list = &status["status_list"];
        let index = list["idx"].as_u64().and_then(|index| u32::try_from(index).ok());
        match (list["uri"].as_str(), index) {
            (Some(uri), Some(index)) => Ok(Some(StatusReference {
                uri: uri.to_owned(),
                index,
            })),
            _ => Err(wrong),
        }
    }

    /// A claim.
    pub fn claim(&self, name: &str) -> Option<&Value> {
        self.claims.get(name)
    }

    /// When the holder made the proof of possession, in unix seconds; `None` if none was asked for.
    pub fn proven_at_s(&self) -> Option<u64> {
        self.proven_at_s
    }

    /// When it ends (`exp`), in unix seconds; `None` if it does not.
    pub fn expires_at_s(&self) -> Option<u64> {
        self.claim("exp").and_then(seconds)
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

    /// The certificate chain of its key (header `x5c`); `None` if it has none.
    ///
    /// # Errors
    /// It is there and is not one.
    pub fn certificates(&self) -> Result<Option<Vec<Certificate>>, CertificateError> {
        self.issued
            .header("x5c")
            .map(Certificate::chain_from_x5c)
            .transpose()
    }

    /// The type it claims to have (`vct`).
    ///
    /// # Errors
    /// There is none.
    pub fn claimed_type(&self) -> Result<&str, CredentialError> {
        self.issued.text("vct")
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
        self.issued
            .verify(expected.issuer_key, CREDENTIAL_TYP, "issuer")?;
        let signed = &self.issued.payload;
        if self.claimed_issuer()? != expected.issuer {
            return Err(CredentialError::Issuer);
        }
        if signed.get("vct").and_then(Value::as_str) != Some(expected.vct) {
            return Err(CredentialError::Type {
                expected: expected.vct.into(),
            });
        }
        self.verify_rest(expected.binding.as_ref(), expected.now_s)
    }

    /// Verifies what RFC 9901 asks for and nothing of what is said: signature, times, disclosures, key binding.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn verify_signed(&self, expected: &Signed<'_>) -> Result<Verified, CredentialError> {
        self.issued.verify(expected.issuer_key, expected.typ, "issuer")?;
        self.verify_rest(expected.binding.as_ref(), expected.now_s)
    }

    fn verify_rest(&self, binding: Option<&KeyBinding<'_>>, now_s: u64) -> Result<Verified, CredentialError> {
        check_times(&self.issued.payload, now_s)?;
        let proven_at_s = binding.map(|binding| self.verify_binding(binding, now_s));
        let proven_at_s = proven_at_s.transpose()?;
        Ok(Verified {
            claims: self.disclosed()?,
            proven_at_s,
        })
    }

    fn disclosed(&self) -> Result<Map<String, Value>, CredentialError> {
        // The library takes anything that is not a text for the default.
        let hash = self.issued.payload.get("_sd_alg");
        if hash.is_some_and(|hash| hash.as_str() != Some(HASH)) {
            return Err(CredentialError::Disclosures);
        }
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

    /// When it was made.
    fn verify_binding(&self, asked: &KeyBinding<'_>, now_s: u64) -> Result<u64, CredentialError> {
        let text = self.binding.ok_or(KeyBindingError::Missing)?;
        let holder = self.issued.payload.get("cnf").and_then(|cnf| cnf.get("jwk"));
        let holder = Jwk::parse(holder.ok_or(CredentialError::Claim("cnf"))?, "the holder's key")?;
        let binding = Jwt::parse(text, "the holder's part")?;
        binding.verify(&holder, KEY_BINDING_TYP, "holder")?;
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
        let iat = binding.time("iat")?;
        if iat > now_s.saturating_add(MAX_AHEAD_S) {
            return Err(KeyBindingError::Future.into());
        }
        if now_s.saturating_sub(iat) > asked.max_age_s {
            return Err(KeyBindingError::Stale {
                max_age_s: asked.max_age_s,
            }
            .into());
        }
        Ok(iat)
    }
}

fn check_times(signed: &Map<String, Value>, now_s: u64) -> Result<(), CredentialError> {
    let time = |name| match signed.get(name) {
        None => Ok(None),
        Some(value) => seconds(value).map(Some).ok_or(CredentialError::Claim(name)),
    };
    if let Some(expired_at_s) = time("exp")?.filter(|exp| now_s >= *exp) {
        return Err(CredentialError::Expired { expired_at_s });
    }
    for name in ["iat", "nbf"] {
        if let Some(valid_from_s) = time(name)?.filter(|from| *from > now_s.saturating_add(MAX_AHEAD_S)) {
            return Err(CredentialError::NotYetValid { valid_from_s });
        }
    }
    Ok(())
}
