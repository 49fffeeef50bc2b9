//! Ids, hashes and constants that Rust and the contracts compute alike.

use std::str;

use alloy_primitives::{Address, B256, U256, b256, keccak256};
use alloy_sol_types::SolValue;

use crate::rules::IRules::RuleSet;

/// Role of an organisation: may attest facts.
pub const PROVIDER: u32 = 1;
/// Role of an organisation: its officers decide cases.
pub const DECIDER: u32 = 2;
/// Role of an organisation: proves who a resident is.
pub const IDENTITY: u32 = 4;
/// Role of an organisation: issues credentials.
pub const ISSUER: u32 = 8;
/// Role of an organisation: says that a person who lost their devices stands before it.
pub const RECOVERY: u32 = 16;

/// The basis of a predicate that needs the applicant's own consent: `keccak256("consent")`.
pub const CONSENT: B256 = b256!("0x34a29d6c50ec6073d89854e05e70736cfb407af340cf7fb872e4c0db7bd7c014");
/// The value of a fact that its source cannot answer.
pub const UNKNOWN: i32 = i32::MIN;
/// The row of an evaluation that found none.
pub const NO_ROW: u8 = u8::MAX;
/// The longest slug.
pub const SLUG_MAX_BYTES: usize = 31;

/// A text that is not a slug.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a slug: it must have 1 to 31 characters, each of a-z, 0-9 or '-'")]
pub struct BadSlug {
    /// The text, as given.
    pub text: String,
}

/// A slug of the program itself, as the contracts keep it: ASCII, right-padded with zeros. In a `const` it costs nothing.
///
/// # Panics
/// If the text is not a slug; for text from outside there is [`parse_slug`].
#[must_use]
pub const fn slug(text: &'static str) -> B256 {
    match encode_slug(text) {
        Some(word) => word,
        None => panic!("not a slug: 1 to 31 characters of a-z, 0-9 and '-'"),
    }
}

/// A slug from outside, as the contracts keep it.
pub fn parse_slug(text: &str) -> Result<B256, BadSlug> {
    encode_slug(text).ok_or_else(|| BadSlug {
        text: text.to_owned(),
    })
}

const fn encode_slug(text: &str) -> Option<B256> {
    let bytes = text.as_bytes();
    if bytes.is_empty() || bytes.len() > SLUG_MAX_BYTES {
        return None;
    }
    let mut word = [0; 32];
    let mut index = 0;
    while index < bytes.len() {
        if !is_slug_byte(bytes[index]) {
            return None;
        }
        word[index] = bytes[index];
        index += 1;
    }
    Some(B256::new(word))
}

/// The text of a slug; `None` if the word is not one.
#[must_use]
pub fn slug_str(word: B256) -> Option<String> {
    let length = word.iter().position(|byte| *byte == 0)?;
    let (text, padding) = word.split_at(length);
    let is_slug =
        length > 0 && text.iter().copied().all(is_slug_byte) && padding.iter().all(|byte| *byte == 0);
    is_slug
        .then(|| str::from_utf8(text).ok().map(str::to_owned))
        .flatten()
}

const fn is_slug_byte(byte: u8) -> bool {
    matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-')
}

/// The id of an article in `Statutes`.
#[must_use]
pub fn statute_id(law: &str, article: &str) -> B256 {
    keccak256((law, article).abi_encode_params())
}

/// The id of the case that this key opens, or will open.
#[must_use]
pub fn case_id(chain_id: u64, cases: Address, applicant: Address) -> B256 {
    keccak256((U256::from(chain_id), cases, applicant).abi_encode_params())
}

/// The id under which `Rules` keeps a rule set.
#[must_use]
pub fn rule_set_id(rules: &RuleSet) -> B256 {
    keccak256(rules.abi_encode())
}

/// What `Uses` keeps under a tag.
#[must_use]
pub fn use_binding(provider: B256, case_id: B256, mask: u32) -> B256 {
    keccak256((provider, case_id, mask).abi_encode_params())
}
