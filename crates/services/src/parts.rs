//! The files of a package as types, and the checks that look at several of them together.

use crate::error::{Findings, PackageError, PackageErrors, Problem};
use crate::read::{self, Contents};
use crate::{Credential, Evidence, FormSchema, Item, LANGUAGES, Pages, TestCases, Texts, Workflow, texts};
use serde_json::Value;
use std::collections::BTreeSet;
use zhengtong_rules::{LawRef, RuleSet};

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

impl Parts {
    pub fn parse(contents: &Contents) -> Result<Self, PackageErrors> {
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

    /// Everything that is wrong.
    pub fn check(&self) -> Vec<PackageError> {
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
        self.evidence
            .check_records(self.rules.predicates(), &mut evidence);
        self.evidence.check_held(self.rules.predicates(), &mut evidence);
        self.evidence
            .check_consents(self.rules.predicates(), &mut evidence);
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
