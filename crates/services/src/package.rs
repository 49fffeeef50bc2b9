use crate::error::{PackageError, PackageErrors, Problem};
use crate::form::{FieldError, FieldProblem, MAX_FORM_BYTES, schema_errors};
use crate::parts::Parts;
use crate::read::{self, Contents};
use crate::{Credential, Evidence, FormSchema, Item, LANGUAGES, Pages, TestCases, Texts, Workflow};
use alloy_primitives::{B256, Bytes, keccak256};
use serde_json::Value;
use std::fmt;
use std::path::Path;
use zhengtong_rules::RuleSet;

/// A service package that has passed every check.
#[derive(Clone)]
pub struct Package {
    contents: Contents,
    canonical: Bytes,
    hash: B256,
    parts: Parts,
    validator: jsonschema::Validator,
}

/// What the `Services` contract stores about a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// The service's slug, padded.
    pub id: B256,
    /// The organisation that decides.
    pub owner: B256,
    /// The agency that answers for the package.
    pub sponsor: B256,
    /// Content address of the package.
    pub package_hash: B256,
    /// Id of its compiled rule set.
    pub rule_set: B256,
    /// The owner's promise in seconds.
    pub promised_seconds: u32,
    /// The law's limit in seconds.
    pub statutory_seconds: u32,
    /// The time to appeal in seconds.
    pub appeal_seconds: u32,
    /// The credential's type on chain.
    pub credential_type: B256,
}

impl Package {
    /// Reads and checks a folder.
    ///
    /// # Errors
    /// [`PackageErrors`]: everything that is wrong, each with its file and the path inside it.
    pub fn load(folder: &Path) -> Result<Self, PackageErrors> {
        Self::build(read::from_folder(folder))
    }

    /// Reads and checks a package from its files' names and texts.
    ///
    /// # Errors
    /// As [`Package::load`].
    pub fn from_files<'a>(
        files: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, PackageErrors> {
        Self::build(read::from_texts(files))
    }

    /// Reads and checks a package from its canonical bytes, or any JSON of the same content.
    ///
    /// # Errors
    /// As [`Package::load`].
    pub fn from_canonical(bytes: &[u8]) -> Result<Self, PackageErrors> {
        Self::build(read::from_canonical(bytes))
    }

    fn build(contents: Result<Contents, Vec<PackageError>>) -> Result<Self, PackageErrors> {
        let contents = contents.map_err(PackageErrors)?;
        let parts = Parts::parse(&contents)?;
        let errors = parts.check();
        if !errors.is_empty() {
            return Err(PackageErrors(errors));
        }
        let schema = &contents["form.schema.json"];
        let refuse = |file: &str, text: String| {
            PackageErrors::from(PackageError::new(file, ".", Problem::Schema(text)))
        };
        let validator = jsonschema::validator_for(schema)
            .map_err(|error| refuse("form.schema.json", error.to_string()))?;
        let canonical: Bytes = serde_json_canonicalizer::to_vec(&contents)
            .map_err(|error| refuse(".", error.to_string()))?
            .into();
        let hash = keccak256(&canonical);
        Ok(Self {
            contents,
            canonical,
            hash,
            parts,
            validator,
        })
    }

    /// The content address: keccak-256 of [`Package::canonical`].
    pub fn hash(&self) -> B256 {
        self.hash
    }

    /// The canonical bytes: RFC 8785 JSON of an object from file names to their contents.
    pub fn canonical(&self) -> &Bytes {
        &self.canonical
    }

    /// The whole package as JSON: file names to contents.
    pub fn to_json(&self) -> Value {
        Value::Object(self.contents.clone().into_iter().collect())
    }

    /// `item.json`.
    pub fn item(&self) -> &Item {
        &self.parts.item
    }

    /// The service's name.
    pub fn slug(&self) -> &str {
        self.parts.item.slug.as_str()
    }

    /// `rules.json`.
    pub fn rules(&self) -> &RuleSet {
        &self.parts.rules
    }

    /// `form.schema.json`.
    pub fn form(&self) -> &FormSchema {
        &self.parts.form
    }

    /// `pages.json`.
    pub fn pages(&self) -> &Pages {
        &self.parts.pages
    }

    /// `evidence.json`.
    pub fn evidence(&self) -> &Evidence {
        &self.parts.evidence
    }

    /// `workflow.json`.
    pub fn workflow(&self) -> &Workflow {
        &self.parts.workflow
    }

    /// `credential.json`.
    pub fn credential(&self) -> &Credential {
        &self.parts.credential
    }

    /// `tests.json`.
    pub fn tests(&self) -> &TestCases {
        &self.parts.tests
    }

    /// The texts of a language; `None` for a language that packages do not have.
    pub fn texts(&self, language: &str) -> Option<&Texts> {
        let index = LANGUAGES.iter().position(|(name, _)| *name == language)?;
        Some(&self.parts.texts[index])
    }

    /// One text; `None` if there is no such language or key.
    pub fn text(&self, language: &str, key: &str) -> Option<&str> {
        self.texts(language)?.get(key).map(String::as_str)
    }

    /// What the `Services` contract stores.
    pub fn listing(&self) -> Listing {
        let Parts {
            item,
            rules,
            workflow,
            credential,
            ..
        } = &self.parts;
        Listing {
            id: item.slug.to_bytes32(),
            owner: item.owner.to_bytes32(),
            sponsor: item.sponsor.to_bytes32(),
            package_hash: self.hash,
            rule_set: rules.compile().id(),
            promised_seconds: workflow.promised_seconds(),
            statutory_seconds: workflow.statutory_seconds(),
            appeal_seconds: workflow.appeal_seconds(),
            credential_type: credential.kind.to_bytes32(),
        }
    }

    /// Checks an application form against the schema and the route through the pages.
    ///
    /// # Errors
    /// Every field that is wrong; never what was entered.
    pub fn validate_form(&self, form: &Value) -> Result<(), Vec<FieldError>> {
        if serde_json::to_vec(form).map_or(true, |bytes| bytes.len() > MAX_FORM_BYTES) {
            return Err(vec![FieldError::new(".", FieldProblem::TooLong)]);
        }
        let mut errors = schema_errors(&self.validator, &self.parts.form, form);
        for error in self.parts.pages.route_errors(form) {
            if !errors.iter().any(|other| other.field == error.field) {
                errors.push(error);
            }
        }
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }
}

impl fmt::Debug for Package {
    /// Name and address: the contents would fill a screen.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Package")
            .field("slug", &self.slug())
            .field("hash", &self.hash)
            .finish_non_exhaustive()
    }
}
