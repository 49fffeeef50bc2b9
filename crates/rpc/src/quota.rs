//! How much gas an account may still use.

use crate::{
    RpcError,
    api::{Answer, need_block},
    server::Methods,
};
use alloy_eips::BlockId;
use alloy_primitives::{Address, U64};
use serde::Serialize;
use zhengtong_chain::{
    ChainView,
    quota::{self, RESIDENTS, standing},
};
use zhengtong_evm::Database as _;

pub(crate) fn register<V: ChainView>(methods: &mut Methods<V>) {
    methods.add("zhengtong_quota", |api, mut args| async move {
        let (address, block) = (args.required("address")?, args.optional("block")?);
        args.end()?;
        api.read(move |view| quota_after(view, address, block)).await
    });
}

/// An account's quota in the block after one.
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct AccountQuota {
    /// The number of the account's class.
    class: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    class_name: Option<String>,
    epoch: u64,
    /// The last block of the epoch; with the next one everyone begins anew.
    last_block: u64,
    account: Gas,
    /// Of all accounts of the class together.
    total: Gas,
    /// What pays first for an account that has shown a token of the daily allowance.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<TokenQuota>,
}

#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct TokenQuota {
    /// The number of the class of all that is paid by tokens.
    class: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    class_name: Option<String>,
    /// What the token buys; it does not begin anew with an epoch.
    account: Gas,
    total: Gas,
}

#[derive(Clone, Serialize)]
struct Gas {
    limit: U64,
    used: U64,
    left: U64,
}

impl From<quota::Quota> for Gas {
    fn from(quota: quota::Quota) -> Self {
        Self {
            limit: U64::from(quota.limit),
            used: U64::from(quota.used),
            left: U64::from(quota.left()),
        }
    }
}

fn quota_after(
    view: &impl ChainView,
    address: Address,
    block: Option<BlockId>,
) -> Answer<Option<AccountQuota>> {
    let Some(rules) = view.quotas() else {
        return Ok(None);
    };
    let number = need_block(view, block)?.header.number;
    let next = number
        .checked_add(1)
        .ok_or_else(|| RpcError::Internal("there is no block after it".into()))?;
    let mut state = view.state(number)?;
    let found = standing(rules, address, next, |contract, slot| {
        state.storage(contract, slot)
    })?;
    let mut name_of =
        |class| quota::class_name(&rules.book, class, |contract, slot| state.storage(contract, slot));
    let name = name_of(found.class)?;
    let token = match found.token {
        None => None,
        Some(token) => Some(TokenQuota {
            class: RESIDENTS,
            class_name: name_of(RESIDENTS)?,
            account: token.account.into(),
            total: token.total.into(),
        }),
    };
    Ok(Some(AccountQuota {
        class: found.class,
        class_name: name,
        epoch: rules.epoch(next),
        last_block: found.next_epoch_block - 1,
        account: found.account.into(),
        total: found.total.into(),
        token,
    }))
}
