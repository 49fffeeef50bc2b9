//! A channel's receiving side that is counted, or that several readers use one after the other.

use commonware_p2p::{Message, Receiver};
use std::{
    num::NonZeroUsize,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};
use tokio::sync::Mutex;

/// Counts the bytes that come in.
#[derive(Debug)]
pub struct Counted<R> {
    inner: R,
    bytes: Arc<AtomicU64>,
}

impl<R> Counted<R> {
    /// The counting receiver, and what it counts.
    pub fn new(inner: R) -> (Self, Arc<AtomicU64>) {
        let bytes = Arc::<AtomicU64>::default();
        let counted = Self {
            inner,
            bytes: bytes.clone(),
        };
        (counted, bytes)
    }
}

impl<R: Receiver> Receiver for Counted<R> {
    type Error = R::Error;
    type PublicKey = R::PublicKey;

    async fn recv(&mut self) -> Result<Message<R::PublicKey>, R::Error> {
        let message = self.inner.recv().await?;
        self.bytes.fetch_add(message.1.len() as u64, Ordering::Relaxed);
        Ok(message)
    }

    fn capacity(&self) -> NonZeroUsize {
        self.inner.capacity()
    }
}

/// A receiver whose next reader takes over when the last one is gone.
#[derive(Debug)]
pub struct Shared<R> {
    inner: Arc<Mutex<R>>,
    capacity: NonZeroUsize,
}

impl<R> Clone for Shared<R> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
            capacity: self.capacity,
        }
    }
}

impl<R: Receiver> Shared<R> {
    pub fn new(inner: R) -> Self {
        let capacity = inner.capacity();
        Self {
            inner: Arc::new(Mutex::new(inner)),
            capacity,
        }
    }
}

impl<R: Receiver> Receiver for Shared<R> {
    type Error = R::Error;
    type PublicKey = R::PublicKey;

    async fn recv(&mut self) -> Result<Message<R::PublicKey>, R::Error> {
        self.inner.lock().await.recv().await
    }

    fn capacity(&self) -> NonZeroUsize {
        self.capacity
    }
}
