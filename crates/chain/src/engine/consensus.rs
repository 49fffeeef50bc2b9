//! Consensus: one engine an epoch, in which the epoch's validators propose and vote in turn. A node without a share follows
//! their certificates.

use super::{
    Runtime, Setup, StartError,
    epochs::{EpochPlan, Schemes},
    limits::{BUFFER_BYTES, FETCH_TIMEOUT, MAILBOX, RETAINED_VIEWS},
};
use crate::inner::Marshal;
use commonware_consensus::{
    CertifiableAutomaton, Epochable as _, Relay, Reporter, Viewable as _,
    marshal::standard::Standard,
    simplex::{
        Plan,
        config::{ForwardPolicy, SkipBudget, SkipPolicy},
        elector::RoundRobin,
        types::Artifact,
    },
};
use commonware_cryptography::{Sha256, bls12381::primitives::variant::MinSig};
use commonware_glue::dkg::{
    fence::Gate,
    network::Manager,
    orchestrator::{Actor, Config, Mailbox, SimplexConfig},
};
use commonware_p2p::Blocker;
use commonware_parallel::Sequential;
use commonware_runtime::buffer::paged::CacheRef;
use commonware_storage::journal::segmented::variable::{Config as JournalConfig, Journal};
use commonware_utils::NZDuration;
use std::time::Duration;
use zhengtong_types::{
    committee::Directory,
    consensus::{Activity, Block, Context, Digest, Finalization, Scheme, ValidatorKey},
};

/// How much longer than for a proposal validators wait for its certification.
const CERTIFICATION_EXTRA: Duration = Duration::from_secs(2);
/// How much longer than a proposal may take a validator is silent before its turns are skipped.
const SKIP_EXTRA: Duration = Duration::from_secs(4);

/// Runs the engine of each epoch and moves on with the epoch's last block.
pub type Orchestrator<E, B, P, A> =
    Actor<E, B, P, Schemes, Standard<Block>, MinSig, A, RoundRobin<Sha256>, Sequential>;

/// Makes what runs the engines. It is started on its own, because a node that fetches the state does not vote before.
#[expect(clippy::too_many_arguments, reason = "each is another part of the node")]
pub fn orchestrator<E, B, P, A>(
    context: &E,
    setup: &Setup,
    page_cache: CacheRef,
    (blocker, peers): (B, P),
    automaton: A,
    marshal: Marshal,
    (schemes, gate): (Schemes, Gate),
    plan: EpochPlan,
) -> (Orchestrator<E, B, P, A>, Mailbox<Block>)
where
    E: Runtime,
    B: Blocker<PublicKey = ValidatorKey>,
    P: Manager<PublicKey = ValidatorKey, Directory = Directory>,
    A: CertifiableAutomaton<Context = Context, Digest = Digest>
        + Relay<Digest = Digest, PublicKey = ValidatorKey, Plan = Plan<ValidatorKey>>
        + Reporter<Activity = Activity>,
{
    let leader_timeout = setup.config.leader_timeout;
    let config = Config {
        oracle: blocker,
        manager: peers,
        provider: schemes,
        marshal,
        application: automaton,
        strategy: Sequential,
        simplex: SimplexConfig {
            elector: RoundRobin::default(),
            mailbox_size: MAILBOX,
            replay_buffer: BUFFER_BYTES,
            write_buffer: BUFFER_BYTES,
            page_cache,
            leader_timeout,
            certification_timeout: leader_timeout + CERTIFICATION_EXTRA,
            timeout_retry: leader_timeout,
            fetch_timeout: NZDuration!(FETCH_TIMEOUT),
            fetch_retry_delay: FETCH_TIMEOUT,
            view_retention: RETAINED_VIEWS,
            skip: SkipPolicy::Enabled {
                timeout: leader_timeout + SKIP_EXTRA,
                budget: SkipBudget::Participants,
            },
            track_historical_votes: false,
            forward: ForwardPolicy::SilentVoters,
        },
        gate,
        state_sync: plan,
        blocks_per_epoch: setup.epoch_blocks,
        mailbox_size: MAILBOX,
        partition_prefix: setup.prefix.clone(),
    };
    Actor::new(context.child("epochs"), config)
}

/// Notes a block's finalization where the engine of its epoch keeps its votes, in a node that was never started. Without it
/// the engine would begin at the epoch's first view, below blocks that are final, and could build on nothing; with it, it
/// begins above.
pub async fn note_finalization<E: Runtime>(
    context: &E,
    setup: &Setup,
    page_cache: CacheRef,
    finalization: Finalization,
) -> Result<(), StartError> {
    let failed = |source: commonware_storage::journal::Error| {
        StartError::State(format!("the votes' journal: {source}"))
    };
    let (epoch, view) = (finalization.epoch().get(), finalization.view().get());
    let config = JournalConfig {
        partition: votes_partition(&setup.prefix, epoch),
        compression: None,
        codec_config: (),
        page_cache,
        write_buffer: BUFFER_BYTES,
    };
    let journal = Journal::init(context.child("votes"), config)
        .await
        .map_err(failed)?;
    let noted = Artifact::<Scheme, Digest>::Finalization(finalization);
    let (journal, ..) = journal.append(view, &noted).await.map_err(failed)?;
    journal.sync_all().await.map_err(failed)?;
    Ok(())
}

/// The partition in which the engine of an epoch keeps its votes.
pub fn votes_partition(prefix: &str, epoch: u64) -> String {
    format!("{}{epoch}", votes_partitions(prefix))
}

/// How those of all epochs begin.
pub fn votes_partitions(prefix: &str) -> String {
    format!("{prefix}_consensus_")
}
