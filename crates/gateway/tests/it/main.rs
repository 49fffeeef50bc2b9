//! The gateway against the real contracts, executed in memory and finalized by a real committee key.

mod access;
mod allowance;
mod answers;
mod api;
mod backup;
mod chain;
mod crash;
mod deletion;
mod desk;
mod evidence;
mod exchange;
mod oidc;
mod openid;
mod path;
mod person;
mod postgres;
mod recovery;
mod refusals;
mod start;
mod status;
mod store;
mod tokens;
mod tracker;
mod wallet;
mod world;
