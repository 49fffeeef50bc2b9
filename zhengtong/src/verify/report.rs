//! What was checked, and how it is told.

use super::{Lang, history::History, key::Origin, say, words};
use crate::failure;
use alloy_primitives::B256;
use serde::Serialize;
use std::fmt::Write;
use zhengtong_bindings::UNKNOWN;
use zhengtong_index::{
    bundle::{BUNDLE_FORMAT, Bundle},
    event::Event,
    words::{Outcome, Slug, Status},
};
use zhengtong_types::NetworkKey;

/// The steps in the order in which they are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum StepName {
    File,
    Network,
    Certificate,
    Headers,
    Transaction,
    Receipt,
    Account,
    Storage,
    Events,
    Complete,
    Uses,
    Rules,
    Case,
    Decision,
}

impl StepName {
    pub const ALL: [Self; 14] = [
        Self::File,
        Self::Network,
        Self::Certificate,
        Self::Headers,
        Self::Transaction,
        Self::Receipt,
        Self::Account,
        Self::Storage,
        Self::Events,
        Self::Complete,
        Self::Uses,
        Self::Rules,
        Self::Case,
        Self::Decision,
    ];
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StepResult {
    pub step: StepName,
    /// `None`: not reached, because an earlier step failed.
    pub ok: Option<bool>,
    /// What was seen, or why it failed.
    pub detail: String,
}

/// A proven case in short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Summary {
    pub service: Slug,
    pub version: u32,
    pub status: Option<Status>,
    /// Unix seconds.
    pub opened_at: u64,
    pub facts: Vec<FactSummary>,
    pub decision: Option<DecisionSummary>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FactSummary {
    pub predicate: Slug,
    pub provider: Slug,
    pub is_answered: bool,
    /// `None`: the source does not know, or has not answered yet.
    pub value: Option<i32>,
    pub is_boolean: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DecisionSummary {
    pub outcome: Outcome,
    /// `None`: no row.
    pub row: Option<u8>,
    pub amount_fen: u64,
    pub reason: Slug,
    pub statute: B256,
    pub by_officer: bool,
    pub block_number: u64,
}

/// The whole report.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    pub case_id: B256,
    pub network_key: String,
    #[serde(skip)]
    pub origin: Origin,
    pub verified: bool,
    pub steps: Vec<StepResult>,
    pub summary: Option<Summary>,
}

impl Report {
    pub fn new(bundle: &Bundle, key: NetworkKey, origin: Origin) -> Self {
        let not_reached = |step| StepResult {
            step,
            ok: None,
            detail: String::new(),
        };
        Self {
            case_id: bundle.case_id,
            network_key: key.to_string(),
            origin,
            verified: false,
            steps: StepName::ALL.map(not_reached).to_vec(),
            summary: None,
        }
    }

    /// Whether every step was reached and held.
    pub fn is_verified(&self) -> bool {
        self.verified
    }

    pub fn passed(&mut self, step: StepName, detail: String) {
        self.set(step, Some(true), detail);
    }

    pub fn failed(&mut self, step: StepName, why: String) {
        self.set(step, Some(false), why);
    }

    pub fn not_reached(&mut self, step: StepName) {
        self.set(step, None, String::new());
    }

    fn set(&mut self, step: StepName, ok: Option<bool>, detail: String) {
        if let Some(result) = self.steps.iter_mut().find(|result| result.step == step) {
            (result.ok, result.detail) = (ok, detail);
        }
        self.verified = self.steps.iter().all(|result| result.ok == Some(true));
    }

    /// Takes a step that gives a value and what was seen.
    pub fn step<T>(
        &mut self,
        step: StepName,
        take: impl FnOnce() -> Result<(T, String), String>,
    ) -> Option<T> {
        match take() {
            Ok((value, detail)) => {
                self.passed(step, detail);
                Some(value)
            }
            Err(why) => {
                self.failed(step, why);
                None
            }
        }
    }

    /// The file's own form, and whether it speaks of the network and the case in question.
    pub fn file(&mut self, bundle: &Bundle, key: &NetworkKey, id: Option<B256>) {
        self.step(StepName::File, || {
            if bundle.format != BUNDLE_FORMAT {
                return Err(format!(
                    "the format is {:?}, not {BUNDLE_FORMAT:?}",
                    bundle.format
                ));
            }
            if let Some(id) = id
                && id != bundle.case_id
            {
                return Err(format!("it is about case {}", bundle.case_id));
            }
            if bundle.digest != bundle.expected_digest() {
                return Err("it was changed after it was written".into());
            }
            Ok(((), bundle.format.clone()))
        });
        self.step(StepName::Network, || {
            if bundle.network.public_key != *key {
                return Err(format!(
                    "it is of the network with the key {}",
                    bundle.network.public_key
                ));
            }
            let expected = zhengtong_bindings::addresses();
            let named = |name: &str| bundle.network.contracts.get(name).copied();
            for (name, address) in [
                ("cases", expected.cases),
                ("uses", expected.uses),
                ("rules", expected.rules),
            ] {
                if named(name) != Some(address) {
                    return Err(format!(
                        "its contract {name} is not the one of genesis at {address}"
                    ));
                }
            }
            Ok(((), bundle.network.name.clone()))
        });
    }
}

impl Summary {
    pub fn of(history: &History) -> Self {
        let case = &history.replay.case;
        let facts = history
            .rules
            .predicates
            .iter()
            .zip(&history.replay.facts)
            .zip(0..);
        let facts = facts.map(|((predicate, value), bit)| FactSummary {
            is_answered: case.answered >> bit & 1 == 1,
            predicate: predicate.id.into(),
            provider: predicate.provider.into(),
            value: (*value != UNKNOWN).then_some(*value),
            is_boolean: (predicate.min, predicate.max) == (0, 1),
        });
        let decision = history.entries.iter().rev().find_map(|entry| match &entry.event {
            Event::Decided {
                officer,
                outcome,
                row,
                amount_fen,
                reason,
                statute,
                ..
            } => Some(DecisionSummary {
                outcome: *outcome,
                row: (*row != zhengtong_bindings::NO_ROW).then_some(*row),
                amount_fen: *amount_fen,
                reason: reason.clone(),
                statute: *statute,
                by_officer: !officer.is_zero(),
                block_number: entry.block_number,
            }),
            _ => None,
        });
        Self {
            service: case.service.into(),
            version: case.version,
            status: Status::from_code(case.status),
            opened_at: case.opened_at,
            facts: facts.collect(),
            decision,
        }
    }
}

/// Prints a report, for a program or in these words for a person.
#[expect(clippy::print_stdout, reason = "the answer of the command")]
pub fn print(report: &impl Serialize, json: bool, text: impl FnOnce() -> String) {
    if json {
        println!("{}", serde_json::to_string_pretty(report).unwrap_or_default());
    } else {
        print!("{}", text());
    }
}

/// Prints why nothing was checked.
#[expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the answer of the command"
)]
pub fn print_unchecked(error: &anyhow::Error, lang: Lang, json: bool) {
    if json {
        println!(
            "{}",
            serde_json::json!({"verified": null, "error": failure::told(error)})
        );
    } else {
        eprintln!("{}: {}", words::unchecked(lang), say::why(error, lang));
    }
}

/// The report for a person.
pub fn text(report: &Report, lang: Lang) -> String {
    let title = words::pick(lang, "核验办件", "Checking a case");
    let mut out = heading(title, report.case_id, &report.network_key, &report.origin, lang);
    out.push_str(&marks(&report.steps, lang));
    if let Some(summary) = &report.summary {
        let _ = write!(out, "\n{}", words::summary(lang, summary));
    }
    let _ = writeln!(out, "\n{}", words::verdict(lang, &report.steps));
    out
}

/// What is checked, and by which key.
pub fn heading(title: &str, id: B256, key: &str, origin: &Origin, lang: Lang) -> String {
    let origin = match origin {
        Origin::Given => words::given(lang),
        Origin::Folder(path) => path,
    };
    let short = format!(
        "{}…{}",
        &key[..key.len().min(10)],
        &key[key.len().saturating_sub(8)..]
    );
    format!("{title}\n  {id}\n  {short} ({origin})\n\n")
}

/// A line for each step, and why one does not hold.
pub fn marks(steps: &[StepResult], lang: Lang) -> String {
    let mut out = String::new();
    for StepResult { step, ok, detail } in steps {
        let mark = match ok {
            Some(true) => '✓',
            Some(false) => '✗',
            None => '·',
        };
        let _ = writeln!(out, "{mark} {}", words::step(lang, *step));
        // Why a step fails is said in English alone.
        if *ok == Some(false) && lang == Lang::Zh {
            let _ = writeln!(out, "    原因（英文）：{detail}");
        } else if !detail.is_empty() {
            let _ = writeln!(out, "    {detail}");
        }
    }
    out
}
