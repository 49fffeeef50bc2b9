//! What must hold at the end of every simulation, whatever went wrong on the way.
//!
//! To add a property: give [`Evidence`] what it looks at, write the type, and add it to [`PROPERTIES`].

#![expect(clippy::result_large_err, reason = "a finding ends a simulation")]

use super::{
    application::{Applied, Watch},
    cluster::{PATIENCE, RECEIVER},
    seat::View,
};
use crate::common::{PINCHED, PINCHED_GAS, QUOTA_BLOCKS, account};
use alloy_consensus::Transaction as _;
use alloy_primitives::{Address, B256, U256};
use std::{collections::HashMap, fmt, sync::Arc, time::Duration};
use zhengtong_chain::{ChainView as _, config::MAX_CLOCK_LEAD_MS, quota::standing};
use zhengtong_evm::Database as _;
use zhengtong_types::{
    NetworkKey,
    consensus::{MAX_BLOCK_TRANSACTIONS, MAX_BODY_BYTES},
};

/// One honest validator at the end of a run.
pub struct Witness {
    pub validator: usize,
    /// Not there if it does not serve.
    pub view: Option<View>,
    pub watch: Arc<Watch>,
}

/// What the properties are judged by.
pub struct Evidence {
    pub public_key: NetworkKey,
    /// Gas limit of the genesis block.
    pub gas_limit: u64,
    pub witnesses: Vec<Witness>,
    /// Acknowledged transactions that a validator does not have as final.
    pub lost: Vec<(usize, B256)>,
    /// A validator that did not take or finalize a new transaction after everything was mended.
    pub stalled: Option<usize>,
    /// How long it took from then until everything was final.
    pub took: Duration,
    /// Which honest validator shut out which.
    pub blocked: Vec<(usize, usize)>,
    pub failed: Vec<Finding>,
    pub now_ms: u64,
}

/// How a property was violated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    NotStarted {
        validator: usize,
        reason: String,
    },
    Disagreement {
        height: u64,
        blocks: Vec<(usize, B256)>,
    },
    NotCertified {
        validator: usize,
        height: u64,
        reason: String,
    },
    WrongState {
        validator: usize,
        height: u64,
        applied: Applied,
    },
    AppliedAnew {
        validator: usize,
        height: u64,
        before: Applied,
        now: Applied,
    },
    WrongBalance {
        validator: usize,
        balance: U256,
        paid: U256,
    },
    OverLimit {
        height: u64,
        what: &'static str,
        got: u64,
        limit: u64,
    },
    Miscounted {
        validator: usize,
        account: Address,
        counted: u64,
        used: u64,
    },
    ShutOut {
        by: usize,
        whom: usize,
    },
    Stalled {
        validator: usize,
        tips: Vec<(usize, u64)>,
    },
    Lost {
        validator: usize,
        transaction: B256,
        of: usize,
    },
}

/// Something that must hold.
pub trait Property: fmt::Debug + Sync {
    fn name(&self) -> &'static str;

    fn check(&self, evidence: &Evidence) -> Result<(), Finding>;
}

pub const PROPERTIES: [&dyn Property; 7] = [
    &EveryoneStarts,
    &Agreement,
    &SameState,
    &WithinLimits,
    &NoFriendlyFire,
    &Progress,
    &NothingLost,
];

/// A property that does not hold, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    pub property: &'static str,
    pub finding: Finding,
}

/// Checks every property.
pub fn check(evidence: &Evidence) -> Vec<Violation> {
    PROPERTIES
        .iter()
        .filter_map(|property| {
            let finding = property.check(evidence).err()?;
            Some(Violation {
                property: property.name(),
                finding,
            })
        })
        .collect()
}

impl Evidence {
    fn views(&self) -> impl Iterator<Item = (usize, &View)> {
        self.witnesses
            .iter()
            .filter_map(|witness| Some((witness.validator, witness.view.as_ref()?)))
    }

    fn tips(&self) -> Vec<(usize, u64)> {
        self.views()
            .map(|(validator, view)| (validator, view.tip().header.number))
            .collect()
    }

    /// The highest block that any witness has.
    pub fn height(&self) -> u64 {
        self.tips().iter().map(|(_, tip)| *tip).max().unwrap_or_default()
    }
}

/// Whatever a validator finds on its own disk, it starts.
#[derive(Debug)]
pub struct EveryoneStarts;

impl Property for EveryoneStarts {
    fn name(&self) -> &'static str {
        "everyone starts"
    }

    fn check(&self, evidence: &Evidence) -> Result<(), Finding> {
        evidence.failed.first().cloned().map_or(Ok(()), Err)
    }
}

/// No two honest validators finalize different blocks at one height, and all of them can prove what they finalized.
#[derive(Debug)]
pub struct Agreement;

impl Property for Agreement {
    fn name(&self) -> &'static str {
        "agreement"
    }

    fn check(&self, evidence: &Evidence) -> Result<(), Finding> {
        for height in 0..=evidence.height() {
            let blocks: Vec<(usize, B256)> = evidence
                .views()
                .filter_map(|(validator, view)| {
                    Some((validator, view.block(height).expect("memory reads")?.hash))
                })
                .collect();
            if blocks.iter().any(|(_, hash)| *hash != blocks[0].1) {
                return Err(Finding::Disagreement { height, blocks });
            }
        }
        for (validator, view) in evidence.views() {
            let tip = view.tip();
            let height = tip.header.number;
            let wrong = |reason: String| Finding::NotCertified {
                validator,
                height,
                reason,
            };
            if height == 0 {
                continue;
            }
            let finality = view.finality(height).expect("memory reads");
            let finality = finality.ok_or_else(|| wrong("no certificate".into()))?;
            let header = finality
                .verify_block(&evidence.public_key, height)
                .map_err(|error| wrong(error.to_string()))?;
            if header.hash() != tip.hash {
                return Err(wrong(format!("the certificate is for {}", header.hash())));
            }
        }
        Ok(())
    }
}

/// The state after every block is the one its header commits to, also when it is applied again, and what transfers paid
/// is there.
#[derive(Debug)]
pub struct SameState;

impl Property for SameState {
    fn name(&self) -> &'static str {
        "same state"
    }

    fn check(&self, evidence: &Evidence) -> Result<(), Finding> {
        for Witness { validator, watch, .. } in &evidence.witnesses {
            let validator = *validator;
            for (height, applied) in watch.applied() {
                if applied.root != applied.stated {
                    return Err(Finding::WrongState {
                        validator,
                        height,
                        applied,
                    });
                }
            }
            if let Some((height, before, now)) = watch.changed().first().copied() {
                return Err(Finding::AppliedAnew {
                    validator,
                    height,
                    before,
                    now,
                });
            }
        }
        for (validator, view) in evidence.views() {
            let tip = view.tip().header.number;
            let mut paid = U256::ZERO;
            for height in 1..=tip {
                let block = view.block(height).expect("memory reads").expect("it has it");
                let sent = block.transactions.iter().zip(&block.receipts);
                paid += sent
                    .filter(|(transaction, receipt)| {
                        receipt.envelope.status() && transaction.to() == Some(RECEIVER)
                    })
                    .map(|(transaction, _)| transaction.value())
                    .sum::<U256>();
            }
            let state = view.state(tip);
            let account = state
                .expect("the tip is kept")
                .basic(RECEIVER)
                .expect("memory reads");
            let balance = account.map(|account| account.balance).unwrap_or_default();
            if balance != paid {
                return Err(Finding::WrongBalance {
                    validator,
                    balance,
                    paid,
                });
            }
        }
        Ok(())
    }
}

/// No finalized block is larger, later or more work than the rules allow, and nobody has more gas of an epoch than the quota
/// says. It is counted again here, by what the genesis says of the accounts.
#[derive(Debug)]
pub struct WithinLimits;

impl Property for WithinLimits {
    fn name(&self) -> &'static str {
        "within limits"
    }

    fn check(&self, evidence: &Evidence) -> Result<(), Finding> {
        let mut seen = HashMap::new();
        for (_, view) in evidence.views() {
            let mut before_ms = 0;
            for height in 1..=view.tip().header.number {
                let block = view.block(height).expect("memory reads").expect("it has it");
                let at_most = |what, got: u64, limit: u64| {
                    (got <= limit).then_some(()).ok_or(Finding::OverLimit {
                        height,
                        what,
                        got,
                        limit,
                    })
                };
                at_most("gas limit", block.header.gas_limit, evidence.gas_limit)?;
                at_most("gas used", block.header.gas_used, evidence.gas_limit)?;
                at_most(
                    "transactions",
                    block.transactions.len() as u64,
                    MAX_BLOCK_TRANSACTIONS as u64,
                )?;
                at_most("bytes", block.size_bytes as u64, MAX_BODY_BYTES as u64)?;
                at_most("parent's time in ms", before_ms + 1, block.timestamp_ms)?;
                at_most(
                    "time in ms",
                    block.timestamp_ms,
                    evidence.now_ms + MAX_CLOCK_LEAD_MS,
                )?;
                before_ms = block.timestamp_ms;
                for transaction in &block.transactions {
                    let first = *seen.entry(*transaction.tx_hash()).or_insert(height);
                    at_most("places of a transaction", height.abs_diff(first), 0)?;
                }
            }
        }
        for (validator, view) in evidence.views() {
            recount(validator, view)?;
        }
        Ok(())
    }
}

/// Counts the gas of accounts that soon have none left, from receipts, and compares it with what the state says.
fn recount(validator: usize, view: &View) -> Result<(), Finding> {
    let pinched = PINCHED.map(|index| account(index).address());
    let (mut used, mut epoch) = ([0; PINCHED.len()], 0);
    let tip = view.tip().header.number;
    for height in 1..=tip {
        let block = view.block(height).expect("memory reads").expect("it has it");
        if height / QUOTA_BLOCKS != epoch {
            (used, epoch) = ([0; PINCHED.len()], height / QUOTA_BLOCKS);
        }
        for (transaction, receipt) in block.transactions.iter().zip(&block.receipts) {
            let Some(who) = pinched
                .iter()
                .position(|address| address == transaction.signer_ref())
            else {
                continue;
            };
            let over = |what, got, limit| Finding::OverLimit {
                height,
                what,
                got,
                limit,
            };
            let needed = transaction.gas_limit();
            if used[who] + needed > PINCHED_GAS[0] {
                return Err(over("gas of an account", used[who] + needed, PINCHED_GAS[0]));
            }
            let all = used.iter().sum::<u64>() + needed;
            if all > PINCHED_GAS[1] {
                return Err(over("gas of a class", all, PINCHED_GAS[1]));
            }
            used[who] += receipt.gas_used;
        }
    }
    let mut state = view.state(tip).expect("the tip is kept");
    let rules = view.quotas().expect("it counts");
    for (account, counted) in pinched.into_iter().zip(used) {
        let found = standing(rules, account, tip, |contract, slot| {
            state.storage(contract, slot)
        });
        let used = found.expect("memory reads").account.used;
        if used != counted {
            return Err(Finding::Miscounted {
                validator,
                account,
                counted,
                used,
            });
        }
    }
    Ok(())
}

/// No honest validator ever takes another honest one for a bad peer.
#[derive(Debug)]
pub struct NoFriendlyFire;

impl Property for NoFriendlyFire {
    fn name(&self) -> &'static str {
        "no friendly fire"
    }

    fn check(&self, evidence: &Evidence) -> Result<(), Finding> {
        match evidence.blocked.first() {
            Some((by, whom)) => Err(Finding::ShutOut { by: *by, whom: *whom }),
            None => Ok(()),
        }
    }
}

/// Once everything is mended, every honest validator takes and finalizes a new transaction within [`PATIENCE`].
#[derive(Debug)]
pub struct Progress;

impl Property for Progress {
    fn name(&self) -> &'static str {
        "progress"
    }

    fn check(&self, evidence: &Evidence) -> Result<(), Finding> {
        debug_assert!(evidence.stalled.is_some() || evidence.took <= PATIENCE * 2);
        match evidence.stalled {
            Some(validator) => Err(Finding::Stalled {
                validator,
                tips: evidence.tips(),
            }),
            None => Ok(()),
        }
    }
}

/// Every transaction that an honest validator acknowledged is final at every honest validator.
#[derive(Debug)]
pub struct NothingLost;

impl Property for NothingLost {
    fn name(&self) -> &'static str {
        "nothing lost"
    }

    fn check(&self, evidence: &Evidence) -> Result<(), Finding> {
        match evidence.lost.first() {
            Some((validator, transaction)) => Err(Finding::Lost {
                validator: *validator,
                transaction: *transaction,
                of: evidence.lost.len(),
            }),
            None => Ok(()),
        }
    }
}
