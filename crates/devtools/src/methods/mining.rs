//! When blocks are made and what time they have; points to go back to.

use super::{DevMethods, blocking, both, quantity::Quantity, state::refused};
use crate::{
    DevChain,
    chain::{MineError, TimeError},
};
use alloy_primitives::U64;
use serde::Deserialize;
use std::time::Duration;
use zhengtong_rpc::RpcError;

/// Least time between blocks that are made by the clock.
const MIN_INTERVAL: Duration = Duration::from_millis(10);
/// Most seconds that time is moved ahead at once.
const MAX_INCREASE: u64 = 1 << 40;

pub(super) fn register(methods: &mut DevMethods) {
    register_blocks(methods);
    register_time(methods);
    for name in ["evm_snapshot", "anvil_snapshot"] {
        methods.replace(name, |chain, args| async move {
            args.end()?;
            Ok(U64::from(chain.with(|edit| edit.snapshot())))
        });
    }
    for name in ["evm_revert", "anvil_revert"] {
        methods.replace(name, |chain, mut args| async move {
            let number: Quantity = args.required("snapshot")?;
            args.end()?;
            blocking(move || Ok(chain.with(|edit| edit.revert(number.0)))).await
        });
    }
}

fn register_blocks(methods: &mut DevMethods) {
    methods.replace("evm_mine", |chain, mut args| async move {
        let wanted: Option<Mine> = args.optional("timestamp")?;
        args.end()?;
        let (timestamp, blocks) = match wanted {
            None => (None, 1),
            Some(Mine::At(timestamp)) => (Some(timestamp.0), 1),
            Some(Mine::Many { timestamp, blocks }) => (
                timestamp.map(|timestamp| timestamp.0),
                blocks.map_or(1, |blocks| blocks.0),
            ),
        };
        // Ganache's way of saying that no time is named.
        let timestamp = timestamp.filter(|timestamp| *timestamp != 0);
        blocking(move || {
            chain.mine_at(timestamp).map_err(not_made)?;
            chain.mine(blocks.saturating_sub(1), None).map_err(not_made)?;
            Ok("0x0")
        })
        .await
    });
    both!(methods, "mine", |chain: DevChain, mut args| async move {
        let blocks: Option<Quantity> = args.optional("blocks")?;
        let interval: Option<Quantity> = args.optional("interval")?;
        args.end()?;
        let blocks = blocks.map_or(1, |blocks| blocks.0);
        let interval = interval.map(|interval| interval.0);
        blocking(move || chain.mine(blocks, interval).map_err(not_made)).await?;
        Ok(true)
    });
    for name in ["evm_setAutomine", "anvil_setAutomine"] {
        methods.replace(name, |chain, mut args| async move {
            let automine: bool = args.required("automine")?;
            args.end()?;
            chain.with(|edit| edit.set_automine(automine));
            Ok(true)
        });
    }
    both!(methods, "getAutomine", |chain, args| async move {
        args.end()?;
        Ok(chain.with(|edit| edit.automine()))
    });
    for name in ["evm_setIntervalMining", "anvil_setIntervalMining"] {
        methods.replace(name, |chain: DevChain, mut args| async move {
            let ms: Quantity = args.required("milliseconds")?;
            args.end()?;
            let interval = (ms.0 > 0).then(|| Duration::from_millis(ms.0).max(MIN_INTERVAL));
            let turn = chain.with(|edit| edit.set_interval(interval));
            if let Some(interval) = interval {
                tokio::spawn(make_by_the_clock(chain, interval, turn));
            }
            Ok(true)
        });
    }
    methods.replace("anvil_getIntervalMining", |chain, args| async move {
        args.end()?;
        let interval = chain.with(|edit| edit.interval());
        Ok(interval.map(|interval| interval.as_millis() as u64))
    });
    for name in ["evm_setBlockGasLimit", "anvil_setBlockGasLimit"] {
        methods.replace(name, |chain, mut args| async move {
            let gas: Quantity = args.required("gas limit")?;
            args.end()?;
            chain.with(|edit| edit.set_gas_limit(gas.0)).map_err(refused)?;
            Ok(true)
        });
    }
}

fn register_time(methods: &mut DevMethods) {
    for name in ["evm_increaseTime", "anvil_increaseTime"] {
        methods.replace(name, |chain, mut args| async move {
            let seconds: Quantity = args.required("seconds")?;
            if seconds.0 > MAX_INCREASE {
                return Err(args.refuse("seconds", format!("more than {MAX_INCREASE}")));
            }
            args.end()?;
            Ok(chain.with(|edit| edit.increase_time(seconds.0)))
        });
    }
    for name in ["evm_setNextBlockTimestamp", "anvil_setNextBlockTimestamp"] {
        methods.replace(name, |chain, mut args| async move {
            let timestamp: Quantity = args.required("timestamp")?;
            args.end()?;
            chain
                .with(|edit| edit.set_next_timestamp(timestamp.0))
                .map_err(not_in_time)?;
            Ok(timestamp.0.to_string())
        });
    }
    for name in ["evm_setTime", "anvil_setTime"] {
        methods.replace(name, |chain, mut args| async move {
            let timestamp: Quantity = args.required("timestamp")?;
            args.end()?;
            Ok(chain.with(|edit| edit.set_time(timestamp.0)))
        });
    }
    both!(
        methods,
        "setBlockTimestampInterval",
        |chain, mut args| async move {
            let seconds: Quantity = args.required("seconds")?;
            args.end()?;
            chain.with(|edit| edit.set_block_interval(Some(seconds.0)));
            Ok(true)
        }
    );
    both!(
        methods,
        "removeBlockTimestampInterval",
        |chain, args| async move {
            args.end()?;
            Ok(chain.with(|edit| edit.set_block_interval(None)))
        }
    );
}

/// Makes a block every `interval`, until another interval is set.
async fn make_by_the_clock(chain: DevChain, interval: Duration, turn: u64) {
    loop {
        tokio::time::sleep(interval).await;
        let chain = chain.clone();
        let made = blocking(move || {
            if chain.with(|edit| edit.interval_turn()) != turn {
                return Ok(false);
            }
            chain.mine(1, None).map_err(not_made)?;
            Ok(true)
        });
        if !matches!(made.await, Ok(true)) {
            return;
        }
    }
}

/// What `evm_mine` is told: a time, or a time and a number of blocks.
#[derive(Deserialize)]
#[serde(untagged)]
enum Mine {
    At(Quantity),
    Many {
        #[serde(default)]
        timestamp: Option<Quantity>,
        #[serde(default)]
        blocks: Option<Quantity>,
    },
}

fn not_made(error: MineError) -> RpcError {
    match error {
        MineError::TooMany { .. } | MineError::Full => RpcError::Limit(error.to_string()),
        MineError::Time(error) => not_in_time(error),
    }
}

fn not_in_time(error: TimeError) -> RpcError {
    RpcError::Refused(error.to_string())
}
