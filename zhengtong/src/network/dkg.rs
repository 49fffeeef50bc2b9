//! `zhengtong network dkg`: one validator's part in the ceremony, and the configuration of its node.

use super::say;
use anyhow::{Context, Result};
use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};
use zhengtong_node::{
    Identity, NetworkFile, NodeConfig, PlanFile, SyncMode,
    ceremony::{self, Ceremony, Event},
};

#[derive(clap::Args)]
pub struct Args {
    /// The node's folder, with its `identity.key`.
    #[arg(long)]
    folder: PathBuf,
    /// The plan, the same for everyone.
    #[arg(long)]
    plan: PathBuf,
    /// Where to listen, if not at the address in the plan (behind a router, say).
    #[arg(long, value_name = "IP:PORT", value_parser = super::parse_location)]
    listen: Option<SocketAddr>,
    /// Where the node is to serve JSON-RPC.
    #[arg(long, default_value = "127.0.0.1:8545")]
    rpc: SocketAddr,
}

pub fn run(args: Args) -> Result<()> {
    let plan = PlanFile::read(&args.plan)?;
    say(format!("plan hash {}", plan.hash()));
    let network = take_part(&args.folder, plan, args.listen, args.rpc, |event| {
        say(describe(&event))
    })?;
    say("everyone has the same network; the ceremony is over");
    super::check::show_network(&network)?;
    say(format!(
        "start this validator with: zhengtong node --config {}",
        args.folder.join("node.toml").display()
    ));
    Ok(())
}

/// Runs the ceremony in a folder with an identity, and writes the node's configuration there.
pub fn take_part(
    folder: &Path,
    plan: PlanFile,
    listen: Option<SocketAddr>,
    rpc: SocketAddr,
    report: impl FnMut(Event) + Send + 'static,
) -> Result<NetworkFile> {
    let identity = Identity::read(&folder.join("identity.key"))?;
    let own = plan
        .members()?
        .into_iter()
        .find(|(key, _)| *key == identity.public());
    let ceremony = Ceremony {
        plan,
        identity,
        folder: folder.into(),
        listen,
    };
    let network = ceremony::run(ceremony, report)?;
    let config = NodeConfig {
        share: Some("share.key".into()),
        ..config(listen.or(own.map(|(_, address)| address)), rpc)
    };
    write_config(folder, &config)?;
    Ok(network)
}

/// A node's configuration with the names that files have in its folder; without a share.
pub fn config(listen: Option<SocketAddr>, rpc: SocketAddr) -> NodeConfig {
    NodeConfig {
        network: "network.json".into(),
        data: "data".into(),
        identity: "identity.key".into(),
        share: None,
        listen,
        rpc: Some(rpc),
        monitor: None,
        heartbeat_ms: 2_000,
        leader_timeout_ms: 4_000,
        unmetered: Vec::new(),
        sync: SyncMode::Replay,
        keep_blocks: None,
        followers: Vec::new(),
    }
}

/// What an operator is likely to want besides. No port is opened that nobody asked for.
const HINTS: &str = "\
# Health checks, metrics and backups (/healthz, /readyz, /metrics, /backup), for the operator alone:
# monitor = \"127.0.0.1:9600\"
";

/// Writes `node.toml`, unless the operator has one.
pub fn write_config(folder: &Path, config: &NodeConfig) -> Result<()> {
    let path = folder.join("node.toml");
    if path.exists() {
        return Ok(());
    }
    let text = format!("{HINTS}{}", config.to_toml());
    std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
}

fn describe(event: &Event) -> String {
    match event {
        Event::Waiting(names) => format!("waiting for {}", names.join(", ")),
        Event::Dealing => "everyone is here with the same plan; making the key".into(),
        Event::Made { key, genesis } => format!("network key  {key}\ngenesis hash {genesis}"),
        Event::Finishing(names) => format!("waiting until these have it too: {}", names.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_for_monitoring_works_once_it_is_no_comment() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("node.toml");
        let rpc = SocketAddr::from(([127, 0, 0, 1], 8_545));
        write_config(folder.path(), &config(Some(rpc), rpc)).unwrap();
        let written = NodeConfig::read(&path).unwrap();
        assert_eq!((written.monitor, written.rpc), (None, Some(rpc)));
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, text.replace("# monitor", "monitor")).unwrap();
        assert!(NodeConfig::read(&path).unwrap().monitor.is_some());
        // An operator's file stays.
        write_config(folder.path(), &config(None, rpc)).unwrap();
        assert!(NodeConfig::read(&path).unwrap().monitor.is_some());
    }
}
