//! State and block as a caller of `eth_call` wants them to be.

use crate::{BlockContext, Bytecode};
use alloy_primitives::{Address, B256, Bytes, U256};
use revm::{
    Database,
    database::{AccountStatus, State},
};
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
            limits: context.limits,
        }
    }
}

/// Puts overrides into a state as if its database said so. What was executed on it before stays.
pub(crate) fn apply<DB: Database>(
    state: &mut State<DB>,
    accounts: &BTreeMap<Address, AccountOverride>,
) -> Result<(), DB::Error> {
    for (address, pretended) in accounts {
        let cached = state.load_cache_account(*address)?;
        let account = cached.account.get_or_insert_default();
        account.info.balance = pretended.balance.unwrap_or(account.info.balance);
        account.info.nonce = pretended.nonce.unwrap_or(account.info.nonce);
        match &pretended.storage {
            StorageOverride::Keep => {}
            StorageOverride::Some(slots) => account.storage.extend(slots),
            StorageOverride::All(slots) => account.storage = slots.clone().into_iter().collect(),
        }
        cached.status = match (&pretended.storage, cached.status) {
            // Slots that are not named are zero then, whatever the database has.
            (StorageOverride::All(_), _) | (_, AccountStatus::LoadedNotExisting) => {
                AccountStatus::InMemoryChange
            }
            (_, AccountStatus::LoadedEmptyEIP161) => AccountStatus::Loaded,
            (_, status) => status,
        };
        if let Some(code) = &pretended.code {
            let code = Bytecode::new_raw(code.clone());
            account.info.code_hash = code.hash_slow();
            account.info.code = Some(code.clone());
            state.cache.contracts.insert(code.hash_slow(), code);
        }
    }
    Ok(())
}
