//! Wires the application to commonware's engine: simplex decides, marshal keeps blocks and certificates, stateful drives
//! the application and its database. The same wiring serves one validator, many, and a node that follows them.
//!
//! - `channels`: how the node reaches others.
//! - `marshal`, `consensus`, `state`, `epochs`: one file for each of commonware's engines.
//! - `abstinence`: in which epochs a node that has lost its votes does not vote.
//! - `peers`: who a node is connected to.
//! - `recovery`: what a start finds on the disk.
//! - `sync`: how a node without data begins near the tip.
//!
//! Start-up in order: block store and genesis, state at genesis, journal, engine; then the state database is open and
//! every block that the store already has is applied again if need be; then journaled transactions come back to the pool.
//! With state sync there is no state at genesis, and consensus starts only once the fetched state is complete.

mod abstinence;
mod channels;
mod consensus;
mod epochs;
mod limits;
mod marshal;
mod peers;
mod recovery;
mod state;
mod sync;

pub(crate) use sync::archive::Archive;

pub use channels::{Links, Networks, message_limit};
pub use consensus::votes_partitions;
pub use peers::Peers;
pub use state::{Driven, ProposalInput};
pub use sync::{SyncError, SyncStep};

use crate::{
    application::App,
    committee::Committee,
    config::{Config, SyncMode},
    genesis::Genesis,
    gossip,
    handle::Handle,
    inner::Inner,
    metrics::Metrics,
    pacing::Paced,
    pool::{Journal, JournalError, Pool, Writer, run_writer},
    senders::{Senders, run_senders},
    store::{Start, Store, StoreError},
};
use alloy_primitives::B256;
use commonware_consensus::{Reporters, marshal::standard::Deferred};
use commonware_cryptography::{Digested, Digestible as _, Signer as _, ed25519};
use commonware_glue::dkg::{SecretStore, network::Manager, reshare};
use commonware_p2p::{Blocker, Receiver, Sender};
use commonware_runtime::{Network, Spawner, buffer::paged::CacheRef};
use commonware_storage::Context as Storage;
use epochs::EpochStart;
use rand_core::CryptoRng;
use std::{num::NonZeroU64, sync::Arc};
use thiserror::Error;
use tokio::sync::mpsc;
use zhengtong_evm::Delegations;
use zhengtong_state::{Wait, seed};
use zhengtong_types::{
    NetworkInfo,
    committee::{Directory, EpochInfo, Payload},
    consensus::{Finalization, ValidatorKey},
};

/// The contract that lists the validators, by its name in the `Registry`.
const VALIDATORS: &str = "validators";

/// What the engine needs of a runtime.
pub trait Runtime: Storage + Spawner + CryptoRng + Network {}
impl<E: Storage + Spawner + CryptoRng + Network> Runtime for E {}

/// Everything a node is started from, besides its [`Links`].
pub struct Setup {
    pub config: Config,
    pub network: NetworkInfo,
    pub genesis: Genesis,
    /// Contracts that accounts may delegate to; the genesis block commits to them.
    pub delegations: Delegations,
    /// This node's identity.
    pub signer: ed25519::PrivateKey,
    /// Whether this node may have voted, here or before it lost its disk.
    pub votes: bool,
    /// Blocks of an epoch.
    pub epoch_blocks: NonZeroU64,
    /// Blocks after which everyone's quota begins anew: those of an epoch, but in tests.
    pub quota_blocks: NonZeroU64,
    pub store: Arc<Store>,
    /// How execution waits for the disk.
    pub wait: Wait,
    /// Start of every storage partition's name.
    pub prefix: String,
}

impl Setup {
    /// The validators of the first epoch, which the genesis block carries.
    fn first_epoch(&self) -> Result<EpochInfo, StartError> {
        match self.genesis.block.carried() {
            Some(Payload::EpochInfo(info)) => Ok(info.clone()),
            _ => Err(StartError::State(
                "the genesis block does not say who the first validators are".into(),
            )),
        }
    }
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
pub async fn start<E, P, B, S, R, K>(
    context: E,
    setup: Setup,
    secrets: K,
    links: Links<P, B, S, R>,
) -> Result<Started<E>, StartError>
where
    E: Runtime,
    K: SecretStore,
    P: Manager<PublicKey = ValidatorKey, Directory = Directory>,
    B: Blocker<PublicKey = ValidatorKey>,
    S: Sender<PublicKey = ValidatorKey>,
    R: Receiver<PublicKey = ValidatorKey>,
{
    start_with(context, setup, secrets, links, |app| app).await
}

/// As [`start`], with an application of the caller's between the engine and ours: one that watches, or one that deviates.
pub async fn start_with<E, A, P, B, S, R, K>(
    context: E,
    setup: Setup,
    secrets: K,
    links: Links<P, B, S, R>,
    between: impl FnOnce(App<E>) -> A,
) -> Result<Started<E>, StartError>
where
    E: Runtime,
    A: Driven<E>,
    K: SecretStore,
    P: Manager<PublicKey = ValidatorKey, Directory = Directory>,
    B: Blocker<PublicKey = ValidatorKey>,
    S: Sender<PublicKey = ValidatorKey>,
    R: Receiver<PublicKey = ValidatorKey>,
{
    let Links {
        peers,
        blocker,
        channels,
    } = links;
    let me = &setup.signer.public_key();
    let first = setup.first_epoch()?;
    let contract = setup.genesis.contracts.get(VALIDATORS).copied();
    let committee = Committee::open(setup.store.clone(), setup.epoch_blocks, contract, first.clone())?;
    let committee = Arc::new(committee);
    recovery::open_genesis(&setup.store, &setup.genesis)?;
    let page_cache = CacheRef::new(limits::PAGE_BYTES, setup.config.cached_pages);
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
        &setup,
        first,
        (peers.clone(), blocker.clone()),
        channels.probe,
    );
    let plan = state::plan(&context, &setup).await;
    let Began {
        plan,
        start: began,
        epoch,
    } = begin(&context, &setup, plan, &mut probes, &mut archive).await?;
    if let Some(epoch) = &epoch {
        committee.learn(epoch.info.clone())?;
    }
    let epochs = epochs::plan(&context, &setup, epoch).await;
    let synced = match &began {
        Some(start) => sync::operations(&setup.store, start)?,
        None => 0,
    };
    let operations = recovery::operations(&setup.store)?.max(synced);
    let database = format!("{}-state", setup.prefix);
    let database = zhengtong_state::db::config(&database, page_cache.clone(), operations);
    if began.is_none() {
        seed(context.child("genesis"), database.clone(), &setup.genesis.entries)
            .await
            .map_err(|source| StartError::State(source.to_string()))?;
    }
    let (journal, journaled) = Journal::open(context.child("pool"), format!("{}-pool", setup.prefix)).await?;
    let pool = Arc::new(Pool::new(setup.config.pool.clone()));
    let (senders, unread) = Senders::new();
    let (writer, queue) = Writer::new();
    let metrics = Metrics::new(&context.child("chain"));
    let inner = Inner::new(
        &setup,
        committee.clone(),
        pool.clone(),
        senders,
        writer,
        metrics.clone(),
    )?;
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
        peers.clone(),
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
        setup.epoch_blocks,
    );
    let (dealer, dealings, schemes, gate) = epochs::dealer(
        &context,
        &setup,
        page_cache.clone(),
        (peers.clone(), blocker.clone()),
        secrets,
        &committee,
        opened.mailbox.clone(),
        epochs.clone(),
    );
    let deferred = Deferred::new(
        context.child("deferred"),
        reshare::Application::new(driven.clone(), dealings.clone(), setup.epoch_blocks),
        opened.mailbox.clone(),
        marshal::epocher(&setup),
    );
    let paced = Paced::new(context.child("pacing"), app.clone(), deferred);
    let (orchestrator, moves) = consensus::orchestrator(
        &context,
        &setup,
        page_cache,
        (blocker.clone(), peers),
        paced,
        opened.mailbox,
        (schemes, gate),
        epochs,
    );
    let finalized = Reporters::from((driven.clone(), Reporters::from((moves, dealings))));
    opened.actor.start(finalized, exchange.buffer, exchange.resolver);
    stateful.start();
    dealer.start(channels.dealings);
    let consensus = || orchestrator.start(channels.votes, channels.certificates, channels.resolver);
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
    recovery::read_list(&app, &database).await?;
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
    let repeating = (pool.clone(), accepted.clone());
    context
        .child("gossip_repeat")
        .spawn(move |clock| gossip::repeat(clock, committee, repeating.0, repeating.1));
    let (rules, recovering) = (handle.0.rules.clone(), metrics.clone());
    // Threads of their own for who recovers senders: it must not keep the engine from voting.
    context
        .child("senders")
        .dedicated()
        .spawn(move |_| run_senders(unread, rules, recovering));
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
        .dedicated()
        .spawn(move |_| gossip::receive(receiver, blocker, taking));
    Ok(Started { handle, engine })
}

/// The archives of certificates and blocks of a node that does not run.
pub(crate) async fn archives<E: Runtime>(
    context: &E,
    setup: &Setup,
) -> Result<(marshal::Certificates<E>, marshal::Blocks<E>), StartError> {
    let page_cache = CacheRef::new(limits::PAGE_BYTES, setup.config.cached_pages);
    marshal::archives(&context.child("import"), setup, &page_cache).await
}

/// Lets the engine of a node that does not run begin above a final block.
pub(crate) async fn note_finalization<E: Runtime>(
    context: &E,
    setup: &Setup,
    finalization: Finalization,
) -> Result<(), StartError> {
    let page_cache = CacheRef::new(limits::PAGE_BYTES, setup.config.cached_pages);
    consensus::note_finalization(&context.child("import"), setup, page_cache, finalization).await
}

/// Where a node begins.
struct Began<E: Runtime> {
    plan: state::Plan<E>,
    /// The certified block, if it is not the genesis block.
    start: Option<Start>,
    /// The same with its epoch's validators, if it was chosen now.
    epoch: Option<EpochStart>,
}

/// Decides where this node begins: at a certified block if it has no data and state sync is wanted, or if an earlier
/// start chose one.
async fn begin<E, P, B, S, R>(
    context: &E,
    setup: &Setup,
    plan: state::Plan<E>,
    probes: &mut sync::Probes<E, P, B, S, R>,
    archive: &mut Archive,
) -> Result<Began<E>, StartError>
where
    E: Runtime,
    P: Manager<PublicKey = ValidatorKey, Directory = Directory>,
    B: Blocker<PublicKey = ValidatorKey>,
    S: Sender<PublicKey = ValidatorKey>,
    R: Receiver<PublicKey = ValidatorKey>,
{
    let before = setup.store.start()?;
    let wanted = setup.config.sync == SyncMode::State || before.is_some();
    if !plan.should_sync(wanted) {
        return Ok(Began {
            plan,
            start: before,
            epoch: None,
        });
    }
    let report = &setup.config.report;
    let genesis = setup.genesis.block.hash();
    let earlier = before.as_ref().map(sync::finalization).transpose()?;
    let chosen = sync::choose(context, probes, earlier, archive, genesis, setup.votes, report).await?;
    // What was chosen before stays if nothing is newer: the engine does not move its floor back either.
    if let Some(before) = before
        && before.number >= chosen.start.number
    {
        let floor = sync::finalization(&before)?;
        // Nothing of an earlier epoch was chosen, and this block is not before the chosen one: they are of one epoch.
        let epoch = epochs::start(chosen.info, floor.clone());
        return Ok(Began {
            plan: plan.set_floor(floor).await,
            start: Some(before),
            epoch: Some(epoch),
        });
    }
    setup.store.begin(&chosen.start, &chosen.headers)?;
    if setup.votes {
        // The block is beyond everything that this node can have voted on, whatever it has forgotten.
        setup.store.vote_from(0)?;
    }
    Ok(Began {
        plan: plan.set_floor(chosen.finalization.clone()).await,
        start: Some(chosen.start),
        epoch: Some(epochs::start(chosen.info, chosen.finalization)),
    })
}
