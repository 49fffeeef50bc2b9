//! Asks validators for their newest certified block, as often as needed, and then answers others.

use super::{Shared, SyncStep, watched};
use crate::{
    config::Reporter,
    engine::{
        Peers, Runtime, Setup, epochs,
        limits::{FETCH_TIMEOUT, MAILBOX},
    },
    inner::Marshal,
};
use commonware_consensus::{marshal::standard::Standard, types::Epoch};
use commonware_cryptography::bls12381::primitives::variant::MinSig;
use commonware_glue::dkg::{
    network::Manager,
    probe::{self, Actor, Bootstrap, Config, Mailbox},
};
use commonware_p2p::{Blocker, Receiver, Sender};
use commonware_parallel::Sequential;
use commonware_runtime::Handle;
use commonware_utils::{Faults as _, N3f1, NZDuration};
use std::{num::NonZeroU64, time::Duration};
use zhengtong_types::{
    committee::{Directory, EpochInfo},
    consensus::{Block, Digest, Finalization, Scheme, ValidatorKey},
};

/// How long answers are awaited before all are asked again.
const ASK_AGAIN: Duration = FETCH_TIMEOUT;

/// A certified block, and who the validators of its epoch are.
pub type Artifact = probe::Artifact<Scheme, Digest, MinSig, Directory>;
type ProbeMailbox = Mailbox<Scheme, Standard<Block>>;

/// The probe channel. A probe settles on its first result, so each question gets a new one.
///
/// Those who are asked are the validators of the network file: as long as f + 1 of them follow the chain, a node can begin
/// near the tip, whoever validates now.
pub struct Probes<E: Runtime, P, B, S, R> {
    context: E,
    verifier: Scheme,
    first: EpochInfo,
    epoch_blocks: NonZeroU64,
    peers: P,
    blocker: B,
    sender: S,
    receiver: Shared<R>,
    started: u32,
    /// The probe that runs. It ends when its mailbox is gone.
    running: Option<(Handle<()>, ProbeMailbox)>,
}

impl<E, P, B, S, R> Probes<E, P, B, S, R>
where
    E: Runtime,
    P: Manager<PublicKey = ValidatorKey, Directory = Directory>,
    B: Blocker<PublicKey = ValidatorKey>,
    S: Sender<PublicKey = ValidatorKey>,
    R: Receiver<PublicKey = ValidatorKey>,
{
    pub fn new(
        context: E,
        setup: &Setup,
        first: EpochInfo,
        (peers, blocker): (P, B),
        (sender, receiver): (S, R),
    ) -> Self {
        Self {
            context,
            verifier: epochs::verifier(setup),
            first,
            epoch_blocks: setup.epoch_blocks,
            peers,
            blocker,
            sender,
            receiver: Shared::new(receiver),
            started: 0,
            running: None,
        }
    }

    /// The newest certified block that any of f + 1 validators names, and its epoch's validators; the certificates are
    /// checked. Asks until so many answer. Nothing of an epoch before that of `floor` counts.
    pub async fn newest(&mut self, floor: Option<Finalization>, report: &Reporter) -> Option<Artifact> {
        let needed = N3f1::max_faults(self.first.players.len()) as usize + 1;
        let floor = self.start(floor).subscribe();
        let context = self.context.child("asking");
        watched(&context, report, floor, |waited| SyncStep::Asking {
            needed,
            waited,
            peers: Peers::of(&context.encode()).unwrap_or_default(),
        })
        .await
        .ok()
    }

    /// Answers others from now on.
    pub fn serve(mut self, marshal: Marshal) {
        self.start(None).attach(marshal);
    }

    fn start(&mut self, floor: Option<Finalization>) -> ProbeMailbox {
        if let Some((running, _)) = self.running.take() {
            running.abort();
        }
        self.started += 1;
        let (probe, mailbox) = Actor::new(Config {
            context: self.context.child("probe").with_attribute("round", self.started),
            manager: self.peers.clone(),
            bootstrap: Bootstrap {
                epoch: Epoch::zero(),
                participants: self.first.participants(),
                directory: self.first.directory.clone(),
            },
            floor,
            verifier: self.verifier.clone(),
            genesis: self.first.clone(),
            strategy: Sequential,
            blocker: self.blocker.clone(),
            blocks_per_epoch: self.epoch_blocks,
            retry_timeout: NZDuration!(ASK_AGAIN),
            mailbox_size: MAILBOX,
            block_codec_config: (),
        });
        let running = probe.start((self.sender.clone(), self.receiver.clone()));
        self.running = Some((running, mailbox.clone()));
        mailbox
    }
}
