//! `zhengtong network plan`: the validators' cards and what they agree on, in one file with one hash.

use super::{now_ms, parse_account, say};
use alloy_primitives::{Address, U256, utils::parse_ether};
use anyhow::{Context, Result, bail, ensure};
use std::{collections::BTreeMap, fmt::Display, path::PathBuf};
use zhengtong_chain::{RECOVERY_DELAY_S, config::DEFAULT_BLOCK_GAS_LIMIT};
use zhengtong_node::{CouncilFile, EPOCH_BLOCKS, GenesisFile, MembersFile, NodeCard, PlanFile, QuotasFile};

/// A week to vote, unless it is carried before.
const VOTING_PERIOD_S: u64 = 7 * 24 * 3600;
/// A day in which everyone can see what was decided before it holds.
const EXECUTION_DELAY_S: u64 = 24 * 3600;

#[derive(clap::Args)]
#[command(group = clap::ArgGroup::new("governs").args(["council", "member"]).required(true).multiple(true))]
pub struct Args {
    /// The network's name, for people.
    #[arg(long)]
    name: String,
    /// EIP-155 chain id, 1 to 2^53 - 1: one that no other chain has which its users' wallets know.
    #[arg(long)]
    chain_id: u64,
    /// The account that governs the contracts alone. Either this or members.
    #[arg(long, conflicts_with = "member", value_parser = parse_account)]
    council: Option<Address>,
    /// A member of the council, with one vote; repeated for each. `zhengtong council key` makes their keys.
    #[arg(long, value_parser = parse_account)]
    member: Vec<Address>,
    /// Seconds that the council can vote on a proposal.
    #[arg(long, conflicts_with = "council", value_name = "SECONDS", default_value_t = VOTING_PERIOD_S)]
    voting_period: u64,
    /// Seconds between a decision of the council and its execution.
    #[arg(long, conflicts_with = "council", value_name = "SECONDS", default_value_t = EXECUTION_DELAY_S)]
    execution_delay: u64,
    /// An account that has ether at genesis, as ADDRESS=ETHER; may be repeated. Gas costs nothing here.
    #[arg(long, value_parser = parse_fund)]
    fund: Vec<(Address, U256)>,
    /// A contract that accounts may delegate to (EIP-7702); may be repeated. Without any, transactions of type 4 are refused.
    #[arg(long, value_parser = parse_account)]
    delegate: Vec<Address>,
    /// Blocks of an epoch, after which the shares of the network's key are others, and the validators those that were voted:
    /// 32 to 10,000,000, and at least 8 for each validator.
    #[arg(long, default_value_t = EPOCH_BLOCKS)]
    epoch_blocks: u64,
    /// Where to write the plan; a file that is there is not replaced.
    #[arg(long, default_value = "plan.json")]
    out: PathBuf,
    /// The cards of all validators, 2 to 100.
    #[arg(required = true)]
    cards: Vec<PathBuf>,
}

fn parse_fund(text: &str) -> Result<(Address, U256)> {
    let (address, ether) = text.split_once('=').context("write it as ADDRESS=ETHER")?;
    let address = parse_account(address).map_err(anyhow::Error::msg)?;
    let ether = parse_ether(ether).with_context(|| format!("{ether:?} is not an amount of ether"))?;
    Ok((address, ether))
}

/// Whoever names something twice meant something else.
fn each_once<K: Ord + Display, V>(
    option: &str,
    named: impl IntoIterator<Item = (K, V)>,
) -> Result<BTreeMap<K, V>> {
    let mut once = BTreeMap::new();
    for (key, value) in named {
        if once.contains_key(&key) {
            bail!("{option} names {key} twice; name each once");
        }
        once.insert(key, value);
    }
    Ok(once)
}

pub fn run(args: Args) -> Result<()> {
    ensure!(
        !args.out.exists(),
        "{} is there already; move it away, or write this plan elsewhere with --out",
        args.out.display()
    );
    let members = each_once("--member", args.member.into_iter().map(|member| (member, ())))?;
    let delegates = each_once(
        "--delegate",
        args.delegate.into_iter().map(|delegate| (delegate, ())),
    )?;
    let cards = args
        .cards
        .iter()
        .map(|path| NodeCard::read(path).with_context(|| format!("the card {}", path.display())));
    let council = match args.council {
        Some(key) => CouncilFile::Key(key),
        None => CouncilFile::Members(MembersFile {
            members: members.into_keys().collect(),
            voting_period_s: args.voting_period,
            execution_delay_s: args.execution_delay,
        }),
    };
    let genesis = GenesisFile {
        timestamp_ms: now_ms()?,
        block_gas_limit: DEFAULT_BLOCK_GAS_LIMIT,
        council,
        alloc: each_once("--fund", args.fund)?,
        delegates: delegates.into_keys().collect(),
        recovery_delay_s: RECOVERY_DELAY_S,
        epoch_blocks: args.epoch_blocks,
        quotas: QuotasFile::default(),
    };
    let plan = PlanFile::new(args.name, args.chain_id, genesis, cards.collect::<Result<_>>()?)?;
    plan.write(&args.out)?;
    super::check::show_plan(&plan);
    say(format!(
        "written to {}; send it to every operator",
        args.out.display()
    ));
    Ok(())
}
