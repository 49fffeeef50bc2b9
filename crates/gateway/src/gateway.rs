use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use alloy_signer_local::PrivateKeySigner;
use axum::Router;
use tokio::task::JoinSet;
use zhengtong_bindings::{addresses, parse_slug};
use zhengtong_client::Client;
use zhengtong_credentials::{Certificate, CredentialError};
use zhengtong_services::Package;
use zhengtong_vault::sql::{self, Access as SqlAccess};
use zhengtong_vault::{Vault, VaultError};

use crate::app::access::Access;
use crate::app::api::Api;
use crate::app::chain::{ChainPort, ClientPort};
use crate::app::clock::{Clock, SystemClock};
use crate::app::deletion::{Books, record};
use crate::app::exchange::{Exchange, Peers, Signing};
use crate::app::mapping::Mapping;
use crate::app::oidc::Provider;
use crate::app::retention::Retention;
use crate::app::source::Source;
use crate::app::{App, Parts};
use crate::keys::{KeyFiles, Keys};
use crate::store::Store;
use crate::{Config, GatewayError, http};

/// How long to wait before following the chain again, should the store have failed.
const RETRY_FOLLOWING: Duration = Duration::from_secs(5);
/// How often exchanges that nobody waits for are finished, and old ones forgotten.
const KEEP_EXCHANGES: Duration = Duration::from_secs(5);
/// The most service packages in a folder.
const MAX_PACKAGES: usize = 10_000;

/// A running gateway: it follows the chain and works until it is dropped.
pub struct Gateway {
    app: App,
    tasks: JoinSet<()>,
}

impl Gateway {
    /// Opens everything, refuses the wrong network, starts following and working. Answers the HTTP routes, to be served
    /// at the address that the `Registry` names, and the handle that keeps the gateway running.
    ///
    /// # Errors
    /// See [`GatewayError`]; nothing runs then.
    pub async fn start(config: Config) -> Result<(Router, Self), GatewayError> {
        config.check()?;
        let client = Client::connect(&config.rpc_url, Some(config.network_key)).await?;
        Self::start_on(config, Arc::new(ClientPort::new(client)?), Arc::new(SystemClock)).await
    }

    /// As [`Gateway::start`], on a given chain and clock.
    ///
    /// # Errors
    /// See [`GatewayError`].
    pub async fn start_on(
        config: Config,
        chain: Arc<dyn ChainPort>,
        clock: Arc<dyn Clock>,
    ) -> Result<(Router, Self), GatewayError> {
        let dev = config.dev;
        let app = open(config, chain, clock).await?;
        let mut tasks = JoinSet::new();
        let (following, working) = (app.clone(), app.clone());
        tasks.spawn(async move {
            loop {
                if let Err(error) = following.follow().await {
                    tracing::error!(%error, "following the chain failed, will be tried again");
                }
                tokio::time::sleep(RETRY_FOLLOWING).await;
            }
        });
        tasks.spawn(async move { working.work().await });
        let keeping = app.clone();
        tasks.spawn(async move {
            loop {
                tokio::time::sleep(KEEP_EXCHANGES).await;
                if let Err(error) = keeping.keep_exchanges().await {
                    tracing::warn!(%error, "exchanges cannot be kept up now");
                }
            }
        });
        Ok((http::router(app.clone(), dev), Self { app, tasks }))
    }

    /// Ends following and working, and returns once they have ended: whatever they wait for may go then, and nothing fails
    /// because it is gone.
    pub async fn stop(mut self) {
        self.tasks.shutdown().await;
    }

    /// What the gateway does, for embedding and for tests.
    pub fn app(&self) -> &App {
        &self.app
    }
}

/// Opens a gateway without starting its tasks.
///
/// # Errors
/// See [`GatewayError`].
pub async fn open(
    config: Config,
    chain: Arc<dyn ChainPort>,
    clock: Arc<dyn Clock>,
) -> Result<App, GatewayError> {
    config.check()?;
    let wrong = |error: zhengtong_bindings::BadSlug| GatewayError::Config {
        field: "organisation",
        problem: error.to_string(),
    };
    let me = parse_slug(&config.organisation).map_err(wrong)?;
    std::fs::create_dir_all(&config.data_folder).map_err(|source| GatewayError::Folder {
        path: config.data_folder.clone(),
        source,
    })?;
    let url = |file: &str| {
        config
            .database_url
            .clone()
            .unwrap_or_else(|| sql::sqlite_url(&config.data_folder.join(file)))
    };
    let keys = Keys::read_or_create(&config.keys, None)?;
    let public_url = config.credentials.as_ref().map(|one| one.public_url.clone());
    let certified = match &config.credentials {
        Some(credentials) => Some((
            credentials.public_url.as_str(),
            certificates(&credentials.certificates)?,
        )),
        None => None,
    };
    let mapping = Mapping::load(&config.mapping, &config.organisation)?;
    let api = config.source_api.as_ref().map(Api::new).transpose();
    let api = api.map_err(|error| GatewayError::Config {
        field: "source_api",
        problem: error.to_string(),
    })?;
    let packages = packages(&config.services, MAX_PACKAGES)?;
    let store = Store::open(&url("gateway.sqlite")).await?;
    belongs(&store, &chain.network(), &config.organisation).await?;
    record::keep_at(&store, config.deletion_record.as_deref()).await?;
    record::copy(&config.organisation, &store).await?;
    let exchange = Exchange::new(
        Signing::new(keys.exchange(config.exchange_algorithm)?),
        Peers::new(config.peers_base()?),
    );
    let oidc = config
        .access
        .oidc
        .map(|oidc| Provider::new(oidc, chain.network()));
    let oidc = oidc.transpose().map_err(|error| GatewayError::Config {
        field: "access.oidc",
        problem: error.to_string(),
    })?;
    let parts = Parts {
        me,
        contracts: addresses(),
        vault: Vault::open(&url("vault.sqlite"), &keys.vault).await?,
        source: Source::open(config.source_url.as_deref(), api, mapping).await?,
        issuer: keys.issuer(&config.organisation, chain.chain_id(), certified)?,
        public_url,
        encryption: keys.encryption,
        attester: keys.attester,
        organisation: config.organisation,
        session_domains: config.session_domains,
        key_roles: config.access.roles,
        key_sign_in: config.access.key_sign_in,
        oidc,
        access: Access::load(config.access.policies)?,
        allowance_tokens: config.allowance_tokens,
        retention: match &config.retention {
            Some(path) => Retention::load(path)?,
            None => Retention::default(),
        },
        sabotage: config.sabotage,
        chain,
        store,
        packages,
        clock,
    };
    let app = App::new(parts, exchange);
    app.books().hide_requests().await?;
    app.note_policies().await?;
    app.note_tracked_since().await?;
    Ok(app)
}

/// The books of an organisation without its chain: for the operator's commands, beside a gateway that runs or not.
pub struct OpenBooks {
    organisation: String,
    store: Store,
    vault: Vault,
    attester: PrivateKeySigner,
}

impl OpenBooks {
    /// Opens the books in a gateway's data folder, with its keys; makes nothing.
    ///
    /// # Errors
    /// There are none, or they are another organisation's.
    pub async fn open(
        organisation: &str,
        data_folder: &Path,
        database_url: Option<&str>,
        keys: &KeyFiles,
    ) -> Result<Self, GatewayError> {
        if database_url.is_none() {
            for path in ["gateway.sqlite", "vault.sqlite"].map(|file| data_folder.join(file)) {
                if !path.is_file() {
                    return Err(GatewayError::NoBooks { path });
                }
            }
        }
        for path in [&keys.vault, &keys.attester] {
            std::fs::metadata(path).map_err(|source| GatewayError::Folder {
                path: path.clone(),
                source,
            })?;
        }
        let url = |file: &str| match database_url {
            Some(url) => url.to_owned(),
            None => sql::sqlite_url(&data_folder.join(file)),
        };
        let books = url("gateway.sqlite");
        let kept = owner(&books).await?;
        if kept != organisation {
            return Err(GatewayError::WrongOrganisation {
                kept,
                found: organisation.to_owned(),
            });
        }
        let keys = Keys::read_or_create(keys, None)?;
        let store = Store::open(&books).await?;
        Ok(Self {
            organisation: organisation.to_owned(),
            store,
            vault: Vault::open(&url("vault.sqlite"), &keys.vault).await?,
            attester: keys.attester,
        })
    }

    /// Whose they are.
    pub fn organisation(&self) -> &str {
        &self.organisation
    }

    /// The books at a time.
    pub fn at(&self, now_ms: u64) -> Books<'_> {
        Books {
            organisation: &self.organisation,
            store: &self.store,
            vault: &self.vault,
            attester: &self.attester,
            now_ms,
        }
    }
}

/// Whose books a database has. Opening it as a store would make one of whatever it is.
async fn owner(url: &str) -> Result<String, GatewayError> {
    let pool = sql::connect(url, SqlAccess::ReadOnly).await?;
    let owner: Result<Option<String>, _> =
        sqlx::query_scalar("SELECT value FROM meta WHERE name = 'organisation'")
            .fetch_optional(&pool)
            .await;
    pool.close().await;
    let owner = match owner {
        Ok(owner) => owner,
        // It answers, and has no such table.
        Err(sqlx::Error::Database(_)) => None,
        Err(source) => return Err(VaultError::from(source).into()),
    };
    owner.ok_or_else(|| GatewayError::NotBooks {
        database: sql::shown(url),
    })
}

fn certificates(path: &Path) -> Result<Vec<Certificate>, GatewayError> {
    let pem = std::fs::read_to_string(path).map_err(|source| GatewayError::Folder {
        path: path.into(),
        source,
    })?;
    Ok(Certificate::chain_from_pem(&pem).map_err(CredentialError::from)?)
}

/// A data folder stays with the network and the organisation it was made for.
async fn belongs(store: &Store, network: &str, organisation: &str) -> Result<(), GatewayError> {
    match store.meta("network").await? {
        Some(kept) if kept != network => {
            return Err(GatewayError::WrongNetwork {
                kept,
                found: network.to_owned(),
            });
        }
        Some(_) => {}
        None => store.set_meta("network", network).await?,
    }
    match store.meta("organisation").await? {
        Some(kept) if kept != organisation => Err(GatewayError::WrongOrganisation {
            kept,
            found: organisation.to_owned(),
        }),
        Some(_) => Ok(()),
        None => Ok(store.set_meta("organisation", organisation).await?),
    }
}

/// Every subfolder with an `item.json` is a package, at most `max`; each must pass every check.
fn packages(folder: &Path, max: usize) -> Result<Vec<Package>, GatewayError> {
    let failed = |source| GatewayError::Services {
        path: folder.into(),
        source,
    };
    let mut packages = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.join("item.json").is_file() {
            if packages.len() == max {
                return Err(GatewayError::TooManyPackages {
                    path: folder.into(),
                    max,
                });
            }
            packages.push(Package::load(&path)?);
        }
    }
    Ok(packages)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_are_not_left_out_without_a_word() {
        let services = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../services"));
        let error = packages(services, 1).expect_err("there are several");
        assert!(
            matches!(error, GatewayError::TooManyPackages { max: 1, .. }),
            "{error}"
        );
        let missing = services.join("nope");
        let error = packages(&missing, 1).expect_err("no folder").to_string();
        assert!(error.contains("`services`") && error.contains("nope"), "{error}");
    }
}
