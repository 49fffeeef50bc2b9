//! A running validator.

use crate::{
    Identity, KeyError, NetworkError, NetworkFile, NodeConfig, NodeConfigError, ShareFile,
    data::{DataError, DataFolder},
    p2p,
};
use commonware_runtime::{Runner as _, Spawner as _, Supervisor as _, tokio as engine_runtime};
use std::{
    net::{SocketAddr, TcpListener},
    path::PathBuf,
    sync::Arc,
    thread::JoinHandle,
    time::Duration,
};
use thiserror::Error;
use tokio::sync::{oneshot, watch};
use zhengtong_chain::{Handle, Links, Setup, StartError, Started, Store, StoreError, engine, solo};
use zhengtong_state::Wait;
use zhengtong_types::{NAMESPACE, consensus::Scheme};

/// Read and submit access to a validator.
pub type View = Handle<engine_runtime::Context>;

/// Threads of the engine's runtime.
const ENGINE_THREADS: usize = 2;
/// The engine's start is one deep future, which unoptimised builds keep on the stack.
const STACK_BYTES: usize = 32 * 1024 * 1024;
/// How long the engine may take to stop.
const STOP_TIMEOUT: Duration = Duration::from_secs(10);

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
    #[error(
        "{path} cannot be opened: {source}; restore the data folder from a backup, or delete it to fetch everything again from the network"
    )]
    Store { path: PathBuf, source: StoreError },
    #[error("this identity ({0}) is not a validator of the network")]
    NotAValidator(String),
    #[error("the BLS share is not one of this network's")]
    ForeignShare,
    #[error("cannot listen on {address}: {reason}; is the port in use?")]
    Listen { address: SocketAddr, reason: String },
    #[error(
        "{folder} cannot be used: {reason}; restore the data folder from a backup, or delete it to fetch everything again from the network"
    )]
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
from!(NodeConfigError => Config, NetworkError => Network, KeyError => Key, DataError => Data);

/// A running validator. Dropping it stops it.
pub struct Node {
    view: View,
    stop: Option<oneshot::Sender<()>>,
    stopped: watch::Receiver<Option<NodeError>>,
    thread: Option<JoinHandle<()>>,
}

/// Everything that can be checked before a thread is started.
struct Prepared {
    config: NodeConfig,
    network: NetworkFile,
    identity: Identity,
    scheme: Scheme,
    genesis: zhengtong_chain::Genesis,
    data: DataFolder,
    store: Arc<Store>,
}

impl Node {
    /// Starts a validator and returns when it serves. It recovers by itself from whatever a crash left.
    pub async fn start(config: NodeConfig) -> Result<Self, NodeError> {
        let (ready, started) = oneshot::channel();
        let (stop, stopping) = oneshot::channel();
        let (report, stopped) = watch::channel(None);
        let folder = config.data.clone();
        let thread = std::thread::Builder::new()
            .name("engine".into())
            .stack_size(STACK_BYTES)
            .spawn(move || {
                let mut ready = Some(ready);
                let run = std::panic::AssertUnwindSafe(|| run(config, &mut ready, stopping));
                let ended = match std::panic::catch_unwind(run) {
                    Ok(Ok(())) => NodeError::Stopped("it was asked to".into()),
                    Ok(Err(error)) => error,
                    Err(panic) if ready.is_some() => NodeError::Damaged {
                        folder,
                        reason: message(&panic),
                    },
                    Err(panic) => NodeError::Stopped(message(&panic)),
                };
                if let Some(ready) = ready {
                    // The caller may have gone away.
                    let _ = ready.send(Err(ended.clone()));
                }
                report.send_replace(Some(ended));
            });
        let thread = thread.map_err(|source| NodeError::Stopped(source.to_string()))?;
        let view = started
            .await
            .map_err(|_| NodeError::Stopped("it did not start".into()))??;
        Ok(Self {
            view,
            stop: Some(stop),
            stopped,
            thread: Some(thread),
        })
    }

    /// Read and submit access. It can be cloned and outlives nothing: after a stop it answers with errors.
    pub fn view(&self) -> &View {
        &self.view
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

fn message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("it panicked")
        .to_owned()
}

fn prepare(config: NodeConfig) -> Result<Prepared, NodeError> {
    config.check()?;
    let network = NetworkFile::read(&config.network)?;
    let identity = Identity::read(&config.identity)?;
    let share = ShareFile::read(&config.share)?.share();
    let committee = network.committee()?;
    if !committee.iter().any(|key| *key == identity.public()) {
        return Err(NodeError::NotAValidator(identity.public().to_string()));
    }
    let scheme =
        Scheme::signer(NAMESPACE, committee, network.sharing()?, share).ok_or(NodeError::ForeignShare)?;
    let genesis = network.genesis()?;
    let data = DataFolder::open(&config.data, genesis.block.hash())?;
    let path = data.blocks();
    let store = Store::open(&path).map_err(|source| NodeError::Store { path, source })?;
    Ok(Prepared {
        config,
        network,
        identity,
        scheme,
        genesis,
        data,
        store: Arc::new(store),
    })
}

type Ready = Option<oneshot::Sender<Result<View, NodeError>>>;

/// Runs the engine until it is asked to stop.
fn run(config: NodeConfig, ready: &mut Ready, stopping: oneshot::Receiver<()>) -> Result<(), NodeError> {
    let prepared = prepare(config)?;
    if let (Some(address), true) = (prepared.config.listen, prepared.network.validators.len() > 1) {
        // The engine would panic in a task of its own.
        let failed = |source: std::io::Error| NodeError::Listen {
            address,
            reason: source.to_string(),
        };
        drop(TcpListener::bind(address).map_err(failed)?);
    }
    let runtime = engine_runtime::Config::new()
        .with_storage_directory(prepared.data.engine())
        .with_worker_threads(ENGINE_THREADS)
        .with_catch_panics(false);
    engine_runtime::Runner::new(runtime).start(|context| async move {
        let folder = prepared.config.data.clone();
        let Started { handle, engine } =
            Box::pin(begin(&context, &prepared))
                .await
                .map_err(|source| match source {
                    StartError::State(reason) => NodeError::Damaged { folder, reason },
                    other => NodeError::Damaged {
                        folder,
                        reason: other.to_string(),
                    },
                })?;
        if let Some(ready) = ready.take() {
            // Without a caller the stop channel is closed too.
            let _ = ready.send(Ok(handle));
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
) -> Result<Started<engine_runtime::Context>, StartError> {
    let network = &prepared.network;
    let failed = |source: NetworkError| StartError::State(source.to_string());
    let keys = network.validator_keys().map_err(failed)?;
    let info = network.info(&prepared.genesis).map_err(failed)?;
    let me = prepared.identity.public();
    let setup = Setup {
        config: prepared.config.chain(),
        network: info,
        genesis: prepared.genesis.clone(),
        scheme: prepared.scheme.clone(),
        public_key: me.clone(),
        store: prepared.store.clone(),
        wait: Wait::Block(tokio::runtime::Handle::current()),
        prefix: "validator".into(),
    };
    let context = context.child("validator");
    if keys.len() == 1 {
        return engine::start(context, setup, solo::links(me)).await;
    }
    let addresses = network.validators.iter().map(|validator| validator.address);
    let peers: Vec<_> = keys
        .into_iter()
        .zip(addresses)
        .filter_map(|(key, at)| Some((key, at?)))
        .collect();
    let listen = prepared
        .config
        .listen
        .ok_or_else(|| StartError::State("listen is not set".into()))?;
    let limit = engine::message_limit(peers.len() as u32);
    let (channels, oracle) = p2p::start(&context, &prepared.identity, listen, &peers, limit);
    let links = Links {
        peers: oracle.clone(),
        blocker: oracle,
        channels,
    };
    engine::start(context, setup, links).await
}
