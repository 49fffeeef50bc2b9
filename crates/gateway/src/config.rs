use std::path::PathBuf;

use serde::Deserialize;
use zhengtong_types::NetworkKey;

use crate::GatewayError;
use crate::keys::KeyFiles;

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
    /// URL of the agency's own database, `sqlite:` or `postgres:`, opened read-only.
    pub source_url: String,
    /// `mapping.toml` of the agency.
    pub mapping: PathBuf,
    /// The key files.
    pub keys: KeyFiles,
    /// Hosts of the portal, e.g. `127.0.0.1:8080`, that officers sign in from.
    pub session_domains: Vec<String>,
    /// Folder with the service packages, one a subfolder.
    pub services: PathBuf,
    /// Whether this is `zhengtong dev`: identity codes are demo codes, and the origin of pages is not restricted.
    #[serde(default)]
    pub dev: bool,
}

impl Config {
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
        Ok(())
    }
}
