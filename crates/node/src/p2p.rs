//! Authenticated connections between the validators of the network file.

use crate::Identity;
use commonware_cryptography::ChaCha20Poly1305;
use commonware_p2p::{
    Address, AddressableManager as _,
    authenticated::lookup::{self, Oracle, Receiver, Sender},
};
use commonware_runtime::{Quota, Supervisor as _, tokio::Context};
use commonware_stream::{
    cups::{self, Cups},
    sake::{self, Sake},
};
use commonware_utils::{NZU32, NZUsize, TryCollect as _, ordered::Map};
use std::{net::SocketAddr, num::NonZeroUsize, time::Duration};
use zhengtong_chain::Networks;
use zhengtong_types::consensus::ValidatorKey;

/// Separates this protocol from others on the same keys.
const NAMESPACE: &[u8] = b"zhengtong-p2p";
/// Messages a peer may send on each channel, each second. A mailbox holds this many for each peer.
const MESSAGES_PER_SECOND: Quota = Quota::per_second(NZU32!(512));
const MAILBOX: NonZeroUsize = NZUsize!(1_024);

/// Starts listening and dialling. Panics its task if the address cannot be bound, so check that first.
pub fn start(
    context: &Context,
    identity: &Identity,
    listen: SocketAddr,
    validators: &[(ValidatorKey, SocketAddr)],
    max_message_size: u32,
) -> (
    Networks<Sender<ValidatorKey, Context>, Receiver<ValidatorKey>>,
    Oracle<ValidatorKey>,
) {
    let handshake = Cups::<_, ChaCha20Poly1305>::new(
        Sake {
            signer: identity.signer().clone(),
            synchrony_bound: Duration::from_secs(5),
            max_handshake_age: Duration::from_secs(10),
            version: sake::Version::V1,
        },
        cups::Version::V1,
    );
    let peers = NonZeroUsize::new(validators.len()).unwrap_or(NZUsize!(1));
    let config = lookup::Config::local(handshake, NAMESPACE, listen, peers, max_message_size, MAILBOX);
    let (mut network, mut oracle) = lookup::Network::new(context.child("p2p"), config);
    let peers: Map<ValidatorKey, Address> = validators
        .iter()
        .map(|(key, address)| (key.clone(), (*address).into()))
        .try_collect()
        .expect("the network file names each validator once");
    oracle.track(0, peers);
    let networks = Networks::new(|channel| network.register(channel, MESSAGES_PER_SECOND));
    network.start();
    (networks, oracle)
}
