//! Reading requests: every refusal is a problem that names the field.

use alloy_primitives::{Address, B256};
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRef, FromRequest, FromRequestParts, Path, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use serde::de::DeserializeOwned;
use serde_json::error::Category;

use super::Problem;
use crate::app::App;

/// The longest name of a key that an answer repeats.
const MAX_NAME_BYTES: usize = 32;

/// A JSON body with no unknown keys, of at most [`super::MAX_BODY_BYTES`].
pub struct Body<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let bytes = read(request, state).await?;
        parse(&bytes).map(Self)
    }
}

/// The bytes of a body, within the bound.
pub async fn read<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, Problem> {
    Bytes::from_request(request, state)
        .await
        .map_err(|rejection: BytesRejection| {
            if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
                let detail = format!("a body may have {} bytes", super::MAX_BODY_BYTES);
                Problem::new(
                    StatusCode::PAYLOAD_TOO_LARGE,
                    "too-large",
                    "The request is too large",
                    detail,
                    "body",
                )
            } else {
                Problem::invalid("body", "the body cannot be read")
            }
        })
}

/// A value from JSON bytes; the problem names the place, never the content.
pub fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    serde_json::from_slice(bytes).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        let text = error.to_string();
        // serde repeats names of keys and also values in backticks: only names may go back.
        let (what, named) = match error.classify() {
            Category::Data if text.starts_with("unknown field") => ("an unknown key", true),
            Category::Data if text.starts_with("missing field") => ("a missing key", true),
            Category::Data => ("a value of the wrong type", false),
            _ => ("not JSON", false),
        };
        let name = text
            .split('`')
            .nth(1)
            .filter(|name| named && name.len() <= MAX_NAME_BYTES);
        let field = name.unwrap_or("body").to_owned();
        Problem::invalid(&field, format!("{what}, at line {line} column {column}"))
    })
}

/// A case id in the path.
pub struct CaseId(pub B256);

impl<S: Send + Sync> FromRequestParts<S> for CaseId {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Path(text) = Path::<String>::from_request_parts(parts, state)
            .await
            .map_err(|_| Problem::invalid("id", "a case id is 0x and 64 hexadecimal digits"))?;
        case_id("id", &text).map(Self)
    }
}

/// A case id: `0x` and 64 lower-case hexadecimal digits.
pub fn case_id(field: &str, text: &str) -> Result<B256, Problem> {
    let digits = text.strip_prefix("0x").filter(|digits| digits.len() == 64);
    digits
        .filter(|digits| {
            digits
                .bytes()
                .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
        })
        .and_then(|_| text.parse().ok())
        .ok_or_else(|| Problem::invalid(field, "a case id is 0x and 64 lower-case hexadecimal digits"))
}

/// An officer with a session.
pub struct Officer(pub Address);

impl<S: Send + Sync> FromRequestParts<S> for Officer
where
    App: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let app = App::from_ref(state);
        Ok(Self(app.officer(bearer(&parts.headers)).await?))
    }
}

pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers
        .get(header::AUTHORIZATION)?
        .to_str()
        .ok()?
        .strip_prefix("Bearer ")
}
