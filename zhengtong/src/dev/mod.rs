//! `zhengtong dev`: a network of one on this machine, with everything that a real one has.

mod agencies;
mod bootstrap;
mod cast;
mod council;
mod demo;
mod folder;
pub mod keys;

use crate::{progress::Progress, web};
use anyhow::{Context, Result};
use axum::Router;
use folder::Folder;
use keys::DevSeed;
use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};
use tokio::net::TcpListener;
use zhengtong_client::{Account, Client};
use zhengtong_services::{Library, bundled};

/// Seed of the synthetic residents: everybody's demo has the same ones.
const POPULATION_SEED: u64 = 0x5a68_7430;

#[derive(clap::Args)]
pub struct Args {
    /// Folder that holds everything; kept across restarts.
    #[arg(long, default_value = "data", env = "ZHENGTONG_DATA")]
    data: PathBuf,
    /// Address of portal, API and gateways.
    #[arg(long, default_value = "127.0.0.1:8080")]
    http: SocketAddr,
    /// Address of JSON-RPC over HTTP and WebSocket.
    #[arg(long, default_value = "127.0.0.1:8545")]
    rpc: SocketAddr,
    /// Folder of the built portal.
    #[arg(long, default_value = "portal/dist")]
    portal: PathBuf,
    /// Run the validator and JSON-RPC only.
    #[arg(long)]
    chain_only: bool,
}
