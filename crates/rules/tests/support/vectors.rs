//! The vectors that hold the three evaluators equal: `vectors/evaluation.json`.
//!
//! Generated from [`SEED`] with the results of the reference. Rust, TypeScript (`portal/src/rules`) and Solidity (through
//! revm) each assert the same file. After a change of semantics or of a package, write it again with
//! `ZHENGTONG_UPDATE_VECTORS=1 cargo test -p zhengtong-rules --test vectors` and review what changed.

use super::reference::{self, bounds};
use super::{Random, generate};
use serde_json::{Value, json};
use std::fs;
use std::path::PathBuf;

pub const SEED: u64 = 20_260;
const TABLES: usize = 250;
const CASES_A_TABLE: usize = 12;
const EXPLAINED_A_TABLE: usize = 2;
const WIDEST_EXPLAINED: i64 = 200;
const PACKAGES: [&str; 3] = [
    "disability-living-subsidy",
    "old-age-allowance",
    "temporary-relief",
];

pub fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("vectors/evaluation.json")
}

pub fn load() -> Value {
    serde_json::from_str(&fs::read_to_string(path()).expect("vectors")).expect("JSON")
}

/// The rules a table of the vectors is about: its own, or those of a package.
pub fn rules_of(table: &Value) -> Value {
    match table["package"].as_str() {
        Some(slug) => package_rules(slug),
        None => table["rules"].clone(),
    }
}

pub fn package_rules(slug: &str) -> Value {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../services")
        .join(slug)
        .join("rules.json");
    serde_json::from_str(&fs::read_to_string(path).expect("rules.json")).expect("JSON")
}

/// The file as it must be, one case a line.
pub fn generate() -> String {
    let mut random = Random(SEED);
    let packages = PACKAGES.iter().map(|slug| {
        let rules = package_rules(slug);
        let (cases, refused) = (all_facts(&rules), refused(&rules));
        (json!({"package": slug}), rules, cases, refused)
    });
    let mut tables: Vec<_> = packages.collect();
    for _ in 0..TABLES {
        let rules = generate::rules(&mut random);
        let cases = (0..CASES_A_TABLE)
            .map(|_| generate::facts(&mut random, &rules))
            .collect();
        let refused = refused(&rules);
        tables.push((json!({"rules": rules}), rules, cases, refused));
    }
    let tables: Vec<_> = tables
        .into_iter()
        .map(|(head, rules, cases, refused)| table(head, &rules, &cases, &refused))
        .collect();
    format!("{{\"seed\": {SEED}, \"tables\": [\n{}\n]}}\n", tables.join(",\n"))
}

fn table(head: Value, rules: &Value, cases: &[Vec<Option<i64>>], refused: &[Value]) -> String {
    let lines = cases.iter().map(|facts| {
        let expected = reference::evaluate(rules, facts);
        json!([facts, expected.outcome, expected.row]).to_string()
    });
    let lines: Vec<_> = lines.collect();
    let small = rules["predicates"]
        .as_array()
        .expect("predicates")
        .iter()
        .all(|predicate| {
            let (min, max) = bounds(predicate);
            max - min <= WIDEST_EXPLAINED
        });
    let explained = cases
        .iter()
        .filter(|_| small)
        .take(EXPLAINED_A_TABLE)
        .map(|facts| sorted(&explained(rules, facts)).to_string());
    let explained: Vec<_> = explained.collect();
    let head = sorted(&head).to_string();
    format!(
        "{},\n\"refused\": {},\n\"explained\": [{}],\n\"cases\": [\n{}]}}",
        head.strip_suffix('}').expect("an object"),
        Value::from(refused.to_vec()),
        explained.join(",\n"),
        lines.join(",\n"),
    )
}

fn explained(rules: &Value, facts: &[Option<i64>]) -> Value {
    let changes = reference::changes(rules, facts).into_iter();
    let changes: Vec<_> = changes
        .map(|(predicate, min, max, result)| json!([predicate, min, max, result.outcome, result.row]))
        .collect();
    json!({"facts": facts, "changes": changes, "stopped_by": reference::stopped_by(rules, facts)})
}

/// Facts that no evaluator may accept: one too few, and one value beyond each end of the first range.
fn refused(rules: &Value) -> Vec<Value> {
    let predicates = rules["predicates"].as_array().expect("predicates");
    let unknown = vec![None::<i64>; predicates.len()];
    let mut refused = vec![json!(unknown[1..])];
    let (min, max) = bounds(&predicates[0]);
    for beyond in [min - 1, max + 1] {
        // The chain has no words for facts outside int32, and one of them means unknown.
        if (i64::from(i32::MIN) + 1..=i64::from(i32::MAX)).contains(&beyond) {
            let mut facts = unknown.clone();
            facts[0] = Some(beyond);
            refused.push(json!(facts));
        }
    }
    refused
}

/// Every combination of unknown, booleans and both ends of every elementary interval.
fn all_facts(rules: &Value) -> Vec<Vec<Option<i64>>> {
    let mut all: Vec<Vec<Option<i64>>> = vec![Vec::new()];
    for predicate in rules["predicates"].as_array().expect("predicates") {
        let (min, max) = bounds(predicate);
        let name = predicate["id"].as_str().expect("id");
        let conditions = rules["rows"]
            .as_array()
            .expect("rows")
            .iter()
            .filter_map(|row| row["when"].get(name));
        let edges =
            conditions.filter_map(|condition| Some([condition["min"].as_i64()?, condition["max"].as_i64()?]));
        let mut values: Vec<_> = edges
            .flat_map(|[low, high]| [low - 1, low, high, high + 1])
            .chain([min, max])
            .collect();
        values.retain(|value| (min..=max).contains(value));
        values.sort_unstable();
        values.dedup();
        let choices: Vec<_> = values.into_iter().map(Some).chain([None]).collect();
        all = all
            .iter()
            .flat_map(|facts| {
                choices
                    .iter()
                    .map(|&choice| [facts.as_slice(), &[choice]].concat())
            })
            .collect();
    }
    all
}

/// The same with the members of objects in the order of their names, whatever order `serde_json` is built to keep.
fn sorted(value: &Value) -> Value {
    let mut sorted = value.clone();
    sorted.sort_all_objects();
    sorted
}
