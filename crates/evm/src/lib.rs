//! Executes a block: state view, header and transactions in, outcome out. The only crate that knows revm.
//!
//! Everything here is a plain function of its input: no async, no clock, no disk. State is read through revm's
//! [`Database`]; whether a read waits for a disk is the caller's business.
//!
//! Rules of this chain that differ from Ethereum's mainnet (hard fork Osaka):
//! - Gas has no price. Whatever a transaction offers, it executes at an effective price of zero, so an account needs a
//!   balance only for the value it sends, and `GASPRICE` and `BASEFEE` are zero.
//! - A chain id is required (EIP-155). Types 0, 1 and 2 are accepted, and 4 if it delegates to contracts that are on the
//!   chain's list ([`Delegations`]); blobs (3) are refused.
//! - `PREVRANDAO` is the parent's hash: known to the proposer, not random.

mod access_list;
mod call;
mod changes;
mod executor;
mod mainnet;
mod overrides;
mod precompiles;
mod receipts;
mod rules;
mod simulate;
mod trace;
mod transaction;

#[cfg(test)]
mod tests;

pub use access_list::create_access_list;
pub use call::{CallOutcome, CallRequest, EstimateError, MAX_CALL_GAS, call, estimate};
pub use changes::{AccountChange, AccountState, EMPTY_CODE_HASH, SlotChange, StateChanges};
pub use executor::{BlockContext, ExecuteError, Executed, Executor, Outcome};
pub use mainnet::{Fork, Mainnet};
pub use overrides::{AccountOverride, BlockOverrides, Overrides, StorageOverride};
pub use precompiles::precompiles;
pub use receipts::{TransactionReceipt, receipt_from_parts};
pub use revm::{
    Database,
    bytecode::Bytecode,
    context_interface::result::{HaltReason, InvalidTransaction},
    database_interface::DBErrorMarker,
    state::AccountInfo,
};
pub use rules::{Delegations, Limits, TransactionRules};
pub use simulate::{Simulated, Simulation, TRANSFER_EMITTER};
pub use trace::{
    MAX_TRACE_BYTES, Replay, TraceError, geth_call, geth_traces, parity_call, parity_results, parity_traces,
};
pub use transaction::{
    MAX_TRANSACTION_GAS, TransactionError, check, decode, intrinsic_gas, recover, recover_all,
    recover_together,
};

/// An executable transaction: envelope and recovered sender.
pub type Transaction = alloy_consensus::transaction::Recovered<alloy_consensus::TxEnvelope>;
