//! The contract's refusals, in words.

use crate::wallet::{Book, refusal};
use alloy_primitives::Bytes;
use alloy_sol_types::SolInterface as _;
use anyhow::{Error, anyhow};
use zhengtong_bindings::council::Council::CouncilErrors;
use zhengtong_client::{AccountError, ClientError};

/// What went wrong, with the contract's reason where it gave one.
pub fn explain(error: impl Into<Error>) -> Error {
    let error = error.into();
    let output = match (error.downcast_ref(), error.downcast_ref()) {
        (Some(ClientError::Reverted { output, .. }), _)
        | (_, Some(AccountError::Client(ClientError::Reverted { output, .. }))) => output.clone(),
        _ => return error,
    };
    match words(&output) {
        Some(words) => anyhow!("the council refuses it: {words}"),
        None => error,
    }
}

fn words(output: &Bytes) -> Option<String> {
    Some(match CouncilErrors::abi_decode(output).ok()? {
        CouncilErrors::GovernorInsufficientProposerVotes(refusal) => {
            format!("{} is not a member", refusal.proposer)
        }
        CouncilErrors::NotMember(refusal) => {
            format!(
                "{} is not a member, or was not when this was proposed",
                refusal.account
            )
        }
        CouncilErrors::GovernorAlreadyCastVote(refusal) => format!("{} has voted already", refusal.voter),
        CouncilErrors::TooEarly(refusal) => {
            format!("this can be executed from {} on (unix seconds)", refusal.from)
        }
        CouncilErrors::TooLarge(refusal) => {
            let field = String::from_utf8_lossy(refusal.field.as_slice()).into_owned();
            let field = field.trim_end_matches('\0').to_owned();
            format!("{field}: {} given, {} allowed", refusal.given, refusal.allowed)
        }
        CouncilErrors::GovernorUnexpectedProposalState(refusal) if refusal.expectedStates.is_zero() => {
            "the same was proposed already; say with --why what is different".into()
        }
        CouncilErrors::TwoThirdsNeeded(_) => {
            "one of its calls decides who decides, which needs the votes of two thirds".into()
        }
        CouncilErrors::UnknownProposal(refusal) => format!("there is no proposal {}", refusal.number),
        _ => return refusal("council", output, &Book::of_genesis()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::{Address, U256};
    use alloy_sol_types::SolError as _;
    use zhengtong_bindings::council::Council;

    #[test]
    fn the_contracts_reasons_are_said() {
        let reverted = |output: Vec<u8>| ClientError::Reverted {
            message: "execution reverted".into(),
            output: output.into(),
        };
        let voter = Address::repeat_byte(7);
        let twice = Council::GovernorAlreadyCastVote { voter }.abi_encode();
        let said = explain(AccountError::Client(reverted(twice.clone()))).to_string();
        assert!(said.contains(&format!("{voter} has voted already")), "{said}");
        assert_eq!(explain(reverted(twice)).to_string(), said);
        let none = Council::UnknownProposal {
            number: U256::from(9),
        }
        .abi_encode();
        let said = explain(reverted(none)).to_string();
        assert!(said.contains("there is no proposal 9"), "{said}");
    }

    #[test]
    fn what_is_not_the_contracts_stays_as_it_was() {
        let reverted = ClientError::Reverted {
            message: "execution reverted".into(),
            output: vec![1, 2, 3].into(),
        };
        assert_eq!(explain(reverted).to_string(), "execution reverted");
    }
}
