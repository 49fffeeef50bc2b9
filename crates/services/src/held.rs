//! A credential of the wallet in place of a question: which one, which of its claims, and what they answer.
//!
//! It is never the only way: it stands beside a material that an agency answers ([`crate::Material`]), and whenever there
//! is no credential, or the resident would rather not show it, or it is refused, the agency answers from its own records.
//!
//! To add one: name the type (`vct`) that another package issues, the fewest claims that settle the matter, and for each
//! predicate rows that end in one without conditions. The library then checks it against the package that issues the type.

use crate::credential::{Claim, ClaimSource, Credential, MAX_CLAIMS, MAX_VCT_CHARS};
use crate::error::{Findings, Problem};
use crate::evidence::Material;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use zhengtong_rules::{Basis, Kind, Predicate, Slug};

/// The most credentials that may stand in for one material.
pub const MAX_HELD: usize = 4;
/// The most rows for one predicate.
pub const MAX_ANSWER_ROWS: usize = 32;
/// The most values that one condition lists.
pub const MAX_VALUES: usize = 32;
/// The most characters of such a value.
pub const MAX_VALUE_CHARS: usize = 64;
/// The longest time that a condition looks back, in days.
pub const MAX_WITHIN_DAYS: u32 = 3_660;
/// The claim by which a credential says whose it is: the person's part of the commitment of the case it was issued in.
pub const PERSON_CLAIM: &str = "person";
const DAY_S: u64 = 24 * 3600;

/// A type of credential that answers predicates of a material.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Held {
    /// Its type.
    pub vct: String,
    /// The claims that are disclosed, beside [`PERSON_CLAIM`] and those that everybody sees.
    pub claims: Vec<String>,
    /// For each predicate that it answers, rows of which the first that holds says the answer.
    pub answers: BTreeMap<Slug, Vec<AnswerRow>>,
}

/// One row of a mapping from claims to an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnswerRow {
    /// What each of these claims must be; without it, the row always holds. Only the last row is like that.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub when: BTreeMap<String, ClaimCondition>,
    /// The answer then.
    pub answer: Said,
}

/// What a claim must be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ClaimCondition {
    /// One of these.
    OneOf(Vec<ClaimValue>),
    /// A whole number between two bounds, both included.
    Between(Between),
    /// A time in unix seconds, at most so many days before the application and not after it.
    Within(Within),
}

/// A value of a claim.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ClaimValue {
    /// Yes or no.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// A text or a code.
    Text(String),
}

/// A bracket of whole numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Between {
    /// The smallest.
    pub min: i64,
    /// The largest.
    pub max: i64,
}

/// A time that is not long ago.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Within {
    /// Days before the application.
    pub within_days: u32,
}

/// What a row answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Said {
    /// Yes or no, for a boolean predicate.
    Boolean(bool),
    /// A number, for an integer predicate.
    Integer(i32),
    /// The credential does not settle it, and the agency answers from its own records.
    Unknown(Unknown),
}

/// The word `unknown`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Unknown {
    /// `unknown`.
    #[serde(rename = "unknown")]
    Unknown,
}

impl Held {
    /// What claims answer to a predicate, for an application at `at_s` (unix seconds): 0 or 1, or a number; `None` if they
    /// do not settle it, or the predicate is none of these.
    pub fn answer(&self, predicate: &str, claims: &Map<String, Value>, at_s: u64) -> Option<i32> {
        let (_, rows) = self.answers.iter().find(|(id, _)| id.as_str() == predicate)?;
        let row = rows.iter().find(|row| {
            let mut conditions = row.when.iter();
            conditions
                .all(|(name, condition)| claims.get(name).is_some_and(|value| condition.holds(value, at_s)))
        })?;
        match row.answer {
            Said::Boolean(value) => Some(i32::from(value)),
            Said::Integer(value) => Some(value),
            Said::Unknown(_) => None,
        }
    }

    /// Whether it answers a predicate.
    pub fn answers(&self, predicate: &str) -> bool {
        self.answers.keys().any(|id| id.as_str() == predicate)
    }

    /// Checks it as far as its own package can tell.
    pub(crate) fn check(
        &self,
        path: &str,
        material: &Material,
        predicates: &[Predicate],
        findings: &mut Findings<'_>,
    ) {
        findings.text(&format!("{path}.vct"), &self.vct, MAX_VCT_CHARS);
        findings.count(&format!("{path}.claims"), self.claims.len(), 1, MAX_CLAIMS);
        findings.unique(&format!("{path}.claims"), self.claims.iter().map(String::as_str));
        findings.count(
            &format!("{path}.answers"),
            self.answers.len(),
            1,
            predicates.len().max(1),
        );
        let mut used = BTreeSet::new();
        let mut providers = BTreeSet::new();
        for (id, rows) in &self.answers {
            let path = format!("{path}.answers.{id}");
            let known = material.predicates.iter().flatten().any(|known| known == id);
            let Some(predicate) = predicates.iter().find(|predicate| known && predicate.id == *id) else {
                let (kind, name) = ("predicate of this material", id.as_str().to_owned());
                findings.add(path, Problem::Unresolved { kind, name });
                continue;
            };
            providers.insert(&predicate.provider);
            if matches!(predicate.basis, Basis::Consent { .. }) {
                let problem = "a credential in place of a question that needs consent";
                findings.add(&path, Problem::NotSupported(problem));
            }
            self.check_rows(&path, predicate.kind, rows, &mut used, findings);
        }
        if providers.len() > 1 {
            let problem = "the predicates must all be of one agency: it alone is shown the credential";
            findings.add(format!("{path}.answers"), Problem::Shape(problem));
        }
        for (index, name) in self.claims.iter().enumerate() {
            if name == PERSON_CLAIM {
                let problem = "`person` is always disclosed and answers nothing; leave it out";
                findings.add(format!("{path}.claims[{index}]"), Problem::Shape(problem));
            } else if !used.contains(name.as_str()) {
                let problem = "no answer looks at this claim; do not ask for it";
                findings.add(format!("{path}.claims[{index}]"), Problem::Shape(problem));
            }
        }
    }

    fn check_rows<'r>(
        &self,
        path: &str,
        kind: Kind,
        rows: &'r [AnswerRow],
        used: &mut BTreeSet<&'r str>,
        findings: &mut Findings<'_>,
    ) {
        findings.count(path, rows.len(), 1, MAX_ANSWER_ROWS);
        for (index, row) in rows.iter().enumerate() {
            let path = format!("{path}[{index}]");
            let is_last = index + 1 == rows.len();
            if row.when.is_empty() != is_last {
                let problem = "the last row, and no other, has no `when`: every claim must lead to an answer";
                findings.add(&path, Problem::Shape(problem));
            }
            let fits = match (row.answer, kind) {
                (Said::Unknown(_), _) | (Said::Boolean(_), Kind::Boolean) => true,
                (Said::Integer(value), Kind::Integer { min, max }) => (min..=max).contains(&value),
                _ => false,
            };
            if !fits {
                let problem = "the answer must be one that the predicate can have, or \"unknown\"";
                findings.add(format!("{path}.answer"), Problem::Shape(problem));
            }
            for (name, condition) in &row.when {
                let path = format!("{path}.when.{name}");
                if !self.claims.contains(name) {
                    let (kind, name) = ("claim disclosed", name.clone());
                    findings.add(&path, Problem::Unresolved { kind, name });
                }
                used.insert(name);
                condition.check(&path, findings);
            }
        }
    }

    /// What the package that issues the type must have for this.
    pub(crate) fn missing_in(&self, issued: &Credential) -> Option<String> {
        let named = |name: &str| issued.claims.iter().find(|claim| claim.name == name);
        let is_person = |claim: &&Claim| claim.from == ClaimSource::CasePerson;
        if named(PERSON_CLAIM).filter(is_person).is_none() {
            return Some(PERSON_CLAIM.to_owned());
        }
        self.claims.iter().find(|name| named(name).is_none()).cloned()
    }
}

impl ClaimCondition {
    fn holds(&self, value: &Value, at_s: u64) -> bool {
        match self {
            Self::OneOf(values) => values.iter().any(|wanted| wanted.is(value)),
            Self::Between(Between { min, max }) => {
                value.as_i64().is_some_and(|value| (*min..=*max).contains(&value))
            }
            Self::Within(Within { within_days }) => value
                .as_u64()
                .is_some_and(|time_s| time_s <= at_s && at_s - time_s <= u64::from(*within_days) * DAY_S),
        }
    }

    fn check(&self, path: &str, findings: &mut Findings<'_>) {
        match self {
            Self::OneOf(values) => {
                findings.count(path, values.len(), 1, MAX_VALUES);
                for (index, value) in values.iter().enumerate() {
                    if let ClaimValue::Text(text) = value {
                        findings.text(&format!("{path}[{index}]"), text, MAX_VALUE_CHARS);
                    }
                }
            }
            Self::Between(Between { min, max }) if min > max => {
                findings.add(path, Problem::Shape("`min` must not be larger than `max`"));
            }
            Self::Between(_) => {}
            Self::Within(Within { within_days }) => {
                findings.number(path, *within_days, 1, MAX_WITHIN_DAYS);
            }
        }
    }
}

impl ClaimValue {
    fn is(&self, value: &Value) -> bool {
        match self {
            Self::Boolean(wanted) => value.as_bool() == Some(*wanted),
            Self::Integer(wanted) => value.as_i64() == Some(*wanted),
            Self::Text(wanted) => value.as_str() == Some(wanted),
        }
    }
}
