//! `evidence.json`: each material that a paper procedure would ask for, and where it comes from instead.

use crate::error::{Findings, Problem};
use crate::held::{Held, MAX_HELD};
use serde::{Deserialize, Serialize};
use zhengtong_rules::{Basis, Predicate, Slug};

pub(crate) const MAX_MATERIALS: usize = 32;
/// The most records that a service declares.
const MAX_RECORDS: usize = 16;
const MAX_NAMES: usize = 16;
/// The longest that a consent is asked for, in days.
const MAX_CONSENT_DAYS: u32 = 366;

/// `evidence.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// The materials.
    pub materials: Vec<Material>,
    /// What the officer who reviews a case may ask agencies for, where a yes or no is not enough. Nothing else may be.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub records: Vec<DeclaredRecord>,
}

/// Fields of one agency's record, and the questions they are behind: who answers the questions on some basis may give
/// these fields on the same one, and no others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeclaredRecord {
    /// The record as the agency's mapping names it: the part of its fields before the dot.
    pub record: String,
    /// The agency.
    pub provider: Slug,
    /// The questions, all to this agency and all on one basis.
    pub predicates: Vec<Slug>,
    /// The fields, each one that one of these questions reads.
    pub fields: Vec<String>,
}

/// How often, and for how long, an agency relies on the applicant's consent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConsentTerms {
    /// How often it is asked for.
    pub r#use: ConsentUse,
    /// For how long it is asked for, in days from the day it is given.
    pub days: u32,
    /// The least that the service can live with; without it, no less than what is asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub least: Option<LeastConsent>,
}

/// The least consent that a service can live with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeastConsent {
    /// How often.
    pub r#use: ConsentUse,
    /// For how long, in days.
    pub days: u32,
}

/// How often a consent may be relied on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ConsentUse {
    /// By one use record: the first uses it up.
    Once,
    /// By any number, until its end or until it is withdrawn.
    Standing,
}

/// One material.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Material {
    /// Its name inside the package.
    pub id: Slug,
    /// Where it comes from.
    pub source: MaterialSource,
    /// Type of the credential shown; with source `credential` alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential: Option<Slug>,
    /// The predicates answered; with source `fact` alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub predicates: Option<Vec<Slug>>,
    /// The form fields filled in; with source `form` alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fields: Option<Vec<String>>,
    /// Credentials of the wallet that may answer in place of the agency's records; with source `fact` alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub held: Vec<Held>,
    /// Whether the resident is spared the paper.
    pub waived: bool,
    /// Why it is needed.
    pub basis: Basis,
    /// What is asked of the applicant; with source `fact` on consent alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consent: Option<ConsentTerms>,
}

/// Where a material comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MaterialSource {
    /// Shown from the wallet.
    Credential,
    /// Answered by an agency.
    Fact,
    /// Filled in by the applicant.
    Form,
    /// A file; not supported yet.
    Upload,
}

impl Evidence {
    /// What is declared of a record of an agency.
    pub fn record(&self, provider: &str, record: &str) -> Option<&DeclaredRecord> {
        self.records
            .iter()
            .find(|declared| declared.provider.as_str() == provider && declared.record == record)
    }

    /// The credential of this type that answers a predicate.
    pub fn held(&self, vct: &str, predicate: &str) -> Option<&Held> {
        let mut held = self.materials.iter().flat_map(|material| &material.held);
        held.find(|held| held.vct == vct && held.answers(predicate))
    }

    pub(crate) fn check_held(&self, predicates: &[Predicate], findings: &mut Findings<'_>) {
        for (index, material) in self.materials.iter().enumerate() {
            let path = format!("materials[{index}].held");
            findings.count(&path, material.held.len(), 0, MAX_HELD);
            if material.source != MaterialSource::Fact && !material.held.is_empty() {
                let problem =
                    "goes with source fact alone: the agency's records are the way without a credential";
                findings.add(&path, Problem::Shape(problem));
                continue;
            }
            findings.unique(&path, material.held.iter().map(|held| held.vct.as_str()));
            for (place, held) in material.held.iter().enumerate() {
                held.check(&format!("{path}[{place}]"), material, predicates, findings);
            }
        }
        // One credential is shown once in a case, with one set of claims to each agency.
        let all = self.materials.iter().flat_map(|material| &material.held);
        let answers = all.flat_map(|held| held.answers.keys().map(|id| format!("{}/{id}", held.vct)));
        let answers: Vec<_> = answers.collect();
        findings.unique("materials.held", answers.iter().map(String::as_str));
    }

    /// What the applicant is asked to consent to, for an agency: one consent covers all that it answers on one.
    pub fn consent(&self, predicates: &[Predicate], provider: &str) -> Option<ConsentTerms> {
        self.consents(predicates)
            .find(|(of, _)| of.as_str() == provider)
            .map(|(_, terms)| terms)
    }

    /// Terms, and the agency that they are for.
    fn consents<'a>(&'a self, predicates: &'a [Predicate]) -> impl Iterator<Item = (&'a Slug, ConsentTerms)> {
        consented(predicates).filter_map(|predicate| {
            let terms = self.terms(&predicate.id)?;
            Some((&predicate.provider, terms))
        })
    }

    fn terms(&self, predicate: &Slug) -> Option<ConsentTerms> {
        let named = |material: &&Material| material.predicates.iter().flatten().any(|id| id == predicate);
        self.materials
            .iter()
            .filter(named)
            .find_map(|material| material.consent)
    }

    pub(crate) fn check_consents(&self, predicates: &[Predicate], findings: &mut Findings<'_>) {
        for (index, material) in self.materials.iter().enumerate() {
            let path = format!("materials[{index}].consent");
            let needs = material.source == MaterialSource::Fact && is_consent(&material.basis);
            match &material.consent {
                Some(terms) if needs => terms.check(&path, findings),
                None if !needs => {}
                _ => {
                    let problem = "goes with a fact on the basis of consent, and with nothing else";
                    findings.add(path, Problem::Shape(problem));
                }
            }
        }
        let mut known: Vec<(&Slug, ConsentTerms)> = Vec::new();
        for predicate in consented(predicates) {
            let (provider, Some(terms)) = (&predicate.provider, self.terms(&predicate.id)) else {
                let problem = Problem::Unresolved {
                    kind: "material that says what consent is asked for, for the predicate",
                    name: predicate.id.to_string(),
                };
                findings.add("materials", problem);
                continue;
            };
            match known.iter().find(|(of, _)| *of == provider) {
                Some((_, other)) if *other != terms => {
                    let problem = "an agency is given one consent: its materials must ask for the same";
                    findings.add("materials", Problem::Shape(problem));
                }
                _ => known.push((provider, terms)),
            }
        }
    }

    pub(crate) fn check_records(&self, predicates: &[Predicate], findings: &mut Findings<'_>) {
        findings.count("records", self.records.len(), 0, MAX_RECORDS);
        let names: Vec<_> = self
            .records
            .iter()
            .map(|declared| format!("{}/{}", declared.provider, declared.record))
            .collect();
        findings.unique("records", names.iter().map(String::as_str));
        for (index, declared) in self.records.iter().enumerate() {
            declared.check(&format!("records[{index}]"), predicates, findings);
        }
    }

    pub(crate) fn check(&self, predicates: &[&str], fields: &[&str], findings: &mut Findings<'_>) {
        findings.count("materials", self.materials.len(), 1, MAX_MATERIALS);
        findings.unique(
            "materials",
            self.materials.iter().map(|material| material.id.as_str()),
        );
        for (index, material) in self.materials.iter().enumerate() {
            let path = format!("materials[{index}]");
            if material.source == MaterialSource::Upload {
                findings.add(format!("{path}.source"), Problem::NotSupported("uploading files"));
                continue;
            }
            let given = (
                material.credential.is_some(),
                material.predicates.is_some(),
                material.fields.is_some(),
            );
            let fits = match material.source {
                MaterialSource::Credential => given == (true, false, false),
                MaterialSource::Fact => given == (false, true, false),
                MaterialSource::Form => given == (false, false, true),
                MaterialSource::Upload => false,
            };
            if !fits {
                let problem =
                    "source credential goes with credential alone, fact with predicates, form with fields";
                findings.add(&path, Problem::Shape(problem));
            }
            let names = material
                .predicates
                .iter()
                .flatten()
                .map(Slug::as_str)
                .collect::<Vec<_>>();
            resolve(&path, "predicate", "predicates", &names, predicates, findings);
            let names = material
                .fields
                .iter()
                .flatten()
                .map(String::as_str)
                .collect::<Vec<_>>();
            resolve(&path, "field", "fields", &names, fields, findings);
        }
    }
}

impl ConsentTerms {
    fn check(&self, path: &str, findings: &mut Findings<'_>) {
        findings.number(&format!("{path}.days"), self.days, 1, MAX_CONSENT_DAYS);
        let Some(least) = self.least else { return };
        findings.number(&format!("{path}.least.days"), least.days, 1, self.days);
        if least.r#use > self.r#use {
            let problem = "the least may not be more than what is asked for";
            findings.add(format!("{path}.least.use"), Problem::Shape(problem));
        }
    }
}

fn is_consent(basis: &Basis) -> bool {
    matches!(basis, Basis::Consent { .. })
}

fn consented(predicates: &[Predicate]) -> impl Iterator<Item = &Predicate> {
    predicates.iter().filter(|predicate| is_consent(&predicate.basis))
}

impl DeclaredRecord {
    fn check(&self, path: &str, predicates: &[Predicate], findings: &mut Findings<'_>) {
        findings.count(&format!("{path}.predicates"), self.predicates.len(), 1, MAX_NAMES);
        findings.count(&format!("{path}.fields"), self.fields.len(), 1, MAX_NAMES);
        findings.unique(&format!("{path}.fields"), self.fields.iter().map(String::as_str));
        let behind: Vec<_> = predicates
            .iter()
            .filter(|predicate| {
                predicate.provider == self.provider && self.predicates.contains(&predicate.id)
            })
            .collect();
        let known: Vec<_> = behind.iter().map(|predicate| predicate.id.as_str()).collect();
        let asked: Vec<_> = self.predicates.iter().map(Slug::as_str).collect();
        resolve(
            path,
            "predicate of this provider",
            "predicates",
            &asked,
            &known,
            findings,
        );
        if behind.windows(2).any(|pair| pair[0].basis != pair[1].basis) {
            let problem = "the predicates must all rest on one basis: one use of data has one";
            findings.add(format!("{path}.predicates"), Problem::Shape(problem));
        }
        let prefix = format!("{}.", self.record);
        let readable: Vec<_> = behind
            .iter()
            .flat_map(|predicate| &predicate.fields)
            .filter(|field| field.starts_with(&prefix))
            .map(String::as_str)
            .collect();
        let fields: Vec<_> = self.fields.iter().map(String::as_str).collect();
        resolve(
            path,
            "field of this record behind these predicates",
            "fields",
            &fields,
            &readable,
            findings,
        );
    }
}

fn resolve(
    path: &str,
    kind: &'static str,
    key: &str,
    names: &[&str],
    known: &[&str],
    findings: &mut Findings<'_>,
) {
    findings.count(&format!("{path}.{key}"), names.len(), 0, MAX_NAMES);
    for (index, name) in names.iter().enumerate().filter(|(_, name)| !known.contains(name)) {
        let problem = Problem::Unresolved {
            kind,
            name: (*name).to_owned(),
        };
        findings.add(format!("{path}.{key}[{index}]"), problem);
    }
}
