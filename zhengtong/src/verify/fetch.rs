//! Getting a bundle: from a node, with an index's hints, or from a file. Nothing here is believed.

use super::{Unchecked, say::Progress};
use alloy_consensus::ReceiptEnvelope;
use alloy_eips::Decodable2718;
use alloy_primitives::{B256, Log};
use alloy_rpc_types_eth::Filter;
use alloy_sol_types::{SolEvent, SolValue};
use anyhow::{Context, Result, bail, ensure};
use reqwest::Url;
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::{Read, Write},
    path::Path,
    time::Duration,
};
use zhengtong_bindings::{Addresses, Cases, Rules, Uses, addresses, case_slots, fact_slots};
use zhengtong_client::Client;
use zhengtong_index::{bundle::Bundle, stored_case::StoredCase};
use zhengtong_types::{NetworkKey, ReceiptProof, StateProof};

/// Largest bundle that is read.
const MAX_BUNDLE_BYTES: u64 = 256 * 1024 * 1024;
/// Largest answer of an index that is read.
const MAX_HINT_BYTES: usize = 16 * 1024 * 1024;
const HINT_TIMEOUT: Duration = Duration::from_secs(30);
/// Blocks whose logs are asked for at once; nodes allow 10,000.
const LOG_WINDOW_BLOCKS: u64 = 10_000;
/// Windows searched at most: ten million blocks, then an index must tell where the events are.
const MAX_LOG_WINDOWS: u64 = 1_000;
/// A case may move while it is fetched; so often we begin again.
const MAX_TRIES: u32 = 5;
const PAUSE: Duration = Duration::from_millis(300);

/// Reads an exported bundle.
pub fn from_file(path: &Path) -> Result<Bundle> {
    serde_json::from_slice(&bytes(path)?).with_context(|| format!("{} is no case bundle", path.display()))
}

/// Reads a file of at most [`MAX_BUNDLE_BYTES`].
pub fn bytes(path: &Path) -> Result<Vec<u8>> {
    let open = || format!("cannot read {}", path.display());
    let mut bytes = Vec::new();
    File::open(path)
        .with_context(open)?
        .take(MAX_BUNDLE_BYTES + 1)
        .read_to_end(&mut bytes)
        .with_context(open)?;
    ensure!(
        bytes.len() as u64 <= MAX_BUNDLE_BYTES,
        "{} is larger than {MAX_BUNDLE_BYTES} bytes",
        path.display()
    );
    Ok(bytes)
}

/// Writes what was checked beside its place, then moves it there: half a file is never seen.
pub fn export(checked: &impl Serialize, path: &Path) -> Result<()> {
    let write = || format!("cannot write {}", path.display());
    let part = path.with_extension("part");
    let mut file = File::create(&part).with_context(write)?;
    serde_json::to_writer_pretty(&mut file, checked).with_context(write)?;
    file.write_all(b"\n")
        .and_then(|()| file.sync_all())
        .with_context(write)?;
    fs::rename(&part, path).with_context(write)
}

/// Connects to a node of the network with this key. The key is compared by us: another network is told apart from something
/// that does not exist.
pub async fn connect(rpc: &Url, key: &NetworkKey) -> Result<Client> {
    let client = Client::connect(rpc.as_str(), None).await?;
    let found = client.network()?.public_key;
    if found != *key {
        let [rpc, expected, found] = [rpc.to_string(), key.to_string(), found.to_string()];
        return Err(Unchecked::Network { rpc, expected, found }.into());
    }
    Ok(client)
}

/// Puts a bundle together from a node's proofs. Whatever the node sends is checked afterwards.
pub async fn from_node(
    rpc: &Url,
    index: Option<&Url>,
    id: B256,
    key: &NetworkKey,
    progress: Progress,
) -> Result<Bundle> {
    progress.asking(rpc);
    let client = connect(rpc, key).await?;
    let at = addresses();
    for _ in 0..MAX_TRIES {
        let rules = stored(&client.state_proof(at.cases, &case_slots(id)).await?, id).rule_set;
        if rules.is_zero() {
            let rpc = rpc.to_string();
            return Err(Unchecked::NoCase { rpc, id }.into());
        }
        let rule_set = client.read(at.rules, &Rules::ruleSetCall { id: rules }).await?;
        let facts = rule_set.predicates.len();
        let mut receipts = Vec::new();
        let hashes = transactions(&client, index, &at, id, progress).await?;
        progress.fetching(hashes.len());
        for hash in hashes {
            receipts.push(client.receipt_proof(hash).await?);
        }
        let slots: Vec<_> = case_slots(id).into_iter().chain(fact_slots(id, facts)).collect();
        let state = client.state_proof(at.cases, &slots).await?;
        let events = events_in(&at, id, &receipts);
        if stored(&state, id).events == events {
            return Ok(Bundle::new(
                client.network()?.clone(),
                id,
                rule_set.abi_encode().into(),
                receipts,
                state,
            ));
        }
        tokio::time::sleep(PAUSE).await;
    }
    bail!("the case changes faster than it can be fetched, or whoever named its events left one out")
}

fn stored(state: &StateProof, id: B256) -> StoredCase {
    let word = |slot: B256| {
        let entry = state.slots.iter().find(|entry| entry.slot == slot);
        let value = entry.and_then(|entry| entry.entry.value.as_ref());
        value
            .and_then(|value| value.get(..32))
            .map(B256::from_slice)
            .unwrap_or_default()
    };
    StoredCase::read(&case_slots(id).map(word))
}

/// How many events of the case the receipts hold, before any of them is believed.
fn events_in(at: &Addresses, id: B256, receipts: &[ReceiptProof]) -> u32 {
    let logs = receipts
        .iter()
        .filter_map(|proof| ReceiptEnvelope::decode_2718(&mut proof.receipt.as_ref()).ok());
    let of_case = logs.map(|receipt| {
        let is_event = |log: &&Log| log.address == at.cases && log.topics().get(1) == Some(&id);
        receipt.logs().iter().filter(is_event).count()
    });
    u32::try_from(of_case.sum::<usize>()).unwrap_or(u32::MAX)
}

/// The transactions with events of the case or uses of data for it, in the order of the chain.
async fn transactions(
    client: &Client,
    index: Option<&Url>,
    at: &Addresses,
    id: B256,
    progress: Progress,
) -> Result<Vec<B256>> {
    match index {
        Some(index) => {
            progress.asking(index);
            from_index(index, id).await
        }
        None => from_logs(client, at, id, progress).await,
    }
}

#[derive(Deserialize)]
struct Hints {
    events: Vec<Hint>,
}

#[derive(Deserialize)]
struct Hint {
    tx_hash: B256,
}

async fn from_index(index: &Url, id: B256) -> Result<Vec<B256>> {
    let url = index
        .join(&format!("/api/v1/cases/{id:#x}"))
        .context("the index's address cannot be used")?;
    let asked = || format!("the index at {index} did not tell where the events are");
    let client = reqwest::Client::builder().timeout(HINT_TIMEOUT).build()?;
    let response = client
        .get(url)
        .send()
        .await
        .and_then(reqwest::Response::error_for_status)
        .with_context(asked)?;
    ensure!(
        response.content_length().unwrap_or(0) <= MAX_HINT_BYTES as u64,
        "the index's answer is too large"
    );
    let bytes = response.bytes().await.with_context(asked)?;
    ensure!(bytes.len() <= MAX_HINT_BYTES, "the index's answer is too large");
    let hints: Hints = serde_json::from_slice(&bytes).with_context(asked)?;
    let mut seen = BTreeSet::new();
    Ok(hints
        .events
        .into_iter()
        .map(|hint| hint.tx_hash)
        .filter(|hash| seen.insert(*hash))
        .collect())
}

/// Searches the node's logs backwards from the newest block until the case's opening.
async fn from_logs(client: &Client, at: &Addresses, id: B256, progress: Progress) -> Result<Vec<B256>> {
    let mut found = BTreeSet::new();
    let mut end = client.block_number().await?;
    for _ in 0..MAX_LOG_WINDOWS {
        let start = end.saturating_sub(LOG_WINDOW_BLOCKS - 1);
        progress.searching(start, end);
        let window = Filter::new().from_block(start).to_block(end);
        let events = client.logs(&window.clone().address(at.cases).topic1(id)).await?;
        let uses = window
            .address(at.uses)
            .event_signature(Uses::Used::SIGNATURE_HASH)
            .topic2(id);
        let uses = client.logs(&uses).await?;
        let is_whole = events
            .iter()
            .any(|log| log.topics().first() == Some(&Cases::CaseOpened::SIGNATURE_HASH));
        for log in events.iter().chain(&uses) {
            let (Some(block), Some(index), Some(hash)) =
                (log.block_number, log.transaction_index, log.transaction_hash)
            else {
                bail!("the node's logs do not say where they are");
            };
            found.insert((block, index, hash));
        }
        if is_whole || start == 0 {
            return Ok(found.into_iter().map(|(_, _, hash)| hash).collect());
        }
        end = start - 1;
    }
    bail!("the case was opened long ago: name an index with --index that knows where its events are")
}
