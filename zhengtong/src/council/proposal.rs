//! One proposal: what it does, read from the block it was made in, and how it stands.

use super::{
    calls::Action,
    chain::{Chain, small},
    say,
};
use crate::wallet::{Openings, ProposalContent, Statement};
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use alloy_rpc_types_eth::Filter;
use alloy_sol_types::SolEvent as _;
use anyhow::{Context, Result, bail, ensure};
use zhengtong_bindings::council::Council;

/// A proposal as it was made. Its id is the hash of its calls and its text.
pub struct Proposal {
    pub number: u64,
    pub id: U256,
    proposer: Address,
    pub actions: Vec<Action>,
    values: Vec<U256>,
    text: String,
    /// Unix seconds: votes count from the second after it.
    pub made_at_s: u64,
    /// Unix seconds: the last at which votes count.
    votes_until_s: u64,
}

/// OpenZeppelin's states, in its order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Pending,
    Active,
    Canceled,
    Defeated,
    Succeeded,
    Queued,
    Expired,
    Executed,
}

/// How a proposal stands.
pub struct Standing {
    pub state: State,
    votes_for: U256,
    against: U256,
    abstained: U256,
    needed: U256,
    /// Unix seconds from which it can be executed, once it is queued.
    pub from_s: u64,
}

impl Proposal {
    /// Fetches a proposal by its number, and checks that its content is what its id stands for.
    pub async fn fetch(chain: &Chain, number: u64) -> Result<Self> {
        let place = chain
            .read(Council::proposalAtCall {
                number: U256::from(number),
            })
            .await?;
        let block = small(place.blockNumber, "the block of a proposal")?;
        let filter = Filter::new()
            .address(chain.council)
            .event_signature(Council::ProposalCreated::SIGNATURE_HASH)
            .from_block(block)
            .to_block(block);
        let logs = chain.client.logs(&filter).await;
        let logs = logs
            .with_context(|| format!("the block {block} of proposal {number}; ask a node that keeps it"))?;
        let made = logs
            .iter()
            .filter_map(|log| Council::ProposalCreated::decode_log(&log.inner).ok())
            .find(|made| made.proposalId == place.id)
            .with_context(|| format!("the node does not show proposal {number} in block {block}"))?
            .data;
        let content = ProposalContent {
            targets: made.targets.clone(),
            values: made.values.clone(),
            calldatas: made.calldatas.clone(),
            description: made.description.clone(),
        };
        ensure!(
            content.id() == place.id,
            "the node shows other calls for proposal {number} than those that are voted on; do not use this node"
        );
        let calls = made.targets.iter().zip(&made.calldatas);
        Ok(Self {
            number,
            id: place.id,
            proposer: made.proposer,
            actions: calls
                .map(|(to, data)| Action {
                    to: *to,
                    data: data.clone(),
                })
                .collect(),
            values: made.values,
            text: made.description,
            made_at_s: small(made.voteStart, "the time of a proposal")?,
            votes_until_s: small(made.voteEnd, "the end of a vote")?,
        })
    }

    pub async fn standing(&self, chain: &Chain) -> Result<Standing> {
        let id = self.id;
        let votes = chain.read(Council::proposalVotesCall { proposalId: id }).await?;
        let state = chain.read(Council::stateCall { proposalId: id }).await?;
        let eta = chain.read(Council::proposalEtaCall { proposalId: id }).await?;
        Ok(Standing {
            state: State::of(state)?,
            votes_for: votes.forVotes,
            against: votes.againstVotes,
            abstained: votes.abstainVotes,
            needed: chain.read(Council::votesNeededCall { proposalId: id }).await?,
            from_s: small(eta, "the time of execution")?,
        })
    }

    /// What the contract's functions want: targets, values, calldata, hash of the text.
    pub fn content(&self) -> (Vec<Address>, Vec<U256>, Vec<Bytes>, B256) {
        (
            self.actions.iter().map(|action| action.to).collect(),
            self.values.clone(),
            self.actions.iter().map(|action| action.data.clone()).collect(),
            keccak256(&self.text),
        )
    }

    /// Its content, and the words whose hash is in its calls, for a machine that sees no chain.
    pub fn openings(&self) -> Openings {
        let (targets, values, calldatas, _) = self.content();
        let description = self.text.clone();
        let words = Statement {
            salt: Bytes::new(),
            text: self.text.clone(),
        };
        Openings {
            proposals: vec![ProposalContent {
                targets,
                values,
                calldatas,
                description,
            }],
            statements: vec![words],
            ..Openings::default()
        }
    }

    /// Prints what it does and how it stands.
    pub fn show(&self, standing: &Standing, chain: &Chain) {
        let text = self.text.replace(char::is_control, " ");
        say(format!("proposal {}  {text}", self.number));
        for (action, value) in self.actions.iter().zip(&self.values) {
            let paid = (!value.is_zero()).then(|| format!(", with {value} wei"));
            say(format!(
                "  does      {}{}",
                action.describe(&chain.contracts, &chain.validators),
                paid.unwrap_or_default()
            ));
        }
        say(format!("  by        {}", self.proposer));
        say(format!("  state     {}", standing.words(self.votes_until_s)));
        say(format!("  votes     {}", standing.votes()));
    }
}

impl Standing {
    pub fn votes(&self) -> String {
        format!(
            "{} for of {} needed, {} against, {} abstained",
            self.votes_for, self.needed, self.against, self.abstained
        )
    }

    fn words(&self, votes_until_s: u64) -> String {
        match self.state {
            State::Pending | State::Active => format!("votes count until {}", time(votes_until_s)),
            State::Canceled => "withdrawn by its proposer".into(),
            State::Defeated => "not carried".into(),
            State::Succeeded => "carried; to be queued".into(),
            State::Queued => format!("carried; to be executed from {} on", time(self.from_s)),
            State::Expired => "carried, but not executed in time".into(),
            State::Executed => "executed".into(),
        }
    }
}

impl State {
    fn of(number: u8) -> Result<Self> {
        Ok(match number {
            0 => Self::Pending,
            1 => Self::Active,
            2 => Self::Canceled,
            3 => Self::Defeated,
            4 => Self::Succeeded,
            5 => Self::Queued,
            6 => Self::Expired,
            7 => Self::Executed,
            other => bail!("the contract says that a proposal is in state {other}, which there is not"),
        })
    }
}

/// Unix seconds as people write them, in UTC.
pub fn time(seconds: u64) -> String {
    let known = i64::try_from(seconds)
        .ok()
        .and_then(|s| jiff::Timestamp::from_second(s).ok());
    known.map_or_else(|| format!("{seconds} s after 1970"), |time| time.to_string())
}
