use alloy_primitives::B256;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Longest slug in bytes: one byte less than a `bytes32`, so that it always ends in a zero.
pub const MAX_SLUG_BYTES: usize = 31;

/// A name of organisations, services, predicates and reasons: 1 to 31 of `a-z`, `0-9` and `-`.
///
/// On chain it is a `bytes32`, padded with zeros on the right.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Slug(String);

/// Why a text is no [`Slug`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a name: use 1 to {MAX_SLUG_BYTES} of a-z, 0-9 and '-'")]
pub struct SlugError {
    /// The refused text, cut to a readable length.
    pub text: String,
}

impl Slug {
    /// Checks a text.
    pub fn new(text: &str) -> Result<Self, SlugError> {
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if text.is_empty() || text.len() > MAX_SLUG_BYTES || !text.bytes().all(allowed) {
            return Err(SlugError {
                text: text.chars().take(2 * MAX_SLUG_BYTES).collect(),
            });
        }
        Ok(Self(text.to_owned()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name on chain: ASCII, zeros on the right.
    pub fn to_bytes32(&self) -> B256 {
        let mut bytes = [0; 32];
        bytes[..self.0.len()].copy_from_slice(self.0.as_bytes());
        B256::new(bytes)
    }
}

impl TryFrom<String> for Slug {
    type Error = SlugError;

    fn try_from(text: String) -> Result<Self, SlugError> {
        Self::new(&text)
    }
}

impl From<Slug> for String {
    fn from(slug: Slug) -> Self {
        slug.0
    }
}

impl fmt::Display for Slug {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl AsRef<str> for Slug {
    fn as_ref(&self) -> &str {
        &self.0
    }
}
