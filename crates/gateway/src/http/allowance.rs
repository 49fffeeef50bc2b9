//! Tokens of the daily allowance, for whoever shows their identity credential.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Problem;
use super::extract::{Body, bearer};
use crate::app::{self, AllowanceError, App};

/// What is left of whoever asks today.
#[derive(Serialize, ToSchema)]
pub struct Allowance {
    /// Today: days since 1 January 1970 in Beijing.
    window: u64,
    /// Tokens for a person and a day.
    limit: u32,
    /// That may still be signed today.
    left: u32,
    /// When the next day begins, unix seconds.
    next_s: u64,
}

impl From<app::Allowance> for Allowance {
    fn from(one: app::Allowance) -> Self {
        Self {
            window: one.window,
            limit: one.limit,
            left: one.left,
            next_s: one.next_s,
        }
    }
}

/// Messages to be signed unseen.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Blinded {
    /// The day that they are for: today.
    window: u64,
    /// 1 to 100 blinded messages (RFC 9474, `Blind`) of 256 bytes each, base64url.
    blinded: Vec<String>,
}

/// Blind signatures, in the order of the messages.
#[derive(Serialize, ToSchema)]
pub struct Signed {
    /// For `Finalize`; 256 bytes each, base64url.
    signatures: Vec<String>,
    /// What is left now.
    allowance: Allowance,
}

/// Says how many tokens are left today.
#[utoipa::path(get, path = "/v1/my/allowance", tag = "residents", security(("bearer" = [])),
    responses(
        (status = 200, body = Allowance),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
    ))]
pub async fn left(State(app): State<App>, headers: HeaderMap) -> Result<Json<Allowance>, Problem> {
    let own = app.permit_own(app.signed_in(bearer(&headers)).await?).await?;
    Ok(Json(app.allowance(&own).await?.into()))
}

/// Signs blinded messages, of which each becomes a token. The same messages get the same answer, and count once.
#[utoipa::path(post, path = "/v1/my/allowance", tag = "residents", security(("bearer" = [])), request_body = Blinded,
    responses(
        (status = 200, body = Signed),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 409, body = Problem, content_type = "application/problem+json"),
        (status = 503, body = Problem, content_type = "application/problem+json"),
    ))]
pub async fn sign(
    State(app): State<App>,
    headers: HeaderMap,
    Body(blinded): Body<Blinded>,
) -> Result<Json<Signed>, Problem> {
    let own = app.permit_own(app.signed_in(bearer(&headers)).await?).await?;
    let messages = blinded.blinded.iter().enumerate();
    let messages = messages
        .map(|(index, text)| {
            URL_SAFE_NO_PAD
                .decode(text)
                .map_err(|_| AllowanceError::Blinded(index))
        })
        .collect::<Result<_, _>>()?;
    let (signatures, allowance) = app.sign_tokens(&own, blinded.window, messages).await?;
    Ok(Json(Signed {
        signatures: signatures.iter().map(|one| URL_SAFE_NO_PAD.encode(one)).collect(),
        allowance: allowance.into(),
    }))
}
