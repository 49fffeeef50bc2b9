//! Authenticated and encrypted connections between nodes that know each other's keys and addresses.

use crate::Identity;
use commonware_cryptography::{ChaCha20Poly1305, ed25519};
use commonware_p2p::{
    Address, AddressableManager as _, AddressableTrackedPeers,
    authenticated::lookup::{self, Oracle, Receiver, Sender},
};
use commonware_runtime::{Quota, Supervisor as _, tokio::Context};
use commonware_stream::{
    cups::{self, Cups},
    sake::{self, Sake},
};
use commonware_utils::{NZU32, NZUsize, ordered::Map};
use std::{
    net::{SocketAddr, TcpListener},
    num::NonZeroUsize,
    time::Duration,
};
use thiserror::Error;
use zhengtong_chain::{Links, Networks};
use zhengtong_types::consensus::ValidatorKey;

/// Separates the chain's connections from others on the same keys.
const NAMESPACE: &[u8] = b"zhengtong-p2p";
/// Messages a peer may send on each channel, each second. A mailbox holds this many for each peer.
pub const MESSAGES_PER_SECOND: Quota = Quota::per_second(NZU32!(512));
const MAILBOX: NonZeroUsize = NZUsize!(1_024);
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
    pub namespace: &'static [u8],
    pub identity: &'a Identity,
    pub listen: SocketAddr,
    /// Dialled by everyone.
    pub validators: &'a [Peer],
    /// Let in, never dialled.
    pub followers: &'a [Peer],
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
        let most = NonZeroUsize::MIN.saturating_add(self.validators.len() + self.followers.len());
        let config = lookup::Config::local(
            handshake,
            self.namespace,
            self.listen,
            most,
            self.max_message_size,
            MAILBOX,
        );
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

/// The chain's links: starts listening and dialling.
pub fn links(
    context: &Context,
    identity: &Identity,
    listen: SocketAddr,
    validators: &[Peer],
    followers: &[Peer],
    max_message_size: u32,
) -> Links<Peers, Peers, Sender<ValidatorKey, Context>, Receiver<ValidatorKey>> {
    let connections = Connections {
        namespace: NAMESPACE,
        identity,
        listen,
        validators,
        followers,
        max_message_size,
    };
    let (mut network, oracle) = connections.open(context);
    let channels = Networks::new(|channel| network.register(channel, MESSAGES_PER_SECOND));
    network.start();
    Links {
        peers: oracle.clone(),
        blocker: oracle,
        channels,
    }
}
