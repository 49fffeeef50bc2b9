//! The `eth_` namespace.

mod blocks;
mod call;
mod fees;
mod filters;
mod logs;
mod node;
mod send;
mod simulate;
mod state;
pub(crate) mod subscribe;
pub(crate) mod transactions;

use crate::server::Methods;
use zhengtong_chain::ChainView;

/// Registers everything in `eth_` but the subscription.
pub(crate) fn register<V: ChainView>(methods: &mut Methods<V>) {
    blocks::register(methods);
    call::register(methods);
    fees::register(methods);
    filters::register(methods);
    logs::register(methods);
    node::register(methods);
    send::register(methods);
    simulate::register(methods);
    state::register(methods);
    transactions::register(methods);
}
