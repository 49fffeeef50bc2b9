//! Reads of a mutable database through a shared reference, as builders of traces want them.

use super::{TraceError, bounded::Budget};
use crate::ExecuteError;
use alloy_primitives::{Address, B256, U256};
use revm::{
    Database, DatabaseRef,
    bytecode::Bytecode,
    database::State,
    state::{AccountInfo, EvmState},
};
use std::cell::RefCell;

/// An account in a description of state, without its code.
const ACCOUNT_BYTES: usize = 512;
/// A slot in a description of state.
const SLOT_BYTES: usize = 256;

/// A database that is read through a shared reference.
pub(super) struct Shared<'a, DB>(RefCell<&'a mut DB>);

impl<'a, DB> Shared<'a, DB> {
    pub(super) fn new(database: &'a mut DB) -> Self {
        Self(RefCell::new(database))
    }
}

impl<DB: Database> DatabaseRef for Shared<'_, DB> {
    type Error = DB::Error;

    fn basic_ref(&self, address: Address) -> Result<Option<AccountInfo>, DB::Error> {
        self.0.borrow_mut().basic(address)
    }

    fn code_by_hash_ref(&self, hash: B256) -> Result<Bytecode, DB::Error> {
        self.0.borrow_mut().code_by_hash(hash)
    }

    fn storage_ref(&self, address: Address, slot: U256) -> Result<U256, DB::Error> {
        self.0.borrow_mut().storage(address, slot)
    }

    fn block_hash_ref(&self, number: u64) -> Result<B256, DB::Error> {
        self.0.borrow_mut().block_hash(number)
    }
}

/// Takes from the budget what a description of everything that a transaction touched needs, code included.
pub(super) fn charge_state<DB: Database>(
    state: &mut State<DB>,
    touched: &EvmState,
    budget: &mut Budget,
) -> Result<(), TraceError<DB::Error>> {
    for (address, account) in touched {
        let mut bytes = ACCOUNT_BYTES + account.storage.len() * SLOT_BYTES;
        bytes += account.info.code.as_ref().map_or(0, Bytecode::len);
        if let Some(info) = state.basic(*address).map_err(ExecuteError::from)?
            && !info.is_empty_code_hash()
        {
            let code = state.code_by_hash(info.code_hash).map_err(ExecuteError::from)?;
            bytes += code.len();
        }
        if !budget.take(bytes) {
            return Err(TraceError::TooLarge);
        }
    }
    Ok(())
}
