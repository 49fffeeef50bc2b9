//! `zhengtong gateway`: one agency's gateway as a process of its own; its backup.

mod books;

use crate::{config, progress::Progress, signals};
use anyhow::{Context, Result};
use serde::Deserialize;
use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};
use tokio::signal::unix::{Signal, SignalKind, signal};
use zhengtong_gateway::app::App;
use zhengtong_gateway::{Config, Gateway, Keys};

#[derive(clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    start: StartArgs,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Back up the books, beside a gateway that runs or not. Not the organisation's own keys.
    Backup(books::BackupArgs),
    /// Make a gateway's books from a backup: check all of it, and carry deletions out again.
    Restore(books::RestoreArgs),
    /// Write the record of deletions to a file, or carry one out in books that come from a backup.
    Deletions(books::DeletionsArgs),
}

#[derive(clap::Args)]
struct StartArgs {
    /// The gateway's configuration; paths in it are relative to its folder.
    #[arg(long, default_value = "gateway.toml")]
    config: PathBuf,
    /// Make the key files that are missing, print what the Registry has to be told of them, and stop.
    #[arg(long)]
    show_keys: bool,
}

/// The configuration file: where to serve, and everything else under `[gateway]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// Address of the gateway's HTTP. The `Registry` names how others reach it.
    listen: SocketAddr,
    gateway: Config,
}

pub fn run(args: Args) -> Result<()> {
    match args.command {
        Some(Command::Backup(args)) => books::run_backup(args),
        Some(Command::Restore(args)) => books::run_restore(args),
        Some(Command::Deletions(args)) => books::run_deletions(args),
        None => start(args.start),
    }
}

/// Unix milliseconds.
fn now_ms() -> Result<u64> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
    Ok(u64::try_from(now.as_millis())?)
}

#[tokio::main]
async fn start(args: StartArgs) -> Result<()> {
    let file = read(&args.config)?;
    let mut progress = Progress::new(1);
    let slug = file.gateway.organisation.clone();
    let keys = Keys::read_or_create(&file.gateway.keys, None).and_then(|keys| keys.public())?;
    if args.show_keys {
        progress.say(format!("attester   {}", keys.attester));
        progress.say(format!("encryption {}", keys.encryption));
        return Ok(());
    }
    let listener = zhengtong_rpc::listen(file.listen).with_context(|| {
        format!(
            "cannot listen on {}; choose another address (`listen`)",
            file.listen
        )
    })?;
    progress.step(format!("starting the gateway of {slug}"));
    progress.detail(format!("attester   {}", keys.attester));
    progress.detail(format!("encryption {}", keys.encryption));
    let (router, gateway) = Gateway::start(file.gateway)
        .await
        .with_context(|| format!("the gateway of {slug}"))?;
    progress.say(format!("HTTP       http://{}", listener.local_addr()?));
    progress.say("ready");
    tokio::spawn(reload_at_sighup(
        gateway.app().clone(),
        signal(SignalKind::hangup())?,
    ));
    let served = axum::serve(listener, router)
        .with_graceful_shutdown(signals::stopped()?)
        .await;
    gateway.stop().await;
    served.context("serving HTTP")
}

fn read(path: &Path) -> Result<File> {
    let (mut file, folder): (File, _) = config::read(path)?;
    file.gateway = file.gateway.relative_to(folder);
    Ok(file)
}

/// The configuration in a file, as far as it can be checked without opening anything.
pub fn configuration(path: &Path) -> Result<Config> {
    let File { gateway, .. } = read(path)?;
    gateway.check().with_context(|| path.display().to_string())?;
    Ok(gateway)
}

/// Reads the policies again at each SIGHUP; those that are refused leave the old ones in force.
async fn reload_at_sighup(app: App, mut hangup: Signal) {
    while hangup.recv().await.is_some() {
        match app.reload_policies().await {
            Ok(()) => tracing::info!("policies read again"),
            Err(error) => tracing::error!(%error, "policies refused; the old ones stay in force"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use zhengtong_gateway::app::access::Role;

    const GOOD: &str = "listen = \"127.0.0.1:0\"\n[gateway]\norganisation = \"health\"\nrpc_url = \"http://127.0.0.1:1\"\n\
        network_key = \"KEY\"\ndata_folder = \"data\"\nsource_url = \"sqlite://source.sqlite\"\nmapping = \"mapping.toml\"\n\
        session_domains = [\"127.0.0.1:8080\"]\nservices = \"/srv/services\"\n[gateway.keys]\nattester = \"keys/attester.key\"\n\
        encryption = \"keys/encryption.key\"\nissuer = \"keys/issuer.key\"\nvault = \"keys/vault.key\"\n";

    fn with(text: &str) -> (tempfile::TempDir, Result<File>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("gateway.toml");
        std::fs::write(&path, text).unwrap();
        let read = read(&path);
        (folder, read)
    }

    fn good() -> String {
        let key = zhengtong_types::mocks::Committee::new(1, 1).key().to_string();
        GOOD.replace("KEY", &key)
    }

    #[test]
    fn paths_are_relative_to_the_file() {
        let (folder, file) = with(&good());
        let config = file.unwrap().gateway;
        assert_eq!(config.data_folder, folder.path().join("data"));
        assert_eq!(config.mapping, folder.path().join("mapping.toml"));
        assert_eq!(config.keys.vault, folder.path().join("keys/vault.key"));
        assert_eq!(config.services, Path::new("/srv/services"));
    }

    #[test]
    fn officers_keys_may_be_given_roles_that_there_are() {
        let key = "0x00000000000000000000000000000000000000aa";
        let with_role = |role: &str| {
            let text = format!(
                "[gateway.access]\npolicies = \"policies\"\n[gateway.access.roles]\n\"{key}\" = [\"{role}\"]\n"
            );
            with(&(good() + &text))
        };
        let (folder, file) = with_role("administrator");
        let access = file.unwrap().gateway.access;
        assert_eq!(access.policies, Some(folder.path().join("policies")));
        assert_eq!(
            access.roles[&key.parse::<alloy_primitives::Address>().unwrap()],
            [Role::Administrator]
        );
        let error = with_role("king").1.err().map(|error| format!("{error:#}"));
        assert!(error.is_some_and(|error| error.contains("king")));
    }

    #[test]
    fn unknown_keys_and_missing_ones_are_refused_and_named() {
        for (text, named) in [
            (good().replace("organisation", "organization"), "organization"),
            (good().replace("listen = \"127.0.0.1:0\"\n", ""), "listen"),
            (format!("colour = 1\n{}", good()), "colour"),
            (good().replace("127.0.0.1:0", "nowhere"), "socket address"),
        ] {
            let error = with(&text)
                .1
                .err()
                .map(|error| format!("{error:#}"))
                .unwrap_or_default();
            assert!(error.contains("gateway.toml") && error.contains(named), "{error}");
        }
    }
}
