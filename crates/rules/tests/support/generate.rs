//! Random rule sets and facts: well-formed, but otherwise as odd as they come.

use super::Random;
use super::reference::bounds;
use serde_json::{Map, Value, json};

const PROVIDERS: [&str; 5] = [
    "public-security",
    "civil-affairs",
    "human-resources",
    "disabled-federation",
    "health",
];

pub fn rules(random: &mut Random) -> Value {
    let many = random.chance(4);
    let predicates = if many { 32 } else { 1 + random.below(6) };
    let rows = if random.chance(2) { 64 } else { 1 + random.below(8) };
    let predicates: Vec<_> = (0..predicates).map(|index| predicate(random, index)).collect();
    let rows: Vec<_> = (0..rows).map(|index| row(random, &predicates, index)).collect();
    json!({"format": "zhengtong-rules/1", "predicates": predicates, "rows": rows, "otherwise": "review"})
}

pub fn facts(random: &mut Random, rules: &Value) -> Vec<Option<i64>> {
    let unknown_percent = *random.pick(&[0, 10, 30, 80]);
    let predicates = rules["predicates"].as_array().expect("predicates");
    // Half of the facts aim at the conditions of one row, so that long conjunctions are met too.
    let aim = random.pick(rules["rows"].as_array().expect("rows"))["when"].clone();
    let fact = |predicate: &Value| {
        if random.chance(unknown_percent) {
            return None;
        }
        let (min, max) = bounds(predicate);
        let condition = &aim[predicate["id"].as_str().expect("id")];
        if random.chance(50) && !condition.is_null() {
            return Some(edge(random, condition, min, max));
        }
        Some(random.between(min, max))
    };
    predicates.iter().map(fact).collect()
}

/// A value that meets the condition, or lies just beside it.
fn edge(random: &mut Random, condition: &Value, min: i64, max: i64) -> i64 {
    if let Some(wanted) = condition.as_bool() {
        return i64::from(wanted);
    }
    let end = condition[*random.pick(&["min", "max"])].as_i64().expect("bound");
    (end + random.between(-1, 1)).clamp(min, max)
}

fn predicate(random: &mut Random, index: usize) -> Value {
    let kind = random.below(10);
    let bounds = match kind {
        0..=5 => None,
        6 => Some((0, 1)),
        7 => Some((i64::from(i32::MIN) + 1, i64::from(i32::MAX))),
        _ => {
            let min = random.between(-5, 5);
            Some((min, min + random.between(1, 12)))
        }
    };
    let basis = *random.pick(&["statute", "consent"]);
    let mut predicate = json!({
        "id": format!("p{index}"),
        "provider": *random.pick(&PROVIDERS),
        "kind": if bounds.is_some() { "integer" } else { "boolean" },
        "basis": {"kind": basis, "law": "law", "article": "1"},
        "fields": ["f"],
    });
    if let Some((min, max)) = bounds {
        predicate["min"] = min.into();
        predicate["max"] = max.into();
    }
    predicate
}

fn row(random: &mut Random, predicates: &[Value], index: usize) -> Value {
    let conditions = if random.chance(5) {
        predicates.len()
    } else {
        random.below(5.min(predicates.len() + 1))
    };
    let mut when = Map::new();
    let mut brackets = 0;
    for _ in 0..conditions {
        let predicate = random.pick(predicates);
        let id = predicate["id"].as_str().expect("id");
        if predicate["kind"] == "boolean" {
            when.insert(id.to_owned(), random.chance(50).into());
        } else if brackets < 8 && !when.contains_key(id) {
            let (lowest, highest) = bounds(predicate);
            let (a, b) = (random.between(lowest, highest), random.between(lowest, highest));
            when.insert(id.to_owned(), json!({"min": a.min(b), "max": a.max(b)}));
            brackets += 1;
        }
    }
    let outcome = *random.pick(&["approve", "refuse", "review"]);
    let law = json!({"law": "law", "article": "1"});
    let mut row = json!({"when": when, "outcome": outcome, "reason": format!("r{index}"), "law": law});
    if outcome != "refuse" && random.chance(50) {
        row["amount"] = json!({"fen": random.below(100_000), "per": "month", "rounding": "exact"});
    }
    row
}
