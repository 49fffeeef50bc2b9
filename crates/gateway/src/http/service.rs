//! The gateway itself: is it well, what is its key, which credentials are revoked.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::Problem;
use crate::app::App;

/// How a gateway is.
#[derive(Serialize, ToSchema)]
pub struct Health {
    /// `ok`.
    status: &'static str,
    /// The organisation.
    organisation: String,
    /// The last block seen.
    block_number: u64,
    /// Whether the `Registry` lists this organisation with this gateway's key.
    registered: bool,
}

/// Says that the gateway runs, and how far it has followed the chain.
#[utoipa::path(get, path = "/healthz", tag = "gateway", responses((status = 200, body = Health)))]
pub async fn healthz(State(app): State<App>) -> Result<Json<Health>, Problem> {
    let block_number = app.block_number().await.map_err(crate::app::AppError::from)?;
    let registered = app.is_registered().await.map_err(crate::app::AppError::from)?;
    let organisation = app.organisation.clone();
    Ok(Json(Health {
        status: "ok",
        organisation,
        block_number,
        registered,
    }))
}

/// Counters, in the text format of Prometheus.
#[utoipa::path(get, path = "/metrics", tag = "gateway", responses((status = 200, body = String)))]
pub async fn metrics(State(app): State<App>) -> Result<impl IntoResponse, Problem> {
    let text = app.metrics_text().await.map_err(crate::app::AppError::from)?;
    Ok((
        [(
            header::CONTENT_TYPE,
            "application/openmetrics-text; version=1.0.0; charset=utf-8",
        )],
        text,
    ))
}

/// The keys that this organisation signs credentials with (SD-JWT VC issuer metadata).
#[utoipa::path(get, path = "/.well-known/jwt-vc-issuer", tag = "credentials",
    responses((status = 200, body = Object)))]
pub async fn jwt_vc_issuer(State(app): State<App>) -> Json<Value> {
    let key = app.issuer.jwk();
    let mut jwk = key.to_value();
    jwk["kid"] = key.thumbprint().into();
    Json(json!({ "issuer": app.issuer.id(), "jwks": { "keys": [jwk] } }))
}

/// Which credentials are revoked or frozen (Token Status List).
#[utoipa::path(get, path = "/v1/status", tag = "credentials",
    responses((status = 200, body = String, content_type = "application/statuslist+jwt")))]
pub async fn status_list(State(app): State<App>) -> Result<impl IntoResponse, Problem> {
    let token = app.signed_status_list().await?;
    Ok(([(header::CONTENT_TYPE, "application/statuslist+jwt")], token))
}

pub async fn not_found() -> Problem {
    Problem::not_found("no such path; see /openapi.json")
}

pub async fn method_not_allowed() -> Problem {
    let title = "The method is not allowed";
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method",
        title,
        "see /openapi.json",
        "method",
    )
}
