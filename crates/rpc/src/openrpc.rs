//! `rpc.discover`: the document that describes every method.
//!
//! `docs/openrpc.json` is written by hand. `tests/it/openrpc.rs` holds it against the server: names, parameters, and the
//! shape of every result that any test sees.

use crate::server::Methods;
use serde_json::value::RawValue;
use zhengtong_chain::ChainView;

const DOCUMENT: &str = include_str!("../../../docs/openrpc.json");

pub(crate) fn register<V: ChainView>(methods: &mut Methods<V>) {
    methods.add("rpc.discover", |_, args| async move {
        args.end()?;
        let document = RawValue::from_string(DOCUMENT.to_owned());
        document.map_err(|source| crate::RpcError::Internal(format!("docs/openrpc.json: {source}")))
    });
}
