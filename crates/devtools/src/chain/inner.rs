//! Blocks and what they are made from. Whoever holds this holds the chain's lock.

use super::{
    Config, Shared,
    snapshots::{Snapshot, Snapshots},
    time::{Time, TimeError},
    view::{Ahead, StateAt},
};
use alloy_consensus::{Header, Transaction as _};
use alloy_eips::eip2718::Encodable2718 as _;
use alloy_primitives::{Address, B256, Bytes, U256, map::AddressMap};
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};
use thiserror::Error;
use zhengtong_chain::{
    PoolConfig, SealedBlock, SubmitError, TransactionReceipt,
    pool::{Content, Origin},
};
use zhengtong_evm::{
    AccountState, BlockContext, EMPTY_CODE_HASH, ExecuteError, Executor, Limits, Outcome, Transaction, check,
};
use zhengtong_types::{
    consensus::MAX_BODY_BYTES,
    header::{blank_header, encode_header, header_hash},
    trie,
};

/// Most blocks of a chain: what it keeps, it keeps in memory.
pub const MAX_BLOCKS: usize = 2_000_000;
/// Most blocks that one request makes.
pub const MAX_MINED: u64 = 100_000;
/// Most transactions in a block.
const MAX_BLOCK_TRANSACTIONS: usize = 5_000;
/// What `extraData` says.
const EXTRA: &[u8] = b"zhengtong devtools";

/// Why no block is made.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum MineError {
    #[error("{count} blocks at once, at most {MAX_MINED}")]
    TooMany { count: u64 },
    #[error("the chain has {MAX_BLOCKS} blocks, the most it keeps; go back with evm_revert or hardhat_reset")]
    Full,
    #[error(transparent)]
    Time(#[from] TimeError),
}

/// Why the chain is not changed so.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum EditError {
    #[error(
        "account {address} has transactions waiting, so its nonce cannot be set; drop or mine them first"
    )]
    HasWaiting { address: Address },
    #[error("the code begins with 0xef01 and is no delegation (EIP-7702)")]
    NotCode,
    #[error("transaction {hash} cannot be dropped because it's already mined")]
    Mined { hash: B256 },
    #[error("{max} accounts are impersonated; stop some first")]
    Impersonated { max: usize },
    #[error("the block gas limit must be at least 21000")]
    GasLimit,
}

/// Block 0, and the version of the state after it.
#[derive(Clone, Debug)]
pub(super) struct Genesis {
    pub(super) block: Arc<SealedBlock>,
    version: u64,
    gas_limit: u64,
}

impl Genesis {
    pub(super) fn new(config: &Config, version: u64) -> Self {
        let header = Header {
            gas_limit: config.block_gas_limit,
            timestamp: config.clock.now(),
            extra_data: Bytes::from_static(EXTRA),
            ..blank_header()
        };
        Self {
            block: Arc::new(seal(header, Vec::new(), Vec::new())),
            version,
            gas_limit: config.block_gas_limit,
        }
    }
}

#[derive(Debug)]
pub(super) struct Inner {
    genesis: Genesis,
    pool_config: PoolConfig,
    blocks: Vec<Arc<SealedBlock>>,
    /// Version of the state after each block; that of the last moves when the state is edited.
    versions: Vec<u64>,
    numbers: HashMap<B256, u64>,
    transactions: HashMap<B256, (u64, usize)>,
    pool: Content,
    time: Time,
    snapshots: Snapshots,
    coinbase: Address,
    gas_limit: u64,
    next_mix_hash: Option<B256>,
    automine: bool,
    interval: Option<Duration>,
    /// Counts the intervals that were set.
    interval_turn: u64,
}

impl Inner {
    pub(super) fn new(genesis: Genesis, unmetered: Vec<Address>) -> Self {
        let pool_config = PoolConfig {
            unmetered,
            ..PoolConfig::default()
        };
        let mut inner = Self {
            blocks: Vec::new(),
            versions: Vec::new(),
            numbers: HashMap::new(),
            transactions: HashMap::new(),
            pool: Content::new(pool_config.clone()),
            time: Time::default(),
            snapshots: Snapshots::default(),
            coinbase: Address::ZERO,
            gas_limit: genesis.gas_limit,
            next_mix_hash: None,
            automine: true,
            interval: None,
            interval_turn: 0,
            pool_config,
            genesis,
        };
        inner.begin();
        inner
    }

    fn begin(&mut self) {
        let (block, version) = (self.genesis.block.clone(), self.genesis.version);
        self.numbers.insert(block.hash, 0);
        self.blocks.push(block);
        self.versions.push(version);
    }

    pub(super) fn tip(&self) -> Arc<SealedBlock> {
        self.blocks.last().unwrap_or(&self.genesis.block).clone()
    }

    pub(super) fn block(&self, number: u64) -> Option<Arc<SealedBlock>> {
        self.blocks.get(usize::try_from(number).ok()?).cloned()
    }

    pub(super) fn number(&self, hash: &B256) -> Option<u64> {
        self.numbers.get(hash).copied()
    }

    pub(super) fn transaction(&self, hash: &B256) -> Option<(u64, usize)> {
        self.transactions.get(hash).copied()
    }

    pub(super) fn version_after(&self, number: u64) -> Option<u64> {
        self.versions.get(usize::try_from(number).ok()?).copied()
    }

    pub(super) fn waiting(&self) -> &Content {
        &self.pool
    }

    pub(super) fn pending_nonce(&self, shared: &Shared, address: Address) -> u64 {
        let account = shared.state.read().account(&address, self.version());
        self.pool
            .next_nonce(address, account.map_or(0, |account| account.nonce))
    }

    fn version(&self) -> u64 {
        self.versions.last().copied().unwrap_or(self.genesis.version)
    }

    fn state(&self, shared: &Shared) -> StateAt {
        StateAt::new(shared.state.clone(), self.version())
    }

    pub(super) fn set_next_timestamp(&mut self, timestamp: u64) -> Result<(), TimeError> {
        let parent = self.tip().header.timestamp;
        self.time.set_next(timestamp, parent)
    }

    /// Pools a transaction that its sender signed, or need not sign.
    pub(super) fn pool(&mut self, transaction: Transaction, shared: &Shared) -> Result<(), SubmitError> {
        check(transaction.inner(), &shared.rules)?;
        if transaction.gas_limit() > self.gas_limit {
            return Err(SubmitError::AboveBlock {
                got: transaction.gas_limit(),
                block: self.gas_limit,
            });
        }
        let (sender, hash) = (transaction.signer(), *transaction.tx_hash());
        if self.transactions.contains_key(&hash) {
            return Err(SubmitError::AlreadyKnown { hash });
        }
        let account = shared.state.read().account(&sender, self.version());
        let (next, balance) = account.map_or((0, U256::ZERO), |account| (account.nonce, account.balance));
        if transaction.value() > balance {
            return Err(SubmitError::InsufficientFunds {
                balance,
                value: transaction.value(),
            });
        }
        let raw = Bytes::from(transaction.encoded_2718());
        self.pool
            .reserve(transaction, raw, next, Origin::Submitted, None)?;
        self.pool.activate(hash);
        Ok(())
    }

    /// Makes a block of each transaction that can run, if blocks are made at once.
    pub(super) fn mine_waiting(&mut self, shared: &Shared) -> Vec<Arc<SealedBlock>> {
        let mut made = Vec::new();
        while self.automine && self.blocks.len() < MAX_BLOCKS {
            let draft = self.draft(shared);
            let Some(run) = self.run(shared, &draft, 1) else {
                break;
            };
            if run.included.is_empty() {
                break;
            }
            made.push(self.finish(shared, draft, run));
        }
        made
    }

    pub(super) fn mine(
        &mut self,
        shared: &Shared,
        count: u64,
        interval: Option<u64>,
    ) -> Result<Vec<Arc<SealedBlock>>, MineError> {
        if count > MAX_MINED {
            return Err(MineError::TooMany { count });
        }
        if self.blocks.len() as u64 + count > MAX_BLOCKS as u64 {
            return Err(MineError::Full);
        }
        let mut made = Vec::new();
        for index in 0..count {
            let mut draft = self.draft(shared);
            if index > 0 {
                let parent = self.tip().header.timestamp;
                draft.timestamp = self.time.of_following(parent, interval);
            }
            let run = self.run(shared, &draft, MAX_BLOCK_TRANSACTIONS);
            let run = run.unwrap_or_default();
            made.push(self.finish(shared, draft, run));
        }
        if let (true, Some(last)) = (count > 1, made.last()) {
            self.time.move_to(shared.clock.now(), last.header.timestamp);
        }
        Ok(made)
    }

    /// The block that would be made now, and the state after it.
    pub(super) fn pending(&mut self, shared: &Shared) -> (SealedBlock, StateAt) {
        let draft = self.draft(shared);
        let state = self.state(shared);
        match self.run(shared, &draft, MAX_BLOCK_TRANSACTIONS) {
            None => (seal(draft, Vec::new(), Vec::new()), state),
            Some(run) => {
                let ahead = run
                    .outcome
                    .as_ref()
                    .map(|outcome| Ahead::new(outcome.changes.clone()));
                let (header, transactions, receipts) = complete(draft, run);
                (
                    seal(header, transactions, receipts),
                    state.ahead(ahead.unwrap_or_default()),
                )
            }
        }
    }

    /// The next block's header before execution.
    fn draft(&self, shared: &Shared) -> Header {
        let parent = self.tip();
        Header {
            parent_hash: parent.hash,
            number: parent.header.number + 1,
            gas_limit: self.gas_limit,
            timestamp: self.time.of_next(shared.clock.now(), parent.header.timestamp),
            beneficiary: self.coinbase,
            mix_hash: self.next_mix_hash.unwrap_or(parent.hash),
            extra_data: Bytes::from_static(EXTRA),
            ..blank_header()
        }
    }

    /// Runs what waits; `None` if nothing does.
    fn run(&mut self, shared: &Shared, draft: &Header, most: usize) -> Option<Run> {
        loop {
            let candidates = self.pool.select(&AddressMap::default(), most, MAX_BODY_BYTES);
            if candidates.is_empty() {
                return None;
            }
            let context = BlockContext {
                chain_id: shared.rules.chain_id,
                number: draft.number,
                timestamp: draft.timestamp,
                gas_limit: draft.gas_limit,
                beneficiary: draft.beneficiary,
                mix_hash: draft.mix_hash,
                limits: Limits::Lifted,
            };
            let mut executor = Executor::new(self.state(shared), &context);
            let (mut included, mut parked) = (Vec::new(), 0);
            for candidate in candidates {
                match executor.execute(&candidate.transaction) {
                    Ok(_) => included.push(candidate.transaction),
                    Err(ExecuteError::NoRoom { .. }) => {}
                    Err(error) => {
                        let hash = *candidate.transaction.tx_hash();
                        tracing::debug!(%hash, %error, "a transaction cannot run now");
                        self.pool.park(hash);
                        parked += 1;
                    }
                }
            }
            // Others may be able to run where those stood that cannot.
            if included.is_empty() && parked > 0 {
                continue;
            }
            return Some(Run {
                included,
                outcome: Some(executor.finish().0),
            });
        }
    }

    fn finish(&mut self, shared: &Shared, draft: Header, run: Run) -> Arc<SealedBlock> {
        let number = draft.number;
        let mut version = self.version();
        let mut changed = Vec::new();
        let used: Vec<_> = run
            .included
            .iter()
            .map(|transaction| (transaction.signer(), transaction.nonce()))
            .collect();
        if let Some(outcome) = &run.outcome {
            version = shared.state.write().apply(&outcome.changes);
            let accounts = outcome.changes.accounts.iter();
            changed
                .extend(accounts.map(|change| (change.address, change.after.map_or(0, |after| after.nonce))));
        }
        let (header, transactions, receipts) = complete(draft, run);
        let block = Arc::new(seal(header, transactions, receipts));
        shared.state.write().push_hash(block.hash);
        for (index, transaction) in block.transactions.iter().enumerate() {
            self.transactions.insert(*transaction.tx_hash(), (number, index));
        }
        self.numbers.insert(block.hash, number);
        self.blocks.push(block.clone());
        self.versions.push(version);
        for (sender, nonce) in used {
            self.pool.used(sender, nonce);
        }
        for (address, next) in changed {
            if let Some(last) = next.checked_sub(1) {
                self.pool.used(address, last);
            }
            self.pool.unpark(address);
        }
        self.time.made(shared.clock.now(), block.header.timestamp);
        self.next_mix_hash = None;
        block
    }
}

/// What ran for a block.
#[derive(Default)]
struct Run {
    included: Vec<Arc<Transaction>>,
    outcome: Option<Outcome>,
}

fn complete(mut header: Header, run: Run) -> (Header, Vec<Transaction>, Vec<TransactionReceipt>) {
    let transactions: Vec<Transaction> = run
        .included
        .iter()
        .map(|transaction| (**transaction).clone())
        .collect();
    let encoded: Vec<Bytes> = transactions
        .iter()
        .map(|transaction| transaction.encoded_2718().into())
        .collect();
    header.transactions_root = trie::ordered_root(&encoded);
    let Some(outcome) = run.outcome else {
        return (header, transactions, Vec::new());
    };
    header.gas_used = outcome.gas_used;
    header.logs_bloom = outcome.logs_bloom;
    header.receipts_root = outcome.receipts_root;
    (header, transactions, outcome.receipts)
}

fn seal(header: Header, transactions: Vec<Transaction>, receipts: Vec<TransactionReceipt>) -> SealedBlock {
    let body: usize = transactions
        .iter()
        .map(|transaction| transaction.encode_2718_len())
        .sum();
    SealedBlock {
        hash: header_hash(&header),
        size_bytes: encode_header(&header).len() + body,
        timestamp_ms: header.timestamp.saturating_mul(1_000),
        header,
        transactions,
        receipts,
    }
}

/// A change of the chain, under its lock.
pub struct Edit<'a> {
    inner: &'a mut Inner,
    shared: &'a Shared,
}

impl<'a> Edit<'a> {
    pub(super) fn new(inner: &'a mut Inner, shared: &'a Shared) -> Self {
        Self { inner, shared }
    }

    fn account(&self, address: &Address) -> AccountState {
        let account = self.shared.state.read().account(address, self.inner.version());
        account.unwrap_or(AccountState {
            nonce: 0,
            balance: U256::ZERO,
            code_hash: EMPTY_CODE_HASH,
        })
    }

    fn set_account(&mut self, address: Address, account: AccountState) {
        let version = self.shared.state.write().set_account(address, account);
        self.edited(version);
        self.inner.pool.unpark(address);
    }

    fn edited(&mut self, version: u64) {
        if let Some(last) = self.inner.versions.last_mut() {
            *last = version;
        }
    }

    pub fn balance(&self, address: &Address) -> U256 {
        self.account(address).balance
    }

    pub fn set_balance(&mut self, address: Address, balance: U256) {
        let account = AccountState {
            balance,
            ..self.account(&address)
        };
        self.set_account(address, account);
    }

    pub fn set_nonce(&mut self, address: Address, nonce: u64) -> Result<(), EditError> {
        let mut waiting = self.inner.pool.waiting().into_iter();
        if waiting.any(|waiting| waiting.transaction.signer() == address) {
            return Err(EditError::HasWaiting { address });
        }
        let account = AccountState {
            nonce,
            ..self.account(&address)
        };
        self.set_account(address, account);
        Ok(())
    }

    pub fn set_code(&mut self, address: Address, code: Bytes) -> Result<(), EditError> {
        let code_hash = self
            .shared
            .state
            .write()
            .keep_code(code)
            .ok_or(EditError::NotCode)?;
        let account = AccountState {
            code_hash,
            ..self.account(&address)
        };
        self.set_account(address, account);
        Ok(())
    }

    pub fn set_slot(&mut self, address: Address, slot: U256, value: U256) {
        let version = self.shared.state.write().set_slot(address, slot, value);
        self.edited(version);
    }

    /// Takes a waiting transaction away; false if it is not here.
    pub fn drop_transaction(&mut self, hash: B256) -> Result<bool, EditError> {
        if self.inner.transactions.contains_key(&hash) {
            return Err(EditError::Mined { hash });
        }
        let is_waiting = self.inner.pool.get(hash).is_some();
        self.inner.pool.remove(hash);
        Ok(is_waiting)
    }

    pub fn drop_all(&mut self) {
        self.inner.pool = Content::new(self.inner.pool_config.clone());
    }

    pub fn snapshot(&mut self) -> u64 {
        let snapshot = Snapshot {
            blocks: self.inner.blocks.len(),
            version: self.inner.version(),
            pool: self.inner.pool.clone(),
            time: self.inner.time,
            taken_at: self.shared.clock.now(),
            coinbase: self.inner.coinbase,
            gas_limit: self.inner.gas_limit,
        };
        self.inner.snapshots.keep(snapshot)
    }

    /// Goes back; false if there is no such point.
    pub fn revert(&mut self, number: u64) -> bool {
        let Some(snapshot) = self.inner.snapshots.take(number) else {
            return false;
        };
        self.rewind(snapshot.blocks, snapshot.version);
        self.inner.pool = snapshot.pool;
        self.inner.time = snapshot
            .time
            .continued(snapshot.taken_at, self.shared.clock.now());
        self.inner.coinbase = snapshot.coinbase;
        self.inner.gas_limit = snapshot.gas_limit;
        true
    }

    fn rewind(&mut self, blocks: usize, version: u64) {
        let inner = &mut *self.inner;
        for block in inner.blocks.drain(blocks..) {
            inner.numbers.remove(&block.hash);
            for transaction in &block.transactions {
                inner.transactions.remove(transaction.tx_hash());
            }
        }
        inner.versions.truncate(blocks);
        if let Some(last) = inner.versions.last_mut() {
            *last = version;
        }
        inner.next_mix_hash = None;
        self.shared.state.write().rewind(version, blocks);
    }

    /// Back to block 0, and to how blocks are made at the start.
    pub fn reset(&mut self) {
        let genesis = self.inner.genesis.clone();
        self.rewind(1, genesis.version);
        self.inner.snapshots.clear();
        self.inner.time = Time::default();
        self.inner.coinbase = Address::ZERO;
        self.inner.gas_limit = genesis.gas_limit;
        self.inner.automine = true;
        self.set_interval(None);
        self.drop_all();
        let mut impersonated = self.shared.impersonated.lock();
        impersonated.accounts = HashSet::new();
        impersonated.all = false;
    }

    pub fn increase_time(&mut self, seconds: u64) -> i64 {
        self.inner.time.increase(seconds)
    }

    /// The chain's time is this now; returns how far it is ahead of the clock.
    pub fn set_time(&mut self, timestamp: u64) -> i64 {
        self.inner.time.move_to(self.shared.clock.now(), timestamp);
        self.inner.time.increase(0)
    }

    pub fn set_next_timestamp(&mut self, timestamp: u64) -> Result<(), TimeError> {
        self.inner.set_next_timestamp(timestamp)
    }

    /// Seconds between blocks from now on; whether there was an interval before.
    pub fn set_block_interval(&mut self, seconds: Option<u64>) -> bool {
        self.inner.time.set_interval(seconds)
    }

    pub fn automine(&self) -> bool {
        self.inner.automine
    }

    pub fn set_automine(&mut self, automine: bool) {
        self.inner.automine = automine;
    }

    /// How often a block is made whatever waits.
    pub fn interval(&self) -> Option<Duration> {
        self.inner.interval
    }

    /// Returns the number of this setting, which [`Edit::interval_turn`] tells until the next.
    pub fn set_interval(&mut self, interval: Option<Duration>) -> u64 {
        self.inner.interval = interval;
        self.inner.interval_turn += 1;
        self.inner.interval_turn
    }

    pub fn interval_turn(&self) -> u64 {
        self.inner.interval_turn
    }

    pub fn coinbase(&self) -> Address {
        self.inner.coinbase
    }

    pub fn set_coinbase(&mut self, coinbase: Address) {
        self.inner.coinbase = coinbase;
    }

    pub fn gas_limit(&self) -> u64 {
        self.inner.gas_limit
    }

    pub fn set_gas_limit(&mut self, gas_limit: u64) -> Result<(), EditError> {
        const LEAST: u64 = 21_000;
        if gas_limit < LEAST {
            return Err(EditError::GasLimit);
        }
        self.inner.gas_limit = gas_limit;
        Ok(())
    }

    /// `PREVRANDAO` of the next block.
    pub fn set_next_mix_hash(&mut self, mix_hash: B256) {
        self.inner.next_mix_hash = Some(mix_hash);
    }
}
