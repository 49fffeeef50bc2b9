//! What an agency signs: EIP-712 typed data that binds its answers to one case, rule set and use record.
//!
//! Written out rather than derived by `sol!`, whose type string (alloy 1.7) spells a field named `use` as `r#use`.

use std::borrow::Cow;

use alloy_primitives::{Address, B256, U256, keccak256};
use alloy_sol_types::{Eip712Domain, SolValue};

/// `name` of the EIP-712 domain.
pub const FACTS_DOMAIN_NAME: &str = "Zhengtong Cases";
/// `version` of the EIP-712 domain.
pub const FACTS_DOMAIN_VERSION: &str = "1";
/// The EIP-712 type.
pub const FACTS_TYPE: &str = "Facts(bytes32 caseId,bytes32 ruleSet,uint32 mask,int32[] values,bytes32 use)";

/// The answers of one provider, as the arguments of `Cases.attest`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// The case they are for.
    pub case_id: B256,
    /// The case's rule set.
    pub rule_set: B256,
    /// The predicates answered, as bits.
    pub mask: u32,
    /// One value for each bit of the mask, lowest first; [`crate::UNKNOWN`] where the provider cannot say.
    pub values: Vec<i32>,
    /// The tag of the use record that allows the answer.
    pub use_tag: B256,
}

impl Facts {
    fn struct_hash(&self) -> B256 {
        let words: Vec<u8> = self.values.iter().flat_map(SolValue::abi_encode).collect();
        let fields = (
            keccak256(FACTS_TYPE),
            self.case_id,
            self.rule_set,
            self.mask,
            keccak256(words),
            self.use_tag,
        );
        keccak256(fields.abi_encode_params())
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
    let separator = facts_domain(chain_id, cases).separator();
    keccak256([b"\x19\x01", separator.as_slice(), facts.struct_hash().as_slice()].concat())
}
