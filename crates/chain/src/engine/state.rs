//! The state database under `commonware_glue::stateful`, which drives the application.

use super::{
    Runtime, Setup,
    limits::{FETCH_RETRY, FETCH_TIMEOUT, MAILBOX},
};
use crate::inner::Marshal;
use commonware_consensus::marshal::{core::Floor, standard::Standard};
use commonware_cryptography::{bls12381::primitives::variant::MinSig, ed25519};
use commonware_glue::dkg::reshare;
use commonware_glue::stateful::{
    Application, Config, Mailbox, PruneConfig, Stateful, SyncPlan,
    db::{
        SyncEngineConfig,
        p2p::{Actor as Resolver, Config as ResolverConfig, Mailbox as ResolverMailbox},
    },
};
use commonware_p2p::{Blocker, Provider, Receiver, Sender};
use commonware_parallel::Sequential;
use commonware_storage::{merkle::mmr, qmdb::any::ordered::fixed::Operation};
use commonware_utils::{NZDuration, NZU64, NZUsize};
use std::num::{NonZeroU64, NonZeroUsize};
use zhengtong_state::{Config as StateConfig, Database, Key, Qmdb, Value};
use zhengtong_types::{
    committee::Directory,
    consensus::{Block, Context, Scheme, ValidatorKey},
};

/// Operations in one answer to a node that fetches the state.
pub const SYNC_OPERATIONS: NonZeroU64 = NZU64!(1_024);
/// Blocks between two times that the engine forgets old ones.
const PRUNE_INTERVAL: NonZeroUsize = NZUsize!(64);
const OUTSTANDING_REQUESTS: NonZeroUsize = NZUsize!(8);

pub type Plan<E> = SyncPlan<E, Scheme, Standard<Block>>;
/// What a proposal is to carry.
pub type ProposalInput = reshare::Input<(), MinSig, ed25519::PrivateKey, Directory>;
type Source<E> = ResolverMailbox<Qmdb<E>, mmr::Family, Operation<mmr::Family, Key, Value>, Key>;
/// An application that the engine can drive: [`crate::App`], or one that stands in front of it.
pub trait Driven<E: Runtime>:
    Application<
        E,
        SigningScheme = Scheme,
        Context = Context,
        Block = Block,
        Databases = Database<E>,
        Provider = (),
        Input = ProposalInput,
    > + Sync
{
}

impl<E: Runtime, A> Driven<E> for A where
    A: Application<
            E,
            SigningScheme = Scheme,
            Context = Context,
            Block = Block,
            Databases = Database<E>,
            Provider = (),
            Input = ProposalInput,
        > + Sync
{
}

type Driver<E, A> = Stateful<E, A, Standard<Block>, Source<E>, Sequential>;

/// Starts what serves this node's state to others and fetches theirs.
pub fn resolver<E, P, B, S, R>(
    context: &E,
    me: &ValidatorKey,
    peers: P,
    blocker: B,
    channel: (S, R),
) -> Source<E>
where
    E: Runtime,
    P: Provider<PublicKey = ValidatorKey>,
    B: Blocker<PublicKey = ValidatorKey>,
    S: Sender<PublicKey = ValidatorKey>,
    R: Receiver<PublicKey = ValidatorKey>,
{
    let (actor, resolver) = Resolver::<_, ValidatorKey, _, _, mmr::Family, Qmdb<E>>::new(
        context.child("state_resolver"),
        ResolverConfig {
            peer_provider: peers,
            blocker,
            database: None,
            mailbox_size: MAILBOX,
            me: Some(me.clone()),
            fetch_timeout: NZDuration!(FETCH_TIMEOUT),
            fetch_retry_delay: FETCH_RETRY,
            max_serve_ops: SYNC_OPERATIONS,
            priority_requests: false,
            priority_responses: false,
        },
    );
    actor.start(channel);
    resolver
}

/// The driver of the application and its database, not yet started.
#[expect(
    clippy::too_many_arguments,
    reason = "each of another part of the engine, and named where it is called"
)]
pub fn driver<E: Runtime, A: Driven<E>>(
    context: &E,
    application: A,
    database: StateConfig,
    marshal: (Marshal, Floor),
    plan: Plan<E>,
    resolvers: Source<E>,
    keep_blocks: Option<u64>,
    epoch_blocks: NonZeroU64,
) -> (Driver<E, A>, Mailbox<E, A>) {
    Stateful::new(
        context.child("stateful"),
        Config {
            application,
            db_config: database,
            provider: (),
            marshal,
            mailbox_size: MAILBOX,
            plan,
            resolvers,
            sync_config: SyncEngineConfig {
                fetch_batch_size: SYNC_OPERATIONS,
                apply_batch_size: SYNC_OPERATIONS,
                max_outstanding_requests: OUTSTANDING_REQUESTS,
            },
            prune_config: keep_blocks.map(|keep| prune(keep, epoch_blocks)),
            strategy: Sequential,
        },
    )
}

/// The engine keeps as many blocks for others, and the operations of the state since, as this node keeps for readers; and
/// never fewer blocks than an epoch has, because the one before its first says who its validators are.
fn prune(keep_blocks: u64, epoch_blocks: NonZeroU64) -> PruneConfig {
    let count = |blocks: u64| usize::try_from(blocks).unwrap_or(usize::MAX);
    PruneConfig {
        maintenance_interval: PRUNE_INTERVAL,
        retained_marshal_blocks: count(keep_blocks.max(epoch_blocks.get())),
        retained_qmdb_blocks: count(keep_blocks),
    }
}

/// Loads what an earlier start decided about fetching the state.
pub async fn plan<E: Runtime>(context: &E, setup: &Setup) -> Plan<E> {
    SyncPlan::init(context.child("plan"), format!("{}-plan", setup.prefix)).await
}
