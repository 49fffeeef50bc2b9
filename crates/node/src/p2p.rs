//! Authenticated and encrypted connections between nodes that know each other's keys and addresses.

use crate::{Identity, prepare::Mesh};
use alloy_primitives::B256;
use commonware_consensus::types::Epoch;
use commonware_cryptography::{ChaCha20Poly1305, ed25519};
use commonware_glue::dkg::network::Manager;
use commonware_p2p::{
    Address, AddressableManager as _, AddressableTrackedPeers, PeerSetSubscription, Provider, TrackedPeers,
    authenticated::lookup::{self, Oracle, Receiver, Sender},
};
use commonware_runtime::{Quota, Supervisor as _, tokio::Context};
use commonware_stream::{
    cups::{self, Cups},
    sake::{self, Sake},
};
use commonware_utils::{NZU32, NZUsize, ordered::Map};
use std::{
    convert::Infallible,
    net::{SocketAddr, TcpListener},
    num::NonZeroUsize,
    time::Duration,
};
use thiserror::Error;
use zhengtong_chain::{Links, Networks};
use zhengtong_types::{
    committee::{Directory, NOWHERE},
    consensus::ValidatorKey,
};

/// Before the genesis hash: separates the chain's connections from those of other networks and others on the same keys.
const NAMESPACE: &[u8] = b"zhengtong-p2p";
/// Messages a peer may send on each channel, each second. A mailbox holds this many for each peer.
pub const MESSAGES_PER_SECOND: Quota = Quota::per_second(NZU32!(512));
const MAILBOX: NonZeroUsize = NZUsize!(1_024);
/// Peers of this epoch and of the one before are connected.
const PEER_SETS: NonZeroUsize = NZUsize!(2);
/// Peers beyond twice the validators for which there is room: those that were voted in or out lately.
const SPARE_ROOM: usize = 8;
/// How far the clocks of two nodes may be apart.
const MAX_CLOCK_SKEW: Duration = Duration::from_secs(5);
const MAX_HANDSHAKE_AGE: Duration = Duration::from_secs(10);

pub type Peer = (ValidatorKey, SocketAddr);
type Handshake = Cups<Sake<ed25519::PrivateKey>, ChaCha20Poly1305>;
pub type Network = lookup::Network<Context, Handshake>;
pub type Peers = Oracle<ValidatorKey>;

/// Why there are no connections.
#[derive(Clone, Debug, Error)]
#[error("cannot listen on {address}: {reason}; is the port in use?")]
pub struct ListenError {
    pub address: SocketAddr,
    pub reason: String,
}

/// Fails if the address cannot be bound, which would panic one of the engine's tasks later.
pub fn check_free(address: SocketAddr) -> Result<(), ListenError> {
    let bound = TcpListener::bind(address);
    bound.map(drop).map_err(|source| ListenError {
        address,
        reason: source.to_string(),
    })
}

/// Who connects to whom.
pub struct Connections<'a> {
    /// Nodes that name different ones do not connect.
    pub namespace: &'a [u8],
    pub identity: &'a Identity,
    pub listen: SocketAddr,
    /// Dialled by everyone.
    pub validators: &'a [Peer],
    /// Let in, never dialled.
    pub followers: &'a [Peer],
    /// Most peers at a time, besides this node.
    pub room: usize,
    pub max_message_size: u32,
}

impl Connections<'_> {
    /// A network whose channels are to be registered before it is started.
    pub fn open(&self, context: &Context) -> (Network, Peers) {
        let handshake = Cups::new(
            Sake {
                signer: self.identity.signer().clone(),
                synchrony_bound: MAX_CLOCK_SKEW,
                max_handshake_age: MAX_HANDSHAKE_AGE,
                version: sake::Version::V1,
            },
            cups::Version::V1,
        );
        // This node counts too, whether it is listed or not.
        let most = NonZeroUsize::MIN.saturating_add(self.room);
        let mut config = lookup::Config::local(
            handshake,
            self.namespace,
            self.listen,
            most,
            self.max_message_size,
            MAILBOX,
        );
        config.tracked_peer_sets = PEER_SETS;
        let (network, mut oracle) = lookup::Network::new(context.child("p2p"), config);
        oracle.track(
            0,
            AddressableTrackedPeers::new(addresses(self.validators), addresses(self.followers)),
        );
        (network, oracle)
    }
}

/// Peers by key; the first address of each counts.
fn addresses(peers: &[Peer]) -> Map<ValidatorKey, Address> {
    Map::from_iter_dedup(
        peers
            .iter()
            .map(|(key, address)| (key.clone(), (*address).into())),
    )
}

/// The chain's peers: each epoch's validators, and the followers of this node in all of them.
#[derive(Clone, Debug)]
pub struct EpochPeers {
    oracle: Peers,
    me: Peer,
    /// Where the network file says that validators are.
    known: Vec<Peer>,
    followers: Vec<Peer>,
    room: usize,
}

impl Provider for EpochPeers {
    type PublicKey = ValidatorKey;

    async fn peer_set(&mut self, id: u64) -> Option<TrackedPeers<ValidatorKey>> {
        self.oracle.peer_set(id).await
    }

    async fn subscribe(&mut self) -> PeerSetSubscription<ValidatorKey> {
        self.oracle.subscribe().await
    }
}

impl Manager for EpochPeers {
    type Directory = Directory;
    type Error = Infallible;

    /// Validators are dialled; those to come and followers are let in. Whoever there is no room for waits for a restart of
    /// this node: validators come first, then those to come.
    fn track(
        &mut self,
        epoch: Epoch,
        peers: TrackedPeers<ValidatorKey>,
        directory: &Directory,
    ) -> Result<(), Infallible> {
        if epoch == Epoch::zero() {
            // They are connected from the start.
            return Ok(());
        }
        let nowhere = Address::from(NOWHERE);
        let place = |key: &ValidatorKey| {
            let voted = directory.get(key).filter(|address| **address != nowhere).cloned();
            let known = || self.known.iter().find(|(other, _)| other == key);
            let address = voted.or_else(|| known().map(|(_, address)| (*address).into()));
            if address.is_none() {
                tracing::warn!(%epoch, %key, "nobody says where this validator is; it cannot be reached from here");
            }
            Some((key.clone(), address?))
        };
        let primary: Vec<_> = peers.primary.iter().filter_map(place).collect();
        let announced: Vec<_> = peers.secondary.iter().filter_map(place).collect();
        let configured = self.followers.iter().chain([&self.me]);
        let configured = configured.map(|(key, address)| (key.clone(), Address::from(*address)));
        let mut secondary: Vec<(ValidatorKey, Address)> = Vec::new();
        let mut left_out = 0;
        for (key, address) in announced.into_iter().chain(configured) {
            let known =
                peers.primary.position(&key).is_some() || secondary.iter().any(|(other, _)| *other == key);
            if known {
                continue;
            }
            // This node itself needs none.
            if key != self.me.0 && primary.len() + secondary.len() >= self.room {
                left_out += 1;
                continue;
            }
            secondary.push((key, address));
        }
        if left_out > 0 {
            tracing::warn!(%epoch, left_out, "there are more peers than this node has room for; start it again to make room");
        }
        let set =
            AddressableTrackedPeers::new(Map::from_iter_dedup(primary), Map::from_iter_dedup(secondary));
        // Peers of an epoch that was entered already stay.
        let _ = self.oracle.track(epoch.get(), set);
        Ok(())
    }
}

/// The chain's links: starts listening and dialling. Whoever has another genesis does not connect. `most` are the validators
/// for which room is made twice.
pub fn links(
    context: &Context,
    identity: &Identity,
    mesh: &Mesh,
    genesis: B256,
    most: usize,
    max_message_size: u32,
) -> Links<EpochPeers, Peers, Sender<ValidatorKey, Context>, Receiver<ValidatorKey>> {
    let (validators, followers) = (&mesh.validators, &mesh.followers);
    let room = 2 * most.max(validators.len()) + followers.len() + SPARE_ROOM;
    let namespace = [NAMESPACE, genesis.as_slice()].concat();
    let connections = Connections {
        namespace: &namespace,
        identity,
        listen: mesh.listen,
        validators,
        followers,
        room,
        max_message_size,
    };
    let (mut network, oracle) = connections.open(context);
    let channels = Networks::new(|channel| network.register(channel, MESSAGES_PER_SECOND));
    network.start();
    Links {
        peers: EpochPeers {
            oracle: oracle.clone(),
            me: (identity.public(), mesh.listen),
            known: validators.clone(),
            followers: followers.clone(),
            room,
        },
        blocker: oracle,
        channels,
    }
}
