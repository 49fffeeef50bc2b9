//! Failures in the words by which wallets and libraries recognise the cause.

use crate::RpcError;
use zhengtong_chain::ViewError;
use zhengtong_evm::{ExecuteError, HaltReason, InvalidTransaction as Invalid};

/// Why a call was not executed.
pub(crate) fn execute_error(error: ExecuteError<ViewError>) -> RpcError {
    match error {
        ExecuteError::Database(error) => error.into(),
        ExecuteError::Internal(error) => RpcError::Internal(error),
        ExecuteError::NoRoom { .. } => RpcError::Execution(error.to_string()),
        ExecuteError::Invalid(reason) => RpcError::Execution(invalid_message(&reason)),
    }
}

/// In the words by which wallets recognise the cause.
pub(crate) fn invalid_message(reason: &Invalid) -> String {
    match reason {
        Invalid::LackOfFundForMaxFee { fee, balance } => {
            format!("insufficient funds for gas * price + value: have {balance} want {fee}")
        }
        Invalid::CallGasCostMoreThanGasLimit { .. } | Invalid::GasFloorMoreThanGasLimit { .. } => {
            format!("intrinsic gas too low: {reason}")
        }
        Invalid::CreateInitCodeSizeLimit => "max initcode size exceeded".into(),
        _ => reason.to_string(),
    }
}

/// Why execution stopped.
pub(crate) fn halt_message(reason: &HaltReason) -> String {
    match reason {
        HaltReason::OutOfGas(_) => "out of gas".into(),
        HaltReason::OpcodeNotFound | HaltReason::InvalidFEOpcode => "invalid opcode".into(),
        HaltReason::InvalidJump => "invalid jump destination".into(),
        HaltReason::StackUnderflow => "stack underflow".into(),
        HaltReason::StackOverflow => "stack limit reached 1024 (1023)".into(),
        HaltReason::CallNotAllowedInsideStatic | HaltReason::StateChangeDuringStaticCall => {
            "write protection".into()
        }
        HaltReason::OutOfOffset => "return data out of bounds".into(),
        HaltReason::CreateCollision => "contract address collision".into(),
        HaltReason::CreateContractSizeLimit => "max code size exceeded".into(),
        HaltReason::CreateContractStartingWithEF => "invalid code: must not begin with 0xef".into(),
        HaltReason::CreateInitCodeSizeLimit => "max initcode size exceeded".into(),
        HaltReason::CallTooDeep => "max call depth exceeded".into(),
        HaltReason::OutOfFunds => "insufficient balance for transfer".into(),
        HaltReason::NonceOverflow => "nonce uint64 overflow".into(),
        other => format!("execution stopped: {other:?}"),
    }
}
