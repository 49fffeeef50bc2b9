//! A bundle: everything needed to check one case from the network's public key alone.

use std::{collections::BTreeSet, time::Duration};

use alloy_primitives::{B256, Bytes, keccak256};
use serde::{Deserialize, Serialize};
use zhengtong_bindings::{case_slots, fact_slots};
use zhengtong_types::{NetworkInfo, ReceiptProof, StateProof};

use crate::{
    source::{BlockSource, SourceError},
    store::{Store, StoreError},
    stored_case::StoredCase,
};

/// The format's name and version.
pub const BUNDLE_FORMAT: &str = "zhengtong-case-bundle/1";
/// A case may move while its bundle is put together; so often we begin again.
const MAX_TRIES: u32 = 5;
const PAUSE: Duration = Duration::from_millis(200);

/// A case with its proofs. Trust none of it before it is verified.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bundle {
    /// [`BUNDLE_FORMAT`].
    pub format: String,
    /// The network as its node describes it. Its key is a claim; the verifier brings its own.
    pub network: NetworkInfo,
    pub case_id: B256,
    /// `abi.encode` of the case's rule set; its keccak256 is the rule set's id.
    pub rule_set: Bytes,
    /// Every transaction with an event of the case, or a use of data for it, in order.
    pub receipts: Vec<ReceiptProof>,
    /// The slots of the case and of its facts in `Cases`.
    pub state: StateProof,
    /// [`Bundle::expected_digest`] of the rest. It proves nothing; it tells a damaged file from a forged one.
    pub digest: B256,
}

impl Bundle {
    /// Puts the parts together.
    pub fn new(
        network: NetworkInfo,
        case_id: B256,
        rule_set: Bytes,
        receipts: Vec<ReceiptProof>,
        state: StateProof,
    ) -> Self {
        let format = BUNDLE_FORMAT.to_owned();
        let mut bundle = Self {
            format,
            network,
            case_id,
            rule_set,
            receipts,
            state,
            digest: B256::ZERO,
        };
        bundle.digest = bundle.expected_digest();
        bundle
    }

    /// keccak256 of the bundle as canonical JSON (RFC 8785) with a digest of zero.
    pub fn expected_digest(&self) -> B256 {
        let unsealed = Self {
            digest: B256::ZERO,
            ..self.clone()
        };
        // Numbers and text only: there is always such a text.
        keccak256(serde_json_canonicalizer::to_vec(&unsealed).unwrap_or_default())
    }
}

/// Why there is no bundle.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    #[error("no case {id}")]
    UnknownCase { id: B256 },
    #[error("the network names no contract \"cases\"")]
    NoCases,
    #[error("the rule set {id} of the case is not in the index")]
    NoRuleSet { id: String },
    #[error("the case changes: the chain holds {on_chain} of its events and the index {indexed}")]
    Moving { on_chain: u32, indexed: usize },
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Source(#[from] SourceError),
}

/// Puts a bundle together from the index's rows and the node's proofs.
pub async fn assemble(store: &Store, source: &dyn BlockSource, id: B256) -> Result<Bundle, BundleError> {
    let mut tries = 1;
    loop {
        match once(store, source, id).await {
            Err(BundleError::Moving { .. }) if tries < MAX_TRIES => tries += 1,
            result => return result,
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn once(store: &Store, source: &dyn BlockSource, id: B256) -> Result<Bundle, BundleError> {
    let case = store.case(id).await?.ok_or(BundleError::UnknownCase { id })?;
    let network = source.network().clone();
    let cases = *network.contracts.get("cases").ok_or(BundleError::NoCases)?;
    let no_rules = || BundleError::NoRuleSet {
        id: case.rule_set.clone(),
    };
    let rules = store
        .rule_set(case.rule_set.parse().map_err(|_| no_rules())?)
        .await?
        .ok_or_else(no_rules)?;
    let slots: Vec<_> = case_slots(id)
        .into_iter()
        .chain(fact_slots(id, rules.content.predicates.len()))
        .collect();
    let state = source.state_proof(cases, &slots).await?;
    let counted = case.events.iter().filter(|event| event.seq.is_some()).count();
    let on_chain = events_on_chain(&state, id);
    if on_chain as usize != counted {
        return Err(BundleError::Moving {
            on_chain,
            indexed: counted,
        });
    }
    let rule_set = rules.encoded.parse().map_err(|_| no_rules())?;
    let mut receipts = Vec::new();
    let mut seen = BTreeSet::new();
    for event in &case.events {
        let Ok(hash) = event.tx_hash.parse::<B256>() else {
            continue;
        };
        if seen.insert(hash) {
            receipts.push(source.receipt_proof(hash).await?);
        }
    }
    Ok(Bundle::new(network, id, rule_set, receipts, state))
}

/// The case's counter of events, as the node says. The verifier checks the proof; here it only
/// tells whether index and node speak of the same moment.
fn events_on_chain(state: &StateProof, id: B256) -> u32 {
    let slots = case_slots(id);
    let words = slots.map(|slot| {
        let entry = state.slots.iter().find(|entry| entry.slot == slot);
        let value = entry.and_then(|entry| entry.entry.value.as_ref());
        value
            .and_then(|value| value.get(..32))
            .map(B256::from_slice)
            .unwrap_or_default()
    });
    StoredCase::read(&words).events
}
