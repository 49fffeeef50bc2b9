use crate::{FileError, KeyError, ListenError, NetworkError, PlanError};
use alloy_primitives::B256;
use std::{io, path::PathBuf};
use thiserror::Error;

/// Why the ceremony did not make a network.
#[derive(Debug, Error)]
pub enum CeremonyError {
    #[error(transparent)]
    Plan(#[from] PlanError),
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error(transparent)]
    Network(#[from] NetworkError),
    #[error(transparent)]
    File(#[from] FileError),
    #[error(transparent)]
    Listen(#[from] ListenError),
    #[error("this identity ({0}) is not in the plan")]
    NotInPlan(String),
    #[error("{0} is there already, so this validator's ceremony is over; another one needs another folder")]
    Over(PathBuf),
    #[error("cannot use the folder {path}: {source}")]
    Folder { path: PathBuf, source: io::Error },
    #[error(
        "{who} has another plan ({theirs}, this one is {ours}); compare the files and start again with one"
    )]
    OtherPlan { who: String, theirs: B256, ours: B256 },
    #[error(
        "{who} made another network: its genesis is {theirs}, this one's is {ours}; use neither, and report this"
    )]
    OtherResult { who: String, theirs: B256, ours: B256 },
    #[error(
        "the shares of {} would have been revealed, because they did not answer in time; have everyone delete the folder `ceremony` and make a new plan",
        .0.join(", ")
    )]
    Revealed(Vec<String>),
    #[error(
        "no key was made, because too few validators dealt; have everyone delete the folder `ceremony` and make a new plan"
    )]
    Failed,
    #[error("the ceremony stopped: {0}; run it again to go on")]
    Stopped(String),
}
