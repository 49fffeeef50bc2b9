//! Executes a block's transactions on the state that its parent left.

use crate::{
    inner::Inner,
    metrics::charged,
    pending::Executed,
    quota::{Meter, OverQuota, Place, Request},
    rules::Rules,
};
use alloy_primitives::{
    Address, B256, Bytes, U256,
    map::{B256Map, HashMap},
};
use commonware_runtime::Spawner;
use commonware_storage::Context;
use std::{sync::Arc, time::SystemTime};
use thiserror::Error;
use zhengtong_evm::{
    AccountInfo, BlockContext, Bytecode, Database, ExecuteError, Executor, InvalidTransaction, Outcome,
    Transaction,
};
use zhengtong_state::{
    Key, ReadError, Unmerkleized, Value, Wait, account_key, decode_account, decode_slot, slot_key, wait_for,
};

/// What to do with a transaction that cannot run.
pub enum Policy<E> {
    /// Leave it out: the block is being built. No transaction is begun after `until`.
    Skip { until: SystemTime, clock: Arc<E> },
    /// Stop: the block is being checked.
    Refuse,
}

impl<E> Clone for Policy<E> {
    fn clone(&self) -> Self {
        match self {
            Self::Skip { until, clock } => Self::Skip {
                until: *until,
                clock: clock.clone(),
            },
            Self::Refuse => Self::Refuse,
        }
    }
}

/// Why execution stopped.
#[derive(Debug, Error)]
pub enum ExecutionError {
    #[error("transaction {index} cannot run: {reason}")]
    Invalid { index: usize, reason: String },
    #[error("storage failed: {0}")]
    Storage(String),
}

/// What execution gave, and the batch it read from.
pub struct Run<E: Context + Spawner> {
    pub outcome: Outcome,
    pub batch: Unmerkleized<E>,
    /// Indices of the transactions that were executed.
    pub included: Vec<usize>,
    /// Those that cannot run on this state, with the reason.
    pub invalid: Vec<(usize, InvalidTransaction)>,
    /// Those that are over their quotas.
    pub over_quota: Vec<(usize, OverQuota)>,
}

/// Executes transactions on the batch of the parent `parent`.
pub async fn run<E: Context + Spawner>(
    inner: Arc<Inner<E>>,
    parent: B256,
    batch: Unmerkleized<E>,
    context: BlockContext,
    transactions: Vec<Arc<Transaction>>,
    policy: Policy<E>,
    rules: Arc<dyn Rules>,
) -> Result<Run<E>, ExecutionError> {
    let wait = inner.wait.clone();
    let mut state = ParentState::new(inner, parent, batch);
    loop {
        let driven = match &wait {
            Wait::Refuse => drive(state, &context, &transactions, &policy, &*rules),
            // Reads block their thread there.
            Wait::Block(runtime) => {
                let (transactions, policy, rules) = (transactions.clone(), policy.clone(), rules.clone());
                let driven = runtime
                    .spawn_blocking(move || drive(state, &context, &transactions, &policy, &*rules))
                    .await;
                driven.map_err(|source| ExecutionError::Storage(source.to_string()))?
            }
        };
        match driven? {
            Driven::Done(run) => return Ok(run),
            Driven::Missing(key, returned) => {
                state = returned;
                state.fetch(key).await?;
            }
        }
    }
}

#[expect(clippy::large_enum_variant, reason = "one a try, and taken apart at once")]
enum Driven<E: Context + Spawner> {
    Done(Run<E>),
    /// A value has to be awaited; then everything runs again.
    Missing(Key, ParentState<E>),
}

fn drive<E: Context + Spawner>(
    state: ParentState<E>,
    context: &BlockContext,
    transactions: &[Arc<Transaction>],
    policy: &Policy<E>,
    rules: &dyn Rules,
) -> Result<Driven<E>, ExecutionError> {
    let inner = state.inner.clone();
    let metrics = &inner.metrics;
    let mut executor = Executor::new(state, context);
    let place = Place {
        number: context.number,
        timestamp_s: context.timestamp,
    };
    let judge = |is_valid| rules.check_token(is_valid);
    let mut meter = Meter::new(&inner.quotas, place).judged_by(&judge);
    let ran = charged(&metrics.cost.execution, || {
        execute_all(&mut executor, &mut meter, transactions, policy, rules)
    });
    let Ran {
        included,
        invalid,
        over_quota,
    } = match ran {
        Ok(ran) => ran,
        Err(Stopped::Missing(key)) => return Ok(Driven::Missing(key, executor.finish().1)),
        Err(Stopped::Failed(error)) => return Err(error),
    };
    metrics.executed.inc_by(included.len() as u64);
    let counted = meter.finish();
    let (outcome, state) = charged(&metrics.cost.hashing, || executor.finish_with(&counted));
    Ok(Driven::Done(Run {
        outcome,
        batch: state.batch,
        included,
        invalid,
        over_quota,
    }))
}

/// Which transactions were executed, and which cannot run.
struct Ran {
    included: Vec<usize>,
    invalid: Vec<(usize, InvalidTransaction)>,
    over_quota: Vec<(usize, OverQuota)>,
}

/// Why not all of them were tried.
enum Stopped {
    Missing(Key),
    Failed(ExecutionError),
}

impl Stopped {
    fn of(error: ReadError) -> Self {
        match error {
            ReadError::Pending(key) => Self::Missing(key),
            ReadError::Storage(source) => Self::Failed(ExecutionError::Storage(source)),
        }
    }
}

fn execute_all<E: Context + Spawner>(
    executor: &mut Executor<ParentState<E>>,
    meter: &mut Meter<'_>,
    transactions: &[Arc<Transaction>],
    policy: &Policy<E>,
    rules: &dyn Rules,
) -> Result<Ran, Stopped> {
    executor.reserve(transactions.len());
    let mut included = Vec::with_capacity(transactions.len());
    let (mut invalid, mut over_quota) = (Vec::new(), Vec::new());
    for (index, transaction) in transactions.iter().enumerate() {
        if let Policy::Skip { until, clock } = policy
            && clock.current() > *until
        {
            break;
        }
        let request = Request::from(&**transaction);
        let admitted = meter.admit(&request, |address, slot| executor.slot_before(address, slot));
        if let Err(over) = admitted.map_err(Stopped::of)?
            && let Err(reason) = rules.check_quota(&over)
        {
            match policy {
                Policy::Skip { .. } => over_quota.push((index, over)),
                Policy::Refuse => {
                    let reason = reason.to_string();
                    return Err(Stopped::Failed(ExecutionError::Invalid { index, reason }));
                }
            }
            continue;
        }
        let before = executor.gas_used();
        let refused = match executor.execute(transaction) {
            Ok(_) => {
                meter.settle(request.account, executor.gas_used() - before);
                None
            }
            Err(ExecuteError::Database(source)) => return Err(Stopped::of(source)),
            Err(ExecuteError::Invalid(reason)) => {
                invalid.push((index, reason.clone()));
                Some(reason.to_string())
            }
            Err(other) => Some(other.to_string()),
        };
        match (refused, policy) {
            (None, _) => included.push(index),
            (Some(_), Policy::Skip { .. }) => {}
            (Some(reason), Policy::Refuse) => {
                return Err(Stopped::Failed(ExecutionError::Invalid { index, reason }));
            }
        }
    }
    Ok(Ran {
        included,
        invalid,
        over_quota,
    })
}

/// The state after a parent block: what its unapplied ancestors wrote, over the applied state.
struct ParentState<E: Context + Spawner> {
    inner: Arc<Inner<E>>,
    batch: Unmerkleized<E>,
    /// Executed blocks from the parent down to the applied one. Without it only the batch knows what they wrote.
    ancestors: Option<Vec<Arc<Executed>>>,
    /// What had to be awaited.
    fetched: HashMap<Key, Option<Value>>,
}

impl<E: Context + Spawner> ParentState<E> {
    fn new(inner: Arc<Inner<E>>, parent: B256, batch: Unmerkleized<E>) -> Self {
        let ancestors = inner.pending.lock().chain(parent);
        Self {
            inner,
            batch,
            ancestors,
            fetched: HashMap::default(),
        }
    }

    fn read(&self, key: Key) -> Result<Option<Value>, ReadError> {
        if let Some(value) = self.fetched.get(&key) {
            return Ok(value.clone());
        }
        let read = async || {
            self.batch
                .get(&key)
                .await
                .map_err(|source| ReadError::Storage(source.to_string()))
        };
        let Some(ancestors) = &self.ancestors else {
            return wait_for(&self.inner.wait, key, read())?;
        };
        if let Some(value) = ancestors.iter().find_map(|ancestor| ancestor.values.get(&key)) {
            return Ok(value.clone());
        }
        let began = match self.inner.cache.get(&key) {
            Ok(value) => return Ok(value),
            Err(began) => began,
        };
        let value = wait_for(&self.inner.wait, key, read())??;
        self.inner.cache.fill(began, key, value.clone());
        Ok(value)
    }

    async fn fetch(&mut self, key: Key) -> Result<(), ExecutionError> {
        let value = self
            .batch
            .get(&key)
            .await
            .map_err(|source| ExecutionError::Storage(source.to_string()))?;
        self.fetched.insert(key, value);
        Ok(())
    }
}

impl<E: Context + Spawner> Database for ParentState<E> {
    type Error = ReadError;

    fn basic(&mut self, address: Address) -> Result<Option<AccountInfo>, ReadError> {
        Ok(self
            .read(account_key(address))?
            .map(|value| decode_account(&value).to_info()))
    }

    fn storage(&mut self, address: Address, slot: U256) -> Result<U256, ReadError> {
        Ok(self
            .read(slot_key(address, slot))?
            .map(|value| decode_slot(&value))
            .unwrap_or_default())
    }

    fn code_by_hash(&mut self, hash: B256) -> Result<Bytecode, ReadError> {
        let mut ancestors = self.ancestors.iter().flatten();
        if let Some(code) = ancestors.find_map(|ancestor| ancestor.bytecodes.get(&hash)) {
            return Ok(code.clone());
        }
        self.inner
            .code(hash)
            .map_err(|source| ReadError::Storage(source.to_string()))
    }

    fn block_hash(&mut self, number: u64) -> Result<B256, ReadError> {
        let mut ancestors = self.ancestors.iter().flatten();
        if let Some(ancestor) = ancestors.find(|ancestor| ancestor.block.number() == number) {
            return Ok(ancestor.block.hash());
        }
        let hash = self
            .inner
            .store
            .hash(number)
            .map_err(|source| ReadError::Storage(source.to_string()))?;
        hash.ok_or_else(|| ReadError::Storage(format!("block {number} is missing")))
    }
}

/// New code of a block, by hash.
pub fn bytecodes(codes: &[(B256, Bytes)]) -> B256Map<Bytecode> {
    codes
        .iter()
        .map(|(hash, code)| (*hash, Bytecode::new_raw(code.clone())))
        .collect()
}
