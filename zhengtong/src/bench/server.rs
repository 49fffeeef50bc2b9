//! The servers that are measured, each a process of its own on loopback.

use super::http::Http;
use anyhow::{Context, Result};
use std::{
    fs::File,
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
};

/// Gas limit of anvil's blocks: no block of this load is ever full.
const ANVIL_GAS_LIMIT: &str = "3000000000";

/// A running server; ends with this value.
pub struct Server {
    child: Child,
    pub http: Http,
}

impl Server {
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Our validator alone: no index, no gateways, no portal.
    pub async fn validator(folder: &Path) -> Result<Self> {
        let rpc = free_address()?;
        let mut command = Command::new(std::env::current_exe().context("own path")?);
        command
            .arg("dev")
            .arg("--data")
            .arg(folder)
            .args(["--rpc", &rpc, "--chain-only"]);
        Self::start(command, folder, &rpc).await
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

    async fn start(mut command: Command, folder: &Path, rpc: &str) -> Result<Self> {
        std::fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
        let log = File::create(folder.with_extension("log"))?;
        let child = command
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .with_context(|| format!("cannot start {:?}", command.get_program()))?;
        let server = Self {
            child,
            http: Http::new(rpc),
        };
        server.http.wait_up().await?;
        Ok(server)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Nothing to do if it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn free_address() -> Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0").context("no free port on loopback")?;
    Ok(listener.local_addr()?.to_string())
}
