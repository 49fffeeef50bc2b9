//! `zhengtong node`: a validator or a follower as a process of its own; its backup.

mod backup;
pub mod watch;

use crate::{monitor::Monitor, progress::Progress, signals};
use anyhow::{Context, Result};
use std::{
    future::Future,
    io::Write as _,
    net::SocketAddr,
    path::PathBuf,
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};
use tokio::{net::TcpListener, time::MissedTickBehavior};
use watch::{Sight, Watch};
use zhengtong_chain::ChainView as _;
use zhengtong_node::{Node, NodeConfig, SyncMode, SyncStep};
use zhengtong_rpc::{Config as RpcConfig, Hosts, RpcServer};
use zhengtong_types::EpochValidators;

/// How often a start that takes long says so.
const STARTING: Duration = Duration::from_secs(10);
/// How long the engine may take to enter the epoch that it finds on its disk.
const ENTERS: Duration = Duration::from_secs(10);
const LOOK_AGAIN: Duration = Duration::from_millis(20);

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
    let shown = Arc::new(Shown::default());
    let steps = shown.clone();
    let starting = Node::start_reporting(config, move |step| steps.show(&step));
    let node = patiently(starting, &shown).await?;
    let network = node.view().network();
    progress.detail(format!("network {}, chain {}", network.name, network.chain_id));
    progress.detail(format!("key     {}", network.public_key));
    progress.detail(format!("genesis {}", network.genesis_hash));
    progress.detail(format!("block   {}", height(&node)));
    if let Some(now) = entered(&node).await {
        let role = match now.role {
            Some(role) => watch::doing(role),
            None => "what this node does in it is not known yet",
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
    tokio::select! {
        done = stopped(&node) => done?,
        never = keep_watch(&node) => match never {},
    }
    if let Some(rpc) = rpc {
        rpc.stop().await;
    }
    node.stop().await;
    Ok(())
}

/// Waits for a start, and says now and then that it goes on, unless a sync says how far it is.
async fn patiently<T>(starting: impl Future<Output = T>, shown: &Shown) -> T {
    let began = Instant::now();
    let mut starting = pin!(starting);
    loop {
        tokio::select! {
            done = &mut starting => return done,
            () = tokio::time::sleep(STARTING) => {}
        }
        if shown.is_silent() {
            Progress::note(format!(
                "starting for {}: stored blocks are applied again if need be, and what is missing is fetched from the others",
                watch::spell(began.elapsed())
            ));
        }
    }
}

/// The epoch, once the engine has entered it; without what this node does in it, if that takes too long.
async fn entered(node: &Node) -> Option<EpochValidators> {
    let began = Instant::now();
    loop {
        let now = node.view().epoch()?;
        if now.role.is_some() || began.elapsed() > ENTERS {
            return Some(now.describe());
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

/// Tells how the node goes on, for as long as it runs.
async fn keep_watch(node: &Node) -> std::convert::Infallible {
    let began = Instant::now();
    let mut watch = Watch::default();
    let mut looks = tokio::time::interval(watch::LOOK);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        looks.tick().await;
        let tip = node.view().tip();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let epoch = node.view().epoch();
        let sight = Sight {
            block: tip.header.number,
            age: now.saturating_sub(Duration::from_millis(tip.timestamp_ms)),
            role: epoch.and_then(|now| Some((now.info.epoch.get(), now.role?))),
        };
        for line in watch.look(began.elapsed(), &sight, || node.peers()) {
            // Whoever read this may be gone. The node goes on.
            let _ = writeln!(std::io::stdout(), "      {line}");
        }
    }
}

/// What was last shown of a sync, so that nothing is said twice.
#[derive(Default)]
struct Shown(Mutex<String>);

impl Shown {
    fn last(&self) -> MutexGuard<'_, String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_silent(&self) -> bool {
        self.last().is_empty()
    }

    fn show(&self, step: &SyncStep) {
        let line = step.to_string();
        let mut last = self.last();
        if *last != line {
            Progress::note(&line);
            *last = line;
        }
    }
}

/// Resolves when it is told to stop (Ctrl-C or SIGTERM); fails if the engine ends by itself.
async fn stopped(node: &Node) -> Result<()> {
    tokio::select! {
        () = signals::stopped()? => Ok(()),
        failure = node.stopped() => Err(failure.into()),
    }
}

/// Fails early, with advice, when a port is taken. Only looked at: the JSON-RPC server opens it itself.
pub async fn require_free(address: SocketAddr) -> Result<()> {
    let probe = TcpListener::bind(address).await;
    probe
        .map(drop)
        .with_context(|| {
            format!("cannot listen on {address}; choose another address for JSON-RPC (`rpc`), or does the node run already?")
        })
}

/// Serves JSON-RPC. On loopback only local names are answered, so that no web page can reach it under another name.
pub async fn serve(node: &Node, address: SocketAddr) -> Result<RpcServer> {
    let hosts = hosts(address);
    let server = RpcServer::start(RpcConfig { address, hosts }, node.view().clone()).await;
    server.with_context(|| {
        format!("JSON-RPC on {address}; choose another address (`rpc`), or does the node run already?")
    })
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
