//! `evidence.json`: each material that a paper procedure would ask for, and where it comes from instead.

use crate::error::{Findings, Problem};
use serde::{Deserialize, Serialize};
use zhengtong_rules::{Basis, Slug};

pub(crate) const MAX_MATERIALS: usize = 32;
const MAX_NAMES: usize = 16;

/// `evidence.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// The materials.
    pub materials: Vec<Material>,
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
