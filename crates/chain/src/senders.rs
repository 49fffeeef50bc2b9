//! Recovers the senders of transactions that are submitted at the same time together, which takes less.

use crate::{
    metrics::{Metrics, charged},
    view::SubmitError,
};
use alloy_primitives::Bytes;
use tokio::sync::{mpsc, oneshot};
use zhengtong_evm::{Transaction, TransactionError, TransactionRules, recover_together};

/// Transactions that may wait for their sender.
const QUEUE: usize = 4_096;
/// Most in one group: enough to share what it costs, and little enough that nobody waits long for its end.
const GROUP: usize = 64;

/// A raw transaction, and who waits for its sender.
#[derive(Debug)]
pub struct Unread {
    raw: Bytes,
    done: oneshot::Sender<Result<Transaction, TransactionError>>,
}

/// The asking end.
#[derive(Clone, Debug)]
pub struct Senders(mpsc::Sender<Unread>);

impl Senders {
    /// The asking end and the queue that [`run_senders`] drains.
    pub fn new() -> (Self, mpsc::Receiver<Unread>) {
        let (sender, queue) = mpsc::channel(QUEUE);
        (Self(sender), queue)
    }

    pub async fn recover(&self, raw: Bytes) -> Result<Transaction, SubmitError> {
        let (done, answer) = oneshot::channel();
        let sent = self.0.send(Unread { raw, done }).await;
        sent.map_err(|_| SubmitError::Stopping)?;
        Ok(answer.await.map_err(|_| SubmitError::Stopping)??)
    }
}

/// Recovers until every [`Senders`] is gone, together those that came while others were recovered.
pub async fn run_senders(mut queue: mpsc::Receiver<Unread>, rules: TransactionRules, metrics: Metrics) {
    let mut group = Vec::new();
    while queue.recv_many(&mut group, GROUP).await > 0 {
        // A caller that went away does not want the answer.
        group.retain(|one| !one.done.is_closed());
        let (raws, waiting): (Vec<_>, Vec<_>) = group.drain(..).map(|one| (one.raw, one.done)).unzip();
        let recovered = charged(&metrics.cost.recovery, || recover_together(&raws, &rules));
        for (done, transaction) in waiting.into_iter().zip(recovered) {
            // As above.
            let _ = done.send(transaction);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_consensus::{SignableTransaction as _, TxEip1559, TxEnvelope};
    use alloy_eips::eip2718::Encodable2718 as _;
    use alloy_primitives::{Address, B256, Signature, U256};
    use alloy_signer::SignerSync as _;
    use alloy_signer_local::PrivateKeySigner;
    use commonware_runtime::{Runner as _, Spawner as _, Supervisor as _, deterministic};
    use futures::future::join_all;

    const CHAIN_ID: u64 = 7;

    fn signed(key: &PrivateKeySigner, nonce: u64, broken: bool) -> Bytes {
        let unsigned = TxEip1559 {
            chain_id: CHAIN_ID,
            nonce,
            gas_limit: 21_000,
            to: Address::ZERO.into(),
            ..TxEip1559::default()
        };
        let signature = key
            .sign_hash_sync(&unsigned.signature_hash())
            .expect("a key signs");
        let signature = match broken {
            true => Signature::new(signature.r(), U256::MAX, signature.v()),
            false => signature,
        };
        TxEnvelope::from(unsigned.into_signed(signature))
            .encoded_2718()
            .into()
    }

    #[test]
    fn each_of_many_gets_its_own_answer() {
        deterministic::Runner::default().start(async |context| {
            let (senders, unread) = Senders::new();
            let metrics = Metrics::new(&context.child("chain"));
            let rules = TransactionRules::new(CHAIN_ID);
            context
                .child("senders")
                .spawn(move |_| run_senders(unread, rules, metrics));
            let key = |index| PrivateKeySigner::from_bytes(&B256::with_last_byte(index)).expect("a key");
            let asked = (1..=30_u8).map(async |index| {
                let raw = match index {
                    3 => Bytes::from_static(&[0xC0]),
                    _ => signed(&key(index), index.into(), index == 7),
                };
                (index, senders.recover(raw).await)
            });
            for (index, answer) in join_all(asked).await {
                match index {
                    3 => assert!(matches!(
                        answer,
                        Err(SubmitError::Transaction(TransactionError::Malformed(_)))
                    )),
                    7 => assert_eq!(
                        answer,
                        Err(SubmitError::Transaction(TransactionError::BadSignature))
                    ),
                    _ => assert_eq!(answer.expect("signed").signer(), key(index).address()),
                }
            }
        });
    }

    #[test]
    fn who_went_away_is_left_out_and_nobody_waits_for_a_task_that_ended() {
        deterministic::Runner::default().start(async |context| {
            let (senders, unread) = Senders::new();
            let metrics = Metrics::new(&context.child("chain"));
            let key = PrivateKeySigner::from_bytes(&B256::with_last_byte(1)).expect("a key");
            let left = futures::poll!(std::pin::pin!(senders.recover(signed(&key, 0, false))));
            assert!(left.is_pending());
            let rules = TransactionRules::new(CHAIN_ID);
            let task = context
                .child("senders")
                .spawn(move |_| run_senders(unread, rules, metrics));
            let found = senders.recover(signed(&key, 1, false)).await.expect("signed");
            assert_eq!(found.signer(), key.address());
            task.abort();
            assert_eq!(
                senders.recover(signed(&key, 2, false)).await,
                Err(SubmitError::Stopping)
            );
        });
    }
}
