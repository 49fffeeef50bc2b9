//! Encrypted responses (RFC 7516): `ECDH-ES` on P-256, direct, with `A128GCM` or `A256GCM` (RFC 7518, sections 4.6 and
//! 5.3), as OpenID4VC's high assurance profile asks of `direct_post.jwt`.

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes128Gcm, Aes256Gcm};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::elliptic_curve::point::AffineCoordinates as _;
use p256::{PublicKey, SecretKey};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use thiserror::Error;
use zeroize::Zeroizing;

use crate::Jwk;

/// The most bytes of an encrypted message.
pub const MAX_JWE_BYTES: usize = 96 * 1024;
/// The most bytes of `apu` and `apv`.
const MAX_PARTY_BYTES: usize = 512;
const TAG_BYTES: usize = 16;
const IV_BYTES: usize = 12;

/// Why an encrypted message was not opened.
#[derive(Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum JweError {
    /// Not five parts in base64url, or too large.
    #[error("not a compact JWE of at most {MAX_JWE_BYTES} bytes")]
    Malformed,
    /// A header parameter is missing or has a value that is not accepted.
    #[error("JWE header `{0}` is missing, or has a value that is not offered")]
    Header(&'static str),
    /// Encrypted to another key, or changed.
    #[error("the JWE does not open with this key")]
    Sealed,
}

/// A key that encrypted messages are sent to: one for each request. It cannot be printed.
pub struct DecryptionKey(SecretKey);

impl DecryptionKey {
    /// From 32 bytes.
    ///
    /// # Errors
    /// Zero or beyond the curve's order.
    pub fn new(bytes: &[u8; 32]) -> Result<Self, JweError> {
        SecretKey::from_slice(bytes)
            .map(Self)
            .map_err(|_| JweError::Sealed)
    }

    /// The public key, as a member of `client_metadata.jwks`.
    pub fn to_jwk(&self, kid: &str) -> Value {
        let mut jwk = Jwk::of(&self.0.public_key().into()).to_value();
        for (name, value) in [("kid", kid), ("use", "enc"), ("alg", "ECDH-ES")] {
            jwk[name] = value.into();
        }
        jwk
    }

    /// The x-coordinate of the shared point (RFC 7518, section 4.6.2: `Z`).
    fn shared(&self, public: &PublicKey) -> Zeroizing<[u8; 32]> {
        let point = public.to_projective() * *self.0.to_nonzero_scalar();
        Zeroizing::new(point.to_affine().x().into())
    }

    /// Opens a compact JWE that names `kid`.
    ///
    /// # Errors
    /// See [`JweError`].
    pub fn decrypt(&self, jwe: &str, kid: &str) -> Result<Zeroizing<Vec<u8>>, JweError> {
        if jwe.len() > MAX_JWE_BYTES {
            return Err(JweError::Malformed);
        }
        let [protected, encrypted_key, iv, ciphertext, tag] = jwe.split('.').collect::<Vec<_>>()[..] else {
            return Err(JweError::Malformed);
        };
        let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).map_err(|_| JweError::Malformed);
        let header: Map<String, Value> =
            serde_json::from_slice(&decode(protected)?).map_err(|_| JweError::Malformed)?;
        let text = |name: &'static str| {
            header
                .get(name)
                .and_then(Value::as_str)
                .ok_or(JweError::Header(name))
        };
        if text("alg")? != "ECDH-ES" || !encrypted_key.is_empty() {
            return Err(JweError::Header("alg"));
        }
        if text("kid")? != kid {
            return Err(JweError::Header("kid"));
        }
        for name in ["crit", "zip"] {
            if header.contains_key(name) {
                return Err(JweError::Header(name));
            }
        }
        let enc = text("enc")?;
        let party = |name: &'static str| match header.get(name) {
            None => Ok(Vec::new()),
            Some(_) => decode(text(name)?)
                .ok()
                .filter(|bytes| bytes.len() <= MAX_PARTY_BYTES)
                .ok_or(JweError::Header(name)),
        };
        let (apu, apv) = (party("apu")?, party("apv")?);
        let epk = header.get("epk").ok_or(JweError::Header("epk"))?;
        let epk = Jwk::parse(epk, "epk").map_err(|_| JweError::Header("epk"))?;
        let epk = epk.verifying_key("epk").map_err(|_| JweError::Header("epk"))?;
        let secret = self.shared(&PublicKey::from(&epk));
        let (iv, tag, mut sealed) = (decode(iv)?, decode(tag)?, decode(ciphertext)?);
        let iv: [u8; IV_BYTES] = iv.try_into().map_err(|_| JweError::Malformed)?;
        if tag.len() != TAG_BYTES {
            return Err(JweError::Malformed);
        }
        sealed.extend(tag);
        let payload = Payload {
            msg: &sealed,
            aad: protected.as_bytes(),
        };
        let opened = match enc {
            "A128GCM" => {
                let key = derive(&secret[..], enc, &apu, &apv, 128);
                let cipher = Aes128Gcm::new_from_slice(&key[..16]).map_err(|_| JweError::Sealed)?;
                cipher.decrypt(&iv.into(), payload)
            }
            "A256GCM" => {
                let key = derive(&secret[..], enc, &apu, &apv, 256);
                let cipher = Aes256Gcm::new_from_slice(&key[..]).map_err(|_| JweError::Sealed)?;
                cipher.decrypt(&iv.into(), payload)
            }
            _ => return Err(JweError::Header("enc")),
        };
        opened.map(Zeroizing::new).map_err(|_| JweError::Sealed)
    }
}

/// The Concat KDF of RFC 7518, section 4.6.2, for keys of at most one digest.
fn derive(secret: &[u8], enc: &str, apu: &[u8], apv: &[u8], bits: u32) -> Zeroizing<[u8; 32]> {
    let mut digest = Sha256::new();
    digest.update(1u32.to_be_bytes());
    digest.update(secret);
    for part in [enc.as_bytes(), apu, apv] {
        digest.update((part.len() as u32).to_be_bytes());
        digest.update(part);
    }
    digest.update(bits.to_be_bytes());
    Zeroizing::new(digest.finalize().into())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// RFC 7518, appendix C: Bob's key and Alice's ephemeral one.
    fn bob() -> DecryptionKey {
        let d = URL_SAFE_NO_PAD
            .decode("VEmDZpDXXK8p8N0Cndsxs924q6nS1RXFASRl6BfUqdw")
            .unwrap();
        DecryptionKey::new(&d.try_into().unwrap()).unwrap()
    }

    const ALICE: [u8; 32] = {
        // "0_NxaRPUMQoAJt50Gz8YiTr8gRTwyEaCumd-MToTmIo"
        [
            0xd3, 0xf3, 0x71, 0x69, 0x13, 0xd4, 0x31, 0x0a, 0x00, 0x26, 0xde, 0x74, 0x1b, 0x3f, 0x18, 0x89,
            0x3a, 0xfc, 0x81, 0x14, 0xf0, 0xc8, 0x46, 0x82, 0xba, 0x67, 0x7e, 0x31, 0x3a, 0x13, 0x98, 0x8a,
        ]
    };

    #[test]
    fn keys_are_derived_as_in_the_rfcs_example() {
        let alice = DecryptionKey::new(&ALICE).unwrap();
        assert_eq!(
            alice.to_jwk("a")["x"],
            "gI0GAILBdu7T53akrFmMyGcsF3n5dO7MmwNBHKW5SV0"
        );
        let shared = alice.shared(&bob().0.public_key());
        let key = derive(&shared[..], "A128GCM", b"Alice", b"Bob", 128);
        assert_eq!(URL_SAFE_NO_PAD.encode(&key[..16]), "VqqN6vgjbSBcIijNcacQGg");
    }

    /// What a wallet does.
    fn encrypt(header: Value, text: &[u8]) -> String {
        let alice = DecryptionKey::new(&ALICE).unwrap();
        let mut full = json!({ "alg": "ECDH-ES", "enc": "A256GCM", "kid": "1", "epk": alice.to_jwk("e") });
        for (name, value) in header.as_object().unwrap() {
            full[name] = value.clone();
        }
        let protected = URL_SAFE_NO_PAD.encode(full.to_string());
        let shared = alice.shared(&bob().0.public_key());
        let payload = Payload {
            msg: text,
            aad: protected.as_bytes(),
        };
        let iv = [7u8; IV_BYTES];
        let sealed = if full["enc"] == "A128GCM" {
            let key = derive(&shared[..], "A128GCM", b"", b"", 128);
            Aes128Gcm::new_from_slice(&key[..16])
                .unwrap()
                .encrypt(&iv.into(), payload)
        } else {
            let key = derive(&shared[..], "A256GCM", b"", b"", 256);
            Aes256Gcm::new_from_slice(&key[..])
                .unwrap()
                .encrypt(&iv.into(), payload)
        };
        let sealed = sealed.unwrap();
        let (text, tag) = sealed.split_at(sealed.len() - TAG_BYTES);
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        format!("{protected}..{}.{}.{}", encode(&iv), encode(text), encode(tag))
    }

    #[test]
    fn messages_open_with_the_key_that_they_were_sent_to_alone() {
        for enc in ["A128GCM", "A256GCM"] {
            let jwe = encrypt(json!({ "enc": enc }), b"text");
            assert_eq!(&**bob().decrypt(&jwe, "1").unwrap(), b"text");
            assert_eq!(bob().decrypt(&jwe, "2"), Err(JweError::Header("kid")));
            let other = DecryptionKey::new(&[5; 32]).unwrap();
            assert_eq!(other.decrypt(&jwe, "1"), Err(JweError::Sealed));
            let (rest, tag) = jwe.rsplit_once('.').unwrap();
            assert_eq!(
                bob().decrypt(&format!("{rest}.{}", "A".repeat(tag.len())), "1"),
                Err(JweError::Sealed)
            );
        }
    }

    #[test]
    fn what_was_not_offered_is_refused() {
        let refused = |header: Value| bob().decrypt(&encrypt(header, b"text"), "1").unwrap_err();
        assert_eq!(
            refused(json!({ "alg": "ECDH-ES+A128KW" })),
            JweError::Header("alg")
        );
        assert_eq!(
            refused(json!({ "enc": "A128CBC-HS256" })),
            JweError::Header("enc")
        );
        assert_eq!(refused(json!({ "zip": "DEF" })), JweError::Header("zip"));
        assert_eq!(
            refused(json!({ "epk": { "kty": "EC", "crv": "P-256", "x": "AA", "y": "AA" } })),
            JweError::Header("epk")
        );
        // A point that is not on the curve.
        let mut off = DecryptionKey::new(&ALICE).unwrap().to_jwk("e");
        off["y"] = off["x"].clone();
        assert_eq!(refused(json!({ "epk": off })), JweError::Header("epk"));
        assert_eq!(bob().decrypt("a.b.c", "1"), Err(JweError::Malformed));
        assert_eq!(
            bob().decrypt(&"a".repeat(MAX_JWE_BYTES + 1), "1"),
            Err(JweError::Malformed)
        );
    }
}
