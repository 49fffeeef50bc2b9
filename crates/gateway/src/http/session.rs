use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Problem;
use super::extract::{Body, Officer, bearer};
use crate::app::App;

/// A challenge.
#[derive(Serialize, ToSchema)]
pub struct Nonce {
    nonce: String,
}

/// Hands out a challenge for one sign-in.
#[utoipa::path(get, path = "/v1/session/nonce", tag = "officers",
    responses(
        (status = 200, body = Nonce),
        (status = 429, body = Problem, content_type = "application/problem+json"),
    ))]
pub async fn challenge(State(app): State<App>) -> Result<Json<Nonce>, Problem> {
    Ok(Json(Nonce {
        nonce: app.challenge().await?,
    }))
}

/// A signed sign-in message (EIP-4361).
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    message: String,
    /// 65 bytes, hex.
    signature: String,
}

/// A session.
#[derive(Serialize, ToSchema)]
pub struct SignedIn {
    /// For the header `authorization: Bearer …`.
    token: String,
    /// Unix seconds.
    expires_at: u64,
}

/// Signs an officer of this organisation in.
#[utoipa::path(post, path = "/v1/session", tag = "officers", request_body = SignIn,
    responses(
        (status = 200, body = SignedIn),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 429, body = Problem, content_type = "application/problem+json"),
    ))]
pub async fn sign_in(State(app): State<App>, Body(body): Body<SignIn>) -> Result<Json<SignedIn>, Problem> {
    let session = app.sign_in(&body.message, &body.signature).await?;
    Ok(Json(SignedIn {
        token: session.token,
        expires_at: session.expires_at_s,
    }))
}

/// An officer who is signed in.
#[derive(Serialize, ToSchema)]
pub struct SignedInOfficer {
    /// Their code; for a key alone, its address.
    name: String,
    /// Their agency.
    agency: String,
    /// `handler`, `reader`, `counter`, `data-officer`, `administrator`.
    roles: Vec<&'static str>,
    /// The key that signs their decisions; `null`: the `Registry` lists none for them.
    key: Option<String>,
}

/// Says whose session it is.
#[utoipa::path(get, path = "/v1/session", tag = "officers", security(("bearer" = [])),
    responses(
        (status = 200, body = SignedInOfficer),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
    ))]
pub async fn who(Officer(caller): Officer) -> Json<SignedInOfficer> {
    let who = caller.who;
    Json(SignedInOfficer {
        roles: who.roles.iter().map(|role| role.as_str()).collect(),
        key: who.key.map(|key| format!("{key:#x}")),
        name: who.name,
        agency: who.agency,
    })
}

/// Ends the session, if there is one.
#[utoipa::path(post, path = "/v1/session/end", tag = "officers", security(("bearer" = [])),
    responses((status = 204)))]
pub async fn sign_out(State(app): State<App>, headers: HeaderMap) -> Result<StatusCode, Problem> {
    app.sign_out(bearer(&headers)).await?;
    Ok(StatusCode::NO_CONTENT)
}
