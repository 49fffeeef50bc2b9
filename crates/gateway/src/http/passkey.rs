//! Officers' passkeys (WebAuthn): sign in with one, make one, list and remove one's own.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Problem;
use super::extract::{Body, Officer, bearer};
use super::session::SignedIn;
use crate::app::App;
use crate::app::passkey::{ALGORITHMS, New, Shown};
use crate::store::PasskeyRow;

/// What a browser needs to use a passkey.
#[derive(Serialize, ToSchema)]
pub struct PasskeyRequest {
    /// base64url; for one sign-in, within five minutes.
    challenge: String,
    /// What the passkeys are bound to.
    rp_id: String,
}

/// Begins a sign-in by a passkey.
#[utoipa::path(post, path = "/v1/session/passkey/challenge", tag = "officers",
    responses(
        (status = 200, body = PasskeyRequest),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 429, body = Problem, content_type = "application/problem+json"),
    ))]
pub async fn begin(State(app): State<App>) -> Result<Json<PasskeyRequest>, Problem> {
    let (challenge, rp_id) = app.begin_passkey().await?;
    Ok(Json(PasskeyRequest { challenge, rp_id }))
}

/// What an authenticator answers (`AuthenticatorAssertionResponse`), in base64url.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasskeyShown {
    /// The credential's id.
    id: String,
    /// `clientDataJSON`.
    client_data: String,
    authenticator_data: String,
    signature: String,
    /// `userHandle`, if there is one.
    #[serde(default)]
    user: Option<String>,
}

/// Signs an officer in by a passkey.
#[utoipa::path(post, path = "/v1/session/passkey", tag = "officers", request_body = PasskeyShown,
    responses(
        (status = 200, body = SignedIn),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 429, body = Problem, content_type = "application/problem+json"),
    ))]
pub async fn finish(
    State(app): State<App>,
    Body(body): Body<PasskeyShown>,
) -> Result<Json<SignedIn>, Problem> {
    let shown = Shown {
        id: &body.id,
        client_data: &body.client_data,
        authenticator_data: &body.authenticator_data,
        signature: &body.signature,
        user: body.user.as_deref(),
    };
    Ok(Json(app.finish_passkey(&shown).await?.into()))
}

/// What a browser needs to make a passkey.
#[derive(Serialize, ToSchema)]
pub struct PasskeyMaking {
    /// base64url; for one passkey, in this session, within five minutes.
    challenge: String,
    /// What it will be bound to.
    rp_id: String,
    /// The officer as authenticators know them, base64url.
    user: String,
    /// The officer's code.
    name: String,
    /// COSE's numbers of the algorithms, the preferred one first.
    algorithms: Vec<i64>,
    /// Ids of the passkeys that are there already.
    exclude: Vec<String>,
}

/// Begins to make a passkey, in a session that was opened at the organisation's provider.
#[utoipa::path(post, path = "/v1/session/passkeys/challenge", tag = "officers", security(("bearer" = [])),
    responses(
        (status = 200, body = PasskeyMaking),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 429, body = Problem, content_type = "application/problem+json"),
    ))]
pub async fn begin_making(
    State(app): State<App>,
    headers: HeaderMap,
    _officer: Officer,
) -> Result<Json<PasskeyMaking>, Problem> {
    let making = app.begin_passkey_making(bearer(&headers)).await?;
    Ok(Json(PasskeyMaking {
        challenge: making.challenge,
        rp_id: making.rp_id,
        user: making.user,
        name: making.name,
        algorithms: ALGORITHMS.to_vec(),
        exclude: making.exclude,
    }))
}

/// A passkey that was made (`AuthenticatorAttestationResponse`), in base64url.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPasskey {
    /// What the officer calls it: 1 to 40 characters.
    label: String,
    /// `clientDataJSON`.
    client_data: String,
    /// With attestation `none`.
    attestation_object: String,
}

/// An officer's passkey.
#[derive(Serialize, ToSchema)]
pub struct OfficerPasskey {
    /// The credential's id, base64url.
    id: String,
    /// What the officer calls it.
    label: String,
    /// Whether it may be on several devices.
    may_sync: bool,
    /// Unix milliseconds.
    made_ms: u64,
    /// Unix milliseconds; `null`: never.
    used_ms: Option<u64>,
}

impl From<PasskeyRow> for OfficerPasskey {
    fn from(row: PasskeyRow) -> Self {
        Self {
            id: row.id,
            label: row.label,
            may_sync: row.may_sync,
            made_ms: row.made_ms,
            used_ms: Some(row.used_ms).filter(|at| *at > 0),
        }
    }
}

/// Keeps a passkey that was made.
#[utoipa::path(post, path = "/v1/session/passkeys", tag = "officers", security(("bearer" = [])), request_body = NewPasskey,
    responses(
        (status = 200, body = OfficerPasskey),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 409, body = Problem, content_type = "application/problem+json"),
    ))]
pub async fn make(
    State(app): State<App>,
    headers: HeaderMap,
    _officer: Officer,
    Body(body): Body<NewPasskey>,
) -> Result<Json<OfficerPasskey>, Problem> {
    let new = New {
        label: &body.label,
        client_data: &body.client_data,
        attestation_object: &body.attestation_object,
    };
    Ok(Json(app.add_passkey(bearer(&headers), &new).await?.into()))
}

/// An officer's own passkeys.
#[derive(Serialize, ToSchema)]
pub struct OwnPasskeys {
    /// Oldest first.
    items: Vec<OfficerPasskey>,
    /// Until when they open the desk without another sign-in at the provider, unix seconds; `null`: not now.
    until: Option<u64>,
}

/// Lists one's own passkeys.
#[utoipa::path(get, path = "/v1/session/passkeys", tag = "officers", security(("bearer" = [])),
    responses(
        (status = 200, body = OwnPasskeys),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
    ))]
pub async fn own(State(app): State<App>, Officer(caller): Officer) -> Result<Json<OwnPasskeys>, Problem> {
    let (rows, until) = app.own_passkeys(&caller.who).await?;
    Ok(Json(OwnPasskeys {
        items: rows.into_iter().map(OfficerPasskey::from).collect(),
        until,
    }))
}

/// A passkey.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasskeyId {
    id: String,
}

/// Removes one's own passkey and ends the sessions that it opened.
#[utoipa::path(post, path = "/v1/session/passkeys/remove", tag = "officers", security(("bearer" = [])),
    request_body = PasskeyId,
    responses(
        (status = 204),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
    ))]
pub async fn remove(
    State(app): State<App>,
    Officer(caller): Officer,
    Body(body): Body<PasskeyId>,
) -> Result<StatusCode, Problem> {
    if app.remove_own_passkey(&caller.who, &body.id).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Problem::not_found("you have no such passkey"))
    }
}
