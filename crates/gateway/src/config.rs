use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use alloy_primitives::Address;
use reqwest::Url;
use serde::Deserialize;
use zhengtong_types::NetworkKey;

use crate::GatewayError;
use crate::app::access::Role;
use crate::app::allowance::{DEFAULT_TOKENS, MAX_TOKENS};
use crate::app::api::ApiConfig;
use crate::app::mysql;
use crate::app::oidc::OidcConfig;
use crate::keys::KeyFiles;
use crate::signatures::Algorithm;

/// How the address of an agency's database begins, besides MySQL's.
const SOURCE_SCHEMES: [&str; 3] = ["sqlite:", "postgres:", "postgresql:"];

/// Everything a gateway has to be told. Checked once, at start; unknown keys are refused.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// This organisation's id in the `Registry`, e.g. `health`.
    pub organisation: String,
    /// The node's JSON-RPC, `http://…`.
    pub rpc_url: String,
    /// The network's public key. A node of another network is refused.
    pub network_key: NetworkKey,
    /// Where the store and the vault are, when they are embedded.
    pub data_folder: PathBuf,
    /// URL of the store's and vault's database (`postgres:`); SQLite files in the data folder if not given.
    #[serde(default)]
    pub database_url: Option<String>,
    /// URL of the agency's own database, `sqlite:`, `postgres:`, `mysql:` or `mariadb:`, opened read-only; needed where the
    /// mapping has queries.
    #[serde(default)]
    pub source_url: Option<String>,
    /// The agency's own HTTP API; needed where the mapping has requests.
    #[serde(default)]
    pub source_api: Option<ApiConfig>,
    /// `mapping.toml` of the agency.
    pub mapping: PathBuf,
    /// The key files.
    pub keys: KeyFiles,
    /// Hosts of the portal, e.g. `127.0.0.1:8080`, that officers sign in from.
    pub session_domains: Vec<String>,
    /// Folder with the service packages, one a subfolder.
    pub services: PathBuf,
    /// How messages to other gateways are signed: `ed25519` (if not given) or `ecdsa-p256-sha256`.
    #[serde(default)]
    pub exchange_algorithm: Algorithm,
    /// What gateway addresses in the `Registry` that begin with `/` are relative to, e.g. `http://127.0.0.1:8080`.
    #[serde(default)]
    pub peers_at: Option<String>,
    /// How wallets reach this gateway and whom its credential key is certified by; without it credentials are trusted by
    /// the attester's endorsement, and are not offered to wallets by OpenID's protocols.
    #[serde(default)]
    pub credentials: Option<CredentialsConfig>,
    /// Whether this is `zhengtong dev`: identity codes are demo codes, and the origin of pages is not restricted.
    #[serde(default)]
    pub dev: bool,
    /// Periods of retention by class of data; without a file everything is kept until a person is deleted.
    #[serde(default)]
    pub retention: Option<PathBuf>,
    /// Where a copy of the record of deletions is kept, on another disk than the data folder: a restore needs it, so that
    /// whoever was deleted after a backup stays deleted. Written anew with each deletion.
    #[serde(default)]
    pub deletion_record: Option<PathBuf>,
    /// Who may do what at the desk.
    #[serde(default)]
    pub access: AccessConfig,
    /// Tokens that open cases, for each person and day, if the chain names this organisation as their issuer: 1 to 100.
    #[serde(default = "default_tokens")]
    pub allowance_tokens: u32,
    /// See [`Sabotage`]: no file can ask for it.
    #[serde(skip)]
    pub sabotage: Option<Sabotage>,
}

fn default_tokens() -> u32 {
    DEFAULT_TOKENS
}

/// Who may do what at the desk.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccessConfig {
    /// Folder with Cedar policies (`*.cedar`); without one, those that come with the program (`agencies/policies`).
    #[serde(default)]
    pub policies: Option<PathBuf>,
    /// Roles of officers who sign in by key, by its address; a key that is not here has [`crate::app::access::KEY_ROLES`].
    #[serde(default)]
    pub roles: BTreeMap<Address, Vec<Role>>,
    /// Whether officers may sign in by a key alone; `false` where all do at a provider.
    #[serde(default = "yes")]
    pub key_sign_in: bool,
    /// The provider of OpenID Connect that officers sign in at.
    #[serde(default)]
    pub oidc: Option<OidcConfig>,
}

fn yes() -> bool {
    true
}

impl Default for AccessConfig {
    fn default() -> Self {
        Self {
            policies: None,
            roles: BTreeMap::new(),
            key_sign_in: true,
            oidc: None,
        }
    }
}

/// A promise to break, so that tests can see that it is noticed. Refused unless `dev`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sabotage {
    /// Leaves out this number of every case's use records, and goes on with the next.
    SkipUse(u32),
}

/// What it takes to issue and to ask for credentials by open standards.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CredentialsConfig {
    /// The gateway's own address as wallets see it, `https://…` without a slash at the end; the credential issuer
    /// identifier, and the address that status lists are found at.
    pub public_url: String,
    /// PEM file: the certificate of the issuer's key, which names `public_url`, then those that certify it, without the
    /// anchor.
    pub certificates: PathBuf,
}

impl CredentialsConfig {
    fn check(&self) -> Result<(), GatewayError> {
        let rest = ["https://", "http://"]
            .iter()
            .find_map(|scheme| self.public_url.strip_prefix(scheme));
        let good = rest.is_some_and(|rest| {
            !rest.is_empty() && !rest.ends_with('/') && !rest.contains(['?', '#', ' ', '@'])
        });
        if good {
            return Ok(());
        }
        Err(GatewayError::Config {
            field: "credentials.public_url",
            problem: "must be an address of http or https, without query and without a slash at the end"
                .into(),
        })
    }
}

impl Config {
    /// The same, with relative paths taken from a folder.
    #[must_use]
    pub fn relative_to(mut self, folder: &Path) -> Self {
        let KeyFiles {
            attester,
            encryption,
            issuer,
            vault,
            exchange,
        } = &mut self.keys;
        if let Some(oidc) = &mut self.access.oidc {
            oidc.relative_to(folder);
        }
        let token = self.source_api.as_mut().and_then(|api| api.token.as_mut());
        let keys = [attester, encryption, issuer, vault]
            .into_iter()
            .chain(exchange)
            .chain(token);
        for path in [&mut self.data_folder, &mut self.mapping, &mut self.services]
            .into_iter()
            .chain(keys)
            .chain(&mut self.retention)
            .chain(&mut self.deletion_record)
            .chain(self.credentials.as_mut().map(|one| &mut one.certificates))
            .chain(&mut self.access.policies)
        {
            *path = folder.join(&path);
        }
        self
    }

    /// [`Config::peers_at`], read.
    ///
    /// # Errors
    /// It is not an address.
    pub(crate) fn peers_base(&self) -> Result<Option<Url>, GatewayError> {
        let read = |text: &String| {
            Url::parse(text).map_err(|error| GatewayError::Config {
                field: "peers_at",
                problem: error.to_string(),
            })
        };
        self.peers_at.as_ref().map(read).transpose()
    }

    /// Checks what can be checked without opening anything.
    ///
    /// # Errors
    /// [`GatewayError::Config`], naming the field.
    pub fn check(&self) -> Result<(), GatewayError> {
        let wrong = |field, problem: &str| {
            Err(GatewayError::Config {
                field,
                problem: problem.to_owned(),
            })
        };
        if let Err(error) = zhengtong_bindings::parse_slug(&self.organisation) {
            return wrong("organisation", &error.to_string());
        }
        self.peers_base()?;
        if self.database_url.as_deref().is_some_and(mysql::is_meant) {
            return wrong(
                "database_url",
                "a gateway keeps its own books in SQLite or PostgreSQL: MySQL and MariaDB can be `source_url` alone",
            );
        }
        let is_postgres = |url: &str| url.starts_with("postgres:") || url.starts_with("postgresql:");
        if self.database_url.as_deref().is_some_and(|url| !is_postgres(url)) {
            return wrong(
                "database_url",
                "must begin with postgres:; leave it out for SQLite in `data_folder`",
            );
        }
        let is_known =
            |url: &str| mysql::is_meant(url) || SOURCE_SCHEMES.iter().any(|scheme| url.starts_with(scheme));
        if self.source_url.as_deref().is_some_and(|url| !is_known(url)) {
            return wrong(
                "source_url",
                "must begin with sqlite:, postgres:, mysql: or mariadb:; other sources are read by `source_api`",
            );
        }
        if self.sabotage.is_some() && !self.dev {
            return wrong("sabotage", "is for tests of a `dev` network alone");
        }
        if self.allowance_tokens == 0 || self.allowance_tokens > MAX_TOKENS {
            return wrong("allowance_tokens", &format!("must be 1 to {MAX_TOKENS}"));
        }
        if let Some(credentials) = &self.credentials {
            credentials.check()?;
        }
        if self.session_domains.is_empty() {
            return wrong("session_domains", "must name at least one host of the portal");
        }
        if self
            .session_domains
            .iter()
            .any(|domain| domain.is_empty() || domain.contains('/'))
        {
            return wrong("session_domains", "must be hosts, without scheme and path");
        }
        if let Some(oidc) = &self.access.oidc {
            oidc.check(&self.session_domains)
                .map_err(|error| GatewayError::Config {
                    field: "access.oidc",
                    problem: error.to_string(),
                })?;
        }
        if !self.access.key_sign_in && self.access.oidc.is_none() {
            return wrong(
                "access.key_sign_in",
                "without it officers need a provider (`access.oidc`)",
            );
        }
        Ok(())
    }
}
