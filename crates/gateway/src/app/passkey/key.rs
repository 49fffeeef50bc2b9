//! Public keys of passkeys: COSE (RFC 9053), ES256 and Ed25519 alone.

use ed25519_dalek::Signature as EdSignature;
use minicbor::Decoder;
use minicbor::data::Type;
use p256::ecdsa::signature::Verifier as _;
use p256::ecdsa::{Signature, VerifyingKey};

use super::ceremony::CeremonyError;

/// COSE's numbers of the algorithms that a passkey may have, the preferred one first.
pub const ALGORITHMS: [i64; 2] = [ES256, EDDSA];
const ES256: i64 = -7;
const EDDSA: i64 = -8;
/// The most members of a key.
const MAX_MEMBERS: u64 = 8;

/// A public key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PublicKey {
    /// ECDSA on P-256 with SHA-256.
    Es256(VerifyingKey),
    /// Ed25519.
    Ed25519(ed25519_dalek::VerifyingKey),
}

impl PublicKey {
    /// Reads a COSE key; `decoder` then stands behind it. Members that such a key does not have are refused.
    ///
    /// # Errors
    /// It is none, or of another algorithm.
    pub fn read(decoder: &mut Decoder<'_>) -> Result<Self, CeremonyError> {
        let malformed = |_| CeremonyError::AuthenticatorData;
        let members = decoder.map().map_err(malformed)?;
        let members = members.filter(|count| *count <= MAX_MEMBERS);
        let (mut kind, mut algorithm, mut curve) = (None, None, None);
        let (mut x, mut y) = (None, None);
        for _ in 0..members.ok_or(CeremonyError::AuthenticatorData)? {
            let label = decoder.i64().map_err(malformed)?;
            let is_bytes = decoder.datatype().map_err(malformed)? == Type::Bytes;
            let is_first = match (label, is_bytes) {
                (1, false) => kind.replace(decoder.i64().map_err(malformed)?).is_none(),
                (3, false) => algorithm.replace(decoder.i64().map_err(malformed)?).is_none(),
                (-1, false) => curve.replace(decoder.i64().map_err(malformed)?).is_none(),
                (-2, true) => x.replace(decoder.bytes().map_err(malformed)?).is_none(),
                (-3, true) => y.replace(decoder.bytes().map_err(malformed)?).is_none(),
                _ => return Err(CeremonyError::Algorithm),
            };
            if !is_first {
                return Err(CeremonyError::AuthenticatorData);
            }
        }
        match (kind, algorithm, curve, x, y) {
            (Some(2), Some(ES256), Some(1), Some(x), Some(y)) if x.len() == 32 && y.len() == 32 => {
                Self::of(ES256, &[&[4][..], x, y].concat())
            }
            (Some(1), Some(EDDSA), Some(6), Some(x), None) => Self::of(EDDSA, x),
            _ => Err(CeremonyError::Algorithm),
        }
    }

    /// From what is kept: the algorithm, and a point of SEC 1 or 32 bytes.
    ///
    /// # Errors
    /// It is no key of that algorithm.
    pub fn of(algorithm: i64, bytes: &[u8]) -> Result<Self, CeremonyError> {
        let key = match algorithm {
            ES256 => VerifyingKey::from_sec1_bytes(bytes).ok().map(Self::Es256),
            EDDSA => <&[u8; 32]>::try_from(bytes)
                .ok()
                .and_then(|bytes| ed25519_dalek::VerifyingKey::from_bytes(bytes).ok())
                .filter(|key| !key.is_weak())
                .map(Self::Ed25519),
            _ => None,
        };
        key.ok_or(CeremonyError::Algorithm)
    }

    /// What is kept, see [`Self::of`].
    pub fn parts(&self) -> (i64, Vec<u8>) {
        match self {
            Self::Es256(key) => (ES256, key.to_sec1_point(false).as_bytes().to_vec()),
            Self::Ed25519(key) => (EDDSA, key.as_bytes().to_vec()),
        }
    }

    /// Whether it signed this.
    pub fn signed(&self, message: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::Es256(key) => {
                Signature::from_der(signature).is_ok_and(|signature| key.verify(message, &signature).is_ok())
            }
            Self::Ed25519(key) => EdSignature::from_slice(signature)
                .is_ok_and(|signature| key.verify_strict(message, &signature).is_ok()),
        }
    }
}
