//! [`ChainView`] of the chain, which is how JSON-RPC reads it and submits to it.

use super::{DevChain, state::Versions};
use alloy_consensus::{TxEnvelope, transaction::Recovered};
use alloy_primitives::{Address, B256, Bytes, U256};
use parking_lot::RwLock;
use std::{collections::HashMap, sync::Arc};
use tokio::{sync::broadcast, task::spawn_blocking};
use zhengtong_chain::{ChainView, SealedBlock, SubmitError, ViewError, Waiting};
use zhengtong_evm::{
    AccountInfo, AccountState, Bytecode, Database, StateChanges, TransactionRules, decode, recover,
};
use zhengtong_types::{Finality, NetworkInfo, StateProof};

const NO_PROOFS: &str =
    "this chain was started with --devtools: it has no consensus and no proofs; use a node without it";

/// The state at one version, and what a block that is not made would change of it.
#[derive(Clone, Debug)]
pub struct StateAt {
    state: Arc<RwLock<Versions>>,
    version: u64,
    ahead: Arc<Ahead>,
}

/// What a block that is not made would change.
#[derive(Debug, Default)]
pub(super) struct Ahead {
    accounts: HashMap<Address, Option<AccountState>>,
    slots: HashMap<(Address, U256), U256>,
    codes: HashMap<B256, Bytecode>,
}

impl Ahead {
    pub(super) fn new(changes: StateChanges) -> Self {
        let accounts = changes.accounts.into_iter();
        let slots = changes.slots.into_iter();
        let codes = changes.codes.into_iter();
        Self {
            accounts: accounts.map(|change| (change.address, change.after)).collect(),
            slots: slots
                .map(|change| ((change.address, change.slot), change.after))
                .collect(),
            codes: codes
                .map(|(hash, code)| (hash, Bytecode::new_raw(code)))
                .collect(),
        }
    }
}

impl StateAt {
    pub(super) fn new(state: Arc<RwLock<Versions>>, version: u64) -> Self {
        Self {
            state,
            version,
            ahead: Arc::default(),
        }
    }

    pub(super) fn ahead(self, ahead: Ahead) -> Self {
        Self {
            ahead: Arc::new(ahead),
            ..self
        }
    }

    /// A state without anything.
    pub(super) fn empty() -> Self {
        Self::new(Arc::default(), 0)
    }
}

impl Database for StateAt {
    type Error = ViewError;

    fn basic(&mut self, address: Address) -> Result<Option<AccountInfo>, ViewError> {
        let account = match self.ahead.accounts.get(&address) {
            Some(account) => *account,
            None => self.state.read().account(&address, self.version),
        };
        Ok(account.map(|account| account.to_info()))
    }

    fn code_by_hash(&mut self, hash: B256) -> Result<Bytecode, ViewError> {
        let ahead = self.ahead.codes.get(&hash).cloned();
        Ok(ahead.unwrap_or_else(|| self.state.read().code(&hash)))
    }

    fn storage(&mut self, address: Address, slot: U256) -> Result<U256, ViewError> {
        let ahead = self.ahead.slots.get(&(address, slot)).copied();
        Ok(ahead.unwrap_or_else(|| self.state.read().slot(address, slot, self.version)))
    }

    fn block_hash(&mut self, number: u64) -> Result<B256, ViewError> {
        Ok(self.state.read().hash(number))
    }
}

impl ChainView for DevChain {
    type State = StateAt;

    fn network(&self) -> &NetworkInfo {
        &self.0.network
    }

    fn rules(&self) -> &TransactionRules {
        &self.0.rules
    }

    fn tip(&self) -> Arc<SealedBlock> {
        self.0.inner.lock().tip()
    }

    fn pending(&self) -> Result<Arc<SealedBlock>, ViewError> {
        Ok(Arc::new(self.0.inner.lock().pending(&self.0).0))
    }

    fn block(&self, number: u64) -> Result<Option<Arc<SealedBlock>>, ViewError> {
        Ok(self.0.inner.lock().block(number))
    }

    fn block_number(&self, hash: B256) -> Result<Option<u64>, ViewError> {
        Ok(self.0.inner.lock().number(&hash))
    }

    fn transaction(&self, hash: B256) -> Result<Option<(u64, usize)>, ViewError> {
        Ok(self.0.inner.lock().transaction(&hash))
    }

    fn pending_transaction(&self, hash: B256) -> Option<Recovered<TxEnvelope>> {
        self.0.inner.lock().waiting().get(hash)
    }

    fn waiting(&self) -> Vec<Waiting> {
        self.0.inner.lock().waiting().waiting()
    }

    fn finality(&self, _: u64) -> Result<Option<Finality>, ViewError> {
        Err(ViewError::NotHere(NO_PROOFS))
    }

    fn state(&self, at: u64) -> Result<StateAt, ViewError> {
        let mut inner = self.0.inner.lock();
        let latest = inner.tip().header.number;
        if at == latest + 1 {
            return Ok(inner.pending(&self.0).1);
        }
        let version = inner.version_after(at);
        let version = version.ok_or(ViewError::UnknownBlock { number: at, latest })?;
        Ok(StateAt::new(self.0.state.clone(), version))
    }

    async fn prove(&self, _: Address, _: &[B256]) -> Result<StateProof, ViewError> {
        Err(ViewError::NotHere(NO_PROOFS))
    }

    async fn submit(&self, raw: Bytes) -> Result<B256, SubmitError> {
        let chain = self.clone();
        let done = spawn_blocking(move || {
            let transaction = recover(decode(&raw, &chain.0.rules)?)?;
            chain.accept(transaction)
        });
        done.await
            .unwrap_or_else(|source| Err(SubmitError::Storage(source.to_string())))
    }

    async fn pending_nonce(&self, address: Address) -> Result<u64, ViewError> {
        Ok(self.0.inner.lock().pending_nonce(&self.0, address))
    }

    fn subscribe(&self) -> broadcast::Receiver<Arc<SealedBlock>> {
        self.0.blocks.subscribe()
    }

    fn subscribe_pending(&self) -> broadcast::Receiver<B256> {
        self.0.accepted.subscribe()
    }
}
