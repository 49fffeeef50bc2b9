//! What stands between the engine and our application in a simulation: it writes down what is applied, and lies.

use super::{cluster::RECEIVER, machine::Machine};
use crate::{
    common::{CHAIN_ID, FORGER, PINCHED, PINCHED_GAS, account, blank, sign, transfer},
    tokens::{OTHER_KEY, Token},
};
use alloy_consensus::TxEip1559;
use alloy_primitives::{B256, Bytes, TxKind};
use commonware_consensus::marshal::ancestry::Ancestry;
use commonware_glue::stateful::{
    Application, Finality, Input, Proposed,
    db::{DatabaseSet, Reader},
};
use parking_lot::Mutex;
use std::{
    collections::BTreeMap,
    future::pending,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};
use zhengtong_chain::{App, ProposalInput, RuleError, Rules, Standard, pool::Origin, quota::OverQuota};
use zhengtong_evm::{Outcome, TransactionRules, decode, recover};
use zhengtong_state::{Commitment, Database, Merkleized, Qmdb, Unmerkleized};
use zhengtong_types::consensus::{Block, Context, Scheme};

/// How a proposed block is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lie {
    StateRoot,
    ReceiptsRoot,
    /// A larger limit than the genesis has.
    GasLimit,
    /// More gas used than the limit.
    GasUsed,
    /// An hour before its parent.
    Past,
    /// As far in the future as validators wait for.
    Soon,
    /// An hour in the future.
    Future,
    /// A transaction twice, or none where one is said to be.
    Repeated,
    /// More of an account than its quota of gas allows; everything else is as it should be.
    OverQuota,
    /// Transactions with a forged token of the allowance, counted as a resident's; everything else is as it should be.
    Forged,
}

pub const LIES: [Lie; 10] = [
    Lie::StateRoot,
    Lie::ReceiptsRoot,
    Lie::GasLimit,
    Lie::GasUsed,
    Lie::Past,
    Lie::Soon,
    Lie::Future,
    Lie::Repeated,
    Lie::OverQuota,
    Lie::Forged,
];

impl Lie {
    fn next(self) -> Self {
        let at = LIES.iter().position(|lie| *lie == self).unwrap_or_default();
        LIES[(at + 1) % LIES.len()]
    }

    fn tell(self, block: &Block) -> Block {
        let mut header = block.header().clone();
        let mut transactions = block.transactions().to_vec();
        match self {
            Self::StateRoot => header.state_root = !header.state_root,
            Self::ReceiptsRoot => header.receipts_root = !header.receipts_root,
            Self::GasLimit => header.gas_limit *= 2,
            Self::GasUsed => header.gas_used = header.gas_limit + 1,
            Self::Past => header.timestamp -= 3_600,
            Self::Soon => header.timestamp += 9,
            Self::Future => header.timestamp += 3_600,
            Self::Repeated => {
                let again = transactions.first().cloned();
                transactions.push(again.unwrap_or_else(|| vec![2].into()));
            }
            // It was built without the check.
            Self::OverQuota | Self::Forged => {}
        }
        Block::assemble(header, transactions, block.carried().cloned())
            .expect("a wrong block is still a block")
    }
}

/// All rules but one: nobody looks whether the state is what the header says. It is wrong on purpose.
#[derive(Debug)]
pub struct AnyRoot;

impl Rules for AnyRoot {
    fn check_header(&self, block: &Block, parent: &Block, context: &Context) -> Result<(), RuleError> {
        Standard.check_header(block, parent, context)
    }

    fn check_quota(&self, over: &OverQuota) -> Result<(), RuleError> {
        Standard.check_quota(over)
    }

    fn check_outcome(&self, block: &Block, outcome: &Outcome, state: &Commitment) -> Result<(), RuleError> {
        let believed = Commitment {
            root: block.header().state_root,
            ..*state
        };
        Standard.check_outcome(block, outcome, &believed)
    }
}

/// All rules but one: nobody looks whether an account has gas left. It is wrong on purpose.
#[derive(Debug)]
pub struct AnyQuota;

impl Rules for AnyQuota {
    fn check_header(&self, block: &Block, parent: &Block, context: &Context) -> Result<(), RuleError> {
        Standard.check_header(block, parent, context)
    }

    fn check_quota(&self, _: &OverQuota) -> Result<(), RuleError> {
        Ok(())
    }

    fn check_outcome(&self, block: &Block, outcome: &Outcome, state: &Commitment) -> Result<(), RuleError> {
        Standard.check_outcome(block, outcome, state)
    }
}

/// All rules but one: whatever has the form of a token is one. It is wrong on purpose.
#[derive(Debug)]
pub struct AnyToken;

impl Rules for AnyToken {
    fn check_header(&self, block: &Block, parent: &Block, context: &Context) -> Result<(), RuleError> {
        Standard.check_header(block, parent, context)
    }

    fn check_quota(&self, over: &OverQuota) -> Result<(), RuleError> {
        Standard.check_quota(over)
    }

    fn check_token(&self, _: bool) -> bool {
        true
    }

    fn check_outcome(&self, block: &Block, outcome: &Outcome, state: &Commitment) -> Result<(), RuleError> {
        Standard.check_outcome(block, outcome, state)
    }
}

/// Transactions that a liar has of an account, more than its quota allows in many epochs.
const GREEDY: u64 = 48;

/// Transactions that a liar has with a forged token.
const FORGED: u64 = 2;

/// Puts transactions of the liar's own account into its pool, without asking whether there is gas left.
fn greedy(app: &App<Machine>) {
    let raws = (0..GREEDY).map(|nonce| transfer(&account(PINCHED[2]), nonce, RECEIVER, 1));
    slip_in(app, raws);
}

/// Puts transactions of nobody with somebody else's signature for a token into its pool.
fn forge(app: &App<Machine>) {
    let key = account(FORGER);
    let token = Token::new(&OTHER_KEY, key.address(), 0, B256::ZERO);
    let raws = (0..FORGED).map(|nonce| {
        let transaction = TxEip1559 {
            nonce,
            gas_limit: 50_000,
            to: TxKind::Call(RECEIVER),
            input: token.at_the_end_of(&[]),
            ..blank()
        };
        sign(&key, transaction)
    });
    slip_in(app, raws);
}

fn slip_in(app: &App<Machine>, raws: impl Iterator<Item = Bytes>) {
    let rules = TransactionRules::new(CHAIN_ID);
    for raw in raws {
        let transaction = decode(&raw, &rules).and_then(recover).expect("it is one");
        let hash = *transaction.tx_hash();
        // It may be there, or done.
        if app
            .pool()
            .reserve(transaction, raw, 0, Origin::Submitted, None)
            .is_ok()
        {
            app.pool().activate([hash]);
        }
    }
}

/// Whether a block has more of the liar's account than any epoch allows.
fn is_greedy(block: &Block) -> bool {
    count_of(block, PINCHED[2]) * 21_000 > PINCHED_GAS[0]
}

/// Transactions of an account in a block.
fn count_of(block: &Block, index: u64) -> u64 {
    let sender = account(index).address();
    let is_of = |raw: &&Bytes| {
        let transaction = decode(raw, &TransactionRules::new(CHAIN_ID)).and_then(recover);
        transaction.is_ok_and(|transaction| transaction.signer() == sender)
    };
    block.transactions().iter().filter(is_of).count() as u64
}

/// A block that was applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Applied {
    pub block: B256,
    /// What its header says the state is.
    pub stated: B256,
    /// What the state is.
    pub root: B256,
}

/// What one validator applied, by height, through all its restarts.
#[derive(Debug, Default)]
pub struct Watch {
    applied: Mutex<BTreeMap<u64, Applied>>,
    /// Heights that were applied again with another result.
    changed: Mutex<Vec<(u64, Applied, Applied)>>,
    lies: AtomicUsize,
}

impl Watch {
    fn note(&self, height: u64, now: Applied) {
        if let Some(before) = self.applied.lock().insert(height, now)
            && before != now
        {
            self.changed.lock().push((height, before, now));
        }
    }

    pub fn applied(&self) -> BTreeMap<u64, Applied> {
        self.applied.lock().clone()
    }

    /// Wrong blocks that it proposed.
    pub fn lies(&self) -> usize {
        self.lies.load(Relaxed)
    }

    pub fn changed(&self) -> Vec<(u64, Applied, Applied)> {
        self.changed.lock().clone()
    }
}

/// Our application, watched.
#[derive(Clone)]
pub struct Watched {
    pub app: App<Machine>,
    pub watch: Arc<Watch>,
    /// The next lie of a validator that lies.
    pub lie: Option<Arc<Mutex<Lie>>>,
    /// Each lie is another one.
    pub varies: bool,
}

type Captured = <App<Machine> as Application<Machine>>::Captured;

impl Application<Machine> for Watched {
    type SigningScheme = Scheme;
    type Context = Context;
    type Block = Block;
    type Databases = Database<Machine>;
    type Captured = Captured;
    type Provider = ();
    type Input = ProposalInput;

    fn sync_targets(block: &Block) -> <Self::Databases as DatabaseSet<Machine>>::SyncTargets {
        App::<Machine>::sync_targets(block)
    }

    async fn genesis(&mut self) -> Block {
        self.app.genesis().await
    }

    async fn propose(
        &mut self,
        context: (Machine, Context),
        ancestry: impl Ancestry<Block>,
        batch: Unmerkleized<Machine>,
        input: Input<ProposalInput, ()>,
    ) -> Option<Proposed<Self, Machine>> {
        let lie = self.lie.as_ref().map(|next| *next.lock());
        let mut app = self.app.clone();
        if lie == Some(Lie::OverQuota) {
            greedy(&app);
            app = app.with_rules(Arc::new(AnyQuota));
        }
        if lie == Some(Lie::Forged) {
            forge(&app);
            app = app.with_rules(Arc::new(AnyToken));
        }
        let Proposed { block, merkleized } = app.propose(context, ancestry, batch, input).await?;
        let Some(next) = &self.lie else {
            return Some(Proposed { block, merkleized });
        };
        let mut next = next.lock();
        let is_none = match *next {
            Lie::OverQuota => !is_greedy(&block),
            Lie::Forged => count_of(&block, FORGER) == 0,
            _ => false,
        };
        if is_none {
            return Some(Proposed { block, merkleized });
        }
        let block = next.tell(&block);
        if self.varies {
            *next = next.next();
        }
        self.watch.lies.fetch_add(1, Relaxed);
        Some(Proposed { block, merkleized })
    }

    async fn process(
        &mut self,
        context: (Machine, Context),
        ancestry: impl Ancestry<Block>,
        batch: Unmerkleized<Machine>,
        finality: Finality,
    ) -> Option<Merkleized<Machine>> {
        self.app.process(context, ancestry, batch, finality).await
    }

    async fn capture(
        &mut self,
        context: (Machine, Context),
        block: &Block,
        batch: &Merkleized<Machine>,
        reader: Reader<Qmdb<Machine>>,
    ) -> Captured {
        self.app.capture(context, block, batch, reader).await
    }

    async fn finalized(
        &mut self,
        context: (Machine, Context),
        block: &Block,
        captured: Captured,
        reader: Reader<Qmdb<Machine>>,
    ) {
        if captured.is_none() && self.lie.is_some() {
            // Its own lie was believed. It does not know what it proposed, and says no more.
            return pending().await;
        }
        let root = B256::from_slice(reader.read().await.root().as_ref());
        let applied = Applied {
            block: block.hash(),
            stated: block.header().state_root,
            root,
        };
        self.watch.note(block.number(), applied);
        self.app.finalized(context, block, captured, reader).await;
    }
}
