//! Networks on one machine, made by a trusted dealer: for development and tests only.
//!
//! The dealer knows every share for a moment. A real network makes its key in a ceremony where nobody does.

use crate::{
    EPOCH_BLOCKS, GenesisFile, Identity, KeyError, NetworkError, NetworkFile, NodeConfig, QuotaSet,
    QuotasFile, ShareFile, SyncMode, ValidatorEntry,
};
use alloy_primitives::{Address, Bytes, U256};
use commonware_codec::Encode as _;
use commonware_cryptography::{
    Signer as _,
    bls12381::{
        dkg::feldman_desmedt::deal,
        primitives::{sharing::Mode, variant::MinSig},
    },
    ed25519,
};
use commonware_math::algebra::Random as _;
use commonware_utils::{N3f1, TryCollect as _, ordered::Set};
use rand_core::CryptoRng;
use std::{
    collections::{BTreeMap, BTreeSet},
    net::{Ipv4Addr, SocketAddr},
    path::Path,
};
use thiserror::Error;
use zhengtong_chain::{RECOVERY_DELAY_S, config::DEFAULT_BLOCK_GAS_LIMIT};
use zhengtong_types::consensus::ValidatorKey;

/// Chain id of development networks.
pub const DEV_CHAIN_ID: u64 = 20_260;

/// What a development network is made from.
#[derive(Clone, Debug)]
pub struct DevNetwork {
    pub name: String,
    pub chain_id: u64,
    /// Milliseconds since the Unix epoch.
    pub timestamp_ms: u64,
    pub council: Address,
    /// Balances in wei.
    pub alloc: BTreeMap<Address, U256>,
    /// Contracts that accounts may delegate to (EIP-7702).
    pub delegates: BTreeSet<Address>,
    /// Accounts without a limit on waiting transactions.
    pub unmetered: Vec<Address>,
    /// Number of validators.
    pub validators: u32,
    /// Validator `i` listens on this port plus `i`, unless it is alone.
    pub first_port: u16,
    pub block_gas_limit: u64,
    /// Seconds that a recovery of a resident's account waits.
    pub recovery_delay_s: u64,
    /// Blocks of an epoch.
    pub epoch_blocks: u64,
    /// How much gas who may use in an epoch.
    pub quotas: QuotasFile,
}

impl Default for DevNetwork {
    fn default() -> Self {
        Self {
            name: "dev".into(),
            chain_id: DEV_CHAIN_ID,
            timestamp_ms: 0,
            council: Address::ZERO,
            alloc: BTreeMap::new(),
            delegates: BTreeSet::new(),
            unmetered: Vec::new(),
            validators: 1,
            first_port: 9_700,
            block_gas_limit: DEFAULT_BLOCK_GAS_LIMIT,
            recovery_delay_s: RECOVERY_DELAY_S,
            epoch_blocks: EPOCH_BLOCKS,
            quotas: QuotasFile::Set(QuotaSet::Ample),
        }
    }
}

/// Why a development network could not be made.
#[derive(Debug, Error)]
pub enum DevError {
    #[error(transparent)]
    Network(#[from] NetworkError),
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error("a network needs 1 to {max} validators, not {got}", max = crate::network::MAX_VALIDATORS)]
    Count { got: u32 },
    #[error("{0} has part of a network; delete the folder to start over")]
    Partial(std::path::PathBuf),
}

impl DevNetwork {
    /// Makes the network's files in a folder, or finds those that are there: `network.json` and a folder a validator.
    ///
    /// The network file is written last, so that a folder with one is complete.
    pub fn open(&self, folder: &Path, rng: impl CryptoRng) -> Result<Vec<NodeConfig>, DevError> {
        let file = folder.join("network.json");
        if !file.exists() {
            if folder.join("validator-0").join("data").exists() {
                return Err(DevError::Partial(folder.into()));
            }
            self.make(folder, rng)?;
        }
        let network = NetworkFile::read(&file)?;
        Ok((0..network.validators.len())
            .map(|index| self.config(folder, index, &network))
            .collect())
    }

    fn make(&self, folder: &Path, mut rng: impl CryptoRng) -> Result<(), DevError> {
        if self.validators == 0 || self.validators > crate::network::MAX_VALIDATORS {
            return Err(DevError::Count { got: self.validators });
        }
        let mut keys: Vec<_> = (0..self.validators)
            .map(|_| ed25519::PrivateKey::random(&mut rng))
            .collect();
        keys.sort_by_key(ed25519::PrivateKey::public_key);
        let players: Set<ValidatorKey> = keys
            .iter()
            .map(|key| key.public_key())
            .try_collect()
            .map_err(|_| NetworkError::Order)?;
        let dealt = deal::<MinSig, _, N3f1>(&mut rng, Mode::NonZeroCounter, players);
        let (output, shares) = dealt.map_err(|_| DevError::Count { got: self.validators })?;
        let mut validators = Vec::new();
        for (index, key) in keys.into_iter().enumerate() {
            let own = folder.join(format!("validator-{index}"));
            let identity = Identity::new(key);
            let share = shares.get_value(&identity.public()).ok_or(NetworkError::Order)?;
            ShareFile::new(share.clone()).write(&own.join("share.key"))?;
            identity.write(&own.join("identity.key"))?;
            let port = self.first_port.saturating_add(index as u16);
            let address = (self.validators > 1).then(|| SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
            validators.push(ValidatorEntry {
                key: Bytes::from(identity.public().encode()),
                address,
                name: String::new(),
            });
        }
        let genesis = GenesisFile {
            timestamp_ms: self.timestamp_ms,
            block_gas_limit: self.block_gas_limit,
            council: self.council.into(),
            alloc: self.alloc.clone(),
            delegates: self.delegates.clone(),
            recovery_delay_s: self.recovery_delay_s,
            epoch_blocks: self.epoch_blocks,
            quotas: self.quotas.clone(),
        };
        let network = NetworkFile::new(
            self.name.clone(),
            self.chain_id,
            genesis,
            output.public(),
            validators,
        );
        Ok(network.write(&folder.join("network.json"))?)
    }

    fn config(&self, folder: &Path, index: usize, network: &NetworkFile) -> NodeConfig {
        let own = folder.join(format!("validator-{index}"));
        NodeConfig {
            network: folder.join("network.json"),
            data: own.join("data"),
            identity: own.join("identity.key"),
            share: Some(own.join("share.key")),
            listen: network.validators[index].address,
            rpc: None,
            monitor: None,
            heartbeat_ms: 2_000,
            leader_timeout_ms: 4_000,
            unmetered: self.unmetered.clone(),
            sync: SyncMode::Replay,
            keep_blocks: None,
            followers: Vec::new(),
        }
    }
}
