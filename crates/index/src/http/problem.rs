//! Errors as problem details, RFC 9457.

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{source::SourceError, store::StoreError};

/// What was wrong with a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// `urn:zhengtong:problem:` and one of `bad-parameter`, `not-found`, `try-later`, `internal`.
    #[serde(rename = "type")]
    pub kind: String,
    pub title: String,
    pub status: u16,
    pub detail: String,
    /// The parameter that was wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
}

/// Seconds after which a request that was put off may be tried again.
const RETRY_AFTER_SECONDS: HeaderValue = HeaderValue::from_static("2");

impl Problem {
    fn new(kind: &str, title: &str, status: StatusCode, detail: String) -> Self {
        Self {
            kind: format!("urn:zhengtong:problem:{kind}"),
            title: title.to_owned(),
            status: status.as_u16(),
            detail,
            field: None,
        }
    }

    /// 400: a parameter is wrong.
    pub fn bad_parameter(field: &str, detail: impl Into<String>) -> Self {
        let problem = Self::new(
            "bad-parameter",
            "A parameter is wrong",
            StatusCode::BAD_REQUEST,
            detail.into(),
        );
        Self {
            field: Some(field.to_owned()),
            ..problem
        }
    }

    /// 404.
    pub fn not_found(detail: impl Into<String>) -> Self {
        Self::new("not-found", "Not found", StatusCode::NOT_FOUND, detail.into())
    }

    /// 503: it may work in a moment.
    pub fn try_later(detail: impl Into<String>) -> Self {
        Self::new(
            "try-later",
            "Try again in a moment",
            StatusCode::SERVICE_UNAVAILABLE,
            detail.into(),
        )
    }

    fn internal() -> Self {
        let detail = "the index could not answer; the operator's log says why".to_owned();
        Self::new(
            "internal",
            "Internal error",
            StatusCode::INTERNAL_SERVER_ERROR,
            detail,
        )
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "a request failed");
        Self::internal()
    }
}

impl From<SourceError> for Problem {
    fn from(error: SourceError) -> Self {
        tracing::warn!(%error, "the node did not answer a request");
        Self::try_later(error.to_string())
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(self)).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(header::RETRY_AFTER, RETRY_AFTER_SECONDS);
        }
        response
    }
}
