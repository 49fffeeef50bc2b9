//! What the contract `Quotas` starts with. `docs/decisions/0019-quotas.md` says why these numbers.

use alloy_primitives::{Address, B256};
use alloy_sol_types::SolValue;

use crate::{
    ids::slug,
    quotas::IQuotas::{Assignment, Class, Limits},
};

/// The class of every account that is in no other.
pub const EVERYONE: u8 = 0;
/// The class of the registry's organisations, by their attesters.
pub const ORGANISATIONS: u8 = 1;
/// The class of active officers.
pub const OFFICERS: u8 = 2;
/// The class of who can change quotas.
pub const GOVERNORS: u8 = 3;
/// The class of what is done with a token of the daily allowance: whose account has shown one is not crowded out by those
/// who have none.
pub const RESIDENTS: u8 = 4;
/// Gas that each account that governs may use in an epoch, whatever was decided.
pub const GOVERNORS_LEAST_GAS: u64 = 100_000_000;
/// Most classes.
pub const MAX_CLASSES: usize = 32;
/// Most accounts that genesis assigns to a class.
pub const MAX_ASSIGNMENTS: usize = 100;

/// Least quota of an account of [`EVERYONE`], however short an epoch is: three of the largest transactions.
const LEAST_GAS: u64 = 50_000_000;
/// What a token buys, once, however long an epoch is: the opening of the largest case with twice the gas that it uses as its
/// limit, its consents before, a supplement, an appeal, and an opening that failed.
const TOKEN_GAS: u64 = 4_000_000;
/// Of an organisation: what a gateway may have waiting at once, each with the gas limit that it signs, and a little more.
const LEAST_GAS_OF_ORGANISATIONS: u64 = 5_000_000_000;

/// Classes from [`EVERYONE`] on, and accounts assigned to one of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuotaTerms {
    /// At least the five that every network has, at most [`MAX_CLASSES`].
    pub classes: Vec<FirstClass>,
    /// Accounts whose class does not follow from the registry; at most [`MAX_ASSIGNMENTS`].
    pub assigned: Vec<(Address, u8)>,
}

/// A class of genesis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FirstClass {
    /// A slug, as the contract keeps it.
    pub name: B256,
    /// Gas that one account may use in an epoch; in [`RESIDENTS`], gas that a token buys.
    pub account: u64,
    /// Gas that all accounts of the class may use in an epoch together.
    pub total: u64,
}

impl QuotaTerms {
    /// For a network whose epochs have this many blocks. Everything grows with them, so that it is a share of what the
    /// chain can do.
    #[must_use]
    pub fn usual(epoch_blocks: u64) -> Self {
        let class = |name, account: u64, total: u64, least: u64| FirstClass {
            name: slug(name),
            account: account.saturating_mul(epoch_blocks).max(least),
            total: total.saturating_mul(epoch_blocks).max(least.saturating_mul(4)),
        };
        Self {
            classes: vec![
                class("everyone", 15_000, 7_500_000, LEAST_GAS),
                class("organisations", 3_000_000, 45_000_000, LEAST_GAS_OF_ORGANISATIONS),
                class("officers", 150_000, 15_000_000, LEAST_GAS),
                // The total does not bind: whoever governs is never crowded out.
                FirstClass {
                    total: u64::MAX,
                    ..class("governors", 3_000_000, 0, GOVERNORS_LEAST_GAS)
                },
                FirstClass {
                    account: TOKEN_GAS,
                    ..class("residents", 0, 5_000_000, LEAST_GAS)
                },
            ],
            assigned: Vec::new(),
        }
    }

    /// For trying out, for tests of other things and for benchmarks: everything is counted and nothing that a machine can
    /// do in an epoch is too much.
    #[must_use]
    pub fn ample() -> Self {
        let class = |name| FirstClass {
            name: slug(name),
            account: u64::MAX / 4,
            total: u64::MAX / 2,
        };
        Self {
            classes: vec![
                class("everyone"),
                class("organisations"),
                class("officers"),
                class("governors"),
                class("residents"),
            ],
            assigned: Vec::new(),
        }
    }

    pub(crate) fn arguments(&self, registry: Address) -> Vec<u8> {
        let classes = self.classes.iter().map(|class| Class {
            name: class.name,
            limits: Limits {
                account: class.account,
                total: class.total,
            },
        });
        let assigned = self.assigned.iter().map(|(account, class)| Assignment {
            account: *account,
            class: *class,
        });
        let arguments = (
            registry,
            classes.collect::<Vec<_>>(),
            assigned.collect::<Vec<_>>(),
        );
        arguments.abi_encode_params()
    }
}
