//! State tests as their files describe them.

use alloy_primitives::{Address, B256, Bytes, U256};
use serde::{Deserialize, Deserializer, de::Error as _};
use std::collections::BTreeMap;
use zhengtong_evm::Fork;

/// One test: a state, a block, a transaction with variants, and what follows from each under each fork.
#[derive(Debug, Deserialize)]
pub struct Fixture {
    pub env: Env,
    pub pre: BTreeMap<Address, Account>,
    pub post: BTreeMap<String, Vec<Post>>,
    #[serde(default)]
    pub config: Config,
}

#[derive(Debug, Default, Deserialize)]
pub struct Config {
    #[serde(default)]
    pub chainid: Option<Number>,
}

/// The block.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Env {
    pub current_coinbase: Address,
    pub current_gas_limit: Number,
    pub current_number: Number,
    pub current_timestamp: Number,
    #[serde(default)]
    pub current_base_fee: Option<Number>,
    #[serde(default)]
    pub current_random: Option<Number>,
    #[serde(default)]
    pub current_excess_blob_gas: Option<Number>,
}

#[derive(Debug, Deserialize)]
pub struct Account {
    pub balance: Number,
    pub nonce: Number,
    pub code: Bytes,
    pub storage: BTreeMap<Number, Number>,
}

/// What follows from one variant of the transaction.
#[derive(Debug, Deserialize)]
pub struct Post {
    /// Root of the state.
    pub hash: B256,
    /// Hash of the logs.
    pub logs: B256,
    /// The signed transaction.
    #[serde(default)]
    pub txbytes: Option<Bytes>,
    /// The transaction must be refused, for this reason.
    #[serde(default, rename = "expectException")]
    pub expect_exception: Option<String>,
}

/// One variant under one fork.
#[derive(Debug)]
pub struct Case<'a> {
    pub fixture: &'a Fixture,
    pub fork: Fork,
    pub post: &'a Post,
}

impl Fixture {
    /// What follows under a fork: the one that is wanted, or the newest that is known.
    pub fn posts(&self, wanted: Option<Fork>) -> Option<(Fork, &[Post])> {
        let mut forks = Fork::ALL.into_iter().rev();
        forks.find_map(|fork| {
            if wanted.is_some_and(|wanted| wanted != fork) {
                return None;
            }
            Some((fork, self.post.get(&fork.to_string())?.as_slice()))
        })
    }
}

/// A number in hexadecimal with any leading zeros, none at all included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Number(pub U256);

impl Number {
    /// As 64 bits, the most that there are if it is more.
    pub fn u64(self) -> u64 {
        self.0.saturating_to()
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let digits = text
            .strip_prefix("0x")
            .ok_or_else(|| D::Error::custom("hexadecimal needs 0x"))?;
        let digits = digits.trim_start_matches('0');
        if digits.is_empty() {
            return Ok(Self(U256::ZERO));
        }
        U256::from_str_radix(digits, 16)
            .map(Self)
            .map_err(D::Error::custom)
    }
}
