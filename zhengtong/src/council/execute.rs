//! `zhengtong council execute`: from carried to done.

use super::{
    chain::Signer,
    proposal::{Proposal, State, time},
    say,
};
use crate::progress::Progress;
use anyhow::{Result, bail};
use zhengtong_bindings::council::Council;

/// The longest wait that the command sits out; for a longer one it says when to come back.
const MAX_WAIT_S: u64 = 60;

#[derive(clap::Args)]
pub struct Args {
    /// The proposal's number; `zhengtong council list` shows it.
    number: u64,
    #[command(flatten)]
    signer: Signer,
}

pub async fn run(args: Args) -> Result<()> {
    let acting = args.signer.connect().await?;
    let chain = &acting.chain;
    let proposal = Proposal::fetch(chain, args.number).await?;
    let mut standing = proposal.standing(chain).await?;
    proposal.show(&standing, chain);
    let mut progress = Progress::new(3);
    let (targets, values, calldatas, text_hash) = proposal.content();
    match standing.state {
        State::Succeeded => {
            progress.step("queueing it");
            let queue = Council::queueCall {
                targets: targets.clone(),
                values: values.clone(),
                calldatas: calldatas.clone(),
                descriptionHash: text_hash,
            };
            acting.execute(queue, proposal.openings()).await?;
            standing = proposal.standing(chain).await?;
        }
        State::Queued => progress.step("it is queued"),
        State::Pending | State::Active => {
            bail!("proposal {} is not carried: {}", args.number, standing.votes())
        }
        State::Executed => bail!("proposal {} was executed already", args.number),
        State::Canceled | State::Defeated | State::Expired => {
            bail!("proposal {} cannot be executed any more", args.number)
        }
    }
    let wait_s = standing.from_s.saturating_sub(chain.now_s().await?);
    if wait_s > MAX_WAIT_S {
        say(format!(
            "it is queued; run this again from {} on",
            time(standing.from_s)
        ));
        return Ok(());
    }
    progress.step(format!("waiting until {}", time(standing.from_s)));
    chain.wait_until(standing.from_s).await?;
    progress.step("executing it");
    let execute = Council::executeCall {
        targets,
        values,
        calldatas,
        descriptionHash: text_hash,
    };
    acting.execute(execute, proposal.openings()).await?;
    say(format!("proposal {} is executed", args.number));
    Ok(())
}
