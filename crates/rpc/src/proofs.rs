//! The `zhengtong_` namespace: who the network is, and proofs for what the other methods say.

use crate::{
    RpcError,
    api::{Answer, need_block, number_of},
    limits::MAX_BLOCK_WAIT,
    server::Methods,
};
use alloy_eips::{BlockNumberOrTag, Encodable2718};
use alloy_primitives::{Address, B256, Bytes};
use serde::Deserialize;
use tokio::{sync::broadcast::error::RecvError, time::timeout};
use zhengtong_chain::{ChainView, SealedBlock, ViewError};
use zhengtong_types::{Finality, FinalizedBlock, ReceiptProof, StateProof, limits::MAX_STATE_SLOTS, trie};

/// How often a state proof is tried again when the chain advanced while it was made.
const MAX_TRIES: usize = 8;

pub(crate) fn register<V: ChainView>(methods: &mut Methods<V>) {
    methods.add("zhengtong_network", |api, args| async move {
        args.end().map(|()| api.view.network().clone())
    });
    methods.add("zhengtong_getValidators", |api, args| async move {
        args.end().map(|()| api.view.epoch().map(|now| now.describe()))
    });
    methods.add("zhengtong_getFinalization", |api, mut args| async move {
        let block: Block = args.required("block")?;
        args.end()?;
        api.read(move |view| finality(view, block.number(view))).await
    });
    methods.add("zhengtong_getFinalizedBlock", |api, mut args| async move {
        let block: Block = args.required("block")?;
        let waits: Option<bool> = args.optional("wait")?;
        args.end()?;
        if waits == Some(true) {
            next(&api.view, block).await;
        }
        api.read(move |view| {
            let number = block.number(view);
            let block = need_block(view, Some(number.into()))?;
            let (transactions, receipts) = encoded_items(&block);
            Ok(FinalizedBlock {
                finality: finality(view, number)?,
                transactions,
                receipts,
            })
        })
        .await
    });
    methods.add("zhengtong_getReceiptProof", |api, mut args| async move {
        let hash: B256 = args.required("transaction hash")?;
        args.end()?;
        api.read(move |view| receipt_proof(view, hash)).await
    });
    methods.add("zhengtong_getStateProof", |api, mut args| async move {
        let address: Address = args.required("address")?;
        let slots: Vec<B256> = args.optional("slots")?.unwrap_or_default();
        if slots.len() > MAX_STATE_SLOTS {
            return Err(args.refuse(
                "slots",
                format!("{} slots, at most {MAX_STATE_SLOTS}", slots.len()),
            ));
        }
        args.end()?;
        state_proof(&api.view, address, &slots).await
    });
}

/// A block as a JSON number, hexadecimal, or a tag.
#[derive(Clone, Copy, Deserialize)]
#[serde(untagged)]
enum Block {
    Number(u64),
    Tag(BlockNumberOrTag),
}

impl Block {
    fn number(self, view: &impl ChainView) -> u64 {
        match self {
            Self::Number(number) => number,
            Self::Tag(tag) => number_of(view, tag),
        }
    }
}

/// Waits while a block is the one after the tip. Who follows the chain hears of a block when it is final, and asks once.
async fn next(view: &impl ChainView, block: Block) {
    let mut blocks = view.subscribe();
    let is_next = || block.number(view) == view.tip().header.number + 1;
    // Time over, or the node stops: then the answer is that there is no such block.
    let _ = timeout(MAX_BLOCK_WAIT, async {
        while is_next() && !matches!(blocks.recv().await, Err(RecvError::Closed)) {}
    })
    .await;
}

fn finality(view: &impl ChainView, number: u64) -> Answer<Finality> {
    let latest = view.tip().header.number;
    Ok(view
        .finality(number)?
        .ok_or(ViewError::UnknownBlock { number, latest })?)
}

fn receipt_proof(view: &impl ChainView, hash: B256) -> Answer<ReceiptProof> {
    let (number, index) = view
        .transaction(hash)?
        .ok_or(RpcError::UnknownTransaction(hash))?;
    let block = need_block(view, Some(number.into()))?;
    let (mut transactions, mut receipts) = encoded_items(&block);
    let proven = trie::prove(&transactions, index).zip(trie::prove(&receipts, index));
    let ((transactions_root, transaction_proof), (receipts_root, proof)) =
        proven.ok_or_else(|| RpcError::Internal(format!("block {number} has no transaction {index}")))?;
    if transactions_root != block.header.transactions_root || receipts_root != block.header.receipts_root {
        return Err(RpcError::Internal(format!(
            "block {number} is not stored as it was finalized"
        )));
    }
    Ok(ReceiptProof {
        finality: finality(view, number)?,
        block_number: number,
        transaction_index: index as u64,
        transaction: transactions.swap_remove(index),
        transaction_proof,
        receipt: receipts.swap_remove(index),
        proof,
    })
}

async fn state_proof(view: &impl ChainView, address: Address, slots: &[B256]) -> Answer<StateProof> {
    for _ in 1..MAX_TRIES {
        match view.prove(address, slots).await {
            Err(ViewError::Moved) => {}
            result => return Ok(result?),
        }
    }
    Ok(view.prove(address, slots).await?)
}

/// Transactions and receipts of a block in their EIP-2718 encoding.
pub(crate) fn encoded_items(block: &SealedBlock) -> (Vec<Bytes>, Vec<Bytes>) {
    let transactions = block
        .transactions
        .iter()
        .map(|transaction| encoded(transaction.inner()))
        .collect();
    let receipts = block
        .receipts
        .iter()
        .map(|receipt| encoded(&receipt.envelope))
        .collect();
    (transactions, receipts)
}

/// EIP-2718 encoding.
pub(crate) fn encoded(item: &impl Encodable2718) -> Bytes {
    item.encoded_2718().into()
}
