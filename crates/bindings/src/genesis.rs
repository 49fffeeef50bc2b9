//! The contracts of genesis: who creates them, in which order, and therefore where they are.

use alloy_primitives::{Address, B256, Bytes, address};
use alloy_sol_types::SolValue;

use crate::{
    Accounts, Cases, Consents, Credentials, Registry, Rules, Services, Statutes, Uses, Validators, ids::slug,
    validators::IValidators::Validator,
};

/// Creates the contracts at genesis. Nobody has its key; nonce 0 is the registry, then [`CONTRACT_NAMES`] in order.
pub const DEPLOYER: Address = address!("0x000000000000000000000000000000005A687430");

/// The names in the registry of the contracts after it.
pub const CONTRACT_NAMES: [&str; 9] = [
    "statutes",
    "rules",
    "services",
    "consents",
    "uses",
    "cases",
    "credentials",
    "accounts",
    "validators",
];

/// Seconds between the approvals of a recovery and its end in `Accounts`: three days.
pub const RECOVERY_DELAY_S: u64 = 72 * 3600;

/// Where the contracts of genesis are, on every chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Addresses {
    /// `Registry`.
    pub registry: Address,
    /// `Statutes`.
    pub statutes: Address,
    /// `Rules`.
    pub rules: Address,
    /// `Services`.
    pub services: Address,
    /// `Consents`.
    pub consents: Address,
    /// `Uses`.
    pub uses: Address,
    /// `Cases`.
    pub cases: Address,
    /// `Credentials`.
    pub credentials: Address,
    /// `Accounts`.
    pub accounts: Address,
    /// `Validators`.
    pub validators: Address,
}

/// What the contracts of a network start with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Founding {
    /// Governs the registry, and through it the others.
    pub council: Address,
    /// Seconds; [`RECOVERY_DELAY_S`] but in networks for trying out.
    pub recovery_delay_s: u64,
    /// 1 to 100.
    pub validators: Vec<FirstValidator>,
}

/// A validator of genesis. Where it is stays out of the genesis: operators may reach it at different addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FirstValidator {
    /// Its ed25519 public key.
    pub key: B256,
    /// The institution, for people; at most 64 bytes, may be empty.
    pub name: String,
}

/// A creation transaction of genesis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Creation {
    /// The contract's name in the registry; "registry" for itself.
    pub name: &'static str,
    /// Where it will be.
    pub address: Address,
    /// Creation code with its arguments.
    pub init_code: Bytes,
}

/// The addresses that [`DEPLOYER`]'s nonces give.
#[must_use]
pub fn addresses() -> Addresses {
    let at = |nonce| DEPLOYER.create(nonce);
    Addresses {
        registry: at(0),
        statutes: at(1),
        rules: at(2),
        services: at(3),
        consents: at(4),
        uses: at(5),
        cases: at(6),
        credentials: at(7),
        accounts: at(8),
        validators: at(9),
    }
}

/// The creations of genesis, in the order of [`DEPLOYER`]'s nonces from 0.
#[must_use]
pub fn genesis_creations(founding: &Founding) -> Vec<Creation> {
    let registry = addresses().registry;
    let names: Vec<B256> = CONTRACT_NAMES.into_iter().map(slug).collect();
    let peers: Vec<Address> = (1..)
        .take(names.len())
        .map(|nonce| DEPLOYER.create(nonce))
        .collect();
    let (alone, delayed) = (
        registry.abi_encode(),
        (registry, founding.recovery_delay_s).abi_encode_params(),
    );
    let seeded = (registry, first_validators(founding)).abi_encode_params();
    let codes = [
        (&Statutes::BYTECODE, &alone),
        (&Rules::BYTECODE, &alone),
        (&Services::BYTECODE, &alone),
        (&Consents::BYTECODE, &alone),
        (&Uses::BYTECODE, &alone),
        (&Cases::BYTECODE, &alone),
        (&Credentials::BYTECODE, &alone),
        (&Accounts::BYTECODE, &delayed),
        (&Validators::BYTECODE, &seeded),
    ];
    let first = Creation {
        name: "registry",
        address: registry,
        init_code: with_arguments(
            &Registry::BYTECODE,
            &(founding.council, names, peers.clone()).abi_encode_params(),
        ),
    };
    let rest =
        CONTRACT_NAMES
            .into_iter()
            .zip(peers)
            .zip(codes)
            .map(|((name, address), (code, arguments))| Creation {
                name,
                address,
                init_code: with_arguments(code, arguments),
            });
    std::iter::once(first).chain(rest).collect()
}

fn first_validators(founding: &Founding) -> Vec<Validator> {
    let first = founding.validators.iter().map(|validator| Validator {
        key: validator.key,
        location: String::new(),
        name: validator.name.clone(),
    });
    first.collect()
}

fn with_arguments(code: &Bytes, arguments: &[u8]) -> Bytes {
    [code, arguments].concat().into()
}
