//! The endpoints of OpenID4VCI 1.0 and OpenID4VP 1.0. Errors are those protocols', not problem JSON.

mod issuer;
mod verifier;

use axum::Router;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::{Value, json};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Problem;
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
