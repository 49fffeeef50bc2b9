//! One validator's place in a cluster: what it runs, what it runs on, and what outlives its restarts.

use super::{
    application::{Watch, Watched},
    conduct::{self, Conduct},
    faults::Faults,
    machine::Machine,
    wire::{Incoming, Outgoing},
};
use crate::common::{Known, Network, Secrets};
use commonware_p2p::simulated::{Oracle, SplitTarget};
use commonware_runtime::{Handle as Task, Quota, Spawner as _, Supervisor as _, deterministic};
use commonware_utils::NZU32;
use parking_lot::Mutex;
use std::{sync::Arc, time::SystemTime};
use tokio::sync::oneshot;
use zhengtong_chain::{
    Handle, Links, Networks, Rules, Setup, StartError, Store,
    engine::{self, Started},
};
use zhengtong_types::consensus::ValidatorKey;

pub type View = Handle<Machine>;
pub type Peers = Oracle<ValidatorKey, deterministic::Context>;

/// Messages a second that a validator may send each other on each channel.
const QUOTA: Quota = Quota::per_second(NZU32!(1_000));

/// One running copy of a validator's software, and what it leaves behind.
pub struct Copy {
    pub faults: Arc<Faults>,
    pub watch: Arc<Watch>,
    store: Arc<Store>,
    /// What it keeps to itself, once it has started.
    secrets: Option<Secrets>,
    /// Start of its partitions' names.
    disk: String,
    running: Option<Running>,
}

struct Running {
    started: oneshot::Receiver<Result<View, StartError>>,
    view: Option<View>,
    task: Task<()>,
}

impl Copy {
    fn new(disk: String) -> Self {
        Self {
            faults: Arc::default(),
            watch: Arc::default(),
            store: Arc::new(Store::in_memory().expect("memory")),
            secrets: None,
            disk,
            running: None,
        }
    }
}

/// A validator.
pub struct Seat {
    pub index: usize,
    pub conduct: Conduct,
    /// Other rules than ours.
    pub rules: Option<Arc<dyn Rules>>,
    /// One; a twin has two.
    pub copies: Vec<Copy>,
    /// When a stopped validator starts again.
    pub back_at: Option<SystemTime>,
    starts: u32,
    wiped: u32,
}

impl Seat {
    pub fn new(index: usize, conduct: Conduct) -> Self {
        let names: &[&str] = if conduct == Conduct::Twin {
            &["a", "b"]
        } else {
            &["a"]
        };
        Self {
            index,
            conduct,
            rules: None,
            copies: names
                .iter()
                .map(|name| Copy::new(format!("validator-{index}-{name}")))
                .collect(),
            back_at: None,
            starts: 0,
            wiped: 0,
        }
    }

    pub fn is_honest(&self) -> bool {
        self.conduct == Conduct::Honest
    }

    pub fn is_running(&self) -> bool {
        self.copies.iter().any(|copy| copy.running.is_some())
    }

    pub fn faults(&self) -> &Faults {
        &self.copies[0].faults
    }

    /// Wrong blocks that it proposed.
    pub fn lies(&self) -> usize {
        self.copies.iter().map(|copy| copy.watch.lies()).sum()
    }

    /// The read handle, once the validator serves.
    pub fn view(&self) -> Option<View> {
        self.copies[0].running.as_ref()?.view.clone()
    }

    /// What the validator keeps to itself, once it has started.
    pub fn secrets(&self) -> Option<Secrets> {
        self.copies[0].secrets.clone()
    }

    /// Takes the handle of a validator that has just begun to serve.
    pub fn look(&mut self) -> Result<(), StartError> {
        for running in self.copies.iter_mut().filter_map(|copy| copy.running.as_mut()) {
            if let Ok(started) = running.started.try_recv() {
                running.view = Some(started?);
            }
        }
        Ok(())
    }

    /// Pulls the plug: what was not synced is gone.
    pub fn stop(&mut self) {
        for copy in &mut self.copies {
            if let Some(running) = copy.running.take() {
                running.task.abort();
            }
        }
    }

    /// Loses everything but its key.
    pub fn wipe(&mut self) {
        self.stop();
        self.wiped += 1;
        let (index, wiped) = (self.index, self.wiped);
        let secrets = self.copies.first().and_then(|copy| copy.secrets.clone());
        let copy = Copy::new(format!("validator-{index}-new-{wiped}"));
        self.copies = vec![Copy { secrets, ..copy }];
    }

    /// Loses its disk, and gets one on which votes are missing, as a restored backup leaves it.
    pub fn restore(&mut self) {
        self.wipe();
        for copy in &self.copies {
            copy.store.votes_are_missing().expect("memory");
        }
    }

    /// Starts the validator; it serves once [`Seat::view`] is there.
    pub async fn start(
        &mut self,
        context: &deterministic::Context,
        network: &Network,
        peers: &Peers,
        sides: &[Vec<ValidatorKey>; 2],
    ) {
        self.back_at = None;
        self.starts += 1;
        let context = context
            .child("validator")
            .with_attribute("index", self.index)
            .with_attribute("start", self.starts);
        let me = network.validators[self.index].clone();
        let others: Vec<ValidatorKey> = network
            .validators
            .iter()
            .filter(|key| **key != me)
            .cloned()
            .collect();
        let control = peers.control(me.clone());
        let mut wires: Vec<Vec<Option<(Outgoing, Incoming)>>> =
            self.copies.iter().map(|_| Vec::new()).collect();
        for channel in 0..Networks::<(), ()>::COUNT {
            let (sender, receiver) = control.register(channel, QUOTA).await.expect("a fresh channel");
            if self.conduct == Conduct::Twin {
                let routes = sides.clone();
                let (first, second) = receiver.split_with(context.child("split"), move |(from, _)| {
                    match [routes[0].contains(from), routes[1].contains(from)] {
                        [true, true] => SplitTarget::Both,
                        [true, false] => SplitTarget::Primary,
                        [false, true] => SplitTarget::Secondary,
                        [false, false] => SplitTarget::None,
                    }
                });
                for ((wires, receiver), side) in wires.iter_mut().zip([first, second]).zip(sides) {
                    let audience = side.iter().filter(|key| **key != me).cloned().collect();
                    wires.push(Some((Outgoing::new(sender.clone(), Some(audience)), receiver)));
                }
            } else {
                let audience = self.conduct.audience(channel, &others);
                wires[0].push(Some((Outgoing::new(sender, audience), receiver)));
            }
        }
        if let Conduct::Floods { channel } = self.conduct {
            let senders = wires[0]
                .iter()
                .flatten()
                .map(|(sender, _)| sender.clone())
                .collect();
            let seed = u64::from(self.starts);
            context
                .child("flood")
                .spawn(move |context| conduct::flood(context, channel, senders, seed));
        }
        if self.conduct == Conduct::VotesForAll {
            let (sender, receiver) = wires[0][0].take().expect("it is the first");
            let scheme = network.schemes[self.index].clone();
            let task = context
                .child("votes")
                .spawn(move |_| conduct::vote_for_all(scheme, others, sender, receiver));
            self.copies[0].running = Some(Running {
                started: oneshot::channel().1,
                view: None,
                task,
            });
            return;
        }
        for (copy, mut wires) in self.copies.iter_mut().zip(wires) {
            let links = Links {
                peers: Known(peers.manager()),
                blocker: control.clone(),
                channels: Networks::new(|channel| {
                    wires[channel as usize].take().expect("each is taken once")
                }),
            };
            let setup = Setup {
                signer: network.keys[self.index].clone(),
                ..network.setup(copy.store.clone(), &copy.disk)
            };
            let secrets = copy
                .secrets
                .get_or_insert_with(|| network.secrets(self.index))
                .clone();
            let (watch, rules) = (copy.watch.clone(), self.rules.clone());
            let lie = match self.conduct {
                Conduct::Lies(first) | Conduct::Repeats(first) => Some(Arc::new(Mutex::new(first))),
                _ => None,
            };
            let varies = matches!(self.conduct, Conduct::Lies(_));
            let (ready, started) = oneshot::channel();
            let machine = Machine::new(
                context.child("copy").with_attribute("disk", &copy.disk),
                copy.faults.clone(),
            );
            let task = machine.spawn(move |machine| async move {
                let between = move |app| Watched {
                    app: match rules {
                        Some(rules) => zhengtong_chain::App::with_rules(app, rules),
                        None => app,
                    },
                    watch,
                    lie,
                    varies,
                };
                match engine::start_with(machine.child("engine"), setup, secrets, links, between).await {
                    Ok(Started { handle, engine }) => {
                        // Nobody may look.
                        let _ = ready.send(Ok(handle));
                        let _ = engine.await;
                    }
                    Err(error) => {
                        let _ = ready.send(Err(error));
                    }
                }
            });
            copy.running = Some(Running {
                started,
                view: None,
                task,
            });
        }
    }
}
