//! The network of one validator: channels that lead nowhere, so that no port is opened.

use crate::engine::{Links, Networks};
use commonware_actor::{Feedback, Unreliable};
use commonware_consensus::types::Epoch;
use commonware_glue::dkg::network::Manager;
use commonware_p2p::{
    BlockedSubscription, Blocker, CheckedSender, LimitedSender, Message, PeerSetSubscription, PeerSetUpdate,
    Provider, Receiver, Recipients, TrackedPeers,
};
use commonware_runtime::IoBufs;
use commonware_utils::{
    NZUsize,
    channel::{mpsc, ring},
    ordered::Set,
};
use parking_lot::Mutex;
use std::{convert::Infallible, future::pending, num::NonZeroUsize, sync::Arc, time::SystemTime};
use zhengtong_types::{committee::Directory, consensus::ValidatorKey};

/// Sends to nobody.
#[derive(Clone, Debug)]
pub struct Nobody;

/// Never receives.
#[derive(Debug)]
pub struct Silence;

impl CheckedSender for Nobody {
    type PublicKey = ValidatorKey;

    fn recipients(&self) -> Vec<ValidatorKey> {
        Vec::new()
    }

    fn send(self, _: impl Into<IoBufs> + Send, _: bool) -> Unreliable<Feedback> {
        Unreliable::new(Feedback::Ok)
    }
}

impl LimitedSender for Nobody {
    type PublicKey = ValidatorKey;
    type Checked<'a> = Self;

    fn check(&mut self, _: Recipients<ValidatorKey>) -> Result<Self, SystemTime> {
        Ok(Self)
    }
}

impl Receiver for Silence {
    type Error = Infallible;
    type PublicKey = ValidatorKey;

    async fn recv(&mut self) -> Result<Message<ValidatorKey>, Infallible> {
        pending().await
    }

    fn capacity(&self) -> NonZeroUsize {
        NZUsize!(1)
    }
}

/// The peer set of a validator alone.
#[derive(Clone, Debug)]
pub struct Alone {
    me: ValidatorKey,
    /// Kept open: a closed subscription would mean that the network stopped.
    subscribers: Arc<Mutex<Vec<mpsc::UnboundedSender<PeerSetUpdate<ValidatorKey>>>>>,
    blocked: Arc<Mutex<Vec<ring::Sender<Set<ValidatorKey>>>>>,
}

impl Alone {
    fn new(me: ValidatorKey) -> Self {
        Self {
            me,
            subscribers: Arc::default(),
            blocked: Arc::default(),
        }
    }

    fn peers(&self) -> TrackedPeers<ValidatorKey> {
        TrackedPeers::primary(Set::from_iter_dedup([self.me.clone()]))
    }
}

impl Provider for Alone {
    type PublicKey = ValidatorKey;

    async fn peer_set(&mut self, _: u64) -> Option<TrackedPeers<ValidatorKey>> {
        Some(self.peers())
    }

    async fn subscribe(&mut self) -> PeerSetSubscription<ValidatorKey> {
        let (sender, receiver) = mpsc::unbounded_channel();
        let update = PeerSetUpdate {
            index: 0,
            latest: self.peers(),
            all: self.peers(),
        };
        // The receiver is in hand.
        let _ = sender.send(update);
        self.subscribers.lock().push(sender);
        receiver
    }
}

impl Manager for Alone {
    type Directory = Directory;
    type Error = Infallible;

    fn track(&mut self, _: Epoch, _: TrackedPeers<ValidatorKey>, _: &Directory) -> Result<(), Infallible> {
        Ok(())
    }
}

impl Blocker for Alone {
    type PublicKey = ValidatorKey;

    fn block(&mut self, _: ValidatorKey) -> Feedback {
        Feedback::Ok
    }

    fn blocked(&mut self) -> BlockedSubscription<ValidatorKey> {
        let (sender, receiver) = ring::channel(NZUsize!(1));
        self.blocked.lock().push(sender);
        receiver
    }
}

/// The links of a validator alone.
pub fn links(me: ValidatorKey) -> Links<Alone, Alone, Nobody, Silence> {
    let alone = Alone::new(me);
    Links {
        peers: alone.clone(),
        blocker: alone,
        channels: Networks::new(|_| (Nobody, Silence)),
    }
}
