//! The client against a served chain in memory, and against nodes that lie or fail.

mod account;
mod follow;
mod network;
mod node;
mod proofs;
mod validator;
