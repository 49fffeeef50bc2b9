//! How a node reaches others: the engine's channels, its peers, and who may be shut out.

use crate::gossip;
use commonware_consensus::{
    marshal::{self, standard::Standard},
    simplex,
};
use commonware_glue::stateful::{db::p2p as state_p2p, probe};
use commonware_p2p::max_message_size;
use commonware_resolver::p2p::MAX_RESPONSE_OVERHEAD;
use commonware_storage::{merkle::mmr, qmdb::any::ordered::fixed::Operation};
use zhengtong_state::{Key, Value};
use zhengtong_types::consensus::{Block, Digest, Scheme};

use super::{state::SYNC_OPERATIONS, sync::archive};

/// The engine's network channels, numbered as [`Networks::COUNT`] says.
pub struct Networks<S, R> {
    pub votes: (S, R),
    pub certificates: (S, R),
    pub resolver: (S, R),
    pub backfill: (S, R),
    pub broadcast: (S, R),
    pub state: (S, R),
    pub transactions: (S, R),
    pub probe: (S, R),
    pub archive: (S, R),
}

impl<S, R> Networks<S, R> {
    /// Number of channels, from 0 in the order of the fields.
    pub const COUNT: u64 = 9;

    /// Takes the channels in the order of the fields.
    pub fn new(mut channel: impl FnMut(u64) -> (S, R)) -> Self {
        Self {
            votes: channel(0),
            certificates: channel(1),
            resolver: channel(2),
            backfill: channel(3),
            broadcast: channel(4),
            state: channel(5),
            transactions: channel(6),
            probe: channel(7),
            archive: channel(8),
        }
    }
}

/// A node's side of the network.
pub struct Links<P, B, S, R> {
    pub peers: P,
    pub blocker: B,
    pub channels: Networks<S, R>,
}

/// Largest message that any channel carries, in bytes.
pub fn message_limit(validators: u32) -> u32 {
    max_message_size(&[
        simplex::max_payload_size::<Scheme, Digest>(validators),
        marshal::max_payload_size::<Standard<Block>, Scheme>(validators, &()),
        state_p2p::max_payload_size::<mmr::Family, Key>(
            SYNC_OPERATIONS,
            <Operation<mmr::Family, Key, Value> as commonware_codec::FixedSize>::SIZE,
        ),
        gossip::MAX_MESSAGE_BYTES,
        probe::max_payload_size::<Standard<Block>, Scheme>(validators),
        archive::MAX_ANSWER_BYTES + MAX_RESPONSE_OVERHEAD,
    ])
}
