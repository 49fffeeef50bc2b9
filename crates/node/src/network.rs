//! The network file: what all validators of a network agree on before they start.

use crate::{
    card::MAX_NAME_BYTES,
    council::{CouncilError, CouncilFile},
    files::{self, FileError},
    quotas::{QuotasError, QuotasFile},
};
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use commonware_codec::{Copying, Decode as _, DecodeExt as _, Encode as _};
use commonware_cryptography::bls12381::primitives::{
    sharing::{ModeVersion, Sharing},
    variant::MinSig,
};
use commonware_utils::{TryCollect as _, ordered::Set};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    num::{NonZeroU32, NonZeroU64},
    ops::RangeInclusive,
    path::Path,
};
use thiserror::Error;
use zhengtong_chain::{Genesis, GenesisError, GenesisSpec, GenesisValidator, RECOVERY_DELAY_S};
use zhengtong_evm::Delegations;
use zhengtong_types::{
    NAMESPACE, NetworkInfo, NetworkKey,
    committee::{EpochInfo, first_epoch},
    consensus::ValidatorKey,
};

/// Most validators of a network.
pub const MAX_VALIDATORS: u32 = zhengtong_types::committee::MAX_VALIDATORS.get();
/// Blocks of an epoch if the genesis does not say otherwise: two hours of a chain with nothing to do, at the usual
/// heartbeat of two seconds.
pub const EPOCH_BLOCKS: u64 = 3_600;
/// Fewest blocks of an epoch, and most.
pub const EPOCH_BLOCKS_RANGE: RangeInclusive<u64> = 32..=10_000_000;
/// Fewest blocks of an epoch for each validator: in the second half each has four turns to publish what it dealt.
pub const EPOCH_BLOCKS_EACH: u64 = 8;
/// Most contracts that accounts may delegate to.
pub const MAX_DELEGATES: usize = 256;
const FORMAT: &str = "zhengtong-network/1";
const WHAT: &str = "network file";

/// A network. Its genesis block depends on everything here but the addresses of validators, which may differ from operator
/// to operator; so the contract `Validators` starts with keys and names alone.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkFile {
    pub format: String,
    /// A name for people.
    pub name: String,
    pub chain_id: u64,
    pub genesis: GenesisFile,
    /// The encoded public polynomial of the threshold key; its constant term is the network's public key.
    pub polynomial: Bytes,
    /// In the order of their keys.
    pub validators: Vec<ValidatorEntry>,
}

/// What block 0 is made from.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GenesisFile {
    /// Milliseconds since the Unix epoch.
    pub timestamp_ms: u64,
    pub block_gas_limit: u64,
    /// Governs the `Registry`, and through it the other contracts.
    pub council: CouncilFile,
    /// Balances in wei.
    pub alloc: BTreeMap<Address, U256>,
    /// Contracts that accounts may delegate to (EIP-7702). Without any, transactions of type 4 are refused.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub delegates: BTreeSet<Address>,
    /// Seconds that a recovery of a resident's account waits. Shorter than the three days only to try it out.
    #[serde(default = "three_days", skip_serializing_if = "is_three_days")]
    pub recovery_delay_s: u64,
    /// Blocks of an epoch, after which the shares of the network's key are others, and perhaps the validators.
    #[serde(default = "usual_epoch", skip_serializing_if = "is_usual_epoch")]
    pub epoch_blocks: u64,
    /// How much gas who may use in an epoch.
    #[serde(default, skip_serializing_if = "is_usual_quotas")]
    pub quotas: QuotasFile,
}

fn is_usual_quotas(quotas: &QuotasFile) -> bool {
    *quotas == QuotasFile::default()
}

fn usual_epoch() -> u64 {
    EPOCH_BLOCKS
}

fn is_usual_epoch(blocks: &u64) -> bool {
    *blocks == EPOCH_BLOCKS
}

fn three_days() -> u64 {
    RECOVERY_DELAY_S
}

fn is_three_days(seconds: &u64) -> bool {
    *seconds == RECOVERY_DELAY_S
}

/// A validator as others know it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ValidatorEntry {
    /// Ed25519 public key.
    pub key: Bytes,
    /// Where to reach it; a network of one needs none.
    #[serde(default)]
    pub address: Option<SocketAddr>,
    /// The institution, for people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
}

/// Why a network file is refused.
#[derive(Debug, Error)]
pub enum NetworkError {
    #[error(transparent)]
    File(#[from] FileError),
    #[error("the network file has format {0:?}, expected {FORMAT:?}")]
    Format(String),
    #[error("the network file has {0} validators, expected 1 to {MAX_VALIDATORS}")]
    Count(usize),
    #[error(transparent)]
    Delegates(#[from] DelegatesError),
    #[error(transparent)]
    Council(#[from] CouncilError),
    #[error("validator {0} does not have an ed25519 key")]
    ValidatorKey(usize),
    #[error("the validators are not in the order of their keys, or one is twice there")]
    Order,
    #[error("validator {0} has no address; in a network of several each needs one")]
    Address(usize),
    #[error("the name of validator {0} is longer than {MAX_NAME_BYTES} bytes")]
    Name(usize),
    #[error("the polynomial does not decode for {0} validators")]
    Polynomial(usize),
    #[error(transparent)]
    Epoch(#[from] EpochError),
    #[error(transparent)]
    Quotas(#[from] QuotasError),
    #[error(transparent)]
    Genesis(#[from] GenesisError),
}

/// Why a length of epochs is refused.
#[derive(Debug, Error)]
#[error("an epoch of {got} blocks; it must have {least} to {most}", most = EPOCH_BLOCKS_RANGE.end())]
pub struct EpochError {
    pub got: u64,
    pub least: u64,
}

/// Why a list of contracts to delegate to is refused.
#[derive(Debug, Error)]
pub enum DelegatesError {
    #[error("{0} contracts to delegate to, at most {MAX_DELEGATES}")]
    TooMany(usize),
    #[error(
        "address zero stands for taking a delegation back, and is not listed as a contract to delegate to"
    )]
    Zero,
}

impl GenesisFile {
    pub(crate) fn check(&self) -> Result<(), DelegatesError> {
        if self.delegates.len() > MAX_DELEGATES {
            return Err(DelegatesError::TooMany(self.delegates.len()));
        }
        if self.delegates.contains(&Address::ZERO) {
            return Err(DelegatesError::Zero);
        }
        Ok(())
    }
}

impl GenesisFile {
    /// Checks that an epoch is long enough for this many validators.
    pub(crate) fn check_epoch(&self, validators: usize) -> Result<(), EpochError> {
        let least = least_epoch_blocks(validators);
        let got = self.epoch_blocks;
        if got < least || !EPOCH_BLOCKS_RANGE.contains(&got) {
            return Err(EpochError { got, least });
        }
        Ok(())
    }
}

/// Blocks that an epoch must have at least, so that so many validators can deal shares in it.
pub fn least_epoch_blocks(validators: usize) -> u64 {
    (EPOCH_BLOCKS_EACH * validators as u64).max(*EPOCH_BLOCKS_RANGE.start())
}

impl NetworkFile {
    /// Puts a network together.
    pub fn new(
        name: String,
        chain_id: u64,
        genesis: GenesisFile,
        polynomial: &Sharing<MinSig>,
        mut validators: Vec<ValidatorEntry>,
    ) -> Self {
        validators.sort_by(|left, right| left.key.cmp(&right.key));
        let polynomial = Bytes::from(polynomial.encode());
        Self {
            format: FORMAT.into(),
            name,
            chain_id,
            genesis,
            polynomial,
            validators,
        }
    }

    pub fn read(path: &Path) -> Result<Self, NetworkError> {
        let network: Self = files::read_json(path, WHAT)?;
        network.check()?;
        Ok(network)
    }

    pub fn write(&self, path: &Path) -> Result<(), NetworkError> {
        Ok(files::write_json(path, WHAT, self)?)
    }

    fn check(&self) -> Result<(), NetworkError> {
        if self.format != FORMAT {
            return Err(NetworkError::Format(self.format.clone()));
        }
        let count = self.validators.len();
        if count == 0 || count > MAX_VALIDATORS as usize {
            return Err(NetworkError::Count(count));
        }
        if !self.validators.windows(2).all(|pair| pair[0].key < pair[1].key) {
            return Err(NetworkError::Order);
        }
        self.genesis.check()?;
        self.genesis.check_epoch(count)?;
        self.genesis.council.check()?;
        self.genesis.quotas.terms(self.genesis.epoch_blocks)?;
        // One that is alone needs to be reached by its followers only, if it has any.
        if count > 1
            && let Some(index) = self
                .validators
                .iter()
                .position(|validator| validator.address.is_none())
        {
            return Err(NetworkError::Address(index));
        }
        let is_long = |validator: &ValidatorEntry| validator.name.len() > MAX_NAME_BYTES;
        if let Some(index) = self.validators.iter().position(is_long) {
            return Err(NetworkError::Name(index));
        }
        self.validator_keys()?;
        self.sharing().map(drop)
    }

    /// Every validator's identity, in order.
    pub fn validator_keys(&self) -> Result<Vec<ValidatorKey>, NetworkError> {
        let keys = self.validators.iter().enumerate();
        keys.map(|(index, validator)| {
            ValidatorKey::decode(Copying(&validator.key)).map_err(|_| NetworkError::ValidatorKey(index))
        })
        .collect()
    }

    /// The validators as the engine's committee.
    pub fn committee(&self) -> Result<Set<ValidatorKey>, NetworkError> {
        self.validator_keys()?
            .into_iter()
            .try_collect()
            .map_err(|_| NetworkError::Order)
    }

    /// The public side of the threshold key.
    pub fn sharing(&self) -> Result<Sharing<MinSig>, NetworkError> {
        let count = self.validators.len();
        let wrong = NetworkError::Polynomial(count);
        let Some(total) = NonZeroU32::new(count as u32) else {
            return Err(wrong);
        };
        match Sharing::decode_cfg(Copying(&self.polynomial), &(total, ModeVersion::v0())) {
            Ok(sharing) if sharing.total() == total => Ok(sharing),
            _ => Err(wrong),
        }
    }

    /// Stands for this file in the genesis block: everything but addresses.
    pub fn commitment(&self) -> B256 {
        let mut bytes = FORMAT.as_bytes().to_vec();
        bytes.extend((self.name.len() as u64).to_be_bytes());
        bytes.extend(self.name.as_bytes());
        bytes.extend(self.chain_id.to_be_bytes());
        bytes.extend((self.polynomial.len() as u64).to_be_bytes());
        bytes.extend(&self.polynomial);
        bytes.extend(self.genesis.epoch_blocks.to_be_bytes());
        for validator in &self.validators {
            bytes.extend(&validator.key);
        }
        // There are as many keys as the polynomial has shares: what follows them is something else.
        for delegate in &self.genesis.delegates {
            bytes.extend(delegate);
        }
        keccak256(bytes)
    }

    /// Computes block 0; takes a moment, since it runs the contracts' creation code.
    pub fn genesis(&self) -> Result<Genesis, NetworkError> {
        let validators = self.validator_keys()?.into_iter().zip(&self.validators);
        let validators = validators.map(|(key, entry)| GenesisValidator {
            key,
            name: entry.name.clone(),
        });
        let spec = GenesisSpec {
            chain_id: self.chain_id,
            timestamp_ms: self.genesis.timestamp_ms,
            block_gas_limit: self.genesis.block_gas_limit,
            alloc: self.genesis.alloc.clone(),
            governance: self.genesis.council.governance(),
            recovery_delay_s: self.genesis.recovery_delay_s,
            network: self.commitment(),
            validators: validators.collect(),
            quotas: self.genesis.quotas.terms(self.genesis.epoch_blocks)?,
            first_epoch: self.first_epoch()?,
        };
        Ok(spec.build()?)
    }

    /// The validators of the first epoch.
    fn first_epoch(&self) -> Result<EpochInfo, NetworkError> {
        let validators = self.validator_keys()?;
        first_epoch(self.commitment(), &self.sharing()?, &validators).ok_or(NetworkError::Order)
    }

    /// Blocks of an epoch.
    pub fn epoch_blocks(&self) -> Result<NonZeroU64, NetworkError> {
        let got = self.genesis.epoch_blocks;
        Ok(NonZeroU64::new(got).ok_or(EpochError {
            got,
            least: *EPOCH_BLOCKS_RANGE.start(),
        })?)
    }

    /// What accounts may delegate to.
    pub fn delegations(&self) -> Delegations {
        Delegations::Listed(self.genesis.delegates.clone())
    }

    /// What a node of this network says about it.
    pub fn info(&self, genesis: &Genesis) -> Result<NetworkInfo, NetworkError> {
        let sharing = self.sharing()?;
        Ok(NetworkInfo {
            chain_id: self.chain_id,
            name: self.name.clone(),
            public_key: NetworkKey::new(*sharing.public()),
            namespace: Bytes::from_static(NAMESPACE),
            genesis_hash: genesis.block.hash(),
            validators: self.validators.len() as u32,
            threshold: sharing.required(),
            contracts: genesis.contracts.clone(),
            version: env!("CARGO_PKG_VERSION").into(),
        })
    }
}
