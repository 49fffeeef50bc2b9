//! Passes accepted transactions on to the other validators, so that whoever leads next can include them.
//!
//! This is a convenience, not a promise: messages may be lost, and only the validator that acknowledged a transaction has
//! it on disk. A message is a list of raw transactions of at most [`MAX_MESSAGE_BYTES`].

use crate::{committee::Committee, handle::Handle, pool::Pool, view::SubmitError};
use alloy_primitives::Bytes;
use commonware_codec::{Decode as _, Encode as _, RangeCfg};
use commonware_p2p::{Blocker, Receiver, Recipients, Sender};
use commonware_runtime::{Clock, Spawner};
use commonware_storage::Context;
use std::{sync::Arc, time::Duration};
use tokio::sync::mpsc;
use zhengtong_evm::TransactionError;
use zhengtong_types::consensus::{MAX_TRANSACTION_BYTES, ValidatorKey};

/// Most transactions in one message.
const MAX_COUNT: usize = 64;
/// Largest message, in bytes.
pub const MAX_MESSAGE_BYTES: usize = 256 * 1024;
/// Transactions that wait to be passed on; more are not passed on.
pub const QUEUE: usize = 4_096;

/// How often a node that never leads says what still waits.
const REPEAT: Duration = Duration::from_secs(10);

/// Sends what was accepted here to everyone, several at a time.
pub async fn send<S: Sender<PublicKey = ValidatorKey>>(mut sender: S, mut accepted: mpsc::Receiver<Bytes>) {
    let mut waiting: Option<Bytes> = None;
    loop {
        let Some(first) = (match waiting.take() {
            Some(first) => Some(first),
            None => accepted.recv().await,
        }) else {
            return;
        };
        let mut bytes = first.len();
        let mut message = vec![first.0];
        while message.len() < MAX_COUNT {
            let Ok(next) = accepted.try_recv() else { break };
            if bytes + next.len() > MAX_MESSAGE_BYTES / 2 {
                waiting = Some(next);
                break;
            }
            bytes += next.len();
            message.push(next.0);
        }
        // Whoever does not get it includes these transactions later or not at all.
        let _ = sender.send(Recipients::All, message.encode(), false);
    }
}

/// Says again what still waits at a node that does not lead, so that what it acknowledged is included although a message
/// was lost. The others know most of it already.
pub async fn repeat<E: Clock>(
    clock: E,
    committee: Arc<Committee>,
    pool: Arc<Pool>,
    accepted: mpsc::Sender<Bytes>,
) {
    loop {
        clock.sleep(REPEAT).await;
        if committee.votes() {
            continue;
        }
        for raw in pool.live().into_iter().take(QUEUE) {
            // Without room, it is said the next time.
            let _ = accepted.try_send(raw);
        }
    }
}

/// Takes in what others accepted. A peer that sends what no honest validator would is blocked.
pub async fn receive<E, R, B>(mut receiver: R, mut blocker: B, handle: Handle<E>)
where
    E: Context + Spawner,
    R: Receiver<PublicKey = ValidatorKey>,
    B: Blocker<PublicKey = ValidatorKey>,
{
    let limits = (
        RangeCfg::new(1..=MAX_COUNT),
        RangeCfg::new(1..=MAX_TRANSACTION_BYTES),
    );
    while let Ok((peer, message)) = receiver.recv().await {
        let Ok(raws) = Vec::<bytes::Bytes>::decode_cfg(message, &limits) else {
            tracing::warn!(%peer, "a validator sent a malformed list of transactions");
            blocker.block(peer);
            continue;
        };
        for (raw, transaction) in handle.read(raws.into_iter().map(Bytes::from).collect()) {
            let adopted = match transaction {
                Ok(transaction) => handle.adopt(transaction, raw).await,
                Err(reason) => Err(reason.into()),
            };
            match adopted {
                // It may be known already, be done, or find no room.
                Ok(()) => {}
                Err(SubmitError::Transaction(reason)) if no_honest_peer_sends(&reason) => {
                    tracing::warn!(%peer, "a validator passed on what is not a transaction");
                    blocker.block(peer.clone());
                    break;
                }
                Err(error) => tracing::trace!(%peer, %error, "a passed-on transaction was not taken"),
            }
        }
    }
}

/// Whether a transaction is wrong under any rules that a validator of this network may have. Rules on types and sizes
/// can be wider in a newer version.
fn no_honest_peer_sends(reason: &TransactionError) -> bool {
    matches!(
        reason,
        TransactionError::Malformed(_)
            | TransactionError::BadSignature
            | TransactionError::WrongChain { .. }
            | TransactionError::FeeOrder
            | TransactionError::NonceOverflow(_)
    )
}
