//! Fees. Gas has no price on this chain, and these methods say so.

use crate::{
    api::need_block,
    limits::{MAX_FEE_HISTORY, MAX_REWARD_PERCENTILES},
    server::Methods,
};
use alloy_eips::BlockNumberOrTag;
use alloy_primitives::{U64, U256};
use alloy_rpc_types_eth::FeeHistory;
use zhengtong_chain::ChainView;

pub(super) fn register<V: ChainView>(methods: &mut Methods<V>) {
    for name in [
        "eth_gasPrice",
        "eth_maxPriorityFeePerGas",
        "eth_baseFee",
        "eth_blobBaseFee",
    ] {
        methods.add(name, |_, args| async move { args.end().map(|()| U256::ZERO) });
    }
    methods.add("eth_feeHistory", |api, mut args| async move {
        let count: U64OrNumber = args.required("block count")?;
        let count = count.get();
        if count > MAX_FEE_HISTORY {
            return Err(args.refuse(
                "block count",
                format!("{count} blocks, at most {MAX_FEE_HISTORY}"),
            ));
        }
        let newest: BlockNumberOrTag = args.required("newest block")?;
        let percentiles: Vec<f64> = args.optional("reward percentiles")?.unwrap_or_default();
        if percentiles.len() > MAX_REWARD_PERCENTILES {
            return Err(args.refuse(
                "reward percentiles",
                format!("more than {MAX_REWARD_PERCENTILES}"),
            ));
        }
        if !percentiles.is_sorted() || percentiles.iter().any(|p| !(0.0..=100.0).contains(p)) {
            return Err(args.refuse("reward percentiles", "not ascending between 0 and 100"));
        }
        args.end()?;
        api.read(move |view| {
            let newest = need_block(view, Some(newest.into()))?.header.number;
            let count = count.min(newest + 1);
            let oldest = newest + 1 - count;
            let mut gas_used_ratio = Vec::new();
            for number in oldest..oldest + count {
                let block = need_block(view, Some(number.into()))?;
                gas_used_ratio.push(block.header.gas_used as f64 / block.header.gas_limit.max(1) as f64);
            }
            let count = gas_used_ratio.len();
            Ok(FeeHistory {
                base_fee_per_gas: vec![0; count + 1],
                gas_used_ratio,
                base_fee_per_blob_gas: vec![0; count + 1],
                blob_gas_used_ratio: vec![0.0; count],
                oldest_block: oldest,
                reward: (!percentiles.is_empty()).then(|| vec![vec![0; percentiles.len()]; count]),
            })
        })
        .await
    });
}

/// Some tools send the count as a number, some as hexadecimal.
#[derive(Clone, Copy, serde::Deserialize)]
#[serde(untagged)]
enum U64OrNumber {
    Number(u64),
    Hex(U64),
}

impl U64OrNumber {
    fn get(self) -> u64 {
        match self {
            Self::Number(number) => number,
            Self::Hex(number) => number.to(),
        }
    }
}
