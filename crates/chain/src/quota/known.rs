//! What was read of accounts that send, until the state moves on.

use super::Standing;
use alloy_primitives::{Address, map::AddressMap};
use parking_lot::Mutex;
use zhengtong_evm::AccountState;
use zhengtong_state::Generation;

/// Accounts that are known; with one more, all are forgotten.
const MOST: usize = 1 << 16;

/// The state by which a sender was read, and the block that its standing is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct At {
    pub state: Generation,
    pub number: u64,
}

/// What the state says of an account that sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sender {
    pub account: Option<AccountState>,
    pub standing: Standing,
}

/// Senders at one place: who sends many transactions is looked up once a block.
#[derive(Debug, Default)]
pub struct KnownSenders(Mutex<Option<Known>>);

#[derive(Debug)]
struct Known {
    at: At,
    senders: AddressMap<Sender>,
}

impl KnownSenders {
    pub fn get(&self, at: At, account: Address) -> Option<Sender> {
        let known = self.0.lock();
        let known = known.as_ref().filter(|known| known.at == at)?;
        known.senders.get(&account).copied()
    }

    /// Keeps what was read at a place, in the stead of everything of an earlier one.
    pub fn fill(&self, at: At, account: Address, sender: Sender) {
        let mut known = self.0.lock();
        if known.as_ref().is_some_and(|known| known.at > at) {
            return;
        }
        let known = match known.as_mut() {
            Some(known) if known.at == at && known.senders.len() < MOST => known,
            _ => known.insert(Known {
                at,
                senders: AddressMap::default(),
            }),
        };
        known.senders.insert(account, sender);
    }
}

#[cfg(test)]
mod tests {
    use super::{super::Quota, *};
    use zhengtong_state::Cache;

    fn sender(used: u64) -> Sender {
        let standing = Standing {
            class: 3,
            account: Quota { limit: 10, used },
            total: Quota { limit: 100, used },
            token: None,
            next_epoch_block: 50,
        };
        Sender {
            account: None,
            standing,
        }
    }

    #[test]
    fn a_sender_is_known_at_its_place_only() {
        let (cache, senders) = (Cache::default(), KnownSenders::default());
        let account = Address::with_last_byte(1);
        let first = At {
            state: cache.generation(),
            number: 1,
        };
        assert_eq!(senders.get(first, account), None);
        senders.fill(first, account, sender(1));
        assert_eq!(senders.get(first, account), Some(sender(1)));
        assert_eq!(senders.get(first, Address::ZERO), None);

        cache.advance(&[]);
        let applied = At {
            state: cache.generation(),
            ..first
        };
        let shown = At { number: 2, ..applied };
        for at in [applied, shown] {
            assert_eq!(senders.get(at, account), None, "{at:?}");
            senders.fill(at, account, sender(at.number));
            assert_eq!(senders.get(at, account), Some(sender(at.number)));
        }
        assert_eq!(senders.get(first, account), None);
        senders.fill(first, account, sender(1));
        assert_eq!(
            senders.get(shown, account),
            Some(sender(2)),
            "who comes late is not kept"
        );
    }

    #[test]
    fn there_is_an_end_to_what_is_known() {
        let senders = KnownSenders::default();
        let at = At {
            state: Cache::default().generation(),
            number: 1,
        };
        let account = |number: usize| Address::left_padding_from(&number.to_be_bytes());
        for number in 0..=MOST {
            senders.fill(at, account(number), sender(0));
        }
        assert_eq!(senders.get(at, account(0)), None);
        assert_eq!(senders.get(at, account(MOST)), Some(sender(0)));
    }
}
