//! What a proposal does: one call of a contract, as it is given and as it is shown.

use crate::wallet::{Book, refusal, words};
use alloy_primitives::{Address, B256, Bytes};
use alloy_sol_types::{SolCall, SolInterface as _};
use anyhow::{Context, Result};
use std::collections::BTreeMap;
use zhengtong_bindings::{
    CONTRACT_NAMES, DEPLOYER, RESIDENTS, addresses, council::Council::CouncilCalls, council_address,
    quotas::Quotas::QuotasCalls, slug_str, validators::Validators::ValidatorsCalls,
};

/// The addresses of contracts by their names.
pub type Contracts = BTreeMap<String, Address>;

/// The names of validators by their keys, as far as they are known.
pub type Names = BTreeMap<B256, String>;

/// The contracts of genesis, which are at the same addresses in every network. What a node says of them is not asked.
pub fn of_genesis() -> Contracts {
    let named = CONTRACT_NAMES.iter().zip(1..);
    let named = named.map(|(name, nonce)| ((*name).to_owned(), DEPLOYER.create(nonce)));
    let others = [
        ("registry".to_owned(), addresses().registry),
        ("council".to_owned(), council_address()),
    ];
    named.chain(others).collect()
}

/// A call that the council makes if it is carried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action {
    pub to: Address,
    pub data: Bytes,
}

impl Action {
    pub fn new(to: Address, call: &impl SolCall) -> Self {
        Self {
            to,
            data: call.abi_encode().into(),
        }
    }

    /// From `CONTRACT=DATA`: a contract's name or address, and calldata.
    pub fn parse(text: &str, contracts: &Contracts) -> Result<Self> {
        let (to, data) = text
            .split_once('=')
            .with_context(|| format!("{text:?} is not a call; write it as CONTRACT=0xDATA"))?;
        let to = match contracts.get(to) {
            Some(address) => *address,
            None => to.parse().with_context(|| {
                let names = contracts.keys().cloned().collect::<Vec<_>>().join(", ");
                format!("{to:?} is neither an address nor a contract's name ({names})")
            })?,
        };
        let data = data
            .parse()
            .with_context(|| format!("the data for {to} is not hexadecimal"))?;
        Ok(Self { to, data })
    }

    /// The call in words, as far as its contract is known.
    pub fn describe(&self, contracts: &Contracts, validators: &Names) -> String {
        let name = self.contract(contracts);
        let shown = match name {
            Some("validators") => self.validators(validators),
            Some("quotas") => self.quotas(),
            Some("council") => self.council(),
            _ => None,
        };
        let shown = shown.or_else(|| words(name?, &self.data, &Book::of_genesis()));
        let to = name.map_or_else(|| self.to.to_string(), str::to_owned);
        format!("{to}: {}", shown.unwrap_or_else(|| self.data.to_string()))
    }

    /// Why its contract refuses it, in words, if it is a reason of the contract's own.
    pub fn refusal(&self, output: &Bytes, contracts: &Contracts) -> Option<String> {
        refusal(self.contract(contracts)?, output, &Book::of_genesis())
    }

    /// The name of the contract that is called.
    pub fn contract<'a>(&self, contracts: &'a Contracts) -> Option<&'a str> {
        let known = contracts.iter().find(|(_, address)| **address == self.to);
        known.map(|(name, _)| name.as_str())
    }

    fn validators(&self, names: &Names) -> Option<String> {
        match ValidatorsCalls::abi_decode(&self.data).ok()? {
            ValidatorsCalls::add(call) => {
                let new = call.v;
                // The texts are a proposer's: no control characters on the terminal.
                Some(format!("add {} {:?} at {:?}", new.key, new.name, new.location))
            }
            ValidatorsCalls::remove(call) => Some(match names.get(&call.key) {
                Some(name) => format!("remove {} {name:?}", call.key),
                None => format!("remove {}", call.key),
            }),
            _ => None,
        }
    }

    fn quotas(&self) -> Option<String> {
        match QuotasCalls::abi_decode(&self.data).ok()? {
            QuotasCalls::setClass(call) => {
                let (class, limits) = (call.class, call.values.limits);
                let name = slug_str(call.values.name).unwrap_or_default();
                let limits = limits_of(class, limits.account, limits.total);
                Some(format!("class {class} ({name}): {limits}"))
            }
            QuotasCalls::assign(call) => Some(format!("assign {} to class {}", call.account, call.class)),
            QuotasCalls::unassign(call) => Some(format!("take back the class of {}", call.account)),
            _ => None,
        }
    }

    fn council(&self) -> Option<String> {
        match CouncilCalls::abi_decode(&self.data).ok()? {
            CouncilCalls::addMember(call) => Some(format!("add the member {}", call.member)),
            CouncilCalls::removeMember(call) => Some(format!("remove the member {}", call.member)),
            _ => None,
        }
    }
}

/// The limits of a class of quotas, for people.
pub fn limits_of(class: u8, account: u64, total: u64) -> String {
    let each = if class == RESIDENTS {
        "by each token, ever"
    } else {
        "an epoch for each account"
    };
    // What is said for "as much as they like".
    let each = match account {
        u64::MAX => format!("no bound {each}"),
        account => format!("{account} gas {each}"),
    };
    match total {
        u64::MAX => format!("{each}; no bound together"),
        total => format!("{each}; {total} an epoch together"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_sol_types::SolError as _;
    use zhengtong_bindings::{
        council::Council,
        quotas::{
            IQuotas::{Class, Limits},
            Quotas,
        },
        registry::{IRegistry::Organisation, Registry},
        slug,
        validators::{IValidators::Validator, Validators},
    };

    #[test]
    fn calls_are_read_by_name_and_by_address() {
        let at = addresses().validators;
        let named = Action::parse("validators=0x0102", &of_genesis()).unwrap();
        assert_eq!(
            named,
            Action::parse(&format!("{at}=0x0102"), &of_genesis()).unwrap()
        );
        assert_eq!((named.to, named.data.as_ref()), (at, &[1, 2][..]));
        for (bad, says) in [
            ("validators", "CONTRACT=0xDATA"),
            (
                "nobody=0x",
                "neither an address nor a contract's name (accounts, allowances, cases, ",
            ),
            ("validators=0xzz", "not hexadecimal"),
        ] {
            let error = format!("{:#}", Action::parse(bad, &of_genesis()).unwrap_err());
            assert!(error.contains(says), "{error}");
        }
    }

    #[test]
    fn quotas_are_shown_in_words() {
        let to = addresses().quotas;
        let values = Class {
            name: slug("everyone"),
            limits: Limits {
                account: 7,
                total: 90,
            },
        };
        let call = Quotas::setClassCall { class: 0, values };
        assert_eq!(
            Action::new(to, &call).describe(&of_genesis(), &Names::new()),
            "quotas: class 0 (everyone): 7 gas an epoch for each account; 90 an epoch together"
        );
        let values = Class {
            name: slug("residents"),
            limits: Limits {
                account: 7,
                total: 90,
            },
        };
        let call = Quotas::setClassCall { class: 4, values };
        assert_eq!(
            Action::new(to, &call).describe(&of_genesis(), &Names::new()),
            "quotas: class 4 (residents): 7 gas by each token, ever; 90 an epoch together"
        );
        let account = Address::repeat_byte(9);
        let call = Quotas::assignCall { account, class: 4 };
        let shown = Action::new(to, &call).describe(&of_genesis(), &Names::new());
        assert_eq!(shown, format!("quotas: assign {account} to class 4"));
    }

    #[test]
    fn every_contracts_calls_are_words_and_not_the_programs_own_text() {
        let member: Address = "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed".parse().unwrap();
        let show = |to, call: Bytes| Action { to, data: call }.describe(&of_genesis(), &Names::new());
        // The checksummed form is EIP-55's own example.
        let remove = Council::removeMemberCall { member }.abi_encode();
        assert_eq!(
            show(council_address(), remove.into()),
            "council: remove the member 0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
        );
        let officer = Registry::setOfficerCall {
            key: member,
            id: slug("civil-affairs"),
            active: true,
        };
        let shown = show(addresses().registry, officer.abi_encode().into());
        for part in [
            "registry: appoint or dismiss an officer: ",
            "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
            "civil-affairs",
            "active 是 yes",
        ] {
            assert!(shown.contains(part), "no {part:?} in {shown}");
        }
        let organisation = Organisation {
            name: "卫生健康委\u{1b}[2J".into(),
            attester: member,
            ..Organisation::default()
        };
        let list = Registry::setOrganisationCall {
            id: slug("health"),
            o: organisation,
        };
        let shown = show(addresses().registry, list.abi_encode().into());
        assert!(
            shown.contains("name \"卫生健康委") && !shown.contains('\u{1b}'),
            "{shown}"
        );
        assert!(!shown.contains("Call {"), "{shown}");
    }

    #[test]
    fn contracts_reasons_are_words() {
        let key = B256::repeat_byte(6);
        let action = Action::new(addresses().validators, &Validators::removeCall { key });
        let output = Validators::UnknownValidator { key }.abi_encode().into();
        let said = action.refusal(&output, &of_genesis()).unwrap();
        assert_eq!(said, format!("unknown validator: key {key}"));
        assert_eq!(action.refusal(&vec![1, 2, 3, 4].into(), &of_genesis()), None);
    }

    #[test]
    fn calls_are_shown_in_words_without_control_characters() {
        let v = Validator {
            key: B256::repeat_byte(5),
            location: "192.0.2.7:9700".into(),
            name: "民政\u{1b}[2J".into(),
        };
        let to = addresses().validators;
        let shown = Action::new(to, &Validators::addCall { v }).describe(&of_genesis(), &Names::new());
        assert!(shown.starts_with("validators: add 0x0505"), "{shown}");
        assert!(
            shown.contains("192.0.2.7:9700") && !shown.contains('\u{1b}'),
            "{shown}"
        );
        let key = B256::repeat_byte(6);
        let shown = Action::new(to, &Validators::removeCall { key }).describe(&of_genesis(), &Names::new());
        assert_eq!(shown, format!("validators: remove {key}"));
        let names = Names::from([(key, "民政\u{1b}[2J".to_owned())]);
        let shown = Action::new(to, &Validators::removeCall { key }).describe(&of_genesis(), &names);
        assert!(shown.contains("民政") && !shown.contains('\u{1b}'), "{shown}");
        let strange = Action {
            to: Address::repeat_byte(9),
            data: vec![1, 2].into(),
        };
        assert!(
            strange
                .describe(&of_genesis(), &Names::new())
                .ends_with(": 0x0102")
        );
    }
}
