//! Epochs: who validates when, with which shares of the one key.
//!
//! In each epoch the validators that have shares deal new ones to the validators of the next but one; `docs/decisions/0012`
//! says how. What is kept of an epoch in public is in its first block's parent, and in [`crate::committee`].

use super::{
    Runtime, Setup,
    abstinence::Abstinence,
    consensus::votes_partition,
    limits::{BUFFER_BYTES, MAILBOX},
};
use crate::{
    committee::{Committee, Members},
    inner::Marshal,
};
use commonware_consensus::{marshal::standard::Standard, types::Epoch};
use commonware_cryptography::{
    Signer as _,
    bls12381::{
        dkg::feldman_desmedt::Reveal,
        primitives::{sharing::Mode, variant::MinSig},
    },
    certificate::{Provider, Scoped},
    ed25519,
};
use commonware_glue::dkg::{
    Registrar, SecretStore,
    fence::{Fence, Gate},
    network::Manager,
    reshare::{Actor, Config, Mailbox},
    state_sync::{self, Plan},
    types::SchemeInfo,
};
use commonware_p2p::Blocker;
use commonware_parallel::Sequential;
use commonware_runtime::buffer::paged::CacheRef;
use parking_lot::Mutex;
use std::{collections::BTreeMap, sync::Arc};
use zhengtong_types::{
    EpochRole as Role, NAMESPACE,
    committee::{Directory, EpochInfo, MAX_VALIDATORS, SHARING},
    consensus::{Block, Digest, Finalization, Scheme, ValidatorKey},
};

/// Separates what validators sign in a resharing from everything else they sign.
const RESHARING: &[u8] = b"zhengtong-reshare";
/// Schemes of this many epochs are kept.
const KEPT_EPOCHS: usize = 4;

/// What an earlier start decided about where a node without data begins.
pub type EpochPlan = Plan<Scheme, Digest, MinSig, Directory>;
/// Where a node without data begins: a certified block, and the validators of its epoch.
pub type EpochStart = state_sync::StateSync<Scheme, Digest, MinSig, Directory>;
/// Asks for what a block is to carry, and reports finalized blocks.
pub type Dealings = Mailbox<Block, MinSig, ed25519::PrivateKey>;
type Dealer<E, P, B, K> = Actor<
    E,
    Block,
    MinSig,
    ed25519::PrivateKey,
    P,
    B,
    Members,
    K,
    Sequential,
    Scheme,
    Standard<Block>,
    Registered<E>,
>;

/// With what votes and certificates of an epoch are signed and checked.
#[derive(Clone)]
pub struct Schemes(Arc<Mutex<BTreeMap<Epoch, Arc<Scheme>>>>);

impl Schemes {
    pub fn new() -> Self {
        Self(Arc::default())
    }

    fn put(&self, epoch: Epoch, scheme: Scheme) {
        let mut schemes = self.0.lock();
        schemes.insert(epoch, Arc::new(scheme));
        while schemes.len() > KEPT_EPOCHS {
            schemes.pop_first();
        }
    }
}

impl Provider for Schemes {
    type Scope = Epoch;
    type Scheme = Scheme;

    fn scoped(&self, epoch: Epoch) -> Option<Scoped<Scheme>> {
        self.0.lock().get(&epoch).cloned().map(Scoped::scheme)
    }
}

/// Checks certificates of every epoch, since the key is the same in all of them.
pub fn verifier(setup: &Setup) -> Scheme {
    Scheme::certificate_verifier(NAMESPACE, *setup.network.public_key.public())
}

/// Takes in with what this node signs in an epoch.
pub struct Registered<E> {
    context: E,
    prefix: String,
    schemes: Schemes,
    committee: Arc<Committee>,
    me: ValidatorKey,
    abstinence: Abstinence,
}

impl<E: Runtime> Registrar for Registered<E> {
    type Variant = MinSig;
    type PublicKey = ValidatorKey;

    async fn register(&self, epoch: Epoch, info: SchemeInfo<MinSig, ValidatorKey>) {
        let (scheme, role) = match info {
            SchemeInfo::Verifier {
                participants,
                sharing,
            } => (Scheme::verifier(NAMESPACE, participants, sharing), Role::Follower),
            SchemeInfo::Member {
                participants,
                sharing,
                public_key,
            } => (
                Scheme::member(NAMESPACE, participants, sharing, &public_key)
                    .expect("the engine names only members as members"),
                Role::WithoutShare,
            ),
            SchemeInfo::Signer {
                participants,
                sharing,
                ..
            } if !self.abstinence.may_vote(epoch.get()).await => (
                Scheme::member(NAMESPACE, participants, sharing, &self.me)
                    .expect("the engine names only members as signers"),
                Role::Restored,
            ),
            SchemeInfo::Signer {
                participants,
                sharing,
                share,
            } => (
                Scheme::signer(NAMESPACE, participants, sharing, share).expect(
                    "the share in the secrets folder is not one of this network's; restore the folder",
                ),
                Role::Validator,
            ),
        };
        self.schemes.put(epoch, scheme);
        self.committee.entered(epoch.get(), role);
        // Two epochs ago nobody votes any more.
        if let Some(old) = epoch.get().checked_sub(2) {
            // There is none if this node was not there, or was here before.
            let _ = self
                .context
                .remove(&votes_partition(&self.prefix, old), None)
                .await;
        }
    }
}

/// Loads what an earlier start decided, or notes what this one does.
pub async fn plan<E: Runtime>(context: &E, setup: &Setup, begin: Option<EpochStart>) -> EpochPlan {
    let config = state_sync::Config {
        partition_prefix: setup.prefix.clone(),
        max_participants: MAX_VALIDATORS,
        max_supported_mode: SHARING,
    };
    Plan::init(context.child("epoch_plan"), config, begin).await
}

/// A certified block with the validators of its epoch.
pub fn start(info: EpochInfo, floor: Finalization) -> EpochStart {
    EpochStart { info, floor }
}

/// Makes what deals and receives shares, not yet started.
#[expect(clippy::too_many_arguments, reason = "each is another part of the node")]
pub fn dealer<E, P, B, K>(
    context: &E,
    setup: &Setup,
    page_cache: CacheRef,
    (peers, blocker): (P, B),
    secrets: K,
    committee: &Arc<Committee>,
    marshal: Marshal,
    plan: EpochPlan,
) -> (Dealer<E, P, B, K>, Dealings, Schemes, Gate)
where
    E: Runtime,
    P: Manager<PublicKey = ValidatorKey, Directory = Directory>,
    B: Blocker<PublicKey = ValidatorKey>,
    K: SecretStore,
{
    let schemes = Schemes::new();
    let (fence, gate) = Fence::new();
    let config = Config {
        signer: setup.signer.clone(),
        manager: peers,
        blocker,
        participants_provider: Members(committee.clone()),
        secret_store: secrets,
        strategy: Sequential,
        registrar: Registered {
            context: context.child("registrar"),
            prefix: setup.prefix.clone(),
            schemes: schemes.clone(),
            committee: committee.clone(),
            me: setup.signer.public_key(),
            abstinence: Abstinence::new(
                setup.store.clone(),
                marshal.clone(),
                setup.epoch_blocks,
                super::sync::now_ms(context),
            ),
        },
        marshal,
        state_sync: plan,
        fence,
        namespace: RESHARING,
        sharing_mode: Mode::NonZeroCounter,
        reveal: Reveal::V1,
        mailbox_size: MAILBOX,
        partition_prefix: format!("{}-reshare", setup.prefix),
        page_cache,
        write_buffer: BUFFER_BYTES,
        replay_buffer: BUFFER_BYTES,
        max_participants: MAX_VALIDATORS,
        blocks_per_epoch: setup.epoch_blocks,
    };
    let (dealer, dealings) = Actor::new(context.child("reshare"), config);
    (dealer, dealings, schemes, gate)
}
