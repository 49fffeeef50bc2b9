//! Ethereum's ordered tries (yellow paper, appendix D): transactions and receipts keyed by `rlp(index)`.

use crate::{
    Step, VerifyError,
    error::within,
    limits::{MAX_TRIE_NODE_BYTES, MAX_TRIE_NODES},
};
use alloy_primitives::{B256, Bytes, bytes::BufMut as _};
use alloy_trie::{
    HashBuilder, Nibbles,
    proof::{ProofRetainer, verify_proof},
    root::ordered_trie_root_with_encoder,
};

/// Root over encoded items.
pub fn ordered_root(items: &[Bytes]) -> B256 {
    ordered_trie_root_with_encoder(items, |item, out| out.put_slice(item))
}

/// The nodes from the root to item `index`, and the root; `None` when there is no such item.
pub fn prove(items: &[Bytes], index: usize) -> Option<(B256, Vec<Bytes>)> {
    items.get(index)?;
    let target = path(index);
    let mut leaves: Vec<_> = items
        .iter()
        .enumerate()
        .map(|(index, item)| (path(index), item))
        .collect();
    leaves.sort_unstable_by_key(|leaf| leaf.0);
    let mut builder = HashBuilder::default().with_proof_retainer(ProofRetainer::new(vec![target]));
    for (key, item) in leaves {
        builder.add_leaf(key, item);
    }
    let root = builder.root();
    let nodes = builder
        .take_proof_nodes()
        .into_nodes_sorted()
        .into_iter()
        .map(|(_, node)| node)
        .collect();
    Some((root, nodes))
}

/// Checks that `item` stands at `index` under `root`, by exactly these nodes.
pub(crate) fn verify(
    step: Step,
    root: B256,
    index: u64,
    item: &[u8],
    nodes: &[Bytes],
) -> Result<(), VerifyError> {
    within(step, "the number of trie nodes", nodes.len(), MAX_TRIE_NODES)?;
    let longest = nodes.iter().map(|node| node.len()).max().unwrap_or(0);
    within(step, "a trie node's length", longest, MAX_TRIE_NODE_BYTES)?;
    let index = usize::try_from(index).map_err(|e| VerifyError::malformed(step, "the index", e))?;
    verify_proof(root, path(index), Some(item.to_vec()), nodes).map_err(|_| VerifyError::Proof {
        step,
        root,
        reason: format!("no such entry at index {index}"),
    })
}

fn path(index: usize) -> Nibbles {
    Nibbles::unpack(alloy_rlp::encode_fixed_size(&index))
}
