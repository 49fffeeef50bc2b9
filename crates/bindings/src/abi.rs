//! The ABIs themselves, for who reads calls that it did not make.

/// A contract's name in the registry, and the compiler's JSON: `abi`, and bytecode.
const ABIS: [(&str, &str); 17] = [
    ("registry", include_str!("../abi/Registry.json")),
    ("statutes", include_str!("../abi/Statutes.json")),
    ("rules", include_str!("../abi/Rules.json")),
    ("services", include_str!("../abi/Services.json")),
    ("consents", include_str!("../abi/Consents.json")),
    ("uses", include_str!("../abi/Uses.json")),
    ("cases", include_str!("../abi/Cases.json")),
    ("credentials", include_str!("../abi/Credentials.json")),
    ("accounts", include_str!("../abi/Accounts.json")),
    ("allowances", include_str!("../abi/Allowances.json")),
    ("delegations", include_str!("../abi/Delegations.json")),
    ("poseidon", include_str!("../abi/PoseidonT3.json")),
    (
        "membership-verifier",
        include_str!("../abi/MembershipVerifier.json"),
    ),
    ("people", include_str!("../abi/People.json")),
    ("validators", include_str!("../abi/Validators.json")),
    ("quotas", include_str!("../abi/Quotas.json")),
    ("council", include_str!("../abi/Council.json")),
];

/// The JSON of the contract with this name in the registry; its field `abi` is the ABI.
#[must_use]
pub fn abi_json(name: &str) -> Option<&'static str> {
    ABIS.iter()
        .find(|(known, _)| *known == name)
        .map(|(_, json)| *json)
}

/// The names that [`abi_json`] knows.
pub fn abi_names() -> impl Iterator<Item = &'static str> {
    ABIS.iter().map(|(name, _)| *name)
}
