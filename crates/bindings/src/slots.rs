//! Where clients find what they prove: storage slots of `Cases` and `Uses` (pinned by `contracts/test/Layout.t.sol`).

use alloy_primitives::{B256, U256, keccak256};
use alloy_sol_types::SolValue;

/// Slots that one `Case` takes, see [`case_slots`].
pub const CASE_SLOTS: usize = 7;

const CASES_SLOT: u64 = 0;
const FACTS_SLOT: u64 = 1;
const BINDINGS_SLOT: u64 = 0;
const FACTS_PER_SLOT: usize = 8;

/// The slots of a case in `Cases`, in the order of the fields of `ICases.Case`, which Solidity packs from the low end:
///
/// | slot | fields, lowest bits first |
/// |---|---|
/// | 0 | applicant 160, status 8, row 8, version 32, events 32 |
/// | 1 | openedAt 64, promisedBy 64, statutoryBy 64, appealBy 64 |
/// | 2 | pausedAt 64, answered 32, frozen 8, cause 8, amountFen 64 |
/// | 3, 4, 5 | service, ruleSet, form |
/// | 6 | officer 160, askedMore 8, appealed 8, escalated 8 |
#[must_use]
pub fn case_slots(case_id: B256) -> [B256; CASE_SLOTS] {
    let first = mapping_slot(case_id, CASES_SLOT);
    std::array::from_fn(|index| offset(first, index))
}

/// The slots of a case's facts in `Cases`: the number of facts, then the values, 32 bits each, eight a slot, lowest bits first.
#[must_use]
pub fn fact_slots(case_id: B256, facts: usize) -> Vec<B256> {
    let length = mapping_slot(case_id, FACTS_SLOT);
    let values = keccak256(length);
    std::iter::once(length)
        .chain((0..facts.div_ceil(FACTS_PER_SLOT)).map(|index| offset(values, index)))
        .collect()
}

/// The slot of a tag's binding in `Uses`; zero in the state means that the tag was never used.
#[must_use]
pub fn use_slot(tag: B256) -> B256 {
    mapping_slot(tag, BINDINGS_SLOT)
}

fn mapping_slot(key: B256, slot: u64) -> B256 {
    keccak256((key, U256::from(slot)).abi_encode_params())
}

fn offset(slot: B256, index: usize) -> B256 {
    U256::from_be_bytes(slot.0).wrapping_add(U256::from(index)).into()
}
