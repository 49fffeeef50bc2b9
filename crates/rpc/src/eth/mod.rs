//! The `eth_` namespace.

mod blocks;
mod call;
mod fees;
mod filters;
mod logs;
mod send;
mod state;
pub(crate) mod subscribe;

use crate::{RpcError, server::Methods};
use zhengtong_chain::ChainView;

const NO_ETHEREUM_PROOF: &str = "this chain's state root is not Ethereum's; use zhengtong_getStateProof(address, slots), see docs/proofs.md";

/// Registers everything in `eth_` but the subscription.
pub(crate) fn register<V: ChainView>(methods: &mut Methods<V>) {
    blocks::register(methods);
    call::register(methods);
    fees::register(methods);
    filters::register(methods);
    logs::register(methods);
    send::register(methods);
    state::register(methods);
    methods.add("eth_accounts", |_, args| async move {
        args.end().map(|()| Vec::<String>::new())
    });
    methods.add("eth_mining", |_, args| async move { args.end().map(|()| false) });
    methods.add("eth_syncing", |_, args| async move { args.end().map(|()| false) });
    methods.add("eth_getProof", |_, _| async move {
        Err::<(), _>(RpcError::Unsupported(NO_ETHEREUM_PROOF))
    });
}
