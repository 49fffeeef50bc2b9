//! What a rule set means, as slowly and literally as possible, on the JSON itself and sharing no code with the crate.
//!
//! A row is *satisfied* when nothing it mentions is unknown and every condition is met. A row is *ruled out* when no way
//! of answering its unknown facts could satisfy it: every possible answer is tried. The first row that is not ruled out
//! decides: with its outcome if satisfied, otherwise a person looks.

use serde_json::Value;

/// Ranges up to this size are tried value by value, larger ones at every value where a condition could change.
const WHOLE_RANGE: i64 = 200;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    pub outcome: String,
    pub row: Option<usize>,
}

pub fn bounds(predicate: &Value) -> (i64, i64) {
    match predicate["kind"].as_str() {
        Some("boolean") => (0, 1),
        _ => (
            predicate["min"].as_i64().expect("min"),
            predicate["max"].as_i64().expect("max"),
        ),
    }
}

pub fn evaluate(rules: &Value, facts: &[Option<i64>]) -> Expected {
    let rows = rules["rows"].as_array().expect("rows");
    for (index, row) in rows.iter().enumerate() {
        let mentioned = mentioned(rules, row);
        if !satisfiable(rules, row, &mentioned, &mut facts.to_vec(), 0) {
            continue;
        }
        if mentioned.iter().any(|&predicate| facts[predicate].is_none()) {
            break;
        }
        return Expected {
            outcome: row["outcome"].as_str().expect("outcome").to_owned(),
            row: Some(index),
        };
    }
    Expected {
        outcome: "review".to_owned(),
        row: None,
    }
}

/// For each predicate, the maximal intervals of other answers that give another result: (predicate, min, max, result).
pub fn changes(rules: &Value, facts: &[Option<i64>]) -> Vec<(usize, i64, i64, Expected)> {
    let actual = evaluate(rules, facts);
    let mut changes: Vec<(usize, i64, i64, Expected)> = Vec::new();
    for (predicate, spec) in rules["predicates"]
        .as_array()
        .expect("predicates")
        .iter()
        .enumerate()
    {
        let (min, max) = bounds(spec);
        assert!(max - min <= WHOLE_RANGE, "only small ranges are explained here");
        for value in min..=max {
            let mut changed = facts.to_vec();
            changed[predicate] = Some(value);
            let other = evaluate(rules, &changed);
            match changes.last_mut() {
                Some((last, _, end, result))
                    if *last == predicate && *end + 1 == value && *result == other =>
                {
                    *end = value
                }
                _ => changes.push((predicate, value, value, other)),
            }
        }
    }
    changes.retain(|(.., result)| *result != actual);
    changes
}

/// The unknown facts of the first row that is not ruled out.
pub fn stopped_by(rules: &Value, facts: &[Option<i64>]) -> Vec<usize> {
    let rows = rules["rows"].as_array().expect("rows");
    for row in rows {
        let mentioned = mentioned(rules, row);
        if satisfiable(rules, row, &mentioned, &mut facts.to_vec(), 0) {
            return mentioned
                .into_iter()
                .filter(|&predicate| facts[predicate].is_none())
                .collect();
        }
    }
    Vec::new()
}

fn mentioned(rules: &Value, row: &Value) -> Vec<usize> {
    let predicates = rules["predicates"].as_array().expect("predicates");
    let names = row["when"].as_object().expect("when");
    (0..predicates.len())
        .filter(|&index| names.contains_key(predicates[index]["id"].as_str().expect("id")))
        .collect()
}

fn satisfiable(
    rules: &Value,
    row: &Value,
    mentioned: &[usize],
    facts: &mut Vec<Option<i64>>,
    from: usize,
) -> bool {
    let Some(&predicate) = mentioned.get(from) else {
        return true;
    };
    let spec = &rules["predicates"][predicate];
    let condition = &row["when"][spec["id"].as_str().expect("id")];
    match facts[predicate] {
        Some(value) => met(condition, value) && satisfiable(rules, row, mentioned, facts, from + 1),
        None => candidates(rules, predicate, spec).into_iter().any(|value| {
            facts[predicate] = Some(value);
            let found = met(condition, value) && satisfiable(rules, row, mentioned, facts, from + 1);
            facts[predicate] = None;
            found
        }),
    }
}

fn met(condition: &Value, value: i64) -> bool {
    match condition.as_bool() {
        Some(wanted) => (value == 1) == wanted,
        None => (condition["min"].as_i64().expect("min")..=condition["max"].as_i64().expect("max"))
            .contains(&value),
    }
}

fn candidates(rules: &Value, predicate: usize, spec: &Value) -> Vec<i64> {
    let (min, max) = bounds(spec);
    if max - min <= WHOLE_RANGE {
        return (min..=max).collect();
    }
    let name = rules["predicates"][predicate]["id"].as_str().expect("id");
    let conditions = rules["rows"]
        .as_array()
        .expect("rows")
        .iter()
        .filter_map(|row| row["when"].get(name));
    let edges = conditions
        .flat_map(|condition| [condition["min"].as_i64(), condition["max"].as_i64()])
        .flatten();
    [min, max].into_iter().chain(edges).collect()
}
