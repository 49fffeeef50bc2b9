//! Issues, presents, verifies and revokes SD-JWT credentials.
//!
//! A credential is an SD-JWT VC (RFC 9901, draft-ietf-oauth-sd-jwt-vc) signed with ES256, bound to
//! a holder key (`cnf`), shown with a key-binding JWT for one audience and one nonce, and revoked
//! through a Token Status List. No I/O: keys, clocks and texts come in as parameters.
//!
//! The issuer's certificates travel in the header (`x5c`), and the chain of blocks says which authority is trusted for
//! which organisation. An issuer without certificates puts its key there instead (`jwk`), together with an *endorsement*:
//! a signature of the organisation's attester, whose address is in the `Registry`, over [`endorsement_text`]. The crate
//! carries both; who knows the chain decides.
//!
//! To add a kind of credential: choose a `vct`, say which claims are open and which are disclosed
//! one by one in a [`NewCredential`]; nothing here changes.

mod error;
mod issue;
mod jwe;
mod jwk;
mod jwt;
mod present;
mod raw;
mod status;
#[cfg(test)]
mod tests;
mod verify;
pub mod x509;

pub use error::{CredentialError, KeyBindingError};
pub use issue::{CredentialText, Issuer, NewCredential, StatusEntry, StatusTimes, endorsement_text};
pub use jwe::{DecryptionKey, JweError, MAX_JWE_BYTES};
pub use jwk::Jwk;
pub use jwt::{Jwt, JwtKey, MAX_JWT_BYTES};
pub use present::{Presentation, present};
pub use raw::is_signed_p256;
pub use status::{MAX_STATUS_ENTRIES, MAX_STATUS_TOKEN_BYTES, Status, StatusList};
pub use verify::{
    Expected, KeyBinding, MAX_AHEAD_S, MAX_CREDENTIAL_BYTES, Presented, Signed, StatusReference, Verified,
};
pub use x509::{Certificate, CertificateError, Certified};
