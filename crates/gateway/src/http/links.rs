use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Problem;
use super::extract::{Body, case_id};
use crate::app::App;

/// A link between a case and a person, sealed to this organisation.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct SealedLink {
    /// `0x` and 64 hexadecimal digits.
    case_id: String,
    /// base64url of HPKE's encapsulated key and ciphertext.
    sealed: String,
}

/// The link was accepted.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Accepted {
    /// The case.
    case_id: String,
}

/// Accepts a link; the same link again changes nothing.
#[utoipa::path(post, path = "/v1/links", tag = "residents", request_body = SealedLink,
    responses(
        (status = 202, body = Accepted),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 409, body = Problem, content_type = "application/problem+json"),
        (status = 413, body = Problem, content_type = "application/problem+json"),
        (status = 429, body = Problem, content_type = "application/problem+json"),
    ))]
pub async fn accept(
    State(app): State<App>,
    Body(link): Body<SealedLink>,
) -> Result<(StatusCode, Json<Accepted>), Problem> {
    let id = case_id("caseId", &link.case_id)?;
    let sealed = URL_SAFE_NO_PAD
        .decode(&link.sealed)
        .map_err(|_| Problem::invalid("sealed", "must be base64url without padding"))?;
    app.accept_link(id, &sealed).await?;
    Ok((
        StatusCode::ACCEPTED,
        Json(Accepted {
            case_id: link.case_id,
        }),
    ))
}
