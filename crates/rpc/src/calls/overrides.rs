//! Pretended accounts and blocks.

use crate::limits::MAX_OVERRIDES;
use alloy_primitives::{Address, B256, U256, map::B256HashMap};
use alloy_rpc_types_eth::{BlockOverrides, state::StateOverride};
use std::collections::BTreeMap;
use zhengtong_evm::{AccountOverride, StorageOverride};

/// Accounts and slots that are pretended.
pub(crate) fn count_overrides(accounts: &StateOverride) -> usize {
    let slots = accounts
        .values()
        .flat_map(|account| [&account.state, &account.state_diff])
        .flatten();
    accounts.len() + slots.map(|slots| slots.len()).sum::<usize>()
}

/// What of its accounts a call pretends, checked.
pub(crate) fn state_overrides(accounts: StateOverride) -> Result<BTreeMap<Address, AccountOverride>, String> {
    let size = count_overrides(&accounts);
    if size > MAX_OVERRIDES {
        return Err(format!("{size} accounts and slots, at most {MAX_OVERRIDES}"));
    }
    let slots = |slots: B256HashMap<B256>| {
        slots
            .into_iter()
            .map(|(slot, value)| (U256::from_be_bytes(slot.0), U256::from_be_bytes(value.0)))
            .collect()
    };
    let convert = |(address, account): (_, alloy_rpc_types_eth::state::AccountOverride)| {
        let storage = match (account.state, account.state_diff) {
            (Some(_), Some(_)) => return Err(format!("account {address} has both 'state' and 'stateDiff'")),
            (Some(all), None) => StorageOverride::All(slots(all)),
            (None, Some(some)) => StorageOverride::Some(slots(some)),
            (None, None) => StorageOverride::Keep,
        };
        if account.move_precompile_to.is_some() {
            return Err("'movePrecompileToAddress' is not supported".into());
        }
        // EIP-7702 designators are not accepted on this chain, and a malformed one is not code at all.
        if account
            .code
            .as_ref()
            .is_some_and(|code| code.starts_with(&[0xef, 0x01]))
        {
            return Err(format!(
                "account {address} has code that is an EIP-7702 delegation"
            ));
        }
        let (balance, nonce, code) = (account.balance, account.nonce, account.code);
        Ok((
            address,
            AccountOverride {
                balance,
                nonce,
                code,
                storage,
            },
        ))
    };
    accounts.into_iter().map(convert).collect()
}

/// What of its block a call pretends, checked.
pub(crate) fn block_overrides(block: &BlockOverrides) -> Result<zhengtong_evm::BlockOverrides, String> {
    let fees = [
        ("baseFee", block.base_fee),
        ("blobBaseFee", block.blob_base_fee),
        ("difficulty", block.difficulty),
    ];
    if let Some((name, _)) = fees.iter().find(|(_, fee)| fee.is_some_and(|fee| !fee.is_zero())) {
        return Err(format!("'{name}' is always 0 on this chain"));
    }
    if block.block_hash.is_some() {
        return Err("'blockHash' is not supported".into());
    }
    let number = block.number.map(|number| {
        number
            .try_into()
            .map_err(|_| "'number' does not fit in 64 bits".to_owned())
    });
    Ok(zhengtong_evm::BlockOverrides {
        number: number.transpose()?,
        timestamp: block.time,
        gas_limit: block.gas_limit,
        beneficiary: block.coinbase,
        mix_hash: block.random,
    })
}
