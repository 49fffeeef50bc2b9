//! `zhengtong index`: the read model of a network as a process of its own, and the portal if it is to be served here.

use crate::{config, progress::Progress, signals, web};
use anyhow::{Context, Result};
use serde::Deserialize;
use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
};
use zhengtong_client::Client;
use zhengtong_index::{Index, catalogue::Catalogue, source::client::ClientSource};
use zhengtong_services::bundled;
use zhengtong_types::NetworkKey;

#[derive(clap::Args)]
pub struct Args {
    /// The index's configuration; paths in it are relative to its folder.
    #[arg(long, default_value = "index.toml")]
    config: PathBuf,
    /// Delete the read model first, and make it anew from the chain.
    #[arg(long)]
    rebuild: bool,
}

/// The configuration file. Unknown keys are refused.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Address of the API's HTTP.
    pub listen: SocketAddr,
    /// JSON-RPC of a node that keeps every block, `http://…`, or of several, separated by commas.
    pub rpc_url: String,
    /// The network's public key. A node of another network is refused.
    pub network_key: NetworkKey,
    /// The read model: `postgres://…`, or `sqlite:PATH`.
    pub database: String,
    /// Folder of the built portal, which is then served on the same port with a way to the node at `/rpc`.
    #[serde(default)]
    pub portal: Option<PathBuf>,
}

#[tokio::main]
pub async fn run(args: Args) -> Result<()> {
    let config = read(&args.config)?;
    let mut progress = Progress::new(1);
    let listener = zhengtong_rpc::listen(config.listen).with_context(|| {
        format!(
            "cannot listen on {}; choose another address (`listen`)",
            config.listen
        )
    })?;
    let portal = config.portal.as_deref();
    let portal = portal
        .map(|folder| web::portal(folder, "the key `portal` of the configuration"))
        .transpose()?;
    let library = bundled::library()
        .map_err(anyhow::Error::msg)
        .context("the packages in this binary")?;
    progress.step(format!("starting the index on {}", config.rpc_url));
    let client = Client::connect(&config.rpc_url, Some(config.network_key)).await?;
    let index = zhengtong_index::Config {
        database: config.database,
        rebuild: args.rebuild,
        source: Arc::new(ClientSource::new(client)?),
        catalogue: Catalogue::of(&library),
    };
    let (mut app, index) = Index::start(index).await.context("the index")?;
    if let Some(portal) = portal {
        let portal = web::reaching(portal, index.gateways());
        app = app.merge(web::rpc_proxy(&config.rpc_url)).merge(portal);
    }
    progress.say(format!("HTTP       http://{}", listener.local_addr()?));
    progress.say("ready");
    let stopped = signals::stopped()?;
    // Whoever listens to events does not hold up the end.
    let server = async { axum::serve(listener, app).await };
    let served = tokio::select! {
        served = server => served.context("serving HTTP"),
        () = stopped => Ok(()),
    };
    index.stop().await;
    served
}

fn read(path: &Path) -> Result<Config> {
    let (mut config, folder): (Config, _) = config::read(path)?;
    if let Some(path) = config.database.strip_prefix("sqlite:") {
        let path = folder.join(path.trim_start_matches("//"));
        config.database = format!("sqlite:{}", path.display());
    }
    config.portal = config.portal.map(|portal| folder.join(portal));
    Ok(config)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(text: &str) -> (tempfile::TempDir, Result<Config>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("index.toml");
        std::fs::write(&path, text).unwrap();
        let read = read(&path);
        (folder, read)
    }

    #[test]
    fn paths_are_relative_to_the_file_and_unknown_keys_are_refused() {
        let key = zhengtong_types::mocks::Committee::new(1, 1).key().to_string();
        let good = format!(
            "listen = \"127.0.0.1:0\"\nrpc_url = \"http://127.0.0.1:1\"\nnetwork_key = \"{key}\"\n\
             database = \"sqlite:index.sqlite\"\nportal = \"/srv/portal\"\n"
        );
        let (folder, config) = with(&good);
        let config = config.unwrap();
        let file = folder.path().join("index.sqlite");
        assert_eq!(config.database, format!("sqlite:{}", file.display()));
        assert_eq!(config.portal.as_deref(), Some(Path::new("/srv/portal")));
        for (text, named) in [
            (good.replace("database", "data_base"), "data_base"),
            (good.replace(&key, "0x00"), "network_key"),
            (good.replace("127.0.0.1:0", "nowhere"), "socket address"),
        ] {
            let error = with(&text)
                .1
                .err()
                .map(|error| format!("{error:#}"))
                .unwrap_or_default();
            assert!(error.contains(named), "{error}");
        }
    }
}
