use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use reqwest::Url;
use serde::Deserialize;
use thiserror::Error;

use super::http::{AddressError, address};
use super::token::SigningAlgorithm;
use crate::app::access::Role;
use crate::app::passkey::{PasskeyConfig, PasskeyConfigError};
use crate::app::session::SESSION_S;

/// The provider of OpenID Connect that an agency's officers sign in at, and who they are here.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OidcConfig {
    /// As the sign-in page names it, e.g. `市统一身份认证平台`.
    pub name: String,
    /// The issuer identifier, exactly as the provider's metadata has it. HTTPS, unless the host is this machine.
    pub issuer: String,
    /// What the provider knows this gateway as.
    pub client_id: String,
    /// File with the client's secret, readable by its owner alone (`client_secret_basic`).
    #[serde(default)]
    pub client_secret: Option<PathBuf>,
    /// File with the client's P-256 key, made if it is missing (`private_key_jwt`); the public key is at
    /// `/v1/session/oidc/jwks`.
    #[serde(default)]
    pub client_key: Option<PathBuf>,
    /// The portal's pages `/desk/sign-in/return`, one for each of its hosts.
    pub redirect_uris: Vec<String>,
    /// Where the provider sends the browser after it signed an officer out; without one, signing out ends the session here.
    #[serde(default)]
    pub post_logout_redirect_uri: Option<String>,
    /// Asked for besides `openid`.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// How ID tokens may be signed; both if not given.
    #[serde(default = "SigningAlgorithm::all")]
    pub algorithms: Vec<SigningAlgorithm>,
    /// PEM file with the authorities that certify the provider's host; those of the system if not given.
    #[serde(default)]
    pub certificates: Option<PathBuf>,
    /// How long a session lasts, at most a working day.
    #[serde(default)]
    pub session_minutes: Option<u64>,
    /// How long ago an officer may have proven who they are to the provider.
    #[serde(default)]
    pub max_age_minutes: Option<u64>,
    /// The claim with the officer's code: a member's name, or a JSON pointer.
    #[serde(default = "subject_claim")]
    pub code_claim: String,
    /// The claim with groups or roles.
    #[serde(default)]
    pub roles_claim: Option<String>,
    /// The claim with the address of the officer's key.
    #[serde(default)]
    pub key_claim: Option<String>,
    /// Claims that must have these values, e.g. the department where one provider serves many.
    #[serde(default)]
    pub require: BTreeMap<String, String>,
    /// What a value of `roles_claim` stands for.
    #[serde(default)]
    pub roles: BTreeMap<String, Vec<Role>>,
    /// Officers by their subject, where the provider has no roles.
    #[serde(default)]
    pub officers: BTreeMap<String, OfficerConfig>,
    /// Passkeys that officers make after a sign-in; without it they have none.
    #[serde(default)]
    pub passkeys: Option<PasskeyConfig>,
}

/// An officer by their subject at the provider.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OfficerConfig {
    /// Their code.
    pub code: String,
    /// What they are appointed to.
    pub roles: Vec<Role>,
}

fn subject_claim() -> String {
    "sub".to_owned()
}

/// What is wrong with a configuration.
#[derive(Debug, Error)]
pub enum OidcConfigError {
    /// Passkeys.
    #[error(transparent)]
    Passkeys(#[from] PasskeyConfigError),
    /// An address.
    #[error("`{field}`: {source}")]
    Address {
        /// Which.
        field: &'static str,
        /// Why.
        source: AddressError,
    },
    /// A way back that is not the portal's.
    #[error("`redirect_uris`: {0} is not a page `{RETURN_PATH}` of a host in `session_domains`")]
    NotThePortal(String),
    /// Nothing to prove the client by, or two things.
    #[error("give one of `client_secret` and `client_key`")]
    Client,
    /// Something without which nobody could sign in.
    #[error("`{0}` must not be empty")]
    Empty(&'static str),
    /// Out of bounds.
    #[error("`{field}` must be from 1 to {most}")]
    Bounds {
        /// Which.
        field: &'static str,
        /// In its unit.
        most: u64,
    },
    /// `roles` and `officers` are both empty, or `roles` has no claim to come from.
    #[error("give `roles_claim` and `roles`, or `officers`: else nobody has a role")]
    NoRoles,
    /// A scope that is none.
    #[error("`scopes` must be words of visible ASCII")]
    Scope,
    /// A secret that cannot be read or sent.
    #[error("`client_secret` must be one line of visible ASCII")]
    Secret,
    /// A key file.
    #[error(transparent)]
    Key(#[from] zhengtong_vault::VaultError),
    /// Certificates that cannot be read.
    #[error("`certificates`: {0}")]
    Certificates(String),
    /// TLS.
    #[error("TLS: {0}")]
    Tls(#[from] rustls::Error),
}

/// The portal's page that the provider sends the browser to.
pub const RETURN_PATH: &str = "/desk/sign-in/return";
/// The longest time since an officer proved who they are, in minutes: a week.
const MOST_AGE_MINUTES: u64 = 7 * 24 * 60;

impl OidcConfig {
    /// Checks what can be checked without the provider.
    ///
    /// # Errors
    /// See [`OidcConfigError`].
    pub fn check(&self, portal_hosts: &[String]) -> Result<(), OidcConfigError> {
        let at = |field| move |source| OidcConfigError::Address { field, source };
        address(&self.issuer).map_err(at("issuer"))?;
        for (field, text) in [("name", &self.name), ("client_id", &self.client_id)] {
            if text.is_empty() {
                return Err(OidcConfigError::Empty(field));
            }
        }
        if self.redirect_uris.is_empty() {
            return Err(OidcConfigError::Empty("redirect_uris"));
        }
        if self.algorithms.is_empty() {
            return Err(OidcConfigError::Empty("algorithms"));
        }
        for text in &self.redirect_uris {
            let url = address(text).map_err(at("redirect_uris"))?;
            let host = authority(&url);
            let is_portal =
                url.path() == RETURN_PATH && url.query().is_none() && portal_hosts.contains(&host);
            if !is_portal {
                return Err(OidcConfigError::NotThePortal(text.clone()));
            }
        }
        if let Some(text) = &self.post_logout_redirect_uri {
            address(text).map_err(at("post_logout_redirect_uri"))?;
        }
        if self.client_secret.is_some() == self.client_key.is_some() {
            return Err(OidcConfigError::Client);
        }
        let bounded = [
            ("session_minutes", self.session_minutes, SESSION_S / 60),
            ("max_age_minutes", self.max_age_minutes, MOST_AGE_MINUTES),
        ];
        for (field, value, most) in bounded {
            if value.is_some_and(|value| value == 0 || value > most) {
                return Err(OidcConfigError::Bounds { field, most });
            }
        }
        if let Some(passkeys) = &self.passkeys {
            passkeys.check(portal_hosts)?;
        }
        let by_claim = self.roles_claim.is_some() && !self.roles.is_empty();
        if self.roles_claim.is_some() == self.roles.is_empty() || (!by_claim && self.officers.is_empty()) {
            return Err(OidcConfigError::NoRoles);
        }
        let is_word = |scope: &String| !scope.is_empty() && scope.chars().all(|c| c.is_ascii_graphic());
        if !self.scopes.iter().all(is_word) {
            return Err(OidcConfigError::Scope);
        }
        Ok(())
    }

    /// Takes relative paths from a folder.
    pub fn relative_to(&mut self, folder: &Path) {
        let files = [
            &mut self.client_secret,
            &mut self.client_key,
            &mut self.certificates,
        ];
        for path in files.into_iter().flatten() {
            *path = folder.join(&path);
        }
    }

    /// How long a session lasts, in seconds.
    pub fn session_s(&self) -> u64 {
        self.session_minutes.map_or(SESSION_S, |minutes| minutes * 60)
    }
}

/// Host and port, as a browser's `Origin` has them.
fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
name = "统一身份认证"
issuer = "https://sso.example/realms/civil-affairs"
client_id = "zhengtong"
client_secret = "keys/oidc.secret"
redirect_uris = ["https://portal.example/desk/sign-in/return"]
roles_claim = "/realm_access/roles"
[roles]
zt-handler = ["handler", "counter"]
"#;

    fn checked(text: &str) -> Result<(), String> {
        let config: OidcConfig = toml::from_str(text).map_err(|error| error.to_string())?;
        let hosts = ["portal.example".to_owned(), "127.0.0.1:8080".to_owned()];
        config.check(&hosts).map_err(|error| error.to_string())
    }

    #[test]
    fn a_provider_in_the_clear_is_refused_unless_it_is_this_machine() {
        assert_eq!(checked(GOOD), Ok(()));
        for issuer in ["http://127.0.0.1:8080/a", "http://localhost", "http://[::1]:1/"] {
            let text = GOOD.replace("https://sso.example/realms/civil-affairs", issuer);
            assert_eq!(checked(&text), Ok(()), "{issuer}");
        }
        for issuer in [
            "http://sso.example/",
            "http://10.0.0.1/",
            "http://localhost.example/",
            "http://127.0.0.1.example/",
            "http://127.0.0.1@sso.example/",
            "ftp://sso.example/",
            "https://user@sso.example/",
            "https://sso.example/?a=b",
            "https://sso.example/#a",
            "sso.example",
        ] {
            let text = GOOD.replace("https://sso.example/realms/civil-affairs", issuer);
            let refused = checked(&text).unwrap_err();
            assert!(refused.contains("`issuer`"), "{issuer}: {refused}");
        }
    }

    #[test]
    fn what_could_let_nobody_or_anybody_in_is_refused() {
        for (from, to, named) in [
            (
                "https://portal.example/desk",
                "https://evil.example/desk",
                "session_domains",
            ),
            ("/desk/sign-in/return", "/desk", "session_domains"),
            ("client_secret = \"keys/oidc.secret\"\n", "", "client_key"),
            ("client_id", "client_key = \"k\"\nclient_id", "client_key"),
            ("[roles]", "[other]", "other"),
            ("zt-handler = [\"handler\", \"counter\"]", "", "roles_claim"),
            ("roles_claim = \"/realm_access/roles\"\n", "", "roles_claim"),
            ("\"counter\"", "\"king\"", "king"),
            ("client_id", "session_minutes = 481\nclient_id", "session_minutes"),
            ("client_id", "session_minutes = 0\nclient_id", "session_minutes"),
            ("client_id", "algorithms = []\nclient_id", "algorithms"),
            ("client_id", "algorithms = [\"HS256\"]\nclient_id", "HS256"),
            ("client_id", "algorithms = [\"none\"]\nclient_id", "none"),
            ("client_id", "scopes = [\"a b\"]\nclient_id", "scopes"),
        ] {
            assert!(GOOD.contains(from), "{from}");
            let refused = checked(&GOOD.replacen(from, to, 1)).unwrap_err();
            assert!(refused.contains(named), "{to}: {refused}");
        }
    }
}
