//! From raw bytes to a transaction with a sender: the stateless half of a transaction's checks.

use crate::{Limits, Transaction, TransactionRules, rules::FORK};
use alloy_consensus::{
    Transaction as _, TxEnvelope, Typed2718 as _,
    transaction::{Recovered, SignerRecoverable as _},
};
use alloy_eips::eip2718::{Decodable2718 as _, Encodable2718 as _};
use alloy_primitives::{Address, Bytes};
use rayon::prelude::*;
use revm::context_interface::cfg::gas::calculate_initial_tx_gas;
use revm::primitives::{eip3860::MAX_INITCODE_SIZE, eip7825::TX_GAS_LIMIT_CAP};
use thiserror::Error;
use zhengtong_ecrecover::{LANES, recover_signers};
use zhengtong_types::consensus::MAX_TRANSACTION_BYTES;

/// Most gas one transaction may ask for (EIP-7825).
pub const MAX_TRANSACTION_GAS: u64 = TX_GAS_LIMIT_CAP;

/// Why raw bytes are not a transaction that this chain can execute, whatever its state.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum TransactionError {
    #[error("transaction is {got} bytes, more than {MAX_TRANSACTION_BYTES}")]
    TooLarge { got: usize },
    #[error("transaction does not decode: {0}")]
    Malformed(String),
    #[error(
        "transaction type {0} is not accepted here; use 0, 1 or 2, or 4 where the network allows delegations"
    )]
    UnsupportedType(u8),
    #[error("authorization {index} delegates to {target}, which is not on this network's list (EIP-7702)")]
    Delegation { index: usize, target: Address },
    #[error("it has no authorizations (EIP-7702)")]
    NoAuthorizations,
    #[error("{}, expected {expected} (EIP-155)", chain_words(*.got))]
    WrongChain { got: Option<u64>, expected: u64 },
    #[error("invalid signature")]
    BadSignature,
    #[error("gas limit {got} is below the transaction's own cost {needed}")]
    GasTooLow { got: u64, needed: u64 },
    #[error("gas limit {got} is more than {MAX_TRANSACTION_GAS}")]
    GasTooHigh { got: u64 },
    #[error("creation code is {got} bytes, more than {max} (EIP-3860)")]
    InitCodeTooLarge { got: usize, max: usize },
    #[error("priority fee is greater than max fee")]
    FeeOrder,
    #[error("nonce {0} can never be used")]
    NonceOverflow(u64),
}

fn chain_words(got: Option<u64>) -> String {
    got.map_or_else(|| "it has no chain id".into(), |id| format!("chain id is {id}"))
}

/// Decodes raw EIP-2718 bytes and checks everything that depends on neither signature nor state.
pub fn decode(raw: &[u8], rules: &TransactionRules) -> Result<TxEnvelope, TransactionError> {
    if raw.len() > MAX_TRANSACTION_BYTES {
        return Err(TransactionError::TooLarge { got: raw.len() });
    }
    match raw.first() {
        None => return Err(TransactionError::Malformed("it is empty".into())),
        Some(0) => {
            let reason = "it begins with 0; a legacy one is an RLP list without a byte for its type";
            return Err(TransactionError::Malformed(reason.into()));
        }
        Some(&kind @ (3 | 5..=0xbf)) => return Err(TransactionError::UnsupportedType(kind)),
        Some(_) => {}
    }
    let envelope = TxEnvelope::decode_2718_exact(raw)
        .map_err(|source| TransactionError::Malformed(source.to_string()))?;
    if envelope.encoded_2718() != raw {
        return Err(TransactionError::Malformed(
            "it is not canonically encoded".into(),
        ));
    }
    check(&envelope, rules)?;
    Ok(envelope)
}

/// Checks of a transaction what depends on neither signature nor state.
pub fn check(envelope: &TxEnvelope, rules: &TransactionRules) -> Result<(), TransactionError> {
    if !matches!(envelope.ty(), 0..=2 | 4) {
        return Err(TransactionError::UnsupportedType(envelope.ty()));
    }
    check_delegations(envelope, rules)?;
    if envelope.chain_id() != Some(rules.chain_id) {
        return Err(TransactionError::WrongChain {
            got: envelope.chain_id(),
            expected: rules.chain_id,
        });
    }
    if rules.limits == Limits::Osaka {
        check_limits(envelope)?;
    }
    let needed = intrinsic_gas(envelope);
    if envelope.gas_limit() < needed {
        return Err(TransactionError::GasTooLow {
            got: envelope.gas_limit(),
            needed,
        });
    }
    if envelope
        .max_priority_fee_per_gas()
        .is_some_and(|tip| tip > envelope.max_fee_per_gas())
    {
        return Err(TransactionError::FeeOrder);
    }
    if envelope.nonce() == u64::MAX {
        return Err(TransactionError::NonceOverflow(envelope.nonce()));
    }
    Ok(())
}

fn check_delegations(envelope: &TxEnvelope, rules: &TransactionRules) -> Result<(), TransactionError> {
    let Some(authorizations) = envelope.authorization_list() else {
        return Ok(());
    };
    if rules.delegations.is_off() {
        return Err(TransactionError::UnsupportedType(envelope.ty()));
    }
    if authorizations.is_empty() {
        return Err(TransactionError::NoAuthorizations);
    }
    let mut targets = authorizations.iter().map(|authorization| authorization.address);
    match targets.position(|target| !rules.delegations.admits(&target)) {
        Some(index) => Err(TransactionError::Delegation {
            index,
            target: authorizations[index].address,
        }),
        None => Ok(()),
    }
}

fn check_limits(envelope: &TxEnvelope) -> Result<(), TransactionError> {
    if envelope.gas_limit() > MAX_TRANSACTION_GAS {
        return Err(TransactionError::GasTooHigh {
            got: envelope.gas_limit(),
        });
    }
    if envelope.is_create() && envelope.input().len() > MAX_INITCODE_SIZE {
        return Err(TransactionError::InitCodeTooLarge {
            got: envelope.input().len(),
            max: MAX_INITCODE_SIZE,
        });
    }
    Ok(())
}

/// Gas a transaction costs before its first instruction, with the calldata floor of EIP-7623.
pub fn intrinsic_gas(envelope: &TxEnvelope) -> u64 {
    let (accounts, slots) = envelope.access_list().map_or((0, 0), |list| {
        (
            list.len() as u64,
            list.iter().map(|item| item.storage_keys.len() as u64).sum(),
        )
    });
    let gas = calculate_initial_tx_gas(
        FORK,
        envelope.input(),
        envelope.is_create(),
        accounts,
        slots,
        envelope.authorization_list().map_or(0, |list| list.len() as u64),
        None,
    );
    gas.initial_total_gas().max(gas.floor_gas())
}

/// Recovers the sender (low `s` only, EIP-2).
pub fn recover(envelope: TxEnvelope) -> Result<Transaction, TransactionError> {
    let sender = envelope
        .recover_signer()
        .map_err(|_| TransactionError::BadSignature)?;
    Ok(Recovered::new_unchecked(envelope, sender))
}

/// Decodes and recovers several together, which takes less than one after the other.
pub fn recover_together(
    raws: &[Bytes],
    rules: &TransactionRules,
) -> Vec<Result<Transaction, TransactionError>> {
    let envelopes: Vec<_> = raws.iter().map(|raw| decode(raw, rules)).collect();
    let signed: Vec<_> = envelopes
        .iter()
        .flatten()
        .map(|envelope| (*envelope.signature(), envelope.signature_hash()))
        .collect();
    let mut senders = recover_signers(&signed).into_iter();
    let mut with_sender = |envelope| {
        let sender = senders.next().flatten().ok_or(TransactionError::BadSignature)?;
        Ok(Recovered::new_unchecked(envelope, sender))
    };
    envelopes
        .into_iter()
        .map(|envelope| envelope.and_then(&mut with_sender))
        .collect()
}

/// As [`recover_together`], of many on all cores; the error names the index of the first that fails. Those that are `known`
/// were recovered before, and are not again.
pub fn recover_all(
    raws: &[Bytes],
    rules: &TransactionRules,
    known: impl Fn(&Bytes) -> Option<Transaction> + Sync,
) -> Result<Vec<Transaction>, (usize, TransactionError)> {
    let mut transactions: Vec<_> = raws.par_iter().map(&known).collect();
    let unknown: Vec<usize> = (0..raws.len())
        .filter(|index| transactions[*index].is_none())
        .collect();
    let groups: Vec<_> = unknown
        .par_chunks(LANES)
        .map(|group| {
            let raws: Vec<_> = group.iter().map(|index| raws[*index].clone()).collect();
            recover_together(&raws, rules)
        })
        .collect();
    for (index, transaction) in unknown.into_iter().zip(groups.into_iter().flatten()) {
        transactions[index] = Some(transaction.map_err(|source| (index, source))?);
    }
    Ok(transactions.into_iter().flatten().collect())
}
