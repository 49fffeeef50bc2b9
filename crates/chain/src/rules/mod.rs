//! What a header must say, given its parent and what execution gave.

use crate::{
    config::{CLOCK_TOLERANCE_MS, MAX_CLOCK_LEAD_MS},
    quota::OverQuota,
};
use alloy_consensus::Header;
use thiserror::Error;
use zhengtong_evm::{BlockContext, Limits, Outcome};
use zhengtong_state::Commitment;
use zhengtong_types::{
    committee::{Payload, payload_hash},
    consensus::{Block, Context},
    header::{Extra, blank_header, hash_of},
};

/// Why a block is refused.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum RuleError {
    #[error("{field} is {got}, expected {expected}")]
    Field {
        field: &'static str,
        got: String,
        expected: String,
    },
    #[error("its time {got} ms is not after its parent's {parent} ms")]
    NotAfterParent { got: u64, parent: u64 },
    #[error("its time {got} ms is more than {MAX_CLOCK_LEAD_MS} ms ahead of this clock, {now} ms")]
    FromTheFuture { got: u64, now: u64 },
    #[error("its epoch or leader does not fit its consensus context")]
    Context,
    #[error(transparent)]
    Quota(#[from] OverQuota),
}

/// What makes a block valid. Whoever votes for a block has checked it by these, so all validators must have the same.
pub trait Rules: std::fmt::Debug + Send + Sync + 'static {
    /// Checks everything that needs no execution: the header against its parent and its consensus context.
    fn check_header(&self, block: &Block, parent: &Block, context: &Context) -> Result<(), RuleError>;

    /// Whether a transaction may run although it is over its quota.
    fn check_quota(&self, over: &OverQuota) -> Result<(), RuleError>;

    /// Whether what a transaction shows as a token of the allowance pays for it.
    fn check_token(&self, is_valid: bool) -> bool {
        is_valid
    }

    /// Checks what execution decided.
    fn check_outcome(&self, block: &Block, outcome: &Outcome, state: &Commitment) -> Result<(), RuleError>;
}

/// The rules of this chain.
#[derive(Clone, Copy, Debug)]
pub struct Standard;

impl Rules for Standard {
    fn check_header(&self, block: &Block, parent: &Block, context: &Context) -> Result<(), RuleError> {
        check_header(block, parent, context)
    }

    fn check_quota(&self, over: &OverQuota) -> Result<(), RuleError> {
        Err((*over).into())
    }

    fn check_outcome(&self, block: &Block, outcome: &Outcome, state: &Commitment) -> Result<(), RuleError> {
        check_outcome(block, outcome, state)
    }
}

fn same<T: PartialEq + std::fmt::Debug>(field: &'static str, got: &T, expected: &T) -> Result<(), RuleError> {
    if got == expected {
        return Ok(());
    }
    Err(RuleError::Field {
        field,
        got: format!("{got:?}"),
        expected: format!("{expected:?}"),
    })
}

/// The time of a block proposed now: the clock, or just after the parent if the clock is behind.
pub fn proposal_time_ms(now_ms: u64, parent: &Block) -> u64 {
    now_ms.max(parent.timestamp_ms() + 1)
}

/// What transactions of a block with this header see.
pub fn block_context(chain_id: u64, header: &Header) -> BlockContext {
    BlockContext {
        chain_id,
        number: header.number,
        timestamp: header.timestamp,
        gas_limit: header.gas_limit,
        beneficiary: header.beneficiary,
        mix_hash: header.mix_hash,
        limits: Limits::Osaka,
    }
}

/// A child's header before execution.
pub fn draft(parent: &Block, time_ms: u64) -> Header {
    Header {
        parent_hash: parent.hash(),
        number: parent.number() + 1,
        gas_limit: parent.header().gas_limit,
        timestamp: time_ms / 1000,
        mix_hash: parent.hash(),
        ..blank_header()
    }
}

/// Completes a draft with what execution gave, all but the transactions' root.
pub fn complete(
    mut header: Header,
    context: &Context,
    time_ms: u64,
    outcome: &Outcome,
    state: &Commitment,
    payload: Option<&Payload>,
) -> Header {
    header.state_root = state.root;
    header.receipts_root = outcome.receipts_root;
    header.logs_bloom = outcome.logs_bloom;
    header.gas_used = outcome.gas_used;
    header.extra_data = Extra {
        epoch: context.round.epoch().get(),
        view: context.round.view().get(),
        parent_view: context.parent.0.get(),
        leader: context.leader.clone(),
        millis: (time_ms % 1000) as u16,
        ops_root: state.ops_root,
        sync_start: state.sync_start,
        sync_end: state.sync_end,
        payload: payload.map(payload_hash),
    }
    .encode();
    header
}

fn check_header(block: &Block, parent: &Block, context: &Context) -> Result<(), RuleError> {
    let (header, extra) = (block.header(), block.extra());
    same("parentHash", &header.parent_hash, &parent.hash())?;
    same(
        "the context's parent",
        &hash_of(&context.parent.1),
        &parent.hash(),
    )?;
    if extra.context(header.parent_hash) != *context {
        return Err(RuleError::Context);
    }
    let (got, before) = (block.timestamp_ms(), parent.timestamp_ms());
    if got <= before {
        return Err(RuleError::NotAfterParent { got, parent: before });
    }
    // Every field that execution does not decide has exactly one allowed value.
    let expected = Header {
        state_root: header.state_root,
        transactions_root: header.transactions_root,
        receipts_root: header.receipts_root,
        logs_bloom: header.logs_bloom,
        gas_used: header.gas_used,
        extra_data: header.extra_data.clone(),
        ..draft(parent, got)
    };
    same("header", header, &expected)
}

/// How long to wait until a block's time has come, in milliseconds; an error if that is too far off.
pub fn clock_wait_ms(time_ms: u64, now_ms: u64) -> Result<u64, RuleError> {
    let lead = time_ms.saturating_sub(now_ms);
    if lead > MAX_CLOCK_LEAD_MS {
        return Err(RuleError::FromTheFuture {
            got: time_ms,
            now: now_ms,
        });
    }
    Ok(lead.saturating_sub(CLOCK_TOLERANCE_MS))
}

fn check_outcome(block: &Block, outcome: &Outcome, state: &Commitment) -> Result<(), RuleError> {
    let (header, extra) = (block.header(), block.extra());
    same("gasUsed", &header.gas_used, &outcome.gas_used)?;
    same("receiptsRoot", &header.receipts_root, &outcome.receipts_root)?;
    same("logsBloom", &header.logs_bloom, &outcome.logs_bloom)?;
    same("stateRoot", &header.state_root, &state.root)?;
    same("extraData.opsRoot", &extra.ops_root, &state.ops_root)?;
    same("extraData.syncStart", &extra.sync_start, &state.sync_start)?;
    same("extraData.syncEnd", &extra.sync_end, &state.sync_end)
}

/// What a header says its block commits the state to.
pub fn commitment(block: &Block) -> Commitment {
    let extra = block.extra();
    Commitment {
        root: block.header().state_root,
        ops_root: extra.ops_root,
        sync_start: extra.sync_start,
        sync_end: extra.sync_end,
    }
}

#[cfg(test)]
mod tests;
