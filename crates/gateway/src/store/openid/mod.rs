//! Offers, tokens and requests of credentials by open standards.

mod anchors;
mod offers;
mod requests;

pub use offers::{OfferRow, TokenRow};
pub use requests::{RequestState, WalletRequestRow};

/// Run at every start, after the store's own.
pub(super) const SCHEMA: &str = include_str!("schema.sql");
/// The most rows of each kind that wait at once.
pub const MAX_WAITING: i64 = 10_000;
