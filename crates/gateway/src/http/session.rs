use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Problem;
use super::extract::{Body, Officer, bearer};
use crate::app::{App, Session};

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
    Ok(Json(session.into()))
}

impl From<Session> for SignedIn {
    fn from(session: Session) -> Self {
        Self {
            token: session.token,
            expires_at: session.expires_at_s,
        }
    }
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

/// Where else the browser has to go.
#[derive(Serialize, ToSchema)]
pub struct SignedOut {
    /// The provider's page that signs the officer out there too.
    provider: String,
}

/// Ends the session, if there is one. 200: the browser can be signed out at the provider as well.
#[utoipa::path(post, path = "/v1/session/end", tag = "officers", security(("bearer" = [])),
    responses((status = 200, body = SignedOut), (status = 204)))]
pub async fn sign_out(State(app): State<App>, headers: HeaderMap) -> Result<Response, Problem> {
    Ok(match app.sign_out(bearer(&headers)).await? {
        Some(provider) => Json(SignedOut { provider }).into_response(),
        None => StatusCode::NO_CONTENT.into_response(),
    })
}

/// How officers sign in here.
#[derive(Serialize, ToSchema)]
pub struct SignInWays {
    /// By a key that the `Registry` lists.
    key: bool,
    /// The name of the organisation's provider (OpenID Connect); `null`: there is none.
    provider: Option<String>,
    /// By a passkey that they made after a sign-in at the provider.
    passkey: bool,
}

/// Says how officers of this organisation sign in.
#[utoipa::path(get, path = "/v1/session/ways", tag = "officers", responses((status = 200, body = SignInWays)))]
pub async fn ways(State(app): State<App>) -> Json<SignInWays> {
    Json(SignInWays {
        key: app.key_sign_in,
        provider: app.oidc_name().map(str::to_owned),
        passkey: app.passkeys().is_some(),
    })
}

/// Proves in a session that a key is the officer's: a message of EIP-4361, as at a sign-in. Decisions are signed by it.
#[utoipa::path(post, path = "/v1/session/key", tag = "officers", security(("bearer" = [])), request_body = SignIn,
    responses(
        (status = 204),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
    ))]
pub async fn prove_key(
    State(app): State<App>,
    headers: HeaderMap,
    _officer: Officer,
    Body(body): Body<SignIn>,
) -> Result<StatusCode, Problem> {
    app.prove_key(bearer(&headers), &body.message, &body.signature)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
