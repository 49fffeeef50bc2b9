//! `zhengtong network check`: what a plan or a network file says, and the hash that operators compare.

use super::say;
use crate::council::limits_of;
use alloy_primitives::{B256, U256, utils::format_ether};
use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use std::path::PathBuf;
use zhengtong_bindings::slug_str;
use zhengtong_node::{CouncilFile, GenesisFile, NetworkFile, PlanFile};

#[derive(clap::Args)]
pub struct Args {
    /// A plan or a network file.
    file: PathBuf,
    /// The hash that it must have; the command fails if it has another.
    #[arg(long)]
    hash: Option<B256>,
}

pub fn run(args: &Args) -> Result<()> {
    let text = std::fs::read(&args.file).with_context(|| format!("cannot read {}", args.file.display()))?;
    let value: Value =
        serde_json::from_slice(&text).with_context(|| format!("{} is not JSON", args.file.display()))?;
    let format = value["format"].as_str().unwrap_or_default();
    let found = match format.split('/').next() {
        Some("zhengtong-plan") => show_plan(&PlanFile::read(&args.file)?),
        Some("zhengtong-network") => show_network(&NetworkFile::read(&args.file)?)?,
        _ => bail!("{} is neither a plan nor a network file", args.file.display()),
    };
    if let Some(expected) = args.hash {
        ensure!(
            found == expected,
            "the hash is {found}, expected {expected}: do not use this file"
        );
        say("the hash is the expected one");
    }
    Ok(())
}

/// Shows a plan and answers its hash.
pub fn show_plan(plan: &PlanFile) -> B256 {
    say(format!("plan of network {}, chain {}", plan.name, plan.chain_id));
    for card in &plan.validators {
        say(format!(
            "  validator  {}  {}  {}",
            card.key, card.address, card.name
        ));
    }
    show_rest(&plan.genesis, plan.validators.len());
    say(format!("plan hash {}", plan.hash()));
    plan.hash()
}

/// Shows a network and answers the hash of its genesis block, which everything but the addresses goes into.
pub fn show_network(network: &NetworkFile) -> Result<B256> {
    let genesis = network.genesis()?;
    let info = network.info(&genesis)?;
    say(format!("network {}, chain {}", network.name, network.chain_id));
    for validator in &network.validators {
        let address = validator.address.map(|address| address.to_string());
        say(format!(
            "  validator  {}  {}  {}",
            validator.key,
            address.unwrap_or_default(),
            validator.name
        ));
    }
    show_rest(&network.genesis, network.validators.len());
    say(format!("network key  {}", info.public_key));
    say(format!("genesis hash {}", info.genesis_hash));
    Ok(info.genesis_hash)
}

fn show_rest(genesis: &GenesisFile, validators: usize) {
    let faulty = (validators - 1) / 3;
    say(format!(
        "  {validators} validators: {} must agree, {faulty} may fail",
        validators - faulty
    ));
    show_council(&genesis.council);
    show_quotas(genesis);
    let total: U256 = genesis
        .alloc
        .values()
        .copied()
        .fold(U256::ZERO, U256::saturating_add);
    say(format!(
        "  {} funded accounts, {} ether",
        genesis.alloc.len(),
        format_ether(total)
    ));
}

/// A file that was read has quotas that hold.
fn show_quotas(genesis: &GenesisFile) {
    let Ok(terms) = genesis.quotas.terms(genesis.epoch_blocks) else {
        return;
    };
    for (number, class) in (0..).zip(&terms.classes) {
        let name = slug_str(class.name).unwrap_or_default();
        let limits = limits_of(number, class.account, class.total);
        say(format!("  quota      {name}: {limits}"));
    }
    for (account, class) in &terms.assigned {
        say(format!("  quota      {account} is in class {class}"));
    }
}

fn show_council(council: &CouncilFile) {
    match council {
        CouncilFile::Key(key) => say(format!("  council    {key}, one key")),
        CouncilFile::Members(terms) => {
            say(format!(
                "  council    {} members; a vote lasts {} s at most, a decision waits {} s",
                terms.members.len(),
                terms.voting_period_s,
                terms.execution_delay_s
            ));
            for member in &terms.members {
                say(format!("  member     {member}"));
            }
        }
    }
}
