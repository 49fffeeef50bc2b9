//! Keys of the two algorithms (RFC 9421, sections 3.3.4 and 3.3.6).

use p256::ecdsa::signature::{Signer as _, Verifier as _};
use serde::Deserialize;
use zhengtong_vault::Secret;

use super::SignatureError;

/// How messages are signed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub enum Algorithm {
    /// Ed25519 (RFC 8032).
    #[default]
    #[serde(rename = "ed25519")]
    Ed25519,
    /// ECDSA on P-256 with SHA-256; signatures are `r ‖ s`.
    #[serde(rename = "ecdsa-p256-sha256")]
    EcdsaP256Sha256,
}

impl Algorithm {
    /// Its registered name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ed25519 => "ed25519",
            Self::EcdsaP256Sha256 => "ecdsa-p256-sha256",
        }
    }

    /// From its registered name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Ed25519, Self::EcdsaP256Sha256]
            .into_iter()
            .find(|known| known.as_str() == name)
    }
}

/// A key that verifies.
#[derive(Clone, Debug)]
pub enum PublicKey {
    /// 32 bytes.
    Ed25519(ed25519_dalek::VerifyingKey),
    /// A point of P-256, SEC 1.
    P256(p256::ecdsa::VerifyingKey),
}

impl PublicKey {
    /// From its bytes: 32 of Ed25519, or a SEC 1 point of P-256.
    ///
    /// # Errors
    /// They are not a key.
    pub fn parse(algorithm: Algorithm, bytes: &[u8]) -> Result<Self, SignatureError> {
        match algorithm {
            Algorithm::Ed25519 => {
                let bytes: &[u8; 32] = bytes.try_into().map_err(|_| SignatureError::Key)?;
                ed25519_dalek::VerifyingKey::from_bytes(bytes)
                    .map(Self::Ed25519)
                    .map_err(|_| SignatureError::Key)
            }
            Algorithm::EcdsaP256Sha256 => p256::ecdsa::VerifyingKey::from_sec1_bytes(bytes)
                .map(Self::P256)
                .map_err(|_| SignatureError::Key),
        }
    }

    /// Which algorithm it is for.
    pub const fn algorithm(&self) -> Algorithm {
        match self {
            Self::Ed25519(_) => Algorithm::Ed25519,
            Self::P256(_) => Algorithm::EcdsaP256Sha256,
        }
    }

    /// 32 bytes of Ed25519, or 33 of a compressed point.
    pub fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Ed25519(key) => key.to_bytes().to_vec(),
            Self::P256(key) => key.to_sec1_point(true).as_bytes().to_vec(),
        }
    }

    pub(super) fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), SignatureError> {
        let done = match self {
            Self::Ed25519(key) => ed25519_dalek::Signature::from_slice(signature)
                .and_then(|signature| key.verify_strict(message, &signature))
                .is_ok(),
            Self::P256(key) => p256::ecdsa::Signature::from_slice(signature)
                .and_then(|signature| key.verify(message, &signature))
                .is_ok(),
        };
        done.then_some(()).ok_or(SignatureError::Wrong)
    }
}

/// A key that signs. Wipes itself, and cannot be printed.
pub enum SigningKey {
    /// Ed25519.
    Ed25519(ed25519_dalek::SigningKey),
    /// ECDSA on P-256.
    P256(p256::ecdsa::SigningKey),
}

impl SigningKey {
    /// From 32 secret bytes.
    ///
    /// # Errors
    /// They are not a key.
    pub fn new(algorithm: Algorithm, secret: &Secret<[u8; 32]>) -> Result<Self, SignatureError> {
        match algorithm {
            Algorithm::Ed25519 => Ok(Self::Ed25519(ed25519_dalek::SigningKey::from_bytes(
                secret.expose(),
            ))),
            Algorithm::EcdsaP256Sha256 => p256::ecdsa::SigningKey::from_slice(secret.expose())
                .map(Self::P256)
                .map_err(|_| SignatureError::Key),
        }
    }

    /// The key that verifies.
    pub fn public(&self) -> PublicKey {
        match self {
            Self::Ed25519(key) => PublicKey::Ed25519(key.verifying_key()),
            Self::P256(key) => PublicKey::P256(*key.verifying_key()),
        }
    }

    /// 64 bytes.
    pub(super) fn sign(&self, message: &[u8]) -> Vec<u8> {
        match self {
            Self::Ed25519(key) => key.sign(message).to_bytes().to_vec(),
            Self::P256(key) => {
                let signature: p256::ecdsa::Signature = key.sign(message);
                signature.to_bytes().to_vec()
            }
        }
    }
}
