//! P-256 signatures outside of any token: by a device's key over a request.

use p256::ecdsa::signature::Verifier as _;
use p256::ecdsa::{Signature, VerifyingKey};

/// Whether `signature` (r ‖ s, 64 bytes) is over the SHA-256 of `message` by the key with these coordinates.
pub fn is_signed_p256(x: &[u8; 32], y: &[u8; 32], message: &[u8], signature: &[u8]) -> bool {
    let point = [&[4][..], x, y].concat();
    let (Ok(key), Ok(signature)) = (
        VerifyingKey::from_sec1_bytes(&point),
        Signature::from_slice(signature),
    ) else {
        return false;
    };
    key.verify(message, &signature).is_ok()
}
