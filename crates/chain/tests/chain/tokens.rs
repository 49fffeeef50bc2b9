//! Tokens of the daily allowance for tests, signed by keys of this run.

use crate::common::CHAIN_ID;
use alloy_primitives::{Address, B256, Bytes};
use aws_lc_rs::{
    rand::SystemRandom,
    rsa::{KeyPair, KeySize},
    signature::{KeyPair as _, RSA_PSS_SHA256},
};
use parking_lot::Mutex;
use std::{collections::HashSet, sync::LazyLock};
use zhengtong_bindings::{addresses, allowance_message};
use zhengtong_chain::quota::TOKEN_MARK;

/// The authority's, for a day.
pub static KEY: LazyLock<KeyPair> = LazyLock::new(generate);
/// Somebody else's.
pub static OTHER_KEY: LazyLock<KeyPair> = LazyLock::new(generate);

/// Whom the authority signed for, and what it gave.
static ISSUED: Mutex<Option<HashSet<(Address, Bytes)>>> = Mutex::new(None);

/// Whether a call ends with a token that the authority signed for its sender, whatever the day. It remembers, and verifies
/// nothing.
pub fn is_issued(sender: Address, call: &[u8]) -> bool {
    let Some(signature) = call
        .strip_suffix(&TOKEN_MARK)
        .and_then(|rest| rest.last_chunk::<256>())
    else {
        return false;
    };
    let issued = ISSUED.lock();
    issued
        .as_ref()
        .is_some_and(|issued| issued.contains(&(sender, Bytes::copy_from_slice(signature))))
}

fn generate() -> KeyPair {
    KeyPair::generate(KeySize::Rsa2048).expect("it generates")
}

/// As the contract keeps it.
pub fn modulus(key: &KeyPair) -> Bytes {
    let modulus = key.public_key().modulus();
    Bytes::copy_from_slice(modulus.big_endian_without_leading_zero())
}

#[derive(Clone)]
pub struct Token {
    pub nonce: B256,
    pub signature: Bytes,
}

impl Token {
    /// One of the authority's.
    pub fn issue(holder: Address, window: u64, nonce: B256) -> Self {
        let token = Self::new(&KEY, holder, window, nonce);
        let mut issued = ISSUED.lock();
        issued
            .get_or_insert_default()
            .insert((holder, token.signature.clone()));
        token
    }

    pub fn new(key: &KeyPair, holder: Address, window: u64, nonce: B256) -> Self {
        let message = allowance_message(CHAIN_ID, addresses().allowances, window, holder);
        Self::over(key, nonce, &message)
    }

    pub fn over(key: &KeyPair, nonce: B256, message: &[u8]) -> Self {
        let mut signature = vec![0; key.public_modulus_len()];
        let message = [nonce.as_slice(), message].concat();
        key.sign(&RSA_PSS_SHA256, &SystemRandom::new(), &message, &mut signature)
            .expect("it signs");
        Self {
            nonce,
            signature: signature.into(),
        }
    }

    /// A call that shows it.
    pub fn at_the_end_of(&self, call: &[u8]) -> Bytes {
        [call, self.nonce.as_slice(), &self.signature, &TOKEN_MARK]
            .concat()
            .into()
    }
}
