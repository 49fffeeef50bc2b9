//! `zhengtong dev`: a network of one on this machine, with everything that a real one has.

pub mod agencies;
pub mod bootstrap;
pub mod cast;
pub mod certificates;
mod chain;
mod council;
mod demo;
mod devtools;
pub mod folder;
pub mod keys;
mod provider;

use crate::{loopback, node, progress::Progress, signals, web};
use alloy_primitives::Address;
use anyhow::{Context, Result, bail};
use axum::{Router, middleware};
use chain::Chain;
use folder::Folder;
use keys::DevSeed;
use std::{net::SocketAddr, path::PathBuf};
use tokio::net::TcpListener;
use zhengtong_chain::RECOVERY_DELAY_S;
use zhengtong_client::{Account, Client};
use zhengtong_gateway::Sabotage;
use zhengtong_index::Index;
use zhengtong_population::DemoResident;
use zhengtong_services::{Library, bundled};

/// Demo residents named at the end of a start; the portal lists all.
const SHOWN_RESIDENTS: usize = 3;

#[derive(clap::Args)]
pub struct Args {
    /// Folder that holds everything; kept across restarts.
    #[arg(long, default_value = "data", env = "ZHENGTONG_DATA")]
    data: PathBuf,
    /// Address of portal, API and gateways.
    #[arg(long, default_value = "127.0.0.1:8080")]
    http: SocketAddr,
    /// Address of JSON-RPC over HTTP and WebSocket.
    #[arg(long, default_value = "127.0.0.1:8545")]
    rpc: SocketAddr,
    /// Address at which the validator tells how it is: `/metrics`, `/healthz`, `/readyz`. Without it, nowhere.
    #[arg(long)]
    monitor: Option<SocketAddr>,
    /// Folder of the built portal.
    #[arg(long, default_value = "portal/dist")]
    portal: PathBuf,
    /// Folder of the service packages.
    #[arg(long, default_value = "services")]
    services: PathBuf,
    /// Folder of the agencies' mapping files.
    #[arg(long, default_value = "agencies")]
    agencies: PathBuf,
    /// Where the index keeps its read model: `postgres://user@host/database`, or `sqlite:PATH`. Without it, a SQLite file
    /// in the data folder.
    #[arg(long, env = "ZHENGTONG_INDEX_DATABASE")]
    index_database: Option<String>,
    /// Seconds that the recovery of a resident's account waits for an objection. It is the contract's for ever, so it
    /// counts at the first start of a data folder. Shorter than the three days only to try it out.
    #[arg(long, default_value_t = RECOVERY_DELAY_S, conflicts_with = "join")]
    recovery_delay: u64,
    /// Open a door for a security server (X-Road, GovStack's Information Mediator) at this address of this machine: the
    /// data tracker of the health agency, which believes the headers it gets. See docs/my-data.md.
    #[arg(long)]
    mediator: Option<SocketAddr>,
    /// Sign the officers of AGENCY in at a provider of your own instead of the built-in one, to try it out: a TOML file as
    /// under `[gateway.access.oidc]` in docs/operations.md.
    #[arg(long, value_name = "AGENCY:FILE", value_parser = provider_file, conflicts_with = "devtools")]
    officers_provider: Option<(String, PathBuf)>,
    /// Let the gateway of AGENCY leave out use record NUMBER of every case, to see that the portal notices.
    #[arg(long, hide = true, value_name = "AGENCY:NUMBER", value_parser = skipped_use)]
    sabotage_skip_use: Option<(String, Sabotage)>,
    /// Run the validator and JSON-RPC only.
    #[arg(long)]
    chain_only: bool,
    /// Run a chain in memory for the tests of contracts instead: Hardhat and Foundry can rewind and rewrite it (`evm_*`,
    /// `hardhat_*`, `anvil_*`). It has JSON-RPC only, no consensus and no proofs, and keeps nothing.
    #[arg(long, conflicts_with_all = ["join", "index_database"])]
    devtools: bool,
    /// A contract that accounts may delegate to (EIP-7702), when a network is made; may be repeated. Without any,
    /// transactions of type 4 are refused.
    #[arg(long, conflicts_with_all = ["join", "devtools"])]
    delegate: Vec<Address>,
    /// Run index, gateways and portal on a network that `zhengtong network local` made, instead of a network of one: the
    /// JSON-RPC addresses of its nodes, separated by commas. When one cannot be reached, the next is asked.
    #[arg(long, conflicts_with_all = ["rpc", "chain_only", "monitor"])]
    join: Option<String>,
}

fn provider_file(text: &str) -> Result<(String, PathBuf), String> {
    let (slug, file) = text
        .split_once(':')
        .ok_or("must be an agency, a colon and a file")?;
    Ok((slug.to_owned(), file.into()))
}

fn skipped_use(text: &str) -> Result<(String, Sabotage), String> {
    let parted = text
        .split_once(':')
        .and_then(|(slug, number)| Some((slug, number.parse().ok()?)));
    let (slug, number) = parted.ok_or("must be an agency, a colon and a number")?;
    Ok((slug.to_owned(), Sabotage::SkipUse(number)))
}

#[tokio::main]
pub async fn run(args: Args) -> Result<()> {
    if args.devtools {
        node::require_free(args.rpc).await?;
        return devtools::run(args.rpc).await;
    }
    let mut progress = Progress::new(if args.chain_only { 2 } else { 7 });
    // Ports and portal first: whoever made a mistake there should learn it at once.
    let listener = if args.chain_only {
        None
    } else {
        Some(listen(args.http)?)
    };
    let mediator = match args.mediator {
        Some(address) if !address.ip().is_loopback() => {
            bail!(
                "--mediator must be an address of this machine: whoever reaches that door may ask about anybody"
            )
        }
        Some(address) => Some(listen(address)?),
        None => None,
    };
    if args.join.is_none() {
        node::require_free(args.rpc).await?;
    }
    let portal = if args.chain_only {
        Router::new()
    } else {
        web::portal(&args.portal, "--portal")?
    };

    progress.step(format!("opening the data folder {}", args.data.display()));
    let folder = Folder::open(&args.data)?;
    let seed = DevSeed::open(&folder.path("keys/seed"))?;
    let library = bundled::library()
        .map_err(anyhow::Error::msg)
        .context("the packages in this binary")?;

    let chain = match args.join {
        Some(urls) => Chain::join(urls, &mut progress).await?,
        None => {
            Chain::own(
                &folder,
                &seed,
                (args.rpc, args.monitor),
                args.delegate,
                args.recovery_delay,
                &mut progress,
            )
            .await?
        }
    };
    let Some(listener) = listener else {
        progress.say(format!("JSON-RPC   {}", chain.urls));
        progress.say("ready");
        return stopped(chain, None).await;
    };

    progress.step("preparing ten thousand synthetic residents");
    let residents = agencies::residents(&folder).await?;

    progress.step("telling the contracts who is who, and publishing the services");
    let client = Client::connect(&chain.urls, Some(chain.key)).await?;
    let council = Account::new(client.clone(), chain.council.clone());
    let (keys, authority) = (agencies::keys(&folder, &seed)?, certificates::authority(&seed)?);
    let anchor = authority.certificate();
    let sent = bootstrap::bootstrap(&council, &keys, anchor, &library).await?
        + bootstrap::require_tokens(&council, cast::TOKEN_ISSUER).await?;
    progress.detail(match sent {
        0 => "everything is as it should be".to_owned(),
        sent => format!("{sent} transactions"),
    });

    let chain_id = client.network()?.chain_id;

    progress.step("starting the index");
    let (api, index) = start_index(&folder, args.index_database, client, &library).await?;

    let is_local = args.http.ip().is_loopback();
    // It lets anybody in as anybody: only on this machine.
    let provider = if is_local {
        Some(provider::Provider::new(
            &folder.path(""),
            &seed,
            args.http,
            &chain.key,
        )?)
    } else {
        None
    };

    progress.step("starting the gateways of five agencies");
    let surroundings = agencies::Surroundings {
        rpc_url: chain.urls.clone(),
        network_key: chain.key,
        agencies: args.agencies,
        services: args.services,
        http: args.http,
        chain_id,
        authority,
        keys,
        sabotage: args.sabotage_skip_use,
        provider: provider.is_some(),
        own_provider: args.officers_provider.map(agencies::read_provider).transpose()?,
    };
    let gateways = agencies::start(&folder, &residents, &surroundings).await?;
    let now_s = u64::try_from(jiff::Timestamp::now().as_second()).unwrap_or_default();
    bootstrap::await_key(&council, cast::TOKEN_ISSUER, now_s).await?;

    progress.step("opening the portal");
    let mut app = Router::new().merge(api).merge(web::rpc_proxy(&chain.urls));
    if is_local {
        // It hands out private keys: only to this machine.
        app = app.merge(demo::Demo::new(residents.demo_residents(), &seed)?.router());
    }
    if let Some(provider) = provider {
        app = app.merge(provider.router());
    }
    let app = gateways.iter().fold(app, |app, running| {
        app.nest(&format!("/gateway/{}", running.slug), running.router.clone())
            .merge(running.well_known.clone())
    });
    let mut app = app.merge(web::reaching(portal, index.gateways()));
    if is_local {
        app = app.layer(middleware::from_fn(loopback::only));
    }
    if let (Some(listener), Some(door)) = (mediator, agencies::mediated(&gateways)) {
        tokio::spawn(async move { axum::serve(listener, door).await });
    }
    let server = tokio::spawn(async move { axum::serve(listener, app).await });

    welcome(&progress, args.http, &chain.urls, &residents.demo_residents());
    let more = More {
        server,
        index,
        gateways,
    };
    stopped(chain, Some(more)).await
}

async fn start_index(
    folder: &Folder,
    database: Option<String>,
    client: Client,
    library: &Library,
) -> Result<(Router, zhengtong_index::Handle)> {
    let config = zhengtong_index::Config {
        database: database
            .unwrap_or_else(|| format!("sqlite:{}", folder.path("index/index.sqlite").display())),
        rebuild: false,
        source: std::sync::Arc::new(zhengtong_index::source::client::ClientSource::new(client)?),
        catalogue: zhengtong_index::catalogue::Catalogue::of(library),
    };
    Index::start(config).await.context("the index")
}

fn listen(address: SocketAddr) -> Result<TcpListener> {
    zhengtong_rpc::listen(address)
        .with_context(|| format!("cannot listen on {address}; choose another with --http"))
}

/// The last lines of a start: where everything is, and who one can be.
fn welcome(progress: &Progress, http: SocketAddr, rpc: &str, residents: &[DemoResident]) {
    progress.say("");
    progress.say(format!("Portal     http://{http}"));
    progress.say(format!("JSON-RPC   {rpc} (HTTP and WebSocket)"));
    progress.say(format!("Open API   http://{http}/api/openapi.json"));
    progress.say("");
    if !http.ip().is_loopback() {
        progress.say(
            "Other machines can reach this portal, so it hands out no demo residents and no officers' keys",
        );
        progress.say(
            "(there is no /api/v1/demo). To sign in as one of them, listen on loopback, as without --http.",
        );
        progress.say("");
        progress.say("ready");
        return;
    }
    progress.say("Sign in as");
    progress
        .say("  a demo resident   portal → Sign in → make a wallet → choose one of the synthetic residents:");
    for resident in residents.iter().take(SHOWN_RESIDENTS) {
        // Labels, not numbers: this is written to logs too.
        progress.say(format!("      {:<18} {}", resident.label, resident.expected.en));
    }
    progress.say(format!(
        "  an officer        http://{http}/desk   your organisation's account → choose one (or a demo key; two for an appeal)"
    ));
    progress.say(format!(
        "  an auditor        http://{http}/audit   needs no key: everything there is public"
    ));
    progress.say("");
    progress.say("ready");
}

/// What runs on the chain.
struct More {
    server: tokio::task::JoinHandle<std::io::Result<()>>,
    index: zhengtong_index::Handle,
    gateways: Vec<agencies::Running>,
}

/// Runs until told to stop (Ctrl-C or SIGTERM), then closes everything in the order of dependence: what follows the chain ends
/// before it, and does not miss it.
async fn stopped(chain: Chain, more: Option<More>) -> Result<()> {
    tokio::select! {
        () = signals::stopped()? => {}
        failure = chain.failed() => return Err(failure.into()),
    }
    if let Some(More {
        server,
        index,
        gateways,
    }) = more
    {
        server.abort();
        for running in gateways {
            running.gateway.stop().await;
        }
        index.stop().await;
    }
    chain.stop().await;
    Ok(())
}
