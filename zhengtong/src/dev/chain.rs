//! The chain of a demo network: one validator on the real engine, and its JSON-RPC.

use super::{
    folder::Folder,
    keys::{DevSeed, test_accounts},
};
use alloy_primitives::U256;
use anyhow::{Context, Result};
use rand::{SeedableRng as _, rngs::ChaCha20Rng};
use std::{
    net::SocketAddr,
    time::{SystemTime, UNIX_EPOCH},
};
use zhengtong_chain::ChainView as _;
use zhengtong_node::{Node, dev::DevNetwork};
use zhengtong_rpc::{Config as RpcConfig, Hosts, RpcServer};

/// The name of the council's key among the demo keys.
pub const COUNCIL: &str = "council";

/// What each test account has at genesis, as Ethereum's tools expect: 10,000 ether.
const TEST_BALANCE_ETHER: u64 = 10_000;

/// Makes the network at the first start, and starts its validator.
pub async fn start(folder: &Folder, seed: &DevSeed) -> Result<Node> {
    let accounts: Vec<_> = test_accounts()?.iter().map(|account| account.address()).collect();
    let balance = U256::from(TEST_BALANCE_ETHER) * U256::from(10).pow(U256::from(18));
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .context("the clock is before 1970")?;
    let network = DevNetwork {
        timestamp_ms: now.as_millis() as u64,
        council: seed.signer(COUNCIL)?.address(),
        alloc: accounts.iter().map(|account| (*account, balance)).collect(),
        unmetered: accounts,
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

/// Serves JSON-RPC. On loopback only local names are answered, so that no web page can reach it under another name.
pub async fn serve(node: &Node, address: SocketAddr) -> Result<RpcServer> {
    let hosts = if address.ip().is_loopback() {
        Hosts::Local
    } else {
        Hosts::Any
    };
    let server = RpcServer::start(RpcConfig { address, hosts }, node.view().clone()).await;
    server.with_context(|| format!("JSON-RPC on {address}; choose another address with --rpc"))
}

/// The number of the latest block.
pub fn height(node: &Node) -> u64 {
    node.view().tip().header.number
}
