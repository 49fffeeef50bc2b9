//! HPKE (RFC 9180: X25519, HKDF-SHA256, AES-256-GCM), one message at a time: encapsulated key ‖ ciphertext.

use hpke::aead::AesGcm256;
use hpke::kdf::HkdfSha256;
use hpke::kem::X25519HkdfSha256;
use hpke::{Deserializable, HpkeError, Kem, OpModeR, OpModeS, Serializable};
use zeroize::Zeroizing;
use zhengtong_vault::Secret;

const ENCAPSULATED_BYTES: usize = 32;

/// Opens what was sealed to `key` for this use (`info`) and subject (`about`).
pub fn open(
    key: &Secret<[u8; 32]>,
    info: &[u8],
    about: &[u8],
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, HpkeError> {
    let (encapsulated, ciphertext) = sealed
        .split_at_checked(ENCAPSULATED_BYTES)
        .ok_or(HpkeError::OpenError)?;
    let key = <X25519HkdfSha256 as Kem>::PrivateKey::from_bytes(key.expose())?;
    let encapsulated = <X25519HkdfSha256 as Kem>::EncappedKey::from_bytes(encapsulated)?;
    hpke::single_shot_open::<AesGcm256, HkdfSha256, X25519HkdfSha256>(
        &OpModeR::Base,
        &key,
        &encapsulated,
        info,
        ciphertext,
        about,
    )
    .map(Zeroizing::new)
}

/// Seals to a public key for this use and subject.
pub fn seal(to: &[u8; 32], info: &[u8], about: &[u8], message: &[u8]) -> Result<Vec<u8>, HpkeError> {
    let to = <X25519HkdfSha256 as Kem>::PublicKey::from_bytes(to)?;
    let (encapsulated, ciphertext) = hpke::single_shot_seal::<AesGcm256, HkdfSha256, X25519HkdfSha256>(
        &OpModeS::Base,
        &to,
        info,
        message,
        about,
    )?;
    Ok([encapsulated.to_bytes().as_slice(), &ciphertext].concat())
}
