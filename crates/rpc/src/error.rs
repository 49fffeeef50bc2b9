//! Errors as Ethereum's tools expect them: geth's codes and wording first, then what was wrong.

use alloy_primitives::{B256, Bytes, hex};
use alloy_sol_types::decode_revert_reason;
use jsonrpsee::types::{ErrorObjectOwned, error::INVALID_PARAMS_CODE};
use thiserror::Error;
use zhengtong_chain::{SubmitError, ViewError};

/// Code of EIP-1474 for a request beyond a limit.
const LIMIT_EXCEEDED: i32 = -32005;
/// geth's code for anything the request itself could not know.
const SERVER_ERROR: i32 = -32000;
/// Code of EIP-1474 for a method that exists elsewhere.
const UNSUPPORTED: i32 = -32004;
/// Code of EIP-1474 for a node that is starting or stopping: the same request works later.
pub const UNAVAILABLE: i32 = -32002;
/// Code for a fault of the node.
const INTERNAL: i32 = -32603;
/// geth's code for a revert.
const REVERTED: i32 = 3;
/// Code of EIP-7966 for a transaction that was accepted and not yet executed.
const SYNC_TIMEOUT: i32 = 4;

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
    #[error("filter not found")]
    UnknownFilter,
    #[error("transaction {0} is not final, or unknown")]
    UnknownTransaction(B256),
    #[error("{}", revert_message(.0))]
    Reverted(Bytes),
    #[error("{0}")]
    Execution(String),
    #[error("{0}")]
    Refused(String),
    #[error("{0}")]
    Unsupported(&'static str),
    #[error("the transaction was accepted but not executed within {waited_ms} ms")]
    NotYet { hash: B256, waited_ms: u128 },
    #[error("{0}")]
    Unavailable(String),
    #[error("internal error: {0}")]
    Internal(String),
}

fn revert_message(output: &Bytes) -> String {
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
            Self::NotYet { .. } => SYNC_TIMEOUT,
            Self::Unsupported(_) => UNSUPPORTED,
            Self::Unavailable(_) => UNAVAILABLE,
            Self::Internal(_) => INTERNAL,
            Self::UnknownBlock(_)
            | Self::UnknownFilter
            | Self::UnknownTransaction(_)
            | Self::Execution(_)
            | Self::Refused(_) => SERVER_ERROR,
        }
    }

    fn data(&self) -> Option<String> {
        match self {
            Self::Reverted(output) => Some(hex::encode_prefixed(output)),
            Self::NotYet { hash, .. } => Some(hash.to_string()),
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
            ViewError::UnknownBlock { .. } | ViewError::StateGone { .. } => {
                Self::UnknownBlock(error.to_string())
            }
            ViewError::TooManySlots { .. } => Self::Limit(error.to_string()),
            ViewError::Moved => Self::Busy,
            ViewError::Starting | ViewError::Stopping => Self::Unavailable(error.to_string()),
            ViewError::Storage(_) => Self::Internal(error.to_string()),
        }
    }
}

/// Puts the words in front by which wallets and libraries tell refusals apart.
impl From<SubmitError> for RpcError {
    fn from(error: SubmitError) -> Self {
        let prefix = match error {
            SubmitError::TooLarge { .. } => "oversized data: ",
            SubmitError::UnsupportedType(_) => "transaction type not supported: ",
            SubmitError::WrongChain { .. } => "invalid chain id for signer: ",
            SubmitError::BadSignature => "invalid sender: ",
            SubmitError::NonceTaken { .. } => "replacement transaction underpriced: ",
            SubmitError::GasTooLow { .. } => "intrinsic gas too low: ",
            SubmitError::GasTooHigh { .. } => "exceeds block gas limit: ",
            SubmitError::InsufficientFunds { .. } => "insufficient funds for gas * price + value: ",
            SubmitError::InitCodeTooLarge { .. } => "max initcode size exceeded: ",
            SubmitError::SenderIsContract(_) => "sender not an eoa: ",
            SubmitError::PoolFull { .. } => "txpool is full: ",
            SubmitError::Malformed(_)
            | SubmitError::NonceTooLow { .. }
            | SubmitError::NonceTooHigh { .. }
            | SubmitError::AlreadyKnown { .. }
            | SubmitError::AccountFull { .. }
            | SubmitError::Storage(_)
            | SubmitError::Stopping => "",
        };
        let message = format!("{prefix}{error}");
        match error {
            SubmitError::Malformed(_) => Self::Params(message),
            SubmitError::AccountFull { .. } | SubmitError::PoolFull { .. } => Self::Limit(message),
            SubmitError::Storage(_) => Self::Internal(message),
            SubmitError::Stopping => Self::Unavailable(message),
            _ => Self::Refused(message),
        }
    }
}
