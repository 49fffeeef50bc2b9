//! X.509 certificates of issuers' keys (RFC 5280), as a JWS header carries them (`x5c`, RFC 7515, section 4.1.6).

mod authority;
mod chain;
#[cfg(test)]
mod tests;

pub use authority::{Authority, Subject};
pub use chain::{
    Certificate, CertificateError, Certified, MAX_CERTIFICATE_BYTES, MAX_CHAIN, organisation_uri,
};
