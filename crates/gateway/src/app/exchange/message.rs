//! What two gateways say to each other. Byte formats: `docs/exchange.md`.

use alloy_primitives::{Address, B256};
use hpke::aead::AesGcm256;
use hpke::kdf::HkdfSha256;
use hpke::kem::X25519HkdfSha256;
use hpke::{Deserializable as _, Kem as _, OpModeR, OpModeS, Serializable as _};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;
use zhengtong_vault::Secret;

/// The version of the messages.
pub const VERSION: u32 = 1;
/// The most fields of one request.
pub const MAX_ASKED_FIELDS: usize = 32;
/// The most bytes of an answer before it is sealed.
pub const MAX_ANSWER_BYTES: usize = 64 * 1024;
/// HPKE's `info`.
const INFO: &[u8] = b"zhengtong/exchange/v1";
const ENCAPSULATED_BYTES: usize = 32;

/// Why the data may be used, as the one who asks claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub enum ClaimedBasis {
    /// A consent of the applicant.
    Consent {
        /// Its id in `Consents`.
        id: B256,
    },
    /// A statute.
    Statute {
        /// Its id in `Statutes`.
        id: B256,
    },
}

/// A request for fields of a record of the applicant of a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RecordRequest {
    /// Version of the format, 1.
    pub v: u32,
    /// Chosen by the one who asks; the same id is the same request.
    pub id: B256,
    /// Who asks.
    pub consumer: String,
    /// Who is asked.
    pub provider: String,
    /// The case.
    pub case_id: B256,
    /// What for: the service of the case.
    pub service: String,
    /// Its version.
    pub version: u32,
    /// Which record.
    pub record: String,
    /// Which fields, with the record's name.
    pub fields: Vec<String>,
    /// Why that is allowed.
    pub basis: ClaimedBasis,
    /// The officer who asks; `null` if a program does.
    pub officer: Option<Address>,
}

/// An answer: where the use is on record, and the rows, sealed to the one who asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RecordAnswer {
    /// Version of the format, 1.
    pub v: u32,
    /// The request's.
    pub id: B256,
    /// Tag of the use record.
    pub use_tag: B256,
    /// The transaction that holds it.
    pub use_transaction: B256,
    /// Its block.
    pub use_block: u64,
    /// base64url of HPKE's encapsulated key and ciphertext.
    pub sealed: String,
}

/// What is sealed. Personal: it cannot be printed.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Opened {
    /// Version of the format, 1.
    pub v: u32,
    /// The request's.
    pub id: B256,
    /// The case.
    pub case_id: B256,
    /// The record.
    pub record: String,
    /// The fields, as asked.
    pub fields: Vec<String>,
    /// One object a row, from fields to values.
    pub rows: Vec<Map<String, Value>>,
}

/// SHA-256 of a request's content.
pub fn digest_of(content: &[u8]) -> B256 {
    B256::from_slice(&Sha256::digest(content))
}

/// What an answer is bound to: the request's content and the use record.
fn bound_to(request: B256, use_tag: B256) -> Vec<u8> {
    [request.as_slice(), use_tag.as_slice()].concat()
}

/// Seals an answer to an X25519 key; `None` if it is no key.
pub fn seal(to: B256, request: B256, use_tag: B256, plain: &[u8]) -> Option<Vec<u8>> {
    let to = <X25519HkdfSha256 as hpke::Kem>::PublicKey::from_bytes(to.as_slice()).ok()?;
    let (encapsulated, ciphertext) = hpke::single_shot_seal::<AesGcm256, HkdfSha256, X25519HkdfSha256>(
        &OpModeS::Base,
        &to,
        INFO,
        plain,
        &bound_to(request, use_tag),
    )
    .ok()?;
    Some([encapsulated.to_bytes().as_slice(), &ciphertext].concat())
}

/// Opens an answer; `None` if it is sealed to another key, or bound to another request or use record.
pub fn open(
    key: &Secret<[u8; 32]>,
    request: B256,
    use_tag: B256,
    sealed: &[u8],
) -> Option<Zeroizing<Vec<u8>>> {
    let (encapsulated, ciphertext) = sealed.split_at_checked(ENCAPSULATED_BYTES)?;
    let key = <X25519HkdfSha256 as hpke::Kem>::PrivateKey::from_bytes(key.expose()).ok()?;
    let encapsulated = <X25519HkdfSha256 as hpke::Kem>::EncappedKey::from_bytes(encapsulated).ok()?;
    hpke::single_shot_open::<AesGcm256, HkdfSha256, X25519HkdfSha256>(
        &OpModeR::Base,
        &key,
        &encapsulated,
        INFO,
        ciphertext,
        &bound_to(request, use_tag),
    )
    .ok()
    .map(Zeroizing::new)
}

/// The public key of an X25519 key.
pub fn public_key(key: &Secret<[u8; 32]>) -> Option<B256> {
    let key = <X25519HkdfSha256 as hpke::Kem>::PrivateKey::from_bytes(key.expose()).ok()?;
    Some(B256::from_slice(&X25519HkdfSha256::sk_to_pk(&key).to_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_opens_for_its_reader_request_and_use_record_alone() {
        let key = Secret::new([5; 32]);
        let (request, tag) = (B256::repeat_byte(1), B256::repeat_byte(2));
        let sealed = seal(public_key(&key).unwrap(), request, tag, b"rows").unwrap();
        assert_eq!(open(&key, request, tag, &sealed).unwrap().as_slice(), b"rows");
        assert!(open(&Secret::new([6; 32]), request, tag, &sealed).is_none());
        assert!(open(&key, tag, tag, &sealed).is_none());
        assert!(open(&key, request, request, &sealed).is_none());
        let mut changed = sealed.clone();
        *changed.last_mut().unwrap() ^= 1;
        assert!(open(&key, request, tag, &changed).is_none());
        assert!(open(&key, request, tag, &sealed[..31]).is_none());
    }

    #[test]
    fn unknown_members_are_refused() {
        let good = serde_json::json!({
            "v": 1, "id": B256::ZERO, "consumer": "a", "provider": "b", "caseId": B256::ZERO, "service": "s",
            "version": 1, "record": "r", "fields": ["r.a"], "basis": { "kind": "consent", "id": B256::ZERO },
            "officer": null,
        });
        let read = |value: &Value| serde_json::from_value::<RecordRequest>(value.clone());
        assert!(read(&good).is_ok());
        for member in ["useTag", "finalizedUse", "number"] {
            let mut more = good.clone();
            more[member] = "made up".into();
            assert!(read(&more).is_err(), "{member}");
        }
        let mut none = good.clone();
        none["basis"] = serde_json::json!({ "kind": "trust-me" });
        assert!(read(&none).is_err());
    }
}
