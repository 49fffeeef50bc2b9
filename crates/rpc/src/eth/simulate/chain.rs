//! Executes the blocks of a simulation, and shows them as if they had been final.

use super::{
    OVER_LIMIT,
    request::{Block, Wanted, refusal},
};
use crate::{
    RpcError,
    api::Answer,
    calls::{execute_error, halt_message, invalid_message},
    convert,
    error::revert_message,
    limits::MAX_SIMULATED_BYTES,
    proofs::encoded,
};
use alloy_consensus::{
    Header, SignableTransaction as _, TxEip1559, TxEip2930, TxEnvelope, TxLegacy, transaction::Recovered,
};
use alloy_primitives::{B256, Bytes, Log, Signature, TxKind, U256};
use alloy_rpc_types_eth::{
    Block as RpcBlock, TransactionRequest,
    simulate::{SimCallResult, SimulateError, SimulatedBlock},
};
use zhengtong_chain::{ChainView, SealedBlock, ViewError};
use zhengtong_evm::{
    BlockContext, CallOutcome, ExecuteError, InvalidTransaction, Limits, MAX_CALL_GAS, Simulated, Simulation,
    TRANSFER_EMITTER, Transaction, receipt_from_parts,
};
use zhengtong_types::{
    header::{blank_header, encode_header, header_hash},
    trie,
};

/// The calls' gas is more than the block has.
const BLOCK_FULL: i32 = -38_015;

type Shown = Vec<SimulatedBlock<RpcBlock>>;

/// Runs the simulation on the state after `base`.
pub(super) fn run<V: ChainView>(view: &V, base: &SealedBlock, wanted: Wanted) -> Answer<Shown> {
    let state = view.state(base.header.number)?;
    let mut chain = Chain {
        simulation: Simulation::new(state, wanted.checks_nonces, wanted.logs_transfers),
        chain_id: view.rules().chain_id,
        limits: view.rules().limits,
        parent: base.header.clone(),
        parent_hash: base.hash,
        gas_left: MAX_CALL_GAS,
        bytes_left: MAX_SIMULATED_BYTES,
    };
    let mut shown = Vec::new();
    for (number, time, block) in Wanted::schedule(wanted.blocks, &base.header)? {
        let (sealed, calls) = chain.block(number, time, block)?;
        shown.push(SimulatedBlock {
            inner: convert::block(&sealed, wanted.shows_transactions),
            calls,
        });
    }
    Ok(shown)
}

/// The chain as far as it has come.
struct Chain<S: zhengtong_evm::Database> {
    simulation: Simulation<S>,
    chain_id: u64,
    limits: Limits,
    parent: Header,
    parent_hash: B256,
    /// Gas that the rest of the simulation may use.
    gas_left: u64,
    /// Bytes that the rest of it may return.
    bytes_left: usize,
}

impl<S: zhengtong_evm::Database<Error = ViewError>> Chain<S> {
    fn block(
        &mut self,
        number: u64,
        timestamp: u64,
        block: Block,
    ) -> Answer<(SealedBlock, Vec<SimCallResult>)> {
        let overrides = &block.overrides;
        let mut header = Header {
            parent_hash: self.parent_hash,
            number,
            timestamp,
            gas_limit: overrides.gas_limit.unwrap_or(self.parent.gas_limit),
            beneficiary: overrides.beneficiary.unwrap_or(self.parent.beneficiary),
            mix_hash: overrides.mix_hash.unwrap_or_default(),
            ..blank_header()
        };
        let context = BlockContext {
            chain_id: self.chain_id,
            number,
            timestamp,
            gas_limit: header.gas_limit,
            beneficiary: header.beneficiary,
            mix_hash: header.mix_hash,
            limits: self.limits,
        };
        self.simulation.pretend(&block.accounts).map_err(execute_error)?;
        let (mut transactions, mut receipts, mut results) = (Vec::new(), Vec::new(), Vec::new());
        let mut first_log = 0;
        for call in block.calls {
            let transaction = self.transaction(call, header.gas_limit - header.gas_used)?;
            let done = self.simulation.execute(&context, &transaction).map_err(refused)?;
            let result = self.result(done)?;
            header.gas_used += result.gas_used;
            self.gas_left = self.gas_left.saturating_sub(result.gas_used);
            // Logs that stand for transfers are shown and belong to no receipt.
            let logs = result.logs.iter().filter(|log| log.address != TRANSFER_EMITTER);
            let logs: Vec<Log> = logs.cloned().collect();
            let logged = logs.len();
            receipts.push(receipt_from_parts(
                &transaction,
                result.status,
                result.gas_used,
                header.gas_used,
                logs,
                first_log,
            ));
            first_log += logged;
            transactions.push(transaction);
            results.push(result);
        }
        let sealed = seal(header, transactions, receipts);
        self.simulation.seal(number, sealed.hash);
        self.parent = sealed.header.clone();
        self.parent_hash = sealed.hash;
        let results = located(&sealed, results);
        Ok((sealed, results))
    }

    /// The transaction that a call stands for, with a signature of zeros.
    fn transaction(&mut self, call: TransactionRequest, block_gas_left: u64) -> Answer<Transaction> {
        let from = call.from.unwrap_or_default();
        let nonce = match call.nonce {
            Some(nonce) => nonce,
            None => self.simulation.nonce(from).map_err(execute_error)?,
        };
        let gas = call.gas.unwrap_or(block_gas_left);
        if gas > block_gas_left {
            return Err(refusal(
                BLOCK_FULL,
                format!("block gas limit reached: the call wants {gas}, {block_gas_left} is left"),
            ));
        }
        if self.gas_left == 0 {
            return Err(refusal(
                OVER_LIMIT,
                format!("the simulation has used all the {MAX_CALL_GAS} gas that it may"),
            ));
        }
        let envelope = unsigned(call, self.chain_id, nonce, gas.min(self.gas_left))?;
        Ok(Recovered::new_unchecked(envelope, from))
    }

    fn result(&mut self, done: Simulated) -> Answer<Unlocated> {
        let (status, output, gas_used, logs, error) = match done.outcome {
            CallOutcome::Returned {
                output,
                gas_used,
                logs,
            } => (true, output, gas_used, logs, None),
            CallOutcome::Reverted { output, gas_used } => {
                let error = SimulateError {
                    code: SimulateError::EXECUTION_REVERTED_CODE,
                    message: revert_message(&output),
                    data: Some(output),
                };
                (false, Bytes::new(), gas_used, Vec::new(), Some(error))
            }
            CallOutcome::Halted { reason, gas_used } => {
                let error = SimulateError {
                    code: SimulateError::VM_EXECUTION_ERROR_CODE,
                    message: halt_message(&reason),
                    data: None,
                };
                (false, Bytes::new(), gas_used, Vec::new(), Some(error))
            }
        };
        let reason = error.as_ref().and_then(|error| error.data.as_ref());
        let bytes = output.len()
            + reason.map_or(0, |data| data.len())
            + logs.iter().map(|log| log.data.data.len()).sum::<usize>();
        self.bytes_left = self.bytes_left.checked_sub(bytes).ok_or_else(|| {
            refusal(
                OVER_LIMIT,
                format!("the calls return more than {MAX_SIMULATED_BYTES} bytes; simulate fewer"),
            )
        })?;
        Ok(Unlocated {
            status,
            output,
            gas_used,
            max_used_gas: done.max_used_gas,
            logs,
            error,
        })
    }
}

/// A result before its block has a hash.
struct Unlocated {
    status: bool,
    output: Bytes,
    gas_used: u64,
    max_used_gas: u64,
    logs: Vec<Log>,
    error: Option<SimulateError>,
}

fn located(block: &SealedBlock, results: Vec<Unlocated>) -> Vec<SimCallResult> {
    let mut log_index = 0;
    let mut shown = Vec::with_capacity(results.len());
    for (index, result) in results.into_iter().enumerate() {
        let logs = result.logs.into_iter().map(|log| {
            log_index += 1;
            convert::located(block, index, log_index - 1, log)
        });
        shown.push(SimCallResult {
            return_data: result.output,
            logs: logs.collect(),
            gas_used: result.gas_used,
            max_used_gas: Some(result.max_used_gas),
            status: result.status,
            error: result.error,
        });
    }
    shown
}

/// Completes a header. Its state root is zero: the root of this chain's state follows from a history that was not made.
fn seal(
    mut header: Header,
    transactions: Vec<Transaction>,
    receipts: Vec<zhengtong_evm::TransactionReceipt>,
) -> SealedBlock {
    let raws: Vec<_> = transactions
        .iter()
        .map(|transaction| encoded(transaction.inner()))
        .collect();
    let encoded_receipts: Vec<_> = receipts
        .iter()
        .map(|receipt| encoded(&receipt.envelope))
        .collect();
    header.transactions_root = trie::ordered_root(&raws);
    header.receipts_root = trie::ordered_root(&encoded_receipts);
    for receipt in &receipts {
        header.logs_bloom |= *receipt.envelope.logs_bloom();
    }
    SealedBlock {
        hash: header_hash(&header),
        size_bytes: encode_header(&header).len() + raws.iter().map(|raw| raw.len()).sum::<usize>(),
        timestamp_ms: header.timestamp.saturating_mul(1000),
        header,
        transactions,
        receipts,
    }
}

fn unsigned(call: TransactionRequest, chain_id: u64, nonce: u64, gas_limit: u64) -> Answer<TxEnvelope> {
    if let Some(got) = call.chain_id
        && got != chain_id
    {
        return Err(RpcError::Params(format!(
            "chainId does not match node's (have={got}, want={chain_id})"
        )));
    }
    let to = call.to.unwrap_or(TxKind::Create);
    let value = call.value.unwrap_or_default();
    let input = call.input.into_input().unwrap_or_default();
    let signature = Signature::new(U256::ZERO, U256::ZERO, false);
    Ok(match (call.gas_price, call.access_list) {
        (Some(gas_price), None) => TxLegacy {
            chain_id: Some(chain_id),
            nonce,
            gas_price,
            gas_limit,
            to,
            value,
            input,
        }
        .into_signed(signature)
        .into(),
        (Some(gas_price), Some(access_list)) => TxEip2930 {
            chain_id,
            nonce,
            gas_price,
            gas_limit,
            to,
            value,
            access_list,
            input,
        }
        .into_signed(signature)
        .into(),
        (None, access_list) => TxEip1559 {
            chain_id,
            nonce,
            gas_limit,
            max_fee_per_gas: call.max_fee_per_gas.unwrap_or_default(),
            max_priority_fee_per_gas: call.max_priority_fee_per_gas.unwrap_or_default(),
            to,
            value,
            access_list: access_list.unwrap_or_default(),
            input,
        }
        .into_signed(signature)
        .into(),
    })
}

/// Why a call cannot be part of a block.
fn refused(error: ExecuteError<ViewError>) -> RpcError {
    let ExecuteError::Invalid(reason) = error else {
        return execute_error(error);
    };
    let code = match reason {
        InvalidTransaction::NonceTooLow { .. } => -38_010,
        InvalidTransaction::NonceTooHigh { .. } => -38_011,
        InvalidTransaction::CallGasCostMoreThanGasLimit { .. }
        | InvalidTransaction::GasFloorMoreThanGasLimit { .. } => -38_013,
        InvalidTransaction::LackOfFundForMaxFee { .. } => -38_014,
        InvalidTransaction::CallerGasLimitMoreThanBlock => BLOCK_FULL,
        InvalidTransaction::CreateInitCodeSizeLimit => -38_025,
        _ => return RpcError::Execution(invalid_message(&reason)),
    };
    refusal(code, invalid_message(&reason))
}
