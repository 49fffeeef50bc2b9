//! The rules of Ethereum's mainnet where this chain's differ: prices, blobs, and forks before the one it has.

use crate::{BlockContext, Limits, Transaction, transaction::MAX_TRANSACTION_GAS};
use alloy_consensus::Transaction as _;
use revm::{
    context::{BlockEnv, CfgEnv, TxEnv},
    context_interface::block::BlobExcessGasAndPrice,
    primitives::{
        eip4844::{BLOB_BASE_FEE_UPDATE_FRACTION_CANCUN, BLOB_BASE_FEE_UPDATE_FRACTION_PRAGUE},
        hardfork::SpecId,
    },
};
use std::{fmt, str::FromStr};

/// Most blobs of a transaction: of Cancun, of Prague, and under EIP-7594 of Osaka.
const MAX_BLOBS: [u64; 3] = [6, 9, 6];

/// A fork of Ethereum whose rules are known, oldest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fork {
    Cancun,
    Prague,
    Osaka,
}

impl Fork {
    /// All, oldest first.
    pub const ALL: [Self; 3] = [Self::Cancun, Self::Prague, Self::Osaka];

    fn spec(self) -> SpecId {
        match self {
            Self::Cancun => SpecId::CANCUN,
            Self::Prague => SpecId::PRAGUE,
            Self::Osaka => SpecId::OSAKA,
        }
    }
}

impl fmt::Display for Fork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// There is no such fork here.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no fork that is known here; use Cancun, Prague or Osaka")]
pub struct UnknownFork(pub String);

impl FromStr for Fork {
    type Err = UnknownFork;

    fn from_str(text: &str) -> Result<Self, UnknownFork> {
        let mut all = Self::ALL.into_iter();
        all.find(|fork| fork.to_string() == text)
            .ok_or_else(|| UnknownFork(text.into()))
    }
}

/// What a block on mainnet has and one on this chain has not.
#[derive(Clone, Copy, Debug)]
pub struct Mainnet {
    pub fork: Fork,
    /// In wei.
    pub base_fee: u64,
    /// Blob gas above the target, from which the price of blob gas follows (EIP-4844).
    pub excess_blob_gas: u64,
}

impl Mainnet {
    pub(crate) fn apply_config(&self, config: &mut CfgEnv) {
        config.set_spec_and_mainnet_gas_params(self.fork.spec());
        config.set_max_blobs_per_tx(MAX_BLOBS[self.fork as usize]);
        config.tx_gas_limit_cap = match self.fork {
            Fork::Osaka => Some(MAX_TRANSACTION_GAS),
            Fork::Cancun | Fork::Prague => Some(u64::MAX),
        };
    }

    pub(crate) fn block_env(&self, context: &BlockContext) -> BlockEnv {
        debug_assert_eq!(context.limits, Limits::Osaka);
        let fraction = match self.fork {
            Fork::Cancun => BLOB_BASE_FEE_UPDATE_FRACTION_CANCUN,
            Fork::Prague | Fork::Osaka => BLOB_BASE_FEE_UPDATE_FRACTION_PRAGUE,
        };
        BlockEnv {
            basefee: self.base_fee,
            blob_excess_gas_and_price: Some(BlobExcessGasAndPrice::new(self.excess_blob_gas, fraction)),
            ..context.block_env()
        }
    }
}

/// Makes a transaction pay what it offers.
pub(crate) fn price(transaction: &Transaction, environment: &mut TxEnv) {
    environment.gas_price = transaction.max_fee_per_gas();
    environment.gas_priority_fee = transaction.max_priority_fee_per_gas();
    environment.blob_hashes = transaction.blob_versioned_hashes().unwrap_or_default().to_vec();
    environment.max_fee_per_blob_gas = transaction.max_fee_per_blob_gas().unwrap_or_default();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Executed, Executor,
        tests::{ALICE_KEY, BOB, CHAIN_ID, alice, context, key, sign, state},
    };
    use alloy_consensus::TxEip1559;
    use alloy_primitives::{Address, TxKind, U256};

    #[test]
    fn forks_are_named_as_in_ethereums_tests() {
        for fork in Fork::ALL {
            assert_eq!(fork.to_string().parse(), Ok(fork));
        }
        assert_eq!("Paris".parse::<Fork>(), Err(UnknownFork("Paris".into())));
    }

    /// An account of 100 wei cannot pay 21,000 gas at a price of 1; on this chain it need not.
    #[test]
    fn on_mainnet_gas_is_paid_for() {
        let transfer = TxEip1559 {
            chain_id: CHAIN_ID,
            gas_limit: 21_000,
            max_fee_per_gas: 1,
            to: TxKind::Call(BOB),
            ..TxEip1559::default()
        };
        let transaction = crate::recover(sign(&key(ALICE_KEY), transfer.into())).expect("signed");
        let mut free = Executor::new(state(&[]), &context());
        assert!(matches!(free.execute(&transaction), Ok(Executed::Success { .. })));
        let mainnet = Mainnet {
            fork: Fork::Osaka,
            base_fee: 1,
            excess_blob_gas: 0,
        };
        let mut priced = Executor::on_mainnet(state(&[]), &context(), &mainnet);
        assert!(priced.execute(&transaction).is_err());
        let rich = revm::state::AccountInfo {
            balance: U256::from(30_000),
            ..Default::default()
        };
        let mut database = state(&[]);
        database.insert_account_info(alice(), rich);
        let mut priced = Executor::on_mainnet(database, &context(), &mainnet);
        assert!(matches!(
            priced.execute(&transaction),
            Ok(Executed::Success { .. })
        ));
        let changes = priced.finish().0.changes;
        let of = |address: Address| changes.accounts.iter().find(|change| change.address == address);
        let left = of(alice())
            .and_then(|change| change.after)
            .expect("exists")
            .balance;
        assert_eq!(left, U256::from(9_000));
    }
}
