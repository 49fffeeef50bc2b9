//! Reads the contract `Validators` in the state that a block left, the same on every node.

use crate::{
    committee::{Listed, usable},
    inner::Inner,
    rules::block_context,
};
use alloy_consensus::Header;
use alloy_primitives::{Address, B256, Bytes, TxKind, U256};
use alloy_sol_types::SolCall as _;
use commonware_glue::stateful::db::Reader;
use commonware_runtime::Spawner;
use commonware_storage::Context;
use std::collections::HashMap;
use zhengtong_bindings::validators::Validators::listCall;
use zhengtong_evm::{
    AccountInfo, Bytecode, CallOutcome, CallRequest, Database, ExecuteError, Overrides, call,
};
use zhengtong_state::{Key, Qmdb, ReadError, Value, account_key, decode_account, decode_slot, slot_key};

/// Whom the contract lists after a block, without those who cannot validate; `None` if nobody is left, or the contract
/// gives no list, or there is no contract. `state` is that after the block.
pub async fn read<E: Context + Spawner>(
    inner: &Inner<E>,
    header: &Header,
    state: &impl State,
) -> Result<Option<Vec<Listed>>, String> {
    let Some(contract) = inner.committee.contract else {
        return Ok(None);
    };
    let mut read = HashMap::new();
    loop {
        match attempt(inner, contract, header, &read) {
            Attempt::Read(list) => return Ok(list),
            Attempt::Failed(reason) => return Err(reason),
            Attempt::Missing(key) => {
                read.insert(key, state.get(key).await?);
            }
        }
    }
}

/// The state after a block.
pub trait State: Sync {
    /// Reads a value; an error says why it cannot be read.
    fn get(&self, key: Key) -> impl Future<Output = Result<Option<Value>, String>> + Send;
}

/// The state that is applied now.
impl<E: Context + Spawner> State for Reader<Qmdb<E>> {
    async fn get(&self, key: Key) -> Result<Option<Value>, String> {
        let value = self.read().await.get(&key).await;
        value.map_err(|source| source.to_string())
    }
}

enum Attempt {
    Read(Option<Vec<Listed>>),
    /// This has to be read from the state first.
    Missing(Key),
    Failed(String),
}

/// Calls the contract with what was read of the state already.
fn attempt<E: Context + Spawner>(
    inner: &Inner<E>,
    contract: Address,
    header: &Header,
    read: &HashMap<Key, Option<Value>>,
) -> Attempt {
    let environment = block_context(inner.network.chain_id, header);
    let request = CallRequest {
        to: TxKind::Call(contract),
        data: listCall {}.abi_encode().into(),
        ..CallRequest::default()
    };
    let known = Known { inner, read };
    match call(known, &environment, &request, &Overrides::default()) {
        Ok(CallOutcome::Returned { output, .. }) => Attempt::Read(decode(&output)),
        Ok(other) => {
            tracing::warn!(
                ?other,
                "the contract with the validators does not list them; they stay who they are"
            );
            Attempt::Read(None)
        }
        Err(ExecuteError::Database(ReadError::Pending(key))) => Attempt::Missing(key),
        Err(error) => Attempt::Failed(error.to_string()),
    }
}

fn decode(output: &Bytes) -> Option<Vec<Listed>> {
    match listCall::abi_decode_returns(output) {
        Ok(listed) => usable(listed.into_iter().map(|entry| (entry.key, entry.location))),
        Err(error) => {
            tracing::warn!(%error, "the contract's list of validators cannot be read; they stay who they are");
            None
        }
    }
}

/// What was read of the state.
struct Known<'a, E: Context + Spawner> {
    inner: &'a Inner<E>,
    read: &'a HashMap<Key, Option<Value>>,
}

impl<E: Context + Spawner> Known<'_, E> {
    fn get(&self, key: Key) -> Result<Option<&Value>, ReadError> {
        let known = self.read.get(&key).ok_or(ReadError::Pending(key))?;
        Ok(known.as_ref())
    }
}

impl<E: Context + Spawner> Database for Known<'_, E> {
    type Error = ReadError;

    fn basic(&mut self, address: Address) -> Result<Option<AccountInfo>, ReadError> {
        Ok(self
            .get(account_key(address))?
            .map(|value| decode_account(value).to_info()))
    }

    fn storage(&mut self, address: Address, slot: U256) -> Result<U256, ReadError> {
        Ok(self
            .get(slot_key(address, slot))?
            .map(decode_slot)
            .unwrap_or_default())
    }

    fn code_by_hash(&mut self, hash: B256) -> Result<Bytecode, ReadError> {
        self.inner
            .code(hash)
            .map_err(|source| ReadError::Storage(source.to_string()))
    }

    fn block_hash(&mut self, number: u64) -> Result<B256, ReadError> {
        let hash = self.inner.store.hash(number);
        let hash = hash.map_err(|source| ReadError::Storage(source.to_string()))?;
        hash.ok_or_else(|| ReadError::Storage(format!("block {number} is missing")))
    }
}
