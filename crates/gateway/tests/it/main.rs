//! The gateway against the real contracts, executed in memory and finalized by a real committee key.

mod answers;
mod chain;
mod crash;
mod desk;
mod path;
mod person;
mod refusals;
mod start;
mod status;
mod store;
mod wallet;
mod world;
