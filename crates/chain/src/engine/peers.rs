//! Who a node is connected to, as its metrics say: the network library says it nowhere else.

use std::fmt;

/// Series of the network library, one for each peer that they are about. The name before them says whose they are.
const CONNECTED: &str = "p2p_tracker_directory_connected{";
const SHUT_OUT: &str = "p2p_tracker_directory_blocked{";
/// A network that is there has this one.
const TRACKED: &str = "p2p_tracker_directory_tracked ";

/// Nodes that this one is connected to, or does not talk to any more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Peers {
    pub connected: usize,
    /// They sent what no honest node of this network does.
    pub shut_out: usize,
}

impl Peers {
    /// Reads metrics in the text format of OpenMetrics; `None` if the node has no network.
    pub fn of(metrics: &str) -> Option<Self> {
        let mut found = None;
        for line in metrics.lines().filter(|line| !line.starts_with('#')) {
            let series = |name: &str| line.find(name).is_some_and(|at| !line[..at].contains('{'));
            if series(TRACKED) {
                found.get_or_insert_with(Self::default);
            } else if series(CONNECTED) {
                found.get_or_insert_with(Self::default).connected += 1;
            } else if series(SHUT_OUT) {
                found.get_or_insert_with(Self::default).shut_out += 1;
            }
        }
        found
    }
}

impl fmt::Display for Peers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.connected {
            0 => write!(f, "connected to no other node")?,
            1 => write!(f, "connected to 1 node")?,
            more => write!(f, "connected to {more} nodes")?,
        }
        match self.shut_out {
            0 => Ok(()),
            shut_out => write!(
                f,
                ", and {shut_out} shut out for what they sent, which no honest node of this network does: ask their operators"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn peers_are_counted_and_the_sums_of_others_are_not() {
        let metrics = "# HELP validator_p2p_tracker_directory_connected Unix timestamp\n\
            # TYPE validator_p2p_tracker_directory_connected gauge\n\
            validator_p2p_tracker_directory_tracked 5\n\
            validator_p2p_tracker_directory_connected{peer=\"aa\"} 1764190000000\n\
            validator_p2p_tracker_directory_connected{peer=\"bb\"} 1764190000001\n\
            validator_p2p_tracker_directory_blocked{peer=\"cc\"} 1764190000002\n\
            other{of=\"p2p_tracker_directory_connected{\"} 1\n";
        let found = Peers::of(metrics);
        assert_eq!(
            found,
            Some(Peers {
                connected: 2,
                shut_out: 1
            })
        );
        assert_eq!(
            Peers::of("validator_p2p_tracker_directory_tracked 0\n"),
            Some(Peers::default())
        );
        assert_eq!(Peers::of("validator_chain_blocks_total 3\n"), None);
    }
}
