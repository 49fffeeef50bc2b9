//! Every method over the wire, against a chain in memory.

mod blocks;
mod call;
mod fuzz;
mod generate;
mod kept;
mod logs;
mod memory;
mod network;
mod node;
mod openrpc;
mod proofs;
mod quota;
mod refusals;
mod schema;
mod send;
mod simulate;
mod sockets;
mod traces;
mod wire;
