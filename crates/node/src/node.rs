//! A running node: a validator, or a follower.

use crate::{
    KeyError, NetworkError, NodeConfig, NodeConfigError,
    data::DataError,
    p2p::{self, ListenError},
    prepare::{Prepared, prepare},
    room,
    votes::{BESIDE_SHARES, VotesError},
};
use commonware_runtime::{Metrics as _, Runner as _, Spawner as _, Supervisor as _, tokio as engine_runtime};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
    thread::JoinHandle,
    time::Duration,
};
use thiserror::Error;
use tokio::sync::{oneshot, watch};
use zhengtong_chain::{
    Handle, Peers, Reporter, Setup, StartError, Started, StoreError, SyncError, SyncStep, committee, engine,
    solo,
};
use zhengtong_state::Wait;

/// Read and submit access to a validator.
pub type View = Handle<engine_runtime::Context>;

/// Threads of the engine's runtime.
const ENGINE_THREADS: usize = 2;
/// The engine's start is one deep future, which unoptimised builds keep on the stack.
pub(crate) const STACK_BYTES: usize = 32 * 1024 * 1024;
/// Start of the names of everything that the engine keeps.
pub(crate) const PREFIX: &str = "validator";
/// How long the engine may take to stop.
pub(crate) const STOP_TIMEOUT: Duration = Duration::from_secs(10);

/// What helps where data cannot be used.
const GET_IT_BACK: &str = "restore the data folder from a backup, or, if others have the chain and no other validator is in this state, delete the whole folder to fetch everything again";

/// Why a validator does not run.
#[derive(Clone, Debug, Error)]
pub enum NodeError {
    #[error("{0}")]
    Config(Arc<NodeConfigError>),
    #[error("{0}")]
    Network(Arc<NetworkError>),
    #[error("{0}")]
    Key(Arc<KeyError>),
    #[error("{0}")]
    Data(Arc<DataError>),
    #[error("{path} cannot be opened: {source}; {GET_IT_BACK}")]
    Store { path: PathBuf, source: StoreError },
    #[error("{path} is gone, and the rest of {folder} is of no use without it; {GET_IT_BACK}")]
    NoStore { path: PathBuf, folder: PathBuf },
    #[error("the folder {path} with this node's shares cannot be used: {source}")]
    Shares {
        path: PathBuf,
        source: Arc<std::io::Error>,
    },
    #[error(
        "this identity ({0}) is not a validator of the network from its beginning, so it has no share of the first epoch: take `share` away"
    )]
    NotAValidator(String),
    #[error(
        "the BLS share in {share} is not one of this network's ({network}): take the share that the ceremony of this network made for this node, and that network's file"
    )]
    ForeignShare { share: PathBuf, network: PathBuf },
    #[error(
        "the BLS share in {share} is that of the validator {holder}, and the identity in {identity} is {me}: put the two files of one validator together, and never let two nodes run with one share"
    )]
    OthersShare {
        share: PathBuf,
        holder: String,
        identity: PathBuf,
        me: String,
    },
    #[error(transparent)]
    Votes(Arc<VotesError>),
    #[error(
        "{data} does not have what this validator voted, and nobody else can say it, because it is the only one of its network: move {data} away, and bring the one that it voted with back, or restore it from a backup with `zhengtong node restore --network-lost`; if the network is to be given up, make a new one in another folder ({shares}/{BESIDE_SHARES} says that this one has voted)"
    )]
    OnlyVotesGone { data: PathBuf, shares: PathBuf },
    #[error(
        "the disk of {folder} is full ({reason}): make room and start again, and delete or restore nothing before: sound data cannot be used on a full disk"
    )]
    Full { folder: PathBuf, reason: String },
    #[error(
        "there is no BLS share in {share} and none in {shares}: put the one there that the ceremony made for this validator; if it is lost, or the network is past its first epoch, take `share` out of the configuration: then the node follows, and votes again when the others have dealt to it"
    )]
    NoShare { share: PathBuf, shares: PathBuf },
    #[error(
        "this is the only validator of its network, and it cannot do anything without its share: set `share` to the file of its BLS share"
    )]
    OnlyShareGone,
    #[error("`listen` is not set; other nodes connect to it")]
    NoAddress,
    #[error("a network of one has no address in its network file, so nothing can follow it")]
    NothingToFollow,
    #[error("`sync = \"state\"` fetches the state from others, and this is a network of one")]
    NothingToSyncFrom,
    #[error(transparent)]
    Listen(#[from] ListenError),
    #[error(
        "state sync failed and nothing is served: {reason}; do not use {folder}: delete it, and compare the network file with the operators"
    )]
    Sync { folder: PathBuf, reason: SyncError },
    #[error("{folder} cannot be used: {reason}; {GET_IT_BACK}")]
    Damaged { folder: PathBuf, reason: String },
    #[error("the engine stopped: {0}")]
    Stopped(String),
}

macro_rules! from {
    ($($source:ty => $variant:ident),+) => {$(
        impl From<$source> for NodeError {
            fn from(source: $source) -> Self {
                Self::$variant(Arc::new(source))
            }
        }
    )+};
}
from!(NodeConfigError => Config, NetworkError => Network, KeyError => Key, DataError => Data, VotesError => Votes);

impl NodeError {
    /// The same, unless it comes of a full disk: of many ways to fail on one, few say so.
    fn or_full(self, folder: &Path) -> Self {
        match &self {
            Self::Data(_) | Self::Store { .. } | Self::Shares { .. } | Self::Votes(_) => {}
            Self::Damaged { .. } | Self::Stopped(_) => {}
            _ => return self,
        }
        if room::is_there(folder) {
            return self;
        }
        // Without the advice that is for damaged data.
        let reason = match self {
            Self::Store { source, .. } => source.to_string(),
            Self::Damaged { reason, .. } => reason,
            other => other.to_string(),
        };
        Self::Full {
            folder: folder.into(),
            reason: reason.lines().next().unwrap_or_default().to_owned(),
        }
    }
}

/// Writes all metrics of a node, in the text format of OpenMetrics.
type Encode = Arc<dyn Fn() -> String + Send + Sync>;

/// A running validator. Dropping it stops it.
pub struct Node {
    view: View,
    encode: Encode,
    stop: Option<oneshot::Sender<()>>,
    stopped: watch::Receiver<Option<NodeError>>,
    thread: Option<JoinHandle<()>>,
}

impl Node {
    /// Starts a node and returns when it serves. It recovers by itself from whatever a crash left.
    pub async fn start(config: NodeConfig) -> Result<Self, NodeError> {
        Self::start_reporting(config, |_| {}).await
    }

    /// Starts a node and tells how far a state sync is.
    pub async fn start_reporting(
        config: NodeConfig,
        report: impl Fn(SyncStep) + Send + Sync + 'static,
    ) -> Result<Self, NodeError> {
        let reporter = Reporter::new(report);
        let (ready, started) = oneshot::channel();
        let (stop, stopping) = oneshot::channel();
        let (report, stopped) = watch::channel(None);
        let folder = config.data.clone();
        let thread = std::thread::Builder::new()
            .name("engine".into())
            .stack_size(STACK_BYTES)
            .spawn(move || {
                let mut ready = Some(ready);
                let run = std::panic::AssertUnwindSafe(|| run(config, reporter, &mut ready, stopping));
                let ended = match std::panic::catch_unwind(run) {
                    Ok(Ok(())) => NodeError::Stopped("it was asked to".into()),
                    Ok(Err(error)) => error.or_full(&folder),
                    Err(panic) => {
                        let reason = message(panic.as_ref());
                        let error = if ready.is_some() {
                            NodeError::Damaged {
                                folder: folder.clone(),
                                reason,
                            }
                        } else {
                            NodeError::Stopped(reason)
                        };
                        error.or_full(&folder)
                    }
                };
                if let Some(ready) = ready {
                    // The caller may have gone away.
                    let _ = ready.send(Err(ended.clone()));
                }
                report.send_replace(Some(ended));
            });
        let thread = thread.map_err(|source| NodeError::Stopped(source.to_string()))?;
        let (view, encode) = started
            .await
            .map_err(|_| NodeError::Stopped("it did not start".into()))??;
        Ok(Self {
            view,
            encode,
            stop: Some(stop),
            stopped,
            thread: Some(thread),
        })
    }

    /// Read and submit access. It can be cloned and outlives nothing: after a stop it answers with errors.
    pub fn view(&self) -> &View {
        &self.view
    }

    /// All metrics of the engine and the chain as they are now, in the text format of OpenMetrics.
    pub fn metrics(&self) -> impl Fn() -> String + Clone + Send + Sync + 'static {
        let encode = self.encode.clone();
        move || encode()
    }

    /// Who this node is connected to; `None` for a network of one that nobody follows.
    pub fn peers(&self) -> Option<Peers> {
        Peers::of(&(self.encode)())
    }

    /// Resolves when the engine has stopped, with the reason.
    pub async fn stopped(&self) -> NodeError {
        let mut stopped = self.stopped.clone();
        let reason = stopped
            .wait_for(Option::is_some)
            .await
            .ok()
            .and_then(|reason| reason.clone());
        reason.unwrap_or_else(|| NodeError::Stopped("its thread is gone".into()))
    }

    /// Stops the engine and waits until everything is closed.
    pub async fn stop(mut self) {
        self.ask();
        if let Some(thread) = self.thread.take() {
            // A panic of the thread was reported through `stopped`.
            let _ = tokio::task::spawn_blocking(move || thread.join()).await;
        }
    }

    fn ask(&mut self) {
        if let Some(stop) = self.stop.take() {
            // It may have stopped already.
            let _ = stop.send(());
        }
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.ask();
    }
}

pub(crate) fn message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("it panicked")
        .to_owned()
}

type Ready = Option<oneshot::Sender<Result<(View, Encode), NodeError>>>;

/// Runs the engine until it is asked to stop.
fn run(
    config: NodeConfig,
    report: Reporter,
    ready: &mut Ready,
    stopping: oneshot::Receiver<()>,
) -> Result<(), NodeError> {
    let prepared = prepare(config)?;
    let runtime = engine_runtime::Config::new()
        .with_storage_directory(prepared.data.engine())
        .with_worker_threads(ENGINE_THREADS)
        .with_catch_panics(false);
    engine_runtime::Runner::new(runtime).start(|context| async move {
        let folder = prepared.config.data.clone();
        let Started { handle, engine } =
            Box::pin(begin(&context, &prepared, report))
                .await
                .map_err(|source| match source {
                    StartError::State(reason) => NodeError::Damaged { folder, reason },
                    StartError::Sync(reason) => NodeError::Sync { folder, reason },
                    other => NodeError::Damaged {
                        folder,
                        reason: other.to_string(),
                    },
                })?;
        if let Some(ready) = ready.take() {
            // Without a caller the stop channel is closed too.
            let registry = context.child("monitor");
            let _ = ready.send(Ok((handle, Arc::new(move || registry.encode()))));
        }
        match futures::future::select(engine, stopping).await {
            futures::future::Either::Left((ended, _)) => Err(NodeError::Stopped(format!("{ended:?}"))),
            futures::future::Either::Right(_) => {
                let stopped = context.stop(0, Some(STOP_TIMEOUT)).await;
                stopped.map_err(|source| NodeError::Stopped(source.to_string()))
            }
        }
    })
}

async fn begin(
    context: &engine_runtime::Context,
    prepared: &Prepared,
    report: Reporter,
) -> Result<Started<engine_runtime::Context>, StartError> {
    let network = &prepared.network;
    let failed = |source: NetworkError| StartError::State(source.to_string());
    let info = network.info(&prepared.genesis).map_err(failed)?;
    let me = prepared.identity.public();
    let setup = Setup {
        config: zhengtong_chain::Config {
            report,
            ..prepared.config.chain()
        },
        network: info,
        genesis: prepared.genesis.clone(),
        delegations: network.delegations(),
        signer: prepared.identity.signer().clone(),
        votes: prepared.votes,
        epoch_blocks: network.epoch_blocks().map_err(failed)?,
        quota_blocks: network.epoch_blocks().map_err(failed)?,
        store: prepared.store.clone(),
        wait: Wait::Block(tokio::runtime::Handle::current()),
        prefix: PREFIX.into(),
    };
    let secrets = prepared.secrets.clone();
    let context = context.child("validator");
    let Some(mesh) = &prepared.mesh else {
        return engine::start(context, setup, secrets, solo::links(me)).await;
    };
    let known = committee::most(&prepared.store)?;
    let limit = engine::message_limit();
    let links = p2p::links(
        &context,
        &prepared.identity,
        mesh,
        setup.network.genesis_hash,
        known,
        limit,
    );
    engine::start(context, setup, secrets, links).await
}
