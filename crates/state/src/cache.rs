//! A bounded cache of entries at the applied tip.

use crate::{Entry, Key, Value};
use lru::LruCache;
use parking_lot::Mutex;
use std::num::NonZeroUsize;

/// Entries (about 200 bytes each) that are kept.
pub const DEFAULT_ENTRIES: NonZeroUsize = NonZeroUsize::new(400_000).unwrap();

/// Values of keys as of the applied tip; `None` means that the key is known to be absent.
///
/// A reader that misses takes a [`Generation`] before it asks the database and hands it back with what it found: a value
/// that was read before the tip moved is then not kept.
#[derive(Debug)]
pub struct Cache(Mutex<Inner>);

#[derive(Debug)]
struct Inner {
    generation: u64,
    entries: LruCache<Key, Option<Value>>,
}

/// When a read began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Generation(u64);

impl Cache {
    pub fn new(entries: NonZeroUsize) -> Self {
        Self(Mutex::new(Inner {
            generation: 0,
            entries: LruCache::new(entries),
        }))
    }

    /// The tip as of now.
    pub fn generation(&self) -> Generation {
        Generation(self.0.lock().generation)
    }

    /// What is known about a key, or when the read of it begins.
    pub fn get(&self, key: &Key) -> Result<Option<Value>, Generation> {
        let mut inner = self.0.lock();
        let generation = Generation(inner.generation);
        inner.entries.get(key).cloned().ok_or(generation)
    }

    /// Keeps what was read, unless the tip moved meanwhile.
    pub fn fill(&self, began: Generation, key: Key, value: Option<Value>) {
        let mut inner = self.0.lock();
        if inner.generation == began.0 {
            inner.entries.put(key, value);
        }
    }

    /// Moves to a new tip that changed these keys.
    pub fn advance(&self, entries: &[Entry]) {
        let mut inner = self.0.lock();
        inner.generation += 1;
        for entry in entries {
            inner.entries.put(entry.key, entry.after.clone());
        }
    }
}

impl Default for Cache {
    fn default() -> Self {
        Self::new(DEFAULT_ENTRIES)
    }
}
