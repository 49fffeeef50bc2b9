//! The chain as a whole, in the deterministic runtime. One binary: the engine's generics are slow to compile.

mod common;
mod forgers;
mod metering;
mod pool_share;
mod prune;
mod quotas;
mod residents;
mod simulation;
mod solo;
mod sync;
mod tokens;

/// The program's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
