//! Errors as Ethereum's tools expect them: geth's codes and wording first, then what was wrong.

use alloy_primitives::{B256, Bytes, U64, hex};
use alloy_sol_types::decode_revert_reason;
use jsonrpsee::types::{ErrorObjectOwned, error::INVALID_PARAMS_CODE};
use serde_json::{Value, json};
use thiserror::Error;
use zhengtong_chain::{
    SubmitError, ViewError,
    quota::{Bound, OverQuota},
};
use zhengtong_evm::TransactionError;

/// Code of EIP-1474 for a request beyond a limit.
const LIMIT_EXCEEDED: i32 = -32005;
/// geth's code for anything the request itself could not know.
const SERVER_ERROR: i32 = -32000;
/// Code of EIP-1474 for a transaction that is not taken; libraries do not send it again by themselves.
const REJECTED: i32 = -32003;
/// Code of EIP-1474 for a method that exists elsewhere.
const UNSUPPORTED: i32 = -32004;
/// Code of EIP-1474 for a node that is starting or stopping: the same request works later.
pub const UNAVAILABLE: i32 = -32002;
/// Code for a fault of the node.
const INTERNAL: i32 = -32603;
/// geth's code for a revert.
const REVERTED: i32 = 3;
/// geth's code for history that a node has not (any more).
pub const NOT_KEPT: i32 = 4444;
/// Code of EIP-7966 for a transaction that was accepted and not yet executed.
const SYNC_TIMEOUT: i32 = 4;
/// Code of EIP-7966 for a transaction that has to wait for others; the data is the nonce that would not.
const SYNC_NONCE_GAP: i32 = 6;

/// Why a request was refused.
#[derive(Clone, Debug, Error)]
pub enum RpcError {
    #[error("missing value for required argument {index} ({name})")]
    Missing { index: usize, name: &'static str },
    #[error("invalid argument {index} ({name}): {reason}")]
    Argument {
        index: usize,
        name: &'static str,
        reason: String,
    },
    #[error("too many arguments, want at most {max}")]
    TooMany { max: usize },
    #[error("{0}")]
    Params(String),
    #[error("{0}")]
    Limit(String),
    #[error("the node is busy; ask again later")]
    Busy,
    #[error("header not found: {0}")]
    UnknownBlock(String),
    #[error("historical state is not available: {0}")]
    StateGone(String),
    #[error("pruned history unavailable: {0}")]
    NotKept(String),
    #[error("filter not found")]
    UnknownFilter,
    #[error("transaction {0} is not final, or unknown")]
    UnknownTransaction(B256),
    #[error("{}", revert_message(.0))]
    Reverted(Bytes),
    #[error("{0}")]
    Execution(String),
    #[error("{message}")]
    Simulation { code: i32, message: String },
    #[error("{0}")]
    Refused(String),
    #[error("{0}")]
    Unsupported(&'static str),
    #[error("the transaction was accepted but not executed within {waited_ms} ms")]
    NotYet { hash: B256, waited_ms: u128 },
    #[error("{message}")]
    OverQuota { over: OverQuota, message: String },
    #[error("{message}")]
    NonceGap { expected: u64, message: String },
    #[error("{0}")]
    Unavailable(String),
    #[error("internal error: {0}")]
    Internal(String),
}

/// The words for a revert, with its reason if it has one.
pub(crate) fn revert_message(output: &Bytes) -> String {
    match decode_revert_reason(output) {
        Some(reason) if !output.is_empty() => format!(
            "execution reverted: {}",
            reason.strip_prefix("revert: ").unwrap_or(&reason)
        ),
        _ => "execution reverted".into(),
    }
}

impl RpcError {
    pub(crate) const fn code(&self) -> i32 {
        match self {
            Self::Missing { .. } | Self::Argument { .. } | Self::TooMany { .. } | Self::Params(_) => {
                INVALID_PARAMS_CODE
            }
            Self::Limit(_) | Self::Busy => LIMIT_EXCEEDED,
            Self::Reverted(_) => REVERTED,
            Self::OverQuota { .. } => REJECTED,
            Self::NotYet { .. } => SYNC_TIMEOUT,
            Self::NonceGap { .. } => SYNC_NONCE_GAP,
            Self::Simulation { code, .. } => *code,
            Self::Unsupported(_) => UNSUPPORTED,
            Self::Unavailable(_) => UNAVAILABLE,
            Self::Internal(_) => INTERNAL,
            Self::NotKept(_) => NOT_KEPT,
            Self::UnknownBlock(_)
            | Self::StateGone(_)
            | Self::UnknownFilter
            | Self::UnknownTransaction(_)
            | Self::Execution(_)
            | Self::Refused(_) => SERVER_ERROR,
        }
    }

    fn data(&self) -> Option<Value> {
        match self {
            Self::Reverted(output) => Some(hex::encode_prefixed(output).into()),
            Self::NotYet { hash, .. } => Some(hash.to_string().into()),
            Self::NonceGap { expected, .. } => Some(format!("{expected:#x}").into()),
            Self::OverQuota { over, .. } => Some(json!({
                "of": match over.bound { Bound::Account => "account", Bound::Class => "class" },
                "class": over.class,
                "limit": U64::from(over.limit),
                "used": U64::from(over.used),
                "waiting": U64::from(over.waiting),
                "needed": U64::from(over.needed),
                "nextEpochBlock": U64::from(over.next_epoch_block),
            })),
            _ => None,
        }
    }
}

impl From<RpcError> for ErrorObjectOwned {
    fn from(error: RpcError) -> Self {
        ErrorObjectOwned::owned(error.code(), error.to_string(), error.data())
    }
}

impl From<ViewError> for RpcError {
    fn from(error: ViewError) -> Self {
        match error {
            ViewError::UnknownBlock { .. } => Self::UnknownBlock(error.to_string()),
            ViewError::StateGone { .. } => Self::StateGone(error.to_string()),
            ViewError::NotKept { .. } => Self::NotKept(error.to_string()),
            ViewError::TooManySlots { .. } => Self::Limit(error.to_string()),
            ViewError::Moved => Self::Busy,
            ViewError::NotHere(reason) => Self::Unsupported(reason),
            ViewError::Starting | ViewError::Stopping => Self::Unavailable(error.to_string()),
            ViewError::Storage(_) => Self::Internal(error.to_string()),
        }
    }
}

impl From<SubmitError> for RpcError {
    fn from(error: SubmitError) -> Self {
        let prefix = match &error {
            SubmitError::Transaction(reason) => words(reason),
            SubmitError::NonceTaken { .. } => "replacement transaction underpriced: ",
            SubmitError::InsufficientFunds { .. } => "insufficient funds for gas * price + value: ",
            SubmitError::SenderIsContract(_) => "sender not an eoa: ",
            SubmitError::PoolFull { .. } => "txpool is full: ",
            SubmitError::Quota(_)
            | SubmitError::NonceTooLow { .. }
            | SubmitError::NonceTooHigh { .. }
            | SubmitError::AlreadyKnown { .. }
            | SubmitError::AboveBlock { .. }
            | SubmitError::AccountFull { .. }
            | SubmitError::Storage(_)
            | SubmitError::Stopping => "",
        };
        let message = format!("{prefix}{error}");
        match error {
            SubmitError::Transaction(TransactionError::Malformed(_)) => Self::Params(message),
            SubmitError::AccountFull { .. } | SubmitError::PoolFull { .. } => Self::Limit(message),
            SubmitError::Quota(over) => Self::OverQuota { over, message },
            SubmitError::Storage(_) => Self::Internal(message),
            SubmitError::Stopping => Self::Unavailable(message),
            _ => Self::Refused(message),
        }
    }
}

/// A range that ends before it begins.
pub(crate) fn invalid_range(from: u64, to: u64) -> RpcError {
    RpcError::Params(format!(
        "invalid block range params: fromBlock {from} is after toBlock {to}"
    ))
}

/// geth's words, by which wallets and libraries tell refusals apart.
const fn words(reason: &TransactionError) -> &'static str {
    match reason {
        TransactionError::TooLarge { .. } => "oversized data: ",
        TransactionError::UnsupportedType(_) | TransactionError::Delegation { .. } => {
            "transaction type not supported: "
        }
        TransactionError::NoAuthorizations => "EIP-7702 transaction with empty auth list: ",
        TransactionError::WrongChain { .. } => "invalid chain id for signer: ",
        TransactionError::BadSignature => "invalid sender: ",
        TransactionError::GasTooLow { .. } => "intrinsic gas too low: ",
        TransactionError::GasTooHigh { .. } => "transaction gas limit too high: ",
        TransactionError::InitCodeTooLarge { .. } => "max initcode size exceeded: ",
        TransactionError::FeeOrder => "max priority fee per gas higher than max fee per gas: ",
        TransactionError::NonceOverflow(_) => "nonce has max value: ",
        TransactionError::Malformed(_) => "",
    }
}
