//! AES-256-GCM with a random nonce in front, and key derivation (HKDF-SHA256).

use aes_gcm::Aes256Gcm;
use aes_gcm::aead::{Aead, KeyInit, Payload};
use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::VaultError;

const NONCE_BYTES: usize = 12;

pub(crate) type Key = Zeroizing<[u8; 32]>;

/// `nonce ‖ ciphertext ‖ tag`.
pub(crate) fn seal(key: &Key, context: &[u8], message: &[u8]) -> Result<Vec<u8>, VaultError> {
    let mut nonce = [0u8; NONCE_BYTES];
    getrandom::fill(&mut nonce).map_err(VaultError::Randomness)?;
    let sealed = Aes256Gcm::new((&**key).into())
        .encrypt(
            &nonce.into(),
            Payload {
                msg: message,
                aad: context,
            },
        )
        .map_err(|_| VaultError::Sealed { what: "message" })?;
    Ok([&nonce[..], &sealed].concat())
}

/// Undoes [`seal`]; `what` names the ciphertext in the error.
pub(crate) fn open(
    key: &Key,
    context: &[u8],
    sealed: &[u8],
    what: &'static str,
) -> Result<Zeroizing<Vec<u8>>, VaultError> {
    let (nonce, sealed) = sealed
        .split_first_chunk::<NONCE_BYTES>()
        .ok_or(VaultError::Sealed { what })?;
    Aes256Gcm::new((&**key).into())
        .decrypt(
            nonce.into(),
            Payload {
                msg: sealed,
                aad: context,
            },
        )
        .map(Zeroizing::new)
        .map_err(|_| VaultError::Sealed { what })
}

/// A 32-byte value of `key` for `purpose` and `context`.
pub(crate) fn derive(key: &[u8; 32], purpose: &str, context: &[u8]) -> Key {
    let mut out = Zeroizing::new([0u8; 32]);
    Hkdf::<Sha256>::new(None, key)
        .expand_multi_info(&[purpose.as_bytes(), &[0], context], out.as_mut())
        .expect("32 bytes are within HKDF's limit of 8160");
    out
}
