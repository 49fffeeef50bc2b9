//! What the chain says in public and seldom changes, remembered until a block changes it: exchanges ask for it all the time.

use std::collections::HashMap;
use std::hash::Hash;

use alloy_primitives::{Address, B256};
use parking_lot::Mutex;

use super::{ServiceRow, StatuteRow};
use crate::app::project::Change;

/// The most facts of one kind.
const MAX_KNOWN: usize = 4_096;

/// Facts as the store has them.
#[derive(Default)]
pub(super) struct Known(Mutex<Facts>);

#[derive(Default)]
pub(super) struct Facts {
    /// How often everything was forgotten.
    generation: u64,
    pub organisations: HashMap<B256, (Address, u32)>,
    pub keys: HashMap<B256, (B256, String)>,
    pub officers: HashMap<(Address, B256), bool>,
    pub statutes: HashMap<B256, StatuteRow>,
    pub services: HashMap<(B256, u32), ServiceRow>,
}

/// What to read from, and to keep in.
pub(super) type Kind<K, V> = fn(&mut Facts) -> &mut HashMap<K, V>;

impl Known {
    /// What is known; or the moment, which has to be told when it is found out.
    pub fn get<K: Eq + Hash, V: Clone>(&self, kind: Kind<K, V>, key: &K) -> Result<V, u64> {
        let mut facts = self.0.lock();
        let generation = facts.generation;
        kind(&mut facts).get(key).cloned().ok_or(generation)
    }

    /// Keeps what was read after that moment, unless something changed since.
    pub fn put<K: Eq + Hash, V>(&self, kind: Kind<K, V>, since: u64, key: K, value: V) {
        let mut facts = self.0.lock();
        if facts.generation != since {
            return;
        }
        let kept = kind(&mut facts);
        if kept.len() >= MAX_KNOWN {
            kept.clear();
        }
        kept.insert(key, value);
    }

    /// Forgets everything if one of these changes is of such a fact; to be called once they are written.
    pub fn changed(&self, changes: &[Change]) {
        let is_known = |change: &Change| {
            matches!(
                change,
                Change::Organisation { .. }
                    | Change::Officer { .. }
                    | Change::Statute { .. }
                    | Change::Service { .. }
            )
        };
        if changes.iter().any(is_known) {
            self.forget();
        }
    }

    /// Forgets everything.
    pub fn forget(&self) {
        let mut facts = self.0.lock();
        *facts = Facts {
            generation: facts.generation + 1,
            ..Facts::default()
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(facts: &mut Facts) -> &mut HashMap<B256, (B256, String)> {
        &mut facts.keys
    }

    #[test]
    fn what_was_read_before_a_change_is_not_kept_after_it() {
        let (known, key) = (Known::default(), B256::repeat_byte(1));
        let value = |byte| (B256::repeat_byte(byte), String::new());
        let before = known.get(keys, &key).unwrap_err();
        known.forget();
        known.put(keys, before, key, value(1));
        let after = known.get(keys, &key).unwrap_err();
        known.put(keys, after, key, value(2));
        assert_eq!(known.get(keys, &key), Ok(value(2)));
        known.forget();
        assert!(known.get(keys, &key).is_err());
    }
}
