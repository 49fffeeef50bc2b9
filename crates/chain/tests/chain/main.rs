//! The chain as a whole, in the deterministic runtime. One binary: the engine's generics are slow to compile.

mod common;
mod forgers;
mod prune;
mod simulation;
mod solo;
mod sync;
