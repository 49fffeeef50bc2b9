//! Blocks that are executed one on another and forgotten: `eth_simulateV1`.

use crate::{
    AccountOverride, BlockContext, CallOutcome, ExecuteError, Transaction, call::evm_for_calls,
    executor::environment, overrides::apply,
};
use alloy_primitives::{Address, B256, Log, LogData};
use revm::{
    Database, DatabaseCommit as _, ExecuteEvm as _, InspectEvm as _, Inspector,
    bytecode::opcode::SELFDESTRUCT,
    context_interface::{ContextTr, JournalTr as _},
    database::State,
    interpreter::{
        CallInputs, CallOutcome as CallEnd, CreateInputs, CreateOutcome, Interpreter,
        interpreter_types::{InputsTr as _, Jumps as _},
    },
};
use revm_inspectors::transfer::{TRANSFER_EVENT_TOPIC, TRANSFER_LOG_EMITTER, TransferInspector};
use std::collections::BTreeMap;

/// Emits the logs that stand for transfers of the chain's own coin, if they are wanted; no contract can have this address.
pub const TRANSFER_EMITTER: Address = TRANSFER_LOG_EMITTER;

/// A chain that goes on from a state in memory alone.
pub struct Simulation<DB: Database> {
    state: State<DB>,
    checks_nonces: bool,
    logs_transfers: bool,
}

/// What a simulated transaction did.
#[derive(Clone, Debug)]
pub struct Simulated {
    pub outcome: CallOutcome,
    /// Gas before refunds, and at least what is paid for.
    pub max_used_gas: u64,
}

impl<DB: Database> Simulation<DB> {
    /// Goes on from `database`. Nonces are checked if `checks_nonces`, and transfers of value are logged by
    /// [`TRANSFER_EMITTER`] if `logs_transfers`.
    pub fn new(database: DB, checks_nonces: bool, logs_transfers: bool) -> Self {
        Self {
            state: State::builder().with_database(database).build(),
            checks_nonces,
            logs_transfers,
        }
    }

    /// Changes accounts, as before the first transaction of a block.
    pub fn pretend(
        &mut self,
        accounts: &BTreeMap<Address, AccountOverride>,
    ) -> Result<(), ExecuteError<DB::Error>> {
        apply(&mut self.state, accounts).map_err(ExecuteError::Database)
    }

    /// The nonce that an account's next transaction has.
    pub fn nonce(&mut self, address: Address) -> Result<u64, ExecuteError<DB::Error>> {
        Ok(self.state.basic(address)?.map_or(0, |info| info.nonce))
    }

    /// Executes a transaction, and keeps what it changed.
    pub fn execute(
        &mut self,
        context: &BlockContext,
        transaction: &Transaction,
    ) -> Result<Simulated, ExecuteError<DB::Error>> {
        let mut evm = evm_for_calls(&mut self.state, context, Transfers::default());
        evm.ctx.cfg.disable_nonce_check = !self.checks_nonces;
        let transaction = environment(transaction);
        let done = if self.logs_transfers {
            evm.inspect_tx(transaction)?
        } else {
            evm.transact(transaction)?
        };
        self.state.commit(done.state);
        Ok(Simulated {
            max_used_gas: done.result.gas().total_gas_spent().max(done.result.tx_gas_used()),
            outcome: done.result.into(),
        })
    }

    /// Ends a block: its successors read its hash.
    pub fn seal(&mut self, number: u64, hash: B256) {
        self.state.block_hashes.insert(number, hash);
    }
}

/// Logs every transfer of value where it happens, so that a revert takes the log back. The library's inspector does it for
/// calls and creations, and not for what a contract leaves behind when it ends itself.
struct Transfers(TransferInspector);

impl Default for Transfers {
    fn default() -> Self {
        Self(TransferInspector::new(false).with_logs(true))
    }
}

impl<C: ContextTr> Inspector<C> for Transfers {
    fn step(&mut self, interpreter: &mut Interpreter, context: &mut C) {
        if interpreter.bytecode.opcode() != SELFDESTRUCT {
            return;
        }
        let from = interpreter.input.target_address();
        let (Ok(heir), Ok(account)) = (
            interpreter.stack.peek(0),
            context.journal_mut().load_account(from),
        ) else {
            return;
        };
        let balance = account.data.info.balance;
        if balance.is_zero() {
            return;
        }
        let heir = Address::from_word(heir.into()).into_word();
        context.journal_mut().log(Log {
            address: TRANSFER_EMITTER,
            data: LogData::new_unchecked(
                vec![TRANSFER_EVENT_TOPIC, from.into_word(), heir],
                balance.to_be_bytes_vec().into(),
            ),
        });
    }

    fn call(&mut self, context: &mut C, inputs: &mut CallInputs) -> Option<CallEnd> {
        self.0.call(context, inputs)
    }

    fn create(&mut self, context: &mut C, inputs: &mut CreateInputs) -> Option<CreateOutcome> {
        self.0.create(context, inputs)
    }
}
