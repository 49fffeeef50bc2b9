//! Forms, as OAuth's endpoints take them.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::extract::read;

/// What is wrong with a form.
pub struct FormError(&'static str);

impl IntoResponse for FormError {
    /// As RFC 6749, section 5.2, has it.
    fn into_response(self) -> Response {
        let headers = [
            (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
            (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        ];
        let body = json!({ "error": "invalid_request", "error_description": self.0 });
        (StatusCode::BAD_REQUEST, headers, body.to_string()).into_response()
    }
}

/// The parameters of a form; each at most once, as OAuth asks.
pub struct Form(Vec<(String, String)>);

impl Form {
    /// Takes a parameter out.
    pub fn take(&mut self, name: &str) -> Option<String> {
        let at = self.0.iter().position(|(known, _)| known == name)?;
        Some(self.0.swap_remove(at).1)
    }
}

/// The most parameters of a form.
const MAX_PARAMETERS: usize = 32;

impl<S: Send + Sync> FromRequest<S> for Form {
    type Rejection = FormError;

    async fn from_request(request: Request, state: &S) -> Result<Self, FormError> {
        let refused = FormError;
        let kind = request.headers().get(header::CONTENT_TYPE);
        let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        if kind.split(';').next().unwrap_or_default().trim() != "application/x-www-form-urlencoded" {
            return Err(refused("the body must be `application/x-www-form-urlencoded`"));
        }
        let body: Bytes = read(request, state)
            .await
            .map_err(|_| refused("the body is too large or cannot be read"))?;
        let text = std::str::from_utf8(&body).map_err(|_| refused("the body is not a form"))?;
        let mut parameters: Vec<(String, String)> = Vec::new();
        for part in text.split('&').filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            let (name, value) = match (decode(name), decode(value)) {
                (Some(name), Some(value)) => (name, value),
                _ => return Err(refused("the body is not a form")),
            };
            if parameters.len() >= MAX_PARAMETERS || parameters.iter().any(|(known, _)| *known == name) {
                return Err(refused("too many parameters, or one of them twice"));
            }
            parameters.push((name, value));
        }
        Ok(Self(parameters))
    }
}

/// Undoes `application/x-www-form-urlencoded`.
fn decode(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
                let (high, low) = (digit(bytes.next())?, digit(bytes.next())?);
                u8::try_from(high * 16 + low).ok()?
            }
            other => other,
        });
    }
    String::from_utf8(out).ok()
}
