//! A case as `Cases` stores it, to be compared with what its events say.

use alloy_primitives::{Address, B256};
use zhengtong_bindings::CASE_SLOTS;

/// A case as its seven slots hold it. Times in unix seconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredCase {
    pub applicant: Address,
    pub status: u8,
    pub row: u8,
    pub version: u32,
    /// How many events the case has emitted.
    pub events: u32,
    pub opened_at: u64,
    pub promised_by: u64,
    pub statutory_by: u64,
    pub appeal_by: u64,
    pub paused_at: u64,
    /// Predicates answered, as bits.
    pub answered: u32,
    pub frozen: bool,
    pub cause: u8,
    pub amount_fen: u64,
    pub service: B256,
    pub rule_set: B256,
    pub form: B256,
    pub officer: Address,
    pub asked_more: bool,
    pub appealed: bool,
    pub escalated: bool,
}

impl StoredCase {
    /// Reads the words of [`zhengtong_bindings::case_slots`]; Solidity packs from the low end.
    pub fn read(words: &[B256; CASE_SLOTS]) -> Self {
        let [head, clocks, state, service, rule_set, form, officer] = words;
        Self {
            applicant: Address::from_slice(field::<20>(head, 0).as_slice()),
            status: field::<1>(head, 20)[0],
            row: field::<1>(head, 21)[0],
            version: u32::from_be_bytes(field(head, 22)),
            events: u32::from_be_bytes(field(head, 26)),
            opened_at: u64::from_be_bytes(field(clocks, 0)),
            promised_by: u64::from_be_bytes(field(clocks, 8)),
            statutory_by: u64::from_be_bytes(field(clocks, 16)),
            appeal_by: u64::from_be_bytes(field(clocks, 24)),
            paused_at: u64::from_be_bytes(field(state, 0)),
            answered: u32::from_be_bytes(field(state, 8)),
            frozen: field::<1>(state, 12)[0] != 0,
            cause: field::<1>(state, 13)[0],
            amount_fen: u64::from_be_bytes(field(state, 14)),
            service: *service,
            rule_set: *rule_set,
            form: *form,
            officer: Address::from_slice(field::<20>(officer, 0).as_slice()),
            asked_more: field::<1>(officer, 20)[0] != 0,
            appealed: field::<1>(officer, 21)[0] != 0,
            escalated: field::<1>(officer, 22)[0] != 0,
        }
    }
}

/// The field of `N` bytes that begins `offset` bytes from the low end of a word, big-endian.
fn field<const N: usize>(word: &B256, offset: usize) -> [u8; N] {
    std::array::from_fn(|i| word[32 - offset - N + i])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_packed_from_the_low_end() {
        let mut head = [0u8; 32];
        head[12..].copy_from_slice(Address::repeat_byte(0xaa).as_slice());
        (head[11], head[10], head[9], head[5]) = (4, 255, 7, 9);
        let words = [
            head.into(),
            B256::ZERO,
            B256::ZERO,
            B256::ZERO,
            B256::ZERO,
            B256::ZERO,
            B256::ZERO,
        ];
        let case = StoredCase::read(&words);
        assert_eq!(case.applicant, Address::repeat_byte(0xaa));
        assert_eq!((case.status, case.row, case.version, case.events), (4, 255, 7, 9));
    }
}
