//! From which epoch on a node may vote whose data was made from a backup, or is in part gone.

use super::{Store, StoreError};

/// Note with the epoch, big-endian; eight bytes of ones if there is none yet. Without the note no vote was ever
/// missing.
const VOTES_FROM: &str = "votes-from";
const NONE_YET: u64 = u64::MAX;
/// Note with what the node's shares are compared with, so that data that is not theirs is noticed.
const VOTER: &str = "voter";

/// In which epochs a node may vote, as far as its data says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VotesFrom {
    /// Its data has all its votes.
    Always,
    /// Its data does not have its votes, and no epoch has begun since that was noticed.
    NoEpochYet,
    /// The first epoch that began after that.
    Epoch(u64),
}

impl Store {
    /// In which epochs this node may vote.
    pub fn votes_from(&self) -> Result<VotesFrom, StoreError> {
        let Some(bytes) = self.note(VOTES_FROM)? else {
            return Ok(VotesFrom::Always);
        };
        let bytes: [u8; 8] = bytes
            .try_into()
            .map_err(|_| StoreError::DamagedNote(VOTES_FROM))?;
        Ok(match u64::from_be_bytes(bytes) {
            NONE_YET => VotesFrom::NoEpochYet,
            epoch => VotesFrom::Epoch(epoch),
        })
    }

    /// What was noted of the shares that vote from this data.
    pub fn voter(&self) -> Result<Option<Vec<u8>>, StoreError> {
        self.note(VOTER)
    }

    /// Notes durably whose shares vote from this data.
    pub fn set_voter(&self, mark: &[u8]) -> Result<(), StoreError> {
        self.set_note(VOTER, mark)
    }

    /// Notes durably that this data does not have all votes of its node: it was made from a backup, or part of it is gone.
    pub fn votes_are_missing(&self) -> Result<(), StoreError> {
        self.set_note(VOTES_FROM, &NONE_YET.to_be_bytes())
    }

    /// Notes durably that no vote can be missing from this epoch on.
    pub(crate) fn vote_from(&self, epoch: u64) -> Result<(), StoreError> {
        self.set_note(VOTES_FROM, &epoch.to_be_bytes())
    }
}
