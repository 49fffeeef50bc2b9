//! The contracts of genesis: who creates them, in which order, and therefore where they are.

use alloy_primitives::{Address, B256, Bytes, address};
use alloy_sol_types::SolValue;

use crate::{Cases, Consents, Credentials, Registry, Rules, Services, Statutes, Uses, ids::slug};

/// Creates the contracts at genesis. Nobody has its key; nonce 0 is the registry, then [`CONTRACT_NAMES`] in order.
pub const DEPLOYER: Address = address!("0x000000000000000000000000000000005A687430");

/// The names in the registry of the contracts after it.
pub const CONTRACT_NAMES: [&str; 7] = [
    "statutes",
    "rules",
    "services",
    "consents",
    "uses",
    "cases",
    "credentials",
];

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
    }
}

/// The creations of genesis, in the order of [`DEPLOYER`]'s nonces from 0. `council` governs the registry.
#[must_use]
pub fn genesis_creations(council: Address) -> Vec<Creation> {
    let registry = addresses().registry;
    let names: Vec<B256> = CONTRACT_NAMES.into_iter().map(slug).collect();
    let peers: Vec<Address> = (1..)
        .take(names.len())
        .map(|nonce| DEPLOYER.create(nonce))
        .collect();
    let codes = [
        &Statutes::BYTECODE,
        &Rules::BYTECODE,
        &Services::BYTECODE,
        &Consents::BYTECODE,
        &Uses::BYTECODE,
        &Cases::BYTECODE,
        &Credentials::BYTECODE,
    ];
    let first = Creation {
        name: "registry",
        address: registry,
        init_code: with_arguments(
            &Registry::BYTECODE,
            &(council, names, peers.clone()).abi_encode_params(),
        ),
    };
    let rest = CONTRACT_NAMES
        .into_iter()
        .zip(peers)
        .zip(codes)
        .map(|((name, address), code)| Creation {
            name,
            address,
            init_code: with_arguments(code, &registry.abi_encode()),
        });
    std::iter::once(first).chain(rest).collect()
}

fn with_arguments(code: &Bytes, arguments: &[u8]) -> Bytes {
    [code, arguments].concat().into()
}
