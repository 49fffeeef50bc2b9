//! The plan of a network: everything its network file will say but the key, which the ceremony makes.
//!
//! Every operator reads the plan and compares its hash with the others' before the ceremony, by telephone say. A plan is
//! used once: its hash goes into every signature of the ceremony.

use crate::{
    GenesisFile, NetworkFile, ValidatorEntry,
    card::{CardError, NodeCard},
    council::CouncilError,
    files::{self, FileError},
    network::{DelegatesError, EpochError, MAX_VALIDATORS},
    quotas::QuotasError,
};
use alloy_primitives::{B256, keccak256};
use commonware_cryptography::bls12381::primitives::{sharing::Sharing, variant::MinSig};
use serde::{Deserialize, Serialize};
use std::{net::SocketAddr, ops::RangeInclusive, path::Path};
use thiserror::Error;
use zhengtong_types::consensus::ValidatorKey;

const FORMAT: &str = "zhengtong-plan/1";
const WHAT: &str = "network plan";

/// Chain ids that every wallet can hold: a number of JavaScript is exact up to the last, and 0 is none.
const CHAIN_IDS: RangeInclusive<u64> = 1..=(1 << 53) - 1;

/// A network before it has a key.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanFile {
    pub format: String,
    /// A name for people.
    pub name: String,
    pub chain_id: u64,
    pub genesis: GenesisFile,
    /// In the order of their keys.
    pub validators: Vec<NodeCard>,
}

/// Why a plan is refused.
#[derive(Debug, Error)]
pub enum PlanError {
    #[error(transparent)]
    File(#[from] FileError),
    #[error(transparent)]
    Card(#[from] CardError),
    #[error(transparent)]
    Delegates(#[from] DelegatesError),
    #[error(transparent)]
    Epoch(#[from] EpochError),
    #[error(transparent)]
    Council(#[from] CouncilError),
    #[error(transparent)]
    Quotas(#[from] QuotasError),
    #[error("the plan has format {0:?}, expected {FORMAT:?}")]
    Format(String),
    #[error("chain id {0}; it must be 1 to {most}, so that every wallet can hold it", most = CHAIN_IDS.end())]
    ChainId(u64),
    #[error("the plan has {0} validators, expected 2 to {MAX_VALIDATORS}")]
    Count(usize),
    #[error("{0:?} and {1:?} have the same {2}; each validator needs its own")]
    Twice(String, String, &'static str),
    #[error("the validators are not in the order of their keys; make the plan with `zhengtong network plan`")]
    Order,
}

impl PlanFile {
    /// Puts a plan together; the same parts give the same plan in whatever order the cards come.
    pub fn new(
        name: String,
        chain_id: u64,
        genesis: GenesisFile,
        mut validators: Vec<NodeCard>,
    ) -> Result<Self, PlanError> {
        validators.sort_by(|left, right| left.key.cmp(&right.key));
        let plan = Self {
            format: FORMAT.into(),
            name,
            chain_id,
            genesis,
            validators,
        };
        plan.check()?;
        Ok(plan)
    }

    pub fn read(path: &Path) -> Result<Self, PlanError> {
        let plan: Self = files::read_json(path, WHAT)?;
        plan.check()?;
        Ok(plan)
    }

    pub fn write(&self, path: &Path) -> Result<(), PlanError> {
        Ok(files::write_json(path, WHAT, self)?)
    }

    fn check(&self) -> Result<(), PlanError> {
        if self.format != FORMAT {
            return Err(PlanError::Format(self.format.clone()));
        }
        if !CHAIN_IDS.contains(&self.chain_id) {
            return Err(PlanError::ChainId(self.chain_id));
        }
        let count = self.validators.len();
        if count < 2 || count > MAX_VALIDATORS as usize {
            return Err(PlanError::Count(count));
        }
        self.genesis.check()?;
        self.genesis.check_epoch(count)?;
        self.genesis.council.check()?;
        self.genesis.quotas.terms(self.genesis.epoch_blocks)?;
        for (index, card) in self.validators.iter().enumerate() {
            card.check()?;
            for other in &self.validators[..index] {
                let twice = |what| PlanError::Twice(other.name.clone(), card.name.clone(), what);
                if other.key == card.key {
                    return Err(twice("key"));
                }
                if other.address == card.address {
                    return Err(twice("address"));
                }
            }
        }
        if !self.validators.windows(2).all(|pair| pair[0].key < pair[1].key) {
            return Err(PlanError::Order);
        }
        Ok(())
    }

    /// What operators compare: Keccak-256 of the plan's compact JSON, whatever the file's layout.
    pub fn hash(&self) -> B256 {
        keccak256(serde_json::to_vec(self).expect("a plan is made of numbers and strings"))
    }

    /// Every validator with its address, in order.
    pub fn members(&self) -> Result<Vec<(ValidatorKey, SocketAddr)>, PlanError> {
        let cards = self.validators.iter();
        cards.map(|card| Ok((card.public()?, card.address))).collect()
    }

    /// The name of a validator, for people.
    pub fn name_of(&self, key: &ValidatorKey) -> &str {
        let found = self
            .validators
            .iter()
            .find(|card| card.key.as_ref() == AsRef::<[u8]>::as_ref(key));
        found.map_or("(not in the plan)", |card| &card.name)
    }

    /// The network that this plan becomes with its key.
    pub fn network(&self, key: &Sharing<MinSig>) -> Result<NetworkFile, PlanError> {
        let validators = self.validators.iter().map(|card| ValidatorEntry {
            key: card.key.clone(),
            address: Some(card.address),
            name: card.name.clone(),
        });
        Ok(NetworkFile::new(
            self.name.clone(),
            self.chain_id,
            self.genesis.clone(),
            key,
            validators.collect(),
        ))
    }
}
