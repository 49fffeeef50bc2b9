//! A chain in memory: the contracts in revm, one block a transaction, certificates by a committee of one.
//!
//! What the gateway receives from it passes the same verification as what a node sends.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use alloy_consensus::{Header, ReceiptEnvelope, SignableTransaction, TxEip1559, TxEnvelope};
use alloy_eips::Encodable2718;
use alloy_primitives::{Address, B256, Bytes, Log, TxKind, U256, keccak256};
use alloy_signer::SignerSync;
use alloy_signer_local::PrivateKeySigner;
use alloy_sol_types::SolCall;
use async_trait::async_trait;
use futures::StreamExt;
use futures::stream::{self, BoxStream};
use parking_lot::Mutex;
use revm::database::InMemoryDB;
use zhengtong_bindings::{
    FirstValidator, Founding, Governance, QuotaTerms, RECOVERY_DELAY_S, genesis_creations,
};
use zhengtong_client::Checkpoint;
use zhengtong_evm::{
    BlockContext, CallOutcome, CallRequest, Executed, Executor, Limits, Overrides, TransactionRules,
};
use zhengtong_gateway::app::chain::{ChainError, ChainPort};
use zhengtong_gateway::app::clock::Clock;
use zhengtong_types::header::{Extra, blank_header, header_hash};
use zhengtong_types::mocks::Committee;
use zhengtong_types::{Finality, FinalizedBlock, ReceiptProof, VerifiedBlock, VerifiedReceipt, trie};

pub const CHAIN_ID: u64 = 20_260;
const GAS_LIMIT: u64 = 300_000_000;

/// A clock that stands until it is moved.
pub struct TestClock(AtomicU64);

impl TestClock {
    pub fn new(now_s: u64) -> Arc<Self> {
        Arc::new(Self(AtomicU64::new(now_s * 1000)))
    }

    pub fn advance(&self, duration: Duration) {
        self.0
            .fetch_add(u64::try_from(duration.as_millis()).unwrap(), Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now_ms(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }
}

struct Block {
    header: Header,
    transactions: Vec<Bytes>,
    receipts: Vec<Bytes>,
}

struct State {
    db: InMemoryDB,
    blocks: Vec<Block>,
    places: HashMap<B256, u64>,
    nonces: HashMap<Address, u64>,
    /// The chain stops answering when this many requests were made, before or after the last one took effect.
    stop: Option<(u32, bool)>,
}

pub struct TestChain {
    committee: Committee,
    clock: Arc<TestClock>,
    state: Mutex<State>,
}

impl TestChain {
    pub fn new(seed: u64, clock: Arc<TestClock>, council: Address) -> Arc<Self> {
        let genesis = Block {
            header: blank_header(),
            transactions: Vec::new(),
            receipts: Vec::new(),
        };
        let state = State {
            db: InMemoryDB::default(),
            blocks: vec![genesis],
            places: HashMap::new(),
            nonces: HashMap::new(),
            stop: None,
        };
        let chain = Self {
            committee: Committee::new(seed, 1),
            clock,
            state: Mutex::new(state),
        };
        chain.create_contracts(council);
        Arc::new(chain)
    }

    fn create_contracts(&self, council: Address) {
        let mut state = self.state.lock();
        let context = self.context(0);
        let mut executor = Executor::new(&mut state.db, &context);
        let founding = Founding {
            governance: Governance::Key(council),
            recovery_delay_s: RECOVERY_DELAY_S,
            validators: vec![FirstValidator {
                key: B256::repeat_byte(1),
                name: String::new(),
            }],
            quotas: QuotaTerms::ample(),
        };
        for creation in genesis_creations(&founding) {
            let done = executor.create(creation.from, creation.init_code).unwrap();
            assert!(
                matches!(done, Executed::Success { .. }),
                "{}: {done:?}",
                creation.name
            );
        }
        let (outcome, _) = executor.finish();
        apply(&mut state.db, outcome.changes);
    }

    fn context(&self, number: u64) -> BlockContext {
        BlockContext {
            chain_id: CHAIN_ID,
            number,
            timestamp: self.clock.now_s(),
            gas_limit: GAS_LIMIT,
            beneficiary: Address::ZERO,
            mix_hash: B256::ZERO,
            limits: Limits::Osaka,
        }
    }

    /// Signs, sends, and requires success.
    pub fn submit(&self, signer: &PrivateKeySigner, to: Address, call: &impl SolCall) -> B256 {
        let (hash, succeeded) = self.try_submit(signer, to, call);
        assert!(succeeded, "{hash} reverted");
        hash
    }

    /// Signs and sends; answers whether it succeeded.
    pub fn try_submit(&self, signer: &PrivateKeySigner, to: Address, call: &impl SolCall) -> (B256, bool) {
        let mut state = self.state.lock();
        let nonce = state.nonces.get(&signer.address()).copied().unwrap_or(0);
        let transaction = TxEip1559 {
            chain_id: CHAIN_ID,
            nonce,
            gas_limit: 16_000_000,
            to: TxKind::Call(to),
            input: call.abi_encode().into(),
            ..TxEip1559::default()
        };
        let signature = signer.sign_hash_sync(&transaction.signature_hash()).unwrap();
        let raw = Bytes::from(TxEnvelope::from(transaction.into_signed(signature)).encoded_2718());
        let hash = self.execute(&mut state, &raw).unwrap();
        (hash, self.receipt_of(&state, hash).status())
    }

    fn execute(&self, state: &mut State, raw: &Bytes) -> Result<B256, String> {
        let hash = keccak256(raw);
        if state.places.contains_key(&hash) {
            return Ok(hash);
        }
        let envelope =
            zhengtong_evm::decode(raw, &TransactionRules::new(CHAIN_ID)).map_err(|e| e.to_string())?;
        let transaction = zhengtong_evm::recover(envelope).map_err(|e| e.to_string())?;
        let number = state.blocks.len() as u64;
        let mut executor = Executor::new(&mut state.db, &self.context(number));
        executor.execute(&transaction).map_err(|e| e.to_string())?;
        let (outcome, _) = executor.finish();
        apply(&mut state.db, outcome.changes);
        *state.nonces.entry(transaction.signer()).or_default() += 1;
        let receipts = outcome
            .receipts
            .iter()
            .map(|receipt| receipt.envelope.encoded_2718().into())
            .collect();
        self.seal(state, vec![raw.clone()], receipts);
        state.places.insert(hash, number);
        Ok(hash)
    }

    fn seal(&self, state: &mut State, transactions: Vec<Bytes>, receipts: Vec<Bytes>) {
        let parent = state.blocks.last().unwrap();
        let number = state.blocks.len() as u64;
        let extra = Extra {
            epoch: 0,
            view: number,
            parent_view: number - 1,
            leader: self.committee.leader().clone(),
            millis: 0,
            ops_root: B256::ZERO,
            sync_start: 0,
            sync_end: 1,
            payload: None,
        };
        let header = Header {
            parent_hash: header_hash(&parent.header),
            number,
            timestamp: self.clock.now_s(),
            gas_limit: GAS_LIMIT,
            transactions_root: trie::ordered_root(&transactions),
            receipts_root: trie::ordered_root(&receipts),
            extra_data: extra.encode(),
            ..blank_header()
        };
        state.blocks.push(Block {
            header,
            transactions,
            receipts,
        });
    }

    fn receipt_of(&self, state: &State, hash: B256) -> ReceiptEnvelope {
        let block = &state.blocks[state.places[&hash] as usize];
        self.verified_receipt(block, hash).receipt().clone()
    }

    fn verified_receipt(&self, block: &Block, hash: B256) -> VerifiedReceipt {
        let proof = ReceiptProof {
            finality: self.committee.finality(&[&block.header], block.header.number),
            block_number: block.header.number,
            transaction_index: 0,
            transaction: block.transactions[0].clone(),
            transaction_proof: trie::prove(&block.transactions, 0).unwrap().1,
            receipt: block.receipts[0].clone(),
            proof: trie::prove(&block.receipts, 0).unwrap().1,
        };
        proof.verify_transaction(self.committee.key(), hash).unwrap()
    }

    /// A verified receipt of a block that holds exactly this log: for tests of the gate alone.
    pub fn receipt_with(&self, log: Log, success: bool) -> VerifiedReceipt {
        let mut state = self.state.lock();
        let raw = Bytes::from(vec![2; 64]);
        let receipt = alloy_consensus::Receipt {
            status: success.into(),
            cumulative_gas_used: 1,
            logs: vec![log],
        };
        let envelope = ReceiptEnvelope::Eip1559(receipt.with_bloom());
        self.seal(
            &mut state,
            vec![raw.clone()],
            vec![envelope.encoded_2718().into()],
        );
        let block = state.blocks.pop().unwrap();
        self.verified_receipt(&block, keccak256(&raw))
    }

    /// All logs of a contract, in order.
    pub fn logs(&self, contract: Address) -> Vec<Log> {
        let count = self.block_count();
        let blocks = (1..count).map(|number| self.block(number));
        let receipts = blocks.flat_map(|block| block.receipts().to_vec());
        receipts
            .flat_map(|(_, receipt)| receipt.logs().to_vec())
            .filter(|log| log.address == contract)
            .collect()
    }

    pub fn block_count(&self) -> u64 {
        self.state.lock().blocks.len() as u64
    }

    #[allow(dead_code, reason = "looked at by the privacy test, which is another binary")]
    /// Every byte that the chain keeps in public: transactions and receipts.
    pub fn public_bytes(&self) -> Vec<u8> {
        let state = self.state.lock();
        let parts = state
            .blocks
            .iter()
            .flat_map(|block| block.transactions.iter().chain(&block.receipts));
        parts.flat_map(|part| part.to_vec()).collect()
    }

    #[allow(dead_code, reason = "looked at by the privacy test, which is another binary")]
    /// Transactions and receipts of each block, as the chain keeps them in public.
    pub fn public_blocks(&self) -> Vec<(Vec<Bytes>, Vec<Bytes>)> {
        let state = self.state.lock();
        let blocks = state.blocks.iter();
        blocks
            .map(|block| (block.transactions.clone(), block.receipts.clone()))
            .collect()
    }

    pub fn read<C: SolCall>(&self, to: Address, call: &C) -> C::Return {
        let output = self.call_now(to, call.abi_encode().into()).unwrap();
        C::abi_decode_returns(&output).unwrap()
    }

    fn call_now(&self, to: Address, data: Bytes) -> Result<Bytes, ChainError> {
        let mut state = self.state.lock();
        let number = state.blocks.len() as u64;
        let request = CallRequest {
            to: TxKind::Call(to),
            data,
            value: U256::ZERO,
            ..CallRequest::default()
        };
        match zhengtong_evm::call(
            &mut state.db,
            &self.context(number),
            &request,
            &Overrides::default(),
        )
        .unwrap()
        {
            CallOutcome::Returned { output, .. } => Ok(output),
            other => Err(ChainError::Refused(format!("{other:?}"))),
        }
    }

    fn block(&self, number: u64) -> VerifiedBlock {
        let state = self.state.lock();
        let block = &state.blocks[number as usize];
        let block = FinalizedBlock {
            finality: self.committee.finality(&[&block.header], number),
            transactions: block.transactions.clone(),
            receipts: block.receipts.clone(),
        };
        block.verify(self.committee.key(), number).unwrap()
    }

    /// Why a block is this network's.
    pub fn finality(&self, number: u64) -> Finality {
        let header = &self.state.lock().blocks[number as usize].header;
        self.committee.finality(&[header], number)
    }

    /// From now on the chain answers `requests` more times, and then never again. The last request takes effect or not.
    pub fn stop_after(&self, requests: u32, takes_effect: bool) {
        self.state.lock().stop = Some((requests, takes_effect));
    }

    pub fn go_on(&self) {
        self.state.lock().stop = None;
    }

    /// Counts a request: whether it takes effect, and whether it is answered.
    fn count(&self) -> (bool, bool) {
        match &mut self.state.lock().stop {
            None => (true, true),
            Some((0, takes_effect)) => (std::mem::take(takes_effect), false),
            Some((left, _)) => {
                *left -= 1;
                (true, true)
            }
        }
    }
}

fn apply(db: &mut InMemoryDB, changes: zhengtong_evm::StateChanges) {
    let codes: HashMap<_, _> = changes.codes.into_iter().collect();
    for change in changes.accounts {
        let mut info = change.after.unwrap().to_info();
        info.code = codes
            .get(&info.code_hash)
            .map(|code| revm::bytecode::Bytecode::new_raw(code.clone()));
        if info.code.is_none() {
            info.code = db.cache.contracts.get(&info.code_hash).cloned();
        }
        db.insert_account_info(change.address, info);
    }
    for change in changes.slots {
        db.insert_account_storage(change.address, change.slot, change.after)
            .unwrap();
    }
}

#[async_trait]
impl ChainPort for TestChain {
    fn chain_id(&self) -> u64 {
        CHAIN_ID
    }

    fn network(&self) -> String {
        self.committee.key().to_string()
    }

    async fn pending_nonce(&self, of: Address) -> Result<u64, ChainError> {
        Ok(self.state.lock().nonces.get(&of).copied().unwrap_or(0))
    }

    async fn send(&self, raw: &Bytes) -> Result<B256, ChainError> {
        let (takes_effect, answered) = self.count();
        let result = if takes_effect {
            let mut state = self.state.lock();
            self.execute(&mut state, raw).map_err(ChainError::Refused)
        } else {
            Ok(B256::ZERO)
        };
        if answered {
            result
        } else {
            futures::future::pending().await
        }
    }

    async fn wait_final(&self, hash: B256, _: Duration) -> Result<Option<VerifiedReceipt>, ChainError> {
        let (_, answered) = self.count();
        if !answered {
            return futures::future::pending().await;
        }
        let state = self.state.lock();
        let place = state.places.get(&hash).copied();
        Ok(place.map(|number| self.verified_receipt(&state.blocks[number as usize], hash)))
    }

    async fn call(&self, to: Address, data: Bytes) -> Result<Bytes, ChainError> {
        self.call_now(to, data)
    }

    fn follow(&self, last: Option<Checkpoint>) -> BoxStream<'static, Result<VerifiedBlock, ChainError>> {
        let next = last.map_or(1, |last| last.number + 1);
        let blocks: Vec<_> = (next..self.block_count())
            .map(|number| Ok(self.block(number)))
            .collect();
        // Ends at the tip, so that tests decide when to go on.
        stream::iter(blocks).boxed()
    }
}
