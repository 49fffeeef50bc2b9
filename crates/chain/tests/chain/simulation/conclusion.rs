//! The end of a run: everything is mended, everyone is asked once more, and the evidence is taken.

use super::{
    cluster::{ANSWER, Cluster, PATIENCE, RECEIVER, TICK, good_link},
    property::{Evidence, Witness},
    seat::Seat,
};
use crate::common::{account, transfer};
use alloy_primitives::{B256, Bytes};
use commonware_runtime::{Clock as _, Supervisor as _};
use std::time::{Duration, UNIX_EPOCH};
use zhengtong_chain::{ChainView as _, SubmitError};
use zhengtong_types::consensus::ValidatorKey;

/// The first account that only asks, at the end, whether the chain goes on.
const PROBES: u64 = 11;

impl Cluster<'_> {
    /// Mends everything, asks every honest validator for one more transaction, and waits until all of them have all.
    pub async fn conclude(&mut self) -> Evidence {
        let everyone: Vec<usize> = (0..self.size()).collect();
        self.join(&[everyone], &good_link()).await;
        for seat in &self.members.seats {
            for copy in &seat.copies {
                copy.faults.repair();
            }
        }
        let honest = self.honest();
        for index in &honest {
            if !self.seat(*index).is_running() {
                self.members.seats[*index].back_at = Some(self.context.current());
            }
        }
        self.serving().await;
        let healed = self.context.current();
        let mut waiting: Vec<(usize, Bytes)> = honest
            .iter()
            .map(|index| (*index, transfer(&account(PROBES + *index as u64), 0, RECEIVER, 1)))
            .collect();
        let mut probes = Vec::new();
        let mut missing: Vec<(usize, B256)> = Vec::new();
        let all = |hashes: &[B256]| -> Vec<(usize, B256)> {
            honest
                .iter()
                .flat_map(|index| hashes.iter().map(|hash| (*index, *hash)))
                .collect()
        };
        let mut lost = all(&self.members.acknowledged);
        while self.context.current() < healed + PATIENCE {
            self.tend().await;
            for (index, raw) in std::mem::take(&mut waiting) {
                let view = self.seat(index).view();
                let answer = match view {
                    // A machine may stop over it; then it is tended and asked again.
                    Some(view) => {
                        let (asked, clock) = (raw.clone(), self.context.child("probe"));
                        let answer = clock.timeout(ANSWER, async move { view.submit(asked).await });
                        answer.await.unwrap_or(Err(SubmitError::Stopping))
                    }
                    None => Err(SubmitError::Stopping),
                };
                match answer {
                    Ok(hash) => {
                        probes.push(hash);
                        missing.extend(all(&[hash]));
                    }
                    Err(_) => waiting.push((index, raw)),
                }
            }
            missing = self.unseen(missing);
            if waiting.is_empty() && missing.is_empty() {
                lost = self.unseen(lost);
                if lost.is_empty() {
                    break;
                }
            }
            self.context.sleep(TICK).await;
        }
        lost = self.unseen(lost);
        let took = self.context.current().duration_since(healed).unwrap_or_default();
        let stalled = waiting.iter().map(|(index, _)| *index);
        let stalled = stalled.chain(missing.iter().map(|(index, _)| *index)).min();
        let now = self.evidence().await;
        Evidence {
            lost,
            stalled,
            took,
            ..now
        }
    }

    /// The cluster as it is, with nothing asked of it.
    pub async fn evidence(&mut self) -> Evidence {
        let pairs = self.shut_out().await;
        let (blocked, noticed): (Vec<_>, Vec<_>) = pairs
            .into_iter()
            .filter(|(by, _)| self.seat(*by).is_honest())
            .partition(|(_, whom)| self.seat(*whom).is_honest());
        self.members.incidents.shut_out = noticed.len();
        self.members.incidents.lies = self.members.seats.iter().map(Seat::lies).sum();
        Evidence {
            public_key: self.network.info.public_key,
            gas_limit: self.network.genesis.block.header().gas_limit,
            witnesses: self
                .honest()
                .into_iter()
                .map(|index| Witness {
                    validator: index,
                    view: self.seat(index).view(),
                    watch: self.seat(index).copies[0].watch.clone(),
                })
                .collect(),
            lost: Vec::new(),
            stalled: None,
            took: Duration::ZERO,
            blocked,
            failed: std::mem::take(&mut self.failed),
            now_ms: self
                .context
                .current()
                .duration_since(UNIX_EPOCH)
                .map_or(0, |since| since.as_millis() as u64),
        }
    }

    /// Who has shut out whom.
    async fn shut_out(&self) -> Vec<(usize, usize)> {
        let index = |key: &ValidatorKey| self.network.validators.iter().position(|other| other == key);
        let pairs = self.peers.blocked().await.expect("the network runs");
        pairs
            .iter()
            .filter_map(|(by, whom)| Some((index(by)?, index(whom)?)))
            .collect()
    }
}
