//! The committed JSON must be what forge makes of `contracts/`. Where nothing was built there is nothing to compare;
//! `npm run check-abi`, part of `npm test` in `contracts/`, always builds first.

use std::{fs, path::Path};

use alloy_primitives::{Address, B256, Bytes, hex};
use serde_json::Value;
use zhengtong_bindings::{
    Accounts, Cases, Consents, Credentials, FirstValidator, Founding, Registry, Rules, Services, Statutes,
    Uses, Validators, addresses, genesis_creations,
};

const CONTRACTS: [&str; 12] = [
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

#[test]
fn genesis_creates_the_registry_and_then_its_peers() {
    let council = Address::repeat_byte(7);
    let creations = genesis_creations(&Founding {
        council,
        recovery_delay_s: 3,
        validators: vec![FirstValidator {
            key: B256::repeat_byte(9),
            name: "institution".into(),
        }],
    });
    let all = addresses();
    let expected: [(&str, Address, &Bytes); 10] = [
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
    ];
    assert_eq!(creations.len(), expected.len());
    for (creation, (name, address, code)) in creations.iter().zip(expected) {
        assert_eq!((creation.name, creation.address), (name, address));
        let arguments = creation
            .init_code
            .strip_prefix(code.as_ref())
            .expect("creation code first");
        let holder = if name == "registry" { council } else { all.registry };
        assert_eq!(
            arguments[..32],
            hex::decode(format!("{:0>64}", hex::encode(holder))).expect("hex"),
            "{name}"
        );
    }
}
