//! What a simulation asks for: checked, and with every gap in its block numbers filled.

use super::{NUMBER_ORDER, OVER_LIMIT, TIME_ORDER};
use crate::{
    RpcError,
    api::Answer,
    calls::{block_overrides, check_transaction, count_overrides, state_overrides},
    limits::{MAX_OVERRIDES, MAX_SIMULATED_BLOCKS},
};
use alloy_consensus::Header;
use alloy_primitives::Address;
use alloy_rpc_types_eth::{TransactionRequest, simulate::SimulatePayload};
use std::collections::BTreeMap;
use zhengtong_evm::{AccountOverride, BlockOverrides};

/// Seconds between two blocks whose time is not named.
const STEP_SECONDS: u64 = 1;

/// A checked request.
pub(super) struct Wanted {
    pub(super) blocks: Vec<Block>,
    pub(super) checks_nonces: bool,
    pub(super) logs_transfers: bool,
    pub(super) shows_transactions: bool,
}

/// A block to simulate.
#[derive(Default)]
pub(super) struct Block {
    pub(super) overrides: BlockOverrides,
    pub(super) accounts: BTreeMap<Address, AccountOverride>,
    pub(super) calls: Vec<TransactionRequest>,
}

impl Wanted {
    pub(super) fn check(payload: SimulatePayload) -> Result<Self, String> {
        let accounts = payload
            .block_state_calls
            .iter()
            .flat_map(|block| &block.state_overrides);
        let size = accounts.map(count_overrides).sum::<usize>();
        if size > MAX_OVERRIDES {
            return Err(format!("{size} accounts and slots, at most {MAX_OVERRIDES}"));
        }
        if payload.block_state_calls.is_empty() {
            return Err("empty input".into());
        }
        let blocks = payload.block_state_calls.into_iter().map(|block| {
            for call in &block.calls {
                check_transaction(call)?;
                if call.authorization_list.is_some() {
                    return Err("delegations are not supported in a simulation".into());
                }
            }
            Ok(Block {
                overrides: block_overrides(&block.block_overrides.unwrap_or_default())?,
                accounts: state_overrides(block.state_overrides.unwrap_or_default())?,
                calls: block.calls,
            })
        });
        Ok(Self {
            blocks: blocks.collect::<Result<_, String>>()?,
            checks_nonces: payload.validation,
            logs_transfers: payload.trace_transfers,
            shows_transactions: payload.return_full_transactions,
        })
    }

    /// The blocks in order, each with its number and time, after `base`.
    pub(super) fn schedule(blocks: Vec<Block>, base: &Header) -> Answer<Vec<(u64, u64, Block)>> {
        let last = base.number.saturating_add(MAX_SIMULATED_BLOCKS);
        let (mut number, mut time) = (base.number, base.timestamp);
        let mut scheduled = Vec::new();
        for block in blocks {
            let wanted = block.overrides.number.unwrap_or(number + 1);
            if wanted <= number {
                return Err(refusal(
                    NUMBER_ORDER,
                    format!("block numbers must be in order: {wanted} <= {number}"),
                ));
            }
            if wanted > last {
                return Err(refusal(
                    OVER_LIMIT,
                    format!(
                        "too many blocks: {wanted} is more than {MAX_SIMULATED_BLOCKS} after {}",
                        base.number
                    ),
                ));
            }
            for gap in number + 1..wanted {
                time = later(time)?;
                scheduled.push((gap, time, Block::default()));
            }
            number = wanted;
            let wanted = match block.overrides.timestamp {
                Some(wanted) => wanted,
                None => later(time)?,
            };
            if wanted <= time {
                return Err(refusal(
                    TIME_ORDER,
                    format!("block timestamps must be in order: {wanted} <= {time}"),
                ));
            }
            time = wanted;
            scheduled.push((number, time, block));
        }
        Ok(scheduled)
    }
}

fn later(time: u64) -> Answer<u64> {
    time.checked_add(STEP_SECONDS).ok_or_else(|| {
        refusal(
            TIME_ORDER,
            format!("block timestamps must be in order: none is after {time}"),
        )
    })
}

pub(super) fn refusal(code: i32, message: String) -> RpcError {
    RpcError::Simulation { code, message }
}
