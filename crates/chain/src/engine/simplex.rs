//! Simplex: the validators propose and vote in turn. A node without a share follows their certificates.

use super::{
    Runtime, Setup,
    limits::{BUFFER_BYTES, FETCH_TIMEOUT, MAILBOX, RETAINED_VIEWS},
};
use commonware_consensus::{
    CertifiableAutomaton, Relay, Reporter,
    simplex::{
        Engine, Plan,
        config::{Config, Floor, ForwardPolicy, SkipBudget, SkipPolicy},
        elector::RoundRobin,
    },
    types::Epoch,
};
use commonware_cryptography::Sha256;
use commonware_p2p::{Blocker, Receiver, Sender};
use commonware_parallel::Sequential;
use commonware_runtime::{Handle, buffer::paged::CacheRef};
use commonware_utils::NZDuration;
use std::time::Duration;
use zhengtong_types::consensus::{Activity, Context, Digest, Scheme, ValidatorKey};

/// How much longer than for a proposal validators wait for its certification.
const CERTIFICATION_EXTRA: Duration = Duration::from_secs(2);
/// How much longer than a proposal may take a validator is silent before its turns are skipped.
const SKIP_EXTRA: Duration = Duration::from_secs(4);

/// Starts the engine above a certified block; the handle ends when it ends. What its own journal knows above counts too.
pub fn start<E, B, A, S, R>(
    context: &E,
    setup: &Setup,
    page_cache: CacheRef,
    blocker: B,
    automaton: A,
    (votes, certificates, resolver): ((S, R), (S, R), (S, R)),
    floor: Floor<Scheme, Digest>,
) -> Handle<()>
where
    E: Runtime,
    B: Blocker<PublicKey = ValidatorKey>,
    A: CertifiableAutomaton<Context = Context, Digest = Digest>
        + Relay<Digest = Digest, PublicKey = ValidatorKey, Plan = Plan<ValidatorKey>>
        + Reporter<Activity = Activity>,
    S: Sender<PublicKey = ValidatorKey>,
    R: Receiver<PublicKey = ValidatorKey>,
{
    let leader_timeout = setup.config.leader_timeout;
    let config = Config {
        scheme: setup.scheme.clone(),
        elector: RoundRobin::<Sha256>::default(),
        blocker,
        automaton: automaton.clone(),
        relay: automaton.clone(),
        reporter: automaton,
        strategy: Sequential,
        partition: format!("{}-simplex", setup.prefix),
        mailbox_size: MAILBOX,
        epoch: Epoch::zero(),
        floor,
        replay_buffer: BUFFER_BYTES,
        write_buffer: BUFFER_BYTES,
        page_cache,
        leader_timeout,
        certification_timeout: leader_timeout + CERTIFICATION_EXTRA,
        timeout_retry: leader_timeout,
        view_retention: RETAINED_VIEWS,
        skip: SkipPolicy::Enabled {
            timeout: leader_timeout + SKIP_EXTRA,
            budget: SkipBudget::Participants,
        },
        fetch_timeout: NZDuration!(FETCH_TIMEOUT),
        fetch_retry_delay: FETCH_TIMEOUT,
        forward: ForwardPolicy::SilentVoters,
        track_historical_votes: false,
    };
    Engine::new(context.child("simplex"), config).start(votes, certificates, resolver)
}
