//! `eth_simulateV1`: blocks of calls, each on the state that the one before left.
//!
//! Numbers of errors are those of Ethereum's execution APIs.

mod chain;
mod request;

use crate::{api::need_block, server::Methods};
use alloy_eips::BlockId;
use alloy_rpc_types_eth::simulate::SimulatePayload;
use zhengtong_chain::ChainView;

pub(super) fn register<V: ChainView>(methods: &mut Methods<V>) {
    methods.add("eth_simulateV1", |api, mut args| async move {
        let payload: SimulatePayload = args.required("payload")?;
        let wanted = request::Wanted::check(payload).map_err(|reason| args.refuse("payload", reason))?;
        let base: Option<BlockId> = args.optional("block")?;
        args.end()?;
        api.execute(move |view| {
            let base = need_block(view, base)?;
            chain::run(view, &base, wanted)
        })
        .await
    });
}

/// A block's number is not above its parent's.
const NUMBER_ORDER: i32 = -38_020;
/// A block's time is not after its parent's.
const TIME_ORDER: i32 = -38_021;
/// More than this node simulates at once.
const OVER_LIMIT: i32 = -38_026;
