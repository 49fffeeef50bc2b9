//! `zhengtong council list`.

use super::{
    chain::{Network, small},
    proposal::Proposal,
    say,
};
use anyhow::Result;
use zhengtong_bindings::{addresses, council::Council, validators::Validators};

#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    network: Network,
    /// Show this many of the latest proposals: 1 to 1,000.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=1_000))]
    last: u64,
}

pub async fn run(args: Args) -> Result<()> {
    let chain = args.network.connect().await?;
    let members = chain.read(Council::membersCall {}).await?;
    say(format!("council {} of {} members", chain.council, members.len()));
    for member in members {
        say(format!("  member    {member}"));
    }
    let at = addresses().validators;
    let validators = chain.client.read(at, &Validators::listCall {}).await?;
    say(format!("{} validators", validators.len()));
    for validator in validators {
        let (location, name) = (validator.location, validator.name);
        let line = format!("  validator {}  {location}  {name}", validator.key);
        say(line.replace(char::is_control, " ").trim_end());
    }
    let count = small(
        chain.read(Council::proposalCountCall {}).await?,
        "the number of proposals",
    )?;
    say(format!("{count} proposals"));
    for number in (count.saturating_sub(args.last) + 1)..=count {
        let proposal = Proposal::fetch(&chain, number).await?;
        let standing = proposal.standing(&chain).await?;
        proposal.show(&standing, &chain);
    }
    Ok(())
}
