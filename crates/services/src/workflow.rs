//! `workflow.json`: the clocks, the steps, and what pauses or escalates them.

use crate::error::{Findings, Problem};
use serde::{Deserialize, Serialize};
use zhengtong_rules::{LawRef, Slug};

const MAX_DAYS: u32 = 3_650;
pub(crate) const MAX_STEPS: usize = 16;
pub(crate) const MAX_DEFECTS: usize = 16;
const MAX_USES: usize = 64;
const SECONDS_A_DAY: u32 = 24 * 60 * 60;

/// `workflow.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Workflow {
    /// How days are counted.
    pub days: Days,
    /// The time the law allows.
    pub statutory: Statutory,
    /// The time the owner promises.
    pub promised: Promise,
    /// The time to appeal, from the decision.
    pub appeal: Appeal,
    /// The steps; each comes after those it depends on.
    pub steps: Vec<Step>,
    /// What stops the clocks.
    pub pauses: Vec<Pause>,
    /// What happens when a clock runs out.
    pub escalation: Escalation,
    /// Codes of what an officer may ask to be put right.
    pub defects: Vec<Slug>,
}

/// How days are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Days {
    /// Every day counts: 24 hours each, from the application.
    Calendar,
}

/// The time the law allows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Statutory {
    /// Days.
    pub days: u32,
    /// Which law.
    pub law: LawRef,
}

/// The time the owner promises.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Promise {
    /// Days.
    pub days: u32,
}

/// The time to appeal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Appeal {
    /// Days from the decision.
    pub days: u32,
    /// Which law.
    pub law: LawRef,
}

/// One step of a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Its name inside the package.
    pub id: Slug,
    /// Who acts.
    pub role: Role,
    /// Steps before it, any of which leads here.
    pub after: Vec<Slug>,
    /// In which cases it happens.
    pub when: Trigger,
    /// Form fields that whoever acts needs.
    pub uses: Vec<String>,
}

/// Who acts in a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// The applicant.
    Resident,
    /// The agencies that hold the facts.
    Provider,
    /// The contract.
    Rules,
    /// An officer of the owner.
    Officer,
    /// An officer of the owner who has not decided the case before.
    OtherOfficer,
    /// The owner's gateway, which issues the credential.
    Issuer,
    /// Whoever pays.
    Payer,
}

/// In which cases a step happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trigger {
    /// In every case.
    Always,
    /// When the rules cannot approve.
    PersonNeeded,
    /// When the officer asks for more.
    MoreNeeded,
    /// After an approval.
    Approved,
    /// After an appeal.
    Appealed,
}

/// A step that stops clocks while it waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pause {
    /// The step.
    pub step: Slug,
    /// The clocks it stops.
    pub clocks: Vec<Clock>,
}

/// A clock of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Clock {
    /// The owner's promise.
    Promised,
    /// The law's limit.
    Statutory,
}

/// What happens when a clock runs out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Escalation {
    /// The clock.
    pub after: Clock,
    /// To whom the case goes.
    pub to: Slug,
}

impl Workflow {
    /// The promise in seconds.
    pub fn promised_seconds(&self) -> u32 {
        self.promised.days * SECONDS_A_DAY
    }

    /// The law's limit in seconds.
    pub fn statutory_seconds(&self) -> u32 {
        self.statutory.days * SECONDS_A_DAY
    }

    /// The time to appeal in seconds.
    pub fn appeal_seconds(&self) -> u32 {
        self.appeal.days * SECONDS_A_DAY
    }

    pub(crate) fn check(&self, fields: &[&str], findings: &mut Findings<'_>) {
        findings.number("statutory.days", self.statutory.days, 1, MAX_DAYS);
        findings.number("promised.days", self.promised.days, 1, MAX_DAYS);
        findings.number("appeal.days", self.appeal.days, 1, MAX_DAYS);
        if self.promised.days > self.statutory.days {
            let (promised_days, statutory_days) = (self.promised.days, self.statutory.days);
            findings.add(
                "promised.days",
                Problem::PromiseTooLong {
                    promised_days,
                    statutory_days,
                },
            );
        }
        findings.count("defects", self.defects.len(), 1, MAX_DEFECTS);
        findings.unique("defects", self.defects.iter().map(Slug::as_str));
        self.check_steps(fields, findings);
        findings.count("pauses", self.pauses.len(), 0, MAX_STEPS);
        for (index, pause) in self.pauses.iter().enumerate() {
            findings.count(&format!("pauses[{index}].clocks"), pause.clocks.len(), 1, 2);
            if !self.steps.iter().any(|step| step.id == pause.step) {
                let problem = Problem::Unresolved {
                    kind: "step",
                    name: pause.step.to_string(),
                };
                findings.add(format!("pauses[{index}].step"), problem);
            }
        }
    }

    fn check_steps(&self, fields: &[&str], findings: &mut Findings<'_>) {
        findings.count("steps", self.steps.len(), 1, MAX_STEPS);
        findings.unique("steps", self.steps.iter().map(|step| step.id.as_str()));
        for (index, step) in self.steps.iter().enumerate() {
            for (place, before) in step.after.iter().enumerate() {
                if !self.steps[..index].iter().any(|earlier| earlier.id == *before) {
                    let problem = Problem::Unresolved {
                        kind: "earlier step",
                        name: before.to_string(),
                    };
                    findings.add(format!("steps[{index}].after[{place}]"), problem);
                }
            }
            findings.count(&format!("steps[{index}].uses"), step.uses.len(), 0, MAX_USES);
            for (place, field) in step
                .uses
                .iter()
                .enumerate()
                .filter(|(_, field)| !fields.contains(&field.as_str()))
            {
                let problem = Problem::Unresolved {
                    kind: "form field",
                    name: field.clone(),
                };
                findings.add(format!("steps[{index}].uses[{place}]"), problem);
            }
        }
        let has = |role| self.steps.iter().any(|step| step.role == role);
        if !has(Role::Officer) || !has(Role::OtherOfficer) {
            let problem =
                "needs a step of an officer, who alone may refuse, and of another officer, for appeals";
            findings.add("steps", Problem::Shape(problem));
        }
    }
}
