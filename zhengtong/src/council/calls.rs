//! What a proposal does: one call of a contract, as it is given and as it is shown.

use alloy_primitives::{Address, Bytes};
use alloy_sol_types::{SolCall, SolInterface};
use anyhow::{Context, Result};
use std::collections::BTreeMap;
use std::fmt::Debug;
use zhengtong_bindings::{
    CONTRACT_NAMES, DEPLOYER, RESIDENTS, addresses, allowances::Allowances::AllowancesCalls,
    consents::Consents::ConsentsCalls, council::Council::CouncilCalls, council_address,
    quotas::Quotas::QuotasCalls, registry::Registry::RegistryCalls, services::Services::ServicesCalls,
    slug_str, statutes::Statutes::StatutesCalls, validators::Validators::ValidatorsCalls,
};

/// The addresses of contracts by their names.
pub type Contracts = BTreeMap<String, Address>;

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
    pub fn describe(&self, contracts: &Contracts) -> String {
        let known = contracts.iter().find(|(_, address)| **address == self.to);
        let name = known.map(|(name, _)| name.as_str());
        let shown = match name {
            Some("validators") => self.validators(),
            Some("quotas") => self.quotas(),
            Some("council") => self.debug::<CouncilCalls>(),
            Some("registry") => self.debug::<RegistryCalls>(),
            Some("statutes") => self.debug::<StatutesCalls>(),
            Some("services") => self.debug::<ServicesCalls>(),
            Some("consents") => self.debug::<ConsentsCalls>(),
            Some("allowances") => self.debug::<AllowancesCalls>(),
            _ => None,
        };
        let to = name.map_or_else(|| self.to.to_string(), str::to_owned);
        format!("{to}: {}", shown.unwrap_or_else(|| self.data.to_string()))
    }

    fn validators(&self) -> Option<String> {
        match ValidatorsCalls::abi_decode(&self.data).ok()? {
            ValidatorsCalls::add(call) => {
                let new = call.v;
                // The texts are a proposer's: no control characters on the terminal.
                Some(format!("add {} {:?} at {:?}", new.key, new.name, new.location))
            }
            ValidatorsCalls::remove(call) => Some(format!("remove {}", call.key)),
            other => Some(format!("{other:?}")),
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
            other => Some(format!("{other:?}")),
        }
    }

    fn debug<C: SolInterface + Debug>(&self) -> Option<String> {
        C::abi_decode(&self.data).ok().map(|call| format!("{call:?}"))
    }
}

/// The limits of a class of quotas, for people.
pub fn limits_of(class: u8, account: u64, total: u64) -> String {
    let each = if class == RESIDENTS {
        "by each token, ever"
    } else {
        "an epoch for each account"
    };
    format!("{account} gas {each}; {total} an epoch together")
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::B256;
    use zhengtong_bindings::{
        quotas::{
            IQuotas::{Class, Limits},
            Quotas,
        },
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
            Action::new(to, &call).describe(&of_genesis()),
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
            Action::new(to, &call).describe(&of_genesis()),
            "quotas: class 4 (residents): 7 gas by each token, ever; 90 an epoch together"
        );
        let account = Address::repeat_byte(9);
        let call = Quotas::assignCall { account, class: 4 };
        let shown = Action::new(to, &call).describe(&of_genesis());
        assert_eq!(shown, format!("quotas: assign {account} to class 4"));
    }

    #[test]
    fn calls_are_shown_in_words_without_control_characters() {
        let v = Validator {
            key: B256::repeat_byte(5),
            location: "192.0.2.7:9700".into(),
            name: "民政\u{1b}[2J".into(),
        };
        let to = addresses().validators;
        let shown = Action::new(to, &Validators::addCall { v }).describe(&of_genesis());
        assert!(shown.starts_with("validators: add 0x0505"), "{shown}");
        assert!(
            shown.contains("192.0.2.7:9700") && !shown.contains('\u{1b}'),
            "{shown}"
        );
        let key = B256::repeat_byte(6);
        let shown = Action::new(to, &Validators::removeCall { key }).describe(&of_genesis());
        assert_eq!(shown, format!("validators: remove {key}"));
        let strange = Action {
            to: Address::repeat_byte(9),
            data: vec![1, 2].into(),
        };
        assert!(strange.describe(&of_genesis()).ends_with(": 0x0102"));
    }
}
