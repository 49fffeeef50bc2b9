//! A cluster in one deterministic runtime: starts and stops validators, moves links, and sends transactions.

use super::{
    members::{Client, Members, PINCHED_CLIENTS},
    property::Finding,
    seat::{Peers, Seat},
};
use crate::common::{Network, PINCHED, account, blank, sign, transfer};
use alloy_consensus::TxEip1559;
use alloy_primitives::{Address, B256, TxKind};
use commonware_p2p::{
    Manager as _,
    simulated::{Config as NetConfig, Link, Network as Simulated},
};
use commonware_runtime::{Clock as _, Supervisor as _, deterministic};
use commonware_utils::{NZUsize, Probability, TryCollect as _, ordered::Set, probability};
use futures::future::join_all;
use std::time::Duration;
use zhengtong_chain::{ChainView as _, SubmitError, engine};
use zhengtong_types::consensus::ValidatorKey;

pub const RECEIVER: Address = Address::repeat_byte(0x42);
/// Simulated time after which what has not come will not come.
pub const PATIENCE: Duration = Duration::from_secs(180);
/// How often the cluster is looked after.
pub const TICK: Duration = Duration::from_millis(150);
/// How long a block may take, on average, while validators are away.
const BLOCK_PATIENCE: Duration = Duration::from_secs(10);
/// How long a submitter waits for an answer.
pub const ANSWER: Duration = Duration::from_secs(5);
/// More than a call by the key that governs the network takes.
const GOVERNING_GAS: u64 = 1_000_000;

pub struct Cluster<'a> {
    pub context: deterministic::Context,
    pub network: &'a Network,
    pub peers: Peers,
    pub members: Members,
    /// Which validators each half of a twin talks to.
    sides: [Vec<ValidatorKey>; 2],
    /// How long a validator whose machine stopped stays down.
    pub downtime: Duration,
    pub failed: Vec<Finding>,
}

pub fn link(latency_ms: u64, jitter_ms: u64, success_rate: Probability) -> Link {
    Link {
        latency: Duration::from_millis(latency_ms),
        jitter: Duration::from_millis(jitter_ms),
        success_rate,
    }
}

/// As good as links are.
pub fn good_link() -> Link {
    link(10, 4, probability!(1.0))
}

/// Who submits.
#[derive(Clone, Copy)]
enum Sender {
    /// The client of a validator.
    Of(usize),
    /// One that runs into its quota.
    Pinched(usize),
}

impl Sender {
    fn account(self) -> u64 {
        match self {
            Self::Of(index) => index as u64 + 1,
            Self::Pinched(which) => PINCHED[which],
        }
    }
}

impl<'a> Cluster<'a> {
    /// Links everyone and starts everyone. `sides` are the indices that each half of a twin talks to.
    pub async fn start(
        context: deterministic::Context,
        network: &'a Network,
        members: Members,
        sides: [Vec<usize>; 2],
    ) -> Self {
        let count = network.validators.len();
        let (simulated, peers) = Simulated::new(
            context.child("network"),
            NetConfig {
                max_size: engine::message_limit(),
                max_peers_per_set: NZUsize!(16),
                disconnect_on_block: true,
                tracked_peer_sets: NZUsize!(1),
            },
        );
        simulated.start();
        let everyone: Set<ValidatorKey> = network
            .validators
            .iter()
            .cloned()
            .try_collect()
            .expect("keys differ");
        peers.manager().track(0, everyone);
        let mut cluster = Self {
            context,
            network,
            peers,
            members,
            sides: sides.map(|side| {
                side.into_iter()
                    .map(|index| network.validators[index].clone())
                    .collect()
            }),
            downtime: Duration::from_secs(2),
            failed: Vec::new(),
        };
        cluster.join(&[(0..count).collect()], &good_link()).await;
        for index in 0..count {
            cluster.start_one(index).await;
        }
        cluster.serving().await;
        cluster
    }

    pub fn size(&self) -> usize {
        self.members.seats.len()
    }

    pub fn seat(&self, index: usize) -> &Seat {
        &self.members.seats[index]
    }

    pub fn honest(&self) -> Vec<usize> {
        self.members
            .seats
            .iter()
            .filter(|seat| seat.is_honest())
            .map(|seat| seat.index)
            .collect()
    }

    pub async fn start_one(&mut self, index: usize) {
        let seat = &mut self.members.seats[index];
        for copy in &seat.copies {
            copy.faults.revive();
        }
        seat.start(&self.context, self.network, &self.peers, &self.sides)
            .await;
    }

    pub fn stop_one(&mut self, index: usize) {
        self.members.seats[index].stop();
    }

    /// Links the members of each group with each other, and with nobody else.
    pub async fn join(&mut self, groups: &[Vec<usize>], link: &Link) {
        for (from, sender) in self.network.validators.iter().enumerate() {
            for (to, receiver) in self.network.validators.iter().enumerate() {
                if from == to {
                    continue;
                }
                // It may not be there.
                let _ = self.peers.remove_link(sender.clone(), receiver.clone()).await;
                if groups
                    .iter()
                    .any(|group| group.contains(&from) && group.contains(&to))
                {
                    self.peers
                        .add_link(sender.clone(), receiver.clone(), link.clone())
                        .await
                        .expect("both are known");
                }
            }
        }
    }

    /// Looks whether machines stopped or are to start again, and whether validators serve.
    pub async fn tend(&mut self) {
        let now = self.context.current();
        for index in 0..self.size() {
            let seat = &mut self.members.seats[index];
            if let Err(error) = seat.look() {
                self.failed.push(Finding::NotStarted {
                    validator: index,
                    reason: error.to_string(),
                });
                seat.stop();
            }
            if seat.is_running() && seat.faults().has_stopped() {
                seat.stop();
                seat.back_at = Some(now + self.downtime);
                self.members.incidents.stops += 1;
            }
            if seat.back_at.is_some_and(|at| at <= now) {
                self.start_one(index).await;
            }
        }
    }

    /// Lets time pass.
    pub async fn wait(&mut self, time: Duration) {
        let end = self.context.current() + time;
        while self.context.current() < end {
            self.context.sleep(TICK).await;
            self.tend().await;
        }
    }

    /// Waits until every honest validator that runs serves.
    pub async fn serving(&mut self) {
        let end = self.context.current() + PATIENCE;
        while self.context.current() < end {
            self.tend().await;
            let starting = |seat: &Seat| seat.is_honest() && seat.is_running() && seat.view().is_none();
            if !self.members.seats.iter().any(starting) {
                return;
            }
            self.context.sleep(TICK).await;
        }
    }

    /// The highest block that an honest validator has.
    pub fn height(&self) -> u64 {
        let views = self
            .members
            .seats
            .iter()
            .filter(|seat| seat.is_honest())
            .filter_map(Seat::view);
        views
            .map(|view| view.tip().header.number)
            .max()
            .unwrap_or_default()
    }

    /// Lets this many blocks pass, if they come.
    pub async fn blocks(&mut self, count: u64) {
        let (goal, end) = (
            self.height() + count,
            self.context.current() + BLOCK_PATIENCE * count as u32,
        );
        while self.height() < goal && self.context.current() < end {
            self.wait(TICK).await;
        }
    }

    /// In each round every client of an honest validator that serves submits once.
    pub async fn traffic(&mut self, rounds: usize) {
        for _ in 0..rounds {
            self.submit().await;
            self.wait(TICK).await;
        }
    }

    /// One submission at every honest validator that serves, and those of the clients that soon have no gas left.
    pub async fn submit(&mut self) {
        let honest = self.honest();
        let each = honest.iter().map(|index| (*index, Sender::Of(*index)));
        let pinched = honest.iter().rev().zip(0..PINCHED_CLIENTS);
        let pinched = pinched.map(|(index, which)| (*index, Sender::Pinched(which)));
        self.submit_by(each.chain(pinched).collect()).await;
    }

    pub async fn submit_at(&mut self, validators: &[usize]) {
        let each = validators.iter().map(|index| (*index, Sender::Of(*index)));
        self.submit_by(each.collect()).await;
    }

    async fn submit_by(&mut self, senders: Vec<(usize, Sender)>) {
        let mut asked = Vec::new();
        for (index, sender) in senders {
            if let Some(view) = self.seat(index).view() {
                let (key, nonce) = (account(sender.account()), self.client(sender).nonce);
                let raw = transfer(&key, nonce, RECEIVER, 1);
                let answer = self.context.child("client");
                asked.push(async move {
                    (
                        sender,
                        answer
                            .timeout(ANSWER, async move { view.submit(raw).await })
                            .await,
                    )
                });
            }
        }
        for (sender, answer) in join_all(asked).await {
            match answer {
                Ok(Ok(hash)) => {
                    self.members.acknowledged.push(hash);
                    self.client(sender).nonce += 1;
                }
                Ok(Err(SubmitError::NonceTooLow { .. })) => self.client(sender).nonce += 1,
                Ok(Err(SubmitError::Storage(_))) => self.members.incidents.refused += 1,
                Ok(Err(SubmitError::Quota(_))) => self.members.incidents.over_quota += 1,
                // It is tried again.
                Ok(Err(_)) | Err(_) => {}
            }
        }
    }

    /// Has the key that governs the network call a contract, through the first validator, and waits until that is final.
    pub async fn govern(&mut self, contract: Address, input: Vec<u8>) {
        let sender = Sender::Of(0);
        let call = TxEip1559 {
            nonce: self.client(sender).nonce,
            gas_limit: GOVERNING_GAS,
            to: TxKind::Call(contract),
            input: input.into(),
            ..blank()
        };
        let raw = sign(&account(sender.account()), call);
        let view = self.seat(0).view().expect("it serves");
        let hash = view.submit(raw).await.expect("it is taken");
        self.members.acknowledged.push(hash);
        self.client(sender).nonce += 1;
        self.settle().await;
    }

    fn client(&mut self, sender: Sender) -> &mut Client {
        match sender {
            Sender::Of(index) => &mut self.members.clients[index],
            Sender::Pinched(which) => &mut self.members.pinched[which],
        }
    }

    /// Waits until everything acknowledged is final at every honest validator that serves, if it ever is.
    pub async fn settle(&mut self) {
        let end = self.context.current() + PATIENCE;
        loop {
            let wanted = self
                .honest()
                .into_iter()
                .filter(|index| self.seat(*index).view().is_some());
            let wanted =
                wanted.flat_map(|index| self.members.acknowledged.iter().map(move |hash| (index, *hash)));
            if self.unseen(wanted.collect()).is_empty() || self.context.current() > end {
                return;
            }
            self.wait(TICK).await;
        }
    }

    /// Ends the runtime's part of the cluster.
    pub fn part(mut self) -> Members {
        for seat in &mut self.members.seats {
            seat.stop();
        }
        self.members
    }

    /// What of this the validators do not have as final.
    pub fn unseen(&self, wanted: Vec<(usize, B256)>) -> Vec<(usize, B256)> {
        wanted
            .into_iter()
            .filter(|(index, hash)| {
                let view = self.seat(*index).view();
                view.is_none_or(|view| view.transaction(*hash).expect("memory reads").is_none())
            })
            .collect()
    }
}
