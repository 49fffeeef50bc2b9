//! Tokens of the daily allowance that transactions show, before they run.
//!
//! A token is of one key and one day (`docs/decisions/0023-allowances.md`). The contract checks it when it is redeemed; here
//! it is checked to know whose quota a transaction is of. Both check the same, see [`verifies`].

use super::{Book, QuotaRules, Request};
use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::SolCall;
use aws_lc_rs::signature::{RSA_PSS_2048_8192_SHA256, RsaPublicKeyComponents};
use zhengtong_bindings::{
    TOKEN_ISSUER_SLOT, allowance_message, allowance_window, cases::Cases::openWithTokenCall,
    long_bytes_slots, token_key_slot,
};

/// Bytes of a modulus, and of a signature.
const MODULUS_BYTES: usize = 256;
const MODULUS_WORDS: usize = MODULUS_BYTES / 32;
/// 65537, big-endian.
const EXPONENT: [u8; 3] = [1, 0, 1];
const NONCE_BYTES: usize = 32;

/// An opening's data as every ABI encoder makes it: selector, five words of which the fourth is the nonce and the fifth says
/// where the signature's length is, that length, and the signature.
const OPENING_BYTES: usize = 4 + 6 * 32 + MODULUS_BYTES;
/// Where the signature's length is, from the first word on, and that length.
const PLACE_AND_LENGTH: [[u8; 32]; 2] = [
    U256::from_limbs([5 * 32, 0, 0, 0]).to_be_bytes(),
    U256::from_limbs([MODULUS_BYTES as u64, 0, 0, 0]).to_be_bytes(),
];
const NONCE_AT: usize = 4 + 3 * 32;
const SIGNATURE_AT: usize = OPENING_BYTES - MODULUS_BYTES;

/// What stands at the end of a transaction's data after a nonce and a signature, if they are a token that it shows. Contracts
/// ignore what comes after their arguments.
pub const TOKEN_MARK: [u8; 8] = *b"zt-token";

/// A token that may be valid or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Token<'a> {
    nonce: &'a [u8],
    signature: &'a [u8],
}

/// The key of a day.
pub(super) type Modulus = Box<[u8; MODULUS_BYTES]>;

/// The window of a block of this second.
pub(super) fn window(timestamp_s: u64) -> u64 {
    allowance_window(timestamp_s)
}

/// Whether a transaction has the form of one that shows a token. It reads a few bytes.
pub(super) fn seems_to_show(book: &Book, request: &Request<'_>) -> bool {
    shown(book, request).is_some()
}

/// The key under which the tokens of a window are signed, if any are needed to open a case.
pub(super) fn key<E>(
    book: &Book,
    window: u64,
    slots: &mut impl FnMut(Address, U256) -> Result<U256, E>,
) -> Result<Option<Modulus>, E> {
    let issuer = slots(book.allowances, TOKEN_ISSUER_SLOT)?;
    if issuer.is_zero() {
        return Ok(None);
    }
    let slot = token_key_slot(B256::from(issuer), window);
    // How Solidity keeps a long array's length.
    if slots(book.allowances, slot)? != U256::from(2 * MODULUS_BYTES + 1) {
        return Ok(None);
    }
    let mut modulus = Box::new([0; MODULUS_BYTES]);
    for (word, at) in modulus
        .chunks_exact_mut(32)
        .zip(long_bytes_slots(slot, MODULUS_WORDS))
    {
        word.copy_from_slice(&slots(book.allowances, at)?.to_be_bytes::<32>());
    }
    Ok(Some(modulus))
}

/// Whether a transaction shows a token of its account that is valid in a window, whose key this is.
pub(super) fn shows(rules: &QuotaRules, modulus: &Modulus, window: u64, request: &Request<'_>) -> bool {
    let Some(token) = shown(&rules.book, request) else {
        return false;
    };
    let text = allowance_message(rules.chain_id, rules.book.allowances, window, request.account);
    verifies(modulus, &[token.nonce, &text].concat(), token.signature)
}

fn shown<'a>(book: &Book, request: &Request<'a>) -> Option<Token<'a>> {
    let input = request.input;
    if request.to == Some(book.cases)
        && input.len() == OPENING_BYTES
        && input.starts_with(&openWithTokenCall::SELECTOR)
        && input[SIGNATURE_AT - 64..SIGNATURE_AT] == *PLACE_AND_LENGTH.as_flattened()
    {
        return Some(Token {
            nonce: &input[NONCE_AT..NONCE_AT + NONCE_BYTES],
            signature: &input[SIGNATURE_AT..],
        });
    }
    let (_, tail) = input
        .strip_suffix(&TOKEN_MARK)?
        .split_last_chunk::<{ NONCE_BYTES + MODULUS_BYTES }>()?;
    let (nonce, signature) = tail.split_at(NONCE_BYTES);
    Some(Token { nonce, signature })
}

/// RSASSA-PSS (RFC 8017, section 8.1.2) with SHA-256, MGF1 with SHA-256 and a salt of 32 bytes, as `RsaPss.sol` has it.
fn verifies(modulus: &Modulus, message: &[u8], signature: &[u8]) -> bool {
    let key = RsaPublicKeyComponents {
        n: modulus.as_slice(),
        e: EXPONENT.as_slice(),
    };
    key.verify(&RSA_PSS_2048_8192_SHA256, message, signature).is_ok()
}

#[cfg(test)]
mod tests;
