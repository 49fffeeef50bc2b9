//! The Rust evaluator agrees with the slow reference, and the vectors for the other two are current.

mod support;

use serde_json::Value;
use support::{Random, generate, reference, vectors};
use zhengtong_rules::{Fact, Finding, Outcome, RuleSet};

const MORE_TABLES: usize = 2_000;
const MORE_CASES: usize = 10;

fn parse(rules: &Value) -> RuleSet {
    RuleSet::parse(&rules.to_string()).unwrap_or_else(|error| panic!("{error}\n{rules}"))
}

fn to_facts(facts: &[Option<i64>]) -> Vec<Fact> {
    let fact = |fact: &Option<i64>| {
        fact.map_or(Fact::Unknown, |value| {
            Fact::Known(i32::try_from(value).expect("i32"))
        })
    };
    facts.iter().map(fact).collect()
}

fn name(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Review => "review",
        Outcome::Approve => "approve",
        Outcome::Refuse => "refuse",
    }
}

fn same(finding: Finding, outcome: &Value, row: &Value) -> bool {
    outcome == name(finding.outcome) && row.as_u64() == finding.row.map(u64::from)
}

fn numbers(list: &Value) -> Vec<Option<i64>> {
    list.as_array().expect("list").iter().map(Value::as_i64).collect()
}

#[test]
fn the_vectors_are_current() {
    let expected = vectors::generate();
    if std::env::var_os("ZHENGTONG_UPDATE_VECTORS").is_some() {
        std::fs::write(vectors::path(), &expected).expect("write");
    }
    let actual = std::fs::read_to_string(vectors::path()).expect("vectors");
    assert!(
        actual == expected,
        "vectors/evaluation.json is stale; see tests/support/vectors.rs"
    );
}

#[test]
fn rust_agrees_with_every_vector() {
    let vectors = vectors::load();
    let mut checked = 0;
    for table in vectors["tables"].as_array().expect("tables") {
        let rules = parse(&vectors::rules_of(table));
        for case in table["cases"].as_array().expect("cases") {
            let finding = rules
                .table()
                .evaluate(&to_facts(&numbers(&case[0])))
                .expect("facts fit");
            assert!(
                same(finding, &case[1], &case[2]),
                "{finding:?} for {case} in {}",
                vectors::rules_of(table)
            );
            checked += 1;
        }
        for facts in table["refused"].as_array().expect("refused") {
            assert!(
                rules.table().evaluate(&to_facts(&numbers(facts))).is_err(),
                "{facts} must be refused"
            );
        }
        for explained in table["explained"].as_array().expect("explained") {
            let explanation = rules
                .explain(&to_facts(&numbers(&explained["facts"])))
                .expect("facts fit");
            let changes: Vec<_> = explanation
                .changes
                .iter()
                .map(|change| {
                    let (range, finding) = (change.answers, change.finding);
                    serde_json::json!([
                        change.predicate,
                        range.min,
                        range.max,
                        name(finding.outcome),
                        finding.row
                    ])
                })
                .collect();
            assert_eq!(Value::from(changes), explained["changes"]);
            assert_eq!(serde_json::json!(explanation.stopped_by), explained["stopped_by"]);
        }
    }
    assert!(checked > 4_000, "{checked} cases");
}

#[test]
fn rust_agrees_with_the_reference_on_thousands_more() {
    for seed in 1..=MORE_TABLES as u64 {
        let mut random = Random(seed);
        let rules = generate::rules(&mut random);
        let parsed = parse(&rules);
        for _ in 0..MORE_CASES {
            let facts = generate::facts(&mut random, &rules);
            let expected = reference::evaluate(&rules, &facts);
            let finding = parsed.table().evaluate(&to_facts(&facts)).expect("facts fit");
            let agrees =
                expected.outcome == name(finding.outcome) && expected.row == finding.row.map(usize::from);
            assert!(
                agrees,
                "seed {seed}: {expected:?}, not {finding:?}, for {facts:?} in {rules}"
            );
        }
    }
}

#[test]
fn the_form_on_chain_stands_for_the_same_table() {
    for seed in 1..=MORE_TABLES as u64 {
        let rules = parse(&generate::rules(&mut Random(seed)));
        let table = zhengtong_rules::Table::try_from(&rules.compile()).expect("compiled");
        assert_eq!(&table, rules.table(), "seed {seed}");
    }
}
