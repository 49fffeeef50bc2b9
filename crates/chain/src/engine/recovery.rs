//! What a start finds on the disk, and how it gets from there to where the node was.

use super::{Runtime, StartError};
use crate::{
    application::App,
    genesis::Genesis,
    inner::Inner,
    listing,
    pool::{Journal, Origin},
    store::{Store, StoreError},
    view::{SealedBlock, SubmitError},
};
use alloy_consensus::{Header, Transaction as _};
use alloy_primitives::{B256, Bytes, keccak256};
use std::{sync::Arc, time::Duration};
use zhengtong_evm::{decode, recover};
use zhengtong_state::{Key, Value};
use zhengtong_types::header::{Extra, decode_header};

/// How often start-up looks whether stored blocks are applied again.
const CATCH_UP_POLL: Duration = Duration::from_millis(5);

/// How long the state may be one that no stored block has.
const UNKNOWN_STATE_PATIENCE: Duration = Duration::from_secs(30);

/// Stores the genesis block in a new store, and compares it with that of an old one.
pub fn open_genesis(store: &Store, genesis: &Genesis) -> Result<(), StartError> {
    let block = &genesis.block;
    if let Some(stored) = store.block(0)? {
        if stored.hash != block.hash() {
            return Err(StartError::OtherGenesis {
                stored: stored.hash,
                expected: block.hash(),
            });
        }
        return Ok(());
    }
    let sealed = Arc::new(SealedBlock {
        header: block.header().clone(),
        hash: block.hash(),
        transactions: Vec::new(),
        receipts: Vec::new(),
        size_bytes: block.header_rlp().len(),
        timestamp_ms: block.timestamp_ms(),
    });
    Ok(store.put(block, &sealed, &genesis.codes, None)?)
}

/// How many operations the state database has, as far as the latest block says.
pub fn operations(store: &Store) -> Result<u64, StartError> {
    let tip = store.tip()?.unwrap_or_default();
    let Some(block) = store.block(tip)? else {
        return Ok(0);
    };
    let extra = Extra::decode(&block.header.extra_data);
    Ok(extra.map_or(0, |extra| extra.operations()))
}

/// Finds the block that the state database opened at, and waits until it has every block that the store has.
pub async fn catch_up<E: Runtime>(
    context: &E,
    app: &App<E>,
    database: &zhengtong_state::Database<E>,
) -> Result<(), StartError> {
    let target = app.0.store.tip()?.unwrap_or_default();
    let patience = context.current() + UNKNOWN_STATE_PATIENCE;
    while let Some(root) = unknown_root(app, database, target).await? {
        if context.current() > patience {
            return Err(StartError::State(format!(
                "the state database is at {root}, which no stored block is"
            )));
        }
        context.sleep(CATCH_UP_POLL).await;
    }
    while app
        .0
        .pending
        .lock()
        .applied()
        .is_none_or(|applied| applied < target)
    {
        context.sleep(CATCH_UP_POLL).await;
    }
    Ok(())
}

/// Notes which block the state database is at, unless that is known. Answers its root if that is no stored block's: the
/// engine may be applying a block that was not stored before the last stop, and stores it right afterwards.
async fn unknown_root<E: Runtime>(
    app: &App<E>,
    database: &zhengtong_state::Database<E>,
    newest: u64,
) -> Result<Option<B256>, StartError> {
    let guard = database.read().await;
    let root = B256::from_slice(guard.root().as_ref());
    if app.0.pending.lock().applied().is_some() {
        return Ok(None);
    }
    // Below the first block there is nothing but the one that the node began from.
    let oldest = app.0.store.first().saturating_sub(1);
    for number in (oldest..=newest.max(oldest)).rev() {
        if let Some((header, hash)) = header(&app.0.store, number)?
            && header.state_root == root
        {
            let mut pending = app.0.pending.lock();
            if pending.applied().is_none() {
                pending.advance(hash, number);
            }
            return Ok(None);
        }
    }
    Ok(Some(root))
}

/// Reads the list of validators in the middle of this epoch, if that block was applied without it being read: because the
/// node began there, or stopped just then. Later in an epoch a node that begins is not asked for it.
pub async fn read_list<E: Runtime>(
    app: &App<E>,
    database: &zhengtong_state::Database<E>,
) -> Result<(), StartError> {
    let inner = &app.0;
    let Some(applied) = inner.pending.lock().applied() else {
        return Ok(());
    };
    let length = inner.committee.epoch_blocks.get();
    let epoch = applied / length;
    let middle = epoch * length + length / 2;
    let seen = applied >= middle && inner.history.oldest(applied) <= middle;
    if !seen || !inner.committee.lacks_list(epoch) {
        return Ok(());
    }
    let Some((header, _)) = header(&inner.store, middle)? else {
        return Ok(());
    };
    let state = At {
        inner,
        database,
        number: middle,
    };
    let list = listing::read(inner, &header, &state)
        .await
        .map_err(StartError::State)?;
    Ok(inner.committee.listed(epoch, list)?)
}

/// The state after a block that is not the newest.
struct At<'a, E: Runtime> {
    inner: &'a Inner<E>,
    database: &'a zhengtong_state::Database<E>,
    number: u64,
}

impl<E: Runtime> listing::State for At<'_, E> {
    async fn get(&self, key: Key) -> Result<Option<Value>, String> {
        let before = || self.inner.history.get(self.number, &key);
        if let Some(value) = before() {
            return Ok(value);
        }
        let value = self.database.read().await.get(&key).await;
        let value = value.map_err(|source| source.to_string())?;
        // A block that was applied meanwhile published what it overwrote before.
        Ok(before().unwrap_or(value))
    }
}

/// A stored header with its hash.
fn header(store: &Store, number: u64) -> Result<Option<(Header, B256)>, StoreError> {
    let Some(rlp) = store.header(number)? else {
        return Ok(None);
    };
    let header = decode_header(&rlp).map_err(|source| StoreError::Damaged {
        number,
        reason: source.to_string(),
    })?;
    Ok(Some((header, keccak256(&rlp))))
}

/// Waits until the tip is a block that this node keeps whole; until then there is nothing to show.
pub async fn wait_for_first<E: Runtime>(context: &E, app: &App<E>) {
    let first = app.0.store.first();
    while app.0.tip().header.number < first {
        context.sleep(CATCH_UP_POLL).await;
    }
}

/// Puts journaled transactions that are not finalized back into the pool.
pub async fn restore<E: Runtime>(
    app: &App<E>,
    mut journal: Journal<E>,
    journaled: Vec<Bytes>,
) -> Result<Journal<E>, StartError> {
    let total = journaled.len();
    for raw in journaled {
        // What was accepted under other rules is not accepted any more.
        let Ok(transaction) = decode(&raw, &app.0.rules).and_then(recover) else {
            continue;
        };
        let sender = app.0.sender(&transaction).await;
        let sender = sender.map_err(|source| StartError::State(source.to_string()))?;
        let next = sender.account.map_or(0, |account| account.nonce);
        if transaction.nonce() < next {
            continue;
        }
        let hash = *transaction.tx_hash();
        // Its quota was there when it was accepted.
        let standing = sender.standing.unbound();
        let reserved = app
            .0
            .pool
            .reserve(transaction, raw, next, Origin::Restored, Some(&standing));
        match reserved {
            Ok(()) => app.0.pool.activate([hash]),
            Err(SubmitError::AlreadyKnown { .. }) => {}
            Err(error) => tracing::warn!(%hash, %error, "a journaled transaction is no longer accepted"),
        }
    }
    if total > 0 {
        tracing::info!(
            journaled = total,
            waiting = app.0.pool.len(),
            "transactions restored"
        );
        journal.compact(&app.0.pool.live()).await?;
    }
    Ok(journal)
}
