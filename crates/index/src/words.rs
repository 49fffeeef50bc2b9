//! The words of the chain as the read model spells them.

use std::fmt;

use alloy_primitives::B256;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zhengtong_bindings::{parse_slug, slug_str};

/// A name that the contracts keep as ASCII right-padded to 32 bytes: an organisation, a service,
/// a predicate, a reason code. Bytes that are not such a name are spelled as hex.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
pub struct Slug(String);

impl Slug {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Reads a slug as a person wrote it: 1–31 characters of `a-z`, `0-9` and `-`.
    pub fn parse(text: &str) -> Option<Self> {
        parse_slug(text).is_ok().then(|| Self(text.to_owned()))
    }
}

impl From<B256> for Slug {
    fn from(padded: B256) -> Self {
        match slug_str(padded) {
            Some(slug) => Self(slug),
            None if padded.is_zero() => Self(String::new()),
            None => Self(format!("{padded:#x}")),
        }
    }
}

impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($variant:ident = $code:literal $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($variant),+ }

        impl $name {
            /// Every value, in the order of the contract.
            pub const ALL: &'static [$name] = &[$($name::$variant),+];

            /// The word used in the database and in JSON.
            pub fn as_str(self) -> &'static str {
                match self { $($name::$variant => $word),+ }
            }

            /// Reads the word.
            pub fn parse(word: &str) -> Option<Self> {
                match word { $($word => Some($name::$variant),)+ _ => None }
            }

            /// Reads the contract's number.
            pub fn from_code(code: u8) -> Option<Self> {
                match code { $($code => Some($name::$variant),)+ _ => None }
            }
        }
    };
}

words! {
    /// Where a case stands.
    Status {
        Asking = 1 "asking",
        Review = 2 "review",
        Supplement = 3 "supplement",
        Approved = 4 "approved",
        Refused = 5 "refused",
        Closed = 6 "closed",
    }
}

words! {
    /// Why a person looks at a case.
    Cause {
        Unknown = 0 "unknown",
        PossibleRefusal = 1 "possible_refusal",
        RuleAsks = 2 "rule_asks",
        Appeal = 3 "appeal",
    }
}

words! {
    /// What a row, or a decision, says.
    Outcome {
        Review = 0 "review",
        Approve = 1 "approve",
        Refuse = 2 "refuse",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn padded(text: &str) -> B256 {
        let mut bytes = [0u8; 32];
        bytes[..text.len()].copy_from_slice(text.as_bytes());
        B256::from(bytes)
    }

    #[test]
    fn a_padded_name_reads_as_text() {
        assert_eq!(
            Slug::from(padded("old-age-allowance")).as_str(),
            "old-age-allowance"
        );
    }

    #[test]
    fn bytes_that_are_no_name_read_as_hex() {
        let mut inner_zero = padded("a");
        inner_zero.0[2] = b'b';
        assert!(Slug::from(inner_zero).as_str().starts_with("0x6100"));
        assert_eq!(Slug::from(B256::ZERO).as_str(), "");
        assert_eq!(Slug::parse("Upper"), None);
        assert_eq!(Slug::parse(""), None);
    }

    #[test]
    fn words_read_back() {
        for status in Status::ALL {
            assert_eq!(Status::parse(status.as_str()), Some(*status));
        }
        assert_eq!(Status::from_code(0), None);
        assert_eq!(Cause::from_code(3), Some(Cause::Appeal));
    }
}
