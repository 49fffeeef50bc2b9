//! `evidence.json`: each material that a paper procedure would ask for, and where it comes from instead.

use crate::error::{Findings, Problem};
use crate::held::{Held, MAX_HELD};
use serde::{Deserialize, Serialize};
use zhengtong_rules::{Basis, Predicate, Slug};

pub(crate) const MAX_MATERIALS: usize = 32;
/// The most records that a service declares.
const MAX_RECORDS: usize = 16;
const MAX_NAMES: usize = 16;

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
