//! Accounts at a block.

use crate::{
    RpcError,
    api::{Answer, need_block},
    limits::MAX_STORAGE_VALUES,
    server::Methods,
};
use alloy_eips::{BlockId, BlockNumberOrTag};
use alloy_primitives::{Address, B256, Bytes, U64, U256};
use std::collections::BTreeMap;
use zhengtong_chain::ChainView;
use zhengtong_evm::{AccountInfo, Database as _};

pub(super) fn register<V: ChainView>(methods: &mut Methods<V>) {
    methods.add("eth_getBalance", |api, mut args| async move {
        let (address, block) = (args.required("address")?, args.optional("block")?);
        args.end()?;
        api.read(move |view| Ok(account(view, address, block)?.1.balance))
            .await
    });
    methods.add("eth_getTransactionCount", |api, mut args| async move {
        let address: Address = args.required("address")?;
        let block: Option<BlockId> = args.optional("block")?;
        args.end()?;
        if block == Some(BlockId::Number(BlockNumberOrTag::Pending)) {
            return Ok(U64::from(api.view.pending_nonce(address).await?));
        }
        api.read(move |view| Ok(U64::from(account(view, address, block)?.1.nonce)))
            .await
    });
    methods.add("eth_getCode", |api, mut args| async move {
        let (address, block) = (args.required("address")?, args.optional("block")?);
        args.end()?;
        api.read(move |view| {
            let (mut state, info) = account(view, address, block)?;
            if info.is_empty_code_hash() {
                return Ok(Bytes::new());
            }
            Ok(state.code_by_hash(info.code_hash)?.original_bytes())
        })
        .await
    });
    methods.add("eth_getStorageAt", |api, mut args| async move {
        let address: Address = args.required("address")?;
        let slot: String = args.required("slot")?;
        let slot = parse_slot(&slot).map_err(|reason| args.refuse("slot", reason))?;
        let block: Option<BlockId> = args.optional("block")?;
        args.end()?;
        api.read(move |view| {
            let number = need_block(view, block)?.header.number;
            Ok(B256::from(view.state(number)?.storage(address, slot)?))
        })
        .await
    });
    methods.add("eth_getStorageValues", |api, mut args| async move {
        let wanted: Wanted = args.required("slots by account")?;
        check_storage_values(&wanted)?;
        let block: Option<BlockId> = args.optional("block")?;
        args.end()?;
        api.read(move |view| {
            let number = need_block(view, block)?.header.number;
            let mut state = view.state(number)?;
            let mut values = Wanted::new();
            for (address, slots) in wanted {
                let found = slots.into_iter().map(|slot| state.storage(address, slot.into()));
                let found = found.map(|value| value.map(B256::from));
                values.insert(address, found.collect::<Result<_, _>>()?);
            }
            Ok(values)
        })
        .await
    });
}

/// Slots by account, as `eth_getStorageValues` asks for them.
type Wanted = BTreeMap<Address, Vec<B256>>;

fn check_storage_values(wanted: &Wanted) -> Answer<()> {
    if wanted.is_empty() {
        return Err(RpcError::Params("empty request".into()));
    }
    let slots = wanted.values().map(Vec::len).sum::<usize>();
    if wanted.len().max(slots) > MAX_STORAGE_VALUES {
        return Err(RpcError::Limit(format!(
            "{slots} slots of {} accounts, at most {MAX_STORAGE_VALUES} of each",
            wanted.len()
        )));
    }
    Ok(())
}

fn account<V: ChainView>(
    view: &V,
    address: Address,
    block: Option<BlockId>,
) -> Result<(V::State, AccountInfo), RpcError> {
    let number = need_block(view, block)?.header.number;
    let mut state = view.state(number)?;
    let info = state.basic(address)?.unwrap_or_default();
    Ok((state, info))
}

/// A slot is hexadecimal of up to 32 bytes; leading zeros may be there or not.
fn parse_slot(text: &str) -> Result<U256, String> {
    let digits = text.strip_prefix("0x").ok_or("hex string without 0x prefix")?;
    if digits.len() > 64 {
        return Err(format!("{} digits, at most 64", digits.len()));
    }
    if digits.is_empty() {
        return Ok(U256::ZERO);
    }
    U256::from_str_radix(digits, 16).map_err(|e| e.to_string())
}
