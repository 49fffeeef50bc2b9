//! `rules.json` as it is written: types only, checked in `parse`.

use crate::{Amount, Basis, LawRef, Outcome};
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::fmt;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawRuleSet {
    pub format: String,
    pub predicates: Vec<RawPredicate>,
    pub rows: Vec<RawRow>,
    #[serde(default)]
    pub otherwise: Option<RawOtherwise>,
}

/// What no row covers: always a person.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum RawOtherwise {
    Review,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawPredicate {
    pub id: String,
    pub provider: String,
    pub kind: RawKind,
    #[serde(default)]
    pub min: Option<i32>,
    #[serde(default)]
    pub max: Option<i32>,
    pub basis: Basis,
    pub fields: Vec<String>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum RawKind {
    Boolean,
    Integer,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawRow {
    pub when: RawConditions,
    pub outcome: Outcome,
    #[serde(default)]
    pub amount: Option<Amount>,
    pub reason: String,
    pub law: LawRef,
}

/// Conditions in the order written. A map would drop one of two conditions on the same predicate.
#[derive(Debug)]
pub(crate) struct RawConditions(pub Vec<(String, RawCondition)>);

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(untagged)]
pub(crate) enum RawCondition {
    Boolean(bool),
    Bracket(RawBracket),
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawBracket {
    pub min: i32,
    pub max: i32,
}

impl<'de> Deserialize<'de> for RawConditions {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Conditions;
        impl<'de> Visitor<'de> for Conditions {
            type Value = RawConditions;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("predicate names with true, false or {min, max}")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut conditions: Vec<(String, RawCondition)> = Vec::new();
                while let Some(name) = map.next_key::<String>()? {
                    if conditions.iter().any(|(other, _)| *other == name) {
                        return Err(A::Error::custom(format_args!("{name:?} appears twice")));
                    }
                    conditions.push((name, map.next_value()?));
                }
                Ok(RawConditions(conditions))
            }
        }
        deserializer.deserialize_map(Conditions)
    }
}
