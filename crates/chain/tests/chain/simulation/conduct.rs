//! How a validator behaves. All but one way are byzantine.

use super::{application::Lie, wire::Outgoing};
use crate::common::{account, sign};
use alloy_consensus::TxEip1559;
use alloy_primitives::{Address, TxKind, keccak256};
use commonware_codec::{DecodeExt as _, Encode as _, varint::UInt};
use commonware_consensus::simplex::types::{Finalize, Notarize, Nullify, Proposal, Vote};
use commonware_p2p::{Receiver as _, Recipients, Sender as _, utils::mux};
use commonware_runtime::{Clock as _, deterministic};
use rand::{RngExt as _, SeedableRng as _, rngs::ChaCha20Rng};
use std::{collections::HashSet, time::Duration};
use zhengtong_types::{
    consensus::{Digest, Scheme, ValidatorKey},
    header::{digest_of, hash_of},
};

use super::wire::Incoming;

/// What a validator does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conduct {
    Honest,
    /// Runs twice with one key, and shows each copy to other validators: two proposals a view, two votes a view.
    Twin,
    /// Has no engine; votes for whatever it sees, for what it invents, and against both, in every view.
    VotesForAll,
    /// Keeps something back.
    Withholds(Withheld),
    /// Proposes blocks that are wrong, each time in another way, beginning with this one.
    Lies(Lie),
    /// Proposes blocks that are all wrong in one way.
    Repeats(Lie),
    /// Sends what is not a message, and transactions by the thousand.
    Floods {
        channel: u64,
    },
}

/// What is kept back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Withheld {
    Votes,
    Certificates,
    /// The blocks it proposes, and those that others ask it for.
    Blocks,
    /// Everything, from half of the others.
    Half,
    /// What it deals of new shares, and its thanks for what others deal.
    Dealings,
}

pub const WITHHELD: [Withheld; 4] = [
    Withheld::Votes,
    Withheld::Certificates,
    Withheld::Blocks,
    Withheld::Half,
];

impl Conduct {
    /// Who may hear what this validator sends on a channel (see `Networks`); everyone if nothing is said.
    pub fn audience(self, channel: u64, others: &[ValidatorKey]) -> Option<Vec<ValidatorKey>> {
        let Self::Withholds(withheld) = self else {
            return None;
        };
        match (withheld, channel) {
            (Withheld::Votes, 0)
            | (Withheld::Certificates, 1)
            | (Withheld::Blocks, 3 | 4)
            | (Withheld::Dealings, 9) => Some(Vec::new()),
            (Withheld::Half, _) => Some(others[..others.len() / 2].to_vec()),
            _ => None,
        }
    }
}

/// Votes are sent on the subchannel of their epoch.
const FIRST_EPOCH: u64 = 0;

/// Votes for every proposal and for one that nobody made, to finalize and to nullify at once, each to half of the others.
pub async fn vote_for_all(
    scheme: Scheme,
    others: Vec<ValidatorKey>,
    mut sender: Outgoing,
    mut receiver: Incoming,
) {
    let mut voted = HashSet::new();
    while let Ok((_, message)) = receiver.recv().await {
        let Ok((FIRST_EPOCH, message)) = mux::parse(message) else {
            continue;
        };
        let Ok(Vote::<Scheme, Digest>::Notarize(vote)) = Vote::decode(message) else {
            continue;
        };
        let real = vote.proposal;
        if !voted.insert(real.round) {
            continue;
        }
        let invented = Proposal::new(
            real.round,
            real.parent,
            digest_of(keccak256(hash_of(&real.payload))),
        );
        let (first, second) = others.split_at(others.len() / 2);
        let nullify = Nullify::sign::<Digest>(&scheme, real.round).map(Vote::<Scheme, Digest>::Nullify);
        for (audience, proposal) in [(first, real), (second, invented)] {
            let notarize = Notarize::sign(&scheme, proposal.clone()).map(Vote::Notarize);
            let finalize = Finalize::sign(&scheme, proposal).map(Vote::Finalize);
            for vote in [notarize, finalize, nullify.clone()].into_iter().flatten() {
                let message = [UInt(FIRST_EPOCH).encode(), vote.encode()].concat();
                let _ = sender.send(Recipients::Some(audience.to_vec()), message, true);
            }
        }
    }
}

/// Largest piece of nonsense, most of the time, and now and then.
const NONSENSE_BYTES: usize = 4_096;
const LARGE_NONSENSE_BYTES: usize = 512 * 1024;
/// Channel of transactions.
const TRANSACTIONS: u64 = 6;

/// Sends nonsense on one channel, and transactions that are transactions on theirs.
pub async fn flood(context: deterministic::Context, channel: u64, mut senders: Vec<Outgoing>, seed: u64) {
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    loop {
        context.sleep(Duration::from_millis(20)).await;
        let limit = if rng.random_ratio(1, 50) {
            LARGE_NONSENSE_BYTES
        } else {
            NONSENSE_BYTES
        };
        let mut nonsense = vec![0; rng.random_range(0..limit)];
        rng.fill(nonsense.as_mut_slice());
        let _ = senders[channel as usize].send(Recipients::All, nonsense, rng.random());
        // Accounts that have nothing can pay what costs nothing.
        let stranger = account(rng.random_range(1_000..1_010));
        let raws: Vec<bytes::Bytes> = (0..2)
            .map(|_| {
                let transaction = TxEip1559 {
                    nonce: rng.random_range(0..300),
                    gas_limit: rng.random_range(0..400_000_000),
                    to: TxKind::Call(Address::repeat_byte(rng.random())),
                    ..crate::common::blank()
                };
                sign(&stranger, transaction).0
            })
            .collect();
        let _ = senders[TRANSACTIONS as usize].send(Recipients::All, raws.encode(), false);
    }
}
