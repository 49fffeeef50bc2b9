//! Issues, presents, verifies and revokes SD-JWT credentials.
//!
//! A credential is an SD-JWT VC (RFC 9901, draft-ietf-oauth-sd-jwt-vc) signed with ES256, bound to
//! a holder key (`cnf`), shown with a key-binding JWT for one audience and one nonce, and revoked
//! through a Token Status List. No I/O: keys, clocks and texts come in as parameters.
//!
//! The issuer's key travels in the header (`jwk`), together with an *endorsement*: a signature of
//! the issuing organisation's attester, whose address is in the `Registry`, over
//! [`endorsement_text`]. One look at the chain therefore tells whether to trust the key, and no
//! certificate authority is needed. The crate carries the endorsement; who knows the chain checks it.
//!
//! To add a kind of credential: choose a `vct`, say which claims are open and which are disclosed
//! one by one in a [`NewCredential`]; nothing here changes.

mod error;
mod es256;
mod issue;
mod jwk;
mod present;
mod raw;
mod status;
#[cfg(test)]
mod tests;
mod verify;

pub use error::{CredentialError, KeyBindingError};
pub use issue::{CredentialText, Issuer, NewCredential, StatusEntry, endorsement_text};
pub use jwk::Jwk;
pub use present::{Presentation, present};
pub use raw::is_signed_p256;
pub use status::{MAX_STATUS_ENTRIES, Status, StatusList};
pub use verify::{Expected, KeyBinding, MAX_CREDENTIAL_BYTES, Presented, Verified};
