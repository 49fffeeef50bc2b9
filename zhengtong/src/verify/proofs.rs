//! Certificates, headers, transactions, receipts and storage.

use super::report::{Report, StepName};
use std::collections::BTreeMap;
use zhengtong_index::bundle::Bundle;
use zhengtong_types::{NetworkKey, Step, VerifiedReceipt, VerifiedState, VerifyError};

/// Receipts and storage that the network has signed.
pub struct Proven {
    /// In the order of the chain.
    pub receipts: Vec<VerifiedReceipt>,
    pub state: VerifiedState,
}

/// The steps of `zhengtong_types`, in the order in which they are taken.
pub const STEPS: [(Step, StepName); 6] = [
    (Step::Certificate, StepName::Certificate),
    (Step::Headers, StepName::Headers),
    (Step::Transaction, StepName::Transaction),
    (Step::Receipt, StepName::Receipt),
    (Step::Account, StepName::Account),
    (Step::Slot, StepName::Storage),
];

/// Checks every proof. Each step says in how many places it held, or where it first failed.
pub fn check(bundle: &Bundle, key: &NetworkKey, report: &mut Report) -> Option<Proven> {
    let mut failed = BTreeMap::<usize, String>::new();
    let mut note = |what: String, error: VerifyError| {
        let place = STEPS
            .iter()
            .position(|(step, _)| *step == error.step())
            .unwrap_or(STEPS.len() - 1);
        failed.entry(place).or_insert(format!("{what}: {error}"));
    };
    let mut receipts = Vec::new();
    for (number, proof) in (1..).zip(&bundle.receipts) {
        match proof.verify(key) {
            Ok(receipt) => receipts.push(receipt),
            Err(error) => note(format!("receipt {number} of {}", bundle.receipts.len()), error),
        }
    }
    let state = match bundle.state.verify(key) {
        Ok(state) => Some(state),
        Err(error) => {
            note("state".into(), error);
            None
        }
    };
    let first = failed.keys().next().copied().unwrap_or(STEPS.len());
    for (place, (_, name)) in STEPS.iter().enumerate() {
        match failed.remove(&place) {
            Some(why) => report.failed(*name, why),
            None if place < first => report.passed(*name, count(*name, bundle)),
            None => report.not_reached(*name),
        }
    }
    receipts.sort_by_key(|receipt| (receipt.header().number(), receipt.transaction_index()));
    let state = state.filter(|_| first == STEPS.len())?;
    Some(Proven { receipts, state })
}

fn count(name: StepName, bundle: &Bundle) -> String {
    let receipts = bundle.receipts.len();
    match name {
        StepName::Certificate => (receipts + 1).to_string(),
        StepName::Headers => {
            let of_receipts = bundle
                .receipts
                .iter()
                .map(|proof| proof.finality.headers.len())
                .sum::<usize>();
            (of_receipts + bundle.state.finality.headers.len()).to_string()
        }
        StepName::Account => bundle.state.address.to_string(),
        StepName::Storage => format!("{} @ {}", bundle.state.slots.len(), bundle.state.block_number),
        _ => receipts.to_string(),
    }
}
