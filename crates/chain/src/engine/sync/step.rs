//! How far a sync is, for whoever waits for it.

use crate::engine::Peers;
use alloy_primitives::B256;
use std::{fmt, time::Duration};

/// Who is admitted is connected sooner.
const NOT_ADMITTED_AFTER: Duration = Duration::from_secs(10);

/// A step of a state sync.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SyncStep {
    /// Validators are asked for their newest certified block; `needed` of them must answer.
    Asking {
        needed: usize,
        waited: Duration,
        peers: Peers,
    },
    /// The certified block is not yet beyond everything that this validator may have voted on.
    TooEarly { number: u64 },
    /// A certified block was chosen to begin at.
    Chosen { number: u64, hash: B256 },
    /// The headers of the block and those before it are fetched.
    Headers { hash: B256 },
    /// The operations of its state are fetched.
    State { operations: u64, received_bytes: u64 },
    /// The state's root is the certified one.
    Checked { root: B256 },
    /// Contract code is fetched.
    Codes { missing: usize },
    /// All is there; the next block is awaited.
    Following { from: u64 },
}

impl fmt::Display for SyncStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Asking {
                needed,
                waited,
                peers,
            } => {
                write!(
                    f,
                    "asking the validators for a certified block; {needed} must answer ({} s); {peers}",
                    waited.as_secs()
                )?;
                if peers.connected < *needed && peers.shut_out == 0 && *waited >= NOT_ADMITTED_AFTER {
                    f.write_str(
                        "; have the validators admitted this node, is the network file theirs (`zhengtong network check` must show the same hash), and can their addresses in it be reached?",
                    )?;
                }
                Ok(())
            }
            Self::TooEarly { number } => write!(
                f,
                "block {number} is certified; waiting for a later one, so that this validator cannot vote twice"
            ),
            Self::Chosen { number, hash } => write!(f, "beginning at block {number}, {hash}"),
            Self::Headers { hash } => write!(f, "fetching the headers down from block {hash}"),
            Self::State {
                operations,
                received_bytes,
            } => write!(
                f,
                "fetching {operations} operations of the state; {:.1} MiB received",
                *received_bytes as f64 / f64::from(1 << 20)
            ),
            Self::Checked { root } => write!(f, "the state has the certified root {root}"),
            Self::Codes { missing } => write!(f, "fetching the code of contracts, {missing} missing"),
            Self::Following { from } => write!(f, "all is there; following from block {from}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_waits_for_answers_is_told_what_may_be_wrong() {
        let asking = |waited, connected, shut_out| {
            let (waited, peers) = (Duration::from_secs(waited), Peers { connected, shut_out });
            SyncStep::Asking {
                needed: 2,
                waited,
                peers,
            }
            .to_string()
        };
        let admitted = "have the validators admitted this node";
        assert!(!asking(5, 0, 0).contains(admitted));
        let alone = asking(30, 0, 0);
        assert!(
            alone.contains("connected to no other node")
                && alone.contains(admitted)
                && alone.contains("is the network file theirs"),
            "{alone}"
        );
        assert!(!asking(30, 2, 0).contains(admitted));
        let other = asking(30, 0, 4);
        assert!(
            other.contains("4 shut out") && !other.contains(admitted),
            "{other}"
        );
    }
}
