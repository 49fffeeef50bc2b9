//! Executes transactions one after another on a state view, and sums them up.

use crate::{
    Limits, Mainnet, SlotChange, StateChanges, Transaction, TransactionReceipt, mainnet::price,
    receipts::receipt_from_parts, rules::FORK, transaction::MAX_TRANSACTION_GAS,
};
use alloy_consensus::{Transaction as _, Typed2718 as _, proofs::ordered_trie_root_with_encoder};
use alloy_eips::{
    eip2718::Encodable2718 as _,
    eip7702::{RecoveredAuthorization, SignedAuthorization},
};
use alloy_primitives::{Address, B256, Bloom, Bytes, TxKind, U256};
use revm::{
    Context, Database, DatabaseCommit as _, ExecuteEvm as _, MainBuilder as _, MainContext as _,
    context::{BlockEnv, CfgEnv, TxEnv},
    context_interface::{
        block::BlobExcessGasAndPrice,
        either::Either,
        result::{EVMError, ExecutionResult, HaltReason, InvalidTransaction},
    },
    database::{State, states::bundle_state::BundleRetention},
    database_interface::{DBErrorMarker, bal::EvmDatabaseError},
    handler::{MainnetContext, MainnetEvm},
    primitives::eip4844::BLOB_BASE_FEE_UPDATE_FRACTION_PRAGUE,
};
use thiserror::Error;

/// What transactions can learn about the block they run in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockContext {
    pub chain_id: u64,
    pub number: u64,
    /// Seconds since the Unix epoch.
    pub timestamp: u64,
    pub gas_limit: u64,
    pub beneficiary: Address,
    /// `PREVRANDAO`; the parent's hash on this chain.
    pub mix_hash: B256,
    /// Which of Ethereum's limits hold.
    pub limits: Limits,
}

impl BlockContext {
    pub(crate) fn block_env(&self) -> BlockEnv {
        BlockEnv {
            number: U256::from(self.number),
            beneficiary: self.beneficiary,
            timestamp: U256::from(self.timestamp),
            gas_limit: self.gas_limit,
            basefee: 0,
            difficulty: U256::ZERO,
            prevrandao: Some(self.mix_hash),
            blob_excess_gas_and_price: Some(BlobExcessGasAndPrice::new(
                0,
                BLOB_BASE_FEE_UPDATE_FRACTION_PRAGUE,
            )),
            slot_num: 0,
        }
    }

    pub(crate) fn apply_config(&self, config: &mut CfgEnv) {
        config.chain_id = self.chain_id;
        config.set_spec_and_mainnet_gas_params(FORK);
        match self.limits {
            Limits::Osaka => config.tx_gas_limit_cap = Some(MAX_TRANSACTION_GAS),
            Limits::Lifted => {
                config.tx_gas_limit_cap = Some(u64::MAX);
                config.limit_contract_code_size = Some(usize::MAX);
                config.limit_contract_initcode_size = Some(usize::MAX);
                config.disable_eip3607 = true;
            }
        }
    }
}

/// Why a transaction was not executed. The state is as before.
#[derive(Debug, Error)]
pub enum ExecuteError<E: std::error::Error> {
    /// The transaction can not run on this state.
    #[error("{0}")]
    Invalid(InvalidTransaction),
    /// It may run in a later block.
    #[error("the block has {left} gas left, the transaction may need {needed}")]
    NoRoom { needed: u64, left: u64 },
    #[error("reading state failed: {0}")]
    Database(E),
    #[error("execution failed: {0}")]
    Internal(String),
}

impl<E: DBErrorMarker> From<EVMError<EvmDatabaseError<E>, InvalidTransaction>> for ExecuteError<E> {
    fn from(error: EVMError<EvmDatabaseError<E>, InvalidTransaction>) -> Self {
        match error {
            EVMError::Transaction(reason) => Self::Invalid(reason),
            EVMError::Database(source) => source.into(),
            other => Self::Internal(other.to_string()),
        }
    }
}

impl<E: DBErrorMarker> From<EvmDatabaseError<E>> for ExecuteError<E> {
    fn from(error: EvmDatabaseError<E>) -> Self {
        match error {
            EvmDatabaseError::Database(source) => Self::Database(source),
            EvmDatabaseError::Bal(source) => Self::Internal(source.to_string()),
        }
    }
}

/// What became of one transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Executed {
    Success { output: Bytes },
    Revert { output: Bytes },
    Halt { reason: HaltReason },
}

/// What a block did.
#[derive(Clone, Debug)]
pub struct Outcome {
    pub changes: StateChanges,
    pub receipts: Vec<TransactionReceipt>,
    pub gas_used: u64,
    pub logs_bloom: Bloom,
    pub receipts_root: B256,
}

/// One block being executed.
pub struct Executor<DB: Database> {
    evm: MainnetEvm<MainnetContext<State<DB>>>,
    /// Transactions pay what they offer.
    is_priced: bool,
    gas_limit: u64,
    gas_used: u64,
    logs: usize,
    receipts: Vec<TransactionReceipt>,
}

impl<DB: Database> Executor<DB> {
    pub fn new(database: DB, context: &BlockContext) -> Self {
        Self::begin(database, context, None)
    }

    /// A block under the rules of Ethereum's mainnet in the place of this chain's, to hold execution against Ethereum's own
    /// tests: gas and blobs have a price, and any type of transaction is executed.
    pub fn on_mainnet(database: DB, context: &BlockContext, mainnet: &Mainnet) -> Self {
        Self::begin(database, context, Some(mainnet))
    }

    fn begin(database: DB, context: &BlockContext, mainnet: Option<&Mainnet>) -> Self {
        let state = State::builder()
            .with_database(database)
            .with_bundle_update()
            .build();
        let evm = Context::mainnet()
            .with_db(state)
            .modify_cfg_chained(|config| {
                context.apply_config(config);
                if let Some(mainnet) = mainnet {
                    mainnet.apply_config(config);
                }
            })
            .with_block(match mainnet {
                None => context.block_env(),
                Some(mainnet) => mainnet.block_env(context),
            })
            .build_mainnet();
        Self {
            evm,
            is_priced: mainnet.is_some(),
            gas_limit: context.gas_limit,
            gas_used: 0,
            logs: 0,
            receipts: Vec::new(),
        }
    }

    /// Makes room for as many receipts.
    pub fn reserve(&mut self, transactions: usize) {
        self.receipts.reserve(transactions);
    }

    /// Gas that the block's transactions used so far.
    pub fn gas_used(&self) -> u64 {
        self.gas_used
    }

    /// A slot as it was before the block, whatever its transactions did.
    pub fn slot_before(&mut self, address: Address, slot: U256) -> Result<U256, DB::Error> {
        self.evm
            .ctx
            .journaled_state
            .database
            .database
            .storage(address, slot)
    }

    /// Gas that is left in the block.
    pub fn gas_left(&self) -> u64 {
        self.gas_limit - self.gas_used
    }

    /// Executes a transaction. On error nothing happened, and the same one can be tried again.
    pub fn execute(&mut self, transaction: &Transaction) -> Result<Executed, ExecuteError<DB::Error>> {
        let (needed, left) = (transaction.gas_limit(), self.gas_left());
        if needed > left {
            return Err(ExecuteError::NoRoom { needed, left });
        }
        let mut environment = environment(transaction);
        if self.is_priced {
            price(transaction, &mut environment);
        }
        let done = self.evm.transact(environment)?;
        self.evm.ctx.journaled_state.database.commit(done.state);
        let gas_used = done.result.tx_gas_used();
        self.gas_used += gas_used;
        let (success, executed, logs) = match done.result {
            ExecutionResult::Success { logs, output, .. } => (
                true,
                Executed::Success {
                    output: output.into_data(),
                },
                logs,
            ),
            ExecutionResult::Revert { output, .. } => (false, Executed::Revert { output }, Vec::new()),
            ExecutionResult::Halt { reason, .. } => (false, Executed::Halt { reason }, Vec::new()),
        };
        let first_log = self.logs;
        self.logs += logs.len();
        self.receipts.push(receipt_from_parts(
            transaction,
            success,
            gas_used,
            self.gas_used,
            logs,
            first_log,
        ));
        Ok(executed)
    }

    /// Creates a contract in the name of `from`, which has signed nothing: only a genesis does this.
    pub fn create(&mut self, from: Address, init_code: Bytes) -> Result<Executed, ExecuteError<DB::Error>> {
        let info = self.evm.ctx.journaled_state.database.basic(from)?;
        let done = self.evm.transact(TxEnv {
            caller: from,
            gas_limit: MAX_TRANSACTION_GAS,
            gas_price: 0,
            kind: TxKind::Create,
            data: init_code,
            nonce: info.map_or(0, |info| info.nonce),
            chain_id: Some(self.evm.ctx.cfg.chain_id),
            ..TxEnv::default()
        })?;
        self.evm.ctx.journaled_state.database.commit(done.state);
        Ok(match done.result {
            ExecutionResult::Success { output, .. } => Executed::Success {
                output: output.into_data(),
            },
            ExecutionResult::Revert { output, .. } => Executed::Revert { output },
            ExecutionResult::Halt { reason, .. } => Executed::Halt { reason },
        })
    }

    /// Ends the block and gives the state view back.
    pub fn finish(self) -> (Outcome, DB) {
        self.finish_with(&[])
    }

    /// As [`Self::finish`], after slots were written that no transaction writes: what the chain itself keeps.
    pub fn finish_with(self, own: &[SlotChange]) -> (Outcome, DB) {
        let mut state = self.evm.ctx.journaled_state.database;
        state.merge_transitions(BundleRetention::PlainState);
        let mut changes = StateChanges::from_bundle(state.take_bundle());
        changes.put(own);
        let mut logs_bloom = Bloom::ZERO;
        for receipt in &self.receipts {
            logs_bloom |= *receipt.envelope.logs_bloom();
        }
        let receipts_root =
            ordered_trie_root_with_encoder(&self.receipts, |receipt: &TransactionReceipt, out| {
                receipt.envelope.encode_2718(out);
            });
        let outcome = Outcome {
            changes,
            receipts_root,
            gas_used: self.gas_used,
            logs_bloom,
            receipts: self.receipts,
        };
        (outcome, state.database)
    }
}

/// The transaction as revm takes it, at a gas price of zero.
pub(crate) fn environment(transaction: &Transaction) -> TxEnv {
    TxEnv {
        tx_type: transaction.ty(),
        caller: transaction.signer(),
        gas_limit: transaction.gas_limit(),
        gas_price: 0,
        kind: transaction.kind(),
        value: transaction.value(),
        data: transaction.input().clone(),
        nonce: transaction.nonce(),
        chain_id: transaction.chain_id(),
        access_list: transaction.access_list().cloned().unwrap_or_default(),
        gas_priority_fee: transaction.max_priority_fee_per_gas().map(|_| 0),
        blob_hashes: Vec::new(),
        max_fee_per_blob_gas: 0,
        authorization_list: authorizations(transaction.authorization_list().unwrap_or_default()),
    }
}

/// Authorizations as revm takes them; it recovers their signers.
pub(crate) fn authorizations(
    list: &[SignedAuthorization],
) -> Vec<Either<SignedAuthorization, RecoveredAuthorization>> {
    list.iter().cloned().map(Either::Left).collect()
}
