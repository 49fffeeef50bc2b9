//! `zhengtong network local`: keys, plan, ceremony and configurations of several validators on this machine.
//!
//! It calls what the other commands call, each validator with a folder of its own. The council and the funded accounts
//! are publicly known, so such a network is for trying out only.

use super::{dkg, key, now_ms, run as run_nodes, say};
use crate::{council::MemberKey, dev::keys, progress::Progress};
use anyhow::{Context, Result, bail, ensure};
use std::{
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
};
use zhengtong_chain::{RECOVERY_DELAY_S, config::DEFAULT_BLOCK_GAS_LIMIT};
use zhengtong_node::{
    CouncilFile, EPOCH_BLOCKS, GenesisFile, MembersFile, NetworkFile, PlanFile, QuotaSet, QuotasFile,
    ceremony::Event, dev::DEV_CHAIN_ID,
};

/// Most validators on one machine.
const MAX_LOCAL: u16 = 16;

/// Long enough to type the commands.
const TRIAL_VOTING_PERIOD_S: u64 = 3_600;
const TRIAL_EXECUTION_DELAY_S: u64 = 5;

#[derive(clap::Args)]
pub struct Args {
    /// Number of validators, 2 to 16.
    #[arg(short = 'n', long, default_value_t = 4, value_parser = clap::value_parser!(u16).range(2..=MAX_LOCAL as i64))]
    validators: u16,
    /// Folder that is made, with a folder for each validator.
    #[arg(long)]
    folder: PathBuf,
    /// Validator 0 listens here for the others, and the next ones on the next ports.
    #[arg(long, default_value_t = 9_700)]
    first_port: u16,
    /// Validator 0 serves JSON-RPC here, and the next ones on the next ports.
    #[arg(long, default_value_t = 8_545)]
    first_rpc: u16,
    /// Blocks of an epoch, as `zhengtong network plan` has them: at least 32, and 8 for each validator.
    #[arg(long, default_value_t = EPOCH_BLOCKS)]
    epoch_blocks: u64,
    /// Make a voting key for each validator's institution, and let these govern in place of the publicly known account.
    #[arg(long)]
    members: bool,
    /// Run the validators afterwards, as `zhengtong network run` does.
    #[arg(long)]
    run: bool,
}

pub fn run(args: Args) -> Result<()> {
    if !args.folder.join("network.json").exists() {
        make(&args)?;
    } else if !args.run {
        bail!(
            "{} has a network already; run it with `zhengtong network run --folder {}`",
            args.folder.display(),
            args.folder.display()
        );
    }
    if args.run {
        return run_nodes::run(&run_nodes::Args { folder: args.folder });
    }
    say("start each in a terminal of its own:");
    for index in 0..args.validators {
        let config = validator(&args.folder, index).join("node.toml");
        say(format!("  zhengtong node --config {}", config.display()));
    }
    say(format!(
        "or all: zhengtong network run --folder {}",
        args.folder.display()
    ));
    Ok(())
}

/// The folder of a validator.
pub fn validator(folder: &Path, index: u16) -> PathBuf {
    folder.join(format!("validator-{index}"))
}

fn make(args: &Args) -> Result<()> {
    let mut progress = Progress::new(3);
    progress.step(format!("making the keys of {} validators", args.validators));
    let cards = (0..args.validators)
        .map(|index| {
            let folder = validator(&args.folder, index);
            let address = local(args.first_port, index)?;
            key::make(&folder, format!("validator-{index}"), address)
        })
        .collect::<Result<Vec<_>>>()
        .with_context(|| format!("delete {} to start over", args.folder.display()))?;

    progress.step("planning the network");
    let council = council(args)?;
    let genesis = GenesisFile {
        timestamp_ms: now_ms()?,
        block_gas_limit: DEFAULT_BLOCK_GAS_LIMIT,
        council,
        alloc: keys::test_alloc()?,
        delegates: std::collections::BTreeSet::new(),
        recovery_delay_s: RECOVERY_DELAY_S,
        epoch_blocks: args.epoch_blocks,
        quotas: QuotasFile::Set(QuotaSet::Ample),
    };
    let plan = PlanFile::new("local".into(), DEV_CHAIN_ID, genesis, cards)?;
    plan.write(&args.folder.join("plan.json"))?;
    progress.detail(format!("plan hash {}", plan.hash()));

    progress.step("making the network's key together");
    let networks = ceremonies(args, &plan)?;
    let network = networks.first().context("a network has validators")?;
    network.write(&args.folder.join("network.json"))?;
    super::check::show_network(network)?;
    if args.members {
        let key = member_key(&args.folder, 0);
        say(format!("the members' keys are {} and so on", key.display()));
        say("its funded accounts are publicly known: it is for trying out only");
    } else {
        say("its council and funded accounts are publicly known: it is for trying out only");
    }
    Ok(())
}

/// The key with which a validator's institution votes.
fn member_key(folder: &Path, index: u16) -> PathBuf {
    validator(folder, index).join("member.key")
}

fn council(args: &Args) -> Result<CouncilFile> {
    if args.members {
        let members = (0..args.validators).map(|index| MemberKey::make(&member_key(&args.folder, index)));
        return Ok(CouncilFile::Members(MembersFile {
            members: members
                .map(|key| key.map(|key| key.address()))
                .collect::<Result<_>>()?,
            voting_period_s: TRIAL_VOTING_PERIOD_S,
            execution_delay_s: TRIAL_EXECUTION_DELAY_S,
        }));
    }
    let accounts = keys::test_accounts()?;
    let first = accounts.first().context("a test account")?;
    Ok(CouncilFile::Key(first.address()))
}

/// Runs every validator's part at the same time, as their operators would.
fn ceremonies(args: &Args, plan: &PlanFile) -> Result<Vec<NetworkFile>> {
    let started: Vec<_> = (0..args.validators)
        .map(|index| {
            let folder = validator(&args.folder, index);
            let (plan, rpc) = (plan.clone(), local(args.first_rpc, index)?);
            let report = move |event: Event| {
                if let (0, Event::Dealing) = (index, &event) {
                    say("      everyone is connected; dealing");
                }
                tracing::debug!(index, ?event, "ceremony");
            };
            Ok(std::thread::spawn(move || {
                dkg::take_part(&folder, plan, None, rpc, report)
            }))
        })
        .collect::<Result<_>>()?;
    let networks = started
        .into_iter()
        .map(|part| part.join().map_err(|_| anyhow::anyhow!("a ceremony panicked"))?)
        .collect::<Result<Vec<_>>>()?;
    let first = networks.first().map(NetworkFile::commitment);
    ensure!(
        networks.iter().all(|network| Some(network.commitment()) == first),
        "the validators made different networks; report this"
    );
    Ok(networks)
}

fn local(first: u16, index: u16) -> Result<SocketAddr> {
    let port = first
        .checked_add(index)
        .context("there are no ports above 65535")?;
    Ok(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
}
