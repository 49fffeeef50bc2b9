//! A committee that signs with real keys made from a seed, for tests of whatever verifies.

use crate::{
    Finality, NAMESPACE, NetworkInfo, NetworkKey,
    consensus::{Finalization, Scheme},
    header::{digest_of, encode_header, header_hash},
};
use alloy_consensus::Header;
use alloy_primitives::{B256, Bytes};
use commonware_codec::Encode as _;
use commonware_consensus::{
    simplex::types::{Finalize, Proposal},
    types::{Epoch, Round, View},
};
use commonware_cryptography::{
    Signer as _,
    bls12381::{
        dkg::feldman_desmedt::deal,
        primitives::{sharing::Mode, variant::MinSig},
    },
    ed25519,
};
use commonware_parallel::Sequential;
use commonware_utils::{Faults as _, N3f1, TryCollect as _, iter::NonEmpty};
use rand::{SeedableRng as _, rngs::ChaCha20Rng};
use std::collections::BTreeMap;

/// Validators with their shares of one threshold key.
#[derive(Clone, Debug)]
pub struct Committee {
    schemes: Vec<Scheme>,
    key: NetworkKey,
    leader: ed25519::PublicKey,
}

impl Committee {
    /// Deals a key to `validators`.
    ///
    /// # Panics
    ///
    /// When `validators` is zero.
    pub fn new(seed: u64, validators: u64) -> Self {
        let identities =
            (0..validators).map(|index| ed25519::PrivateKey::from_seed(seed << 16 | index).public_key());
        let participants: commonware_utils::ordered::Set<_> =
            identities.try_collect().expect("identities differ");
        let mode = Mode::NonZeroCounter;
        let dealt = deal::<MinSig, _, N3f1>(ChaCha20Rng::seed_from_u64(seed), mode, participants.clone());
        let (output, shares) = dealt.expect("there are validators");
        let sharing = output.public().clone();
        let schemes = shares.into_iter().map(|(_, share)| {
            Scheme::signer(NAMESPACE, participants.clone(), sharing.clone(), share)
                .expect("the share is dealt")
        });
        let leader = participants.iter().next().expect("there are validators").clone();
        Self {
            schemes: schemes.collect(),
            key: NetworkKey::new(*sharing.public()),
            leader,
        }
    }

    pub const fn key(&self) -> &NetworkKey {
        &self.key
    }

    /// The identity that proposes every block.
    pub const fn leader(&self) -> &ed25519::PublicKey {
        &self.leader
    }

    /// Votes needed.
    pub fn threshold(&self) -> u32 {
        N3f1::quorum(self.schemes.len())
    }

    /// A certificate over a header, from exactly as many votes as are needed, the last ones.
    ///
    /// # Panics
    ///
    /// Never: the votes are this committee's own.
    pub fn certify(&self, header: &Header, view: u64, parent_view: u64) -> Bytes {
        let round = Round::new(Epoch::zero(), View::new(view));
        let proposal = Proposal::new(round, View::new(parent_view), digest_of(header_hash(header)));
        let voters = self.schemes.iter().rev().take(self.threshold() as usize);
        let votes = voters.map(|scheme| Finalize::sign(scheme, proposal.clone()).expect("it has a share"));
        let votes = NonEmpty::try_new(votes).expect("there are validators");
        let finalization = Finalization::from_owned_finalizes(&self.schemes[0], votes, &Sequential);
        Bytes::from(finalization.expect("there are enough votes").encode())
    }

    /// Finality of the last of `headers`, which are given from the certified one down.
    pub fn finality(&self, headers: &[&Header], view: u64) -> Finality {
        let certificate = self.certify(headers[0], view, view - 1);
        Finality {
            certificate,
            headers: headers.iter().map(|header| encode_header(header)).collect(),
        }
    }

    /// A network with this committee.
    pub fn network(&self, chain_id: u64, genesis_hash: B256) -> NetworkInfo {
        NetworkInfo {
            chain_id,
            name: "mock".into(),
            public_key: self.key,
            namespace: Bytes::from_static(NAMESPACE),
            genesis_hash,
            validators: self.schemes.len() as u32,
            threshold: self.threshold(),
            contracts: BTreeMap::new(),
            version: env!("CARGO_PKG_VERSION").into(),
        }
    }
}
