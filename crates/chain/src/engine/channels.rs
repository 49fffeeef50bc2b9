//! How a node reaches others: the engine's channels, its peers, and who may be shut out.

use crate::gossip;
use commonware_consensus::marshal::{self, standard::Standard};
use commonware_cryptography::bls12381::primitives::variant::MinSig;
use commonware_glue::{
    dkg::{self, orchestrator, probe},
    stateful::db::p2p as state_p2p,
};
use commonware_p2p::max_message_size;
use commonware_resolver::p2p::MAX_RESPONSE_OVERHEAD;
use commonware_storage::{merkle::mmr, qmdb::any::ordered::fixed::Operation};
use zhengtong_state::{Key, Value};
use zhengtong_types::{
    committee::MAX_VALIDATORS,
    consensus::{Block, Digest, Scheme, ValidatorKey},
};

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
    pub dealings: (S, R),
}

impl<S, R> Networks<S, R> {
    /// Number of channels, from 0 in the order of the fields.
    pub const COUNT: u64 = 10;

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
            dealings: channel(9),
        }
    }
}

/// A node's side of the network.
pub struct Links<P, B, S, R> {
    pub peers: P,
    pub blocker: B,
    pub channels: Networks<S, R>,
}

/// Largest message that any channel carries, in bytes, however many validators there come to be.
pub fn message_limit() -> u32 {
    let validators = MAX_VALIDATORS.get();
    max_message_size(&[
        orchestrator::max_payload_size::<Scheme, Digest>(validators),
        dkg::max_payload_size::<MinSig, ValidatorKey>(MAX_VALIDATORS),
        marshal::max_payload_size::<Standard<Block>, Scheme>(validators, &()),
        state_p2p::max_payload_size::<mmr::Family, Key>(
            SYNC_OPERATIONS,
            <Operation<mmr::Family, Key, Value> as commonware_codec::FixedSize>::SIZE,
        ),
        gossip::MAX_MESSAGE_BYTES,
        probe::max_payload_size::<Standard<Block>, Scheme>(validators, &()),
        archive::MAX_ANSWER_BYTES + MAX_RESPONSE_OVERHEAD,
    ])
}
