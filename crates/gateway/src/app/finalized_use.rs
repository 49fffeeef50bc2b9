//! The gate: data is released against a finalized use record, and against nothing else.

use alloy_primitives::{Address, B256, Bytes, keccak256};
use alloy_sol_types::SolEvent;
use thiserror::Error;
use zhengtong_bindings::uses::Uses::Used;
use zhengtong_types::{VerifiedReceipt, VerifyError};

/// What a use record must say to open the gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExpectedUse {
    /// The one-time tag.
    pub tag: B256,
    /// The case.
    pub case_id: B256,
    /// This organisation.
    pub provider: B256,
    /// The predicates asked for.
    pub mask: u32,
}

/// Proof that one use of data is on record: finalized by the network, in exactly these words.
///
/// The only way to get one is [`FinalizedUse::verify`], from a [`VerifiedReceipt`], which in turn
/// exists only after the network's certificate and the receipt's proof were checked. It is neither
/// `Clone` nor `Copy`: one record, one answer.
///
/// ```compile_fail
/// use zhengtong_gateway::FinalizedUse;
/// let forged = FinalizedUse { expected: todo!(), block_number: 1 };
/// ```
/// ```compile_fail
/// fn twice(once: zhengtong_gateway::FinalizedUse) -> [zhengtong_gateway::FinalizedUse; 2] {
///     [once.clone(), once]
/// }
/// ```
/// ```compile_fail
/// let forged: zhengtong_types::VerifiedReceipt = Default::default();
/// ```
#[derive(Debug)]
pub struct FinalizedUse {
    expected: ExpectedUse,
    block_number: u64,
    transaction: B256,
    consumer: B256,
    sealed: Bytes,
}

/// Why a receipt does not open the gate.
#[derive(Debug, Error)]
pub enum UseError {
    /// The transaction was executed and reverted.
    #[error("the use record was refused by the contract")]
    Reverted,
    /// No such event.
    #[error("the receipt holds no such use record: {0}")]
    Absent(#[from] VerifyError),
    /// An event that cannot be read.
    #[error("the use record cannot be read: {0}")]
    Malformed(#[from] alloy_sol_types::Error),
    /// A record of other predicates.
    #[error("the use record is for predicates {found:#b}, not {expected:#b}")]
    Mask {
        /// Asked for.
        expected: u32,
        /// On record.
        found: u32,
    },
}

impl FinalizedUse {
    /// Reads the use record out of a verified receipt.
    ///
    /// # Errors
    /// The receipt is of a reverted transaction, or holds no record with this tag, case and
    /// provider, or holds one for other predicates.
    pub fn verify(receipt: &VerifiedReceipt, uses: Address, expected: ExpectedUse) -> Result<Self, UseError> {
        if !receipt.succeeded() {
            return Err(UseError::Reverted);
        }
        let topics = [
            Used::SIGNATURE_HASH,
            expected.tag,
            expected.case_id,
            expected.provider,
        ];
        let used = Used::decode_log(receipt.event(uses, &topics)?)?;
        if used.mask != expected.mask {
            return Err(UseError::Mask {
                expected: expected.mask,
                found: used.mask,
            });
        }
        Ok(Self {
            expected,
            block_number: receipt.header().number(),
            transaction: receipt.transaction_hash(),
            consumer: used.consumer,
            sealed: used.data.ciphertext,
        })
    }

    /// The tag.
    pub fn tag(&self) -> B256 {
        self.expected.tag
    }

    /// The case.
    pub fn case_id(&self) -> B256 {
        self.expected.case_id
    }

    /// The predicates that may be answered.
    pub fn mask(&self) -> u32 {
        self.expected.mask
    }

    /// Who learns, as the record says.
    pub fn consumer(&self) -> B256 {
        self.consumer
    }

    /// Hash of the sealed details that the person concerned reads: they name the fields.
    pub fn details(&self) -> B256 {
        keccak256(&self.sealed)
    }

    /// The sealed details themselves.
    pub fn sealed(&self) -> &Bytes {
        &self.sealed
    }

    /// The transaction that holds the record.
    pub fn transaction(&self) -> B256 {
        self.transaction
    }

    /// The block that holds the record.
    pub fn block_number(&self) -> u64 {
        self.block_number
    }
}
