//! What outlives the runtime that a cluster runs in: validators with their disks, clients, and what they were told.

use super::seat::Seat;
use alloy_primitives::B256;

/// Clients that run into their quotas.
pub const PINCHED_CLIENTS: usize = 2;

/// What a cluster keeps when its runtime ends.
pub struct Members {
    pub seats: Vec<Seat>,
    pub clients: Vec<Client>,
    /// Two more, whose accounts soon have no gas left.
    pub pinched: Vec<Client>,
    pub acknowledged: Vec<B256>,
    pub incidents: Incidents,
}

/// What went wrong in a run, to show that something did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Incidents {
    /// Machines that stopped by themselves.
    pub stops: usize,
    /// Submissions that were refused for want of disk.
    pub refused: usize,
    /// Wrong blocks that were proposed.
    pub lies: usize,
    /// Pairs of an honest validator and a byzantine one that it shut out.
    pub shut_out: usize,
    /// Submissions that were refused because a quota was used up.
    pub over_quota: usize,
    /// Blocks that the others finalized while a validator was away, at most.
    pub missed: u64,
}

impl Incidents {
    pub fn add(&mut self, more: Self) {
        self.stops += more.stops;
        self.refused += more.refused;
        self.lies += more.lies;
        self.shut_out += more.shut_out;
        self.over_quota += more.over_quota;
        self.missed = self.missed.max(more.missed);
    }
}

/// Sends transfers to one validator, and goes on to the next only when the last was acknowledged or is done.
pub struct Client {
    pub nonce: u64,
}

impl Members {
    pub fn new(seats: Vec<Seat>) -> Self {
        Self {
            clients: seats.iter().map(|_| Client { nonce: 0 }).collect(),
            pinched: (0..PINCHED_CLIENTS).map(|_| Client { nonce: 0 }).collect(),
            seats,
            acknowledged: Vec::new(),
            incidents: Incidents::default(),
        }
    }
}
