//! The chain's blocks in the shapes of Ethereum's JSON-RPC.

use alloy_consensus::{Sealed, Transaction as _, TxEnvelope, transaction::Recovered};
use alloy_primitives::U256;
use alloy_rpc_types_eth::{
    Block, BlockTransactions, Header, Log, Transaction, TransactionReceipt, Withdrawals,
};
use zhengtong_chain::SealedBlock;

/// A header with hash and size.
pub(crate) fn header(block: &SealedBlock) -> Header {
    let sealed = Sealed::new_unchecked(block.header.clone(), block.hash);
    Header::from_consensus(sealed, None, Some(U256::from(block.size_bytes)))
}

/// A block with whole transactions, or with their hashes.
pub(crate) fn block(block: &SealedBlock, full: bool) -> Block {
    let count = block.transactions.len();
    let transactions = if full {
        BlockTransactions::Full((0..count).filter_map(|index| transaction(block, index)).collect())
    } else {
        BlockTransactions::Hashes(block.transactions.iter().map(|tx| *tx.tx_hash()).collect())
    };
    Block {
        header: header(block),
        uncles: Vec::new(),
        transactions,
        withdrawals: Some(Withdrawals::default()),
    }
}

/// A transaction of a block. Gas has no price here, whatever the transaction offered.
pub(crate) fn transaction(block: &SealedBlock, index: usize) -> Option<Transaction> {
    Some(Transaction {
        inner: block.transactions.get(index)?.clone(),
        block_hash: Some(block.hash),
        block_number: Some(block.header.number),
        transaction_index: Some(index as u64),
        effective_gas_price: Some(0),
        block_timestamp: Some(block.header.timestamp),
    })
}

/// A transaction that waits for a block.
pub(crate) fn pending(transaction: Recovered<TxEnvelope>) -> Transaction {
    Transaction {
        inner: transaction,
        block_hash: None,
        block_number: None,
        transaction_index: None,
        effective_gas_price: Some(0),
        block_timestamp: None,
    }
}

/// A receipt with where it stands.
pub(crate) fn receipt(block: &SealedBlock, index: usize) -> Option<TransactionReceipt> {
    let transaction = block.transactions.get(index)?;
    let receipt = block.receipts.get(index)?;
    let mut log_index = receipt.first_log as u64;
    let inner = receipt.envelope.clone().map_logs(|log| {
        log_index += 1;
        located(block, index, log_index - 1, log)
    });
    Some(TransactionReceipt {
        inner,
        transaction_hash: *transaction.tx_hash(),
        transaction_index: Some(index as u64),
        block_hash: Some(block.hash),
        block_number: Some(block.header.number),
        gas_used: receipt.gas_used,
        effective_gas_price: 0,
        blob_gas_used: None,
        blob_gas_price: None,
        from: transaction.signer(),
        to: transaction.to(),
        contract_address: receipt.contract,
    })
}

/// The logs of a block that `wanted` accepts.
pub(crate) fn logs<'a>(
    block: &'a SealedBlock,
    wanted: impl Fn(&alloy_primitives::Log) -> bool + 'a,
) -> impl Iterator<Item = Log> + 'a {
    let receipts = block.receipts.iter().enumerate();
    let all = receipts.flat_map(|(index, receipt)| {
        let logs = receipt.envelope.logs().iter().enumerate();
        logs.map(move |(offset, log)| (index, (receipt.first_log + offset) as u64, log))
    });
    all.filter(move |(_, _, log)| wanted(log))
        .map(|(index, at, log)| located(block, index, at, log.clone()))
}

/// A log with where it stands.
pub(crate) fn located(block: &SealedBlock, index: usize, log_index: u64, log: alloy_primitives::Log) -> Log {
    Log {
        inner: log,
        block_hash: Some(block.hash),
        block_number: Some(block.header.number),
        block_timestamp: Some(block.header.timestamp),
        transaction_hash: block.transactions.get(index).map(|tx| *tx.tx_hash()),
        transaction_index: Some(index as u64),
        log_index: Some(log_index),
        removed: false,
    }
}
