//! Links on which some peers lie: what they send on a channel is changed before it is received.

use commonware_actor::{Feedback, Unreliable};
use commonware_p2p::{CheckedSender, LimitedSender, Message, Receiver, Recipients, Sender};
use commonware_runtime::IoBufs;
use std::{
    fmt,
    num::NonZeroUsize,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::SystemTime,
};
use zhengtong_types::consensus::ValidatorKey;

/// Channels by number, as `Networks` has them.
pub const BACKFILL: u64 = 3;
pub const STATE: u64 = 5;
pub const PROBE: u64 = 7;
pub const ARCHIVE: u64 = 8;

/// What becomes of a message.
pub enum Fate {
    Unchanged,
    Changed,
    /// It never comes.
    Lost,
}

type Forge = Arc<dyn Fn(&mut Vec<u8>) -> Fate + Send + Sync>;

/// Changes what comes in on some channels from some peers, and what goes out on them.
#[derive(Clone)]
pub struct Forgery {
    channels: Vec<u64>,
    from: Vec<ValidatorKey>,
    incoming: Forge,
    outgoing: Option<Forge>,
    count: Arc<AtomicUsize>,
}

impl Forgery {
    pub fn new(
        channels: &[u64],
        from: &[ValidatorKey],
        incoming: impl Fn(&mut Vec<u8>) -> Fate + Send + Sync + 'static,
    ) -> Self {
        Self {
            channels: channels.to_vec(),
            from: from.to_vec(),
            incoming: Arc::new(incoming),
            outgoing: None,
            count: Arc::default(),
        }
    }

    /// Nobody lies.
    pub fn none() -> Self {
        Self::new(&[], &[], |_| Fate::Unchanged)
    }

    pub fn with_outgoing(mut self, forge: impl Fn(&mut Vec<u8>) -> Fate + Send + Sync + 'static) -> Self {
        self.outgoing = Some(Arc::new(forge));
        self
    }

    /// Messages that were changed or lost.
    pub fn count(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    /// A channel's two sides, with the lies on them.
    pub fn on<S, R>(&self, channel: u64, (sender, receiver): (S, R)) -> (Sending<S>, Receiving<R>) {
        let forgery = self.channels.contains(&channel).then(|| self.clone());
        let sending = Sending {
            inner: sender,
            forge: forgery.as_ref().and_then(|forgery| forgery.outgoing.clone()),
        };
        let receiving = Receiving {
            inner: receiver,
            forgery,
        };
        (sending, receiving)
    }
}

/// Changes a byte in the middle of an answer of a resolver (`id(8) 1 …`); requests stay as they are.
#[expect(clippy::ptr_arg, reason = "a forger may change the length")]
pub fn change_answer(message: &mut Vec<u8>) -> Fate {
    if message.get(8) != Some(&1) || message.len() < 16 {
        return Fate::Unchanged;
    }
    let middle = message.len() - (message.len() - 10) / 2;
    message[middle] ^= 1;
    Fate::Changed
}

/// Loses the answers of a resolver.
#[expect(clippy::ptr_arg, reason = "a forger may change the length")]
pub fn lose_answer(message: &mut Vec<u8>) -> Fate {
    if message.get(8) == Some(&1) {
        Fate::Lost
    } else {
        Fate::Unchanged
    }
}

/// Replaces every place of some bytes by as many others.
pub fn replace(message: &mut [u8], old: &[u8], new: &[u8]) -> bool {
    assert_eq!(old.len(), new.len());
    let mut found = false;
    for at in 0..(message.len() + 1).saturating_sub(old.len()) {
        if message[at..].starts_with(old) {
            message[at..at + old.len()].copy_from_slice(new);
            found = true;
        }
    }
    found
}

pub struct Receiving<R> {
    inner: R,
    forgery: Option<Forgery>,
}

impl<R> fmt::Debug for Receiving<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Receiving")
    }
}

impl<R: Receiver<PublicKey = ValidatorKey>> Receiver for Receiving<R> {
    type Error = R::Error;
    type PublicKey = ValidatorKey;

    async fn recv(&mut self) -> Result<Message<ValidatorKey>, R::Error> {
        loop {
            let (peer, message) = self.inner.recv().await?;
            let Some(forgery) = self
                .forgery
                .as_ref()
                .filter(|forgery| forgery.from.contains(&peer))
            else {
                return Ok((peer, message));
            };
            let mut bytes = message.as_ref().to_vec();
            match (forgery.incoming)(&mut bytes) {
                Fate::Unchanged => return Ok((peer, message)),
                Fate::Changed => {
                    forgery.count.fetch_add(1, Ordering::Relaxed);
                    return Ok((peer, bytes.into()));
                }
                Fate::Lost => {
                    forgery.count.fetch_add(1, Ordering::Relaxed);
                }
            }
        }
    }

    fn capacity(&self) -> NonZeroUsize {
        self.inner.capacity()
    }
}

#[derive(Clone)]
pub struct Sending<S> {
    inner: S,
    forge: Option<Forge>,
}

impl<S> fmt::Debug for Sending<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sending")
    }
}

impl<S: Sender<PublicKey = ValidatorKey>> LimitedSender for Sending<S> {
    type PublicKey = ValidatorKey;
    type Checked<'a> = Sending<S::Checked<'a>>;

    fn check(&mut self, recipients: Recipients<ValidatorKey>) -> Result<Self::Checked<'_>, SystemTime> {
        let forge = self.forge.clone();
        self.inner.check(recipients).map(|inner| Sending { inner, forge })
    }
}

impl<S: CheckedSender<PublicKey = ValidatorKey>> CheckedSender for Sending<S> {
    type PublicKey = ValidatorKey;

    fn recipients(&self) -> Vec<ValidatorKey> {
        self.inner.recipients()
    }

    fn send(self, message: impl Into<IoBufs> + Send, priority: bool) -> Unreliable<Feedback> {
        let Some(forge) = self.forge else {
            return self.inner.send(message, priority);
        };
        let mut bytes = message.into().coalesce().as_ref().to_vec();
        forge(&mut bytes);
        self.inner.send(bytes, priority)
    }
}
