//! Standings that were read, until the state moves on.

use super::Standing;
use alloy_primitives::Address;
use parking_lot::Mutex;
use std::collections::HashMap;
use zhengtong_state::Generation;

/// Accounts that are known; with one more, all are forgotten.
const MOST: usize = 1 << 16;

/// The state by which a standing was read, and the block that it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct At {
    pub state: Generation,
    pub number: u64,
}

/// The standings of accounts at one place: who sends many transactions is looked up once a block.
#[derive(Debug, Default)]
pub struct Standings(Mutex<Option<Known>>);

#[derive(Debug)]
struct Known {
    at: At,
    standings: HashMap<Address, Standing>,
}

impl Standings {
    pub fn get(&self, at: At, account: Address) -> Option<Standing> {
        let known = self.0.lock();
        let known = known.as_ref().filter(|known| known.at == at)?;
        known.standings.get(&account).copied()
    }

    /// Keeps what was read at a place, in the stead of everything of another place.
    pub fn fill(&self, at: At, account: Address, standing: Standing) {
        let mut known = self.0.lock();
        let known = match known.as_mut() {
            Some(known) if known.at == at && known.standings.len() < MOST => known,
            _ => known.insert(Known {
                at,
                standings: HashMap::new(),
            }),
        };
        known.standings.insert(account, standing);
    }
}

#[cfg(test)]
mod tests {
    use super::{super::Quota, *};
    use zhengtong_state::Cache;

    fn standing(used: u64) -> Standing {
        Standing {
            class: 3,
            account: Quota { limit: 10, used },
            total: Quota { limit: 100, used },
            token: None,
            next_epoch_block: 50,
        }
    }

    #[test]
    fn a_standing_is_known_at_its_place_only() {
        let (cache, standings) = (Cache::default(), Standings::default());
        let account = Address::with_last_byte(1);
        let first = At {
            state: cache.generation(),
            number: 1,
        };
        assert_eq!(standings.get(first, account), None);
        standings.fill(first, account, standing(1));
        assert_eq!(standings.get(first, account), Some(standing(1)));
        assert_eq!(standings.get(first, Address::ZERO), None);

        cache.advance(&[]);
        let applied = At {
            state: cache.generation(),
            ..first
        };
        let shown = At { number: 2, ..applied };
        for at in [applied, shown] {
            assert_eq!(standings.get(at, account), None, "{at:?}");
            standings.fill(at, account, standing(at.number));
            assert_eq!(standings.get(at, account), Some(standing(at.number)));
        }
        assert_eq!(standings.get(first, account), None);
    }

    #[test]
    fn there_is_an_end_to_what_is_known() {
        let standings = Standings::default();
        let at = At {
            state: Cache::default().generation(),
            number: 1,
        };
        let account = |number: usize| Address::left_padding_from(&number.to_be_bytes());
        for number in 0..=MOST {
            standings.fill(at, account(number), standing(0));
        }
        assert_eq!(standings.get(at, account(0)), None);
        assert_eq!(standings.get(at, account(MOST)), Some(standing(0)));
    }
}
