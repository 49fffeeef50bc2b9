//! `zhengtong network check`: what a plan or a network file says, and the hash that operators compare.

use super::say;
use crate::{council::limits_of, node::watch::spell};
use alloy_primitives::{B256, U256, utils::format_ether};
use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use std::{path::PathBuf, time::Duration};
use zhengtong_bindings::slug_str;
use zhengtong_node::{CouncilFile, GenesisFile, NetworkFile, PlanFile};

/// Seconds between blocks where nothing happens, unless operators set another heartbeat.
const QUIET_BLOCK_S: u64 = 2;

#[derive(clap::Args)]
pub struct Args {
    /// A plan or a network file.
    file: PathBuf,
    /// The hash that it must have; the command fails if it has another.
    #[arg(long, value_parser = super::parse_hash)]
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
    for line in rules(genesis) {
        say(line);
    }
    show_council(&genesis.council);
    show_quotas(genesis);
    let total: U256 = genesis
        .alloc
        .values()
        .copied()
        .fold(U256::ZERO, U256::saturating_add);
    say(funded(genesis.alloc.len(), total));
}

/// What holds for every block, and cannot be changed later.
fn rules(genesis: &GenesisFile) -> Vec<String> {
    let quiet = Duration::from_secs(genesis.epoch_blocks.saturating_mul(QUIET_BLOCK_S));
    let since = i64::try_from(genesis.timestamp_ms).ok();
    let since = since.and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
    let mut lines = vec![
        // What no calendar has is shown as the file has it.
        since.map_or_else(
            || format!("  genesis    {} ms after 1970", genesis.timestamp_ms),
            |since| format!("  genesis    {since}"),
        ),
        format!(
            "  epochs     {} blocks each, {} where nothing happens",
            genesis.epoch_blocks,
            spell(quiet)
        ),
        format!("  blocks     {} gas at most", genesis.block_gas_limit),
        format!(
            "  recovery   of an account waits {}",
            time(genesis.recovery_delay_s)
        ),
    ];
    if genesis.delegates.is_empty() {
        lines.push("  delegates  none: accounts may delegate to no contract".into());
    }
    let delegates = genesis.delegates.iter();
    lines.extend(delegates.map(|delegate| format!("  delegate   {delegate}")));
    lines
}

fn time(seconds: u64) -> String {
    spell(Duration::from_secs(seconds))
}

fn funded(accounts: usize, wei: U256) -> String {
    let ether = format_ether(wei);
    let ether = match ether.split_once('.') {
        Some((whole, parts)) => match parts.trim_end_matches('0') {
            "" => whole.to_owned(),
            parts => format!("{whole}.{parts}"),
        },
        None => ether,
    };
    match accounts {
        0 => "  no account has ether".into(),
        1 => format!("  1 account has ether: {ether}"),
        more => format!("  {more} accounts have {ether} ether together"),
    }
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
                "  council    {}; a vote lasts {} at most, a decision waits {}",
                match terms.members.len() {
                    1 => "1 member".to_owned(),
                    more => format!("{more} members"),
                },
                time(terms.voting_period_s),
                time(terms.execution_delay_s)
            ));
            for member in &terms.members {
                say(format!("  member     {member}"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::{Address, utils::parse_ether};
    use std::collections::{BTreeMap, BTreeSet};
    use zhengtong_node::QuotasFile;

    #[test]
    fn everything_that_operators_agree_on_is_said_as_people_do() {
        let mut genesis = GenesisFile {
            timestamp_ms: 0,
            block_gas_limit: 300_000_000,
            council: CouncilFile::Key(Address::ZERO),
            alloc: BTreeMap::new(),
            delegates: BTreeSet::new(),
            recovery_delay_s: 3 * 24 * 3_600,
            epoch_blocks: 3_600,
            quotas: QuotasFile::default(),
        };
        assert_eq!(
            rules(&genesis),
            [
                "  genesis    1970-01-01T00:00:00Z",
                "  epochs     3600 blocks each, 2 h where nothing happens",
                "  blocks     300000000 gas at most",
                "  recovery   of an account waits 3 days",
                "  delegates  none: accounts may delegate to no contract"
            ]
        );
        genesis.timestamp_ms = 1_800_000_000_123;
        assert_eq!(rules(&genesis)[0], "  genesis    2027-01-15T08:00:00.123Z");
        genesis.timestamp_ms = u64::MAX;
        assert_eq!(
            rules(&genesis)[0],
            "  genesis    18446744073709551615 ms after 1970"
        );
        let delegate = Address::repeat_byte(7);
        genesis.delegates.insert(delegate);
        let said = rules(&genesis);
        assert_eq!(said.last(), Some(&format!("  delegate   {delegate}")));
        let ether = |amount| parse_ether(amount).expect("an amount");
        assert_eq!(funded(0, U256::ZERO), "  no account has ether");
        assert_eq!(funded(1, ether("1000")), "  1 account has ether: 1000");
        assert_eq!(funded(2, ether("0.25")), "  2 accounts have 0.25 ether together");
    }
}
