use crate::error::{Findings, PackageError, PackageErrors, Problem};
use crate::form::{FieldError, FieldProblem, MAX_FORM_BYTES, schema_errors};
use crate::read::{self, Contents};
use crate::{Credential, Evidence, FormSchema, Item, LANGUAGES, Pages, TestCases, Texts, Workflow, texts};
use alloy_primitives::{B256, Bytes, keccak256};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;
use zhengtong_rules::{LawRef, RuleSet};

/// A service package that has passed every check.
#[derive(Debug, Clone)]
pub struct Package {
    contents: Contents,
    canonical: Bytes,
    hash: B256,
    parts: Parts,
    validator: jsonschema::Validator,
}

/// The files, each as its type.
#[derive(Debug, Clone)]
pub(crate) struct Parts {
    pub item: Item,
    pub rules: RuleSet,
    pub form: FormSchema,
    pub pages: Pages,
    pub evidence: Evidence,
    pub workflow: Workflow,
    pub credential: Credential,
    pub texts: [Texts; LANGUAGES.len()],
    pub tests: TestCases,
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

impl Parts {
    fn parse(contents: &Contents) -> Result<Self, PackageErrors> {
        let rules: Value = read::typed(contents, "rules.json")?;
        let rules = RuleSet::parse(&rules.to_string()).map_err(|error| {
            PackageError::new("rules.json", error.path, Problem::RulesSyntax(error.problem))
        })?;
        Ok(Self {
            item: read::typed(contents, "item.json")?,
            rules,
            form: read::typed(contents, "form.schema.json")?,
            pages: read::typed(contents, "pages.json")?,
            evidence: read::typed(contents, "evidence.json")?,
            workflow: read::typed(contents, "workflow.json")?,
            credential: read::typed(contents, "credential.json")?,
            texts: [
                read::typed(contents, LANGUAGES[0].1)?,
                read::typed(contents, LANGUAGES[1].1)?,
            ],
            tests: read::typed(contents, "tests.json")?,
        })
    }

    fn check(&self) -> Vec<PackageError> {
        let mut errors = Vec::new();
        let fields = self.form.field_names();
        let predicates: Vec<_> = self
            .rules
            .predicates()
            .iter()
            .map(|predicate| predicate.id.as_str())
            .collect();

        self.item.check(&mut Findings {
            file: "item.json",
            errors: &mut errors,
        });
        for problem in self.rules.check() {
            errors.push(PackageError::new("rules.json", ".", Problem::Rules(problem)));
        }
        let mut form = Findings {
            file: "form.schema.json",
            errors: &mut errors,
        };
        self.form.check(&mut form);
        self.pages.check_schema(&self.form, &mut form);
        self.check_fields_needed(&mut form);
        self.pages.check(
            &self.form,
            &mut Findings {
                file: "pages.json",
                errors: &mut errors,
            },
        );
        let mut evidence = Findings {
            file: "evidence.json",
            errors: &mut errors,
        };
        self.evidence.check(&predicates, &fields, &mut evidence);
        self.workflow.check(
            &fields,
            &mut Findings {
                file: "workflow.json",
                errors: &mut errors,
            },
        );
        self.credential.check(&mut Findings {
            file: "credential.json",
            errors: &mut errors,
        });
        self.tests.check(
            &self.rules,
            &mut Findings {
                file: "tests.json",
                errors: &mut errors,
            },
        );
        self.check_laws(&mut errors);
        let needed = texts::needed_keys(self);
        for ((_, file), language) in LANGUAGES.iter().zip(&self.texts) {
            texts::check(
                language,
                &needed,
                &mut Findings {
                    file,
                    errors: &mut errors,
                },
            );
        }
        errors
    }

    fn check_fields_needed(&self, findings: &mut Findings<'_>) {
        for name in self.form.properties.keys() {
            let in_step = self.workflow.steps.iter().any(|step| step.uses.contains(name));
            if !in_step {
                findings.add(format!("properties.{name}"), Problem::FieldNotNeeded);
            }
        }
    }

    /// Every article cited is listed, and every article listed is cited.
    fn check_laws(&self, errors: &mut Vec<PackageError>) {
        let cited = self.citations();
        for (file, path, law) in &cited {
            if !self.item.laws.iter().any(|listed| listed.reference() == *law) {
                let problem = Problem::LawNotListed {
                    law: law.law.clone(),
                    article: law.article.clone(),
                };
                errors.push(PackageError::new(file, path, problem));
            }
        }
        let cited: BTreeSet<_> = cited.iter().map(|(_, _, law)| law).collect();
        for (index, law) in self.item.laws.iter().enumerate() {
            if !cited.contains(&law.reference()) {
                errors.push(PackageError::new(
                    "item.json",
                    format!("laws[{index}]"),
                    Problem::LawNotCited,
                ));
            }
        }
    }

    fn citations(&self) -> Vec<(&'static str, String, LawRef)> {
        let predicates = self
            .rules
            .predicates()
            .iter()
            .enumerate()
            .map(|(index, predicate)| {
                (
                    "rules.json",
                    format!("predicates[{index}].basis"),
                    predicate.basis.law(),
                )
            });
        let rows = self.rules.rows().iter().enumerate();
        let rows = rows.map(|(index, row)| ("rules.json", format!("rows[{index}].law"), row.law.clone()));
        let materials = self.evidence.materials.iter().enumerate();
        let materials = materials.map(|(index, material)| {
            (
                "evidence.json",
                format!("materials[{index}].basis"),
                material.basis.law(),
            )
        });
        let clocks = [
            (
                "workflow.json",
                "statutory.law".to_owned(),
                self.workflow.statutory.law.clone(),
            ),
            (
                "workflow.json",
                "appeal.law".to_owned(),
                self.workflow.appeal.law.clone(),
            ),
        ];
        predicates.chain(rows).chain(materials).chain(clocks).collect()
    }
}
