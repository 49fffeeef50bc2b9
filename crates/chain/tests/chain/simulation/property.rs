//! What must hold at the end of every simulation, whatever went wrong on the way.
//!
//! To add a property: give [`Evidence`] what it looks at, write the type, and add it to [`PROPERTIES`].

#![expect(clippy::result_large_err, reason = "a finding ends a simulation")]

use super::{
    application::{Applied, Watch},
    cluster::{PATIENCE, RECEIVER},
    seat::View,
};
use crate::{common::QUOTA_BLOCKS, tokens::is_issued};
use alloy_consensus::Transaction as _;
use alloy_primitives::{Address, B256, U256};
use std::{collections::HashMap, fmt, sync::Arc, time::Duration};
use zhengtong_chain::{
    ChainView as _,
    config::MAX_CLOCK_LEAD_MS,
    quota::{EVERYONE, RESIDENTS, Standing, limits_slot, standing},
};
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
        /// In the account's class, and by its token.
        counted: [u64; 2],
        used: [u64; 2],
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
/// says. It is counted again here, by the limits of the state and by which tokens were given to whom.
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

/// What one account used, counted from receipts.
struct Tally {
    standing: Standing,
    used: u64,
    by_token: u64,
    has_token: bool,
}

/// Counts everyone's gas from receipts, by class and by token, and compares it with what the state says.
fn recount(validator: usize, view: &View) -> Result<(), Finding> {
    let tip = view.tip().header.number;
    let mut state = view.state(tip).expect("the tip is kept");
    let rules = view.quotas().expect("it counts");
    let mut now = |account| {
        let found = standing(rules, account, tip, |contract, slot| {
            state.storage(contract, slot)
        });
        found.expect("memory reads")
    };
    let (mut tallies, mut by_class, mut epoch) = (HashMap::new(), HashMap::<u8, u64>::new(), 0);
    let residents = residents_gas(view);
    for height in 1..=tip {
        let block = view.block(height).expect("memory reads").expect("it has it");
        if height / QUOTA_BLOCKS != epoch {
            epoch = height / QUOTA_BLOCKS;
            by_class.clear();
            tallies.values_mut().for_each(|tally: &mut Tally| tally.used = 0);
        }
        for (transaction, receipt) in block.transactions.iter().zip(&block.receipts) {
            let (sender, needed) = (transaction.signer(), transaction.gas_limit());
            let tally = tallies.entry(sender).or_insert_with(|| Tally {
                standing: now(sender),
                used: 0,
                by_token: 0,
                has_token: false,
            });
            let class = tally.standing.class;
            tally.has_token |= class == EVERYONE && is_issued(sender, transaction.input());
            let of_residents = by_class.entry(RESIDENTS).or_default();
            let pays = tally.by_token + needed <= residents[0] && *of_residents + needed <= residents[1];
            if tally.has_token && pays {
                tally.by_token += receipt.gas_used;
                *of_residents += receipt.gas_used;
                continue;
            }
            let of_class = by_class.entry(class).or_default();
            let over = |what, got, limit| Finding::OverLimit {
                height,
                what,
                got,
                limit,
            };
            let (account, total) = (tally.standing.account.limit, tally.standing.total.limit);
            if tally.used + needed > account {
                return Err(over("gas of an account", tally.used + needed, account));
            }
            if *of_class + needed > total {
                return Err(over("gas of a class", *of_class + needed, total));
            }
            tally.used += receipt.gas_used;
            *of_class += receipt.gas_used;
        }
    }
    for (account, tally) in tallies {
        let Standing {
            account: own, token, ..
        } = tally.standing;
        let by_token = token.map(|token| token.account.used);
        let counted = [tally.used, tally.by_token];
        let used = [own.used, by_token.unwrap_or_default()];
        if used != counted || by_token.is_some() != tally.has_token {
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

/// What a token buys, and all tokens together in an epoch.
fn residents_gas(view: &View) -> [u64; 2] {
    let mut state = view.state(view.tip().header.number).expect("the tip is kept");
    let book = &view.quotas().expect("it counts").book;
    let limits = state.storage(book.quotas, limits_slot(RESIDENTS));
    let [account, total, ..] = *limits.expect("memory reads").as_limbs();
    [account, total]
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
