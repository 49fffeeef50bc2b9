//! Every method over the wire, against a chain in memory.

mod blocks;
mod call;
mod logs;
mod network;
mod node;
mod proofs;
mod refusals;
mod send;
mod sockets;
