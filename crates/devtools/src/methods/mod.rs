//! The methods of a development chain.

mod accounts;
mod mining;
mod node;
mod quantity;
mod state;

use crate::{DevChain, Wallet};
use jsonrpsee::RpcModule;
use std::sync::Arc;
use tokio::task::spawn_blocking;
use zhengtong_rpc::{Answer, Methods, RpcError, module_with};

/// Every method of a node that a chain without consensus can have, and those that tests need.
pub fn module(chain: DevChain, wallet: Wallet) -> RpcModule<()> {
    let wallet = Arc::new(wallet);
    module_with(chain, |methods| {
        let of_proofs = methods.names().into_iter();
        let of_proofs: Vec<_> = of_proofs.filter(|name| name.starts_with("zhengtong_")).collect();
        for name in of_proofs.into_iter().chain(["rpc.discover"]) {
            methods.remove(name);
        }
        accounts::register(methods, &wallet);
        mining::register(methods);
        node::register(methods, &wallet);
        state::register(methods);
    })
}

/// Registers a method under the namespaces of both tools, and under `also`.
macro_rules! both {
    ($methods:expr, $name:literal $(, $also:literal)*, $method:expr) => {{
        $methods.replace(concat!("hardhat_", $name), $method);
        $methods.replace(concat!("anvil_", $name), $method);
        $($methods.replace($also, $method);)*
    }};
}
use both;

/// Runs what executes transactions where it may take its time.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Answer<T> + Send + 'static) -> Answer<T> {
    spawn_blocking(work)
        .await
        .unwrap_or_else(|source| Err(RpcError::Internal(source.to_string())))
}

type DevMethods = Methods<DevChain>;
