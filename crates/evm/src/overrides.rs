//! State and block as a caller of `eth_call` wants them to be.

use crate::{AccountInfo, BlockContext, Bytecode};
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use revm::Database;
use std::collections::BTreeMap;

/// What a call pretends.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    pub accounts: BTreeMap<Address, AccountOverride>,
    pub block: BlockOverrides,
}

/// Replaced parts of an account.
#[derive(Clone, Debug, Default)]
pub struct AccountOverride {
    pub balance: Option<U256>,
    pub nonce: Option<u64>,
    pub code: Option<Bytes>,
    pub storage: StorageOverride,
}

/// Replaced storage of an account.
#[derive(Clone, Debug, Default)]
pub enum StorageOverride {
    #[default]
    Keep,
    /// Only these slots differ (`stateDiff`).
    Some(BTreeMap<U256, U256>),
    /// Every other slot is zero (`state`).
    All(BTreeMap<U256, U256>),
}

/// Replaced parts of the block.
#[derive(Clone, Debug, Default)]
pub struct BlockOverrides {
    pub number: Option<u64>,
    pub timestamp: Option<u64>,
    pub gas_limit: Option<u64>,
    pub beneficiary: Option<Address>,
    pub mix_hash: Option<B256>,
}

impl BlockOverrides {
    pub(crate) fn apply(&self, context: &BlockContext) -> BlockContext {
        BlockContext {
            chain_id: context.chain_id,
            number: self.number.unwrap_or(context.number),
            timestamp: self.timestamp.unwrap_or(context.timestamp),
            gas_limit: self.gas_limit.unwrap_or(context.gas_limit),
            beneficiary: self.beneficiary.unwrap_or(context.beneficiary),
            mix_hash: self.mix_hash.unwrap_or(context.mix_hash),
        }
    }
}

/// A database seen through overrides.
pub(crate) struct Overridden<'a, DB> {
    pub database: DB,
    pub accounts: &'a BTreeMap<Address, AccountOverride>,
}

impl<DB: Database> Database for Overridden<'_, DB> {
    type Error = DB::Error;

    fn basic(&mut self, address: Address) -> Result<Option<AccountInfo>, DB::Error> {
        let found = self.database.basic(address)?;
        let Some(pretended) = self.accounts.get(&address) else {
            return Ok(found);
        };
        let mut info = found.unwrap_or_default();
        info.balance = pretended.balance.unwrap_or(info.balance);
        info.nonce = pretended.nonce.unwrap_or(info.nonce);
        if let Some(code) = &pretended.code {
            let code = Bytecode::new_raw(code.clone());
            info.code_hash = code.hash_slow();
            info.code = Some(code);
        }
        Ok(Some(info))
    }

    fn code_by_hash(&mut self, code_hash: B256) -> Result<Bytecode, DB::Error> {
        let pretended = self.accounts.values().filter_map(|account| account.code.as_ref());
        for code in pretended {
            if keccak256(code) == code_hash {
                return Ok(Bytecode::new_raw(code.clone()));
            }
        }
        self.database.code_by_hash(code_hash)
    }

    fn storage(&mut self, address: Address, slot: U256) -> Result<U256, DB::Error> {
        match self.accounts.get(&address).map(|account| &account.storage) {
            Some(StorageOverride::All(slots)) => return Ok(slots.get(&slot).copied().unwrap_or_default()),
            Some(StorageOverride::Some(slots)) if slots.contains_key(&slot) => return Ok(slots[&slot]),
            _ => {}
        }
        self.database.storage(address, slot)
    }

    fn block_hash(&mut self, number: u64) -> Result<B256, DB::Error> {
        self.database.block_hash(number)
    }
}
