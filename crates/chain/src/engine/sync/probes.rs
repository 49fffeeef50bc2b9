//! Asks validators for their newest certified block, as often as needed, and then answers others.

use super::{Shared, SyncStep, watched};
use crate::{
    config::Reporter,
    engine::{
        Runtime,
        limits::{FETCH_TIMEOUT, MAILBOX},
    },
    inner::Marshal,
};
use commonware_consensus::{marshal::standard::Standard, types::Epoch};
use commonware_cryptography::certificate::{ConstantProvider, Scheme as _};
use commonware_glue::stateful::probe::{Config, Mailbox, Probe};
use commonware_p2p::{Blocker, Receiver, Sender};
use commonware_parallel::Sequential;
use commonware_runtime::Handle;
use commonware_utils::{Faults as _, N3f1, NZDuration};
use std::time::Duration;
use zhengtong_types::consensus::{Block, Finalization, Scheme, ValidatorKey};

/// How long answers are awaited before all are asked again.
const ASK_AGAIN: Duration = FETCH_TIMEOUT;

type ProbeMailbox = Mailbox<Scheme, Standard<Block>>;

/// The probe channel. A probe settles on its first result, so each question gets a new one.
pub struct Probes<E: Runtime, B, S, R> {
    context: E,
    scheme: Scheme,
    blocker: B,
    sender: S,
    receiver: Shared<R>,
    started: u32,
    /// The probe that runs. It ends when its mailbox is gone.
    running: Option<(Handle<()>, ProbeMailbox)>,
}

impl<E, B, S, R> Probes<E, B, S, R>
where
    E: Runtime,
    B: Blocker<PublicKey = ValidatorKey>,
    S: Sender<PublicKey = ValidatorKey>,
    R: Receiver<PublicKey = ValidatorKey>,
{
    pub fn new(context: E, scheme: Scheme, blocker: B, (sender, receiver): (S, R)) -> Self {
        Self {
            context,
            scheme,
            blocker,
            sender,
            receiver: Shared::new(receiver),
            started: 0,
            running: None,
        }
    }

    /// The newest certified block that any of f + 1 validators names; its certificate is checked. Asks until so many answer.
    pub async fn newest(&mut self, report: &Reporter) -> Option<Finalization> {
        let needed = N3f1::max_faults(self.scheme.participants().len()) as usize + 1;
        let floor = self.start().subscribe();
        watched(&self.context, report, floor, |waited| SyncStep::Asking {
            needed,
            waited,
        })
        .await
        .ok()
    }

    /// Answers others from now on.
    pub fn serve(mut self, marshal: Marshal) {
        self.start().attach(marshal);
    }

    fn start(&mut self) -> ProbeMailbox {
        if let Some((running, _)) = self.running.take() {
            running.abort();
        }
        self.started += 1;
        let (probe, mailbox) = Probe::new(Config {
            context: self.context.child("probe").with_attribute("round", self.started),
            provider: ConstantProvider::<Scheme, Epoch>::new(self.scheme.clone()),
            strategy: Sequential,
            mailbox_size: MAILBOX,
            blocker: self.blocker.clone(),
            minimum_epoch: Epoch::zero(),
            retry_timeout: NZDuration!(ASK_AGAIN),
        });
        let running = probe.start((self.sender.clone(), self.receiver.clone()));
        self.running = Some((running, mailbox.clone()));
        mailbox
    }
}
