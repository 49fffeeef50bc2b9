//! The chain: what it is made from, what reads it, and what changes it.

mod inner;
mod snapshots;
mod state;
mod time;
mod view;

pub use inner::{Edit, EditError, MAX_BLOCKS, MineError};
pub use time::{Clock, TimeError};
pub use view::StateAt;

use alloy_primitives::{Address, B256, Bytes, FixedBytes, U256, hex, keccak256};
use inner::{Genesis, Inner};
use parking_lot::{Mutex, RwLock};
use state::Versions;
use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
};
use thiserror::Error;
use tokio::sync::broadcast;
use zhengtong_bindings::{
    FirstValidator, Founding, Governance, QuotaTerms, RECOVERY_DELAY_S, genesis_creations,
};
use zhengtong_chain::{SealedBlock, SubmitError};
use zhengtong_evm::{
    AccountState, BlockContext, Delegations, EMPTY_CODE_HASH, Executed, Executor, Limits, Transaction,
    TransactionRules,
};
use zhengtong_types::{NAMESPACE, NetworkInfo, NetworkKey};

/// Blocks and accepted transactions that a slow subscriber may lag behind.
const BACKLOG: usize = 1_024;

/// The generator of G2, as the network's key: its secret is 1, so that nothing can be proven by it.
const NO_KEY: [u8; 96] = hex!(
    "93e02b6052719f607dacd3a088274f65596bd0d09920b61ab5da61bbdc7f5049334cf11213945d57e5ac7d055d042b7e"
    "024aa2b2f08f0a91260805272dc51051c6e47ad4fa403b02b4510b647ae3d1770bac0326a805bbefd48056c8c121bdb8"
);

/// What a chain is made from.
#[derive(Clone, Debug)]
pub struct Config {
    pub chain_id: u64,
    /// Gas limit of a block, and so of a transaction.
    pub block_gas_limit: u64,
    /// Balances in wei.
    pub alloc: BTreeMap<Address, U256>,
    /// Governs the `Registry`.
    pub council: Address,
    pub clock: Clock,
}

/// Why there is no chain.
#[derive(Debug, Error)]
pub enum GenesisError {
    #[error("the genesis contract {name} could not be made: {reason}")]
    Contract { name: &'static str, reason: String },
    #[error("the network's key is no key")]
    Key,
}

/// A chain in memory. Clones share it.
#[derive(Clone, Debug)]
pub struct DevChain(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    network: NetworkInfo,
    rules: TransactionRules,
    clock: Clock,
    inner: Mutex<Inner>,
    /// Locked after `inner`, if both are.
    state: Arc<RwLock<Versions>>,
    blocks: broadcast::Sender<Arc<SealedBlock>>,
    accepted: broadcast::Sender<B256>,
    impersonated: Mutex<Impersonated>,
}

/// Accounts whose transactions need no signature.
#[derive(Debug, Default)]
struct Impersonated {
    accounts: HashSet<Address>,
    all: bool,
}

/// Most accounts that are impersonated at once.
const MAX_IMPERSONATED: usize = 10_000;

impl DevChain {
    /// A chain of block 0 with the platform's contracts, which makes a block of each transaction at once.
    pub fn new(config: Config) -> Result<Self, GenesisError> {
        let mut state = Versions::default();
        let contracts = create_contracts(&config, &mut state)?;
        let genesis = Genesis::new(&config, state.version());
        let hash = genesis.block.hash;
        state.push_hash(hash);
        let network = NetworkInfo {
            chain_id: config.chain_id,
            name: "devtools".into(),
            public_key: NetworkKey::try_from(FixedBytes(NO_KEY)).map_err(|_| GenesisError::Key)?,
            namespace: Bytes::from_static(NAMESPACE),
            genesis_hash: hash,
            validators: 1,
            threshold: 1,
            contracts,
            version: env!("CARGO_PKG_VERSION").into(),
        };
        let rules = TransactionRules {
            chain_id: config.chain_id,
            limits: Limits::Lifted,
            delegations: Delegations::Any,
        };
        let unmetered = config.alloc.keys().copied().collect();
        Ok(Self(Arc::new(Shared {
            network,
            rules,
            inner: Mutex::new(Inner::new(genesis, unmetered)),
            state: Arc::new(RwLock::new(state)),
            clock: config.clock,
            blocks: broadcast::channel(BACKLOG).0,
            accepted: broadcast::channel(BACKLOG).0,
            impersonated: Mutex::default(),
        })))
    }

    /// Takes transactions of an account without its signature from now on.
    pub fn impersonate(&self, address: Address) -> Result<(), EditError> {
        let mut impersonated = self.0.impersonated.lock();
        if impersonated.accounts.len() >= MAX_IMPERSONATED {
            return Err(EditError::Impersonated {
                max: MAX_IMPERSONATED,
            });
        }
        impersonated.accounts.insert(address);
        Ok(())
    }

    pub fn stop_impersonating(&self, address: &Address) -> bool {
        self.0.impersonated.lock().accounts.remove(address)
    }

    /// Takes transactions of every account without its signature, or not.
    pub fn impersonate_all(&self, all: bool) {
        self.0.impersonated.lock().all = all;
    }

    pub fn impersonates(&self, address: &Address) -> bool {
        let impersonated = self.0.impersonated.lock();
        impersonated.all || impersonated.accounts.contains(address)
    }

    /// Pools a transaction, whoever signed it, and makes its block if blocks are made at once.
    pub fn accept(&self, transaction: Transaction) -> Result<B256, SubmitError> {
        let hash = *transaction.tx_hash();
        let made = {
            let mut inner = self.0.inner.lock();
            inner.pool(transaction, &self.0)?;
            let _ = self.0.accepted.send(hash);
            inner.mine_waiting(&self.0)
        };
        self.announce(made);
        Ok(hash)
    }

    /// Makes blocks, the first of them of what waits.
    pub fn mine(&self, count: u64, interval: Option<u64>) -> Result<(), MineError> {
        let made = self.0.inner.lock().mine(&self.0, count, interval)?;
        self.announce(made);
        Ok(())
    }

    /// Makes one block, with the time it is told if any.
    pub fn mine_at(&self, timestamp: Option<u64>) -> Result<(), MineError> {
        let made = {
            let mut inner = self.0.inner.lock();
            if let Some(timestamp) = timestamp {
                inner.set_next_timestamp(timestamp)?;
            }
            inner.mine(&self.0, 1, None)?
        };
        self.announce(made);
        Ok(())
    }

    /// Changes what blocks are made from next, or how.
    pub fn with<T>(&self, change: impl FnOnce(&mut Edit<'_>) -> T) -> T {
        let mut inner = self.0.inner.lock();
        change(&mut Edit::new(&mut inner, &self.0))
    }

    fn announce(&self, made: Vec<Arc<SealedBlock>>) {
        for block in made {
            // An error says that nobody listens.
            let _ = self.0.blocks.send(block);
        }
    }
}

/// Runs the creation code of the platform's contracts, as the genesis of a network does, and funds the accounts.
fn create_contracts(
    config: &Config,
    state: &mut Versions,
) -> Result<BTreeMap<String, Address>, GenesisError> {
    let context = BlockContext {
        chain_id: config.chain_id,
        number: 0,
        timestamp: config.clock.now(),
        gas_limit: config.block_gas_limit,
        beneficiary: Address::ZERO,
        mix_hash: B256::ZERO,
        limits: Limits::Osaka,
    };
    let empty = view::StateAt::empty();
    let mut executor = Executor::new(empty, &context);
    let mut contracts = BTreeMap::new();
    let founding = Founding {
        governance: Governance::Key(config.council),
        recovery_delay_s: RECOVERY_DELAY_S,
        // Nobody validates here, but the contract lists at least one.
        validators: vec![FirstValidator {
            key: keccak256("devtools"),
            name: "devtools".into(),
        }],
        // Nobody counts here.
        quotas: QuotaTerms::ample(),
    };
    for creation in genesis_creations(&founding) {
        let failed = |reason| GenesisError::Contract {
            name: creation.name,
            reason,
        };
        let done = executor.create(creation.from, creation.init_code);
        match done.map_err(|source| failed(source.to_string()))? {
            Executed::Success { .. } => {}
            other => return Err(failed(format!("{other:?}"))),
        }
        contracts.insert(creation.name.to_owned(), creation.address);
    }
    state.apply(&executor.finish().0.changes);
    for (address, balance) in &config.alloc {
        let account = AccountState {
            nonce: 0,
            balance: *balance,
            code_hash: EMPTY_CODE_HASH,
        };
        state.set_account(*address, account);
    }
    Ok(contracts)
}
