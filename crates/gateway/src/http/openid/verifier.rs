//! Asking for credentials.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;
use zeroize::Zeroizing;

use super::fresh;
use crate::app::App;
use crate::app::access::{AskWallet, Desk, SeePresentation};
use crate::app::openid::{
    AskedCredential, ClientIdPrefix, NewRequest, OpenidError, Outcome, QueryError,
    Response as WalletResponse, ResponseMode,
};
use crate::http::Problem;
use crate::http::extract::{Body, Officer};
use crate::http::form::Form;

/// What an officer asks of a resident's wallet.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WalletAsk {
    /// `[{ "vct": "…", "claims": ["…"] }]`: types and claims that a service's package declares.
    #[schema(value_type = Object)]
    credentials: Vec<AskedCredential>,
    /// `direct_post.jwt` (encrypted, if not given) or `direct_post`.
    #[serde(default = "encrypted")]
    #[schema(value_type = String)]
    response_mode: ResponseMode,
    /// `x509_hash` (if not given), `x509_san_dns`, or `redirect_uri` (unsigned).
    #[serde(default = "by_hash")]
    #[schema(value_type = String)]
    client_id_prefix: ClientIdPrefix,
    /// Where the wallet's browser goes afterwards, on the portal; it then brings the `response_code`.
    #[serde(default)]
    redirect_uri: Option<String>,
}

fn encrypted() -> ResponseMode {
    ResponseMode::DirectPostJwt
}

fn by_hash() -> ClientIdPrefix {
    ClientIdPrefix::X509Hash
}

/// A request, ready for a wallet.
#[derive(Serialize, ToSchema)]
pub struct WalletAsked {
    /// To ask what became of it.
    id: String,
    /// `openid4vp://…`, for a link or a QR code.
    uri: String,
    /// Until when a wallet may answer, unix seconds.
    expires_at_s: u64,
}

/// Makes a request for credentials that a resident holds.
#[utoipa::path(post, path = "/v1/presentations", tag = "desk", params(("authorization" = String, Header)),
    request_body = WalletAsk,
    responses(
        (status = 200, body = WalletAsked),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 429, body = Problem, content_type = "application/problem+json"),
    ))]
pub async fn ask_wallet(
    State(app): State<App>,
    officer: Officer,
    Body(ask): Body<WalletAsk>,
) -> Result<Json<WalletAsked>, Response> {
    let permit = officer
        .may::<AskWallet>(&app, Some(Desk))
        .await
        .map_err(IntoResponse::into_response)?;
    let new = NewRequest {
        credentials: ask.credentials,
        mode: ask.response_mode,
        prefix: ask.client_id_prefix,
        redirect_uri: ask.redirect_uri,
    };
    let made = app
        .ask_wallet(&permit, new)
        .await
        .map_err(IntoResponse::into_response)?;
    let request = made.map_err(|error| {
        let field = match error {
            QueryError::RedirectUri => "redirect_uri",
            QueryError::NoHost => "client_id_prefix",
            _ => "credentials",
        };
        Problem::invalid(field, error).into_response()
    })?;
    Ok(Json(WalletAsked {
        id: request.id,
        uri: request.uri,
        expires_at_s: request.expires_at_s,
    }))
}

/// What became of a request.
#[derive(Serialize, ToSchema)]
pub struct Presentation {
    /// `waiting`, `verified` or `refused`.
    state: &'static str,
    /// Why it was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// What was presented: for each credential of the query its `vct`, its `issuer` and the `claims` asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    credentials: Option<Map<String, Value>>,
}

/// The code that a wallet's browser brings back.
#[derive(Deserialize)]
pub struct Code {
    response_code: Option<String>,
}

/// Says what became of a request: to the officer who asked, and to nobody else.
#[utoipa::path(get, path = "/v1/presentations/{id}", tag = "desk",
    params(("id" = String, Path), ("response_code" = Option<String>, Query), ("authorization" = String, Header)),
    responses(
        (status = 200, body = Presentation),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
    ))]
pub async fn result(
    State(app): State<App>,
    officer: Officer,
    Path(id): Path<String>,
    Query(code): Query<Code>,
) -> Result<Json<Presentation>, Response> {
    let asked = app.asked_wallet(&id).await.map_err(IntoResponse::into_response)?;
    let permit = officer
        .may::<SeePresentation>(&app, asked)
        .await
        .map_err(IntoResponse::into_response)?;
    let outcome = app
        .presentation(&permit, code.response_code.as_deref())
        .await
        .map_err(IntoResponse::into_response)?;
    let (state, reason, credentials) = match outcome {
        Outcome::Waiting => ("waiting", None, None),
        Outcome::Refused(reason) => ("refused", Some(reason), None),
        Outcome::Verified(credentials) => ("verified", None, Some(credentials)),
        Outcome::CodeMissing => {
            let detail = "show the `response_code` that the wallet's browser brought back";
            return Err(Problem::refused("response-code", detail, "response_code").into_response());
        }
    };
    Ok(Json(Presentation {
        state,
        reason,
        credentials,
    }))
}

fn signed(token: String) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "application/oauth-authz-req+jwt"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (StatusCode::OK, headers, token).into_response()
}

/// The signed request that a reference stands for.
#[utoipa::path(get, path = "/v1/openid/requests/{id}", tag = "openid", params(("id" = String, Path)),
    responses((status = 200, body = String, content_type = "application/oauth-authz-req+jwt"),
        (status = 404, body = Problem, content_type = "application/problem+json")))]
pub async fn request_object(State(app): State<App>, Path(id): Path<String>) -> Result<Response, OpenidError> {
    app.request_object(&id, None).await.map(signed)
}

/// The same, with the wallet's nonce in it.
#[utoipa::path(post, path = "/v1/openid/requests/{id}", tag = "openid", params(("id" = String, Path)),
    request_body(content = Object, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, body = String, content_type = "application/oauth-authz-req+jwt"), (status = 400, body = Object),
        (status = 404, body = Problem, content_type = "application/problem+json")))]
pub async fn request_object_with_nonce(
    State(app): State<App>,
    Path(id): Path<String>,
    mut form: Form,
) -> Result<Response, OpenidError> {
    let nonce = form.take("wallet_nonce");
    app.request_object(&id, nonce.as_deref()).await.map(signed)
}

/// Takes a wallet's answer.
#[utoipa::path(post, path = "/v1/openid/responses/{id}", tag = "openid", params(("id" = String, Path)),
    request_body(content = Object, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, body = Object), (status = 400, body = Object),
        (status = 404, body = Problem, content_type = "application/problem+json")))]
pub async fn response(
    State(app): State<App>,
    Path(id): Path<String>,
    mut form: Form,
) -> Result<Response, OpenidError> {
    let response = WalletResponse {
        encrypted: form.take("response").map(Zeroizing::new),
        vp_token: form.take("vp_token").map(Zeroizing::new),
        state: form.take("state"),
        error: form.take("error"),
    };
    let body = match app.wallet_answered(&id, response).await? {
        Some(uri) => json!({ "redirect_uri": uri }),
        None => json!({}),
    };
    Ok(fresh(StatusCode::OK, &body))
}
