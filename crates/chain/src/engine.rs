//! Wires the application to commonware's engine: simplex decides, marshal keeps blocks and certificates, stateful drives
//! the application and its database. The same wiring serves one validator and many.
//!
//! Start-up in order: block store and genesis, state at genesis, journal, engine; then the state database is open and
//! every block that the store already has is applied again if need be; then journaled transactions come back to the pool.

use crate::{
    application::App,
    config::Config,
    genesis::Genesis,
    gossip,
    handle::Handle,
    inner::Inner,
    pacing::Paced,
    pool::{Journal, JournalError, Pool, Writer, run_writer},
    store::{Store, StoreError},
    view::{SealedBlock, SubmitError},
};
use alloy_consensus::Transaction as _;
use alloy_primitives::{B256, Bytes};
use commonware_broadcast::buffered;
use commonware_consensus::{
    marshal::{
        self,
        core::Actor as MarshalActor,
        resolver::p2p as marshal_resolver,
        standard::{Deferred, Standard},
    },
    simplex::{
        self,
        config::{Floor, ForwardPolicy, SkipBudget, SkipPolicy},
        elector::RoundRobin,
    },
    types::{Epoch, FixedEpocher, ViewDelta},
};
use commonware_cryptography::{Digested, Digestible as _, Sha256, certificate::ConstantProvider};
use commonware_glue::stateful::{
    Config as StatefulConfig, Stateful, SyncPlan, db::SyncEngineConfig, db::p2p as state_p2p,
};
use commonware_p2p::{Blocker, Provider, Receiver, Sender, max_message_size};
use commonware_parallel::Sequential;
use commonware_runtime::{Spawner, buffer::paged::CacheRef};
use commonware_storage::{
    Context as Storage,
    archive::prunable::{self, Archive},
    merkle::mmr,
    qmdb::any::ordered::fixed::Operation,
    translator::EightCap,
};
use commonware_utils::{NZDuration, NZU16, NZU64, NZUsize};
use rand_core::CryptoRng;
use std::{
    num::{NonZeroU16, NonZeroU64, NonZeroUsize},
    sync::Arc,
    time::Duration,
};
use thiserror::Error;
use tokio::sync::mpsc;
use zhengtong_evm::recover_all;
use zhengtong_state::{Key, Qmdb, Value, Wait, seed};
use zhengtong_types::{
    NetworkInfo,
    consensus::{Block, Digest, Scheme, ValidatorKey},
};

const EPOCH_BLOCKS: NonZeroU64 = NZU64!(u64::MAX);
const MAILBOX: NonZeroUsize = NZUsize!(1_024);
const PAGE_BYTES: NonZeroU16 = NZU16!(4_096);
const CACHED_PAGES: NonZeroUsize = NZUsize!(8_192);
const BUFFER_BYTES: NonZeroUsize = NZUsize!(1 << 18);
const ITEMS_PER_SECTION: NonZeroU64 = NZU64!(4_096);
const RETAINED_VIEWS: ViewDelta = ViewDelta::new(256);
/// Blocks of one peer that are kept until they are needed.
const BROADCAST_BLOCKS: usize = 16;
const MAX_REPAIR: NonZeroUsize = NZUsize!(64);
const MAX_PENDING_ACKS: NonZeroUsize = NZUsize!(4);
const STATE_SYNC_OPERATIONS: NonZeroU64 = NZU64!(1_024);
const FETCH_TIMEOUT: Duration = Duration::from_secs(2);
const FETCH_RETRY: Duration = Duration::from_millis(200);
/// How often start-up looks whether stored blocks are applied again.
const CATCH_UP_POLL: Duration = Duration::from_millis(5);

/// What the engine needs of a runtime.
pub trait Runtime: Storage + Spawner + CryptoRng {}
impl<E: Storage + Spawner + CryptoRng> Runtime for E {}

/// The engine's network channels, numbered as [`Networks::COUNT`] says.
pub struct Networks<S, R> {
    pub votes: (S, R),
    pub certificates: (S, R),
    pub resolver: (S, R),
    pub backfill: (S, R),
    pub broadcast: (S, R),
    pub state: (S, R),
    pub transactions: (S, R),
}

impl<S, R> Networks<S, R> {
    /// Number of channels, 0 to 6 in the order of the fields.
    pub const COUNT: u64 = 7;

    /// Takes the channels in the order of the fields.
    pub fn new(mut channel: impl FnMut(u64) -> (S, R)) -> Self {
        Self {
            votes: channel(0),
            certificates: channel(1),
            resolver: channel(2),
            backfill: channel(3),
            broadcast: channel(4),
            state: channel(5),
            transactions: channel(6),
        }
    }
}

/// Everything a validator is started from.
pub struct Setup<P, B> {
    pub config: Config,
    pub network: NetworkInfo,
    pub genesis: Genesis,
    pub scheme: Scheme,
    pub public_key: ValidatorKey,
    pub peers: P,
    pub blocker: B,
    pub store: Arc<Store>,
    /// How execution waits for the disk.
    pub wait: Wait,
    /// Start of every storage partition's name.
    pub prefix: String,
}

impl<P, B> Setup<P, B> {
    /// The same validator among other peers.
    pub fn with_peers<Q, C>(self, peers: Q, blocker: C) -> Setup<Q, C> {
        let Self {
            config,
            network,
            genesis,
            scheme,
            public_key,
            store,
            wait,
            prefix,
            ..
        } = self;
        Setup {
            config,
            network,
            genesis,
            scheme,
            public_key,
            peers,
            blocker,
            store,
            wait,
            prefix,
        }
    }
}

/// Why a validator did not start.
#[derive(Debug, Error)]
pub enum StartError {
    #[error("this data belongs to another network: its genesis is {stored}, this network's is {expected}")]
    OtherGenesis { stored: B256, expected: B256 },
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[error("{0}")]
    State(String),
}

/// A running validator.
pub struct Started<E: Storage + Spawner> {
    pub handle: Handle<E>,
    /// Ends when the engine ends.
    pub engine: commonware_runtime::Handle<()>,
}

/// Largest message that any channel carries, in bytes.
pub fn message_limit(validators: u32) -> u32 {
    max_message_size(&[
        simplex::max_payload_size::<Scheme, Digest>(validators),
        marshal::max_payload_size::<Standard<Block>, Scheme>(validators, &()),
        state_p2p::max_payload_size::<mmr::Family, Key>(
            STATE_SYNC_OPERATIONS,
            <Operation<mmr::Family, Key, Value> as commonware_codec::FixedSize>::SIZE,
        ),
        gossip::MAX_MESSAGE_BYTES,
    ])
}

/// Starts a validator and returns when it serves.
pub async fn start<E, P, B, S, R>(
    context: E,
    setup: Setup<P, B>,
    networks: Networks<S, R>,
) -> Result<Started<E>, StartError>
where
    E: Runtime,
    P: Provider<PublicKey = ValidatorKey>,
    B: Blocker<PublicKey = ValidatorKey>,
    S: Sender<PublicKey = ValidatorKey>,
    R: Receiver<PublicKey = ValidatorKey>,
{
    let Setup {
        config,
        network,
        genesis,
        scheme,
        public_key,
        peers,
        blocker,
        store,
        wait,
        prefix,
    } = setup;
    open_genesis(&store, &genesis)?;
    let page_cache = CacheRef::new(PAGE_BYTES, CACHED_PAGES);
    let state_config = zhengtong_state::db::config(&format!("{prefix}-state"), page_cache.clone());
    seed(context.child("genesis"), state_config.clone(), &genesis.entries)
        .await
        .map_err(|source| StartError::State(source.to_string()))?;
    let (journal, journaled) = Journal::open(context.child("pool"), format!("{prefix}-pool")).await?;
    let pool = Arc::new(Pool::new(config.pool.clone()));
    let (writer, queue) = Writer::new();
    let (heartbeat, leader_timeout) = (config.heartbeat, config.leader_timeout);
    debug_assert!(heartbeat < leader_timeout);
    let inner = Inner::new(
        config,
        network,
        genesis.block.clone(),
        store,
        pool.clone(),
        writer,
        wait,
    )?;
    let app = App(Arc::new(inner));

    let plan_context = context.child("plan");
    let plan = SyncPlan::init(plan_context, format!("{prefix}-plan")).await;
    let provider = ConstantProvider::new(scheme.clone());
    let epocher = FixedEpocher::new(EPOCH_BLOCKS);
    let resolver = marshal_resolver::init(
        context.child("marshal_resolver"),
        marshal_resolver::Config {
            public_key: public_key.clone(),
            peer_provider: peers.clone(),
            blocker: blocker.clone(),
            mailbox_size: MAILBOX,
            fetch_timeout: NZDuration!(FETCH_TIMEOUT),
            fetch_retry_delay: FETCH_RETRY,
            priority_requests: false,
            priority_responses: false,
        },
        networks.backfill,
    );
    let (broadcast, buffer) = buffered::Engine::new(
        context.child("broadcast"),
        buffered::Config {
            public_key: public_key.clone(),
            mailbox_size: MAILBOX,
            deque_size: BROADCAST_BLOCKS,
            priority: false,
            codec_config: (),
            peer_provider: peers.clone(),
            strategy: Sequential,
        },
    );
    broadcast.start(networks.broadcast);
    let archive = |name: &str| archive_config(&format!("{prefix}-{name}"), page_cache.clone());
    let certificates = Archive::init(context.child("certificates"), archive("certificates"))
        .await
        .map_err(|source| StartError::State(format!("the certificate archive: {source}")))?;
    let blocks = Archive::init(context.child("blocks"), archive("blocks"))
        .await
        .map_err(|source| StartError::State(format!("the block archive: {source}")))?;
    let start_block = Digested::precomputed(genesis.block.clone(), genesis.block.digest());
    let (marshal_actor, marshal, floor) = MarshalActor::<_, Standard<Block>, _, _, _, _, _>::init(
        context.child("marshal"),
        certificates,
        blocks,
        marshal::Config {
            provider,
            epocher: epocher.clone(),
            start: plan.marshal_start(start_block),
            partition_prefix: format!("{prefix}-marshal"),
            mailbox_size: MAILBOX,
            view_retention: RETAINED_VIEWS,
            prunable_items_per_section: ITEMS_PER_SECTION,
            page_cache: page_cache.clone(),
            replay_buffer: BUFFER_BYTES,
            key_write_buffer: BUFFER_BYTES,
            value_write_buffer: BUFFER_BYTES,
            block_codec_config: (),
            max_repair: MAX_REPAIR,
            max_pending_acks: MAX_PENDING_ACKS,
            strategy: Sequential,
        },
    )
    .await;
    // Set once: this is a new Inner.
    let _ = app.0.marshal.set(marshal.clone());

    let (state_actor, state_resolver) = state_p2p::Actor::<_, ValidatorKey, _, _, mmr::Family, Qmdb<E>>::new(
        context.child("state_resolver"),
        state_p2p::Config {
            peer_provider: peers,
            blocker: blocker.clone(),
            database: None,
            mailbox_size: MAILBOX,
            me: Some(public_key),
            fetch_timeout: NZDuration!(FETCH_TIMEOUT),
            fetch_retry_delay: FETCH_RETRY,
            max_serve_ops: STATE_SYNC_OPERATIONS,
            priority_requests: false,
            priority_responses: false,
        },
    );
    state_actor.start(networks.state);
    let (stateful, stateful_mailbox) = Stateful::new(
        context.child("stateful"),
        StatefulConfig {
            application: app.clone(),
            db_config: state_config,
            provider: (),
            marshal: (marshal.clone(), floor),
            mailbox_size: MAILBOX,
            plan,
            resolvers: state_resolver,
            sync_config: SyncEngineConfig {
                fetch_batch_size: STATE_SYNC_OPERATIONS,
                apply_batch_size: STATE_SYNC_OPERATIONS,
                max_outstanding_requests: NZUsize!(8),
            },
            prune_config: None,
            strategy: Sequential,
        },
    );
    let deferred = Deferred::new(
        context.child("deferred"),
        stateful_mailbox.clone(),
        marshal.clone(),
        epocher,
    );
    let paced = Paced::new(context.child("pacing"), app.clone(), deferred);
    marshal_actor.start(stateful_mailbox.clone(), buffer, resolver);
    stateful.start();
    let engine = simplex::Engine::new(
        context.child("simplex"),
        simplex::Config {
            scheme,
            elector: RoundRobin::<Sha256>::default(),
            blocker: blocker.clone(),
            automaton: paced.clone(),
            relay: paced.clone(),
            reporter: paced,
            strategy: Sequential,
            partition: format!("{prefix}-simplex"),
            mailbox_size: MAILBOX,
            epoch: Epoch::zero(),
            floor: Floor::Genesis(genesis.block.digest()),
            replay_buffer: BUFFER_BYTES,
            write_buffer: BUFFER_BYTES,
            page_cache,
            leader_timeout,
            certification_timeout: leader_timeout + Duration::from_secs(2),
            timeout_retry: leader_timeout,
            view_retention: RETAINED_VIEWS,
            skip: SkipPolicy::Enabled {
                timeout: leader_timeout + Duration::from_secs(4),
                budget: SkipBudget::Participants,
            },
            fetch_timeout: NZDuration!(FETCH_TIMEOUT),
            fetch_retry_delay: FETCH_TIMEOUT,
            forward: ForwardPolicy::SilentVoters,
            track_historical_votes: false,
        },
    );
    let engine = engine.start(networks.votes, networks.certificates, networks.resolver);

    let database = stateful_mailbox.subscribe_databases().await;
    catch_up(&context, &app, &database).await?;
    // Set once: this is a new Inner.
    let _ = app.0.database.set(database);
    let journal = restore(&app, journal, journaled).await?;
    let handle = Handle(app.0);
    let (accepted, passed_on) = mpsc::channel(gossip::QUEUE);
    for raw in pool.live() {
        // As in the writer: without room, others do not hear of it.
        let _ = accepted.try_send(raw);
    }
    context
        .child("journal")
        .spawn(move |_| run_writer(journal, queue, pool, accepted));
    let (sender, receiver) = networks.transactions;
    context
        .child("gossip_send")
        .spawn(move |_| gossip::send(sender, passed_on));
    let taking = handle.clone();
    context
        .child("gossip_receive")
        .spawn(move |_| gossip::receive(receiver, blocker, taking));
    Ok(Started { handle, engine })
}

/// Stores the genesis block in a new store, and compares it with that of an old one.
fn open_genesis(store: &Store, genesis: &Genesis) -> Result<(), StartError> {
    let block = &genesis.block;
    if let Some(stored) = store.block(0)? {
        if stored.hash != block.hash() {
            return Err(StartError::OtherGenesis {
                stored: stored.hash,
                expected: block.hash(),
            });
        }
        return Ok(());
    }
    let sealed = Arc::new(SealedBlock {
        header: block.header().clone(),
        hash: block.hash(),
        transactions: Vec::new(),
        receipts: Vec::new(),
        size_bytes: block.header_rlp().len(),
        timestamp_ms: block.timestamp_ms(),
    });
    Ok(store.put(block, &sealed, &genesis.codes, None)?)
}

/// Finds the block that the state database opened at, and waits until it has every block that the store has.
async fn catch_up<E: Runtime>(
    context: &E,
    app: &App<E>,
    database: &zhengtong_state::Database<E>,
) -> Result<(), StartError> {
    let target = app.0.store.tip()?.unwrap_or_default();
    {
        let guard = database.read().await;
        let root = B256::from_slice(guard.root().as_ref());
        let mut pending = app.0.pending.lock();
        if pending.applied().is_none() {
            let newest = app.0.store.tip()?.unwrap_or_default();
            let mut at = newest;
            loop {
                match app.0.store.block(at)? {
                    Some(block) if block.header.state_root == root => {
                        pending.advance(block.hash, at);
                        break;
                    }
                    _ if at == 0 => {
                        return Err(StartError::State(format!(
                            "the state database is at {root}, which no stored block is"
                        )));
                    }
                    _ => at -= 1,
                }
            }
        }
    }
    while app
        .0
        .pending
        .lock()
        .applied()
        .is_none_or(|applied| applied < target)
    {
        context.sleep(CATCH_UP_POLL).await;
    }
    Ok(())
}

/// Puts journaled transactions that are not finalized back into the pool.
async fn restore<E: Runtime>(
    app: &App<E>,
    mut journal: Journal<E>,
    journaled: Vec<Bytes>,
) -> Result<Journal<E>, StartError> {
    let total = journaled.len();
    for raw in journaled {
        // What was accepted under other rules is not accepted any more.
        let Ok(mut recovered) = recover_all(std::slice::from_ref(&raw), app.0.network.chain_id) else {
            continue;
        };
        let Some(transaction) = recovered.pop() else {
            continue;
        };
        let account = app.0.account(transaction.signer()).await;
        let next = account
            .map_err(|source| StartError::State(source.to_string()))?
            .map_or(0, |account| account.nonce);
        if transaction.nonce() < next {
            continue;
        }
        let hash = *transaction.tx_hash();
        match app.0.pool.reserve(transaction, raw, next) {
            Ok(()) => app.0.pool.activate(hash),
            Err(SubmitError::AlreadyKnown { .. }) => {}
            Err(error) => tracing::warn!(%hash, %error, "a journaled transaction is no longer accepted"),
        }
    }
    if total > 0 {
        tracing::info!(
            journaled = total,
            waiting = app.0.pool.len(),
            "transactions restored"
        );
        journal.compact(&app.0.pool.live()).await?;
    }
    Ok(journal)
}

fn archive_config(prefix: &str, page_cache: CacheRef) -> prunable::Config<EightCap, ()> {
    prunable::Config {
        translator: EightCap,
        metadata_partition: format!("{prefix}-metadata"),
        key_partition: format!("{prefix}-key"),
        key_page_cache: page_cache,
        value_partition: format!("{prefix}-value"),
        compression: None,
        codec_config: (),
        items_per_section: ITEMS_PER_SECTION,
        key_write_buffer: BUFFER_BYTES,
        value_write_buffer: BUFFER_BYTES,
        replay_buffer: BUFFER_BYTES,
    }
}
