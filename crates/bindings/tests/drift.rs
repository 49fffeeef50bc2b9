//! The committed JSON must be what forge makes of `contracts/`. Where nothing was built there is nothing to compare;
//! `npm run check-abi`, part of `npm test` in `contracts/`, always builds first.

use std::{fs, path::Path};

use alloy_primitives::{Address, B256, Bytes, address, hex};
use serde_json::Value;
use zhengtong_bindings::{
    Accounts, Allowances, Cases, Consents, Council, CouncilTerms, Credentials, Delegations, FirstValidator,
    Founding, Governance, MembershipVerifier, People, PoseidonT3, QuotaTerms, Quotas, Registry, Rules,
    Services, Statutes, Uses, Validators, addresses, council_address, genesis_creations,
};

const CONTRACTS: [&str; 19] = [
    "Registry",
    "Statutes",
    "Rules",
    "Services",
    "Consents",
    "Uses",
    "Cases",
    "Credentials",
    "Accounts",
    "Validators",
    "Quotas",
    "Allowances",
    "Delegations",
    "PoseidonT3",
    "MembershipVerifier",
    "People",
    "Council",
    "Networks",
    "ForeignEvents",
];
/// EIP-170.
const CODE_MAX_BYTES: usize = 24_576;

fn json(path: &Path) -> Option<Value> {
    let text = fs::read_to_string(path).ok()?;
    Some(serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
}

fn committed(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("abi/{name}.json"));
    json(&path).unwrap_or_else(|| panic!("{} is missing", path.display()))
}

#[test]
fn committed_abis_are_those_of_the_last_forge_build() {
    for name in CONTRACTS {
        let out =
            Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../contracts/out/{name}.sol/{name}.json"));
        let Some(built) = json(&out) else { continue };
        let committed = committed(name);
        let hint = "run `npm run export` in contracts/ and review the difference";
        assert_eq!(
            committed["abi"], built["abi"],
            "the ABI of {name} is stale: {hint}"
        );
        for code in ["bytecode", "deployedBytecode"] {
            assert_eq!(
                committed[code], built[code]["object"],
                "the {code} of {name} is stale: {hint}"
            );
        }
    }
}

#[test]
fn deployed_code_fits_in_the_limit() {
    for name in CONTRACTS {
        let code = committed(name)["deployedBytecode"]
            .as_str()
            .expect("hex")
            .to_owned();
        let bytes = (code.len() - 2) / 2;
        assert!(bytes <= CODE_MAX_BYTES, "{name} has {bytes} bytes");
    }
}

fn founding(governance: Governance) -> Founding {
    Founding {
        governance,
        recovery_delay_s: 3,
        validators: vec![FirstValidator {
            key: B256::repeat_byte(9),
            name: "institution".into(),
        }],
        quotas: QuotaTerms::usual(3_600),
    }
}

/// Its deployer is another, so all else is where it is without it.
#[test]
fn a_council_of_members_comes_last_and_governs_the_registry() {
    let terms = CouncilTerms {
        members: vec![Address::repeat_byte(1), Address::repeat_byte(2)],
        voting_period_s: 60,
        execution_delay_s: 0,
    };
    // cast compute-address 0x…5A687431 --nonce 0
    let expected = address!("0x3a31E0cf5eE19D5748E0833Ed083C5f2567Ec9e8");
    assert_eq!(council_address(), expected);
    let with = genesis_creations(&founding(Governance::Members(terms)));
    let without = genesis_creations(&founding(Governance::Key(expected)));
    let (council, rest) = with.split_last().expect("contracts");
    assert_eq!((council.name, council.address), ("council", expected));
    assert!(council.init_code.starts_with(&Council::BYTECODE));
    assert_eq!(rest[1..], without[1..]);
    let start = Registry::BYTECODE.len();
    assert_eq!(
        rest[0].init_code[start..start + 32],
        without[0].init_code[start..start + 32],
        "the registry's council"
    );
    assert!(
        rest[0].init_code.len() > without[0].init_code.len(),
        "and a name for it"
    );
}

#[test]
fn genesis_creates_the_registry_and_then_its_peers() {
    let council = Address::repeat_byte(7);
    let creations = genesis_creations(&founding(Governance::Key(council)));
    let all = addresses();
    let expected: [(&str, Address, &Bytes); 16] = [
        ("registry", all.registry, &Registry::BYTECODE),
        ("statutes", all.statutes, &Statutes::BYTECODE),
        ("rules", all.rules, &Rules::BYTECODE),
        ("services", all.services, &Services::BYTECODE),
        ("consents", all.consents, &Consents::BYTECODE),
        ("uses", all.uses, &Uses::BYTECODE),
        ("cases", all.cases, &Cases::BYTECODE),
        ("credentials", all.credentials, &Credentials::BYTECODE),
        ("accounts", all.accounts, &Accounts::BYTECODE),
        ("validators", all.validators, &Validators::BYTECODE),
        ("quotas", all.quotas, &Quotas::BYTECODE),
        ("allowances", all.allowances, &Allowances::BYTECODE),
        ("delegations", all.delegations, &Delegations::BYTECODE),
        ("poseidon", all.poseidon, &PoseidonT3::BYTECODE),
        (
            "membership-verifier",
            all.membership_verifier,
            &MembershipVerifier::BYTECODE,
        ),
        ("people", all.people, &People::BYTECODE),
    ];
    assert_eq!(creations.len(), expected.len());
    for (creation, (name, address, code)) in creations.iter().zip(expected) {
        assert_eq!((creation.name, creation.address), (name, address));
        let arguments = creation
            .init_code
            .strip_prefix(code.as_ref())
            .expect("creation code first");
        if matches!(name, "poseidon" | "membership-verifier") {
            assert_eq!(arguments, [0; 0], "{name} knows nobody");
            continue;
        }
        let holder = if name == "registry" { council } else { all.registry };
        assert_eq!(
            arguments[..32],
            hex::decode(format!("{:0>64}", hex::encode(holder))).expect("hex"),
            "{name}"
        );
    }
}

/// The compiler wrote the library's address into the code, from `contracts/foundry.toml`.
#[test]
fn people_is_linked_to_the_poseidon_of_genesis() {
    let poseidon = addresses().poseidon;
    assert_eq!(poseidon, address!("0xFCc561aF0B977Ab54b1c7bcDD49e76760aad9679"));
    let calls = People::BYTECODE
        .windows(Address::len_bytes())
        .filter(|at| *at == poseidon.as_slice());
    assert!(calls.count() > 0);
}
