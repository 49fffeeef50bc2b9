//! The servers that are measured, each a process of its own on loopback, or several.

use super::http::Http;
use anyhow::{Context, Result, bail, ensure};
use std::{
    fs::File,
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
};

/// Times that ports in a row are looked for.
const PORT_TRIES: usize = 100;
/// Gas limit of anvil's blocks: no block of this load is ever full.
const ANVIL_GAS_LIMIT: &str = "3000000000";

/// A running server; ends with this value.
pub struct Server {
    processes: Vec<Process>,
    pub http: Http,
    /// `host:port` of its metrics, if it has any.
    pub monitor: Option<String>,
}

/// A process that ends with this value.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        // Nothing to do if it has ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Server {
    /// Of everything that makes up the server.
    pub fn pids(&self) -> Vec<u32> {
        self.processes.iter().map(|process| process.0.id()).collect()
    }

    /// Memory that the processes have in use, where the system tells.
    pub fn memory_mib(&self) -> Option<u64> {
        let of = |pid: u32| {
            let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
            let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
            line.trim().trim_end_matches("kB").trim().parse::<u64>().ok()
        };
        let kib: Option<u64> = self.pids().into_iter().map(of).sum();
        kib.map(|kib| kib / 1024)
    }

    /// Our validator alone: no index, no gateways, no portal.
    pub async fn validator(folder: &Path) -> Result<Self> {
        let (rpc, monitor) = (free_address()?, free_address()?);
        let mut command = own()?;
        command.arg("dev").arg("--data").arg(folder).args([
            "--rpc",
            &rpc,
            "--monitor",
            &monitor,
            "--chain-only",
        ]);
        let mut server = Self::start(command, folder, &rpc).await?;
        server.monitor = Some(monitor);
        Ok(server)
    }

    /// A network of several of our validators, set up by the documented commands; clients talk to the first.
    pub async fn network(folder: &Path, validators: u16) -> Result<Self> {
        let (first_port, first_rpc) = (free_ports(validators)?, free_ports(validators)?);
        let mut command = own()?;
        command.args(["network", "local", "--folder"]).arg(folder);
        command.args(["-n", &validators.to_string()]);
        command.args(["--first-port", &first_port.to_string()]);
        command.args(["--first-rpc", &first_rpc.to_string()]);
        let made = command.stdout(Stdio::null()).status().context("network local")?;
        ensure!(
            made.success(),
            "`zhengtong network local` failed; read the lines above"
        );
        let mut processes = Vec::new();
        for index in 0..validators {
            let config = folder.join(format!("validator-{index}")).join("node.toml");
            let mut command = own()?;
            command.args(["node", "--config"]).arg(&config);
            processes.push(spawn(command, &config)?);
        }
        let server = Self {
            processes,
            http: Http::new(&format!("127.0.0.1:{first_rpc}")),
            monitor: None,
        };
        server.http.wait_up().await?;
        Ok(server)
    }

    /// anvil with a block a second and a large gas limit.
    pub async fn anvil(program: &Path, folder: &Path, chain_id: u64) -> Result<Self> {
        let rpc = free_address()?;
        let (host, port) = rpc.split_once(':').context("address")?;
        let mut command = Command::new(program);
        command.args(["--host", host, "--port", port, "--block-time", "1"]);
        command.args([
            "--gas-limit",
            ANVIL_GAS_LIMIT,
            "--chain-id",
            &chain_id.to_string(),
        ]);
        command.arg("--silent");
        Self::start(command, folder, &rpc).await
    }

    async fn start(command: Command, folder: &Path, rpc: &str) -> Result<Self> {
        std::fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
        let server = Self {
            processes: vec![spawn(command, folder)?],
            http: Http::new(rpc),
            monitor: None,
        };
        server.http.wait_up().await?;
        Ok(server)
    }
}

/// This program.
fn own() -> Result<Command> {
    Ok(Command::new(std::env::current_exe().context("own path")?))
}

/// Starts a process that writes to a log beside `path`.
fn spawn(mut command: Command, path: &Path) -> Result<Process> {
    let log = File::create(path.with_extension("log"))?;
    let child = command
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn()
        .with_context(|| format!("cannot start {:?}", command.get_program()))?;
    Ok(Process(child))
}

pub fn free_address() -> Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0").context("no free port on loopback")?;
    Ok(listener.local_addr()?.to_string())
}

/// The first of `count` ports in a row that are free on loopback.
fn free_ports(count: u16) -> Result<u16> {
    for _ in 0..PORT_TRIES {
        let first = TcpListener::bind("127.0.0.1:0").context("no free port on loopback")?;
        let port = first.local_addr()?.port();
        let rest = (1..count).map(|index| TcpListener::bind(("127.0.0.1", port.checked_add(index)?)).ok());
        if rest.collect::<Option<Vec<_>>>().is_some() {
            return Ok(port);
        }
    }
    bail!("no {count} free ports in a row on loopback")
}
