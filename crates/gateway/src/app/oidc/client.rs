//! How this gateway proves to the provider who it is: a secret (`client_secret_basic`), or a signature
//! (`private_key_jwt`, RFC 7523).

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey};
use serde_json::{Value, json};
use url::form_urlencoded::byte_serialize;
use zeroize::Zeroizing;
use zhengtong_credentials::Jwk;
use zhengtong_vault::{Secret, keyfile};

use super::{OidcConfig, OidcConfigError};

/// How long an assertion holds, in seconds.
const ASSERTION_S: u64 = 60;
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// What proves who this client is. Cannot be printed.
pub enum ClientProof {
    /// A secret that the provider has too.
    Secret(Secret<String>),
    /// A key of which the provider has the public half.
    Key(Box<SigningKey>, Jwk),
}

impl ClientProof {
    /// Reads the secret or the key of a configuration; makes the key if it is missing.
    ///
    /// # Errors
    /// See [`OidcConfigError`].
    pub fn read(config: &OidcConfig) -> Result<Self, OidcConfigError> {
        match (&config.client_secret, &config.client_key) {
            (Some(path), None) => {
                let secret = keyfile::read_text(path)?;
                let text = secret.expose();
                if text.is_empty() || !text.chars().all(|c| c.is_ascii_graphic()) {
                    return Err(OidcConfigError::Secret);
                }
                Ok(Self::Secret(secret))
            }
            (None, Some(path)) => {
                let bytes = keyfile::read_or_create(path, keyfile::random::<32>)?;
                let key = SigningKey::from_slice(bytes.expose()).map_err(|_| OidcConfigError::Client)?;
                let point = key.verifying_key().to_sec1_point(false);
                let coordinate = |bytes: Option<&[u8]>| URL_SAFE_NO_PAD.encode(bytes.unwrap_or_default());
                let jwk = json!({
                    "kty": "EC",
                    "crv": "P-256",
                    "x": coordinate(point.x().map(AsRef::as_ref)),
                    "y": coordinate(point.y().map(AsRef::as_ref)),
                });
                let jwk = Jwk::parse(&jwk, "client key").map_err(|_| OidcConfigError::Client)?;
                Ok(Self::Key(Box::new(key), jwk))
            }
            _ => Err(OidcConfigError::Client),
        }
    }

    /// The public keys, for the provider (RFC 7517).
    pub fn key_set(&self) -> Value {
        let keys: Vec<_> = match self {
            Self::Secret(_) => Vec::new(),
            Self::Key(_, jwk) => {
                let mut value = jwk.to_value();
                value["kid"] = json!(jwk.thumbprint());
                value["alg"] = json!("ES256");
                value["use"] = json!("sig");
                vec![value]
            }
        };
        json!({ "keys": keys })
    }

    /// Adds to a form what proves it, or answers the header `authorization`.
    pub(super) fn prove(
        &self,
        config: &OidcConfig,
        now_s: u64,
        form: &mut BTreeMap<&'static str, String>,
    ) -> Option<String> {
        match self {
            Self::Secret(secret) => {
                // Each encoded as in a form (RFC 6749, 2.3.1).
                let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
                let secret = Zeroizing::new(encoded(secret.expose()));
                let both = Zeroizing::new(format!("{}:{}", encoded(&config.client_id), *secret));
                Some(format!("Basic {}", STANDARD.encode(both.as_bytes())))
            }
            Self::Key(key, jwk) => {
                form.insert("client_id", config.client_id.clone());
                form.insert("client_assertion_type", ASSERTION_TYPE.to_owned());
                form.insert("client_assertion", assertion(key, jwk, config, now_s));
                None
            }
        }
    }
}

fn assertion(key: &SigningKey, jwk: &Jwk, config: &OidcConfig, now_s: u64) -> String {
    let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let header = json!({ "alg": "ES256", "typ": "JWT", "kid": jwk.thumbprint() });
    let claims = json!({
        "iss": config.client_id,
        "sub": config.client_id,
        "aud": config.issuer,
        "jti": alloy_primitives::B256::random(),
        "iat": now_s,
        "exp": now_s + ASSERTION_S,
    });
    let message = format!("{}.{}", part(header), part(claims));
    let signature: Signature = key.sign(message.as_bytes());
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature.to_bytes()))
}
