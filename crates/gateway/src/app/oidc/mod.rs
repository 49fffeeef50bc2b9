//! Officers sign in at their agency's provider of OpenID Connect: the authorization code flow with PKCE (S256).
//!
//! ```text
//! config     the provider, and who somebody there is here
//! http       TLS, bounds
//! provider   metadata and keys, kept for a while; the token endpoint
//! client     how this gateway proves to the provider who it is
//! token      signatures and claims of its tokens
//! officer    claims -> code, roles
//! ```
//!
//! The provider says who may see and handle; it signs nothing on the chain. A decision takes the officer's own key, which the
//! officer proves in the session ([`App::prove_key`]) and which is then theirs alone: a code has one account at the provider
//! and one key, an account and a key have one code, until the administrator releases them.

mod client;
mod config;
mod http;
mod officer;
mod provider;
mod token;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use sha2::{Digest, Sha256};
use thiserror::Error;
use url::form_urlencoded;

use super::access::Who;
use super::session::{Session, digest, random};
use super::{App, AppError, inner};
use crate::store::{LoginRow, VouchedRow};

pub use client::ClientProof;
pub use config::{OfficerConfig, OidcConfig, OidcConfigError, RETURN_PATH};
pub use http::{AddressError, FetchError, address};
pub use officer::{MAX_CODE_BYTES, NotAnOfficer};
pub use provider::{DEMO_NETWORK, Provider, ProviderError};
pub use token::{SigningAlgorithm, TokenError};

use provider::Exchanged;

/// How long an officer may take at the provider, in seconds.
pub const LOGIN_S: u64 = 600;
/// The longest code, state or error that comes back, in bytes.
pub const MAX_PARAMETER_BYTES: usize = 4096;

/// Why nobody was signed in by the provider.
#[derive(Debug, Error)]
pub enum OidcError {
    /// This agency has none.
    #[error("this organisation has no provider that officers sign in at")]
    None,
    /// Another page.
    #[error("`redirect_uri` is not one of those that are configured")]
    RedirectUri,
    /// Malformed.
    #[error("`{0}` is missing, malformed or too long")]
    Parameter(&'static str),
    /// Not under way.
    #[error("`state` is of no sign-in under way: it was used, is too old, or was not begun here")]
    State,
    /// Another browser began it.
    #[error("`secret` is not of the browser that began this sign-in")]
    Browser,
    /// The answer is of another provider (RFC 9207).
    #[error("`iss` is not the provider that this sign-in was begun with")]
    AnswerIssuer,
    /// The provider did not sign them in.
    #[error("the provider did not sign you in")]
    Denied,
    /// The provider refuses the code.
    #[error("the provider refuses the code: {0}")]
    Code(&'static str),
    /// Its token is refused.
    #[error("the provider's token is refused: {0}")]
    Token(#[from] TokenError),
    /// Nobody here.
    #[error(transparent)]
    NotAnOfficer(#[from] NotAnOfficer),
    /// The code is another account's.
    #[error(
        "this officer's code belongs to another account; the administrator of this organisation can release it"
    )]
    OthersCode,
    /// The key is another officer's.
    #[error("this key belongs to another officer, or this officer has another key")]
    OthersKey,
    /// The provider cannot be used now.
    #[error("the provider cannot be used now")]
    Provider(#[source] ProviderError),
    /// Too many.
    #[error("too many sign-ins at once; try again later")]
    Busy,
    /// Inside.
    #[error(transparent)]
    App(#[from] AppError),
}

impl OidcError {
    /// How a refusal is kept; `None`: nobody was refused anything.
    fn word(&self) -> Option<&'static str> {
        Some(match self {
            Self::State => "wrong-state",
            Self::Browser => "wrong-browser",
            Self::AnswerIssuer => "wrong-issuer",
            Self::Denied => "provider-denied",
            Self::Code(_) => "code-refused",
            Self::Token(error) => error.word(),
            Self::NotAnOfficer(error) => error.word(),
            Self::OthersCode => "others-code",
            Self::OthersKey => "others-key",
            Self::Provider(_) => "provider-unusable",
            Self::None | Self::RedirectUri | Self::Parameter(_) | Self::Busy | Self::App(_) => return None,
        })
    }
}

/// A sign-in that was begun.
pub struct Begun {
    /// Where the browser goes.
    pub url: String,
    /// What comes back with it.
    pub state: String,
}

/// What came back with the browser.
pub struct Returned<'a> {
    /// As begun.
    pub state: &'a str,
    /// What the browser kept.
    pub secret: &'a str,
    /// The code; none if the provider did not sign them in.
    pub code: Option<&'a str>,
    /// The provider, if it names itself.
    pub issuer: Option<&'a str>,
}

impl App {
    fn provider(&self) -> Result<&Provider, OidcError> {
        self.oidc.as_ref().ok_or(OidcError::None)
    }

    /// The provider's name for the sign-in page, if there is one.
    pub fn oidc_name(&self) -> Option<&str> {
        self.oidc.as_ref().map(|provider| provider.config.name.as_str())
    }

    /// The keys by which this gateway proves itself to the provider.
    ///
    /// # Errors
    /// There is no provider.
    pub fn oidc_client_keys(&self) -> Result<Value, OidcError> {
        Ok(self.provider()?.client.key_set())
    }

    /// Begins a sign-in of the browser that keeps the secret with this SHA-256 digest (in hex).
    ///
    /// # Errors
    /// See [`OidcError`].
    pub async fn begin_oidc(&self, redirect_uri: &str, browser: &str) -> Result<Begun, OidcError> {
        let provider = self.provider()?;
        let config = &provider.config;
        if !config.redirect_uris.iter().any(|known| known == redirect_uri) {
            return Err(OidcError::RedirectUri);
        }
        let is_digest = browser.len() == 64
            && browser
                .bytes()
                .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        if !is_digest {
            return Err(OidcError::Parameter("browser"));
        }
        let now_s = self.clock.now_s();
        let metadata = provider.metadata(now_s).await.map_err(unusable)?;
        let [state, nonce, verifier] = [random()?, random()?, random()?].map(|r| URL_SAFE_NO_PAD.encode(r));
        let login = LoginRow {
            nonce: nonce.clone(),
            verifier: verifier.clone(),
            browser: browser.to_owned(),
            redirect_uri: redirect_uri.to_owned(),
            expires_s: now_s + LOGIN_S,
        };
        let kept = self.store.put_login(&digest(&state), &login, now_s).await;
        if !kept.map_err(inner)? {
            return Err(OidcError::Busy);
        }
        let scopes: Vec<_> = std::iter::once("openid")
            .chain(config.scopes.iter().map(String::as_str))
            .collect();
        let mut url = metadata.authorization.clone();
        {
            let mut query = url.query_pairs_mut();
            query
                .append_pair("response_type", "code")
                .append_pair("client_id", &config.client_id)
                .append_pair("redirect_uri", redirect_uri)
                .append_pair("scope", &scopes.join(" "))
                .append_pair("state", &state)
                .append_pair("nonce", &nonce)
                .append_pair(
                    "code_challenge",
                    &URL_SAFE_NO_PAD.encode(Sha256::digest(&verifier)),
                )
                .append_pair("code_challenge_method", "S256");
            if let Some(minutes) = config.max_age_minutes {
                query.append_pair("max_age", &(minutes * 60).to_string());
            }
        }
        Ok(Begun {
            url: url.into(),
            state,
        })
    }

    /// Signs an officer in with what came back from the provider. A refusal is kept and counted.
    ///
    /// # Errors
    /// See [`OidcError`].
    pub async fn finish_oidc(&self, returned: &Returned<'_>) -> Result<Session, OidcError> {
        let mut who = String::new();
        let result = self.oidc_session(returned, &mut who).await;
        if let Err(error) = &result
            && let Some(word) = error.word()
        {
            self.keep_refused_sign_in(&who, word).await?;
        }
        result
    }

    async fn oidc_session(&self, returned: &Returned<'_>, who: &mut String) -> Result<Session, OidcError> {
        let provider = self.provider()?;
        let now_s = self.clock.now_s();
        for (name, text) in [
            ("state", Some(returned.state)),
            ("secret", Some(returned.secret)),
            ("code", returned.code),
            ("iss", returned.issuer),
        ] {
            if text.is_some_and(|text| text.is_empty() || text.len() > MAX_PARAMETER_BYTES) {
                return Err(OidcError::Parameter(name));
            }
        }
        // Used up whatever comes next: a second try with the same state finds nothing.
        let login = self.store.take_login(&digest(returned.state), now_s).await;
        let login = login.map_err(inner)?.ok_or(OidcError::State)?;
        if digest(returned.secret) != login.browser {
            return Err(OidcError::Browser);
        }
        let metadata = provider.metadata(now_s).await.map_err(unusable)?;
        match returned.issuer {
            Some(issuer) if issuer != provider.config.issuer => return Err(OidcError::AnswerIssuer),
            None if metadata.names_itself => return Err(OidcError::AnswerIssuer),
            _ => {}
        }
        let code = returned.code.ok_or(OidcError::Denied)?;
        let exchanged = provider
            .exchange(code, &login.verifier, &login.redirect_uri, now_s)
            .await;
        let token = match exchanged.map_err(unusable)? {
            Exchanged::IdToken(token) => token,
            Exchanged::Refused(why) => return Err(OidcError::Code(why)),
        };
        let claims = provider
            .verified(&token, &["JWT"], now_s)
            .await
            .map_err(unusable)??;
        let max_age_s = provider.config.max_age_minutes.map(|minutes| minutes * 60);
        let subject = provider
            .expected(now_s)
            .check_id_token(&claims, &login.nonce, max_age_s)?;
        let account = provider.config.subject_digest(subject);
        let known = match provider.config.officer(subject, &claims) {
            Ok(known) => known,
            Err(error) => {
                self.note_vouch(&account, None).await?;
                return Err(error.into());
            }
        };
        who.clone_from(&known.code);
        let subject = account;
        let now_ms = self.clock.now_ms();
        if !self
            .store
            .bind_subject(&known.code, &subject, now_ms)
            .await
            .map_err(inner)?
        {
            return Err(OidcError::OthersCode);
        }
        if let Some(key) = known.key
            && !self
                .store
                .bind_key(&known.code, key, now_ms)
                .await
                .map_err(inner)?
        {
            return Err(OidcError::OthersKey);
        }
        self.note_vouch(&subject, Some((known.code.as_str(), known.grants.as_slice())))
            .await?;
        let officer = Who {
            name: known.code,
            agency: self.organisation.clone(),
            roles: provider.config.roles_of(&known.grants),
            key: None,
        };
        let vouched = VouchedRow {
            subject,
            sid: claims
                .get("sid")
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned(),
            grants: Value::from(known.grants).to_string(),
            passkey: None,
        };
        let opened = self
            .open_session_for(&officer, provider.config.session_s(), Some(&vouched))
            .await;
        opened.map_err(|error| match error {
            super::SessionError::App(error) => OidcError::App(error),
            _ => OidcError::Busy,
        })
    }

    /// Ends the sessions that the provider says have ended (Back-Channel Logout 1.0); answers how many. A refusal is kept
    /// and counted.
    ///
    /// # Errors
    /// See [`OidcError`].
    pub async fn oidc_logout(&self, token: &str) -> Result<u64, OidcError> {
        let result = self.ended_by_provider(token).await;
        if let Err(error) = &result
            && let Some(word) = error.word()
        {
            self.keep_refused_sign_in("", word).await?;
        }
        result
    }

    async fn ended_by_provider(&self, token: &str) -> Result<u64, OidcError> {
        let provider = self.provider()?;
        let now_s = self.clock.now_s();
        let verified = provider.verified(token, &["logout+jwt", "JWT"], now_s).await;
        let claims = verified.map_err(unusable)??;
        let (subject, session) = provider.expected(now_s).check_logout_token(&claims)?;
        let subject = subject.map(|subject| provider.config.subject_digest(subject));
        let ended = self.store.drop_vouched(subject.as_deref(), session).await;
        Ok(ended.map_err(inner)?)
    }

    /// Where the browser goes to be signed out at the provider too (RP-Initiated Logout 1.0), if there is such a place and
    /// a way back.
    pub(super) async fn oidc_logout_url(&self) -> Option<String> {
        let provider = self.oidc.as_ref()?;
        let back = provider.config.post_logout_redirect_uri.as_deref()?;
        let metadata = provider.metadata(self.clock.now_s()).await.ok()?;
        let mut url = metadata.end_session.clone()?;
        let query = form_urlencoded::Serializer::new(url.query().unwrap_or_default().to_owned())
            .append_pair("client_id", &provider.config.client_id)
            .append_pair("post_logout_redirect_uri", back)
            .finish();
        url.set_query(Some(&query));
        Some(url.into())
    }
}

fn unusable(error: ProviderError) -> OidcError {
    OidcError::Provider(error)
}
