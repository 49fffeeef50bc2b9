//! The endpoints of OpenID4VCI 1.0 and OpenID4VP 1.0. Errors are those protocols', not problem JSON.

mod issuer;
mod verifier;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::{Value, json};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Problem;
use super::extract::read;
use crate::app::App;
use crate::app::openid::{DpopProof, OpenidError};

/// The routes below `/v1`.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(issuer::metadata))
        .routes(routes!(issuer::authorization_server))
        .routes(routes!(issuer::type_metadata))
        .routes(routes!(issuer::certificates))
        .routes(routes!(issuer::offer))
        .routes(routes!(issuer::offer_by_reference))
        .routes(routes!(issuer::token))
        .routes(routes!(issuer::nonce))
        .routes(routes!(issuer::openid_credential))
        .routes(routes!(issuer::deferred))
        .routes(routes!(issuer::notification))
        .routes(routes!(verifier::ask_wallet))
        .routes(routes!(verifier::result))
        .routes(routes!(
            verifier::request_object,
            verifier::request_object_with_nonce
        ))
        .routes(routes!(verifier::response))
}

/// Metadata where the standards put that of an address with a path: the well-known part comes before the path
/// (OpenID4VCI 1.0, section 12.2.2; RFC 8414, section 3.1). To be served at the root of the host; empty if the address has
/// no path, or there is none.
pub fn well_known(app: App) -> Router {
    let path = app.public_url.as_deref().and_then(|url| {
        let (_, rest) = url.split_once("://")?;
        rest.find('/').map(|start| rest[start..].to_owned())
    });
    let Some(path) = path else {
        return Router::new();
    };
    Router::new()
        .route(
            &format!("/.well-known/openid-credential-issuer{path}"),
            get(issuer::metadata),
        )
        .route(
            &format!("/.well-known/oauth-authorization-server{path}"),
            get(issuer::authorization_server),
        )
        .with_state(app)
}

/// An answer in JSON that nobody keeps.
fn fresh(status: StatusCode, body: &Value) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (status, headers, body.to_string()).into_response()
}

impl IntoResponse for OpenidError {
    fn into_response(self) -> Response {
        let text = self.to_string();
        match self {
            Self::App(error) => Problem::from(error).into_response(),
            Self::Off | Self::NotFound => Problem::not_found(text).into_response(),
            Self::NoCredential(_) => Problem::conflict("no-credential", text, "").into_response(),
            Self::Busy => Problem::busy(text).into_response(),
            Self::Refused { code, description } => fresh(
                StatusCode::BAD_REQUEST,
                &json!({ "error": code, "error_description": description }),
            ),
            Self::Unauthorized { code, description } => {
                let body = json!({ "error": code, "error_description": description });
                let mut response = fresh(StatusCode::UNAUTHORIZED, &body);
                for scheme in ["Bearer", "DPoP algs=\"ES256\","] {
                    let challenge = format!("{scheme} error=\"{code}\"");
                    if let Ok(value) = HeaderValue::from_str(&challenge) {
                        response.headers_mut().append(header::WWW_AUTHENTICATE, value);
                    }
                }
                response
            }
        }
    }
}

/// The header `dpop`: none, or exactly one.
fn dpop(headers: &HeaderMap) -> Result<Option<DpopProof<'_>>, OpenidError> {
    let mut all = headers.get_all("dpop").iter();
    match (all.next(), all.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => {
            let proof = value.to_str().unwrap_or_default();
            Ok(Some(DpopProof {
                proof,
                method: "POST",
            }))
        }
        _ => Err(OpenidError::Refused {
            code: "invalid_dpop_proof",
            description: "send one header `dpop`",
        }),
    }
}

fn authorization(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::AUTHORIZATION)?.to_str().ok()
}

/// The parameters of a form; each at most once, as OAuth asks.
struct Form(Vec<(String, String)>);

impl Form {
    fn take(&mut self, name: &str) -> Option<String> {
        let at = self.0.iter().position(|(known, _)| known == name)?;
        Some(self.0.swap_remove(at).1)
    }
}

/// The most parameters of a form.
const MAX_PARAMETERS: usize = 32;

impl<S: Send + Sync> FromRequest<S> for Form {
    type Rejection = OpenidError;

    async fn from_request(request: Request, state: &S) -> Result<Self, OpenidError> {
        let refused = |description| OpenidError::Refused {
            code: "invalid_request",
            description,
        };
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
