use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::ecdsa::signature::Verifier as _;
use p256::ecdsa::{Signature, VerifyingKey};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::CredentialError;

/// A public P-256 key as a JSON Web Key (RFC 7517). Other members of a key are ignored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Jwk {
    kty: String,
    crv: String,
    x: String,
    y: String,
}

impl Jwk {
    /// Reads and checks a JWK: an EC key on P-256 whose point is on the curve.
    ///
    /// # Errors
    /// [`CredentialError::Key`], naming `what`.
    pub fn parse(value: &serde_json::Value, what: &'static str) -> Result<Self, CredentialError> {
        let key: Self = Deserialize::deserialize(value).map_err(|_| CredentialError::Key { what })?;
        key.verifying_key(what)?;
        Ok(key)
    }

    /// The JWK thumbprint (RFC 7638) in base64url.
    pub fn thumbprint(&self) -> String {
        let members = format!(
            r#"{{"crv":"P-256","kty":"EC","x":"{}","y":"{}"}}"#,
            self.x, self.y
        );
        URL_SAFE_NO_PAD.encode(Sha256::digest(members))
    }

    /// Whether this key signed a message: ES256 (RFC 7518), the signature as 64 bytes in base64url.
    pub fn has_signed(&self, message: &[u8], signature: &str) -> bool {
        let signature = URL_SAFE_NO_PAD.decode(signature).ok();
        let signature = signature.and_then(|bytes| Signature::from_slice(&bytes).ok());
        match (self.verifying_key("key"), signature) {
            (Ok(key), Some(signature)) => key.verify(message, &signature).is_ok(),
            _ => false,
        }
    }

    /// As a JSON value.
    pub fn to_value(&self) -> serde_json::Value {
        serde_json::json!({ "kty": self.kty, "crv": self.crv, "x": self.x, "y": self.y })
    }

    pub(crate) fn of(key: &VerifyingKey) -> Self {
        let point = key.to_sec1_point(false);
        let coordinate = |bytes: Option<&[u8]>| URL_SAFE_NO_PAD.encode(bytes.unwrap_or_default());
        Self {
            kty: "EC".into(),
            crv: "P-256".into(),
            x: coordinate(point.x().map(AsRef::as_ref)),
            y: coordinate(point.y().map(AsRef::as_ref)),
        }
    }

    pub(crate) fn verifying_key(&self, what: &'static str) -> Result<VerifyingKey, CredentialError> {
        let error = || CredentialError::Key { what };
        if self.kty != "EC" || self.crv != "P-256" {
            return Err(error());
        }
        let mut point = vec![4u8];
        for coordinate in [&self.x, &self.y] {
            let bytes = URL_SAFE_NO_PAD.decode(coordinate).map_err(|_| error())?;
            if bytes.len() != 32 {
                return Err(error());
            }
            point.extend(bytes);
        }
        VerifyingKey::from_sec1_bytes(&point).map_err(|_| error())
    }
}
