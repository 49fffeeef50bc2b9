//! Finality: a certificate over one block's hash, and the headers from that block down to another.

use crate::{
    NAMESPACE, NetworkKey, Step, VerifyError,
    consensus::{Digest, Finalization, MAX_BLOCK_TRANSACTIONS, MAX_BODY_BYTES},
    error::{same_hash, same_number, within},
    header::{Extra, MAX_HEADER_BYTES, decode_header, hash_of, timestamp_ms},
    limits::{MAX_BLOCK_RECEIPT_BYTES, MAX_CERTIFICATE_BYTES, MAX_HEADERS},
    receipt::VerifiedReceipt,
    trie,
};
use alloy_consensus::{Header, ReceiptEnvelope};
use alloy_eips::Decodable2718 as _;
use alloy_primitives::{B256, Bytes, keccak256};
use commonware_codec::{Copying, DecodeExt as _, Encode as _};
use commonware_consensus::simplex::{scheme::Namespace, types::Proposal};
use commonware_cryptography::bls12381::primitives::{
    ops::verify_message,
    variant::{MinSig, Variant},
};
use serde::{Deserialize, Serialize};

/// Why a block should be believed: the answer of `zhengtong_getFinalization`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finality {
    /// The engine's encoded finalization: epoch, view, parent view (varints), block hash (32), signature (48).
    pub certificate: Bytes,
    /// RLP headers: the certified one, its parent, and so on down to the block asked for.
    pub headers: Vec<Bytes>,
}

/// A header that the network's validators have finalized.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedHeader {
    header: Header,
    hash: B256,
    extra: Extra,
}

impl VerifiedHeader {
    pub const fn header(&self) -> &Header {
        &self.header
    }

    pub const fn hash(&self) -> B256 {
        self.hash
    }

    pub const fn number(&self) -> u64 {
        self.header.number
    }

    /// Time of the block in milliseconds since the Unix epoch.
    pub fn time_ms(&self) -> u64 {
        timestamp_ms(&self.header, &self.extra)
    }

    /// The header's consensus part.
    pub const fn extra(&self) -> &Extra {
        &self.extra
    }
}

impl Finality {
    /// Checks certificate, certified header and parent links, and returns the last header.
    pub fn verify(&self, key: &NetworkKey) -> Result<VerifiedHeader, VerifyError> {
        let certified = verify_certificate(key, &self.certificate)?;
        within(
            Step::Headers,
            "the number of headers",
            self.headers.len(),
            MAX_HEADERS,
        )?;
        let (mut expected, mut what) = (certified, "the certified header's hash");
        let mut last: Option<VerifiedHeader> = None;
        for rlp in &self.headers {
            let next = read_header(rlp)?;
            same_hash(Step::Headers, what, expected, next.hash)?;
            if let Some(child) = &last {
                let parent = child.number().checked_sub(1).ok_or_else(|| {
                    VerifyError::malformed(Step::Headers, "the list of headers", "it goes on behind block 0")
                })?;
                same_number(Step::Headers, "a parent's number", parent, next.number())?;
            }
            (expected, what) = (next.header.parent_hash, "a parent's hash");
            last = Some(next);
        }
        last.ok_or_else(|| VerifyError::malformed(Step::Headers, "the list of headers", "it is empty"))
    }

    /// As [`Finality::verify`], and the last header must be block `number`.
    pub fn verify_block(&self, key: &NetworkKey, number: u64) -> Result<VerifiedHeader, VerifyError> {
        let header = self.verify(key)?;
        same_number(Step::Headers, "the block's number", number, header.number())?;
        Ok(header)
    }
}

/// Checks a certificate and returns the hash of the block it finalizes.
fn verify_certificate(key: &NetworkKey, certificate: &[u8]) -> Result<B256, VerifyError> {
    within(
        Step::Certificate,
        "the certificate's length",
        certificate.len(),
        MAX_CERTIFICATE_BYTES,
    )?;
    let malformed = |reason: String| VerifyError::Malformed {
        step: Step::Certificate,
        what: "the certificate",
        reason,
    };
    let finalization = Finalization::decode(Copying(certificate)).map_err(|e| malformed(e.to_string()))?;
    let proposal: &Proposal<Digest> = &finalization.proposal;
    let block = hash_of(&proposal.payload);
    let signature: &<MinSig as Variant>::Signature = finalization
        .certificate
        .get()
        .ok_or_else(|| malformed("the signature is not a point of G1".into()))?;
    verify_message::<MinSig>(
        key.public(),
        &Namespace::new(NAMESPACE).finalize,
        &proposal.encode(),
        signature,
    )
    .map_err(|_| VerifyError::Signature { block })?;
    Ok(block)
}

fn read_header(rlp: &[u8]) -> Result<VerifiedHeader, VerifyError> {
    within(Step::Headers, "a header's length", rlp.len(), MAX_HEADER_BYTES)?;
    let header = decode_header(rlp).map_err(|e| VerifyError::malformed(Step::Headers, "a header", e))?;
    let extra = Extra::decode(&header.extra_data)
        .map_err(|e| VerifyError::malformed(Step::Headers, "extraData", e))?;
    Ok(VerifiedHeader {
        header,
        hash: keccak256(rlp),
        extra,
    })
}

/// A whole block with its receipts: the answer of `zhengtong_getFinalizedBlock`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FinalizedBlock {
    pub finality: Finality,
    /// EIP-2718 transactions, in order.
    pub transactions: Vec<Bytes>,
    /// EIP-2718 receipts, in order.
    pub receipts: Vec<Bytes>,
}

/// A finalized block with every transaction and every receipt it commits to: nothing is missing and nothing added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedBlock {
    header: VerifiedHeader,
    transactions: Vec<Bytes>,
    receipts: Vec<(B256, ReceiptEnvelope)>,
}

impl FinalizedBlock {
    /// Checks finality, that the block is `number`, and recomputes both tries from all their entries.
    pub fn verify(self, key: &NetworkKey, number: u64) -> Result<VerifiedBlock, VerifyError> {
        let header = self.finality.verify_block(key, number)?;
        let count = self.transactions.len();
        within(
            Step::Transaction,
            "the number of transactions",
            count,
            MAX_BLOCK_TRANSACTIONS,
        )?;
        let bytes = self.transactions.iter().map(|item| item.len()).sum();
        within(
            Step::Transaction,
            "the length of the transactions",
            bytes,
            MAX_BODY_BYTES,
        )?;
        let bytes = self.receipts.iter().map(|item| item.len()).sum();
        within(
            Step::Receipt,
            "the length of the receipts",
            bytes,
            MAX_BLOCK_RECEIPT_BYTES,
        )?;
        same_number(
            Step::Receipt,
            "the number of receipts",
            count as u64,
            self.receipts.len() as u64,
        )?;
        let root = trie::ordered_root(&self.transactions);
        same_hash(
            Step::Transaction,
            "the transactions' root",
            header.header.transactions_root,
            root,
        )?;
        let root = trie::ordered_root(&self.receipts);
        same_hash(
            Step::Receipt,
            "the receipts' root",
            header.header.receipts_root,
            root,
        )?;
        let receipts = self.transactions.iter().zip(&self.receipts);
        let receipts =
            receipts.map(|(transaction, receipt)| Ok((keccak256(transaction), read_receipt(receipt)?)));
        let receipts = receipts.collect::<Result<_, VerifyError>>()?;
        Ok(VerifiedBlock {
            header,
            transactions: self.transactions,
            receipts,
        })
    }
}

impl VerifiedBlock {
    pub const fn header(&self) -> &VerifiedHeader {
        &self.header
    }

    pub const fn number(&self) -> u64 {
        self.header.number()
    }

    /// EIP-2718 transactions, in order.
    pub fn transactions(&self) -> &[Bytes] {
        &self.transactions
    }

    /// Every receipt with the hash of its transaction, in order.
    pub fn receipts(&self) -> &[(B256, ReceiptEnvelope)] {
        &self.receipts
    }

    /// The receipt at a place, on its own: what a [`crate::ReceiptProof`] of the same transaction proves.
    pub fn receipt(&self, index: usize) -> Option<VerifiedReceipt> {
        let (hash, receipt) = self.receipts.get(index)?;
        Some(VerifiedReceipt::of_block(
            self.header.clone(),
            index as u64,
            *hash,
            receipt.clone(),
        ))
    }
}

pub(crate) fn read_receipt(bytes: &[u8]) -> Result<ReceiptEnvelope, VerifyError> {
    let mut rest = bytes;
    let receipt = ReceiptEnvelope::decode_2718(&mut rest)
        .map_err(|e| VerifyError::malformed(Step::Receipt, "the receipt", e))?;
    if rest.is_empty() {
        Ok(receipt)
    } else {
        Err(VerifyError::malformed(
            Step::Receipt,
            "the receipt",
            "bytes follow it",
        ))
    }
}
