//! `zhengtong dev --devtools`: a chain in memory for the tests of contracts, in the place of the network of one.

use super::keys::{TEST_MNEMONIC, test_accounts, test_alloc};
use crate::{network::now_ms, node, progress::Progress, signals};
use anyhow::{Context, Result};
use std::net::SocketAddr;
use zhengtong_chain::ChainView as _;
use zhengtong_devtools::{Clock, Config, DevChain, Wallet};
use zhengtong_node::dev::DEV_CHAIN_ID;
use zhengtong_rpc::{Config as RpcConfig, RpcServer};

/// Gas limit of a block, as Hardhat and Foundry have it or more.
const BLOCK_GAS_LIMIT: u64 = 60_000_000;

pub async fn run(address: SocketAddr) -> Result<()> {
    let mut progress = Progress::new(1);
    progress.step("starting a development chain in memory");
    let accounts = test_accounts()?;
    let council = accounts.first().context("a test account")?.address();
    now_ms()?;
    let chain = DevChain::new(Config {
        chain_id: DEV_CHAIN_ID,
        block_gas_limit: BLOCK_GAS_LIMIT,
        alloc: test_alloc()?,
        council,
        clock: Clock::new(|| now_ms().map_or(0, |ms| ms / 1_000)),
    })?;
    progress.detail(format!("chain {}", chain.network().chain_id));
    let module = zhengtong_devtools::module(chain, Wallet::new(accounts.clone()));
    let config = RpcConfig {
        address,
        hosts: node::hosts(address),
    };
    let server = RpcServer::serve(config, module).await;
    let server = server.with_context(|| format!("JSON-RPC on {address}; choose another with --rpc"))?;
    progress.say("");
    progress.say("This chain is for the tests of contracts: it is in memory and gone when it stops, its blocks are made as");
    progress.say("transactions come, and whoever reaches it can rewrite it. It has no consensus, no proofs, no portal.");
    progress.say("");
    progress.say(format!(
        "Accounts (mnemonic \"{TEST_MNEMONIC}\"; everyone knows their keys)"
    ));
    for account in &accounts {
        progress.say(format!("  {}", account.address()));
    }
    progress.say("");
    progress.say(format!(
        "JSON-RPC   http://{} (HTTP and WebSocket)",
        server.address()
    ));
    progress.say("ready");
    signals::stopped()?.await;
    server.stop().await;
    Ok(())
}
