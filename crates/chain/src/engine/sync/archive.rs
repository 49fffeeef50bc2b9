//! What a beginning node fetches by hash from any peer: headers and contract code.
//!
//! A request is a tag and a hash. The answer to a header's hash is that header and up to [`HEADERS_PER_ANSWER`] − 1
//! before it; the answer to a code's hash is the code. Both are checked by hashing before they are believed, and a peer
//! that answers with anything else is shut out.

use crate::{
    engine::{
        Runtime,
        limits::{FETCH_RETRY, FETCH_TIMEOUT, MAILBOX},
    },
    store::Store,
};
use alloy_consensus::Header;
use alloy_primitives::{B256, Bytes, keccak256};
use bytes::BufMut;
use commonware_codec::{
    Buf, Decode as _, Encode as _, Error as CodecError, FixedSize, RangeCfg, Read, ReadExt as _, Write,
};
use commonware_p2p::{Blocker, Provider, Receiver, Sender};
use commonware_resolver::{
    Consumer, Delivery, Resolver as _,
    p2p::{Config, Engine, Mailbox, Producer},
};
use commonware_utils::{NZDuration, Span, channel::oneshot};
use std::{fmt, sync::Arc};
use tokio::sync::mpsc;
use zhengtong_types::{
    consensus::ValidatorKey,
    header::{Extra, MAX_HEADER_BYTES, decode_header, timestamp_ms},
};

/// Headers in one answer.
pub const HEADERS_PER_ANSWER: usize = 16;
/// Largest code of a contract, in bytes (EIP-170).
const MAX_CODE_BYTES: usize = 0x6000;
/// Bytes that the encoding of an answer adds to each header, and to their number.
const LENGTH_BYTES: usize = 5;
/// Largest answer, in bytes.
pub const MAX_ANSWER_BYTES: usize = {
    let headers = HEADERS_PER_ANSWER * (MAX_HEADER_BYTES + LENGTH_BYTES) + LENGTH_BYTES;
    if headers > MAX_CODE_BYTES {
        headers
    } else {
        MAX_CODE_BYTES
    }
};

/// What is asked for, by its Keccak-256.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Item {
    /// A block's header and some before it.
    Headers(B256),
    Code(B256),
}

impl Item {
    const fn parts(&self) -> (u8, &B256) {
        match self {
            Self::Headers(hash) => (0, hash),
            Self::Code(hash) => (1, hash),
        }
    }
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Headers(hash) => write!(f, "headers from {hash}"),
            Self::Code(hash) => write!(f, "code {hash}"),
        }
    }
}

impl Write for Item {
    fn write(&self, buf: &mut impl BufMut) {
        let (tag, hash) = self.parts();
        tag.write(buf);
        hash.0.write(buf);
    }
}

impl FixedSize for Item {
    const SIZE: usize = 1 + 32;
}

impl Read for Item {
    type Cfg = ();

    fn read_cfg(buf: &mut impl Buf, _: &()) -> Result<Self, CodecError> {
        let tag = u8::read(buf)?;
        let hash = B256::from(<[u8; 32]>::read(buf)?);
        match tag {
            0 => Ok(Self::Headers(hash)),
            1 => Ok(Self::Code(hash)),
            other => Err(CodecError::InvalidEnum(other)),
        }
    }
}

impl Span for Item {}

/// A header whose hash is the one that was asked for, or that the header after it names.
#[derive(Clone, Debug)]
pub struct Linked {
    pub hash: B256,
    pub rlp: Bytes,
    pub header: Header,
    pub extra: Extra,
}

impl Linked {
    /// Milliseconds since the Unix epoch.
    pub fn timestamp_ms(&self) -> u64 {
        timestamp_ms(&self.header, &self.extra)
    }
}

/// A checked answer.
#[derive(Clone, Debug)]
pub enum Found {
    /// The header that was asked for, then its ancestors.
    Headers(Vec<Linked>),
    Code(Bytes),
}

/// Checks an answer; `None` if it is not one.
fn check(item: &Item, answer: bytes::Bytes) -> Option<Found> {
    match item {
        Item::Headers(hash) => {
            let limits = (
                RangeCfg::new(1..=HEADERS_PER_ANSWER),
                RangeCfg::new(1..=MAX_HEADER_BYTES),
            );
            let answer = Vec::<bytes::Bytes>::decode_cfg(answer, &limits).ok()?;
            link(*hash, answer).map(Found::Headers)
        }
        Item::Code(hash) => (answer.len() <= MAX_CODE_BYTES && keccak256(&answer) == *hash)
            .then(|| Found::Code(answer.into())),
    }
}

/// Headers down from a hash; `None` if one does not have the hash that it must have.
fn link(mut hash: B256, headers: Vec<bytes::Bytes>) -> Option<Vec<Linked>> {
    let mut linked: Vec<Linked> = Vec::with_capacity(headers.len());
    for rlp in headers {
        let rlp = Bytes::from(rlp);
        if keccak256(&rlp) != hash {
            return None;
        }
        let header = decode_header(&rlp).ok()?;
        let extra = Extra::decode(&header.extra_data).ok()?;
        if let Some(child) = linked.last()
            && header.number.checked_add(1) != Some(child.header.number)
        {
            return None;
        }
        let parent = header.parent_hash;
        linked.push(Linked {
            hash,
            rlp,
            header,
            extra,
        });
        hash = parent;
    }
    Some(linked)
}

/// Asks peers for items, one after the other or many at a time. While it is held, peers are served too.
pub struct Archive {
    resolver: Mailbox<Item, ValidatorKey>,
    found: mpsc::UnboundedReceiver<(Item, Found)>,
}

impl Archive {
    /// Fetches what `items` name and hands each to `take` as it comes. Peers are asked until all are there.
    pub async fn fetch(&mut self, items: Vec<Item>, mut take: impl FnMut(Item, Found)) {
        let mut waiting = items.len();
        let _ = self.resolver.fetch_all(items);
        while waiting > 0 {
            let Some((item, found)) = self.found.recv().await else {
                // The resolver ends when the runtime does.
                return std::future::pending().await;
            };
            waiting -= 1;
            take(item, found);
        }
    }

    /// A header and some of its ancestors.
    pub async fn headers(&mut self, hash: B256) -> Vec<Linked> {
        let mut headers = Vec::new();
        self.fetch(vec![Item::Headers(hash)], |_, found| {
            if let Found::Headers(found) = found {
                headers = found;
            }
        })
        .await;
        headers
    }
}

/// Starts serving the store's headers and code to peers, and asking them for theirs.
pub fn start<E, P, B, S, R>(
    context: &E,
    me: &ValidatorKey,
    peers: P,
    blocker: B,
    store: Arc<Store>,
    channel: (S, R),
) -> Archive
where
    E: Runtime,
    P: Provider<PublicKey = ValidatorKey>,
    B: Blocker<PublicKey = ValidatorKey>,
    S: Sender<PublicKey = ValidatorKey>,
    R: Receiver<PublicKey = ValidatorKey>,
{
    // Bounded by what is asked for: each fetch is delivered once.
    let (sender, found) = mpsc::unbounded_channel();
    let (engine, resolver) = Engine::new(
        context.child("archive"),
        Config {
            peer_provider: peers,
            blocker,
            consumer: Checker(sender),
            producer: Server(store),
            mailbox_size: MAILBOX,
            me: Some(me.clone()),
            fetch_timeout: NZDuration!(FETCH_TIMEOUT),
            fetch_retry_delay: FETCH_RETRY,
            priority_requests: false,
            priority_responses: false,
        },
    );
    engine.start(channel);
    Archive { resolver, found }
}

/// Believes nothing but hashes.
#[derive(Clone)]
struct Checker(mpsc::UnboundedSender<(Item, Found)>);

impl Consumer for Checker {
    type Key = Item;
    type Value = bytes::Bytes;
    type Subscriber = ();
    type Outcome = bool;

    fn deliver(&mut self, delivery: Delivery<Item, ()>, value: bytes::Bytes) -> oneshot::Receiver<bool> {
        let (verdict, judged) = oneshot::channel();
        let found = check(&delivery.key, value);
        // Both receivers are there while anyone waits.
        let _ = verdict.send(found.is_some());
        if let Some(found) = found {
            let _ = self.0.send((delivery.key, found));
        }
        judged
    }
}

/// Serves from the block store.
#[derive(Clone)]
struct Server(Arc<Store>);

impl Server {
    fn answer(&self, item: &Item) -> Option<bytes::Bytes> {
        match item {
            Item::Headers(hash) => {
                let number = self.0.number(*hash).ok()??;
                let numbers = (0..=number).rev().take(HEADERS_PER_ANSWER);
                let headers: Vec<bytes::Bytes> = numbers
                    .map_while(|number| Some(self.0.header(number).ok()??.0))
                    .collect();
                (!headers.is_empty()).then(|| headers.encode())
            }
            Item::Code(hash) => Some(self.0.code(*hash).ok()??.0),
        }
    }
}

impl Producer for Server {
    type Key = Item;

    fn produce(&mut self, key: Item) -> oneshot::Receiver<bytes::Bytes> {
        let (sender, receiver) = oneshot::channel();
        // Without an answer the sender is dropped, and the peer is told that there is none.
        if let Some(answer) = self.answer(&key) {
            let _ = sender.send(answer);
        }
        receiver
    }
}

#[cfg(test)]
mod tests;
