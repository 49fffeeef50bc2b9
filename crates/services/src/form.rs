//! `form.schema.json`: a small, bounded subset of JSON Schema 2020-12, and the check of a form against it.
//!
//! Errors name the field and never repeat what was entered: they may end up in logs.

use crate::error::{Findings, Problem};
use jsonschema::error::ValidationErrorKind;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// Longest form in bytes of its canonical JSON.
pub const MAX_FORM_BYTES: usize = 16 * 1024;
const MAX_FIELDS: usize = 64;
const MAX_OPTIONS: usize = 64;
const MAX_NAME_CHARS: usize = 32;
const MAX_STRING_CHARS: u32 = 2_000;
const MAX_INTEGER: i64 = 1_000_000_000_000;
const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// `form.schema.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FormSchema {
    /// JSON Schema 2020-12.
    #[serde(rename = "$schema")]
    pub dialect: String,
    /// Always `object`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Always false.
    #[serde(rename = "additionalProperties")]
    pub additional_properties: bool,
    /// The fields of pages that are always shown and not optional.
    pub required: Vec<String>,
    /// The fields by name.
    pub properties: BTreeMap<String, FieldSchema>,
}

/// One field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase", deny_unknown_fields)]
pub enum FieldSchema {
    /// Yes or no.
    Boolean {},
    /// A whole number.
    Integer {
        /// Smallest.
        minimum: i64,
        /// Largest.
        maximum: i64,
    },
    /// A choice, or free text.
    String {
        /// The choices; without, it is free text.
        #[serde(rename = "enum", default, skip_serializing_if = "Option::is_none")]
        options: Option<Vec<String>>,
        /// Fewest characters of free text.
        #[serde(rename = "minLength", default, skip_serializing_if = "Option::is_none")]
        min_length: Option<u32>,
        /// Most characters of free text.
        #[serde(rename = "maxLength", default, skip_serializing_if = "Option::is_none")]
        max_length: Option<u32>,
    },
}

/// What is wrong with one field of a form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {problem}")]
pub struct FieldError {
    /// The field; `.` is the form itself.
    pub field: String,
    /// What is wrong.
    pub problem: FieldProblem,
}

/// What can be wrong with a field.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FieldProblem {
    /// It was asked and not answered.
    #[error("is missing")]
    Missing,
    /// The form has no such field, or the other answers leave it out.
    #[error("was not asked")]
    NotAsked,
    /// It has the wrong type.
    #[error("must be of type {0}")]
    Type(&'static str),
    /// It is none of the choices.
    #[error("is not one of the choices")]
    NotAChoice,
    /// Too few characters.
    #[error("needs at least {0} characters")]
    TooShort(u64),
    /// Too many characters.
    #[error("has more than {0} characters")]
    TooManyChars(u64),
    /// Outside its bounds.
    #[error("must be between {min} and {max}")]
    OutOfRange {
        /// Smallest.
        min: i64,
        /// Largest.
        max: i64,
    },
    /// The whole form is too long.
    #[error("more than {MAX_FORM_BYTES} bytes")]
    TooLong,
    /// The schema refuses it for another reason, by keyword.
    #[error("breaks the rule {0:?} of the form")]
    Other(String),
}

impl FormSchema {
    pub(crate) fn check(&self, findings: &mut Findings<'_>) {
        let shape = self.dialect == DIALECT && self.kind == "object" && !self.additional_properties;
        if !shape {
            let problem = "must be a 2020-12 schema of type object with additionalProperties false";
            findings.add(".", Problem::Schema(problem.to_owned()));
        }
        findings.count("properties", self.properties.len(), 1, MAX_FIELDS);
        for (name, field) in &self.properties {
            let path = format!("properties.{name}");
            let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
            if name.is_empty() || name.len() > MAX_NAME_CHARS || !name.bytes().all(allowed) {
                findings.add(
                    &path,
                    Problem::Shape("name a field with 1 to 32 of a-z, 0-9 and '_'"),
                );
            }
            if let Err(problem) = field.check() {
                findings.add(path, Problem::Schema(problem.to_owned()));
            }
        }
    }

    /// The names of the fields.
    pub fn field_names(&self) -> Vec<&str> {
        self.properties.keys().map(String::as_str).collect()
    }
}

impl FieldSchema {
    fn check(&self) -> Result<(), &'static str> {
        match self {
            Self::Boolean {} => Ok(()),
            Self::Integer { minimum, maximum } if minimum < maximum => {
                let bounded = *minimum >= -MAX_INTEGER && *maximum <= MAX_INTEGER;
                if bounded {
                    Ok(())
                } else {
                    Err("minimum and maximum must stay within a thousand billion")
                }
            }
            Self::Integer { .. } => Err("minimum must be smaller than maximum"),
            Self::String {
                options: Some(options),
                min_length: None,
                max_length: None,
            } => {
                let unique: std::collections::BTreeSet<_> = options.iter().collect();
                let named = options
                    .iter()
                    .all(|option| zhengtong_rules::Slug::new(option).is_ok());
                if (2..=MAX_OPTIONS).contains(&options.len()) && unique.len() == options.len() && named {
                    return Ok(());
                }
                Err("enum needs 2 to 64 different choices of 1 to 31 of a-z, 0-9 and '-'")
            }
            Self::String {
                options: None,
                min_length,
                max_length: Some(max),
            } => {
                if *max <= MAX_STRING_CHARS && min_length.is_none_or(|min| min <= *max) {
                    return Ok(());
                }
                Err("maxLength is at most 2000, minLength at most maxLength")
            }
            Self::String { .. } => Err("a string needs either enum or maxLength"),
        }
    }

    fn type_name(&self) -> &'static str {
        match self {
            Self::Boolean {} => "boolean",
            Self::Integer { .. } => "integer",
            Self::String { .. } => "string",
        }
    }
}

/// What the schema alone says about a form.
pub(crate) fn schema_errors(
    validator: &jsonschema::Validator,
    schema: &FormSchema,
    form: &Value,
) -> Vec<FieldError> {
    validator
        .iter_errors(form)
        .flat_map(|error| field_errors(&error, schema))
        .collect()
}

fn field_errors(error: &jsonschema::ValidationError<'_>, schema: &FormSchema) -> Vec<FieldError> {
    let place = error.instance_path().to_string();
    let field = place.trim_start_matches('/').to_owned();
    let known = schema.properties.get(&field);
    let problem = match error.kind() {
        ValidationErrorKind::AdditionalProperties { unexpected } => {
            let names = unexpected.iter().take(MAX_FIELDS);
            return names
                .map(|name| FieldError::new(name, FieldProblem::NotAsked))
                .collect();
        }
        ValidationErrorKind::Required { property } => {
            return vec![FieldError::new(
                property.as_str().unwrap_or("."),
                FieldProblem::Missing,
            )];
        }
        ValidationErrorKind::Type { .. } => {
            FieldProblem::Type(known.map_or("object", FieldSchema::type_name))
        }
        ValidationErrorKind::Enum { .. } => FieldProblem::NotAChoice,
        ValidationErrorKind::MinLength { limit } => FieldProblem::TooShort(*limit),
        ValidationErrorKind::MaxLength { limit } => FieldProblem::TooManyChars(*limit),
        other => match known {
            Some(FieldSchema::Integer { minimum, maximum }) => FieldProblem::OutOfRange {
                min: *minimum,
                max: *maximum,
            },
            _ => FieldProblem::Other(other.keyword().to_owned()),
        },
    };
    vec![FieldError::new(
        if field.is_empty() { "." } else { &field },
        problem,
    )]
}

impl FieldError {
    pub(crate) fn new(field: &str, problem: FieldProblem) -> Self {
        let field = field.chars().take(2 * MAX_NAME_CHARS).collect();
        Self { field, problem }
    }
}
