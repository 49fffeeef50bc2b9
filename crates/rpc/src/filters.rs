//! Installed filters: a cursor each, bounded in number and in time.

use crate::{
    RpcError,
    limits::{FILTER_LIFETIME, MAX_FILTERS, PENDING_LOG},
};
use alloy_primitives::{B256, U256};
use alloy_rpc_types_eth::Filter;
use std::{
    collections::{HashMap, VecDeque},
    time::Instant,
};

/// What a filter reports.
#[derive(Clone, Debug)]
pub(crate) enum Kind {
    /// Logs after block `after`.
    Logs { filter: Box<Filter>, after: u64 },
    /// Hashes of blocks after block `after`.
    Blocks { after: u64 },
    /// Hashes of accepted transactions from number `from` of the [`PendingLog`].
    Pending { from: u64 },
}

/// All installed filters.
#[derive(Debug, Default)]
pub(crate) struct Filters {
    installed: HashMap<U256, (Kind, Instant)>,
    last: u64,
}

impl Filters {
    pub(crate) fn install(&mut self, kind: Kind, now: Instant) -> Result<U256, RpcError> {
        self.installed
            .retain(|_, (_, asked)| now.duration_since(*asked) < FILTER_LIFETIME);
        if self.installed.len() >= MAX_FILTERS {
            return Err(RpcError::Limit(format!(
                "{MAX_FILTERS} filters are installed; remove one or wait"
            )));
        }
        self.last += 1;
        let id = id_of(self.last);
        self.installed.insert(id, (kind, now));
        Ok(id)
    }

    pub(crate) fn uninstall(&mut self, id: U256) -> bool {
        self.installed.remove(&id).is_some()
    }

    /// The filter, which stays alive for being asked.
    pub(crate) fn get(&mut self, id: U256, now: Instant) -> Result<Kind, RpcError> {
        let (kind, asked) = self.installed.get_mut(&id).ok_or(RpcError::UnknownFilter)?;
        if now.duration_since(*asked) >= FILTER_LIFETIME {
            self.installed.remove(&id);
            return Err(RpcError::UnknownFilter);
        }
        *asked = now;
        Ok(kind.clone())
    }

    /// Moves the filter's cursor; a filter that was removed meanwhile stays removed.
    pub(crate) fn advance(&mut self, id: U256, next: Kind) {
        if let Some((kind, _)) = self.installed.get_mut(&id) {
            *kind = next;
        }
    }
}

/// Numbers nobody guesses by counting: a filter belongs to whoever knows its id.
fn id_of(counter: u64) -> U256 {
    let random = B256::random();
    U256::from_be_slice(&random[..8]) << 64 | U256::from(counter)
}

/// The latest accepted transactions, numbered.
#[derive(Debug, Default)]
pub(crate) struct PendingLog {
    hashes: VecDeque<B256>,
    first: u64,
}

impl PendingLog {
    pub(crate) fn push(&mut self, hash: B256) {
        if self.hashes.len() == PENDING_LOG {
            self.hashes.pop_front();
            self.first += 1;
        }
        self.hashes.push_back(hash);
    }

    /// The number that the next hash will have.
    pub(crate) fn next(&self) -> u64 {
        self.first + self.hashes.len() as u64
    }

    /// The hashes from number `from` that are still remembered.
    pub(crate) fn since(&self, from: u64) -> Vec<B256> {
        let skip = usize::try_from(from.saturating_sub(self.first)).unwrap_or(usize::MAX);
        self.hashes.iter().skip(skip).copied().collect()
    }
}
