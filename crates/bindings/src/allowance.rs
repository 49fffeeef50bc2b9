//! What a token of the daily allowance is signed over, and which day it is of: as `Allowances` has it.

use alloy_primitives::{Address, U256};
use alloy_sol_types::SolValue;

const DAY_S: u64 = 86_400;
/// Days begin at midnight in Beijing, UTC+8, all year round.
const DAY_OFFSET_S: u64 = 8 * 3600;

/// The window that a unix second is in: days since 1 January 1970, in Beijing.
#[must_use]
pub const fn allowance_window(at_s: u64) -> u64 {
    (at_s + DAY_OFFSET_S) / DAY_S
}

/// The first unix second of a window.
#[must_use]
pub const fn allowance_window_start_s(window: u64) -> u64 {
    (window * DAY_S).saturating_sub(DAY_OFFSET_S)
}

/// The message of a holder's token, without the nonce (32 random bytes) that stands before it: RFC 9474's `msg`, with the
/// nonce as its `msg_prefix`.
#[must_use]
pub fn allowance_message(chain_id: u64, allowances: Address, window: u64, holder: Address) -> Vec<u8> {
    (U256::from(chain_id), allowances, window, holder).abi_encode_params()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_days_in_beijing() {
        // TZ=Asia/Shanghai date -d '2026-11-23 00:00' +%s
        let midnight = 1_795_363_200;
        assert_eq!(allowance_window(midnight - 1) + 1, allowance_window(midnight));
        assert_eq!(allowance_window_start_s(allowance_window(midnight)), midnight);
        assert_eq!(
            allowance_window_start_s(allowance_window(midnight + 86_399)),
            midnight
        );
        // The days from 1 January 1970 to 1 January 2000.
        assert_eq!(allowance_window(946_656_000), 10_957);
    }
}
