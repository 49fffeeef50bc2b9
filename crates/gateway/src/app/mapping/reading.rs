//! Where a predicate or a record is read: by a query, or by a request.

use reqwest::Method;
use serde_json::Value;

use super::MappingError;
use super::query::{Bind, Query, checked, timeout};
use crate::app::api::ApiRequest;

/// Where something is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reading {
    /// In the agency's database.
    Database(Query),
    /// From the agency's HTTP API.
    Api(ApiRequest),
}

/// One of a query and a request, as the file has it. The tables name the pointer differently, and serde flattens into none
/// that refuses unknown keys.
pub(in crate::app) struct RawReading {
    pub query: Option<String>,
    pub get: Option<String>,
    pub post: Option<String>,
    pub body: Option<Value>,
    /// Pointer into the answer of a request.
    pub at: String,
    pub timeout_ms: u64,
}

/// Checks where a predicate or a record is read.
pub(in crate::app) fn reading(raw: RawReading, at: &str) -> Result<Reading, MappingError> {
    let (method, path) = match (raw.query, raw.get, raw.post) {
        (Some(query), None, None) => {
            if raw.body.is_some() || !raw.at.is_empty() {
                return Err(MappingError::OneReading(at.to_owned()));
            }
            let allowed = [("number", Bind::Number), ("day", Bind::Day)];
            let query = checked(&query, raw.timeout_ms, &allowed, |part: &str| {
                format!("{at}.{part}")
            })?;
            return Ok(Reading::Database(query));
        }
        (None, Some(path), None) => (Method::GET, path),
        (None, None, Some(path)) => (Method::POST, path),
        _ => return Err(MappingError::OneReading(at.to_owned())),
    };
    let timeout = timeout(raw.timeout_ms, || format!("{at}.timeout_ms"))?;
    let request = ApiRequest::new(method, &path, raw.body, &raw.at, timeout);
    request.map(Reading::Api).map_err(|problem| MappingError::Api {
        at: at.to_owned(),
        problem,
    })
}
