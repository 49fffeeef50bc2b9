//! Follows finalized blocks and projects their events to a SQL read model with an HTTP API.
//!
//! ```text
//! source (blocks, verified) -> decode (events) -> project (changes) -> store (rows and cursor)
//!                                                                        | live (streams)
//!                                   catalogue (items, packages) -> http <-
//! ```
//!
//! - The index holds nothing that the chain does not: it can be deleted and rebuilt ([`Config::rebuild`]).
//! - A block's rows and the cursor are written in one transaction; a block given twice changes nothing.
//! - Finalized blocks never change: a block that does not follow the cursor stops the index.
//! - What it serves is a convenience. Whoever needs certainty takes a [`bundle`] and verifies it.
//!
//! It has no wallet, sends no transaction, and knows no person.

pub mod bundle;
pub mod catalogue;
mod config;
pub mod decode;
pub mod event;
pub mod follow;
mod http;
pub mod live;
pub mod project;
pub mod rule_set;
pub mod source;
pub mod store;
pub mod stored_case;
pub mod view;
pub mod words;

pub use config::{Config, Gateways, Handle, Index, StartError};
pub use http::openapi;
