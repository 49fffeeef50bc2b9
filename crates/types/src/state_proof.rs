//! State proofs: an account and slots under a finalized header's `stateRoot`, present or provably absent.
//!
//! The root is that of QMDB's `current::ordered` database over a Merkle mountain range with SHA-256 and 32-byte bitmap
//! chunks. This file and the crate `state` are the only ones that know it.

use crate::{
    Finality, NetworkKey, Step, VerifiedHeader, VerifyError,
    error::{same_hash, within},
    limits::{MAX_STATE_DIGESTS, MAX_STATE_KEY_PROOF_BYTES, MAX_STATE_SLOTS},
};
use alloy_primitives::{Address, B256, Bytes, KECCAK256_EMPTY, U256};
use commonware_codec::{Copying, Decode as _};
use commonware_cryptography::{Hasher as _, Sha256, sha256::Digest};
use commonware_storage::{
    merkle::mmr,
    qmdb::{any::value::FixedEncoding, current::ordered::proof::constant},
};
use commonware_utils::sequence::FixedBytes;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Length of a stored value in bytes.
pub const VALUE_BYTES: usize = 72;
/// Length of a chunk of the activity bitmap in bytes.
pub const CHUNK_BYTES: usize = 32;
/// A value as it is stored.
pub type Value = FixedBytes<VALUE_BYTES>;
/// Proves that a key has a value.
pub type InclusionProof = constant::KeyValueProof<mmr::Family, Digest, Digest, CHUNK_BYTES>;
/// Proves that a key has none.
pub type ExclusionProof =
    constant::ExclusionProof<mmr::Family, Digest, FixedEncoding<Value>, Digest, CHUNK_BYTES>;

/// Where an account is stored: `sha256("a" ‖ address)`.
pub fn account_key(address: Address) -> B256 {
    B256::from_slice(&Sha256::hash(&[b"a", address.as_slice()]))
}

/// Where a slot is stored: `sha256("s" ‖ address ‖ slot)`.
pub fn slot_key(address: Address, slot: B256) -> B256 {
    B256::from_slice(&Sha256::hash(&[b"s", address.as_slice(), slot.as_slice()]))
}

/// An account and some of its slots with their proofs: the answer of `zhengtong_getStateProof`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StateProof {
    pub finality: Finality,
    pub block_number: u64,
    pub address: Address,
    pub account: StateEntry,
    pub slots: Vec<SlotEntry>,
}

/// One key of the state database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateEntry {
    pub key: B256,
    /// The 72 stored bytes, or `null` when the key is absent.
    pub value: Option<Bytes>,
    pub proof: KeyProof,
}

/// One storage slot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlotEntry {
    pub slot: B256,
    #[serde(flatten)]
    pub entry: StateEntry,
}

/// The database's encoded proof.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyProof {
    pub kind: ProofKind,
    pub data: Bytes,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ProofKind {
    /// An encoded [`InclusionProof`].
    Inclusion,
    /// An encoded [`ExclusionProof`].
    Exclusion,
}

/// An account at a finalized block; an absent one has nonce 0, balance 0 and no code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VerifiedAccount {
    exists: bool,
    nonce: u64,
    balance: U256,
    code_hash: B256,
}

/// An account and slots at a finalized block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedState {
    header: VerifiedHeader,
    address: Address,
    account: VerifiedAccount,
    slots: BTreeMap<B256, B256>,
}

impl StateProof {
    /// Checks certificate, header, account and every slot.
    pub fn verify(&self, key: &NetworkKey) -> Result<VerifiedState, VerifyError> {
        let header = self.finality.verify_block(key, self.block_number)?;
        let root = header.header().state_root;
        within(
            Step::Slot,
            "the number of slots",
            self.slots.len(),
            MAX_STATE_SLOTS,
        )?;
        let stored = self
            .account
            .verify(Step::Account, account_key(self.address), root)?;
        let account = stored
            .as_ref()
            .map_or(VerifiedAccount::ABSENT, VerifiedAccount::read);
        let mut slots = BTreeMap::new();
        for SlotEntry { slot, entry } in &self.slots {
            let stored = entry.verify(Step::Slot, slot_key(self.address, *slot), root)?;
            slots.insert(
                *slot,
                stored.as_ref().map(read_slot).transpose()?.unwrap_or_default(),
            );
        }
        Ok(VerifiedState {
            header,
            address: self.address,
            account,
            slots,
        })
    }
}

impl StateEntry {
    fn verify(&self, step: Step, key: B256, root: B256) -> Result<Option<[u8; VALUE_BYTES]>, VerifyError> {
        same_hash(step, "the key", key, self.key)?;
        within(
            step,
            "the proof's length",
            self.proof.data.len(),
            MAX_STATE_KEY_PROOF_BYTES,
        )?;
        let malformed = |e: commonware_codec::Error| VerifyError::malformed(step, "the proof", e);
        let (key, digest) = (Digest::from(key.0), Digest::from(root.0));
        let (value, holds) = match (self.proof.kind, &self.value) {
            (ProofKind::Inclusion, Some(value)) => {
                let value: [u8; VALUE_BYTES] = value.as_ref().try_into().map_err(|_| {
                    VerifyError::malformed(
                        step,
                        "the value",
                        format!("{} bytes, not {VALUE_BYTES}", value.len()),
                    )
                })?;
                let cfg = (MAX_STATE_DIGESTS, ());
                let proof = InclusionProof::decode_cfg(Copying(&self.proof.data), &cfg).map_err(malformed)?;
                let holds = proof.verify::<Sha256, FixedEncoding<Value>>(key, Value::new(value), &digest);
                (Some(value), holds)
            }
            (ProofKind::Exclusion, None) => {
                let cfg = (MAX_STATE_DIGESTS, (), ());
                let proof = ExclusionProof::decode_cfg(Copying(&self.proof.data), &cfg).map_err(malformed)?;
                (None, proof.verify::<Sha256>(&key, &digest))
            }
            (ProofKind::Inclusion, None) => {
                return Err(VerifyError::malformed(
                    step,
                    "the entry",
                    "a proof of inclusion without a value",
                ));
            }
            (ProofKind::Exclusion, Some(_)) => {
                return Err(VerifyError::malformed(
                    step,
                    "the entry",
                    "a proof of exclusion with a value",
                ));
            }
        };
        let reason = if value.is_some() {
            "the key does not have this value"
        } else {
            "the key is not absent"
        };
        if holds {
            Ok(value)
        } else {
            Err(VerifyError::Proof {
                step,
                root,
                reason: reason.into(),
            })
        }
    }
}

/// A stored slot: the value and 40 zero bytes. A slot that is zero is not stored.
fn read_slot(stored: &[u8; VALUE_BYTES]) -> Result<B256, VerifyError> {
    let (value, padding) = stored.split_at(32);
    if padding.iter().any(|byte| *byte != 0) {
        return Err(VerifyError::malformed(
            Step::Slot,
            "the value",
            "its last 40 bytes are not zero",
        ));
    }
    Ok(B256::from_slice(value))
}

impl VerifiedAccount {
    const ABSENT: Self = Self {
        exists: false,
        nonce: 0,
        balance: U256::ZERO,
        code_hash: KECCAK256_EMPTY,
    };

    fn read(stored: &[u8; VALUE_BYTES]) -> Self {
        let mut nonce = [0; 8];
        nonce.copy_from_slice(&stored[..8]);
        Self {
            exists: true,
            nonce: u64::from_be_bytes(nonce),
            balance: U256::from_be_slice(&stored[8..40]),
            code_hash: B256::from_slice(&stored[40..]),
        }
    }

    pub const fn exists(&self) -> bool {
        self.exists
    }

    pub const fn nonce(&self) -> u64 {
        self.nonce
    }

    pub const fn balance(&self) -> U256 {
        self.balance
    }

    pub const fn code_hash(&self) -> B256 {
        self.code_hash
    }
}

impl VerifiedState {
    pub const fn header(&self) -> &VerifiedHeader {
        &self.header
    }

    pub const fn address(&self) -> Address {
        self.address
    }

    pub const fn account(&self) -> &VerifiedAccount {
        &self.account
    }

    /// The slot's value, zero when it is provably absent; `None` when it was not asked for.
    pub fn slot(&self, slot: B256) -> Option<B256> {
        self.slots.get(&slot).copied()
    }

    pub const fn slots(&self) -> &BTreeMap<B256, B256> {
        &self.slots
    }
}
