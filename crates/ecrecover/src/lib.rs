//! Recovers the senders behind ECDSA signatures over secp256k1, many at once.
//!
//! libsecp256k1 recovers one after the other. Where the processor has AVX-512 IFMA, eight are computed side by side here, one
//! in each lane of the registers, for about the price of two. Both say the same of every signature: tests hold them
//! against each other. Nothing here is secret, so nothing takes care to take the same time.

#[cfg(target_arch = "x86_64")]
mod field;
#[cfg(target_arch = "x86_64")]
mod lanes;
#[cfg(target_arch = "x86_64")]
mod point;
#[cfg(target_arch = "x86_64")]
mod scalar;
#[cfg(test)]
mod tests;

use alloy_consensus::crypto::secp256k1::recover_signer;
use alloy_primitives::{Address, B256, Signature};

/// Signatures that are recovered side by side.
pub const LANES: usize = 8;
/// As many as this, or fewer, are recovered one after the other, which takes no longer.
const FEW: usize = 2;

/// The signers of digests, in their order; `None` for a signature that nobody can have made, or whose `s` is high (EIP-2).
pub fn recover_signers(signed: &[(Signature, B256)]) -> Vec<Option<Address>> {
    let mut signers = Vec::with_capacity(signed.len());
    for group in signed.chunks(LANES) {
        match side_by_side(group) {
            Some(group) => signers.extend(group),
            None => signers.extend(
                group
                    .iter()
                    .map(|(signature, digest)| recover_signer(signature, *digest).ok()),
            ),
        }
    }
    signers
}

/// `None` where it is not worth it, or this processor cannot.
#[cfg(target_arch = "x86_64")]
#[expect(unsafe_code, reason = "a function for instructions that have been looked for")]
fn side_by_side(group: &[(Signature, B256)]) -> Option<impl Iterator<Item = Option<Address>>> {
    if group.len() <= FEW || !lanes::available() {
        return None;
    }
    // SAFETY: the processor has the instructions that the function is compiled for.
    let signers = unsafe { lanes::recover(group) }?;
    Some(signers.into_iter().take(group.len()))
}

#[cfg(not(target_arch = "x86_64"))]
fn side_by_side(_: &[(Signature, B256)]) -> Option<Vec<Option<Address>>> {
    None
}
