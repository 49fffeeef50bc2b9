//! The contracts of genesis: who creates them, in which order, and therefore where they are.

use alloy_primitives::{Address, B256, Bytes, U256, address};
use alloy_sol_types::SolValue;

use crate::{
    Accounts, Allowances, Cases, Consents, Council, Credentials, Delegations, MembershipVerifier, People,
    PoseidonT3, QuotaTerms, Quotas, Registry, Rules, Services, Statutes, Uses, Validators, ids::slug,
    validators::IValidators::Validator,
};

/// Creates the contracts at genesis. Nobody has its key; nonce 0 is the registry, then [`CONTRACT_NAMES`] in order.
pub const DEPLOYER: Address = address!("0x000000000000000000000000000000005A687430");

/// Creates the contract `Council`, in networks whose council has members, so that the other contracts are at the same
/// addresses in every network. Nobody has its key.
pub const COUNCIL_DEPLOYER: Address = address!("0x000000000000000000000000000000005A687431");

/// The name of that contract in the registry.
const COUNCIL_NAME: &str = "council";

/// The names in the registry of the contracts after it.
pub const CONTRACT_NAMES: [&str; 15] = [
    "statutes",
    "rules",
    "services",
    "consents",
    "uses",
    "cases",
    "credentials",
    "accounts",
    "validators",
    "quotas",
    "allowances",
    "delegations",
    "poseidon",
    "membership-verifier",
    "people",
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
    /// `Quotas`.
    pub quotas: Address,
    /// `Allowances`.
    pub allowances: Address,
    /// `Delegations`.
    pub delegations: Address,
    /// `PoseidonT3`, a library: `People` is linked to it when it is compiled (`contracts/foundry.toml`).
    pub poseidon: Address,
    /// `MembershipVerifier`.
    pub membership_verifier: Address,
    /// `People`.
    pub people: Address,
}

/// What the contracts of a network start with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Founding {
    /// Governs the registry, and through it the others.
    pub governance: Governance,
    /// Seconds; [`RECOVERY_DELAY_S`] but in networks for trying out.
    pub recovery_delay_s: u64,
    /// 1 to 100.
    pub validators: Vec<FirstValidator>,
    /// How much gas who may use in an epoch.
    pub quotas: QuotaTerms,
}

/// Who governs the contracts of a network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Governance {
    /// One key.
    Key(Address),
    /// The contract `Council`, which genesis makes.
    Members(CouncilTerms),
}

/// A council of members, one vote each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CouncilTerms {
    /// 1 to 100 accounts, each once.
    pub members: Vec<Address>,
    /// Seconds that a proposal can be voted on: a minute to 90 days.
    pub voting_period_s: u64,
    /// Seconds between the queueing of a carried proposal and its execution: at most 30 days.
    pub execution_delay_s: u64,
}

impl Governance {
    /// What the registry names as its council.
    #[must_use]
    pub fn address(&self) -> Address {
        match self {
            Self::Key(key) => *key,
            Self::Members(_) => council_address(),
        }
    }
}

/// Where the contract `Council` is, in networks that have it.
#[must_use]
pub fn council_address() -> Address {
    COUNCIL_DEPLOYER.create(0)
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
    /// Who creates it.
    pub from: Address,
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
        quotas: at(10),
        allowances: at(11),
        delegations: at(12),
        poseidon: at(13),
        membership_verifier: at(14),
        people: at(15),
    }
}

/// The creations of genesis, in the order of their creators' nonces from 0.
#[must_use]
pub fn genesis_creations(founding: &Founding) -> Vec<Creation> {
    let registry = addresses().registry;
    let mut names: Vec<B256> = CONTRACT_NAMES.into_iter().map(slug).collect();
    let peers: Vec<Address> = (1..)
        .take(names.len())
        .map(|nonce| DEPLOYER.create(nonce))
        .collect();
    let (nothing, alone, delayed) = (
        Vec::new(),
        registry.abi_encode(),
        (registry, founding.recovery_delay_s).abi_encode_params(),
    );
    let seeded = (registry, first_validators(founding)).abi_encode_params();
    let metered = founding.quotas.arguments(registry);
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
        (&Quotas::BYTECODE, &metered),
        (&Allowances::BYTECODE, &alone),
        (&Delegations::BYTECODE, &alone),
        (&PoseidonT3::BYTECODE, &nothing),
        (&MembershipVerifier::BYTECODE, &nothing),
        (&People::BYTECODE, &alone),
    ];
    let council = match &founding.governance {
        Governance::Key(_) => None,
        Governance::Members(terms) => Some(council_creation(registry, terms)),
    };
    let mut locations = peers.clone();
    if let Some(council) = &council {
        names.push(slug(COUNCIL_NAME));
        locations.push(council.address);
    }
    let first = Creation {
        name: "registry",
        from: DEPLOYER,
        address: registry,
        init_code: with_arguments(
            &Registry::BYTECODE,
            &(founding.governance.address(), names, locations).abi_encode_params(),
        ),
    };
    let rest =
        CONTRACT_NAMES
            .into_iter()
            .zip(peers)
            .zip(codes)
            .map(|((name, address), (code, arguments))| Creation {
                name,
                from: DEPLOYER,
                address,
                init_code: with_arguments(code, arguments),
            });
    std::iter::once(first).chain(rest).chain(council).collect()
}

fn council_creation(registry: Address, terms: &CouncilTerms) -> Creation {
    let arguments = (
        registry,
        terms.members.clone(),
        U256::from(terms.voting_period_s),
        U256::from(terms.execution_delay_s),
    );
    Creation {
        name: COUNCIL_NAME,
        from: COUNCIL_DEPLOYER,
        address: council_address(),
        init_code: with_arguments(&Council::BYTECODE, &arguments.abi_encode_params()),
    }
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
