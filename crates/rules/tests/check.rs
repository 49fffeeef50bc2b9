//! What is well-formed but wrong, and what would have changed a result.

use serde_json::{Value, json};
use zhengtong_rules::{Change, Fact, FactError, Finding, MAX_COMBINATIONS, Outcome, Problem, Range, RuleSet};

fn boolean(id: &str) -> Value {
    json!({"id": id, "provider": "p", "kind": "boolean", "fields": ["f"],
           "basis": {"kind": "statute", "law": "L", "article": "1"}})
}

fn integer(id: &str, min: i32, max: i32) -> Value {
    let mut predicate = boolean(id);
    predicate["kind"] = "integer".into();
    predicate["min"] = min.into();
    predicate["max"] = max.into();
    predicate
}

fn row(when: Value, outcome: &str, reason: &str) -> Value {
    json!({"when": when, "outcome": outcome, "reason": reason, "law": {"law": "L", "article": "1"}})
}

fn rules(predicates: Vec<Value>, rows: Vec<Value>, otherwise: bool) -> RuleSet {
    let mut rules = json!({"format": "zhengtong-rules/1", "predicates": predicates, "rows": rows});
    if otherwise {
        rules["otherwise"] = "review".into();
    }
    RuleSet::parse(&rules.to_string()).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn a_row_behind_rows_that_cover_it_together_is_unreached() {
    let rows = vec![
        row(json!({"age": {"min": 0, "max": 10}}), "review", "a"),
        row(json!({"age": {"min": 11, "max": 20}}), "review", "b"),
        row(json!({"age": {"min": 5, "max": 15}}), "approve", "c"),
    ];
    let problems = rules(vec![integer("age", 0, 20)], rows, false).check();
    assert_eq!(
        problems,
        [Problem::UnreachedRow {
            row: 2,
            reason: "c".to_owned()
        }]
    );
}

#[test]
fn a_gap_of_one_value_makes_a_row_reached() {
    let rows = vec![
        row(json!({"age": {"min": 0, "max": 9}}), "review", "a"),
        row(json!({"age": {"min": 11, "max": 20}}), "review", "b"),
        row(json!({"age": {"min": 5, "max": 15}}), "approve", "c"),
    ];
    assert!(rules(vec![integer("age", 0, 20)], rows, false).check().is_empty());
}

#[test]
fn a_row_that_needs_what_an_earlier_row_takes_is_unreached() {
    let rows = vec![
        row(json!({"a": true}), "review", "x"),
        row(json!({"a": false}), "review", "y"),
        row(json!({"b": true}), "approve", "z"),
    ];
    let problems = rules(vec![boolean("a"), boolean("b")], rows, false).check();
    let expected = [
        Problem::UnreachedRow {
            row: 2,
            reason: "z".to_owned(),
        },
        Problem::UnneededPredicate {
            index: 1,
            id: "b".to_owned(),
        },
    ];
    assert_eq!(problems, expected);
}

#[test]
fn a_predicate_that_no_row_mentions_is_not_needed() {
    let rows = vec![
        row(json!({"a": true}), "approve", "x"),
        row(json!({"a": false}), "review", "y"),
    ];
    let problems = rules(vec![boolean("a"), boolean("idle")], rows, false).check();
    assert_eq!(
        problems,
        [Problem::UnneededPredicate {
            index: 1,
            id: "idle".to_owned()
        }]
    );
}

#[test]
fn what_no_row_covers_must_be_said_to_go_to_a_person() {
    let rows = vec![row(json!({"a": true}), "approve", "x")];
    let problems = rules(vec![boolean("a")], rows.clone(), false).check();
    assert_eq!(
        problems,
        [Problem::NotCovered {
            facts: "a=0".to_owned()
        }]
    );
    assert!(rules(vec![boolean("a")], rows, true).check().is_empty());
    let rows = vec![
        row(json!({"a": true}), "approve", "x"),
        row(json!({"a": false}), "review", "y"),
    ];
    assert_eq!(
        rules(vec![boolean("a")], rows, true).check(),
        [Problem::NeedlessOtherwise]
    );
}

#[test]
fn a_table_too_large_to_be_sure_of_is_refused_with_its_size() {
    let predicates: Vec<_> = (0..20).map(|index| boolean(&format!("p{index}"))).collect();
    let when: serde_json::Map<_, _> = (0..20).map(|index| (format!("p{index}"), true.into())).collect();
    let problems = rules(predicates, vec![row(when.into(), "approve", "x")], true).check();
    let expected = Problem::TooManyCombinations {
        combinations: 3u64.pow(20),
        limit: MAX_COMBINATIONS,
    };
    assert_eq!(problems, [expected]);
}

fn allowance() -> RuleSet {
    let rows = vec![
        row(json!({"registered": false}), "refuse", "not-registered"),
        row(json!({"age": {"min": 0, "max": 64}}), "refuse", "too-young"),
        row(
            json!({"age": {"min": 65, "max": 69}, "registered": true}),
            "approve",
            "first",
        ),
        row(
            json!({"age": {"min": 70, "max": 130}, "registered": true}),
            "approve",
            "second",
        ),
    ];
    rules(vec![boolean("registered"), integer("age", 0, 130)], rows, false)
}

#[test]
fn an_explanation_lists_each_single_change_and_where_it_leads() {
    let explanation = allowance()
        .explain(&[Fact::Known(1), Fact::Known(66)])
        .expect("facts fit");
    let found = |outcome, row| Finding {
        outcome,
        row: Some(row),
    };
    assert_eq!(explanation.finding, found(Outcome::Approve, 2));
    let change = |predicate, min, max, finding| Change {
        predicate,
        answers: Range { min, max },
        finding,
    };
    let expected = [
        change(0, 0, 0, found(Outcome::Refuse, 0)),
        change(1, 0, 64, found(Outcome::Refuse, 1)),
        change(1, 70, 130, found(Outcome::Approve, 3)),
    ];
    assert_eq!(explanation.changes, expected);
    assert!(explanation.stopped_by.is_empty());
}

#[test]
fn an_explanation_says_which_unknown_stopped_the_table() {
    let explanation = allowance()
        .explain(&[Fact::Unknown, Fact::Unknown])
        .expect("facts fit");
    assert_eq!(
        (explanation.finding, explanation.stopped_by),
        (Finding::NONE, vec![0])
    );
    // Even unanswered questions further down do not matter once a row holds.
    let explanation = allowance()
        .explain(&[Fact::Known(0), Fact::Unknown])
        .expect("facts fit");
    assert_eq!(explanation.finding.row, Some(0));
    assert!(explanation.stopped_by.is_empty());
}

#[test]
fn facts_that_do_not_fit_are_refused_by_name_or_place() {
    let rules = allowance();
    let table = rules.table();
    assert_eq!(
        table.evaluate(&[Fact::Unknown]),
        Err(FactError::Count {
            expected: 2,
            actual: 1
        })
    );
    let expected = FactError::OutOfRange {
        index: 1,
        value: 131,
        min: 0,
        max: 130,
    };
    assert_eq!(
        table.evaluate(&[Fact::Known(1), Fact::Known(131)]),
        Err(expected.clone())
    );
    assert_eq!(rules.explain(&[Fact::Known(1), Fact::Known(131)]), Err(expected));
    assert!(rules.replay(&[2, 0]).is_err());
    let named = std::collections::BTreeMap::from([("income".to_owned(), Some(1))]);
    assert_eq!(
        rules.facts(&named),
        Err(FactError::UnknownPredicate("income".to_owned()))
    );
    let named = std::collections::BTreeMap::from([("age".to_owned(), Some(66))]);
    assert_eq!(rules.facts(&named), Ok(vec![Fact::Unknown, Fact::Known(66)]));
}
