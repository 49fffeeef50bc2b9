//! The `net_` and `web3_` namespaces, and `eth_chainId`.

use crate::server::Methods;
use alloy_primitives::{Bytes, U64, keccak256};
use std::collections::BTreeMap;
use zhengtong_chain::ChainView;

pub(crate) fn register<V: ChainView>(methods: &mut Methods<V>) {
    methods.add("eth_chainId", |api, args| async move {
        args.end().map(|()| U64::from(api.view.network().chain_id))
    });
    methods.add("net_version", |api, args| async move {
        args.end().map(|()| api.view.network().chain_id.to_string())
    });
    methods.add(
        "net_listening",
        |_, args| async move { args.end().map(|()| true) },
    );
    methods.add("net_peerCount", |api, args| async move {
        args.end()
            .map(|()| U64::from(api.view.network().validators.saturating_sub(1)))
    });
    methods.add("web3_clientVersion", |api, args| async move {
        args.end()
            .map(|()| format!("zhengtong/v{}/rust", api.view.network().version))
    });
    methods.add("web3_sha3", |_, mut args| async move {
        let data: Bytes = args.required("data")?;
        args.end()?;
        Ok(keccak256(data))
    });
    methods.add("rpc_modules", |_, args| async move {
        let names = [
            "debug",
            "eth",
            "net",
            "rpc",
            "trace",
            "txpool",
            "web3",
            "zhengtong",
        ];
        args.end().map(|()| {
            names
                .map(|name| (name, "1.0"))
                .into_iter()
                .collect::<BTreeMap<_, _>>()
        })
    });
}
