//! A chain in memory: it executes and certifies like a real one, and makes a block when it is told to.

mod state;

use alloy_consensus::Header;
use alloy_primitives::{Address, B256, Bytes, U256, b256};
use parking_lot::Mutex;
use std::{collections::HashMap, future::Future, num::NonZeroU64, sync::Arc};
use tokio::sync::broadcast;
use zhengtong_chain::{
    ChainView, SealedBlock, SubmitError, ViewError, Waiting,
    quota::{
        Book, EVERYONE, Governor, Meter, Place, QuotaRules, Request, class_name_slot, limits_slot,
        standing_for,
    },
    view::{MAX_PROVEN_SLOTS, STATE_WINDOW_BLOCKS},
};
use zhengtong_evm::{
    AccountState, BlockContext, Database as _, EMPTY_CODE_HASH, Executor, Limits, Transaction,
    TransactionRules, decode, recover,
};
use zhengtong_types::{
    Finality, NetworkInfo, StateProof,
    header::{Extra, blank_header, encode_header, header_hash},
    mocks::Committee,
    trie,
};

pub use state::MockState;

/// EIP-155 chain id of every mock.
pub const CHAIN_ID: u64 = 20260;
/// Time between two blocks in seconds.
const STEP_SECONDS: u64 = 1;
const GENESIS_SECONDS: u64 = 1_790_000_000;
const GAS_LIMIT: u64 = 300_000_000;
const CHANNEL: usize = 64;
/// Blocks of an epoch.
pub const EPOCH_BLOCKS: u64 = 1_000;
/// Gas that an account may use in an epoch, and everyone together.
pub const QUOTA_GAS: [u64; 2] = [500_000_000, 10_000_000_000];
/// Where quotas are kept; there is no contract, only what it would have stored.
const QUOTAS: Address = Address::repeat_byte(0xA7);
/// `everyone` as a slug.
const EVERYONES_NAME: B256 = b256!("65766572796f6e65000000000000000000000000000000000000000000000000");

/// A chain in memory. Clones share it.
#[derive(Clone, Debug)]
pub struct MockChain(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    committee: Committee,
    network: NetworkInfo,
    rules: TransactionRules,
    inner: Mutex<Inner>,
    blocks: broadcast::Sender<Arc<SealedBlock>>,
    accepted: broadcast::Sender<B256>,
    is_instant: bool,
    quotas: QuotaRules,
}

#[derive(Debug)]
struct Inner {
    blocks: Vec<Arc<SealedBlock>>,
    states: Vec<Arc<MockState>>,
    transactions: HashMap<B256, (u64, usize)>,
    waiting: Vec<Transaction>,
    /// The first block that is kept, besides the genesis block.
    first: u64,
}

impl MockChain {
    /// A chain whose blocks are made by [`MockChain::mine`].
    pub fn new(funded: &[Address]) -> Self {
        Self::with(funded, 1, false)
    }

    /// A chain that makes a block of each transaction at once.
    pub fn instant(funded: &[Address]) -> Self {
        Self::with(funded, 1, true)
    }

    /// A chain of `validators`, whose key is made from their number.
    pub fn with(funded: &[Address], validators: u64, is_instant: bool) -> Self {
        let committee = Committee::new(validators, validators);
        let balance = U256::from(10).pow(U256::from(21));
        let account = AccountState {
            nonce: 0,
            balance,
            code_hash: EMPTY_CODE_HASH,
        };
        let quotas = QuotaRules {
            book: Book {
                quotas: QUOTAS,
                registry: Address::repeat_byte(0xA8),
                cases: Address::repeat_byte(0xAA),
                allowances: Address::repeat_byte(0xAB),
                governor: Governor::Key(Address::repeat_byte(0xA9)),
            },
            chain_id: CHAIN_ID,
            epoch_blocks: NonZeroU64::new(EPOCH_BLOCKS).expect("not zero"),
        };
        let limits = U256::from(QUOTA_GAS[1]) << 64 | U256::from(QUOTA_GAS[0]);
        let everyone = [
            (limits_slot(EVERYONE), limits),
            (class_name_slot(EVERYONE), U256::from_be_bytes(EVERYONES_NAME.0)),
        ];
        let state = MockState {
            accounts: funded.iter().map(|address| (*address, account)).collect(),
            slots: everyone
                .into_iter()
                .map(|(slot, value)| ((QUOTAS, slot), value))
                .collect(),
            ..MockState::default()
        };
        let mut header = blank_header();
        (header.gas_limit, header.timestamp) = (GAS_LIMIT, GENESIS_SECONDS);
        header.extra_data = extra(&committee, 0).encode();
        let genesis = seal(header, Vec::new(), Vec::new());
        let network = committee.network(CHAIN_ID, genesis.hash);
        let inner = Inner {
            blocks: vec![Arc::new(genesis)],
            states: vec![Arc::new(state)],
            transactions: HashMap::new(),
            waiting: Vec::new(),
            first: 0,
        };
        Self(Arc::new(Shared {
            committee,
            network,
            rules: TransactionRules::new(CHAIN_ID),
            inner: Mutex::new(inner),
            blocks: broadcast::channel(CHANNEL).0,
            accepted: broadcast::channel(CHANNEL).0,
            is_instant,
            quotas,
        }))
    }

    /// Makes a block of everything that waits.
    ///
    /// # Panics
    ///
    /// When a transaction that was accepted cannot be executed.
    pub fn mine(&self) -> Arc<SealedBlock> {
        let mut inner = self.0.inner.lock();
        let waiting = std::mem::take(&mut inner.waiting);
        let (parent, state) = (
            inner.blocks.last().expect("genesis"),
            inner.states.last().expect("genesis"),
        );
        let number = parent.header.number + 1;
        let mut header = blank_header();
        (header.number, header.parent_hash, header.mix_hash) = (number, parent.hash, parent.hash);
        (header.gas_limit, header.timestamp) = (GAS_LIMIT, parent.header.timestamp + STEP_SECONDS);
        header.extra_data = extra(&self.0.committee, number).encode();
        let context = BlockContext {
            chain_id: CHAIN_ID,
            number,
            timestamp: header.timestamp,
            gas_limit: GAS_LIMIT,
            beneficiary: header.beneficiary,
            mix_hash: header.mix_hash,
            limits: Limits::Osaka,
        };
        let mut executor = Executor::new(MockState::clone(state), &context);
        let place = Place {
            number,
            timestamp_s: header.timestamp,
        };
        let mut meter = Meter::new(&self.0.quotas, place);
        for transaction in &waiting {
            let (sender, before) = (transaction.signer(), executor.gas_used());
            let admitted = meter.admit(&Request::from(transaction), |contract, slot| {
                executor.slot_before(contract, slot)
            });
            admitted.expect("memory reads").expect("it was accepted");
            executor.execute(transaction).expect("it was accepted");
            meter.settle(sender, executor.gas_used() - before);
        }
        let (outcome, mut next) = executor.finish_with(&meter.finish());
        next.apply(&outcome);
        next.hashes.insert(number - 1, parent.hash);
        if next.hashes.len() as u64 > STATE_WINDOW_BLOCKS {
            next.hashes.pop_first();
        }
        header.state_root = B256::with_last_byte(number as u8);
        (header.gas_used, header.logs_bloom) = (outcome.gas_used, outcome.logs_bloom);
        header.receipts_root = outcome.receipts_root;
        let encoded: Vec<_> = waiting
            .iter()
            .map(|transaction| crate::proofs::encoded(transaction.inner()))
            .collect();
        header.transactions_root = trie::ordered_root(&encoded);
        let block = Arc::new(seal(header, waiting, outcome.receipts));
        for (index, transaction) in block.transactions.iter().enumerate() {
            inner.transactions.insert(*transaction.tx_hash(), (number, index));
        }
        inner.blocks.push(block.clone());
        inner.states.push(Arc::new(next));
        drop(inner);
        // An error says that nobody listens.
        let _ = self.0.blocks.send(block.clone());
        block
    }

    /// Keeps block `first` and later ones alone, as a node does that began there.
    pub fn begin_at(&self, first: u64) {
        let mut inner = self.0.inner.lock();
        inner.first = first;
        inner.transactions.retain(|_, (number, _)| *number >= first);
    }

    /// How many transactions wait for a block.
    pub fn waiting(&self) -> usize {
        self.0.inner.lock().waiting.len()
    }

    /// Forgets what waits, as a node does that loses its pool.
    pub fn lose_waiting(&self) {
        self.0.inner.lock().waiting.clear();
    }

    fn accept(&self, raw: &Bytes) -> Result<B256, SubmitError> {
        let transaction = recover(decode(raw, &self.0.rules)?)?;
        let hash = *transaction.tx_hash();
        let mut inner = self.0.inner.lock();
        if inner.transactions.contains_key(&hash)
            || inner.waiting.iter().any(|other| *other.tx_hash() == hash)
        {
            return Err(SubmitError::AlreadyKnown { hash });
        }
        let expected = inner.nonce(transaction.signer());
        let got = alloy_consensus::Transaction::nonce(transaction.inner());
        if got < expected {
            return Err(SubmitError::NonceTooLow { got, expected });
        }
        if got > expected {
            return Err(SubmitError::NonceTooHigh {
                got,
                expected,
                max_gap: 0,
            });
        }
        let place = Place {
            number: inner.blocks.len() as u64,
            timestamp_s: inner.blocks.last().expect("genesis").header.timestamp,
        };
        let mut state = MockState::clone(inner.states.last().expect("genesis"));
        let of_sender = |other: &&Transaction| other.signer() == transaction.signer();
        let gas_limit = |of: &Transaction| alloy_consensus::Transaction::gas_limit(of.inner());
        let waiting = inner.waiting.iter().filter(of_sender).map(gas_limit).sum();
        standing_for(
            &self.0.quotas,
            &Request::from(&transaction),
            place,
            |contract, slot| state.storage(contract, slot),
        )
        .expect("memory reads")
        .admits(waiting, gas_limit(&transaction))?;
        inner.waiting.push(transaction);
        Ok(hash)
    }
}

impl Inner {
    fn require_kept(&self, number: u64) -> Result<(), ViewError> {
        let first = self.first;
        if number == 0 || number >= first {
            return Ok(());
        }
        Err(ViewError::NotKept { number, first })
    }

    fn nonce(&self, address: Address) -> u64 {
        let state = self.states.last().and_then(|state| state.accounts.get(&address));
        let waiting = self
            .waiting
            .iter()
            .filter(|transaction| transaction.signer() == address)
            .count();
        state.map_or(0, |account| account.nonce) + waiting as u64
    }
}

impl ChainView for MockChain {
    type State = MockState;

    fn network(&self) -> &NetworkInfo {
        &self.0.network
    }

    fn rules(&self) -> &TransactionRules {
        &self.0.rules
    }

    fn quotas(&self) -> Option<&QuotaRules> {
        Some(&self.0.quotas)
    }

    fn tip(&self) -> Arc<SealedBlock> {
        self.0.inner.lock().blocks.last().expect("genesis").clone()
    }

    fn first_block(&self) -> u64 {
        self.0.inner.lock().first
    }

    fn block(&self, number: u64) -> Result<Option<Arc<SealedBlock>>, ViewError> {
        let inner = self.0.inner.lock();
        inner.require_kept(number)?;
        Ok(inner.blocks.get(number as usize).cloned())
    }

    fn block_number(&self, hash: B256) -> Result<Option<u64>, ViewError> {
        let inner = self.0.inner.lock();
        Ok(inner
            .blocks
            .iter()
            .find(|block| block.hash == hash)
            .map(|block| block.header.number))
    }

    fn transaction(&self, hash: B256) -> Result<Option<(u64, usize)>, ViewError> {
        Ok(self.0.inner.lock().transactions.get(&hash).copied())
    }

    fn pending_transaction(&self, hash: B256) -> Option<Transaction> {
        self.0
            .inner
            .lock()
            .waiting
            .iter()
            .find(|transaction| *transaction.tx_hash() == hash)
            .cloned()
    }

    fn waiting(&self) -> Vec<Waiting> {
        let waiting = self.0.inner.lock().waiting.clone();
        let waiting = waiting.into_iter().map(|transaction| Waiting {
            transaction: Arc::new(transaction),
            can_run: true,
        });
        waiting.collect()
    }

    /// Certifies the block after the one asked for, if there is one, so that a parent link has to be checked.
    fn finality(&self, number: u64) -> Result<Option<Finality>, ViewError> {
        let inner = self.0.inner.lock();
        inner.require_kept(number)?;
        let wanted = inner.blocks.get(number as usize);
        let headers: Vec<_> = wanted
            .into_iter()
            .chain(inner.blocks.get((number as usize).saturating_add(1)))
            .map(|b| &b.header)
            .collect();
        let headers: Vec<_> = headers.into_iter().rev().collect();
        Ok((!headers.is_empty()).then(|| self.0.committee.finality(&headers, number + 2)))
    }

    fn state(&self, at: u64) -> Result<MockState, ViewError> {
        let inner = self.0.inner.lock();
        let latest = inner.states.len() as u64 - 1;
        let oldest = latest.saturating_sub(STATE_WINDOW_BLOCKS);
        if at < oldest {
            return Err(ViewError::StateGone {
                number: at,
                oldest,
                latest,
            });
        }
        let state = inner
            .states
            .get(at as usize)
            .ok_or(ViewError::UnknownBlock { number: at, latest })?;
        Ok(MockState::clone(state))
    }

    /// Refuses: the state root of a mock proves nothing.
    fn prove(
        &self,
        _: Address,
        slots: &[B256],
    ) -> impl Future<Output = Result<StateProof, ViewError>> + Send {
        let slots = slots.len();
        async move {
            if slots > MAX_PROVEN_SLOTS {
                return Err(ViewError::TooManySlots {
                    slots,
                    max: MAX_PROVEN_SLOTS,
                });
            }
            Err(ViewError::Starting)
        }
    }

    async fn submit(&self, raw: Bytes) -> Result<B256, SubmitError> {
        let hash = self.accept(&raw)?;
        // An error says that nobody listens.
        let _ = self.0.accepted.send(hash);
        if self.0.is_instant {
            self.mine();
        }
        Ok(hash)
    }

    async fn pending_nonce(&self, address: Address) -> Result<u64, ViewError> {
        Ok(self.0.inner.lock().nonce(address))
    }

    fn subscribe(&self) -> broadcast::Receiver<Arc<SealedBlock>> {
        self.0.blocks.subscribe()
    }

    fn subscribe_pending(&self) -> broadcast::Receiver<B256> {
        self.0.accepted.subscribe()
    }
}

fn extra(committee: &Committee, number: u64) -> Extra {
    Extra {
        epoch: 0,
        view: number,
        parent_view: number.saturating_sub(1),
        leader: committee.leader().clone(),
        millis: 500,
        ops_root: B256::ZERO,
        sync_start: 0,
        sync_end: number + 1,
        payload: None,
    }
}

fn seal(
    header: Header,
    transactions: Vec<Transaction>,
    receipts: Vec<zhengtong_evm::TransactionReceipt>,
) -> SealedBlock {
    let body: usize = transactions
        .iter()
        .map(|transaction| crate::proofs::encoded(transaction.inner()).len())
        .sum();
    SealedBlock {
        hash: header_hash(&header),
        size_bytes: encode_header(&header).len() + body,
        timestamp_ms: header.timestamp * 1000 + 500,
        header,
        transactions,
        receipts,
    }
}
