//! A data folder made from a backup: what `zhengtong node restore` does.
//!
//! The backup is read twice. First all of it is checked against the network file: every block's hash and parent, every
//! certificate, the sum at the end. Then its blocks are given to a new data folder, and a node that is connected to nobody,
//! votes in nothing and has no share executes them, and checks every state root. The folder gets its name only when that
//! node is at the backup's last block.

use crate::{
    NetworkError, NetworkFile, NodeConfig, data::DataError, data::DataFolder, files, node, secrets::Secrets,
    votes::Marks,
};
use alloy_primitives::B256;
use commonware_cryptography::{Signer as _, ed25519};
use commonware_math::algebra::Random as _;
use commonware_runtime::{Runner as _, Spawner as _, Supervisor as _, tokio as engine_runtime};
use rand::rngs::ChaCha20Rng;
use std::{
    fmt,
    fs::{self, File},
    io::{self, BufReader},
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};
use thiserror::Error;
use zhengtong_chain::{
    ChainView as _, Genesis, Setup, Started, Store,
    backup::{BackupError, Reader, Summary, Votes, import, resubmit, state_root},
    engine, solo,
};
use zhengtong_state::Wait;
use zhengtong_types::NetworkInfo;

/// How long the next block may take to be executed.
const STALLED_AFTER: Duration = Duration::from_secs(300);
const LOOK_AGAIN: Duration = Duration::from_millis(20);
/// Bytes of the file that are read at a time.
const READ_BYTES: usize = 1 << 20;
/// What a folder that is being made ends with.
const UNFINISHED: &str = "restoring";
/// Where the node that executes the blocks keeps the seeds that it never uses.
const UNUSED_SECRETS: &str = "unused";

/// How far a restore is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RestoreStep {
    Checking { block: u64, of: u64 },
    Executing { block: u64, of: u64 },
}

impl fmt::Display for RestoreStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Checking { block, of } => write!(f, "checking block {block} of {of}"),
            Self::Executing { block, of } => write!(f, "executing block {block} of {of}"),
        }
    }
}

/// A data folder that was made from a backup.
#[derive(Clone, Debug)]
pub struct Restored {
    pub summary: Summary,
    /// Root of the state, the last block's.
    pub state_root: B256,
    /// Transactions of the backup that wait for a block again.
    pub waiting: usize,
}

/// Why nothing was restored.
#[derive(Debug, Error)]
pub enum RestoreError {
    #[error("{path} cannot be used: {source}")]
    Io { path: PathBuf, source: io::Error },
    #[error("{path}: {source}")]
    Backup { path: PathBuf, source: BackupError },
    #[error(transparent)]
    Network(#[from] NetworkError),
    #[error("{0}")]
    Data(#[from] DataError),
    #[error("{0} is not empty; move it away first: a restore makes a new data folder and changes none")]
    NotEmpty(PathBuf),
    #[error(
        "this is the only validator of its network, and nobody else can say what it voted after the backup: give the hash of the backup's last block to say that all after it is lost"
    )]
    Alone,
    #[error(
        "the last block of the backup is {found}, and the operators agreed on {agreed}: every validator must be restored from the same backup"
    )]
    OtherBlock { found: B256, agreed: B256 },
    #[error("the blocks of {path} do not make the state that its headers name, or the disk failed: {reason}")]
    Execution { path: PathBuf, reason: String },
}

/// Checks a backup against the network file, as a restore does first.
pub fn check_backup(
    network: &Path,
    file: &Path,
    report: &dyn Fn(RestoreStep),
) -> Result<Summary, RestoreError> {
    let network = NetworkFile::read(network)?;
    let genesis = network.genesis()?;
    let info = network.info(&genesis)?;
    check(&info, file, report)
}

fn check(info: &NetworkInfo, file: &Path, report: &dyn Fn(RestoreStep)) -> Result<Summary, RestoreError> {
    let reader = open(info, file)?;
    reader
        .check(|block, of| report(RestoreStep::Checking { block, of }))
        .map_err(|source| RestoreError::Backup {
            path: file.into(),
            source,
        })
}

fn open(info: &NetworkInfo, path: &Path) -> Result<Reader<BufReader<File>>, RestoreError> {
    let file = File::open(path).map_err(|source| io_error(path, source))?;
    let input = BufReader::with_capacity(READ_BYTES, file);
    let reader = Reader::open(input, info.chain_id, info.genesis_hash, info.public_key);
    reader.map_err(|source| RestoreError::Backup {
        path: path.into(),
        source,
    })
}

/// Makes the data folder that a configuration names from a backup.
///
/// A validator on such a folder follows, and votes from the first epoch on that begins while it runs, since it has forgotten
/// what it voted after the backup. Where no validator has its data any more no epoch would ever begin: then the operators of
/// all agree that everything after one block is lost, and give its hash as `network_lost`.
pub fn restore(
    config: &NodeConfig,
    file: &Path,
    network_lost: Option<B256>,
    report: impl Fn(RestoreStep) + Send + Sync + 'static,
) -> Result<Restored, RestoreError> {
    let network = NetworkFile::read(&config.network)?;
    let genesis = network.genesis()?;
    let info = network.info(&genesis)?;
    require_empty(&config.data)?;
    if network.validators.len() == 1 && config.share.is_some() && network_lost.is_none() {
        return Err(RestoreError::Alone);
    }
    let found = check(&info, file, &report)?.hash;
    let votes = match network_lost {
        None => Votes::Abstain,
        Some(agreed) if agreed == found => Votes::Resume,
        Some(agreed) => return Err(RestoreError::OtherBlock { found, agreed }),
    };

    let unfinished = unfinished(&config.data);
    if unfinished.exists() {
        // Left by a restore that was interrupted.
        fs::remove_dir_all(&unfinished).map_err(|source| io_error(&unfinished, source))?;
    }
    let made = Made {
        network,
        genesis,
        info,
        folder: unfinished.clone(),
        file: file.into(),
        votes,
        shares: config.shares(),
    };
    let restored = execute(made, Arc::new(report))?;
    let secrets = unfinished.join(UNUSED_SECRETS);
    fs::remove_dir_all(&secrets).map_err(|source| io_error(&secrets, source))?;
    if config.data.exists() {
        fs::remove_dir(&config.data).map_err(|source| io_error(&config.data, source))?;
    }
    fs::rename(&unfinished, &config.data).map_err(|source| io_error(&config.data, source))?;
    let parent = config
        .data
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    let parent = parent.unwrap_or(Path::new("."));
    let synced = File::open(parent).and_then(|parent| parent.sync_all());
    synced.map_err(|source| io_error(parent, source))?;
    Ok(restored)
}

fn unfinished(data: &Path) -> PathBuf {
    let mut name = data.file_name().unwrap_or_default().to_owned();
    name.push(".");
    name.push(UNFINISHED);
    data.with_file_name(name)
}

fn require_empty(folder: &Path) -> Result<(), RestoreError> {
    match files::is_empty(folder) {
        Ok(true) => Ok(()),
        Ok(false) => Err(RestoreError::NotEmpty(folder.into())),
        Err(source) => Err(io_error(folder, source)),
    }
}

fn io_error(path: &Path, source: io::Error) -> RestoreError {
    RestoreError::Io {
        path: path.into(),
        source,
    }
}

/// What a folder is made from.
struct Made {
    network: NetworkFile,
    genesis: Genesis,
    info: NetworkInfo,
    folder: PathBuf,
    file: PathBuf,
    votes: Votes,
    /// Where the shares are that vote from this data.
    shares: PathBuf,
}

type Report = Arc<dyn Fn(RestoreStep) + Send + Sync>;

/// Runs the node that executes the blocks, on a thread of its own as every node.
fn execute(made: Made, report: Report) -> Result<Restored, RestoreError> {
    let path = made.file.clone();
    let failed = |reason: String| RestoreError::Execution { path, reason };
    let thread = std::thread::Builder::new()
        .name("engine".into())
        .stack_size(node::STACK_BYTES)
        .spawn(move || {
            let run = std::panic::AssertUnwindSafe(|| run(&made, &report));
            std::panic::catch_unwind(run).unwrap_or_else(|panic| {
                Err(RestoreError::Execution {
                    path: made.file.clone(),
                    reason: node::message(panic.as_ref()),
                })
            })
        });
    match thread.map(std::thread::JoinHandle::join) {
        Ok(Ok(done)) => done,
        Ok(Err(panic)) => Err(failed(node::message(panic.as_ref()))),
        Err(source) => Err(failed(source.to_string())),
    }
}

fn run(made: &Made, report: &Report) -> Result<Restored, RestoreError> {
    let data = DataFolder::open(&made.folder, made.info.genesis_hash)?;
    let runtime = engine_runtime::Config::new()
        .with_storage_directory(data.engine())
        .with_catch_panics(false);
    engine_runtime::Runner::new(runtime).start(|context| async move {
        let restored = Box::pin(fill(&context, made, &data, report)).await;
        let stopped = context.stop(0, Some(node::STOP_TIMEOUT)).await;
        stopped.map_err(|source| made.failed(&source))?;
        restored
    })
}

impl Made {
    fn failed(&self, reason: &dyn fmt::Display) -> RestoreError {
        RestoreError::Execution {
            path: self.file.clone(),
            reason: reason.to_string(),
        }
    }
}

async fn fill(
    context: &engine_runtime::Context,
    made: &Made,
    data: &DataFolder,
    report: &Report,
) -> Result<Restored, RestoreError> {
    let failed = |reason: &dyn fmt::Display| made.failed(reason);
    let backup = |source| RestoreError::Backup {
        path: made.file.clone(),
        source,
    };
    let store = Store::open(&data.blocks()).map_err(|source| failed(&source))?;
    if made.votes == Votes::Resume {
        let marks = Marks {
            shares: &made.shares,
            data,
            store: &store,
        };
        marks.adopt().map_err(|source| failed(&source))?;
    }
    let secrets = made.folder.join(UNUSED_SECRETS);
    let secrets = Secrets::open(&secrets).map_err(|source| io_error(&secrets, source))?;
    let signer = ed25519::PrivateKey::random(rand::make_rng::<ChaCha20Rng>());
    let me = signer.public_key();
    let setup = Setup {
        config: zhengtong_chain::Config::default(),
        network: made.info.clone(),
        genesis: made.genesis.clone(),
        delegations: made.network.delegations(),
        signer,
        votes: false,
        epoch_blocks: made.network.epoch_blocks()?,
        quota_blocks: made.network.epoch_blocks()?,
        store: Arc::new(store),
        wait: Wait::Block(tokio::runtime::Handle::current()),
        prefix: node::PREFIX.into(),
    };
    let mut reader = open(&made.info, &made.file)?;
    let context = context.child("validator");
    let (summary, waiting) = import(&context, &setup, &mut reader, made.votes)
        .await
        .map_err(backup)?;
    let started = engine::start(context, setup, secrets, solo::links(me)).await;
    let Started { handle, engine } = started.map_err(|source| failed(&source))?;
    let mut engine = std::pin::pin!(engine);
    let (mut seen, mut since) = (0, Instant::now());
    loop {
        let block = handle.tip().header.number;
        report(RestoreStep::Executing {
            block,
            of: summary.height,
        });
        if block >= summary.height {
            break;
        }
        if block > seen {
            (seen, since) = (block, Instant::now());
        } else if since.elapsed() > STALLED_AFTER {
            return Err(failed(&format!("block {} is not executed", block + 1)));
        }
        let pause = std::pin::pin!(tokio::time::sleep(LOOK_AGAIN));
        if let futures::future::Either::Left((ended, _)) = futures::future::select(&mut engine, pause).await {
            return Err(failed(&format!("the engine ended: {ended:?}")));
        }
    }
    let tip = handle.tip();
    let root = state_root(&handle).await;
    if tip.hash != summary.hash || root != Some(tip.header.state_root) {
        return Err(failed(&format!(
            "it has block {} with state {root:?} instead of block {} with state {}",
            tip.hash, summary.hash, tip.header.state_root
        )));
    }
    let waiting = resubmit(&handle, waiting).await.map_err(backup)?;
    Ok(Restored {
        summary,
        state_root: tip.header.state_root,
        waiting,
    })
}
