//! What a proposal would do now: votes on what cannot be done are votes for nothing.

use super::{calls::Action, chain::Chain, errors::explain};
use alloy_primitives::Bytes;
use alloy_rpc_types_eth::TransactionRequest;
use alloy_sol_types::SolInterface as _;
use anyhow::{Context as _, Result, bail};
use zhengtong_bindings::{
    addresses,
    quotas::Quotas::{QuotasErrors, classCountCall},
};

/// Makes the calls as the council would, one after another, on the state of now, and changes nothing.
///
/// # Errors
/// One of them fails.
pub async fn run(chain: &Chain, actions: &[Action]) -> Result<()> {
    let calls: Vec<_> = actions
        .iter()
        .map(|action| {
            TransactionRequest::default()
                .from(chain.council)
                .to(action.to)
                .input(action.data.clone().into())
        })
        .collect();
    let tried = chain.client.simulate(&calls).await.map_err(explain);
    let tried = tried
        .context("it cannot be tried whether this would succeed; to propose it untried, add --anyway")?;
    let mut problems = Vec::new();
    for (action, done) in actions.iter().zip(tried) {
        let Some(error) = done.error else {
            continue;
        };
        let reason = match error.data.as_ref() {
            Some(output) => reason(chain, action, output).await,
            None => None,
        };
        let shown = action.describe(&chain.contracts, &chain.validators);
        problems.push(format!("  {shown}\n    {}", reason.unwrap_or(error.message)));
    }
    if problems.is_empty() {
        return Ok(());
    }
    bail!(
        "nothing is proposed: as things are now, it would fail when it is executed\n{}\nmend it; or, if it depends on \
         something that is pending, propose it with --anyway",
        problems.join("\n")
    )
}

/// The contract's reason, and which class is the next where there is none with that number.
async fn reason(chain: &Chain, action: &Action, output: &Bytes) -> Option<String> {
    let said = action.refusal(output, &chain.contracts);
    let at = addresses().quotas;
    if action.to == at
        && let Ok(QuotasErrors::UnknownClass(refusal)) = QuotasErrors::abi_decode(output)
        && let Ok(count) = chain.client.read(at, &classCountCall {}).await
    {
        return Some(format!(
            "there is no class {}; there are 0 to {}, and {count} would be the next",
            refusal.class,
            count.saturating_sub(1)
        ));
    }
    said
}
