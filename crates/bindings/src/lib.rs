//! Typed interfaces of the contracts, generated from the compiled ABIs.
//!
//! `abi/*.json` is what forge made of `contracts/`; it is committed, so that Rust builds without Solidity, and
//! `npm run check-abi` in `contracts/` fails when it is stale. Each contract has a module named after it: calls, events,
//! errors, and the structs of its interface (`cases::ICases::Case`, `rules::IRules::RuleSet`).
//!
//! To add a contract: `contracts/README.md`, then [`contracts`] and [`genesis`] here.

mod abi;
mod allowance;
pub mod contracts;
mod facts;
mod genesis;
mod ids;
mod quota_slots;
mod quota_terms;
mod recovery;
mod slots;

pub use abi::{abi_json, abi_names};
pub use allowance::{allowance_message, allowance_window, allowance_window_start_s};
pub use contracts::{
    accounts, allowances, cases, consents, council, credentials, delegations, membership_verifier, people,
    poseidon, quotas, registry, rules, services, statutes, uses, validators,
};
pub use contracts::{
    accounts::Accounts, allowances::Allowances, cases::Cases, consents::Consents, council::Council,
    credentials::Credentials, delegations::Delegations, membership_verifier::MembershipVerifier,
    people::People, poseidon::PoseidonT3, quotas::Quotas, registry::Registry, rules::Rules,
    services::Services, statutes::Statutes, uses::Uses, validators::Validators,
};
pub use facts::{
    FACTS_DOMAIN_NAME, FACTS_DOMAIN_VERSION, FACTS_TYPE, Facts, facts_domain, facts_signing_hash,
};
pub use genesis::{
    Addresses, CONTRACT_NAMES, COUNCIL_DEPLOYER, CouncilTerms, Creation, DEPLOYER, FirstValidator, Founding,
    Governance, RECOVERY_DELAY_S, addresses, council_address, genesis_creations,
};
pub use ids::{
    BadSlug, CONSENT, DECIDER, IDENTITY, ISSUER, NO_ROW, PROVIDER, RECOVERY, SLUG_MAX_BYTES, UNKNOWN,
    case_id, parse_slug, rule_set_id, slug, slug_str, statute_id, use_binding,
};
pub use quota_slots::{
    TOKEN_ISSUER_SLOT, account_usage_slot, assigned_class_slot, attester_slot, checkpoint_slot,
    class_name_slot, class_usage_slot, limits_slot, long_bytes_slots, membership_slot, officer_active_slot,
    token_key_slot,
};
pub use quota_terms::{
    EVERYONE, FirstClass, GOVERNORS, GOVERNORS_LEAST_GAS, MAX_ASSIGNMENTS, MAX_CLASSES, OFFICERS,
    ORGANISATIONS, QuotaTerms, RESIDENTS,
};
pub use recovery::{ACCOUNTS_DOMAIN_NAME, ACCOUNTS_DOMAIN_VERSION, recovery_id};
pub use slots::{CASE_SLOTS, case_slots, fact_slots, use_slot};
