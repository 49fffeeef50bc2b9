//! The ceremony's peers, for the engine: they are those of the plan, and connected before it starts.

use crate::p2p::Peers;
use commonware_consensus::types::Epoch;
use commonware_glue::dkg::network::Manager;
use commonware_p2p::{PeerSetSubscription, Provider, TrackedPeers};
use commonware_utils::sequence::Unit;
use std::convert::Infallible;
use zhengtong_types::consensus::ValidatorKey;

/// Peers that the meeting has connected already.
#[derive(Clone, Debug)]
pub struct Known(pub Peers);

impl Provider for Known {
    type PublicKey = ValidatorKey;

    async fn peer_set(&mut self, id: u64) -> Option<TrackedPeers<ValidatorKey>> {
        self.0.peer_set(id).await
    }

    async fn subscribe(&mut self) -> PeerSetSubscription<ValidatorKey> {
        self.0.subscribe().await
    }
}

impl Manager for Known {
    type Directory = Unit;
    type Error = Infallible;

    fn track(&mut self, _: Epoch, _: TrackedPeers<ValidatorKey>, _: &Unit) -> Result<(), Infallible> {
        Ok(())
    }
}
