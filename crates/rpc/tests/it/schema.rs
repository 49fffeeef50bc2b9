//! The OpenRPC document as the tests use it: what a method takes, and whether a result has the shape it promises.

use jsonschema::Validator;
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};

/// The document, read once.
pub static DOCUMENT: LazyLock<Document> = LazyLock::new(Document::read);

pub struct Document {
    pub json: Value,
    results: BTreeMap<String, Validator>,
    pub error_codes: BTreeSet<i64>,
}

impl Document {
    fn read() -> Self {
        let json: Value = serde_json::from_str(include_str!("../../../../docs/openrpc.json")).unwrap();
        let compiled = |method: &Value| {
            let schema = json!({
                "$schema": "https://json-schema.org/draft/2020-12/schema",
                "allOf": [method["result"]["schema"]],
                "components": json["components"],
            });
            let validator = jsonschema::validator_for(&schema);
            let name = method["name"].as_str().unwrap().to_owned();
            let validator = validator.unwrap_or_else(|error| panic!("{name}: {error}"));
            (name, validator)
        };
        let results = json["methods"].as_array().unwrap().iter().map(compiled).collect();
        let errors = json["components"]["errors"].as_object().unwrap().values();
        let error_codes = errors.map(|error| error["code"].as_i64().unwrap()).collect();
        Self {
            json,
            results,
            error_codes,
        }
    }

    pub fn methods(&self) -> impl Iterator<Item = &Value> {
        self.json["methods"].as_array().unwrap().iter()
    }

    pub fn schema(&self, name: &str) -> &Value {
        &self.json["components"]["schemas"][name]
    }

    /// What is wrong with a result, if anything.
    pub fn complaint(&self, method: &str, result: &Value) -> Option<String> {
        let Some(validator) = self.results.get(method) else {
            return Some("the method is not described".into());
        };
        let error = validator.iter_errors(result).next()?;
        Some(format!("{} at {}", error, error.instance_path()))
    }
}
