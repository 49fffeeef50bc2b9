//! What an authority signs when it approves a recovery in `Accounts` (EIP-712).

use std::borrow::Cow;

use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::{Eip712Domain, SolStruct};

use crate::accounts::IAccounts;

/// The name of the EIP-712 domain of `Accounts`.
pub const ACCOUNTS_DOMAIN_NAME: &str = "Zhengtong Accounts";
/// Its version.
pub const ACCOUNTS_DOMAIN_VERSION: &str = "1";

mod typed {
    alloy_sol_types::sol! {
        struct Signer {
            uint8 kind;
            uint8 weight;
            bytes32 x;
            bytes32 y;
        }

        struct Recovery {
            bytes32 account;
            uint64 version;
            Signer[] signers;
            bytes32 receiver;
        }
    }
}

/// The id of a recovery, which is the hash that approvers sign: new signers for an account as it is at a version, and the
/// X25519 key that is given the shares of its backup key.
#[must_use]
pub fn recovery_id(
    chain_id: u64,
    accounts: Address,
    account: B256,
    version: u64,
    signers: &[IAccounts::Signer],
    receiver: B256,
) -> B256 {
    let domain = Eip712Domain::new(
        Some(Cow::Borrowed(ACCOUNTS_DOMAIN_NAME)),
        Some(Cow::Borrowed(ACCOUNTS_DOMAIN_VERSION)),
        Some(U256::from(chain_id)),
        Some(accounts),
        None,
    );
    let signers = signers.iter().map(|signer| typed::Signer {
        kind: signer.kind,
        weight: signer.weight,
        x: signer.x,
        y: signer.y,
    });
    let recovery = typed::Recovery {
        account,
        version,
        signers: signers.collect(),
        receiver,
    };
    recovery.eip712_signing_hash(&domain)
}
