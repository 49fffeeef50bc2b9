//! The accounts that the chain signs for. Their keys are publicly known: that is what they are for.

use alloy_consensus::{SignableTransaction as _, TxEnvelope, TypedTransaction};
use alloy_primitives::{Address, B256, Signature, U256};
use alloy_signer::SignerSync as _;
use alloy_signer_local::PrivateKeySigner;
use std::collections::BTreeMap;

/// Known keys, in the order in which `eth_accounts` shows them.
pub struct Wallet {
    order: Vec<Address>,
    keys: BTreeMap<Address, PrivateKeySigner>,
}

impl std::fmt::Debug for Wallet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Wallet").field(&self.order).finish()
    }
}

impl Wallet {
    pub fn new(keys: impl IntoIterator<Item = PrivateKeySigner>) -> Self {
        let keys: Vec<_> = keys.into_iter().map(|key| (key.address(), key)).collect();
        Self {
            order: keys.iter().map(|(address, _)| *address).collect(),
            keys: keys.into_iter().collect(),
        }
    }

    pub fn accounts(&self) -> &[Address] {
        &self.order
    }

    pub fn knows(&self, address: &Address) -> bool {
        self.keys.contains_key(address)
    }

    /// A signature under EIP-191, as `personal_sign` makes it; `None` of an account whose key is not here.
    pub fn sign_message(&self, address: &Address, message: &[u8]) -> Option<Signature> {
        self.keys.get(address)?.sign_message_sync(message).ok()
    }

    /// A signature of a digest as it is.
    pub fn sign_digest(&self, address: &Address, digest: &B256) -> Option<Signature> {
        self.keys.get(address)?.sign_hash_sync(digest).ok()
    }

    /// The signed transaction.
    pub fn sign_transaction(&self, address: &Address, transaction: TypedTransaction) -> Option<TxEnvelope> {
        let signature = self.sign_digest(address, &transaction.signature_hash())?;
        Some(transaction.into_envelope(signature))
    }
}

/// A transaction in the name of an account that did not sign. What stands for the signature is no signature of anyone, and
/// tells transactions of different accounts apart.
pub fn unsigned(address: Address, transaction: TypedTransaction) -> TxEnvelope {
    let stand_in = Signature::new(U256::from_be_slice(address.as_slice()), U256::ONE, false);
    transaction.into_envelope(stand_in)
}
