//! How much gas who may use in an epoch, as plan and network file say it.

use alloy_primitives::Address;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use thiserror::Error;
use zhengtong_chain::{
    FirstClass, QuotaTerms,
    genesis::{BadSlug, GOVERNORS, GOVERNORS_LEAST_GAS, MAX_ASSIGNMENTS, MAX_CLASSES, RESIDENTS, parse_slug},
};

/// The classes that every network has.
const LEAST_CLASSES: usize = RESIDENTS as usize + 1;

/// One of the sets that come with the program, in JSON its name; or classes, in JSON an object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum QuotasFile {
    Set(QuotaSet),
    Classes(ClassesFile),
}

/// Quotas that come with the program.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum QuotaSet {
    /// For a network that is used, by the length of its epochs.
    #[default]
    Usual,
    /// For trying out and for benchmarks: everything is counted, and nothing is too much.
    Ample,
}

/// Classes and who is in them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClassesFile {
    /// Everyone, organisations, officers, governors, residents, then any others.
    pub classes: Vec<ClassFile>,
    /// The number of an account's class, where it does not follow from the registry.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub assigned: BTreeMap<Address, u8>,
}

/// A class of accounts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClassFile {
    /// A slug, for people.
    pub name: String,
    /// Gas that one account may use in an epoch; of residents, gas that a token buys.
    pub account: u64,
    /// Gas that all accounts of the class may use in an epoch together.
    pub total: u64,
}

/// Why quotas are refused.
#[derive(Debug, Error)]
pub enum QuotasError {
    #[error(
        "quotas of {0} classes, expected {LEAST_CLASSES} (everyone, organisations, officers, governors, residents) to {MAX_CLASSES}"
    )]
    Classes(usize),
    #[error("the name of a class of quotas: {0}")]
    Name(#[from] BadSlug),
    #[error(
        "governors would have {0} gas an epoch, too little to decide otherwise; at least {GOVERNORS_LEAST_GAS}"
    )]
    Governors(u64),
    #[error("{0} accounts are assigned to classes of quotas, at most {MAX_ASSIGNMENTS}")]
    Assigned(usize),
    #[error("{account} is assigned to class {class} of quotas; the last one is {last}")]
    UnknownClass {
        account: Address,
        class: u8,
        last: usize,
    },
    #[error("address zero is nobody's and cannot be assigned to a class of quotas")]
    Zero,
}

impl Default for QuotasFile {
    fn default() -> Self {
        Self::Set(QuotaSet::Usual)
    }
}

impl QuotasFile {
    /// What the contract `Quotas` begins with, in epochs of this many blocks.
    pub fn terms(&self, epoch_blocks: u64) -> Result<QuotaTerms, QuotasError> {
        match self {
            Self::Set(QuotaSet::Usual) => Ok(QuotaTerms::usual(epoch_blocks)),
            Self::Set(QuotaSet::Ample) => Ok(QuotaTerms::ample()),
            Self::Classes(file) => file.terms(),
        }
    }
}

impl ClassesFile {
    fn terms(&self) -> Result<QuotaTerms, QuotasError> {
        let count = self.classes.len();
        if !(LEAST_CLASSES..=MAX_CLASSES).contains(&count) {
            return Err(QuotasError::Classes(count));
        }
        let governors = self.classes[usize::from(GOVERNORS)].account;
        if governors < GOVERNORS_LEAST_GAS {
            return Err(QuotasError::Governors(governors));
        }
        if self.assigned.len() > MAX_ASSIGNMENTS {
            return Err(QuotasError::Assigned(self.assigned.len()));
        }
        if self.assigned.contains_key(&Address::ZERO) {
            return Err(QuotasError::Zero);
        }
        if let Some((account, class)) = self
            .assigned
            .iter()
            .find(|(_, class)| usize::from(**class) >= count)
        {
            return Err(QuotasError::UnknownClass {
                account: *account,
                class: *class,
                last: count - 1,
            });
        }
        let classes = self.classes.iter().map(|class| {
            Ok(FirstClass {
                name: parse_slug(&class.name)?,
                account: class.account,
                total: class.total,
            })
        });
        Ok(QuotaTerms {
            classes: classes.collect::<Result<_, BadSlug>>()?,
            assigned: self
                .assigned
                .iter()
                .map(|(account, class)| (*account, *class))
                .collect(),
        })
    }
}
