//! What can go wrong between a client and a node.

use alloy_primitives::{B256, Bytes};
use std::time::Duration;
use thiserror::Error;
use zhengtong_types::VerifyError;

/// geth's code for history that a node has not (any more); see `docs/rpc.md`.
const NOT_KEPT: i32 = 4444;

/// EIP-1474's code for a transaction that is not taken: here, because a quota of gas is used up until the next epoch.
const OVER_QUOTA: i32 = -32003;

/// Why a request gave nothing.
#[derive(Debug, Error)]
pub enum ClientError {
    #[error("\"{url}\" is not a node's address: {reason}")]
    Url { url: String, reason: String },
    #[error("{url} could not be reached in {tries} tries: {reason}")]
    Unreachable { url: String, tries: u32, reason: String },
    #[error("the node refused {method}: {message} (code {code})")]
    Refused {
        method: &'static str,
        code: i32,
        message: String,
    },
    #[error("{message}")]
    Reverted { message: String, output: Bytes },
    #[error("the node's answer to {method} cannot be read: {reason}")]
    Answer { method: &'static str, reason: String },
    #[error("this is the wrong network: {what} should be {expected}, the node has {found}")]
    WrongNetwork {
        what: &'static str,
        expected: String,
        found: String,
    },
    #[error("the node has no {method}: it is not a Zhengtong node and gives no proofs")]
    NoProofs { method: &'static str },
    #[error("the node's answer is not proven: {0}")]
    Unproven(#[from] VerifyError),
    #[error("block {number} follows {found}, not {expected} as seen before")]
    Broken {
        number: u64,
        expected: B256,
        found: B256,
    },
    #[error("transaction {hash} is not final after {waited:?}")]
    NotFinal { hash: B256, waited: Duration },
}

impl ClientError {
    /// Whether the node does not keep blocks as old as the one that was asked for.
    pub const fn is_not_kept(&self) -> bool {
        matches!(self, Self::Refused { code: NOT_KEPT, .. })
    }

    /// Whether the same request may succeed later, with nothing changed.
    pub const fn is_temporary(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::NotFinal { .. }) || self.is_over_quota()
    }

    /// Whether the account, or its class, has no gas left in this epoch.
    pub const fn is_over_quota(&self) -> bool {
        matches!(self, Self::Refused { code: OVER_QUOTA, .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_used_up_quota_is_temporary_and_another_refusal_is_not() {
        let refused = |code| ClientError::Refused {
            method: "eth_sendRawTransaction",
            code,
            message: String::new(),
        };
        assert!(refused(-32003).is_temporary());
        assert!(!refused(-32000).is_temporary());
    }
}
