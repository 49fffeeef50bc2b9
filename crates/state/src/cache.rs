//! A bounded cache of entries at the applied tip.

use crate::{Entry, Key, Value};
use lru::LruCache;
use parking_lot::Mutex;
use std::{
    num::NonZeroUsize,
    sync::atomic::{AtomicU64, Ordering},
};

/// Entries (about 200 bytes each) that are kept.
pub const DEFAULT_ENTRIES: NonZeroUsize = NonZeroUsize::new(400_000).unwrap();
/// Parts with a lock of their own, so that who reads seldom waits for who moves the tip. Keys are hashes: any byte spreads them.
const PARTS: NonZeroUsize = NonZeroUsize::new(16).unwrap();

type Part = Mutex<LruCache<Key, Option<Value>>>;

/// Values of keys as of the applied tip; `None` means that the key is known to be absent.
///
/// A reader that misses takes a [`Generation`] before it asks the database and hands it back with what it found: a value
/// that was read before the tip moved is then not kept.
#[derive(Debug)]
pub struct Cache {
    /// Grows before the tip moves, and again when it has: what was read in between is of neither tip.
    generation: AtomicU64,
    parts: [Part; PARTS.get()],
}

/// When a read began.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Generation(u64);

impl Cache {
    /// With room for this many, in equal parts.
    pub fn new(entries: NonZeroUsize) -> Self {
        let entries = entries.div_ceil(PARTS);
        Self {
            generation: AtomicU64::new(0),
            parts: std::array::from_fn(|_| Mutex::new(LruCache::new(entries))),
        }
    }

    /// The tip as of now.
    pub fn generation(&self) -> Generation {
        Generation(self.generation.load(Ordering::Acquire))
    }

    /// What is known about a key, or when the read of it begins.
    pub fn get(&self, key: &Key) -> Result<Option<Value>, Generation> {
        let mut part = self.part(key).lock();
        part.get(key).cloned().ok_or_else(|| self.generation())
    }

    /// Keeps what was read, unless the tip moved meanwhile.
    pub fn fill(&self, began: Generation, key: Key, value: Option<Value>) {
        // Whoever moves the tip comes to this part after the generation grew, and writes over what is filled before.
        let mut part = self.part(&key).lock();
        if self.generation() == began {
            part.put(key, value);
        }
    }

    /// Moves to a new tip that changed these keys. The database is there already: what is read of it from now on may be kept.
    pub fn advance(&self, entries: &[Entry]) {
        self.generation.fetch_add(1, Ordering::AcqRel);
        for entry in entries {
            self.part(&entry.key).lock().put(entry.key, entry.after.clone());
        }
        self.generation.fetch_add(1, Ordering::AcqRel);
    }

    fn part(&self, key: &Key) -> &Part {
        &self.parts[usize::from(key.as_ref()[0]) % PARTS]
    }
}

impl Default for Cache {
    fn default() -> Self {
        Self::new(DEFAULT_ENTRIES)
    }
}
