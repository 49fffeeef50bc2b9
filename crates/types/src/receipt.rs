//! Receipt proofs: a transaction and its receipt under a finalized header.

use crate::{
    Finality, NetworkKey, Step, VerifiedHeader, VerifyError,
    consensus::MAX_TRANSACTION_BYTES,
    error::{same_hash, within},
    finality::read_receipt,
    limits::MAX_RECEIPT_BYTES,
    trie,
};
use alloy_consensus::ReceiptEnvelope;
use alloy_primitives::{Address, B256, Bytes, Log, keccak256};
use serde::{Deserialize, Serialize};

/// What happened in one transaction, with its proof: the answer of `zhengtong_getReceiptProof`.
///
/// A receipt does not name its transaction, so the transaction is proven at the same index.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReceiptProof {
    pub finality: Finality,
    pub block_number: u64,
    pub transaction_index: u64,
    /// EIP-2718 transaction.
    pub transaction: Bytes,
    /// Trie nodes from `transactionsRoot` to `rlp(transactionIndex)`.
    pub transaction_proof: Vec<Bytes>,
    /// EIP-2718 receipt.
    pub receipt: Bytes,
    /// Trie nodes from `receiptsRoot` to `rlp(transactionIndex)`.
    pub proof: Vec<Bytes>,
}

/// A receipt of a finalized transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedReceipt {
    header: VerifiedHeader,
    transaction_index: u64,
    transaction_hash: B256,
    receipt: ReceiptEnvelope,
}

impl ReceiptProof {
    /// Checks certificate, header, transaction and receipt.
    pub fn verify(&self, key: &NetworkKey) -> Result<VerifiedReceipt, VerifyError> {
        let header = self.finality.verify_block(key, self.block_number)?;
        within(
            Step::Transaction,
            "the transaction's length",
            self.transaction.len(),
            MAX_TRANSACTION_BYTES,
        )?;
        let (root, index) = (header.header().transactions_root, self.transaction_index);
        trie::verify(
            Step::Transaction,
            root,
            index,
            &self.transaction,
            &self.transaction_proof,
        )?;
        within(
            Step::Receipt,
            "the receipt's length",
            self.receipt.len(),
            MAX_RECEIPT_BYTES,
        )?;
        trie::verify(
            Step::Receipt,
            header.header().receipts_root,
            index,
            &self.receipt,
            &self.proof,
        )?;
        Ok(VerifiedReceipt {
            header,
            transaction_index: index,
            transaction_hash: keccak256(&self.transaction),
            receipt: read_receipt(&self.receipt)?,
        })
    }

    /// As [`ReceiptProof::verify`], and the transaction must be the one with this hash.
    pub fn verify_transaction(&self, key: &NetworkKey, hash: B256) -> Result<VerifiedReceipt, VerifyError> {
        let receipt = self.verify(key)?;
        same_hash(
            Step::Transaction,
            "the transaction's hash",
            hash,
            receipt.transaction_hash,
        )?;
        Ok(receipt)
    }
}

impl VerifiedReceipt {
    /// A receipt of a block whose tries were recomputed: [`crate::VerifiedBlock::receipt`] alone may say so.
    pub(crate) const fn of_block(
        header: VerifiedHeader,
        transaction_index: u64,
        transaction_hash: B256,
        receipt: ReceiptEnvelope,
    ) -> Self {
        Self {
            header,
            transaction_index,
            transaction_hash,
            receipt,
        }
    }

    /// The block that holds the transaction.
    pub const fn header(&self) -> &VerifiedHeader {
        &self.header
    }

    pub const fn transaction_hash(&self) -> B256 {
        self.transaction_hash
    }

    pub const fn transaction_index(&self) -> u64 {
        self.transaction_index
    }

    pub const fn receipt(&self) -> &ReceiptEnvelope {
        &self.receipt
    }

    /// Whether the transaction did what it asked; a reverted one leaves no log.
    pub fn succeeded(&self) -> bool {
        self.receipt.status()
    }

    /// The transaction's logs, in order.
    pub fn logs(&self) -> &[Log] {
        self.receipt.logs()
    }

    /// The first log of `contract` whose leading topics are `topics`.
    pub fn event(&self, contract: Address, topics: &[B256]) -> Result<&Log, VerifyError> {
        let matches = |log: &&Log| log.address == contract && log.topics().starts_with(topics);
        self.logs()
            .iter()
            .find(matches)
            .ok_or_else(|| VerifyError::Event {
                what: format!("{} of {contract}", topics.first().copied().unwrap_or_default()),
            })
    }
}
