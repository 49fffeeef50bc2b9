//! `zhengtong node`: a validator or a follower as a process of its own; its backup.

mod backup;

use crate::{monitor::Monitor, progress::Progress, signals};
use anyhow::{Context, Result};
use std::{
    net::SocketAddr,
    path::PathBuf,
    sync::{Mutex, PoisonError},
};
use tokio::net::TcpListener;
use zhengtong_chain::ChainView as _;
use zhengtong_node::{Node, NodeConfig, SyncMode, SyncStep};
use zhengtong_rpc::{Config as RpcConfig, Hosts, RpcServer};
use zhengtong_types::EpochRole;

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
    /// Back up a node that runs: every final block with its certificate in one file. No keys.
    Backup(backup::BackupArgs),
    /// Make a new data folder from a backup: check all of it, execute every block, compare every state.
    Restore(backup::RestoreArgs),
}

#[derive(clap::Args)]
struct StartArgs {
    /// The node's configuration; paths in it are relative to its folder.
    #[arg(long, default_value = "node.toml")]
    config: PathBuf,
    /// How a node without data begins, whatever the configuration says.
    #[arg(long, value_enum)]
    sync: Option<Begin>,
    /// Keep this many of the latest blocks and forget older ones, whatever the configuration says. All are kept if
    /// neither says anything.
    #[arg(long, value_name = "N")]
    keep_blocks: Option<u64>,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Begin {
    /// Execute every block from the genesis on.
    Replay,
    /// Fetch the state of a certified block near the tip; older blocks are not kept.
    State,
}

pub fn run(args: Args) -> Result<()> {
    match args.command {
        Some(Command::Backup(args)) => backup::back_up(args),
        Some(Command::Restore(args)) => backup::run_restore(&args),
        None => start(args.start),
    }
}

#[tokio::main]
async fn start(args: StartArgs) -> Result<()> {
    let mut config = NodeConfig::read(&args.config)?;
    if let Some(sync) = args.sync {
        config.sync = match sync {
            Begin::Replay => SyncMode::Replay,
            Begin::State => SyncMode::State,
        };
    }
    if args.keep_blocks.is_some() {
        config.keep_blocks = args.keep_blocks;
    }
    if let Some(address) = config.rpc {
        require_free(address).await?;
    }
    let mut progress = Progress::new(1);
    let kind = if config.share.is_some() {
        "validator"
    } else {
        "follower"
    };
    progress.step(format!("starting a {kind} on {}", config.data.display()));
    let (rpc, monitor) = (config.rpc, config.monitor);
    let shown = Shown::default();
    let node = Node::start_reporting(config, move |step| shown.show(&step)).await?;
    let network = node.view().network();
    progress.detail(format!("network {}, chain {}", network.name, network.chain_id));
    progress.detail(format!("key     {}", network.public_key));
    progress.detail(format!("genesis {}", network.genesis_hash));
    progress.detail(format!("block   {}", height(&node)));
    if let Some(now) = node.view().epoch() {
        let now = now.describe();
        let role = match now.role {
            Some(EpochRole::Validator) => "this node votes",
            Some(EpochRole::WithoutShare) => "this node is a validator without its share, and does not vote",
            Some(EpochRole::Restored) => {
                "this node was made from a backup, and votes from the first epoch on that begins while it runs"
            }
            Some(EpochRole::Follower) | None => "this node follows",
        };
        progress.detail(format!(
            "epoch   {}, {} validators, {role}",
            now.epoch,
            now.validators.len()
        ));
    }
    let first = node.view().first_block();
    if first > 0 {
        progress.detail(format!("blocks before {first} are not kept here"));
    }
    let rpc = match rpc {
        Some(address) => Some(serve(&node, address).await?),
        None => None,
    };
    if let Some(rpc) = &rpc {
        progress.say(format!("JSON-RPC   http://{}", rpc.address()));
    }
    let _monitor = match monitor {
        Some(address) => Some(Monitor::start(&node, address).await?),
        None => None,
    };
    if let Some(monitor) = &_monitor {
        progress.say(format!("monitoring http://{}/metrics", monitor.address()));
    }
    progress.say("ready");
    stopped(node, rpc).await
}

/// What was last shown of a sync, so that nothing is said twice.
#[derive(Default)]
struct Shown(Mutex<String>);

impl Shown {
    fn show(&self, step: &SyncStep) {
        let line = step.to_string();
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if *last != line {
            Progress::note(&line);
            *last = line;
        }
    }
}

/// Runs until told to stop (Ctrl-C or SIGTERM), or until the engine ends by itself.
async fn stopped(node: Node, rpc: Option<RpcServer>) -> Result<()> {
    tokio::select! {
        () = signals::stopped()? => {}
        failure = node.stopped() => return Err(failure.into()),
    }
    if let Some(rpc) = rpc {
        rpc.stop().await;
    }
    node.stop().await;
    Ok(())
}

/// Fails early, with advice, when a port is taken. Only looked at: the JSON-RPC server opens it itself.
pub async fn require_free(address: SocketAddr) -> Result<()> {
    let probe = TcpListener::bind(address).await;
    probe
        .map(drop)
        .with_context(|| format!("cannot listen on {address}; choose another address for JSON-RPC (`rpc`)"))
}

/// Serves JSON-RPC. On loopback only local names are answered, so that no web page can reach it under another name.
pub async fn serve(node: &Node, address: SocketAddr) -> Result<RpcServer> {
    let hosts = hosts(address);
    let server = RpcServer::start(RpcConfig { address, hosts }, node.view().clone()).await;
    server.with_context(|| format!("JSON-RPC on {address}; choose another address (`rpc`)"))
}

/// Whom a server answers that listens there.
pub fn hosts(address: SocketAddr) -> Hosts {
    if address.ip().is_loopback() {
        Hosts::Local
    } else {
        Hosts::Any
    }
}

/// The number of the latest block.
pub fn height(node: &Node) -> u64 {
    node.view().tip().header.number
}
