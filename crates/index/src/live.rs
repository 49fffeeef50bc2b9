//! Events as they come, to bounded numbers of subscribers.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, broadcast};

use crate::view::case::EventRecord;

/// Open streams at most; the next is told to come back.
pub const MAX_SUBSCRIBERS: usize = 1_024;
/// Events a slow subscriber may be behind before it is served from the database.
const BACKLOG_EVENTS: usize = 1_024;

/// The hub between the follower and the streams.
#[derive(Debug, Clone)]
pub struct Live {
    sender: broadcast::Sender<Arc<EventRecord>>,
    places: Arc<Semaphore>,
}

/// One open stream; dropping it frees its place.
#[derive(Debug)]
pub struct Subscription {
    pub events: broadcast::Receiver<Arc<EventRecord>>,
    _place: OwnedSemaphorePermit,
}

impl Default for Live {
    fn default() -> Self {
        Self::with_places(MAX_SUBSCRIBERS)
    }
}

impl Live {
    /// A hub with room for so many streams.
    pub fn with_places(places: usize) -> Self {
        Self {
            sender: broadcast::Sender::new(BACKLOG_EVENTS),
            places: Arc::new(Semaphore::new(places)),
        }
    }

    /// Tells every stream of events that are in the database.
    pub fn publish(&self, events: impl IntoIterator<Item = EventRecord>) {
        if self.sender.receiver_count() == 0 {
            return;
        }
        for event in events {
            // It fails only when nobody listens.
            let _ = self.sender.send(Arc::new(event));
        }
    }

    /// Opens a stream; `None` when there is no place left.
    pub fn subscribe(&self) -> Option<Subscription> {
        let place = self.places.clone().try_acquire_owned().ok()?;
        Some(Subscription {
            events: self.sender.subscribe(),
            _place: place,
        })
    }
}
