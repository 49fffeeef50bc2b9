//! Use records: one-time tags, and details that only the person concerned can read.
//!
//! `tag_n = HMAC-SHA256(secret, "tag" ‖ u32be n)` and `key_n = HMAC-SHA256(secret, "key" ‖ u32be n)`.
//! The details are JSON, padded with spaces to 512 bytes and sealed with AES-256-GCM under `key_n`
//! with a zero nonce (each key seals once) and the tag as additional data: always 528 bytes.

use aes_gcm::Aes256Gcm;
use aes_gcm::aead::{Aead, KeyInit as _, Payload};
use alloy_primitives::{B256, Bytes};
use hmac::{Hmac, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use thiserror::Error;
use zeroize::Zeroizing;
use zhengtong_vault::Secret;

/// Size of the padded details.
pub const DETAILS_BYTES: usize = 512;
/// Size of the sealed details.
pub const SEALED_BYTES: usize = DETAILS_BYTES + 16;

/// What the person reads about one use of their data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Details {
    /// Format version, 1.
    pub v: u32,
    /// Role and code of the official, or of the program that answered.
    pub official: String,
    /// The service it was for.
    pub purpose: String,
    /// The fields read.
    pub fields: Vec<String>,
    /// The law and article, or what the consent is about.
    pub article: String,
    /// When, unix milliseconds.
    pub at: u64,
    /// The credential that the person showed for this, if they showed one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential: Option<ShownFor>,
    /// As what somebody acted for the person: `carer`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
}

/// A credential that was shown in place of a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShownFor {
    /// Its type.
    pub vct: String,
    /// Why it was not taken, as a code; then the fields are of the agency's own records. `None`: the answer rests on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
}

/// Details that cannot be sealed.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("the details of a use record do not fit into {DETAILS_BYTES} bytes")]
pub struct TooLong;

/// The tag of use `n`.
pub fn tag(secret: &Secret<[u8; 32]>, n: u32) -> B256 {
    B256::from(*derive(secret, b"tag", n))
}

/// Seals the details of use `n`. Lists of fields that are too long end in `…`.
///
/// # Errors
/// The other texts alone are too long.
pub fn seal(secret: &Secret<[u8; 32]>, n: u32, details: &Details) -> Result<Bytes, TooLong> {
    let mut details = details.clone();
    let mut padded = serde_json::to_vec(&details).map_err(|_| TooLong)?;
    let mut cut = 0;
    while padded.len() > DETAILS_BYTES {
        cut += 1;
        let kept = details
            .fields
            .len()
            .checked_sub(if cut == 1 { 1 } else { 2 })
            .ok_or(TooLong)?;
        details.fields.truncate(kept);
        details.fields.push("…".into());
        padded = serde_json::to_vec(&details).map_err(|_| TooLong)?;
    }
    padded.resize(DETAILS_BYTES, b' ');
    let key = derive(secret, b"key", n);
    let tag = tag(secret, n);
    let sealed = Aes256Gcm::new((&*key).into())
        .encrypt(
            &[0; 12].into(),
            Payload {
                msg: &padded,
                aad: tag.as_slice(),
            },
        )
        .map_err(|_| TooLong)?;
    Ok(sealed.into())
}

/// Opens the details of use `n`; `None` if the secret is another one, or they were changed.
pub fn open(secret: &Secret<[u8; 32]>, n: u32, sealed: &[u8]) -> Option<Details> {
    let key = derive(secret, b"key", n);
    let tag = tag(secret, n);
    let payload = Payload {
        msg: sealed,
        aad: tag.as_slice(),
    };
    let text = Aes256Gcm::new((&*key).into())
        .decrypt(&[0; 12].into(), payload)
        .map(Zeroizing::new)
        .ok()?;
    serde_json::from_slice(&text).ok()
}

fn derive(secret: &Secret<[u8; 32]>, purpose: &[u8; 3], n: u32) -> Zeroizing<[u8; 32]> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose()).expect("HMAC takes keys of any length");
    mac.update(purpose);
    mac.update(&n.to_be_bytes());
    Zeroizing::new(mac.finalize().into_bytes().into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    /// The wallet's vectors: made by the portal, from which the resident reads these records.
    fn vectors() -> Value {
        serde_json::from_str(include_str!("../../../../portal/src/wallet/vectors.json")).unwrap()
    }

    fn word(value: &Value) -> [u8; 32] {
        value.as_str().unwrap().parse::<B256>().unwrap().0
    }

    #[test]
    fn tags_are_the_wallets() {
        let vectors = vectors();
        let mut seen = 0;
        for wallet in vectors["wallets"].as_array().unwrap() {
            for case in wallet["cases"].as_array().unwrap() {
                let secret = Secret::new(word(&case["useSecret"]["secret"]));
                for vector in case["useSecret"]["tags"].as_array().unwrap() {
                    let n = u32::try_from(vector["n"].as_u64().unwrap()).unwrap();
                    assert_eq!(tag(&secret, n).0, word(&vector["tag"]));
                    seen += 1;
                }
            }
        }
        assert!(seen >= 3);
    }

    #[test]
    fn sealed_details_are_what_the_wallet_opens() {
        let vector = &vectors()["record"];
        let record = &vector["record"];
        let text = |name: &str| record[name].as_str().unwrap().to_owned();
        let details = Details {
            v: 1,
            official: text("official"),
            purpose: text("purpose"),
            fields: record["fields"]
                .as_array()
                .unwrap()
                .iter()
                .map(|f| f.as_str().unwrap().into())
                .collect(),
            article: text("article"),
            at: record["at"].as_u64().unwrap(),
            credential: None,
            by: None,
        };
        let sealed = seal(&Secret::new(word(&vector["useSecret"])), 0, &details).unwrap();
        assert_eq!(sealed.to_string(), vector["ciphertext"].as_str().unwrap());
        assert_eq!(sealed.len(), SEALED_BYTES);
        let secret = Secret::new(word(&vector["useSecret"]));
        assert_eq!(open(&secret, 0, &sealed), Some(details));
        assert_eq!(open(&secret, 1, &sealed), None);
        assert_eq!(open(&Secret::new([1; 32]), 0, &sealed), None);
    }

    #[test]
    fn long_lists_are_cut_and_the_size_never_changes() {
        let secret = Secret::new([1; 32]);
        let mut details = Details {
            v: 1,
            official: "system/gateway".into(),
            purpose: "p".into(),
            fields: vec!["a-long-name-of-a-field".into(); 60],
            article: "a".into(),
            at: 1,
            credential: None,
            by: Some("carer".into()),
        };
        assert_eq!(seal(&secret, 7, &details).unwrap().len(), SEALED_BYTES);
        details.purpose = "x".repeat(600);
        assert_eq!(seal(&secret, 7, &details), Err(TooLong));
    }
}
