//! `texts/*.json`: every word a resident reads, in both languages.

use crate::error::{Findings, Problem};
use crate::form::FieldSchema;
use crate::parts::Parts;
use std::collections::{BTreeMap, BTreeSet};
use zhengtong_rules::Kind;

/// The languages of every package, and their files.
pub const LANGUAGES: [(&str, &str); 2] = [("zh-CN", "texts/zh-CN.json"), ("en", "texts/en.json")];
/// Longest text in characters.
pub const MAX_TEXT_CHARS: usize = 1_000;

/// One language: text by key.
pub type Texts = BTreeMap<String, String>;

const SERVICE_KEYS: [&str; 9] = [
    "service.title",
    "service.summary",
    "service.notice",
    "guide.who",
    "guide.get",
    "guide.how",
    "guide.time",
    "guide.appeal",
    "guide.data",
];

/// Every key that the other files of the package need.
pub(crate) fn needed_keys(parts: &Parts) -> BTreeSet<String> {
    let mut keys: BTreeSet<String> = SERVICE_KEYS.map(String::from).into();
    let mut add = |prefix: &str, id: &str, ends: &[&str]| {
        keys.extend(ends.iter().map(|end| format!("{prefix}.{id}{end}")));
    };
    for law in &parts.item.laws {
        add("law", law.id.as_str(), &[".gist"]);
    }
    for predicate in parts.rules.predicates() {
        add(
            "predicate",
            predicate.id.as_str(),
            &[".label", ".question", ".why", ".unknown"],
        );
        match predicate.kind {
            Kind::Boolean => add("predicate", predicate.id.as_str(), &[".true", ".false"]),
            Kind::Integer { .. } => add("predicate", predicate.id.as_str(), &[".value"]),
        }
    }
    for row in parts.rules.rows() {
        add("reason", row.reason.as_str(), &[".title", ".text"]);
    }
    for page in &parts.pages.pages {
        add("page", page.id.as_str(), &[".title"]);
    }
    for (name, field) in &parts.form.properties {
        add("form", name, &[".label", ".hint", ".error"]);
        match field {
            FieldSchema::String {
                options: Some(options),
                ..
            } => {
                options
                    .iter()
                    .for_each(|option| add("form", name, &[&format!(".option.{option}")]));
            }
            FieldSchema::Boolean {} => add("form", name, &[".option.true", ".option.false"]),
            _ => {}
        }
    }
    for material in &parts.evidence.materials {
        add("evidence", material.id.as_str(), &[".title", ".note"]);
    }
    for step in &parts.workflow.steps {
        add("step", step.id.as_str(), &[".title", ".text"]);
    }
    for defect in &parts.workflow.defects {
        add("defect", defect.as_str(), &[""]);
    }
    for claim in &parts.credential.claims {
        add("credential.claim", &claim.name, &[""]);
    }
    keys.insert("credential.title".to_owned());
    keys
}

pub(crate) fn check(texts: &Texts, needed: &BTreeSet<String>, findings: &mut Findings<'_>) {
    for key in needed.iter().filter(|key| !texts.contains_key(*key)) {
        findings.add(key, Problem::TranslationMissing);
    }
    for (key, text) in texts {
        if !needed.contains(key) {
            findings.add(key, Problem::TextNotNeeded);
            continue;
        }
        findings.text(key, text, MAX_TEXT_CHARS);
        let takes_value = key.starts_with("predicate.") && key.ends_with(".value");
        let placeholders = text.matches("{value}").count();
        let braces = text.matches(['{', '}']).count();
        if placeholders != usize::from(takes_value) || braces != 2 * placeholders {
            findings.add(key, Problem::Placeholder);
        }
    }
}
