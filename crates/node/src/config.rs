//! A validator's configuration: one TOML file, checked once, unknown keys refused.

use alloy_primitives::Address;
use serde::{Deserialize, Serialize};
use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};
use thiserror::Error;

/// What a validator is started from. Paths are relative to the working directory.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeConfig {
    /// The network file, the same for every validator.
    pub network: PathBuf,
    /// The folder for everything this validator keeps. One process at a time.
    pub data: PathBuf,
    /// File of the ed25519 identity (secret).
    pub identity: PathBuf,
    /// File of the BLS share (secret).
    pub share: PathBuf,
    /// Where other validators connect to. A network of one opens no port.
    #[serde(default)]
    pub listen: Option<SocketAddr>,
    /// An empty block is made when nothing happened for this long, in milliseconds.
    #[serde(default = "default_heartbeat_ms")]
    pub heartbeat_ms: u64,
    /// How long validators wait for a leader, in milliseconds; more than the heartbeat.
    #[serde(default = "default_leader_timeout_ms")]
    pub leader_timeout_ms: u64,
    /// Accounts without a limit on waiting transactions.
    #[serde(default)]
    pub unmetered: Vec<Address>,
}

fn default_heartbeat_ms() -> u64 {
    2_000
}

fn default_leader_timeout_ms() -> u64 {
    4_000
}

/// Why a configuration is refused.
#[derive(Debug, Error)]
pub enum NodeConfigError {
    #[error("cannot read {path}: {source}")]
    Read { path: PathBuf, source: std::io::Error },
    #[error("{path} is not a node configuration: {source}")]
    Parse {
        path: PathBuf,
        source: Box<toml::de::Error>,
    },
    #[error("{field} is {got} ms; it must be {expected}")]
    Time {
        field: &'static str,
        got: u64,
        expected: &'static str,
    },
}

impl NodeConfig {
    pub fn read(path: &Path) -> Result<Self, NodeConfigError> {
        let text = std::fs::read_to_string(path).map_err(|source| NodeConfigError::Read {
            path: path.into(),
            source,
        })?;
        let config: Self = toml::from_str(&text).map_err(|source| NodeConfigError::Parse {
            path: path.into(),
            source: Box::new(source),
        })?;
        config.check()?;
        Ok(config)
    }

    /// Checks what the types do not.
    pub fn check(&self) -> Result<(), NodeConfigError> {
        if !(100..=60_000).contains(&self.heartbeat_ms) {
            return Err(NodeConfigError::Time {
                field: "heartbeat_ms",
                got: self.heartbeat_ms,
                expected: "100 to 60000",
            });
        }
        if self.leader_timeout_ms <= self.heartbeat_ms || self.leader_timeout_ms > 120_000 {
            return Err(NodeConfigError::Time {
                field: "leader_timeout_ms",
                got: self.leader_timeout_ms,
                expected: "more than heartbeat_ms and at most 120000",
            });
        }
        Ok(())
    }

    pub(crate) fn chain(&self) -> zhengtong_chain::Config {
        let mut config = zhengtong_chain::Config {
            heartbeat: Duration::from_millis(self.heartbeat_ms),
            leader_timeout: Duration::from_millis(self.leader_timeout_ms),
            ..zhengtong_chain::Config::default()
        };
        config.pool.unmetered.clone_from(&self.unmetered);
        config
    }
}
