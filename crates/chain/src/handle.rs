//! [`ChainView`] of a running node.

use crate::{
    committee::Now,
    inner::Inner,
    metrics::charged,
    pool::Origin,
    quota::{QuotaRules, Sender, Standing},
    view::{ChainView, MAX_PROVEN_SLOTS, SealedBlock, SubmitError, ViewError, Waiting},
};
use alloy_consensus::Transaction as _;
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use commonware_runtime::Spawner;
use commonware_storage::Context;
use std::sync::Arc;
use tokio::sync::broadcast;
use zhengtong_evm::{
    AccountInfo, Bytecode, Database, EMPTY_CODE_HASH, Transaction, TransactionError, TransactionRules,
    recover_together,
};
use zhengtong_state::{Key, Value, account_key, decode_account, decode_slot, prove_key, slot_key, wait_for};
use zhengtong_types::{Finality, NetworkInfo, SlotEntry, StateProof, limits::MAX_HEADERS};

/// Times a proof is tried while the chain advances under it.
const PROOF_TRIES: usize = 8;

/// Read and submit access to a running node.
pub struct Handle<E: Context + Spawner>(pub(crate) Arc<Inner<E>>);

impl<E: Context + Spawner> Clone for Handle<E> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<E: Context + Spawner> Handle<E> {
    /// What the state says of a transaction: the account's next nonce, and whose share it takes.
    async fn check(&self, transaction: &Transaction) -> Result<(u64, Standing), SubmitError> {
        let Sender { account, standing } = self.0.sender(transaction).await.map_err(unreadable)?;
        let (next, balance) = account.map_or((0, U256::ZERO), |account| (account.nonce, account.balance));
        if let Some(account) = account
            && account.code_hash != EMPTY_CODE_HASH
            && !self.is_delegation(account.code_hash)?
        {
            return Err(SubmitError::SenderIsContract(transaction.signer()));
        }
        if transaction.value() > balance {
            return Err(SubmitError::InsufficientFunds {
                balance,
                value: transaction.value(),
            });
        }
        Ok((next, standing))
    }

    /// Whether code only says where the account's code is (EIP-7702): its owner still signs.
    fn is_delegation(&self, code_hash: B256) -> Result<bool, SubmitError> {
        let code = self.0.code(code_hash);
        let code = code.map_err(|source| SubmitError::Storage(source.to_string()))?;
        Ok(code.is_eip7702())
    }
}

/// Why a submission cannot be checked.
fn unreadable(source: ViewError) -> SubmitError {
    match source {
        ViewError::Stopping | ViewError::Starting => SubmitError::Stopping,
        other => SubmitError::Storage(other.to_string()),
    }
}

impl<E: Context + Spawner> Handle<E> {
    /// Pools a transaction and makes it durable.
    async fn take(&self, raw: Bytes) -> Result<B256, SubmitError> {
        let transaction = self.0.senders.recover(raw.clone()).await?;
        let (next, standing) = self.check(&transaction).await?;
        let hash = *transaction.tx_hash();
        let permit = self.0.writer.permit().await.ok_or(SubmitError::Stopping)?;
        self.0
            .pool
            .reserve(transaction, raw.clone(), next, Origin::Submitted, Some(&standing))?;
        match permit.append(hash, raw).await {
            Ok(Ok(())) => Ok(hash),
            Ok(Err(source)) => Err(SubmitError::Storage(source.to_string())),
            Err(_) => Err(SubmitError::Stopping),
        }
    }

    /// What another validator passed on and this one does not have, with what it reads as.
    pub(crate) fn read(&self, mut raws: Vec<Bytes>) -> Vec<(Bytes, Result<Transaction, TransactionError>)> {
        raws.retain(|raw| self.0.pool.get(keccak256(raw)).is_none());
        let recovered = charged(&self.0.metrics.cost.recovery, || {
            recover_together(&raws, &self.0.rules)
        });
        raws.into_iter().zip(recovered).collect()
    }

    /// Pools a transaction that another validator accepted and has on disk.
    pub(crate) async fn adopt(&self, transaction: Transaction, raw: Bytes) -> Result<(), SubmitError> {
        let (next, standing) = self.check(&transaction).await?;
        let hash = *transaction.tx_hash();
        self.0
            .pool
            .reserve(transaction, raw, next, Origin::PassedOn, Some(&standing))?;
        self.0.pool.activate([hash]);
        Ok(())
    }
}

impl<E: Context + Spawner> ChainView for Handle<E> {
    type State = StateView<E>;

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
        self.0.tip()
    }

    fn first_block(&self) -> u64 {
        self.0.store.first()
    }

    fn epoch(&self) -> Option<Now> {
        self.0.committee.at(self.0.tip().header.number + 1)
    }

    fn block(&self, number: u64) -> Result<Option<Arc<SealedBlock>>, ViewError> {
        self.0.require_kept(number)?;
        let tip = self.0.tip();
        if number >= tip.header.number {
            return Ok((number == tip.header.number).then_some(tip));
        }
        Ok(self.0.store.block(number)?)
    }

    fn block_number(&self, hash: B256) -> Result<Option<u64>, ViewError> {
        let tip = self.0.tip().header.number;
        Ok(self.0.store.number(hash)?.filter(|number| *number <= tip))
    }

    fn transaction(&self, hash: B256) -> Result<Option<(u64, usize)>, ViewError> {
        let tip = self.0.tip().header.number;
        Ok(self
            .0
            .store
            .transaction(hash)?
            .filter(|(number, _)| *number <= tip))
    }

    fn pending_transaction(&self, hash: B256) -> Option<Transaction> {
        self.0.pool.get(hash)
    }

    fn waiting(&self) -> Vec<Waiting> {
        self.0.pool.waiting()
    }

    fn finality(&self, number: u64) -> Result<Option<Finality>, ViewError> {
        if number > self.0.tip().header.number {
            return Ok(None);
        }
        let first = self.0.store.first();
        if number < first {
            return Err(ViewError::NotKept { number, first });
        }
        let Some((certified, certificate)) = self.0.store.certificate(number)? else {
            return Ok(None);
        };
        if certified - number >= MAX_HEADERS as u64 {
            return Err(ViewError::Storage(format!(
                "block {number} is too far below a certificate"
            )));
        }
        let missing = |number| ViewError::Storage(format!("block {number} is missing"));
        let headers = (number..=certified)
            .rev()
            .map(|at| self.0.header_rlp(at)?.ok_or_else(|| missing(at)));
        Ok(Some(Finality {
            certificate,
            headers: headers.collect::<Result<_, _>>()?,
        }))
    }

    fn state(&self, at: u64) -> Result<StateView<E>, ViewError> {
        let latest = self.0.tip().header.number;
        if at > latest {
            return Err(ViewError::UnknownBlock { number: at, latest });
        }
        let applied = self.0.pending.lock().applied().ok_or(ViewError::Starting)?;
        let oldest = self.0.history.oldest(applied);
        if at < oldest {
            return Err(ViewError::StateGone {
                number: at,
                oldest,
                latest,
            });
        }
        Ok(StateView {
            inner: self.0.clone(),
            at,
        })
    }

    async fn prove(&self, address: Address, slots: &[B256]) -> Result<StateProof, ViewError> {
        if slots.len() > MAX_PROVEN_SLOTS {
            return Err(ViewError::TooManySlots {
                slots: slots.len(),
                max: MAX_PROVEN_SLOTS,
            });
        }
        let database = self.0.database.get().ok_or(ViewError::Starting)?;
        let failed = |source: zhengtong_state::ProveError| ViewError::Storage(source.to_string());
        for _ in 0..PROOF_TRIES {
            let mut blocks = self.0.subscribe();
            let guard = database.read().await;
            let tip = self.0.tip();
            if guard.root().as_ref() == tip.header.state_root.as_slice() {
                let account = prove_key(&*guard, account_key(address)).await.map_err(failed)?;
                let mut proven = Vec::with_capacity(slots.len());
                for slot in slots {
                    let key = slot_key(address, U256::from_be_bytes(slot.0));
                    proven.push(SlotEntry {
                        slot: *slot,
                        entry: prove_key(&*guard, key).await.map_err(failed)?,
                    });
                }
                drop(guard);
                let number = tip.header.number;
                let finality = self.finality(number)?;
                let finality =
                    finality.ok_or_else(|| ViewError::Storage("the tip has no certificate".into()))?;
                return Ok(StateProof {
                    finality,
                    block_number: number,
                    address,
                    account,
                    slots: proven,
                });
            }
            drop(guard);
            // The database is ahead of the tip until a certificate arrives; that is the next thing to happen.
            if let Err(broadcast::error::RecvError::Closed) = blocks.recv().await {
                return Err(ViewError::Stopping);
            }
        }
        Err(ViewError::Moved)
    }

    async fn submit(&self, raw: Bytes) -> Result<B256, SubmitError> {
        let span =
            tracing::info_span!(target: crate::TRACED, "pool.accept", bytes = crate::figure(raw.len()));
        let taken = tracing::Instrument::instrument(self.take(raw), span).await;
        let metrics = &self.0.metrics;
        match &taken {
            Ok(_) => &metrics.submitted,
            Err(SubmitError::Quota(_)) => {
                metrics.over_quota.inc();
                &metrics.refused
            }
            Err(_) => &metrics.refused,
        }
        .inc();
        taken
    }

    async fn pending_nonce(&self, address: Address) -> Result<u64, ViewError> {
        let next = self.0.account(address).await?.map_or(0, |account| account.nonce);
        Ok(self.0.pool.next_nonce(address, next))
    }

    fn subscribe(&self) -> broadcast::Receiver<Arc<SealedBlock>> {
        self.0.subscribe()
    }

    fn subscribe_pending(&self) -> broadcast::Receiver<B256> {
        self.0.pool.subscribe()
    }
}

/// State after block `at`, for execution. It stays what it is while the chain advances, until `at` leaves the window.
pub struct StateView<E: Context + Spawner> {
    inner: Arc<Inner<E>>,
    at: u64,
}

impl<E: Context + Spawner> StateView<E> {
    fn read(&self, key: Key) -> Result<Option<Value>, ViewError> {
        if let Some(value) = self.inner.history.get(self.at, &key) {
            return Ok(value);
        }
        let read = wait_for(&self.inner.wait, key, self.inner.read(key));
        let value = read.map_err(|source| ViewError::Storage(source.to_string()))??;
        // A block that was applied meanwhile published what it overwrote before.
        if let Some(value) = self.inner.history.get(self.at, &key) {
            return Ok(value);
        }
        let latest = self.inner.tip().header.number;
        let applied = self.inner.pending.lock().applied().ok_or(ViewError::Starting)?;
        let oldest = self.inner.history.oldest(applied);
        if self.at < oldest {
            return Err(ViewError::StateGone {
                number: self.at,
                oldest,
                latest,
            });
        }
        Ok(value)
    }
}

impl<E: Context + Spawner> Database for StateView<E> {
    type Error = ViewError;

    fn basic(&mut self, address: Address) -> Result<Option<AccountInfo>, ViewError> {
        Ok(self
            .read(account_key(address))?
            .map(|value| decode_account(&value).to_info()))
    }

    fn storage(&mut self, address: Address, slot: U256) -> Result<U256, ViewError> {
        Ok(self
            .read(slot_key(address, slot))?
            .map(|value| decode_slot(&value))
            .unwrap_or_default())
    }

    fn code_by_hash(&mut self, hash: B256) -> Result<Bytecode, ViewError> {
        self.inner.code(hash)
    }

    fn block_hash(&mut self, number: u64) -> Result<B256, ViewError> {
        Ok(self.inner.store.hash(number)?.unwrap_or_default())
    }
}
