//! `pages.json`: one question a page, and the route through them.

use crate::error::{Findings, Problem};
use crate::form::{FieldError, FieldProblem, FieldSchema, FormSchema};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use zhengtong_rules::Slug;

pub(crate) const MAX_PAGES: usize = 32;
const MAX_FIELDS_A_PAGE: usize = 4;

/// `pages.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pages {
    /// The pages in order.
    pub pages: Vec<Page>,
}

/// One page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Page {
    /// Its name inside the package.
    pub id: Slug,
    /// The fields it asks for; almost always one.
    pub fields: Vec<String>,
    /// Whether it may be left empty.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub optional: bool,
    /// Shown only after this answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<Condition>,
}

/// Holds when the field has one of the values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// A field of an earlier page.
    pub field: String,
    /// The values: choices of a string, or booleans.
    pub is: Vec<Value>,
}

impl Pages {
    pub(crate) fn check(&self, schema: &FormSchema, findings: &mut Findings<'_>) {
        findings.count("pages", self.pages.len(), 1, MAX_PAGES);
        findings.unique("pages", self.pages.iter().map(|page| page.id.as_str()));
        findings.unique(
            "pages.fields",
            self.pages
                .iter()
                .flat_map(|page| &page.fields)
                .map(String::as_str),
        );
        for (index, page) in self.pages.iter().enumerate() {
            let path = format!("pages[{index}]");
            findings.count(&format!("{path}.fields"), page.fields.len(), 1, MAX_FIELDS_A_PAGE);
            for (place, field) in page.fields.iter().enumerate() {
                if !schema.properties.contains_key(field) {
                    let problem = Problem::Unresolved {
                        kind: "form field",
                        name: field.clone(),
                    };
                    findings.add(format!("{path}.fields[{place}]"), problem);
                }
            }
            if page
                .when
                .as_ref()
                .is_some_and(|condition| !self.condition_fits(index, condition, schema))
            {
                findings.add(format!("{path}.when"), Problem::PageCondition);
            }
        }
    }

    fn condition_fits(&self, index: usize, condition: &Condition, schema: &FormSchema) -> bool {
        let asked_before = self.pages[..index]
            .iter()
            .any(|page| page.fields.contains(&condition.field));
        let possible = |value: &Value| match schema.properties.get(&condition.field) {
            Some(FieldSchema::Boolean {}) => value.is_boolean(),
            Some(FieldSchema::String {
                options: Some(options),
                ..
            }) => value
                .as_str()
                .is_some_and(|value| options.iter().any(|option| option == value)),
            _ => false,
        };
        asked_before && !condition.is.is_empty() && condition.is.iter().all(possible)
    }

    /// The schema must agree with the pages about what is asked and what must be answered.
    pub(crate) fn check_schema(&self, schema: &FormSchema, findings: &mut Findings<'_>) {
        for name in schema.properties.keys() {
            if !self.pages.iter().any(|page| page.fields.contains(name)) {
                findings.add(format!("properties.{name}"), Problem::FieldNotAsked);
            }
        }
        let always = self
            .pages
            .iter()
            .filter(|page| page.when.is_none() && !page.optional);
        let mut needed: Vec<_> = always.flat_map(|page| &page.fields).collect();
        let mut required: Vec<_> = schema.required.iter().collect();
        needed.sort();
        required.sort();
        if needed != required {
            findings.add("required", Problem::RequiredDisagrees);
        }
    }

    /// The pages that these answers lead through, in order.
    pub fn route<'a>(&'a self, form: &Value) -> Vec<&'a Page> {
        let mut shown: Vec<&Page> = Vec::new();
        for page in &self.pages {
            let holds = page.when.as_ref().is_none_or(|condition| {
                let asked = shown
                    .iter()
                    .any(|earlier| earlier.fields.contains(&condition.field));
                asked
                    && form
                        .get(&condition.field)
                        .is_some_and(|value| condition.is.contains(value))
            });
            if holds {
                shown.push(page);
            }
        }
        shown
    }

    /// What the route says about a form: every page shown is answered, no other is.
    pub(crate) fn route_errors(&self, form: &Value) -> Vec<FieldError> {
        let shown = self.route(form);
        let mut errors = Vec::new();
        for page in &self.pages {
            let is_shown = shown.iter().any(|other| other.id == page.id);
            for field in &page.fields {
                match (form.get(field).is_some(), is_shown) {
                    (true, false) => errors.push(FieldError::new(field, FieldProblem::NotAsked)),
                    (false, true) if !page.optional => {
                        errors.push(FieldError::new(field, FieldProblem::Missing))
                    }
                    _ => {}
                }
            }
        }
        errors
    }
}
