//! Officers sign in at their organisation's provider (OpenID Connect).

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::Problem;
use super::extract::Body;
use super::form::Form;
use super::session::SignedIn;
use crate::app::App;
use crate::app::oidc::{OidcError, Returned};

/// A sign-in that a browser begins.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Begin {
    /// The portal's page that the provider sends the browser to; one of those that are configured.
    redirect_uri: String,
    /// SHA-256, in hex, of a secret that this browser keeps.
    browser: String,
}

/// Where the browser goes.
#[derive(Serialize, ToSchema)]
pub struct BegunSignIn {
    /// The provider's page.
    url: String,
    /// What comes back with the browser.
    state: String,
}

/// Begins a sign-in at the organisation's provider.
#[utoipa::path(post, path = "/v1/session/oidc", tag = "officers", request_body = Begin,
    responses(
        (status = 200, body = BegunSignIn),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 429, body = Problem, content_type = "application/problem+json"),
        (status = 503, body = Problem, content_type = "application/problem+json"),
    ))]
pub async fn begin(State(app): State<App>, Body(body): Body<Begin>) -> Result<Json<BegunSignIn>, Problem> {
    let begun = app.begin_oidc(&body.redirect_uri, &body.browser).await?;
    Ok(Json(BegunSignIn {
        url: begun.url,
        state: begun.state,
    }))
}

/// What came back with the browser.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Finish {
    state: String,
    /// What the browser kept.
    secret: String,
    /// None: the provider did not sign the officer in.
    #[serde(default)]
    code: Option<String>,
    /// The provider, if it names itself (RFC 9207).
    #[serde(default)]
    iss: Option<String>,
}

/// Signs an officer in with what came back from the provider.
#[utoipa::path(post, path = "/v1/session/oidc/finish", tag = "officers", request_body = Finish,
    responses(
        (status = 200, body = SignedIn),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 429, body = Problem, content_type = "application/problem+json"),
        (status = 503, body = Problem, content_type = "application/problem+json"),
    ))]
pub async fn finish(State(app): State<App>, Body(body): Body<Finish>) -> Result<Json<SignedIn>, Problem> {
    let returned = Returned {
        state: &body.state,
        secret: &body.secret,
        code: body.code.as_deref(),
        issuer: body.iss.as_deref(),
    };
    Ok(Json(app.finish_oidc(&returned).await?.into()))
}

/// The keys by which this gateway proves itself to the provider (`private_key_jwt`); empty if it has a secret instead.
#[utoipa::path(get, path = "/v1/session/oidc/jwks", tag = "officers",
    responses(
        (status = 200, body = Value),
        (status = 404, body = Problem, content_type = "application/problem+json"),
    ))]
pub async fn jwks(State(app): State<App>) -> Result<Json<Value>, Problem> {
    Ok(Json(app.oidc_client_keys()?))
}

/// A logout token.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes a form, which is read by name")]
pub struct LogoutToken {
    logout_token: String,
}

/// Ends sessions that the provider says have ended (OpenID Connect Back-Channel Logout 1.0).
#[utoipa::path(post, path = "/v1/session/oidc/logout", tag = "officers",
    request_body(content = LogoutToken, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200), (status = 400, description = "the token is refused")))]
pub async fn logout(State(app): State<App>, form: Result<Form, super::form::FormError>) -> Response {
    let token = form.ok().and_then(|mut form| form.take("logout_token"));
    let result = match &token {
        Some(token) => app.oidc_logout(token).await.map(drop),
        None => Err(OidcError::Parameter("logout_token")),
    };
    let fresh = [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    match result {
        Ok(()) => (StatusCode::OK, fresh).into_response(),
        Err(OidcError::App(error)) => Problem::from(error).into_response(),
        // As section 2.8 of the specification has it.
        Err(error) => {
            let body = json!({ "error": "invalid_request", "error_description": error.to_string() });
            (StatusCode::BAD_REQUEST, fresh, Json(body)).into_response()
        }
    }
}
