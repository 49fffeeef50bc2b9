//! How this gateway proves to the provider who it is: a secret (`client_secret_basic`), or a signature
//! (`private_key_jwt`, RFC 7523).

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use url::form_urlencoded::byte_serialize;
use zeroize::Zeroizing;
use zhengtong_credentials::JwtKey;
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
    Key(Box<JwtKey>),
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
                let key = JwtKey::new(bytes.expose(), "client key").map_err(|_| OidcConfigError::Client)?;
                Ok(Self::Key(Box::new(key)))
            }
            _ => Err(OidcConfigError::Client),
        }
    }

    /// The public keys, for the provider (RFC 7517).
    pub fn key_set(&self) -> Value {
        let keys: Vec<_> = match self {
            Self::Secret(_) => Vec::new(),
            Self::Key(key) => vec![key.published()],
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
            Self::Key(key) => {
                form.insert("client_id", config.client_id.clone());
                form.insert("client_assertion_type", ASSERTION_TYPE.to_owned());
                form.insert("client_assertion", assertion(key, config, now_s));
                None
            }
        }
    }
}

fn assertion(key: &JwtKey, config: &OidcConfig, now_s: u64) -> String {
    key.sign(&json!({
        "iss": config.client_id,
        "sub": config.client_id,
        "aud": config.issuer,
        "jti": alloy_primitives::B256::random(),
        "iat": now_s,
        "exp": now_s + ASSERTION_S,
    }))
}
