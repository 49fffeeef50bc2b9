//! `zhengtong council vote`.

use super::{
    chain::Signer,
    proposal::{Proposal, State},
    say,
};
use anyhow::{Result, bail};
use zhengtong_bindings::council::Council;

#[derive(clap::Args)]
pub struct Args {
    /// The proposal's number; `zhengtong council list` shows it.
    number: u64,
    choice: Choice,
    #[command(flatten)]
    signer: Signer,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Choice {
    For,
    Against,
    /// Counts like no vote: only votes for it carry a proposal.
    Abstain,
}

pub async fn run(args: Args) -> Result<()> {
    let acting = args.signer.connect().await?;
    acting.require_member().await?;
    let chain = &acting.chain;
    let proposal = Proposal::fetch(chain, args.number).await?;
    // A proposal can be voted on from the second after it was made.
    chain.wait_until(proposal.made_at_s + 1).await?;
    let standing = proposal.standing(chain).await?;
    if standing.state != State::Active {
        proposal.show(&standing, chain);
        bail!("proposal {} can be voted on no more", args.number);
    }
    let support = match args.choice {
        Choice::Against => 0,
        Choice::For => 1,
        Choice::Abstain => 2,
    };
    let vote = Council::castVoteCall {
        proposalId: proposal.id,
        support,
    };
    acting.execute(vote, proposal.openings()).await?;
    let standing = proposal.standing(chain).await?;
    proposal.show(&standing, chain);
    if standing.state == State::Succeeded {
        say(format!(
            "it is carried; carry it out with: zhengtong council execute {}",
            args.number
        ));
    }
    Ok(())
}
