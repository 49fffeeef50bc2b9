use thiserror::Error;

/// Why a credential was not issued or not accepted. Never carries a claim's value.
#[derive(Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum CredentialError {
    /// Larger than anybody needs.
    #[error("a credential of {bytes} bytes is larger than {limit}")]
    TooLarge {
        /// Its size.
        bytes: usize,
        /// The most it may have.
        limit: usize,
    },
    /// A part of it cannot be read.
    #[error("{part} of the credential is malformed")]
    Malformed {
        /// Which part.
        part: &'static str,
    },
    /// A key is not a P-256 point or not a P-256 scalar.
    #[error("{what} is not a P-256 key")]
    Key {
        /// Whose key.
        what: &'static str,
    },
    /// A header names an algorithm or a type that is not accepted.
    #[error("header `{name}` of {part} must be {expected}")]
    Header {
        /// Issuer's or holder's part.
        part: &'static str,
        /// Header parameter.
        name: &'static str,
        /// Its only accepted value.
        expected: &'static str,
    },
    /// A signature does not match.
    #[error("the {by}'s signature does not match")]
    Signature {
        /// `issuer` or `holder`.
        by: &'static str,
    },
    /// A required claim is missing or has another type.
    #[error("claim `{0}` is missing or has the wrong type")]
    Claim(&'static str),
    /// Issued by somebody else than expected.
    #[error("issued by another organisation than expected")]
    Issuer,
    /// Another kind of credential.
    #[error("another type of credential: expected `{expected}`")]
    Type {
        /// The `vct` expected.
        expected: String,
    },
    /// Past its `exp`.
    #[error("expired at {expired_at_s} (unix seconds)")]
    Expired {
        /// Its `exp`.
        expired_at_s: u64,
    },
    /// Before its `iat` or `nbf`.
    #[error("not valid before {valid_from_s} (unix seconds)")]
    NotYetValid {
        /// When it begins.
        valid_from_s: u64,
    },
    /// Disclosures do not fit the digests the issuer signed.
    #[error("the disclosures do not fit what the issuer signed")]
    Disclosures,
    /// The issuer's certificate chain.
    #[error("certificates: {0}")]
    Certificate(#[from] crate::CertificateError),
    /// The status list is about another list, or of another time.
    #[error("the status list has another `{0}` than expected")]
    StatusList(&'static str),
    /// The proof that the presenter holds the key is missing or wrong.
    #[error("key binding: {0}")]
    KeyBinding(#[from] KeyBindingError),
    /// A status index beyond the list.
    #[error("status index {index} is beyond the list of {size}")]
    StatusIndex {
        /// The index.
        index: u32,
        /// Entries in the list.
        size: u32,
    },
}

/// What is wrong with a key-binding JWT (RFC 9901, section 7.3).
#[derive(Debug, Error, PartialEq, Eq)]
pub enum KeyBindingError {
    /// There is none.
    #[error("missing")]
    Missing,
    /// Made for another challenge.
    #[error("`nonce` is not the one asked for")]
    Nonce,
    /// Made for another verifier.
    #[error("`aud` names another audience")]
    Audience,
    /// Made for other disclosures.
    #[error("`sd_hash` does not match the disclosures shown")]
    Hash,
    /// Too old.
    #[error("`iat` is older than {max_age_s} seconds")]
    Stale {
        /// The oldest accepted.
        max_age_s: u64,
    },
    /// From the future.
    #[error("`iat` is in the future")]
    Future,
}
