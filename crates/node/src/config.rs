//! A node's configuration: one TOML file, checked once, unknown keys refused.

use crate::p2p::Peer;
use alloy_primitives::{Address, Bytes};
use commonware_codec::{Copying, DecodeExt as _};
use serde::{Deserialize, Serialize};
use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};
use thiserror::Error;
use zhengtong_chain::config::MIN_KEPT_BLOCKS;
use zhengtong_types::consensus::ValidatorKey;

/// Most followers that one node lets in.
pub const MAX_FOLLOWERS: usize = 256;

/// What a node is started from: a validator, or a follower that has no share and no vote.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeConfig {
    /// The network file, the same for every node.
    pub network: PathBuf,
    /// The folder for everything this node keeps. One process at a time.
    pub data: PathBuf,
    /// File of the ed25519 identity (secret).
    pub identity: PathBuf,
    /// File of the BLS share (secret). A follower has none.
    #[serde(default)]
    pub share: Option<PathBuf>,
    /// Where other nodes connect to. A network of one that nobody follows opens no port.
    #[serde(default)]
    pub listen: Option<SocketAddr>,
    /// Where `zhengtong node` serves JSON-RPC; nowhere if absent.
    #[serde(default)]
    pub rpc: Option<SocketAddr>,
    /// Where `zhengtong node` tells its operator how it is, at `/metrics`, `/healthz` and `/readyz`; nowhere if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub monitor: Option<SocketAddr>,
    /// An empty block is made when nothing happened for this long, in milliseconds.
    #[serde(default = "default_heartbeat_ms")]
    pub heartbeat_ms: u64,
    /// How long validators wait for a leader, in milliseconds; more than the heartbeat.
    #[serde(default = "default_leader_timeout_ms")]
    pub leader_timeout_ms: u64,
    /// Accounts without a limit on waiting transactions.
    #[serde(default)]
    pub unmetered: Vec<Address>,
    /// How a node without data begins. One that has data goes on from it.
    #[serde(default, skip_serializing_if = "SyncMode::is_replay")]
    pub sync: SyncMode,
    /// How many of the latest blocks are kept, at least 512; all of them if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keep_blocks: Option<u64>,
    /// Nodes without a vote that may connect to this one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub followers: Vec<FollowerEntry>,
}

/// How a node without data gets to where the others are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SyncMode {
    /// Execute every block from the genesis on.
    #[default]
    Replay,
    /// Fetch the state of a certified block near the tip, and go on from there. Older blocks are not kept.
    State,
}

impl SyncMode {
    fn is_replay(&self) -> bool {
        *self == Self::Replay
    }
}

/// A follower that is let in, as its card says.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FollowerEntry {
    /// Ed25519 public key.
    pub key: Bytes,
    /// Where it connects from; only the IP address counts.
    pub address: SocketAddr,
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
    #[error("keep_blocks is {0}; it must be at least {MIN_KEPT_BLOCKS}")]
    KeepBlocks(u64),
    #[error("follower {0} does not have an ed25519 key")]
    FollowerKey(usize),
    #[error("{0} followers are listed, at most {MAX_FOLLOWERS}")]
    Followers(usize),
}

impl NodeConfig {
    /// Reads a file. Relative paths in it are relative to its folder.
    pub fn read(path: &Path) -> Result<Self, NodeConfigError> {
        let text = std::fs::read_to_string(path).map_err(|source| NodeConfigError::Read {
            path: path.into(),
            source,
        })?;
        let mut config: Self = toml::from_str(&text).map_err(|source| NodeConfigError::Parse {
            path: path.into(),
            source: Box::new(source),
        })?;
        config.check()?;
        let folder = path.parent().unwrap_or(Path::new(""));
        for path in [&mut config.network, &mut config.data, &mut config.identity]
            .into_iter()
            .chain(&mut config.share)
        {
            *path = folder.join(&path);
        }
        Ok(config)
    }

    /// The file's text, with paths as they are.
    pub fn to_toml(&self) -> String {
        toml::to_string(self).expect("a configuration is made of numbers and strings")
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
        if let Some(keep) = self.keep_blocks
            && keep < MIN_KEPT_BLOCKS
        {
            return Err(NodeConfigError::KeepBlocks(keep));
        }
        self.follower_peers().map(drop)
    }

    /// The followers that are let in.
    pub(crate) fn follower_peers(&self) -> Result<Vec<Peer>, NodeConfigError> {
        if self.followers.len() > MAX_FOLLOWERS {
            return Err(NodeConfigError::Followers(self.followers.len()));
        }
        let followers = self.followers.iter().enumerate();
        followers
            .map(|(index, follower)| {
                let key = Copying(&follower.key);
                let key = ValidatorKey::decode(key).map_err(|_| NodeConfigError::FollowerKey(index))?;
                Ok((key, follower.address))
            })
            .collect()
    }

    /// The folder of this node's shares of the network's key, beside its identity: it outlives the data folder.
    pub fn shares(&self) -> PathBuf {
        self.identity.with_extension("shares")
    }

    pub(crate) fn chain(&self) -> zhengtong_chain::Config {
        let mut config = zhengtong_chain::Config {
            heartbeat: Duration::from_millis(self.heartbeat_ms),
            leader_timeout: Duration::from_millis(self.leader_timeout_ms),
            keep_blocks: self.keep_blocks,
            sync: match self.sync {
                SyncMode::Replay => zhengtong_chain::SyncMode::Replay,
                SyncMode::State => zhengtong_chain::SyncMode::State,
            },
            ..zhengtong_chain::Config::default()
        };
        config.pool.unmetered.clone_from(&self.unmetered);
        config
    }
}
