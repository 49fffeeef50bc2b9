//! An agency's server: answers predicates from its own database, against finalized use records only.
//!
//! ```text
//! http/   routes, problem JSON, OpenAPI        knows app
//! app/    what happens, in which order         knows store, vault, credentials, the chain through ChainPort
//! store/  SQL: chain facts, jobs, outbox       knows nothing above it
//! ```
//!
//! The path of a question: a resident's sealed link arrives ([`app::link`]) and the chain asks for facts
//! (`app::project`); the basis is checked, a use record is written through the outbox ([`app::outbox`]), and only when it
//! is proven final does a [`FinalizedUse`] open the agency's database ([`app::source`]); the answer is signed and attested.
//!
//! Where a yes or no is not enough, gateway asks gateway for fields of a record ([`app::exchange`]), through the same gate.
//!
//! The owner of a service also keeps forms and statements in the vault, runs the officers' desk, and issues credentials.
//!
//! To add a predicate: `agencies/README.md`. To add a route: a handler in `http/`, its line in `http::router`, a test of
//! each of its refusals in `tests/`, and the snapshot `openapi.json`.

/// Target of the spans that may leave the process as traces. They name steps and have no attributes: nobody is in them.
pub const TRACED: &str = "zhengtong::traced";

pub mod app;
pub mod backup;
mod bounded;
mod config;
mod error;
mod gateway;
pub mod http;
mod keys;
pub mod signatures;
pub mod store;

pub use app::finalized_use::{ExpectedUse, FinalizedUse, UseError};
pub use app::oidc::OidcConfig;
pub use config::{AccessConfig, Config, CredentialsConfig, Sabotage};
pub use error::GatewayError;
pub use gateway::{Gateway, OpenBooks, open};
pub use keys::{KeyFiles, Keys, PublicKeys};
