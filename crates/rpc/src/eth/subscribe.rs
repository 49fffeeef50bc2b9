//! `eth_subscribe`: new heads, logs, accepted transactions and receipts.
//!
//! Every block is delivered, in order: when a reader is slower than the chain, what it missed is read from the store.

use crate::{
    RpcError,
    api::Api,
    args::Args,
    convert,
    eth::{logs, transactions},
    limits::MAX_FILTER_TERMS,
};
use alloy_primitives::B256;
use alloy_rpc_types_eth::{
    Filter, TransactionReceipt,
    pubsub::{Params, SubscriptionKind},
};
use jsonrpsee::{
    PendingSubscriptionSink, SubscriptionSink, core::SubscriptionResult, types::Params as RawParams,
};
use serde::Serialize;
use std::sync::Arc;
use tokio::sync::broadcast::{Receiver, error::RecvError};
use zhengtong_chain::{ChainView, SealedBlock};

/// A checked request.
enum Wanted {
    Heads,
    Logs(Box<Filter>),
    Pending {
        full: bool,
    },
    /// Receipts of these transactions, or of all.
    Receipts(Option<Vec<B256>>),
    /// This node only shows final blocks; there is never progress to report.
    Syncing,
}

impl Wanted {
    fn read(params: &RawParams<'_>) -> Result<Self, RpcError> {
        let mut args = Args::new(params)?;
        let kind: SubscriptionKind = args.required("kind")?;
        let params: Params = args.optional("params")?.unwrap_or_default();
        let wanted = match (kind, params) {
            (SubscriptionKind::NewHeads, Params::None) => Self::Heads,
            (SubscriptionKind::Syncing, Params::None) => Self::Syncing,
            (SubscriptionKind::NewPendingTransactions, Params::None) => Self::Pending { full: false },
            (SubscriptionKind::NewPendingTransactions, Params::Bool(full)) => Self::Pending { full },
            (SubscriptionKind::Logs, Params::None) => Self::Logs(Box::default()),
            (SubscriptionKind::Logs, Params::Logs(filter)) => {
                logs::check(&filter)?;
                Self::Logs(filter)
            }
            (SubscriptionKind::TransactionReceipts, Params::None) => Self::Receipts(None),
            (SubscriptionKind::TransactionReceipts, Params::TransactionReceipts(params)) => {
                let hashes = params.transaction_hashes.filter(|hashes| !hashes.is_empty());
                if hashes
                    .as_ref()
                    .is_some_and(|hashes| hashes.len() > MAX_FILTER_TERMS)
                {
                    return Err(args.refuse("params", format!("more than {MAX_FILTER_TERMS} hashes")));
                }
                Self::Receipts(hashes)
            }
            _ => return Err(args.refuse("params", "do not belong to this kind of subscription")),
        };
        args.end()?;
        Ok(wanted)
    }
}

/// Serves one subscription until the reader leaves.
pub(crate) async fn serve<V: ChainView>(
    params: RawParams<'static>,
    pending: PendingSubscriptionSink,
    api: Arc<Api<V>>,
) -> SubscriptionResult {
    let wanted = match Wanted::read(&params) {
        Ok(wanted) => wanted,
        Err(error) => {
            pending.reject(error).await;
            return Ok(());
        }
    };
    let (blocks, accepted) = (api.view.subscribe(), api.view.subscribe_pending());
    let after = api.view.tip().header.number;
    let sink = pending.accept().await?;
    let mut blocks = Blocks {
        api: api.clone(),
        receiver: blocks,
        after,
    };
    match wanted {
        Wanted::Heads => {
            while let Some(block) = blocks.next(&sink).await? {
                send(&sink, &convert::header(&block)).await?;
            }
        }
        Wanted::Logs(filter) => {
            while let Some(block) = blocks.next(&sink).await? {
                for log in logs::matching(&block, &filter) {
                    send(&sink, &log).await?;
                }
            }
        }
        Wanted::Receipts(hashes) => {
            while let Some(block) = blocks.next(&sink).await? {
                let receipts = receipts(&block, hashes.as_deref());
                if !receipts.is_empty() {
                    send(&sink, &receipts).await?;
                }
            }
        }
        Wanted::Pending { full } => serve_pending(&sink, &api, accepted, full).await?,
        Wanted::Syncing => {
            send(&sink, &false).await?;
            sink.closed().await;
        }
    }
    Ok(())
}

fn receipts(block: &SealedBlock, hashes: Option<&[B256]>) -> Vec<TransactionReceipt> {
    let transactions = block.transactions.iter().enumerate();
    transactions
        .filter(|(_, transaction)| hashes.is_none_or(|hashes| hashes.contains(transaction.tx_hash())))
        .filter_map(|(index, _)| convert::receipt(block, index))
        .collect()
}

async fn serve_pending<V: ChainView>(
    sink: &SubscriptionSink,
    api: &Api<V>,
    mut accepted: Receiver<B256>,
    full: bool,
) -> SubscriptionResult {
    loop {
        let hash = tokio::select! {
            () = sink.closed() => return Ok(()),
            hash = accepted.recv() => hash,
        };
        match hash {
            Ok(hash) if full => {
                // It may be in a block already, where blocks are made at once.
                if let Some(transaction) = api.read(move |view| transactions::by_hash(view, hash)).await? {
                    send(sink, &transaction).await?;
                }
            }
            Ok(hash) => send(sink, &hash).await?,
            // Accepted transactions are news, not a record: the oldest may be lost to a slow reader.
            Err(RecvError::Lagged(_)) => {}
            Err(RecvError::Closed) => return Ok(()),
        }
    }
}

/// Blocks in order, without a gap.
struct Blocks<V> {
    api: Arc<Api<V>>,
    receiver: Receiver<Arc<SealedBlock>>,
    after: u64,
}

impl<V: ChainView> Blocks<V> {
    async fn next(&mut self, sink: &SubscriptionSink) -> Result<Option<Arc<SealedBlock>>, RpcError> {
        let next = self.after + 1;
        while self.api.view.tip().header.number < next {
            tokio::select! {
                () = sink.closed() => return Ok(None),
                received = self.receiver.recv() => match received {
                    Ok(block) if block.header.number == next => {
                        self.after = next;
                        return Ok(Some(block));
                    }
                    Ok(_) | Err(RecvError::Lagged(_)) => {}
                    Err(RecvError::Closed) => return Ok(None),
                },
            }
        }
        let block = self.api.read(move |view| Ok(view.block(next)?)).await?;
        self.after = next;
        Ok(block)
    }
}

async fn send(sink: &SubscriptionSink, item: &impl Serialize) -> SubscriptionResult {
    sink.send(serde_json::value::to_raw_value(item)?).await?;
    Ok(())
}
