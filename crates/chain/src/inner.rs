//! What the consensus application and every handle share.

use crate::{
    committee::Committee,
    config::{Config, MIN_KEPT_BLOCKS},
    engine::{Archive, Setup},
    metrics::{Metrics, charged},
    pending::Pending,
    pool::{Pool, Writer},
    quota::{At, KnownSenders, Place, QuotaRules, Request, Sender, Standing, standing_for},
    senders::Senders,
    store::{Store, StoreError},
    view::{SealedBlock, ViewError},
};
use alloy_primitives::{Address, B256, Bytes, map::HashMap};
use commonware_consensus::marshal::{core::Mailbox as MarshalMailbox, standard::Standard};
use commonware_runtime::Spawner;
use commonware_storage::Context;
use parking_lot::{Mutex, RwLock};
use std::sync::{Arc, OnceLock};
use tokio::sync::broadcast;
use zhengtong_evm::{AccountState, Bytecode, Transaction, TransactionRules};
use zhengtong_state::{
    Cache, Database, History, Key, Value, Wait, account_key, decode_account, decode_slot, slot_key,
};
use zhengtong_types::{
    NetworkInfo,
    consensus::{Block, Scheme},
};

/// Blocks that a slow subscriber may lag behind.
const BLOCK_BACKLOG: usize = 256;

pub type Marshal = MarshalMailbox<Scheme, Standard<Block>>;

/// One validator's chain.
pub struct Inner<E: Context + Spawner> {
    pub config: Config,
    pub network: NetworkInfo,
    pub rules: TransactionRules,
    pub quotas: QuotaRules,
    pub genesis: Block,
    pub store: Arc<Store>,
    pub committee: Arc<Committee>,
    pub pool: Arc<Pool>,
    pub senders: Senders,
    pub writer: Writer,
    pub cache: Cache,
    known: KnownSenders,
    pub history: History,
    pub pending: Mutex<Pending>,
    pub metrics: Metrics,
    /// How execution and state views wait for the disk.
    pub wait: Wait,
    /// Set once, when the engine has opened it.
    pub database: OnceLock<Database<E>>,
    /// Set once, before the engine starts.
    pub marshal: OnceLock<Marshal>,
    /// Set once, when the engine has started. It serves others as long as it is held.
    pub archive: OnceLock<Archive>,
    tip: RwLock<Arc<SealedBlock>>,
    /// Applied blocks that no certificate covers yet, oldest first.
    uncertified: Mutex<Vec<Arc<SealedBlock>>>,
    blocks: broadcast::Sender<Arc<SealedBlock>>,
}

impl<E: Context + Spawner> Inner<E> {
    /// Loads the tip from the store, which has the genesis block at least.
    pub fn new(
        setup: &Setup,
        committee: Arc<Committee>,
        pool: Arc<Pool>,
        senders: Senders,
        writer: Writer,
        metrics: Metrics,
    ) -> Result<Self, StoreError> {
        debug_assert!(setup.config.heartbeat < setup.config.leader_timeout);
        debug_assert!(
            setup
                .config
                .keep_blocks
                .is_none_or(|keep| keep >= MIN_KEPT_BLOCKS)
        );
        let store = setup.store.clone();
        let stored = store.tip()?.unwrap_or_default();
        let certified = store.certified()?.unwrap_or_default();
        let load = |number| {
            store.block(number)?.ok_or_else(|| StoreError::Damaged {
                number,
                reason: "it is missing".into(),
            })
        };
        let tip = load(certified)?;
        metrics.published(tip.header.number, tip.timestamp_ms, 0, 0);
        let next = (certified + 1).max(store.first());
        let uncertified = (next..=stored).map(load).collect::<Result<_, _>>()?;
        Ok(Self {
            pending: Mutex::new(Pending::new()),
            cache: Cache::default(),
            known: KnownSenders::default(),
            history: History::default(),
            database: OnceLock::new(),
            marshal: OnceLock::new(),
            archive: OnceLock::new(),
            tip: RwLock::new(tip),
            uncertified: Mutex::new(uncertified),
            blocks: broadcast::channel(BLOCK_BACKLOG).0,
            config: setup.config.clone(),
            rules: TransactionRules {
                delegations: setup.delegations.clone(),
                ..TransactionRules::new(setup.network.chain_id)
            },
            quotas: QuotaRules {
                book: setup.genesis.quotas.clone(),
                chain_id: setup.network.chain_id,
                epoch_blocks: setup.quota_blocks,
            },
            network: setup.network.clone(),
            genesis: setup.genesis.block.clone(),
            store,
            committee,
            pool,
            senders,
            writer,
            metrics,
            wait: setup.wait.clone(),
        })
    }

    pub fn tip(&self) -> Arc<SealedBlock> {
        self.tip.read().clone()
    }

    /// A block that was executed and is not applied yet, or the latest one.
    pub fn recent(&self, hash: B256) -> Option<Arc<SealedBlock>> {
        let pending = self.pending.lock().get(hash);
        let sealed = pending.map(|executed| executed.sealed.clone());
        sealed.or_else(|| Some(self.tip()).filter(|tip| tip.hash == hash))
    }

    pub fn subscribe(&self) -> broadcast::Receiver<Arc<SealedBlock>> {
        self.blocks.subscribe()
    }

    /// Shows a stored block once a certificate covers it. Blocks come in order; one that was shown is ignored.
    pub fn publish(&self, block: Arc<SealedBlock>, certified: bool) {
        let mut uncertified = self.uncertified.lock();
        if block.header.number <= self.tip().header.number {
            return;
        }
        if uncertified
            .last()
            .is_none_or(|last| last.header.number < block.header.number)
        {
            uncertified.push(block.clone());
        }
        if !certified {
            return;
        }
        let covered = uncertified.partition_point(|waiting| waiting.header.number <= block.header.number);
        for block in uncertified.drain(..covered) {
            *self.tip.write() = block.clone();
            self.metrics.published(
                block.header.number,
                block.timestamp_ms,
                block.transactions.len(),
                block.header.gas_used,
            );
            // No subscriber is no error.
            let _ = self.blocks.send(block);
        }
    }

    pub fn code(&self, hash: B256) -> Result<Bytecode, ViewError> {
        let code = self.store.code(hash).map_err(ViewError::from)?;
        code.map(Bytecode::new_raw)
            .ok_or_else(|| ViewError::Storage(format!("code {hash} is missing")))
    }

    /// Reads a key of the applied state.
    pub async fn read(&self, key: Key) -> Result<Option<Value>, ViewError> {
        let began = match self.cache.get(&key) {
            Ok(value) => return Ok(value),
            Err(began) => began,
        };
        let database = self.database.get().ok_or(ViewError::Starting)?;
        let value = database
            .read()
            .await
            .get(&key)
            .await
            .map_err(|e| ViewError::Storage(e.to_string()))?;
        self.cache.fill(began, key, value.clone());
        Ok(value)
    }

    /// Reads an account of the applied state.
    pub async fn account(&self, address: Address) -> Result<Option<AccountState>, ViewError> {
        Ok(self
            .read(account_key(address))
            .await?
            .as_ref()
            .map(decode_account))
    }

    /// Whether who had no gas left may have some in the block after this one: a new epoch, or another decision.
    pub fn moves_quotas(&self, block: &SealedBlock) -> bool {
        let number = block.header.number;
        let logs = || block.receipts.iter().flat_map(|receipt| receipt.envelope.logs());
        self.quotas.epoch(number + 1) != self.quotas.epoch(number)
            || logs().any(|log| self.quotas.book.decides(log.address))
    }

    /// What the applied state says of a transaction's account: its standing is that in the next block. A token that the
    /// transaction shows must be of the day of the last block: when the next one comes is not known.
    pub async fn sender(&self, transaction: &Transaction) -> Result<Sender, ViewError> {
        let (request, tip) = (Request::from(transaction), self.tip());
        let place = Place {
            number: tip.header.number + 1,
            timestamp_s: tip.header.timestamp,
        };
        let at = At {
            state: self.cache.generation(),
            number: place.number,
        };
        let is_ordinary = !self.quotas.seems_to_show(&request);
        if is_ordinary && let Some(sender) = self.known.get(at, request.account) {
            return Ok(sender);
        }
        let sender = Sender {
            account: self.account(request.account).await?,
            standing: self.standing(&request, place).await?,
        };
        if is_ordinary {
            self.known.fill(at, request.account, sender);
        }
        Ok(sender)
    }

    async fn standing(&self, request: &Request<'_>, place: Place) -> Result<Standing, ViewError> {
        let mut read: HashMap<Key, Option<Value>> = HashMap::default();
        loop {
            let slot_of = |address, slot| {
                let key = slot_key(address, slot);
                let value = read.get(&key).cloned().map_or_else(|| self.cache.get(&key), Ok);
                value
                    .map(|value| value.as_ref().map(decode_slot).unwrap_or_default())
                    .map_err(|_| key)
            };
            let found = charged(&self.metrics.cost.quotas, || {
                standing_for(&self.quotas, request, place, slot_of)
            });
            match found {
                Ok(standing) => return Ok(standing),
                Err(missing) => {
                    read.insert(missing, self.read(missing).await?);
                }
            }
        }
    }

    /// RLP header of a stored block.
    pub fn header_rlp(&self, number: u64) -> Result<Option<Bytes>, ViewError> {
        Ok(self.store.header(number)?)
    }

    /// Refuses a block below the first that this node keeps.
    pub fn require_kept(&self, number: u64) -> Result<(), ViewError> {
        let first = self.store.first();
        if number == 0 || number >= first {
            return Ok(());
        }
        Err(ViewError::NotKept { number, first })
    }
}

impl From<StoreError> for ViewError {
    fn from(source: StoreError) -> Self {
        Self::Storage(source.to_string())
    }
}
