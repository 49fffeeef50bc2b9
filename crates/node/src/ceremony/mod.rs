//! The ceremony in which validators make their network's key together, so that nobody ever knows it.
//!
//! Each validator runs [`run`] on its own machine with the same [`PlanFile`]. They connect by the addresses in the plan,
//! wait until everyone is there with the same plan, and run commonware's Feldman–Desmedt key generation over encrypted
//! connections, on a short chain of its own that makes them agree on which dealings count. At the end each has its share
//! and all have the same network file; each tells the others its genesis hash and stops when all have said the same.
//!
//! A ceremony that was interrupted goes on when it is run again in the same folder. One that would reveal somebody's
//! share fails instead: then everyone makes a new plan.

mod error;
mod known;
mod meeting;

pub use error::CeremonyError;

use crate::{
    Identity, NetworkFile, PlanFile, ShareFile,
    node::{STACK_BYTES, message},
    p2p::{self, Connections, MESSAGES_PER_SECOND, Peer},
    secrets::Secrets,
};
use alloy_primitives::B256;
use commonware_consensus::types::Epoch;
use commonware_cryptography::bls12381::{
    dkg::feldman_desmedt::Reveal,
    primitives::{
        sharing::{Mode, ModeVersion},
        variant::MinSig,
    },
};
use commonware_glue::dkg::{
    SecretStore as _,
    bootstrap::{Completion, Config, Engine, max_payload_size},
    types::EpochInfo,
};
use commonware_p2p::max_message_size;
use commonware_parallel::Sequential;
use commonware_runtime::{
    Clock as _, Runner as _, Supervisor as _, buffer::paged::CacheRef, tokio as engine_runtime,
};
use commonware_utils::{NZDuration, NZU16, NZU64, NZUsize, TryCollect as _, ordered::Set, sequence::Unit};
use known::Known;
use meeting::{MESSAGE_BYTES, Meeting};
use std::{
    fs,
    net::SocketAddr,
    num::{NonZeroU32, NonZeroU64},
    path::PathBuf,
    time::Duration,
};
use zhengtong_types::{
    NAMESPACE, NetworkKey,
    consensus::{Scheme, ValidatorKey},
};

/// Separates the ceremony's connections and signatures from the chain's.
const CEREMONY: &[u8] = b"zhengtong-ceremony";
/// Least blocks of the ceremony's chain. Dealings are sent again with each block of the first half, so this is how often a
/// validator that is slow for a moment is asked again before its share would be revealed.
const LEAST_BLOCKS: u64 = 256;
/// In the second half each validator puts what it dealt into a block of its own: several turns for each.
const BLOCKS_PER_VALIDATOR: u64 = 8;
/// After everyone has finished, or somebody has something else, others still have to hear what this validator has.
const LINGER: Duration = Duration::from_secs(3);
const FETCH_TIMEOUT: Duration = Duration::from_secs(2);
const FETCH_RETRY: Duration = Duration::from_millis(200);
const ENGINE_THREADS: usize = 2;

/// A validator's part in the ceremony.
pub struct Ceremony {
    pub plan: PlanFile,
    pub identity: Identity,
    /// Where `share.key` and `network.json` go, and the folder `ceremony` while it lasts.
    pub folder: PathBuf,
    /// Where to listen, if not at the address in the plan.
    pub listen: Option<SocketAddr>,
}

/// How far the ceremony is.
#[derive(Clone, Debug)]
#[expect(clippy::large_enum_variant, reason = "a handful a ceremony")]
pub enum Event {
    /// These have not come yet, by name.
    Waiting(Vec<String>),
    /// Everyone is there with the same plan; the key is being made.
    Dealing,
    /// The key is made and this validator's files are written.
    Made { key: NetworkKey, genesis: B256 },
    /// These have not said that they have the same result.
    Finishing(Vec<String>),
}

/// Takes part and returns when everyone has the same result.
///
/// Blocks the thread.
pub fn run(
    ceremony: Ceremony,
    report: impl FnMut(Event) + Send + 'static,
) -> Result<NetworkFile, CeremonyError> {
    let thread = std::thread::Builder::new()
        .name("ceremony".into())
        .stack_size(STACK_BYTES)
        .spawn(move || run_here(&ceremony, report))
        .map_err(|source| CeremonyError::Stopped(source.to_string()))?;
    thread
        .join()
        .unwrap_or_else(|panic| Err(CeremonyError::Stopped(message(&panic))))
}

fn run_here(ceremony: &Ceremony, mut report: impl FnMut(Event)) -> Result<NetworkFile, CeremonyError> {
    let members = ceremony.plan.members()?;
    let me = ceremony.identity.public();
    let own = members.iter().find(|(key, _)| *key == me);
    let (_, announced) = own.ok_or_else(|| CeremonyError::NotInPlan(me.to_string()))?;
    let listen = ceremony.listen.unwrap_or(*announced);
    let working = ceremony.folder.join("ceremony");
    let share = ceremony.folder.join("share.key");
    if share.exists() && !working.exists() {
        return Err(CeremonyError::Over(share));
    }
    p2p::check_free(listen)?;
    fs::create_dir_all(&working).map_err(|source| CeremonyError::Folder {
        path: working.clone(),
        source,
    })?;
    let runtime = engine_runtime::Config::new()
        .with_storage_directory(working.join("engine"))
        .with_worker_threads(ENGINE_THREADS)
        .with_catch_panics(false);
    let network = engine_runtime::Runner::new(runtime).start(|context| async move {
        Box::pin(hold(&context, ceremony, &members, listen, &mut report)).await
    })?;
    // It holds what the share follows from.
    fs::remove_dir_all(&working).map_err(|source| CeremonyError::Folder {
        path: working,
        source,
    })?;
    Ok(network)
}

async fn hold(
    context: &engine_runtime::Context,
    ceremony: &Ceremony,
    members: &[Peer],
    listen: SocketAddr,
    report: &mut impl FnMut(Event),
) -> Result<NetworkFile, CeremonyError> {
    let plan = &ceremony.plan;
    let count = NonZeroU32::new(members.len() as u32).expect("a plan has validators");
    let limit = max_message_size(&[
        max_payload_size::<MinSig, Unit>(count, ModeVersion::v0()),
        MESSAGE_BYTES,
    ]);
    let connections = Connections {
        namespace: CEREMONY,
        identity: &ceremony.identity,
        listen,
        validators: members,
        followers: &[],
        room: members.len(),
        max_message_size: limit,
    };
    let (mut network, oracle) = connections.open(context);
    let mut channel = |number| network.register(number, MESSAGES_PER_SECOND);
    let (votes, certificates, resolver) = (channel(0), channel(1), channel(2));
    let (backfill, broadcast, dealings) = (channel(3), channel(4), channel(5));
    let mut meeting = Meeting::open(
        context,
        channel(6),
        plan.hash(),
        &ceremony.identity.public(),
        members,
    );
    network.start();

    let names = |missing: Vec<ValidatorKey>| missing.iter().map(|key| plan.name_of(key).to_owned()).collect();
    let here = meeting
        .everyone_is_here(plan, |missing| report(Event::Waiting(names(missing))))
        .await;
    if here.is_err() {
        // Whoever has another plan finds out only by hearing this one.
        context.sleep(LINGER).await;
    }
    here?;
    report(Event::Dealing);
    let path = ceremony.folder.join("ceremony").join("secrets");
    let mut secrets = Secrets::open(&path).map_err(|source| CeremonyError::Folder { path, source })?;
    let config = config(ceremony, members, oracle, secrets.clone())?;
    let engine = Engine::<_, MinSig, _, _, _, _, _>::new(context.child("ceremony"), config);
    let (_engine, completion) = engine.start(votes, certificates, resolver, backfill, broadcast, dealings);
    let Completion { info } = completion
        .await
        .map_err(|_| CeremonyError::Stopped("its engine ended".into()))?;
    let info = info.ok_or(CeremonyError::Failed)?;
    let share = secrets.get_share(Epoch::zero()).await;
    let made = finish(ceremony, &info, share.map(ShareFile::new))?;
    let genesis = made.genesis()?.block.hash();
    let key = NetworkKey::new(*info.output.public().public());
    report(Event::Made { key, genesis });
    let all_have = meeting
        .everyone_has(plan, genesis, |missing| report(Event::Finishing(names(missing))))
        .await;
    context.sleep(LINGER).await;
    all_have?;
    Ok(made)
}

fn config(
    ceremony: &Ceremony,
    members: &[Peer],
    oracle: p2p::Peers,
    secrets: Secrets,
) -> Result<Config<Known, p2p::Peers, Secrets, Sequential>, CeremonyError> {
    let participants: Set<ValidatorKey> = members
        .iter()
        .map(|(key, _)| key.clone())
        .try_collect()
        .map_err(|_| CeremonyError::Stopped("the plan names a validator twice".into()))?;
    // Signatures of one plan are worth nothing under another. The engine wants it for ever; there is one a process.
    let namespace = [CEREMONY, ceremony.plan.hash().as_slice()].concat().leak();
    let blocks = LEAST_BLOCKS.max(BLOCKS_PER_VALIDATOR * members.len() as u64);
    Ok(Config {
        signer: ceremony.identity.signer().clone(),
        manager: Known(oracle.clone()),
        blocker: oracle,
        secret_store: secrets,
        strategy: Sequential,
        namespace,
        sharing_mode: Mode::NonZeroCounter,
        reveal: Reveal::V1,
        max_supported_mode: ModeVersion::v0(),
        partition_prefix: "ceremony".into(),
        page_cache: CacheRef::new(NZU16!(4_096), NZUsize!(256)),
        write_buffer: NZUsize!(1 << 16),
        replay_buffer: NZUsize!(1 << 16),
        mailbox_size: NZUsize!(1_024),
        fetch_timeout: NZDuration!(FETCH_TIMEOUT),
        fetch_retry_delay: FETCH_RETRY,
        items_per_section: NZU64!(1_024),
        participants,
        directory: Unit,
        blocks_per_epoch: NonZeroU64::new(blocks).expect("it is at least the least"),
    })
}

/// Checks the result and writes it: the share first, so that whoever has the network file has everything.
fn finish(
    ceremony: &Ceremony,
    info: &EpochInfo<MinSig, ValidatorKey>,
    share: Option<ShareFile>,
) -> Result<NetworkFile, CeremonyError> {
    let revealed = info.output.revealed();
    if !revealed.is_empty() {
        let names = revealed.iter().map(|key| ceremony.plan.name_of(key).to_owned());
        return Err(CeremonyError::Revealed(names.collect()));
    }
    let network = ceremony.plan.network(info.output.public())?;
    let share = share.ok_or(CeremonyError::Failed)?;
    let signer = Scheme::signer(NAMESPACE, network.committee()?, network.sharing()?, share.share());
    if signer.is_none() || *info.output.players() != network.committee()? {
        return Err(CeremonyError::Failed);
    }
    share.write(&ceremony.folder.join("share.key"))?;
    network.write(&ceremony.folder.join("network.json"))?;
    Ok(network)
}
