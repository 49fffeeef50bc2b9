//! What a failed check says: the step, and what differed.

use alloy_primitives::B256;
use std::fmt;
use thiserror::Error;

/// The steps of a verification, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// The threshold signature over the certified block's hash.
    Certificate,
    /// The certified header and its parents, down to the block asked for.
    Headers,
    /// The transaction under the header's `transactionsRoot`.
    Transaction,
    /// The receipt under the header's `receiptsRoot`.
    Receipt,
    /// The account under the header's `stateRoot`.
    Account,
    /// The storage slots under the header's `stateRoot`.
    Slot,
    /// The event looked for in a verified receipt.
    Event,
}

impl Step {
    /// The name used in `docs/proofs.md` and by the portal's verifier.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Certificate => "certificate",
            Self::Headers => "headers",
            Self::Transaction => "transaction",
            Self::Receipt => "receipt",
            Self::Account => "account",
            Self::Slot => "slot",
            Self::Event => "event",
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Why something was not believed.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum VerifyError {
    #[error("{step}: {what} is {size}, more than {limit}")]
    TooLarge {
        step: Step,
        what: &'static str,
        size: usize,
        limit: usize,
    },
    #[error("{step}: {what} cannot be read: {reason}")]
    Malformed {
        step: Step,
        what: &'static str,
        reason: String,
    },
    #[error("certificate: the signature over block {block} is not the network's")]
    Signature { block: B256 },
    #[error("{step}: {what} should be {expected}, is {found}")]
    Hash {
        step: Step,
        what: &'static str,
        expected: B256,
        found: B256,
    },
    #[error("{step}: {what} should be {expected}, is {found}")]
    Number {
        step: Step,
        what: &'static str,
        expected: u64,
        found: u64,
    },
    #[error("{step}: the proof does not lead to root {root}: {reason}")]
    Proof { step: Step, root: B256, reason: String },
    #[error("event: {what} is not among the receipt's logs")]
    Event { what: String },
}

impl VerifyError {
    /// The step that failed.
    pub const fn step(&self) -> Step {
        match self {
            Self::TooLarge { step, .. }
            | Self::Malformed { step, .. }
            | Self::Hash { step, .. }
            | Self::Number { step, .. }
            | Self::Proof { step, .. } => *step,
            Self::Signature { .. } => Step::Certificate,
            Self::Event { .. } => Step::Event,
        }
    }

    /// The kind of failure, as the portal's verifier names it: `too-large`, `malformed`, `signature`, `mismatch`,
    /// `proof` or `absent`.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "too-large",
            Self::Malformed { .. } => "malformed",
            Self::Signature { .. } => "signature",
            Self::Hash { .. } | Self::Number { .. } => "mismatch",
            Self::Proof { .. } => "proof",
            Self::Event { .. } => "absent",
        }
    }

    pub(crate) fn malformed(step: Step, what: &'static str, reason: impl fmt::Display) -> Self {
        Self::Malformed {
            step,
            what,
            reason: reason.to_string(),
        }
    }
}

/// Refuses `size` above `limit`.
pub(crate) const fn within(
    step: Step,
    what: &'static str,
    size: usize,
    limit: usize,
) -> Result<(), VerifyError> {
    if size > limit {
        Err(VerifyError::TooLarge {
            step,
            what,
            size,
            limit,
        })
    } else {
        Ok(())
    }
}

/// Refuses two different hashes.
pub(crate) fn same_hash(
    step: Step,
    what: &'static str,
    expected: B256,
    found: B256,
) -> Result<(), VerifyError> {
    if expected == found {
        Ok(())
    } else {
        Err(VerifyError::Hash {
            step,
            what,
            expected,
            found,
        })
    }
}

/// Refuses two different numbers.
pub(crate) const fn same_number(
    step: Step,
    what: &'static str,
    expected: u64,
    found: u64,
) -> Result<(), VerifyError> {
    if expected == found {
        Ok(())
    } else {
        Err(VerifyError::Number {
            step,
            what,
            expected,
            found,
        })
    }
}
