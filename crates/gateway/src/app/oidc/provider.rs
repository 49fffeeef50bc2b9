//! The provider: its metadata and keys (OpenID Connect Discovery 1.0), fetched when they are needed and kept for a while;
//! its token endpoint.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::Bytes;
use http_body_util::Full;
use hyper::{Request, StatusCode};
use parking_lot::Mutex;
use reqwest::Url;
use serde_json::{Map, Value};
use thiserror::Error;
use url::form_urlencoded;

use super::client::ClientProof;
use super::http::{AddressError, FetchError, Http, endpoint};
use super::token::{Expected, ProviderKey, TokenError, Unverified};
use super::{OidcConfig, OidcConfigError};

/// How long metadata and keys are used, in seconds: a key that the provider withdraws is used no longer.
pub const MAX_AGE_S: u64 = 600;
/// How long to wait before keys are fetched again because of a token with an unknown one, in seconds.
pub const REFETCH_AFTER_S: u64 = 5;
/// The most keys of a provider.
const MAX_KEYS: usize = 64;
/// Said by the provider that is built into `zhengtong dev`: the key of its network. It lets anybody in as anybody.
pub const DEMO_NETWORK: &str = "zhengtong_demo_network";

/// Why the provider cannot be used.
#[derive(Debug, Error)]
pub enum ProviderError {
    /// It does not answer as it should.
    #[error("{what} of the provider {source}")]
    Fetch {
        /// What was fetched.
        what: &'static str,
        /// Why it was not.
        source: FetchError,
    },
    /// Its metadata is of another issuer.
    #[error("the provider's metadata is of another issuer")]
    Issuer,
    /// Its metadata lacks something, or has an address that is refused.
    #[error("`{0}` of the provider's metadata is missing or refused")]
    Metadata(&'static str),
    /// It is the built-in one of another network, which lets anybody in as anybody.
    #[error("this is the built-in provider of a demo network, and of another one")]
    Demo,
}

/// What the provider says about itself.
pub struct Metadata {
    /// Where officers are sent.
    pub authorization: Url,
    /// Where codes are exchanged.
    pub token: Url,
    keys: Url,
    /// Where officers are signed out, if it can.
    pub end_session: Option<Url>,
    /// Whether its answers name it (RFC 9207).
    pub names_itself: bool,
}

struct Kept<T> {
    value: Arc<T>,
    at_s: u64,
}

impl<T> Kept<T> {
    fn within(slot: &Option<Self>, now_s: u64, max_age_s: u64) -> Option<Arc<T>> {
        let kept = slot.as_ref()?;
        (now_s.saturating_sub(kept.at_s) < max_age_s).then(|| Arc::clone(&kept.value))
    }
}

/// A provider of OpenID Connect, as a client of it.
pub struct Provider {
    /// Who is who, and how it is reached.
    pub config: OidcConfig,
    /// What proves that it is this gateway who asks.
    pub client: ClientProof,
    http: Http,
    /// Key of this network.
    network: String,
    metadata: Mutex<Option<Kept<Metadata>>>,
    keys: Mutex<Option<Kept<Vec<ProviderKey>>>>,
    /// One at a time fetches: what strangers send makes no crowd at the provider.
    fetching: tokio::sync::Mutex<()>,
}

/// How the token endpoint answered.
pub enum Exchanged {
    /// With an ID token.
    IdToken(String),
    /// It refuses the code; as it says why (RFC 6749, 5.2), if it is a known word.
    Refused(&'static str),
}

impl Provider {
    /// The provider of a configuration; reads the secret or the key. Nothing is fetched yet.
    ///
    /// # Errors
    /// See [`OidcConfigError`].
    pub fn new(config: OidcConfig, network: String) -> Result<Self, OidcConfigError> {
        Ok(Self {
            client: ClientProof::read(&config)?,
            http: Http::new(config.certificates.as_deref())?,
            config,
            network,
            metadata: Mutex::new(None),
            keys: Mutex::new(None),
            fetching: tokio::sync::Mutex::new(()),
        })
    }

    /// Its metadata.
    ///
    /// # Errors
    /// See [`ProviderError`].
    pub async fn metadata(&self, now_s: u64) -> Result<Arc<Metadata>, ProviderError> {
        let kept = || Kept::within(&self.metadata.lock(), now_s, MAX_AGE_S);
        if let Some(kept) = kept() {
            return Ok(kept);
        }
        let _fetching = self.fetching.lock().await;
        if let Some(kept) = kept() {
            return Ok(kept);
        }
        let text = format!(
            "{}/.well-known/openid-configuration",
            self.config.issuer.trim_end_matches('/')
        );
        let url = endpoint(&text).map_err(|_: AddressError| ProviderError::Metadata("issuer"))?;
        let what = "the metadata";
        let fetched = self.http.get(&url).await;
        let document = fetched.map_err(|source| ProviderError::Fetch { what, source })?;
        let value = Arc::new(self.read(&document)?);
        *self.metadata.lock() = Some(Kept {
            value: Arc::clone(&value),
            at_s: now_s,
        });
        Ok(value)
    }

    fn read(&self, document: &Value) -> Result<Metadata, ProviderError> {
        let text = |name: &str| document.get(name).and_then(Value::as_str);
        if text("issuer") != Some(self.config.issuer.as_str()) {
            return Err(ProviderError::Issuer);
        }
        if let Some(demo) = document.get(DEMO_NETWORK)
            && demo.as_str() != Some(self.network.as_str())
        {
            return Err(ProviderError::Demo);
        }
        let address = |name: &'static str| {
            let found = text(name).and_then(|text| endpoint(text).ok());
            found.ok_or(ProviderError::Metadata(name))
        };
        // What a list says must include what we need; a list that is not there says nothing.
        for (name, needed) in [
            ("response_types_supported", &["code"][..]),
            ("code_challenge_methods_supported", &["S256"]),
            (
                "id_token_signing_alg_values_supported",
                &self
                    .config
                    .algorithms
                    .iter()
                    .map(|one| one.as_str())
                    .collect::<Vec<_>>(),
            ),
        ] {
            let has = |list: &Vec<Value>| {
                list.iter()
                    .any(|one| one.as_str().is_some_and(|one| needed.contains(&one)))
            };
            if !document.get(name).and_then(Value::as_array).is_none_or(has) {
                return Err(ProviderError::Metadata(name));
            }
        }
        let names_itself = document.get("authorization_response_iss_parameter_supported");
        Ok(Metadata {
            authorization: address("authorization_endpoint")?,
            token: address("token_endpoint")?,
            keys: address("jwks_uri")?,
            end_session: match text("end_session_endpoint") {
                Some(_) => Some(address("end_session_endpoint")?),
                None => None,
            },
            names_itself: names_itself.and_then(Value::as_bool).unwrap_or(false),
        })
    }

    async fn fetch_keys(&self, now_s: u64) -> Result<Arc<Vec<ProviderKey>>, ProviderError> {
        let url = self.metadata(now_s).await?.keys.clone();
        let _fetching = self.fetching.lock().await;
        if let Some(keys) = Kept::within(&self.keys.lock(), now_s, REFETCH_AFTER_S) {
            return Ok(keys);
        }
        let what = "the key set";
        let fetched = self.http.get(&url).await;
        let document = fetched.map_err(|source| ProviderError::Fetch { what, source })?;
        let list = document.get("keys").and_then(Value::as_array);
        let list = list.ok_or(ProviderError::Metadata("keys"))?;
        let keys = list.iter().take(MAX_KEYS).filter_map(ProviderKey::of).collect();
        let value: Arc<Vec<ProviderKey>> = Arc::new(keys);
        *self.keys.lock() = Some(Kept {
            value: Arc::clone(&value),
            at_s: now_s,
        });
        Ok(value)
    }

    /// Checks the signature of a token; answers its claims. A key that is not known is looked for once more: the provider
    /// may have begun to sign by a new one.
    ///
    /// # Errors
    /// The token is refused, or the keys cannot be had.
    pub async fn verified(
        &self,
        token: &str,
        kinds: &[&str],
        now_s: u64,
    ) -> Result<Result<Map<String, Value>, TokenError>, ProviderError> {
        let token = match Unverified::parse(token, &self.config.algorithms) {
            Ok(token) => token,
            Err(error) => return Ok(Err(error)),
        };
        if let Err(error) = token.require_kind(kinds) {
            return Ok(Err(error));
        }
        let known = Kept::within(&self.keys.lock(), now_s, MAX_AGE_S);
        let is_fresh = Kept::within(&self.keys.lock(), now_s, REFETCH_AFTER_S).is_some();
        let mut keys = match known {
            Some(keys) => keys,
            None => self.fetch_keys(now_s).await?,
        };
        if choose(&keys, &token).is_none() && !is_fresh {
            keys = self.fetch_keys(now_s).await?;
        }
        Ok(match choose(&keys, &token) {
            Some(key) => token.verify(key),
            None => Err(TokenError::Key),
        })
    }

    /// What a token of it must say.
    pub fn expected(&self, now_s: u64) -> Expected<'_> {
        Expected {
            issuer: &self.config.issuer,
            client_id: &self.config.client_id,
            now_s,
        }
    }

    /// Exchanges a code.
    ///
    /// # Errors
    /// See [`ProviderError`].
    pub async fn exchange(
        &self,
        code: &str,
        verifier: &str,
        redirect_uri: &str,
        now_s: u64,
    ) -> Result<Exchanged, ProviderError> {
        let url = self.metadata(now_s).await?.token.clone();
        let mut form = BTreeMap::from([
            ("grant_type", "authorization_code".to_owned()),
            ("code", code.to_owned()),
            ("code_verifier", verifier.to_owned()),
            ("redirect_uri", redirect_uri.to_owned()),
        ]);
        let authorization = self.client.prove(&self.config, now_s, &mut form);
        let body: String = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(&form)
            .finish();
        let mut request = Request::post(url.as_str())
            .header("content-type", "application/x-www-form-urlencoded")
            .header("accept", "application/json");
        if let Some(authorization) = authorization {
            request = request.header("authorization", authorization);
        }
        let what = "the token endpoint";
        let failed = |source| ProviderError::Fetch { what, source };
        let request = request
            .body(Full::new(Bytes::from(body)))
            .map_err(|error| failed(FetchError::Unreachable(error.to_string())))?;
        let (status, answer) = self.http.send(request).await.map_err(failed)?;
        let text = |name: &str| answer.as_ref().and_then(|answer| answer.get(name)?.as_str());
        match status {
            StatusCode::OK => {
                let token = text("id_token").ok_or_else(|| failed(FetchError::Shape))?;
                Ok(Exchanged::IdToken(token.to_owned()))
            }
            StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED => {
                let known = REFUSALS.into_iter().find(|known| text("error") == Some(*known));
                Ok(Exchanged::Refused(known.unwrap_or("another reason")))
            }
            status => Err(failed(FetchError::Status(status))),
        }
    }
}

/// How a token endpoint refuses (RFC 6749, 5.2).
const REFUSALS: [&str; 6] = [
    "invalid_request",
    "invalid_client",
    "invalid_grant",
    "unauthorized_client",
    "unsupported_grant_type",
    "invalid_scope",
];

/// The key that a token names; without a name, the only one there is of its kind.
fn choose<'k>(keys: &'k [ProviderKey], token: &Unverified<'_>) -> Option<&'k ProviderKey> {
    let mut suiting = keys
        .iter()
        .filter(|key| key.algorithm == token.algorithm && (token.key_id.is_none() || key.id == token.key_id));
    let first = suiting.next()?;
    (token.key_id.is_some() || suiting.next().is_none()).then_some(first)
}
