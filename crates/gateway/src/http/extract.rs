//! Reading requests: every refusal is a problem that names the field.

use alloy_primitives::B256;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRef, FromRequest, FromRequestParts, Path, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use serde::de::DeserializeOwned;
use serde_json::error::Category;

use super::Problem;
use crate::app::App;
use crate::app::access::{Act, Caller, Permit, Purpose};

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

/// Names what a request is for, if not what such requests are for by themselves.
const PURPOSE: &str = "x-purpose";

/// An officer with a session, and what they say the request is for.
pub struct Officer(pub Caller);

impl Officer {
    /// Asks the policies for a permit; `thing` is `None` if there is no such thing.
    pub async fn may<A: Act>(&self, app: &App, thing: Option<A::Thing>) -> Result<Permit<A>, Problem> {
        Ok(app.may(&self.0, thing).await?)
    }

    /// The same, for a case.
    pub async fn may_case<A>(&self, app: &App, id: B256) -> Result<Permit<A>, Problem>
    where
        A: Act<Thing = crate::store::CaseRow>,
    {
        let case = app.store.case(id).await.map_err(crate::app::AppError::from)?;
        self.may(app, case).await
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Officer
where
    App: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let app = App::from_ref(state);
        let who = app.officer(bearer(&parts.headers)).await?;
        let purpose = match parts.headers.get(PURPOSE) {
            None => None,
            Some(value) => {
                let known = Purpose::ALL.map(Purpose::as_str).join(", ");
                let wrong = || Problem::invalid(PURPOSE, format!("must be one of {known}"));
                Some(value.to_str().ok().and_then(Purpose::parse).ok_or_else(wrong)?)
            }
        };
        Ok(Self(Caller { who, purpose }))
    }
}

pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers
        .get(header::AUTHORIZATION)?
        .to_str()
        .ok()?
        .strip_prefix("Bearer ")
}
