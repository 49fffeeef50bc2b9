//! `tests.json`: what the law says about examples, written by hand; the rules must agree.

use crate::error::{Findings, Problem};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use zhengtong_rules::{Fact, Kind, Outcome, RuleSet, Slug};

const MAX_CASES: usize = 512;
const MAX_NAME_CHARS: usize = 100;

/// `tests.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TestCases {
    /// The examples.
    pub cases: Vec<TestCase>,
}

/// One example.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TestCase {
    /// What it shows.
    pub name: String,
    /// Every predicate's answer: true, false, a whole number, or null for unknown.
    pub facts: BTreeMap<String, Option<Answer>>,
    /// What follows.
    pub expect: Expectation,
}

/// The answer to a predicate, as it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Answer {
    /// Of a boolean predicate.
    Boolean(bool),
    /// Of an integer predicate.
    Integer(i32),
}

/// What follows from the facts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expectation {
    /// The outcome.
    pub outcome: Outcome,
    /// The row, or null when none can be named.
    pub row: Option<u8>,
    /// The row's amount in fen.
    pub amount_fen: Option<u64>,
    /// The row's reason.
    pub reason: Option<Slug>,
}

impl TestCase {
    /// The facts in the order of the predicates.
    ///
    /// # Errors
    /// A sentence that names the predicate which is missing, unknown, or answered with the wrong kind.
    pub fn facts(&self, rules: &RuleSet) -> Result<Vec<Fact>, String> {
        let known = |name: &String| {
            rules
                .predicates()
                .iter()
                .any(|predicate| predicate.id.as_str() == name)
        };
        if let Some(name) = self.facts.keys().find(|name| !known(name)) {
            return Err(format!("no predicate is called {name:?}"));
        }
        let answers = rules.predicates().iter().map(|predicate| {
            let id = predicate.id.as_str();
            match (self.facts.get(id), predicate.kind) {
                (None, _) => Err(format!("the fact {id:?} is missing; write null for unknown")),
                (Some(None), _) => Ok(Fact::Unknown),
                (Some(Some(Answer::Boolean(value))), Kind::Boolean) => Ok(Fact::Known(i32::from(*value))),
                (Some(Some(Answer::Integer(value))), Kind::Integer { .. }) => Ok(Fact::Known(*value)),
                (Some(Some(_)), _) => Err(format!("the fact {id:?} is of the wrong kind")),
            }
        });
        answers.collect()
    }
}

impl TestCases {
    pub(crate) fn check(&self, rules: &RuleSet, findings: &mut Findings<'_>) {
        findings.count("cases", self.cases.len(), 1, MAX_CASES);
        let mut tested: Vec<Vec<Fact>> = Vec::new();
        for (index, case) in self.cases.iter().enumerate().take(MAX_CASES) {
            let path = format!("cases[{index}]");
            findings.text(&format!("{path}.name"), &case.name, MAX_NAME_CHARS);
            match case
                .facts(rules)
                .and_then(|facts| Ok((evaluate(rules, &facts)?, facts)))
            {
                Err(problem) => findings.add(format!("{path}.facts"), Problem::Facts(problem)),
                Ok((actual, facts)) => {
                    if actual != case.expect {
                        let (expected, actual) = (case.expect.describe(), actual.describe());
                        findings.add(
                            format!("{path}.expect"),
                            Problem::TestDisagrees { expected, actual },
                        );
                    }
                    tested.push(facts);
                }
            }
        }
        for missing in missing_cases(rules, &self.cases, &tested) {
            findings.add("cases", Problem::TestMissing(missing));
        }
    }
}

fn evaluate(rules: &RuleSet, facts: &[Fact]) -> Result<Expectation, String> {
    let on_chain: Vec<_> = facts.iter().map(|fact| fact.to_chain()).collect();
    let replay = rules.replay(&on_chain).map_err(|error| error.to_string())?;
    Ok(Expectation {
        outcome: replay.outcome,
        row: replay.row,
        amount_fen: replay.amount.map(|amount| amount.fen),
        reason: replay.reason.cloned(),
    })
}

/// Rows, boundaries and unknowns that no example shows.
fn missing_cases(rules: &RuleSet, cases: &[TestCase], tested: &[Vec<Fact>]) -> Vec<String> {
    let mut missing = Vec::new();
    for (index, row) in rules.rows().iter().enumerate() {
        if !cases
            .iter()
            .any(|case| case.expect.row.is_some_and(|row| usize::from(row) == index))
        {
            missing.push(format!("row {index} ({})", row.reason));
        }
    }
    for (index, predicate) in rules.predicates().iter().enumerate() {
        for value in boundaries(rules, index) {
            if !tested.iter().any(|facts| facts[index] == Fact::Known(value)) {
                missing.push(format!("the boundary {} = {value}", predicate.id));
            }
        }
        let only_unknown = |facts: &Vec<Fact>| {
            facts
                .iter()
                .enumerate()
                .all(|(other, fact)| (*fact == Fact::Unknown) == (other == index))
        };
        if !tested.iter().any(only_unknown) {
            missing.push(format!("{} alone unknown", predicate.id));
        }
    }
    missing
}

/// The answers on both sides of every condition on a predicate.
fn boundaries(rules: &RuleSet, predicate: usize) -> Vec<i32> {
    let range = rules.table().ranges[predicate];
    let literals = rules.table().rows.iter().flat_map(|row| &row.literals);
    let mut values: Vec<_> = literals
        .filter(|literal| literal.predicate == predicate)
        .flat_map(|literal| {
            let (min, max) = (literal.range.min, literal.range.max);
            [min.saturating_sub(1), min, max, max.saturating_add(1)]
        })
        .filter(|&value| range.contains(value))
        .collect();
    values.sort_unstable();
    values.dedup();
    values
}

impl Expectation {
    fn describe(&self) -> String {
        let row = self.row.map_or("no row".to_owned(), |row| format!("row {row}"));
        let reason = self.reason.as_ref().map_or("no reason", Slug::as_str);
        let amount = self
            .amount_fen
            .map_or("no amount".to_owned(), |fen| format!("{fen} fen"));
        format!("{:?}, {row}, {reason}, {amount}", self.outcome)
    }
}
