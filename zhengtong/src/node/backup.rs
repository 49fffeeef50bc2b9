//! `zhengtong node backup` and `restore`: a running node's blocks in one file, and a data folder made from it.

use super::super::progress::Progress;
use alloy_primitives::B256;
use anyhow::{Context as _, Result, bail, ensure};
use std::{
    fs::{self, File},
    io::{BufWriter, Write as _},
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Mutex,
    time::{Duration, Instant},
};
use zhengtong_node::{BackupSummary, NetworkFile, NodeConfig, RestoreStep, check_backup, restore};

/// How often progress is shown.
const SHOWN_EVERY: Duration = Duration::from_secs(5);
/// How long a node may be silent in the middle of a backup. It waits for a certificate before it begins.
const SILENCE: Duration = Duration::from_secs(120);

#[derive(clap::Args)]
pub struct BackupArgs {
    /// The configuration of the node, which runs; it must say `monitor`.
    #[arg(long, default_value = "node.toml")]
    config: PathBuf,
    /// Where the node's `monitor` is, if not where the configuration says.
    #[arg(long)]
    monitor: Option<SocketAddr>,
    /// The new file, or a folder for a file named after network and block; a folder that is not there yet ends with `/`.
    #[arg(long)]
    to: PathBuf,
}

#[derive(clap::Args)]
pub struct RestoreArgs {
    /// The node's configuration. Its data folder must be empty or missing.
    #[arg(long, default_value = "node.toml")]
    config: PathBuf,
    /// The backup.
    #[arg(long)]
    from: PathBuf,
    /// Check the backup against the network file, and make nothing.
    #[arg(long)]
    check: bool,
    /// Vote again at once, above the backup's last block, which has this hash. Only where no validator has its data any more
    /// and all are restored from the same backup: what was final after it is undone.
    #[arg(long, value_name = "HASH", value_parser = crate::network::parse_hash)]
    network_lost: Option<B256>,
}

#[tokio::main]
pub async fn back_up(args: BackupArgs) -> Result<()> {
    let config = NodeConfig::read(&args.config)?;
    let monitor = args.monitor.or(config.monitor);
    let monitor = monitor
        .context("the node must run with `monitor` in its configuration; the backup comes from there")?;
    let is_folder = args.to.is_dir() || args.to.as_os_str().as_encoded_bytes().ends_with(b"/");
    ensure!(
        is_folder || !args.to.exists(),
        "{} is there already; backups are not written over",
        args.to.display()
    );
    let folder = if is_folder {
        args.to.clone()
    } else {
        beside(&args.to)
    };
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let part = folder.join(format!(".backup-{}.part", std::process::id()));
    let mut progress = Progress::new(2);
    progress.step(format!("backing up the node at {monitor}"));
    let done = fetch(monitor, &part).await.and_then(|()| {
        progress.step("checking the backup");
        let shown = Shown::default();
        check_backup(&config.network, &part, &|step| shown.show(step)).map_err(Into::into)
    });
    let done = done.and_then(|summary| Ok((place(&args.to, is_folder, &config, &part, &summary)?, summary)));
    match done {
        Ok((path, summary)) => {
            say(&progress, &summary);
            progress.say(format!("backup      {}", path.display()));
            Ok(())
        }
        Err(error) => {
            // It may not have been made.
            let _ = fs::remove_file(&part);
            Err(error)
        }
    }
}

/// Writes what the node sends, durably.
async fn fetch(monitor: SocketAddr, path: &Path) -> Result<()> {
    let url = format!("http://{monitor}/backup");
    let client = reqwest::Client::builder().read_timeout(SILENCE).build()?;
    let mut answer = client
        .get(&url)
        .send()
        .await
        .with_context(|| format!("the node does not answer at {monitor}; does it run?"))?;
    if !answer.status().is_success() {
        let status = answer.status();
        let told = answer.text().await.unwrap_or_default();
        bail!("the node refuses a backup ({status}): {}", told.trim());
    }
    let failed = || format!("cannot write {}", path.display());
    let file = File::create(path).with_context(failed)?;
    let mut file = BufWriter::new(file);
    while let Some(bytes) = answer
        .chunk()
        .await
        .context("the node stopped in the middle of the backup")?
    {
        file.write_all(&bytes).with_context(failed)?;
    }
    let file = file.into_inner().map_err(|error| error.into_error());
    file.and_then(|file| file.sync_all()).with_context(failed)
}

/// Gives a checked backup its name.
fn place(
    to: &Path,
    is_folder: bool,
    config: &NodeConfig,
    part: &Path,
    summary: &BackupSummary,
) -> Result<PathBuf> {
    let path = if is_folder {
        let network = NetworkFile::read(&config.network)?;
        to.join(format!("{}-{}.backup", network.name, summary.height))
    } else {
        to.to_owned()
    };
    // A link fails where a file is, a renaming would replace it.
    fs::hard_link(part, &path).with_context(|| format!("cannot make {}", path.display()))?;
    fs::remove_file(part)?;
    File::open(beside(&path)).and_then(|folder| folder.sync_all())?;
    Ok(path)
}

fn beside(path: &Path) -> PathBuf {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    parent.unwrap_or(Path::new(".")).to_owned()
}

pub fn run_restore(args: &RestoreArgs) -> Result<()> {
    let config = NodeConfig::read(&args.config)?;
    let mut progress = Progress::new(1);
    let shown = Shown::default();
    if args.check {
        progress.step(format!("checking {}", args.from.display()));
        let summary = check_backup(&config.network, &args.from, &|step| shown.show(step))?;
        say(&progress, &summary);
        progress.say("whole and of this network");
        return Ok(());
    }
    progress.step(format!(
        "making {} from {}",
        config.data.display(),
        args.from.display()
    ));
    let restored = restore(&config, &args.from, args.network_lost, move |step| {
        shown.show(step)
    })?;
    say(&progress, &restored.summary);
    progress.say(format!("state root  {}", restored.state_root));
    progress.say(format!("waiting     {} transactions", restored.waiting));
    if config.share.is_some() && args.network_lost.is_none() {
        progress.say(
            "votes       from the first or second epoch on that begins while it runs; until then it follows",
        );
    }
    progress.say("restored; start the node");
    Ok(())
}

fn say(progress: &Progress, summary: &BackupSummary) {
    progress.say(format!("last block  {} {}", summary.height, summary.hash));
    progress.say(format!(
        "certificates {}, all of this network",
        summary.certificates
    ));
    progress.say(format!("size        {} bytes", summary.bytes));
    progress.say(format!("sha256      {}", hex::encode(summary.sha256)));
}

/// Shows a step now and then.
struct Shown(Mutex<Instant>);

impl Default for Shown {
    fn default() -> Self {
        Self(Mutex::new(Instant::now()))
    }
}

impl Shown {
    fn show(&self, step: RestoreStep) {
        let mut last = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if last.elapsed() >= SHOWN_EVERY {
            *last = Instant::now();
            Progress::note(step);
        }
    }
}
