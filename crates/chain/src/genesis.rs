//! Block 0: funded accounts, and contracts made by running their creation code.

use crate::quota::{Book, Governor};
use alloy_primitives::{Address, B256, Bytes, U256};
use commonware_codec::Encode as _;
use commonware_runtime::{Runner as _, Supervisor as _, buffer::paged::CacheRef, deterministic};
use commonware_utils::{NZU16, NZUsize};
use std::collections::BTreeMap;
use thiserror::Error;
pub use zhengtong_bindings::{
    BadSlug, CouncilTerms, FirstClass, GOVERNORS, GOVERNORS_LEAST_GAS, Governance, MAX_ASSIGNMENTS,
    MAX_CLASSES, QuotaTerms, RECOVERY_DELAY_S, RESIDENTS, parse_slug,
};
use zhengtong_bindings::{FirstValidator, Founding, addresses, council_address, genesis_creations};
use zhengtong_evm::{
    AccountChange, AccountInfo, AccountState, BlockContext, Bytecode, Database, EMPTY_CODE_HASH, Executed,
    Executor, Limits,
};
use zhengtong_state::{Commitment, Entry, entries, seed};
use zhengtong_types::{
    committee::{EpochInfo, Payload, payload_hash},
    consensus::{Block, ValidatorKey},
    header::{Extra, blank_header},
};

/// Everything a genesis block follows from.
#[derive(Clone, Debug)]
pub struct GenesisSpec {
    pub chain_id: u64,
    /// Milliseconds since the Unix epoch.
    pub timestamp_ms: u64,
    pub block_gas_limit: u64,
    /// Balances in wei.
    pub alloc: BTreeMap<Address, U256>,
    /// Governs the `Registry`.
    pub governance: Governance,
    /// Of the contract `Accounts`.
    pub recovery_delay_s: u64,
    /// Stands for the rest of the network file; becomes the block's `mixHash`.
    pub network: B256,
    /// At least one. The first is named as the proposer, since a block names one.
    pub validators: Vec<GenesisValidator>,
    /// Of the contract `Quotas`.
    pub quotas: QuotaTerms,
    /// The validators of the first epoch, which block 0 carries.
    pub first_epoch: EpochInfo,
}

/// A validator as the genesis knows it: without its address, see [`FirstValidator`].
#[derive(Clone, Debug)]
pub struct GenesisValidator {
    pub key: ValidatorKey,
    /// For people; may be empty.
    pub name: String,
}

/// Block 0 and the state it commits to.
#[derive(Clone, Debug)]
pub struct Genesis {
    pub block: Block,
    pub entries: Vec<Entry>,
    pub codes: Vec<(B256, Bytes)>,
    /// Contracts by their name in the `Registry`.
    pub contracts: BTreeMap<String, Address>,
    /// Where quotas are kept.
    pub quotas: Book,
}

/// Why there is no genesis.
#[derive(Debug, Error)]
pub enum GenesisError {
    #[error("the genesis contract {name} could not be made: {reason}")]
    Contract { name: &'static str, reason: String },
    #[error("the genesis contract {name} would be at {expected}, not where it was made")]
    Address { name: &'static str, expected: Address },
    #[error("a network has at least one validator")]
    NoValidators,
    #[error("the genesis state could not be computed: {0}")]
    State(String),
}

impl GenesisSpec {
    /// Executes and commits the genesis in memory. The same spec always gives the same block.
    pub fn build(&self) -> Result<Genesis, GenesisError> {
        let context = BlockContext {
            chain_id: self.chain_id,
            number: 0,
            timestamp: self.timestamp_ms / 1000,
            gas_limit: self.block_gas_limit,
            beneficiary: Address::ZERO,
            mix_hash: self.network,
            limits: Limits::Osaka,
        };
        let creations = genesis_creations(&self.founding());
        let mut executor = Executor::new(Alloc(&self.alloc), &context);
        let mut contracts = BTreeMap::new();
        for creation in &creations {
            let failed = |reason| GenesisError::Contract {
                name: creation.name,
                reason,
            };
            match executor
                .create(creation.from, creation.init_code.clone())
                .map_err(|source| failed(source.to_string()))?
            {
                Executed::Success { .. } => {}
                other => return Err(failed(format!("{other:?}"))),
            }
            contracts.insert(creation.name.to_owned(), creation.address);
        }
        let mut changes = executor.finish().0.changes;
        for creation in &creations {
            if !changes
                .accounts
                .iter()
                .any(|change| change.address == creation.address)
            {
                return Err(GenesisError::Address {
                    name: creation.name,
                    expected: creation.address,
                });
            }
        }
        for (address, balance) in &self.alloc {
            let after = AccountState {
                nonce: 0,
                balance: *balance,
                code_hash: EMPTY_CODE_HASH,
            };
            changes.accounts.push(AccountChange {
                address: *address,
                before: None,
                after: Some(after),
            });
        }
        let entries = entries(&changes);
        let commitment = commit_in_memory(&entries)?;
        Ok(Genesis {
            block: self.block(&commitment)?,
            entries,
            codes: changes.codes,
            contracts,
            quotas: self.book(),
        })
    }

    fn founding(&self) -> Founding {
        let validators = self.validators.iter().map(|validator| FirstValidator {
            key: B256::from_slice(&validator.key.encode()),
            name: validator.name.clone(),
        });
        Founding {
            governance: self.governance.clone(),
            recovery_delay_s: self.recovery_delay_s,
            validators: validators.collect(),
            quotas: self.quotas.clone(),
        }
    }

    fn book(&self) -> Book {
        Book {
            quotas: addresses().quotas,
            registry: addresses().registry,
            cases: addresses().cases,
            allowances: addresses().allowances,
            governor: match &self.governance {
                Governance::Key(key) => Governor::Key(*key),
                Governance::Members(_) => Governor::Council(council_address()),
            },
        }
    }

    fn block(&self, commitment: &Commitment) -> Result<Block, GenesisError> {
        let leader = self.validators.first().ok_or(GenesisError::NoValidators)?;
        let payload = Payload::EpochInfo(self.first_epoch.clone());
        let extra = Extra {
            epoch: 0,
            view: 0,
            parent_view: 0,
            leader: leader.key.clone(),
            millis: (self.timestamp_ms % 1000) as u16,
            ops_root: commitment.ops_root,
            sync_start: commitment.sync_start,
            sync_end: commitment.sync_end,
            payload: Some(payload_hash(&payload)),
        };
        let header = alloy_consensus::Header {
            state_root: commitment.root,
            gas_limit: self.block_gas_limit,
            timestamp: self.timestamp_ms / 1000,
            mix_hash: self.network,
            extra_data: extra.encode(),
            ..blank_header()
        };
        Block::new(header, Vec::new(), Some(payload))
            .map_err(|source| GenesisError::State(source.to_string()))
    }
}

/// The root depends on nothing but the entries, so any storage computes it.
fn commit_in_memory(entries: &[Entry]) -> Result<Commitment, GenesisError> {
    deterministic::Runner::default().start(|context| async move {
        let page_cache = CacheRef::new(NZU16!(4096), NZUsize!(64));
        let config = zhengtong_state::db::config("genesis", page_cache, 0);
        let seeded = seed(context.child("genesis"), config, entries).await;
        seeded
            .map_err(|source| GenesisError::State(source.to_string()))?
            .ok_or_else(|| GenesisError::State("a new database was not empty".into()))
    })
}

/// The funded accounts, before anything ran.
struct Alloc<'a>(&'a BTreeMap<Address, U256>);

impl Database for Alloc<'_> {
    type Error = std::convert::Infallible;

    fn basic(&mut self, address: Address) -> Result<Option<AccountInfo>, Self::Error> {
        Ok(self.0.get(&address).map(|balance| AccountInfo {
            balance: *balance,
            ..AccountInfo::default()
        }))
    }

    fn code_by_hash(&mut self, _: B256) -> Result<Bytecode, Self::Error> {
        Ok(Bytecode::default())
    }

    fn storage(&mut self, _: Address, _: U256) -> Result<U256, Self::Error> {
        Ok(U256::ZERO)
    }

    fn block_hash(&mut self, _: u64) -> Result<B256, Self::Error> {
        Ok(B256::ZERO)
    }
}
