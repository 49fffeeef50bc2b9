//! `Content-Digest` (RFC 9530).

use sfv::{Dictionary, ListEntry, Parser};
use sha2::{Digest, Sha256, Sha512};

use super::SignatureError;

/// The value of `Content-Digest` for a content, with SHA-256.
pub fn content_digest(content: &[u8]) -> String {
    use base64::Engine as _;
    let digest = base64::engine::general_purpose::STANDARD.encode(Sha256::digest(content));
    format!("sha-256=:{digest}:")
}

/// Whether a content has every digest named that is known here, and at least one.
///
/// # Errors
/// The value cannot be read, or names neither `sha-256` nor `sha-512`.
pub fn digest_matches(value: &str, content: &[u8]) -> Result<bool, SignatureError> {
    let malformed = || SignatureError::Malformed("content-digest");
    let digests: Dictionary = Parser::new(value).parse().map_err(|_| malformed())?;
    let mut matches = None;
    for (name, entry) in &digests {
        let ListEntry::Item(item) = entry else {
            return Err(malformed());
        };
        let named = item.bare_item.as_byte_sequence().ok_or_else(malformed)?;
        let same = match name.as_str() {
            "sha-256" => named == Sha256::digest(content).as_slice(),
            "sha-512" => named == Sha512::digest(content).as_slice(),
            _ => continue,
        };
        matches = Some(matches.unwrap_or(true) && same);
    }
    matches.ok_or_else(malformed)
}
