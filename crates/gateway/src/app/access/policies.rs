//! The policies: Cedar files in a folder, checked against the schema before any of them counts.

use std::path::{Path, PathBuf};
use std::str::FromStr as _;

use cedar_policy::{
    Authorizer, Context, Decision, Entities, Policy, PolicyId, PolicySet, Request, Schema, ValidationMode,
    Validator,
};
use miette::Diagnostic;
use sha2::{Digest as _, Sha256};
use thiserror::Error;

use super::question::Question;
use crate::bounded;

/// What policies may speak of.
pub const SCHEMA: &str = include_str!("schema.cedarschema");
/// The policies of an agency that names no folder of its own: those in `agencies/policies`.
const DEFAULT: &str = include_str!("../../../../../agencies/policies/default.cedar");
const DEFAULT_NAME: &str = "default.cedar";
/// How the names of policy files end.
const ENDING: &str = "cedar";
/// The most policy files of a folder.
pub const MAX_FILES: usize = 64;
/// The most bytes of a policy file.
pub const MAX_FILE_BYTES: u64 = 256 * 1024;
/// The most policies of all files.
pub const MAX_POLICIES: usize = 1_000;

/// Why policies are refused.
#[derive(Debug, Error)]
pub enum PolicyError {
    /// A file or the folder cannot be read.
    #[error("policies {path}: {source}")]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Too much of something.
    #[error("policies {path}: more than {limit} {what}")]
    TooMuch {
        /// Where.
        path: PathBuf,
        /// Of what.
        what: &'static str,
        /// The bound.
        limit: u64,
    },
    /// A folder without a policy: nobody could do anything.
    #[error("policies {path}: there is no *.cedar file; without one, nobody may do anything")]
    None {
        /// The folder.
        path: PathBuf,
    },
    /// A policy is not in the language, or names what the schema does not have.
    #[error("{file}:{line}:{column}: {problem}")]
    Malformed {
        /// The file's name.
        file: String,
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
        /// What is wrong.
        problem: String,
    },
    /// The schema in this program. A test sees to it that this does not happen.
    #[error("the schema of the policies: {0}")]
    Schema(String),
}

/// A policy file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyFile {
    /// Its name in the folder.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// What the policies say to a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Whether it is allowed.
    pub is_allowed: bool,
    /// The policies that decided: none if nothing permits it.
    pub policies: Vec<String>,
}

/// Policies that passed every check.
pub struct Policies {
    schema: Schema,
    set: PolicySet,
    files: Vec<PolicyFile>,
    hash: String,
}

impl Policies {
    /// Reads the `*.cedar` files of a folder; without a folder, the policies that come with the program.
    ///
    /// # Errors
    /// See [`PolicyError`]; a mistake is named with file, line and column.
    pub fn load(folder: Option<&Path>) -> Result<Self, PolicyError> {
        match folder {
            Some(folder) => Self::parse(read(folder)?),
            None => Self::parse(vec![PolicyFile {
                name: DEFAULT_NAME.to_owned(),
                text: DEFAULT.to_owned(),
            }]),
        }
    }

    /// Checks policies.
    ///
    /// # Errors
    /// See [`PolicyError`].
    pub fn parse(files: Vec<PolicyFile>) -> Result<Self, PolicyError> {
        let wrong = |error: cedar_policy::CedarSchemaError| PolicyError::Schema(error.to_string());
        let (schema, _) = Schema::from_cedarschema_str(SCHEMA).map_err(wrong)?;
        let mut set = PolicySet::new();
        for file in &files {
            for policy in policies_of(file)? {
                let id = policy.id().to_string();
                set.add(policy).map_err(|_| {
                    let problem = format!("the id `{id}` is given twice");
                    malformed(file, 0, problem)
                })?;
            }
        }
        if set.num_of_policies() > MAX_POLICIES {
            return Err(PolicyError::TooMuch {
                path: PathBuf::from(files.last().map_or("", |file| &file.name)),
                what: "policies",
                limit: MAX_POLICIES as u64,
            });
        }
        let checked = Validator::new(schema.clone()).validate(&set, ValidationMode::default());
        if let Some(error) = checked.validation_errors().next() {
            return Err(located(&files, error.policy_id(), error));
        }
        let hash = digest(&files);
        Ok(Self {
            schema,
            set,
            files,
            hash,
        })
    }

    /// SHA-256 over the schema and the files, by name, in hex: it differs when anything does.
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// The files.
    pub fn files(&self) -> &[PolicyFile] {
        &self.files
    }

    /// What the policies say. A policy that fails while it is asked forbids: better nobody than the wrong one.
    pub fn decide(&self, question: &Question<'_>) -> Verdict {
        let forbidden = |policies: Vec<String>| Verdict {
            is_allowed: false,
            policies,
        };
        let Ok((request, entities)) = self.asked(question) else {
            return forbidden(Vec::new());
        };
        let response = Authorizer::new().is_authorized(&request, &self.set, &entities);
        let failed: Vec<_> = response
            .diagnostics()
            .errors()
            .map(|cedar_policy::AuthorizationError::PolicyEvaluationError(error)| {
                error.policy_id().to_string()
            })
            .collect();
        if !failed.is_empty() {
            tracing::error!(policies = ?failed, "policies failed while they were asked; refused");
            return forbidden(failed);
        }
        let mut policies: Vec<_> = response.diagnostics().reason().map(ToString::to_string).collect();
        policies.sort();
        Verdict {
            is_allowed: response.decision() == Decision::Allow,
            policies,
        }
    }

    #[expect(
        clippy::result_large_err,
        reason = "Cedar's errors are large, and a question that cannot be asked is rare"
    )]
    fn asked(&self, question: &Question<'_>) -> Result<(Request, Entities), super::question::Unasked> {
        let (principal, resource) = (question.principal()?, question.resource()?);
        let context = Context::from_pairs(question.context())?;
        let request = Request::new(
            principal.uid(),
            question.action()?,
            resource.uid(),
            context,
            Some(&self.schema),
        )?;
        let entities = Entities::from_entities([principal, resource], Some(&self.schema))?;
        Ok((request, entities))
    }
}

fn read(folder: &Path) -> Result<Vec<PolicyFile>, PolicyError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| PolicyError::Read { path, source }
    };
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed(folder))? {
        let path = entry.map_err(failed(folder))?.path();
        if path.extension().is_some_and(|ending| ending == ENDING) {
            paths.push(path);
        }
        if paths.len() > MAX_FILES {
            return Err(PolicyError::TooMuch {
                path: folder.into(),
                what: "files",
                limit: MAX_FILES as u64,
            });
        }
    }
    if paths.is_empty() {
        return Err(PolicyError::None { path: folder.into() });
    }
    paths.sort();
    let mut files = Vec::new();
    for path in paths {
        let text = bounded::read_text(&path, MAX_FILE_BYTES).map_err(failed(&path))?;
        let text = text.ok_or_else(|| PolicyError::TooMuch {
            path: path.clone(),
            what: "bytes",
            limit: MAX_FILE_BYTES,
        })?;
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        files.push(PolicyFile { name, text });
    }
    Ok(files)
}

/// The policies of a file, each under the name `FILE:ID`: of its annotation `@id`, or its number.
fn policies_of(file: &PolicyFile) -> Result<Vec<Policy>, PolicyError> {
    let set = PolicySet::from_str(&file.text).map_err(|errors| {
        let offset = offset_of(&errors);
        malformed(file, offset, errors.to_string())
    })?;
    if set.num_of_templates() > 0 {
        return Err(malformed(
            file,
            0,
            "templates (`?principal`, `?resource`) are not used here".to_owned(),
        ));
    }
    let name = |policy: &Policy| {
        let id = policy
            .annotation("id")
            .map_or_else(|| policy.id().to_string(), str::to_owned);
        PolicyId::new(format!("{}:{id}", file.name))
    };
    Ok(set.policies().map(|policy| policy.new_id(name(policy))).collect())
}

/// Where in which file a finding is.
fn located(files: &[PolicyFile], policy: &PolicyId, finding: &(impl Diagnostic + ToString)) -> PolicyError {
    let id = policy.to_string();
    let file = files.iter().find(|file| {
        id.strip_prefix(&file.name)
            .is_some_and(|rest| rest.starts_with(':'))
    });
    let help = finding
        .help()
        .map(|help| format!(" ({help})"))
        .unwrap_or_default();
    let problem = format!("{finding}{help}");
    match file {
        Some(file) => malformed(file, offset_of(finding), problem),
        None => PolicyError::Malformed {
            file: id,
            line: 1,
            column: 1,
            problem,
        },
    }
}

fn offset_of(finding: &impl Diagnostic) -> usize {
    let first = finding.labels().and_then(|mut labels| labels.next());
    first.map_or(0, |label| label.offset())
}

fn malformed(file: &PolicyFile, offset: usize, problem: String) -> PolicyError {
    let before = file.text.get(..offset).unwrap_or_default();
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    PolicyError::Malformed {
        file: file.name.clone(),
        line: before.matches('\n').count() + 1,
        column: before[line_start..].chars().count() + 1,
        problem,
    }
}

fn digest(files: &[PolicyFile]) -> String {
    let mut hash = Sha256::new();
    for part in std::iter::once(SCHEMA).chain(files.iter().flat_map(|file| [file.name.as_str(), &file.text]))
    {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hex::encode(hash.finalize())
}

#[cfg(test)]
mod tests;
