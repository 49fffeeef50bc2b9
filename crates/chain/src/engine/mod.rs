//! Wires the application to commonware's engine: simplex decides, marshal keeps blocks and certificates, stateful drives
//! the application and its database. The same wiring serves one validator, many, and a node that follows them.
//!
//! - `channels`: how the node reaches others.
//! - `marshal`, `simplex`, `state`: one file for each of commonware's engines.
//! - `recovery`: what a start finds on the disk.
//! - `sync`: how a node without data begins near the tip.
//!
//! Start-up in order: block store and genesis, state at genesis, journal, engine; then the state database is open and
//! every block that the store already has is applied again if need be; then journaled transactions come back to the pool.
//! With state sync there is no state at genesis, and consensus starts only once the fetched state is complete.

mod channels;
mod limits;
mod marshal;
mod recovery;
mod simplex;
mod state;
mod sync;

pub(crate) use sync::archive::Archive;

pub use channels::{Links, Networks, message_limit};
pub use state::Driven;
pub use sync::{SyncError, SyncStep};

use crate::{
    application::App,
    config::{Config, SyncMode},
    genesis::Genesis,
    gossip,
    handle::Handle,
    inner::Inner,
    metrics::Metrics,
    pacing::Paced,
    pool::{Journal, JournalError, Pool, Writer, run_writer},
    store::{Start, Store, StoreError},
};
use alloy_primitives::B256;
use commonware_consensus::{marshal::standard::Deferred, simplex::config::Floor};
use commonware_cryptography::{Digested, Digestible as _, certificate::Scheme as _};
use commonware_p2p::{Blocker, Provider, Receiver, Sender};
use commonware_runtime::{Spawner, buffer::paged::CacheRef};
use commonware_storage::Context as Storage;
use rand_core::CryptoRng;
use std::sync::Arc;
use thiserror::Error;
use tokio::sync::mpsc;
use zhengtong_evm::Delegations;
use zhengtong_state::{Wait, seed};
use zhengtong_types::{
    NetworkInfo,
    consensus::{Scheme, ValidatorKey},
};

/// What the engine needs of a runtime.
pub trait Runtime: Storage + Spawner + CryptoRng {}
impl<E: Storage + Spawner + CryptoRng> Runtime for E {}

/// Everything a node is started from, besides its [`Links`].
pub struct Setup {
    pub config: Config,
    pub network: NetworkInfo,
    pub genesis: Genesis,
    /// Contracts that accounts may delegate to; the genesis block commits to them.
    pub delegations: Delegations,
    pub scheme: Scheme,
    pub public_key: ValidatorKey,
    pub store: Arc<Store>,
    /// How execution waits for the disk.
    pub wait: Wait,
    /// Start of every storage partition's name.
    pub prefix: String,
}

/// Why a node did not start.
#[derive(Debug, Error)]
pub enum StartError {
    #[error("this data belongs to another network: its genesis is {stored}, this network's is {expected}")]
    OtherGenesis { stored: B256, expected: B256 },
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[error(transparent)]
    Sync(SyncError),
    #[error("{0}")]
    State(String),
}

/// A running node.
pub struct Started<E: Storage + Spawner> {
    pub handle: Handle<E>,
    /// Ends when the engine ends.
    pub engine: commonware_runtime::Handle<()>,
}

/// Starts a node and returns when it serves.
pub async fn start<E, P, B, S, R>(
    context: E,
    setup: Setup,
    links: Links<P, B, S, R>,
) -> Result<Started<E>, StartError>
where
    E: Runtime,
    P: Provider<PublicKey = ValidatorKey>,
    B: Blocker<PublicKey = ValidatorKey>,
    S: Sender<PublicKey = ValidatorKey>,
    R: Receiver<PublicKey = ValidatorKey>,
{
    start_with(context, setup, links, |app| app).await
}

/// As [`start`], with an application of the caller's between the engine and ours: one that watches, or one that deviates.
pub async fn start_with<E, A, P, B, S, R>(
    context: E,
    setup: Setup,
    links: Links<P, B, S, R>,
    between: impl FnOnce(App<E>) -> A,
) -> Result<Started<E>, StartError>
where
    E: Runtime,
    A: Driven<E>,
    P: Provider<PublicKey = ValidatorKey>,
    B: Blocker<PublicKey = ValidatorKey>,
    S: Sender<PublicKey = ValidatorKey>,
    R: Receiver<PublicKey = ValidatorKey>,
{
    let Links {
        peers,
        blocker,
        channels,
    } = links;
    let me = &setup.public_key;
    recovery::open_genesis(&setup.store, &setup.genesis)?;
    let page_cache = CacheRef::new(limits::PAGE_BYTES, limits::CACHED_PAGES);
    let database = zhengtong_state::db::config(&format!("{}-state", setup.prefix), page_cache.clone());
    let mut archive = sync::archive::start(
        &context,
        me,
        peers.clone(),
        blocker.clone(),
        setup.store.clone(),
        channels.archive,
    );
    let mut probes = sync::Probes::new(
        context.child("probes"),
        setup.scheme.clone(),
        blocker.clone(),
        channels.probe,
    );
    let plan = state::plan(&context, &setup).await;
    let (plan, began) = begin(&context, &setup, plan, &mut probes, &mut archive).await?;
    if began.is_none() {
        seed(context.child("genesis"), database.clone(), &setup.genesis.entries)
            .await
            .map_err(|source| StartError::State(source.to_string()))?;
    }
    let (journal, journaled) = Journal::open(context.child("pool"), format!("{}-pool", setup.prefix)).await?;
    let pool = Arc::new(Pool::new(setup.config.pool.clone()));
    let (writer, queue) = Writer::new();
    let metrics = Metrics::new(&context.child("chain"));
    let inner = Inner::new(&setup, pool.clone(), writer, metrics.clone())?;
    let app = App::new(Arc::new(inner));

    let genesis = Digested::precomputed(setup.genesis.block.clone(), setup.genesis.block.digest());
    let opened = marshal::open(&context, &setup, &page_cache, plan.marshal_start(genesis)).await?;
    // Set once: this is a new Inner.
    let _ = app.0.marshal.set(opened.mailbox.clone());
    let exchange = marshal::exchange(
        &context,
        me,
        &peers,
        &blocker,
        channels.backfill,
        channels.broadcast,
    );
    probes.serve(opened.mailbox.clone());
    let (state_sender, state_receiver) = channels.state;
    let (state_receiver, received) = sync::Counted::new(state_receiver);
    let source = state::resolver(
        &context,
        me,
        peers,
        blocker.clone(),
        (state_sender, state_receiver),
    );
    let (stateful, driven) = state::driver(
        &context,
        between(app.clone()),
        database,
        (opened.mailbox.clone(), opened.floor),
        plan,
        source,
        setup.config.keep_blocks,
    );
    let deferred = Deferred::new(
        context.child("deferred"),
        driven.clone(),
        opened.mailbox,
        marshal::epocher(),
    );
    let paced = Paced::new(context.child("pacing"), app.clone(), deferred);
    opened
        .actor
        .start(driven.clone(), exchange.buffer, exchange.resolver);
    stateful.start();
    let voting = (channels.votes, channels.certificates, channels.resolver);
    let floor = match &began {
        Some(start) => Floor::Finalized(sync::finalization(start)?),
        None => Floor::Genesis(setup.genesis.block.digest()),
    };
    let consensus = || {
        simplex::start(
            &context,
            &setup,
            page_cache,
            blocker.clone(),
            paced,
            voting,
            floor,
        )
    };
    let (engine, database) = match began.as_ref().filter(|start| !start.complete) {
        Some(start) => {
            let database = driven.subscribe_databases();
            let received = || received.load(std::sync::atomic::Ordering::Relaxed);
            let database = sync::wait_for_state(&context, &app, start, database, received).await?;
            sync::import(&context, &app, &database, start, &mut archive).await?;
            (consensus(), database)
        }
        None => (consensus(), driven.subscribe_databases().await),
    };
    recovery::catch_up(&context, &app, &database).await?;
    recovery::wait_for_first(&context, &app).await;
    // Set once: this is a new Inner.
    let _ = app.0.archive.set(archive);
    // Set once: this is a new Inner.
    let _ = app.0.database.set(database);
    let journal = recovery::restore(&app, journal, journaled).await?;
    let handle = Handle(app.0);
    let (accepted, passed_on) = mpsc::channel(gossip::QUEUE);
    for raw in pool.live() {
        // As in the writer: without room, others do not hear of it.
        let _ = accepted.try_send(raw);
    }
    if setup.scheme.me().is_none() {
        let (pool, accepted) = (pool.clone(), accepted.clone());
        context
            .child("gossip_repeat")
            .spawn(move |clock| gossip::repeat(clock, pool, accepted));
    }
    context
        .child("journal")
        .spawn(move |_| run_writer(journal, queue, pool, accepted, metrics));
    let (sender, receiver) = channels.transactions;
    context
        .child("gossip_send")
        .spawn(move |_| gossip::send(sender, passed_on));
    let taking = handle.clone();
    context
        .child("gossip_receive")
        .spawn(move |_| gossip::receive(receiver, blocker, taking));
    Ok(Started { handle, engine })
}

/// Decides where this node begins: at a certified block if it has no data and state sync is wanted, or if an earlier
/// start chose one.
async fn begin<E, B, S, R>(
    context: &E,
    setup: &Setup,
    plan: state::Plan<E>,
    probes: &mut sync::Probes<E, B, S, R>,
    archive: &mut Archive,
) -> Result<(state::Plan<E>, Option<Start>), StartError>
where
    E: Runtime,
    B: Blocker<PublicKey = ValidatorKey>,
    S: Sender<PublicKey = ValidatorKey>,
    R: Receiver<PublicKey = ValidatorKey>,
{
    let before = setup.store.start()?;
    let wanted = setup.config.sync == SyncMode::State || before.is_some();
    if !plan.should_sync(wanted) {
        return Ok((plan, before));
    }
    let report = &setup.config.report;
    let votes = setup.scheme.me().is_some();
    let genesis = setup.genesis.block.hash();
    let chosen = sync::choose(context, probes, archive, genesis, votes, report).await?;
    // What was chosen before stays if nothing is newer: the engine does not move its floor back either.
    if let Some(before) = before
        && before.number >= chosen.start.number
    {
        let floor = sync::finalization(&before)?;
        return Ok((plan.set_floor(floor).await, Some(before)));
    }
    setup.store.begin(&chosen.start, &chosen.headers)?;
    Ok((plan.set_floor(chosen.finalization).await, Some(chosen.start)))
}
