//! Exchange between gateways: real processes, a real node, a database of its own for each, and a consumer that lies.

mod agencies;
mod chain;
#[path = "../network/collector.rs"]
mod collector;
mod databases;
mod liar;
mod net;
#[path = "../network/processes.rs"]
#[allow(dead_code, reason = "shared with the tests of networks, which use more of it")]
mod processes;
mod proxy;
mod resident;
mod scenario;
#[path = "../../../crates/gateway/tests/it/wallet.rs"]
#[allow(dead_code, reason = "shared with the gateway's tests, which use more of it")]
mod wallet;
