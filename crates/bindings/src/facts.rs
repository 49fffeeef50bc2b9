//! What an agency signs: EIP-712 typed data that binds its answers to one case, rule set and use record.

use std::borrow::Cow;

use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::{Eip712Domain, SolStruct, sol};

/// `name` of the EIP-712 domain.
pub const FACTS_DOMAIN_NAME: &str = "Zhengtong Cases";
/// `version` of the EIP-712 domain.
pub const FACTS_DOMAIN_VERSION: &str = "1";

sol! {
    /// The answers of one provider. `values` has one entry for each bit of `mask`, lowest first; `use` is the tag of the use record.
    #[derive(Debug, PartialEq, Eq)]
    struct Facts {
        bytes32 caseId;
        bytes32 ruleSet;
        uint32 mask;
        int32[] values;
        bytes32 use;
    }
}

/// The domain of `Cases` at this address of this chain.
#[must_use]
pub const fn facts_domain(chain_id: u64, cases: Address) -> Eip712Domain {
    Eip712Domain::new(
        Some(Cow::Borrowed(FACTS_DOMAIN_NAME)),
        Some(Cow::Borrowed(FACTS_DOMAIN_VERSION)),
        Some(U256::from_limbs([chain_id, 0, 0, 0])),
        Some(cases),
        None,
    )
}

/// The hash that the provider's attester signs (secp256k1, 65 bytes r ‖ s ‖ v with v = 27 or 28).
#[must_use]
pub fn facts_signing_hash(chain_id: u64, cases: Address, facts: &Facts) -> B256 {
    facts.eip712_signing_hash(&facts_domain(chain_id, cases))
}
