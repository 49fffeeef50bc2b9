//! `zhengtong network run`: the nodes of a folder as processes, and how they are.

use super::{local::validator, say};
use anyhow::{Context, Result, ensure};
use std::{
    fs::File,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};
use tokio::signal::unix::{SignalKind, signal};
use zhengtong_node::{NetworkFile, NodeConfig};

/// How often the nodes are asked.
const LOOK: Duration = Duration::from_secs(1);
/// How long a node may take to answer.
const ANSWER: Duration = Duration::from_millis(500);
/// Lines are at most this many looks apart.
const QUIET_LOOKS: u32 = 10;

#[derive(clap::Args)]
pub struct Args {
    /// The folder that `zhengtong network local` made.
    #[arg(long)]
    pub folder: PathBuf,
}

/// A node's process. It does not outlive this value.
struct Running {
    name: String,
    process: Child,
    ended: bool,
    config: PathBuf,
    log: PathBuf,
    url: String,
    /// The hash of its network's genesis, as JSON-RPC writes it.
    genesis: String,
}

impl Drop for Running {
    fn drop(&mut self) {
        if !self.ended {
            // One that has just ended is no error.
            let _ = self.process.kill();
        }
    }
}

#[tokio::main]
pub async fn run(args: &Args) -> Result<()> {
    let mut nodes = start(&args.folder)?;
    ensure!(!nodes.is_empty(), "{} has no validators", args.folder.display());
    for node in &nodes {
        let pid = node.process.id();
        say(format!(
            "{}  process {pid}  log {}",
            node.name,
            node.log.display()
        ));
    }
    say("Ctrl-C stops all that it started. Heights, `-` where a node does not answer:");
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let client = reqwest::Client::builder().timeout(ANSWER).build()?;
    let (mut last, mut quiet) = (String::new(), 0);
    loop {
        tokio::select! {
            _ = interrupt.recv() => break,
            _ = terminate.recv() => break,
            () = tokio::time::sleep(LOOK) => {}
        }
        report_ended(&mut nodes)?;
        let (line, up) = look(&client, &nodes).await;
        quiet += 1;
        if up != last || quiet >= QUIET_LOOKS {
            say(line);
            (last, quiet) = (up, 0);
        }
    }
    say("stopping");
    stop(nodes)
}

/// Starts every `validator-*` of the folder; each writes to `node.log` in its own.
fn start(folder: &Path) -> Result<Vec<Running>> {
    let program = std::env::current_exe()?;
    let mut nodes = Vec::new();
    for index in 0.. {
        let own = validator(folder, index);
        let path = own.join("node.toml");
        if !path.exists() {
            break;
        }
        let config = NodeConfig::read(&path)?;
        let rpc = config
            .rpc
            .with_context(|| format!("{} sets no `rpc`", path.display()))?;
        let log_path = own.join("node.log");
        let log = File::create(&log_path).with_context(|| format!("cannot write {}", log_path.display()))?;
        let process = Command::new(&program)
            .arg("node")
            .arg("--config")
            .arg(&path)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()?;
        nodes.push(Running {
            name: format!("validator-{index}"),
            process,
            ended: false,
            config: path,
            log: log_path,
            url: format!("http://{rpc}"),
            genesis: NetworkFile::read(&config.network)?
                .genesis()?
                .block
                .hash()
                .to_string(),
        });
    }
    Ok(nodes)
}

fn report_ended(nodes: &mut [Running]) -> Result<()> {
    for node in nodes.iter_mut().filter(|node| !node.ended) {
        if let Some(status) = node.process.try_wait()? {
            node.ended = true;
            say(format!("{} ended ({status}): {}", node.name, why(&node.log)));
            say(format!(
                "  start it again with: zhengtong node --config {}",
                node.config.display()
            ));
        }
    }
    Ok(())
}

/// What a process said last.
fn why(log: &Path) -> String {
    let text = std::fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    // A message may have several lines; what it is begins with the last that says so.
    let mut lines = text.lines().rev().filter(|line| !line.trim().is_empty());
    let error = lines
        .clone()
        .find(|line| line.to_ascii_lowercase().contains("error"));
    error
        .or_else(|| lines.next())
        .map_or_else(|| format!("{} is empty", log.display()), str::to_owned)
}

/// Each node's height, and which of them answer.
async fn look(client: &reqwest::Client, nodes: &[Running]) -> (String, String) {
    // Where one has ended it may have been started again by hand, or somebody else may answer on its port.
    let heights = nodes.iter().map(|node| async move {
        if node.ended {
            let network = ask(client, &node.url, "zhengtong_network").await?;
            (network["genesisHash"] == node.genesis.as_str()).then_some(())?;
        }
        let height = ask(client, &node.url, "eth_blockNumber").await?;
        u64::from_str_radix(height.as_str()?.strip_prefix("0x")?, 16).ok()
    });
    let heights = futures::future::join_all(heights).await;
    let line = heights
        .iter()
        .map(|height| height.map_or_else(|| "-".to_owned(), |height| height.to_string()));
    let up = heights
        .iter()
        .map(|height| if height.is_some() { '+' } else { '-' });
    (line.collect::<Vec<_>>().join("  "), up.collect())
}

/// What a node answers to a method without arguments, if it does.
async fn ask(client: &reqwest::Client, url: &str, method: &str) -> Option<serde_json::Value> {
    let question = serde_json::json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": [] });
    let request = client
        .post(url)
        .header("content-type", "application/json")
        .body(question.to_string());
    let answer = request.send().await.ok()?.bytes().await.ok()?;
    let mut answer: serde_json::Value = serde_json::from_slice(&answer).ok()?;
    Some(answer["result"].take())
}

/// Asks every process to stop and waits until they have.
fn stop(mut nodes: Vec<Running>) -> Result<()> {
    for node in nodes.iter().filter(|node| !node.ended) {
        // One that has just ended is no error.
        let _ = Command::new("kill")
            .args(["-TERM", &node.process.id().to_string()])
            .status();
    }
    for node in &mut nodes {
        node.process.wait()?;
        node.ended = true;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn why_a_node_ended_is_the_last_error_of_its_log() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("node.log");
        let last = "error: cannot listen on 127.0.0.1:1; choose another address";
        for (text, said) in [
            (format!("error: another\n{last}\nstopping\n\n"), last.to_owned()),
            ("[1/1] starting\n\n".into(), "[1/1] starting".into()),
            (String::new(), format!("{} is empty", log.display())),
        ] {
            std::fs::write(&log, text).unwrap();
            assert_eq!(why(&log), said);
        }
    }
}
