//! Receipts as `receiptsRoot` commits to them.

use crate::Transaction;
use alloy_consensus::{Receipt, ReceiptEnvelope, ReceiptWithBloom, Transaction as _, TxType};
use alloy_primitives::{Address, Bloom, Log};

/// A receipt, and what Ethereum's JSON-RPC adds to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransactionReceipt {
    pub envelope: ReceiptEnvelope,
    /// Gas of this transaction alone.
    pub gas_used: u64,
    /// Address of the contract that the transaction created.
    pub contract: Option<Address>,
    /// Index of the transaction's first log in the block.
    pub first_log: usize,
}

/// Builds the receipt of a transaction from the parts that execution or a store has.
pub fn receipt_from_parts(
    transaction: &Transaction,
    success: bool,
    gas_used: u64,
    cumulative_gas_used: u64,
    logs: Vec<Log>,
    first_log: usize,
) -> TransactionReceipt {
    let receipt = ReceiptWithBloom {
        logs_bloom: logs.iter().collect::<Bloom>(),
        receipt: Receipt {
            status: success.into(),
            cumulative_gas_used,
            logs,
        },
    };
    let envelope = match transaction.tx_type() {
        TxType::Eip2930 => ReceiptEnvelope::Eip2930(receipt),
        TxType::Eip1559 => ReceiptEnvelope::Eip1559(receipt),
        TxType::Eip4844 => ReceiptEnvelope::Eip4844(receipt),
        TxType::Eip7702 => ReceiptEnvelope::Eip7702(receipt),
        TxType::Legacy => ReceiptEnvelope::Legacy(receipt),
    };
    let created = success && transaction.is_create();
    let contract = created.then(|| transaction.signer().create(transaction.nonce()));
    TransactionReceipt {
        envelope,
        gas_used,
        contract,
        first_log,
    }
}
