//! `zhengtong council propose`.

use super::{
    calls::Action,
    chain::{Chain, Signer, small},
    proposal::Proposal,
    say, trial,
};
use crate::wallet::Openings;
use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::SolEvent as _;
use anyhow::{Context, Result, ensure};
use std::path::PathBuf;
use zhengtong_bindings::{
    addresses,
    council::Council,
    parse_slug,
    quotas::{
        IQuotas::{Class, Limits},
        Quotas,
    },
    validators::{IValidators::Validator, Validators},
};
use zhengtong_node::{NodeCard, least_epoch_blocks};

/// The names of the classes that every network has.
const FIRST_CLASSES: [&str; 5] = ["everyone", "organisations", "officers", "governors", "residents"];

#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    /// Add validators, by their cards. Two thirds must agree.
    AddValidator {
        /// What `zhengtong network key` wrote on the validator's machine; check it with its operator.
        #[arg(required = true)]
        cards: Vec<PathBuf>,
        #[command(flatten)]
        rest: Rest,
    },
    /// Remove validators, by their keys. Two thirds must agree.
    RemoveValidator {
        /// Ed25519 public keys, as `zhengtong network check` shows them.
        #[arg(required = true)]
        keys: Vec<B256>,
        #[command(flatten)]
        rest: Rest,
    },
    /// Add members of the council, by the addresses of their keys. Two thirds must agree.
    AddMember {
        /// What `zhengtong council key` printed on the member's machine.
        #[arg(required = true)]
        members: Vec<Address>,
        #[command(flatten)]
        rest: Rest,
    },
    /// Remove members of the council. Two thirds must agree.
    RemoveMember {
        /// The members, as `zhengtong council list` shows them.
        #[arg(required = true)]
        members: Vec<Address>,
        #[command(flatten)]
        rest: Rest,
    },
    /// Change how much gas the accounts of a class may use in an epoch, or add a class.
    Quota {
        /// 0 everyone, 1 organisations, 2 officers, 3 governors, 4 residents, then any others; the one
        /// after the last adds a class.
        class: u8,
        /// Gas that one account may use in an epoch; of residents, gas that a token buys.
        #[arg(long)]
        account: u64,
        /// Gas that all accounts of the class may use in an epoch together.
        #[arg(long)]
        total: u64,
        /// The class's name, for people: a-z, 0-9 and `-`. The first five have one.
        #[arg(long)]
        name: Option<String>,
        #[command(flatten)]
        rest: Rest,
    },
    /// Put accounts into a class of quotas, whatever the registry says of them.
    AssignQuota {
        /// The class: 0 to 4 as for `quota`, or one that was added.
        class: u8,
        /// The accounts, by their addresses.
        #[arg(required = true)]
        accounts: Vec<Address>,
        #[command(flatten)]
        rest: Rest,
    },
    /// Call contracts as the council, one after another, all or none.
    Call {
        /// CONTRACT=0xDATA: a name in the registry (statutes, services …) or an address, and calldata, which `cast
        /// calldata 'setOfficer(address,bytes32,bool)' …` makes.
        #[arg(required = true)]
        calls: Vec<String>,
        #[command(flatten)]
        rest: Rest,
    },
}

#[derive(clap::Args)]
struct Rest {
    #[command(flatten)]
    signer: Signer,
    /// What it is for; the others read it. At most 1,024 bytes. Without it: what is done in a few words, "add the validator
    /// NAME", which can be proposed once.
    #[arg(long)]
    why: Option<String>,
    /// Propose it although it would fail as things are now, because it depends on something that is pending.
    #[arg(long)]
    anyway: bool,
}

pub async fn run(args: Args) -> Result<()> {
    // Files are read before anything is asked.
    let cards = match &args.what {
        What::AddValidator { cards, .. } => cards
            .iter()
            .map(|path| NodeCard::read(path).with_context(|| format!("the card {}", path.display())))
            .collect::<Result<_>>()?,
        _ => Vec::new(),
    };
    let rest = match &args.what {
        What::AddValidator { rest, .. }
        | What::RemoveValidator { rest, .. }
        | What::AddMember { rest, .. }
        | What::RemoveMember { rest, .. }
        | What::Quota { rest, .. }
        | What::AssignQuota { rest, .. }
        | What::Call { rest, .. } => rest,
    };
    let acting = rest.signer.connect().await?;
    acting.require_member().await?;
    let (actions, usual) = actions(&args.what, &cards, &acting.chain)?;
    if !rest.anyway {
        fits(&acting.chain, cards.len()).await?;
        trial::run(&acting.chain, &actions).await?;
    }
    let call = Council::proposeCall {
        targets: actions.iter().map(|action| action.to).collect(),
        values: vec![U256::ZERO; actions.len()],
        calldatas: actions.into_iter().map(|action| action.data).collect(),
        description: rest.why.clone().unwrap_or(usual),
    };
    let receipt = acting.execute(call, Openings::default()).await?;
    let made = receipt
        .logs()
        .iter()
        .filter(|log| log.address == acting.chain.council)
        .find_map(|log| Council::ProposalCreated::decode_log(log).ok())
        .context("the council made no proposal; report this")?;
    let proposal = find(&acting.chain, made.proposalId).await?;
    let standing = proposal.standing(&acting.chain).await?;
    proposal.show(&standing, &acting.chain);
    say(format!(
        "the members vote with: zhengtong council vote {} for|against|abstain",
        proposal.number
    ));
    Ok(())
}

/// Shares are dealt within an epoch, which stays as long as it is: with more validators than it has blocks for, none would be
/// dealt any more, and the validators would stay who they are.
async fn fits(chain: &Chain, more: usize) -> Result<()> {
    if more == 0 {
        return Ok(());
    }
    let epoch = chain
        .client
        .validators()
        .await?
        .context("nobody validates here")?;
    let blocks = epoch.last_block + 1 - epoch.first_block;
    let validators = chain
        .client
        .read(addresses().validators, &Validators::listCall {})
        .await?
        .len()
        + more;
    let least = least_epoch_blocks(validators);
    ensure!(
        blocks >= least,
        "nothing is proposed: {validators} validators need epochs of {least} blocks to deal shares in, and this network's have \
         {blocks}, which cannot be changed; remove others first, and if that is under way, propose it with --anyway"
    );
    Ok(())
}

/// The number of a proposal that was just made is the latest, unless others made some at the same time.
async fn find(chain: &Chain, id: U256) -> Result<Proposal> {
    let mut number = small(
        chain.read(Council::proposalCountCall {}).await?,
        "the number of proposals",
    )?;
    while number > 0 {
        let place = chain
            .read(Council::proposalAtCall {
                number: U256::from(number),
            })
            .await?;
        if place.id == id {
            return Proposal::fetch(chain, number).await;
        }
        number -= 1;
    }
    anyhow::bail!("the node does not know the proposal yet; see `zhengtong council list`")
}

/// The calls, and what is said of them if the proposer says nothing.
fn actions(what: &What, cards: &[NodeCard], chain: &Chain) -> Result<(Vec<Action>, String)> {
    Ok(match what {
        What::AddValidator { .. } => {
            let to = addresses().validators;
            let add = |card: &NodeCard| -> Result<Action> {
                let v = Validator {
                    key: B256::try_from(card.key.as_ref()).context("a card's key has 32 bytes")?,
                    location: card.address.to_string(),
                    name: card.name.clone(),
                };
                Ok(Action::new(to, &Validators::addCall { v }))
            };
            let names = cards.iter().map(|card| card.name.as_str()).collect::<Vec<_>>();
            let usual = format!("add the validator {}", names.join(", "));
            (cards.iter().map(add).collect::<Result<_>>()?, usual)
        }
        What::RemoveValidator { keys, .. } => {
            let to = addresses().validators;
            let remove = |key: &B256| Action::new(to, &Validators::removeCall { key: *key });
            (keys.iter().map(remove).collect(), "remove a validator".into())
        }
        What::AddMember { members, .. } => {
            let add =
                |member: &Address| Action::new(chain.council, &Council::addMemberCall { member: *member });
            (
                members.iter().map(add).collect(),
                "add a member of the council".into(),
            )
        }
        What::RemoveMember { members, .. } => {
            let remove =
                |member: &Address| Action::new(chain.council, &Council::removeMemberCall { member: *member });
            (
                members.iter().map(remove).collect(),
                "remove a member of the council".into(),
            )
        }
        What::Quota {
            class,
            account,
            total,
            name,
            ..
        } => {
            let known = FIRST_CLASSES.get(usize::from(*class)).copied();
            let name = name.as_deref().or(known);
            let name = name.context("a class of your own needs a name: say --name")?;
            let values = Class {
                name: parse_slug(name)?,
                limits: Limits {
                    account: *account,
                    total: *total,
                },
            };
            let call = Quotas::setClassCall {
                class: *class,
                values,
            };
            let usual = format!("change the quota of {name}");
            (vec![Action::new(addresses().quotas, &call)], usual)
        }
        What::AssignQuota { class, accounts, .. } => {
            let assign = |account: &Address| {
                let call = Quotas::assignCall {
                    account: *account,
                    class: *class,
                };
                Action::new(addresses().quotas, &call)
            };
            (
                accounts.iter().map(assign).collect(),
                format!("assign accounts to class {class} of quotas"),
            )
        }
        What::Call { calls, .. } => {
            let actions = calls.iter().map(|text| Action::parse(text, &chain.contracts));
            (actions.collect::<Result<_>>()?, "call contracts".into())
        }
    })
}
