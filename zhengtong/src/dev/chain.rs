//! The chain of a demo network: one validator on the real engine and its JSON-RPC, or a network that runs already.

use super::{
    folder::Folder,
    keys::{DevSeed, test_accounts, test_alloc},
};
use crate::{monitor::Monitor, network::now_ms, node, progress::Progress};
use alloy_primitives::Address;
use alloy_signer_local::PrivateKeySigner;
use anyhow::{Context, Result, ensure};
use rand::{SeedableRng as _, rngs::ChaCha20Rng};
use std::net::SocketAddr;
use zhengtong_chain::ChainView as _;
use zhengtong_client::Client;
use zhengtong_node::{Node, NodeError, dev::DevNetwork};
use zhengtong_rpc::RpcServer;
use zhengtong_types::NetworkKey;

/// The name of the council's key among the demo keys.
const COUNCIL: &str = "council";

/// The chain that the demo runs on.
pub struct Chain {
    /// JSON-RPC addresses, separated by commas.
    pub urls: String,
    pub key: NetworkKey,
    /// Governs the `Registry`.
    pub council: PrivateKeySigner,
    /// What runs in this process.
    own: Option<Own>,
}

struct Own {
    node: Node,
    rpc: RpcServer,
    /// Serves until it is dropped.
    _monitor: Option<Monitor>,
}

impl Chain {
    /// A network of one in this process.
    pub async fn own(
        folder: &Folder,
        seed: &DevSeed,
        (rpc, monitor): (SocketAddr, Option<SocketAddr>),
        delegates: Vec<Address>,
        recovery_delay_s: u64,
        progress: &mut Progress,
    ) -> Result<Self> {
        progress.step("starting the validator");
        let node = start(folder, seed, delegates, recovery_delay_s).await?;
        let rpc = node::serve(&node, rpc).await?;
        let monitor = match monitor {
            Some(address) => Some(Monitor::start(&node, address).await?),
            None => None,
        };
        if let Some(monitor) = &monitor {
            progress.detail(format!("monitoring http://{}/metrics", monitor.address()));
        }
        let network = node.view().network();
        progress.detail(format!(
            "block {} of chain {}",
            node::height(&node),
            network.chain_id
        ));
        Ok(Self {
            urls: format!("http://{}", rpc.address()),
            key: network.public_key,
            council: seed.signer(COUNCIL)?,
            own: Some(Own {
                node,
                rpc,
                _monitor: monitor,
            }),
        })
    }

    /// A network of `zhengtong network local`, whose council is the first of the publicly known accounts.
    pub async fn join(urls: String, progress: &mut Progress) -> Result<Self> {
        progress.step(format!("joining the network at {urls}"));
        let client = Client::connect(&urls, None).await?;
        let network = client.network()?;
        progress.detail(format!(
            "chain {}, {} validators, key {}",
            network.chain_id, network.validators, network.public_key
        ));
        ensure!(
            !network.contracts.contains_key("council"),
            "the contracts of this network are governed by members who vote; join one that `zhengtong network local` made \
             without `--members`"
        );
        let council = test_accounts()?.into_iter().next();
        Ok(Self {
            key: network.public_key,
            council: council.context("a test account")?,
            own: None,
            urls,
        })
    }

    /// Resolves when the validator in this process has stopped by itself.
    pub async fn failed(&self) -> NodeError {
        match &self.own {
            Some(own) => own.node.stopped().await,
            None => std::future::pending().await,
        }
    }

    pub async fn stop(self) {
        if let Some(own) = self.own {
            own.rpc.stop().await;
            own.node.stop().await;
        }
    }
}

/// Makes the network at the first start, and starts its validator.
async fn start(
    folder: &Folder,
    seed: &DevSeed,
    delegates: Vec<Address>,
    recovery_delay_s: u64,
) -> Result<Node> {
    let alloc = test_alloc()?;
    let network = DevNetwork {
        timestamp_ms: now_ms()?,
        council: seed.signer(COUNCIL)?.address(),
        unmetered: alloc.keys().copied().collect(),
        alloc,
        delegates: delegates.into_iter().collect(),
        recovery_delay_s,
        ..DevNetwork::default()
    };
    let random = ChaCha20Rng::from_seed(seed.derive("network").0);
    let configs = network.open(&folder.path(""), random)?;
    let config = configs
        .into_iter()
        .next()
        .context("a network of one has a validator")?;
    Ok(Node::start(config).await?)
}
