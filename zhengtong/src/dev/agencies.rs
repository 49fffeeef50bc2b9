//! The gateways of a demo network, all in this process, each with a database and a vault of its own.

use super::{
    cast::{AGENCIES, Agency, AgencyKeys, officer_label},
    certificates::{certify, public_url},
    folder::Folder,
    keys::DevSeed,
    provider,
};
use crate::config;
use anyhow::{Context, Result, ensure};
use axum::Router;
use std::{net::SocketAddr, path::PathBuf};
use zhengtong_credentials::x509::Authority;
use zhengtong_gateway::app::App;
use zhengtong_gateway::app::access::{KEY_ROLES, Role};
use zhengtong_gateway::app::allowance::MAX_TOKENS;
use zhengtong_gateway::http::{Mediator, openid::well_known};
use zhengtong_gateway::{
    AccessConfig, Config, CredentialsConfig, Gateway, KeyFiles, Keys, OidcConfig, Sabotage,
};
use zhengtong_population::Prepared;
use zhengtong_types::NetworkKey;

/// Seed of the synthetic residents: everybody's demo has the same ones.
const POPULATION_SEED: u64 = 0x5a68_7430;

/// Tokens for each resident and day: everybody who tries it out is one of few residents, in a new wallet each time.
const ALLOWANCE_TOKENS: u32 = MAX_TOKENS;

/// Where the gateways find what is not in the data folder.
pub struct Surroundings {
    pub rpc_url: String,
    pub network_key: NetworkKey,
    /// Folder with a subfolder an agency, each with a `mapping.toml`.
    pub agencies: PathBuf,
    /// Folder with the service packages.
    pub services: PathBuf,
    /// Where the portal is served.
    pub http: SocketAddr,
    pub chain_id: u64,
    /// Certifies the agencies' credential keys.
    pub authority: Authority,
    /// The agencies' keys, in the order of [`AGENCIES`].
    pub keys: Vec<AgencyKeys>,
    /// A promise that one agency's gateway breaks, for a test.
    pub sabotage: Option<(String, Sabotage)>,
    /// Whether officers may sign in at the demo provider.
    pub provider: bool,
    /// An agency whose officers sign in at another provider.
    pub own_provider: Option<(String, OidcConfig)>,
}

/// A gateway that runs as long as this value, and its routes.
pub struct Running {
    pub slug: &'static str,
    pub router: Router,
    /// The door for a security server.
    pub mediator: Router,
    /// Its metadata, for the root of the host.
    pub well_known: Router,
    pub gateway: Gateway,
}

/// Makes the agencies' databases of synthetic residents at the first start, and finds them later.
pub async fn residents(folder: &Folder) -> Result<Prepared> {
    let today = jiff::Zoned::now().date();
    zhengtong_population::prepare(&folder.path("agencies"), POPULATION_SEED, today)
        .await
        .context("the agencies' databases")
}

/// Makes or reads each agency's keys, and answers what the registry is told of them, in the order of [`AGENCIES`].
pub fn keys(folder: &Folder, seed: &DevSeed) -> Result<Vec<AgencyKeys>> {
    AGENCIES
        .iter()
        .map(|agency| {
            let public = Keys::read_or_create(&key_files(folder, agency), None)
                .and_then(|keys| keys.public())
                .with_context(|| format!("the keys of {}", agency.slug))?;
            let officers = (1..=agency.officers)
                .map(|number| Ok(seed.signer(&officer_label(agency.slug, number))?.address()))
                .collect::<Result<_>>()?;
            Ok(AgencyKeys {
                attester: public.attester,
                encryption: public.encryption,
                officers,
                issuer: public.issuer,
            })
        })
        .collect()
}

/// Starts the gateway of every agency.
pub async fn start(
    folder: &Folder,
    residents: &Prepared,
    surroundings: &Surroundings,
) -> Result<Vec<Running>> {
    let mut running = Vec::new();
    for (agency, keys) in AGENCIES.iter().zip(&surroundings.keys) {
        let certificates = folder.path("gateways").join(agency.slug).join("issuer.pem");
        certify(
            &surroundings.authority,
            &keys.issuer,
            surroundings.chain_id,
            agency.slug,
            surroundings.http,
            &certificates,
        )?;
        let source_url = residents.databases.get(agency.slug);
        let source_url = source_url.with_context(|| format!("{} has no database", agency.slug))?;
        let config = Config {
            organisation: agency.slug.to_owned(),
            rpc_url: surroundings.rpc_url.clone(),
            network_key: surroundings.network_key,
            data_folder: folder.path("gateways").join(agency.slug),
            database_url: None,
            source_url: Some(source_url.clone()),
            source_api: None,
            mapping: surroundings.agencies.join(agency.slug).join("mapping.toml"),
            keys: key_files(folder, agency),
            session_domains: session_domains(surroundings.http),
            services: surroundings.services.clone(),
            exchange_algorithm: Default::default(),
            peers_at: Some(format!("http://{}", surroundings.http)),
            credentials: Some(CredentialsConfig {
                public_url: public_url(surroundings.http, agency.slug),
                certificates,
            }),
            dev: true,
            access: access(surroundings, folder, agency, keys),
            allowance_tokens: ALLOWANCE_TOKENS,
            retention: Some(surroundings.agencies.join(agency.slug).join("retention.toml")),
            deletion_record: None,
            sabotage: surroundings
                .sabotage
                .as_ref()
                .filter(|(slug, _)| slug == agency.slug)
                .map(|(_, what)| *what),
        };
        let (router, gateway) = Gateway::start(config)
            .await
            .with_context(|| format!("the gateway of {}", agency.slug))?;
        running.push(Running {
            slug: agency.slug,
            well_known: well_known(gateway.app().clone()),
            router,
            mediator: mediator(gateway.app().clone(), agency.slug),
            gateway,
        });
    }
    Ok(running)
}

/// Reads how an agency's officers sign in at a provider of one's own. Paths in the file are relative to its folder.
pub fn read_provider((slug, path): (String, PathBuf)) -> Result<(String, OidcConfig)> {
    ensure!(
        AGENCIES.iter().any(|agency| agency.slug == slug),
        "{slug} is no agency of the demo"
    );
    let (mut oidc, folder): (OidcConfig, _) = config::read(&path)?;
    oidc.relative_to(folder);
    Ok((slug, oidc))
}

/// The policies of the folder of the agencies, if it has some; else those that come with the program. The last officer of
/// each agency is its administrator as well.
fn access(surroundings: &Surroundings, folder: &Folder, agency: &Agency, keys: &AgencyKeys) -> AccessConfig {
    let policies = surroundings.agencies.join("policies");
    let roles = KEY_ROLES.into_iter().chain([Role::Administrator]).collect();
    AccessConfig {
        policies: policies.is_dir().then_some(policies),
        roles: keys
            .officers
            .last()
            .map(|key| (*key, roles))
            .into_iter()
            .collect(),
        key_sign_in: true,
        oidc: match &surroundings.own_provider {
            Some((slug, oidc)) if slug == agency.slug => Some(oidc.clone()),
            _ => (surroundings.provider && agency.officers > 0)
                .then(|| provider::config(&folder.path(""), surroundings.http, agency.slug)),
        },
    }
}

/// The clients that may ask through a security server in a demo network: those of the published examples.
const MEDIATED_CLIENTS: [&str; 2] = [
    "EE/GOV/70006317/datatracker",
    "eGovStack/GOV/90000009/digitalregistries",
];
/// The database of GovStack's examples, and the agency that stands for it.
const MEDIATED_DATABASE: (&str, &str) = ("MCTS", "health");

fn mediator(app: App, slug: &str) -> Router {
    let (database, of) = MEDIATED_DATABASE;
    let door = Mediator {
        clients: MEDIATED_CLIENTS.map(str::to_owned).into(),
        databases: (slug == of).then(|| database.to_owned()).into_iter().collect(),
    };
    zhengtong_gateway::http::mediator(app, door)
}

/// The door of the agency that stands for GovStack's example database.
pub fn mediated(running: &[Running]) -> Option<Router> {
    let of = running.iter().find(|one| one.slug == MEDIATED_DATABASE.1);
    of.map(|one| one.mediator.clone())
}

fn key_files(folder: &Folder, agency: &Agency) -> KeyFiles {
    KeyFiles::in_folder(&folder.path("gateways").join(agency.slug).join("keys"))
}

/// The portal by number and by name.
fn session_domains(http: SocketAddr) -> Vec<String> {
    vec![http.to_string(), format!("localhost:{}", http.port())]
}
