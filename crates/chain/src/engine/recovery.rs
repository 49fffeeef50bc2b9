//! What a start finds on the disk, and how it gets from there to where the node was.

use super::{Runtime, StartError};
use crate::{
    application::App,
    genesis::Genesis,
    pool::{Journal, Origin},
    store::Store,
    view::{SealedBlock, SubmitError},
};
use alloy_consensus::Transaction as _;
use alloy_primitives::{B256, Bytes};
use std::{sync::Arc, time::Duration};
use zhengtong_evm::{decode, recover};

/// How often start-up looks whether stored blocks are applied again.
const CATCH_UP_POLL: Duration = Duration::from_millis(5);

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

/// Finds the block that the state database opened at, and waits until it has every block that the store has.
pub async fn catch_up<E: Runtime>(
    context: &E,
    app: &App<E>,
    database: &zhengtong_state::Database<E>,
) -> Result<(), StartError> {
    let target = app.0.store.tip()?.unwrap_or_default();
    {
        let guard = database.read().await;
        let root = B256::from_slice(guard.root().as_ref());
        let mut pending = app.0.pending.lock();
        if pending.applied().is_none() {
            let newest = app.0.store.tip()?.unwrap_or_default();
            let mut at = newest;
            loop {
                match app.0.store.block(at)? {
                    Some(block) if block.header.state_root == root => {
                        pending.advance(block.hash, at);
                        break;
                    }
                    _ if at == 0 => {
                        return Err(StartError::State(format!(
                            "the state database is at {root}, which no stored block is"
                        )));
                    }
                    _ => at -= 1,
                }
            }
        }
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
        let account = app.0.account(transaction.signer()).await;
        let next = account
            .map_err(|source| StartError::State(source.to_string()))?
            .map_or(0, |account| account.nonce);
        if transaction.nonce() < next {
            continue;
        }
        let hash = *transaction.tx_hash();
        match app.0.pool.reserve(transaction, raw, next, Origin::Submitted) {
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
