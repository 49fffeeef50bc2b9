//! The events of the case: all of them, in order, leading to what the chain stores.

use super::{
    case::Replay,
    proofs::Proven,
    report::{Report, StepName},
};
use alloy_primitives::B256;
use std::collections::HashMap;
use zhengtong_bindings::{addresses, case_id, case_slots, fact_slots};
use zhengtong_index::{
    bundle::Bundle,
    decode::{Contract, decode},
    event::Event,
    stored_case::StoredCase,
};
use zhengtong_rules::onchain::OnchainRuleSet;

const FACTS_PER_SLOT: usize = 8;

/// One event of the case with its block.
pub struct Entry {
    pub event: Event,
    pub block_number: u64,
    /// Unix seconds.
    pub seconds: u64,
}

/// A case whose history is complete.
pub struct History {
    pub entries: Vec<Entry>,
    pub replay: Replay,
    pub rules: OnchainRuleSet,
}

/// Checks that the events are complete and lead to the stored case.
pub fn check(proven: &Proven, bundle: &Bundle, report: &mut Report) -> Option<History> {
    let entries = report.step(StepName::Events, || read(proven, bundle.case_id))?;
    let stored = report.step(StepName::Complete, || complete(proven, bundle, &entries))?;
    report.step(StepName::Uses, || uses(&entries))?;
    let rules = report.step(StepName::Rules, || rules(bundle, &stored))?;
    let replay = report.step(StepName::Case, || {
        replay(proven, bundle, &entries, &stored, &rules)
    })?;
    Some(History {
        entries,
        replay,
        rules,
    })
}

/// Decodes the logs of `Cases` and `Uses` about the case.
fn read(proven: &Proven, id: B256) -> Result<(Vec<Entry>, String), String> {
    let at = addresses();
    let mut entries = Vec::new();
    for receipt in &proven.receipts {
        let header = receipt.header();
        for log in receipt.logs() {
            let contract = match log.address {
                address if address == at.cases => Contract::Cases,
                address if address == at.uses => Contract::Uses,
                address if address == at.credentials => Contract::Credentials,
                _ => continue,
            };
            let event = decode(contract, &log.data).map_err(|error| error.to_string())?;
            let Some(event) = event.filter(|event| event.case_id() == Some(id)) else {
                continue;
            };
            entries.push(Entry {
                event,
                block_number: header.number(),
                seconds: header.header().timestamp,
            });
        }
    }
    let text = entries.len().to_string();
    Ok((entries, text))
}

/// The chain counts the events of a case; with that number proven, none can be left out.
fn complete(proven: &Proven, bundle: &Bundle, entries: &[Entry]) -> Result<(StoredCase, String), String> {
    if proven.state.address() != addresses().cases {
        return Err(format!(
            "the storage is that of {}, not of Cases",
            proven.state.address()
        ));
    }
    let stored = stored(proven, bundle.case_id)?;
    let numbers: Vec<_> = entries
        .iter()
        .filter_map(|entry| entry.event.case_seq())
        .map(|(_, seq)| seq)
        .collect();
    let expected: Vec<_> = (0..stored.events).collect();
    if numbers != expected {
        let missing = expected.iter().find(|number| !numbers.contains(number));
        let missing = missing
            .map(|number| format!("; number {number} is missing"))
            .unwrap_or_default();
        return Err(format!(
            "the chain counts {} events, here are {}{missing}",
            stored.events,
            numbers.len()
        ));
    }
    let applicant = stored.applicant;
    let claimed = case_id(bundle.network.chain_id, addresses().cases, applicant);
    if claimed != bundle.case_id {
        return Err(format!(
            "the case of {applicant} on chain {} is {claimed}",
            bundle.network.chain_id
        ));
    }
    Ok((stored, format!("0–{}", numbers.len().saturating_sub(1))))
}

fn stored(proven: &Proven, id: B256) -> Result<StoredCase, String> {
    let mut words = [B256::ZERO; zhengtong_bindings::CASE_SLOTS];
    for (word, slot) in words.iter_mut().zip(case_slots(id)) {
        *word = proven
            .state
            .slot(slot)
            .ok_or_else(|| format!("slot {slot} of the case is not proven"))?;
    }
    let case = StoredCase::read(&words);
    if case.events == 0 {
        Err("the chain holds no such case".into())
    } else {
        Ok(case)
    }
}

/// Promise 2: no answer without a use record before it, of the same source and the same questions.
#[expect(
    clippy::collapsible_match,
    reason = "what is inserted is no condition of the arm"
)]
fn uses(entries: &[Entry]) -> Result<((), String), String> {
    let mut records = HashMap::new();
    let mut answers = 0;
    for entry in entries {
        match &entry.event {
            Event::Used {
                tag, provider, mask, ..
            } => {
                if records.insert(*tag, (provider.clone(), *mask)).is_some() {
                    return Err(format!("the tag {tag} is used twice"));
                }
            }
            Event::FactsAttested {
                provider,
                mask,
                use_tag,
                ..
            } => {
                if records.get(use_tag) != Some(&(provider.clone(), *mask)) {
                    return Err(format!(
                        "{provider} answered without a use record {use_tag} before it"
                    ));
                }
                answers += 1;
            }
            _ => {}
        }
    }
    Ok(((), format!("{} / {answers}", records.len())))
}

/// A rule set's id is the hash of its content.
fn rules(bundle: &Bundle, stored: &StoredCase) -> Result<(OnchainRuleSet, String), String> {
    use alloy_sol_types::SolValue;
    let found = alloy_primitives::keccak256(&bundle.rule_set);
    if found != stored.rule_set {
        return Err(format!(
            "the rules given hash to {found}, the case names {}",
            stored.rule_set
        ));
    }
    let rules = OnchainRuleSet::abi_decode_validate(&bundle.rule_set).map_err(|error| error.to_string())?;
    let text = format!("{found}");
    Ok((rules, text))
}

/// What the events lead to is what the chain stores.
fn replay(
    proven: &Proven,
    bundle: &Bundle,
    entries: &[Entry],
    stored: &StoredCase,
    rules: &OnchainRuleSet,
) -> Result<(Replay, String), String> {
    let mut replay = Replay::new(rules.predicates.len());
    for entry in entries {
        replay.apply(&entry.event, entry.seconds)?;
    }
    if let Some(difference) = replay.difference(stored) {
        return Err(format!("the events lead elsewhere than the chain: {difference}"));
    }
    let held = stored_facts(proven, bundle.case_id, rules.predicates.len())?;
    if replay.facts != held {
        return Err("the facts of the events are not those that the chain stores".into());
    }
    let text = format!("{} / {}", zhengtong_bindings::CASE_SLOTS, held.len());
    Ok((replay, text))
}

fn stored_facts(proven: &Proven, id: B256, count: usize) -> Result<Vec<i32>, String> {
    let mut words = Vec::new();
    for slot in fact_slots(id, count) {
        words.push(
            proven
                .state
                .slot(slot)
                .ok_or_else(|| format!("slot {slot} of the facts is not proven"))?,
        );
    }
    let length = words.first().copied().unwrap_or_default();
    if length != B256::with_last_byte(u8::try_from(count).unwrap_or(u8::MAX)) {
        return Err(format!("the chain stores {length} facts, the rules ask {count}"));
    }
    let fact = |index: usize| {
        let word = words[1 + index / FACTS_PER_SLOT];
        let end = 32 - 4 * (index % FACTS_PER_SLOT);
        i32::from_be_bytes(std::array::from_fn(|i| word[end - 4 + i]))
    };
    Ok((0..count).map(fact).collect())
}
