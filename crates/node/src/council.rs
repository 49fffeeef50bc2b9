//! Who governs a network's contracts, as plan and network file say it.

use alloy_primitives::Address;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use thiserror::Error;
use zhengtong_chain::{CouncilTerms, Governance};

/// Most members of a council; the limit of the contract `Council`, and of what fits into a genesis.
pub const MAX_MEMBERS: usize = 100;
/// Seconds that a vote may last at least and at most.
pub const VOTING_PERIOD_S: std::ops::RangeInclusive<u64> = 60..=90 * 24 * 3600;
/// Most seconds between a carried proposal and its execution.
pub const MAX_EXECUTION_DELAY_S: u64 = 30 * 24 * 3600;

/// A key, in JSON its address; or members who vote, in JSON an object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum CouncilFile {
    /// Whoever has this key decides alone.
    Key(Address),
    /// The contract `Council` of these members decides.
    Members(MembersFile),
}

/// A council of members.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MembersFile {
    /// Their accounts, one vote each.
    pub members: BTreeSet<Address>,
    /// Seconds that a proposal can be voted on.
    pub voting_period_s: u64,
    /// Seconds between the queueing of a carried proposal and its execution.
    pub execution_delay_s: u64,
}

/// Why a council is refused.
#[derive(Debug, Error)]
pub enum CouncilError {
    #[error("the council has {0} members, expected 1 to {MAX_MEMBERS}")]
    Count(usize),
    #[error("address zero is nobody's and cannot govern or vote")]
    Zero,
    #[error(
        "votes would last {0} s, expected {least} to {most}",
        least = VOTING_PERIOD_S.start(),
        most = VOTING_PERIOD_S.end()
    )]
    VotingPeriod(u64),
    #[error("decisions would wait {0} s, expected at most {MAX_EXECUTION_DELAY_S}")]
    ExecutionDelay(u64),
}

impl CouncilFile {
    pub(crate) fn check(&self) -> Result<(), CouncilError> {
        let Self::Members(terms) = self else {
            return Ok(());
        };
        if terms.members.is_empty() || terms.members.len() > MAX_MEMBERS {
            return Err(CouncilError::Count(terms.members.len()));
        }
        if terms.members.contains(&Address::ZERO) {
            return Err(CouncilError::Zero);
        }
        if !VOTING_PERIOD_S.contains(&terms.voting_period_s) {
            return Err(CouncilError::VotingPeriod(terms.voting_period_s));
        }
        if terms.execution_delay_s > MAX_EXECUTION_DELAY_S {
            return Err(CouncilError::ExecutionDelay(terms.execution_delay_s));
        }
        Ok(())
    }

    /// What the genesis makes of it.
    pub fn governance(&self) -> Governance {
        match self {
            Self::Key(key) => Governance::Key(*key),
            Self::Members(terms) => Governance::Members(CouncilTerms {
                members: terms.members.iter().copied().collect(),
                voting_period_s: terms.voting_period_s,
                execution_delay_s: terms.execution_delay_s,
            }),
        }
    }
}

impl From<Address> for CouncilFile {
    fn from(key: Address) -> Self {
        Self::Key(key)
    }
}
