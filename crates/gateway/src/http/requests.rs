//! Rights over one's data: asking, and answering with reasons.

use alloy_primitives::B256;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Problem;
use super::extract::{Body, Officer, bearer};
use crate::app::App;
use crate::app::access::{AnswerDataRequest, Desk, ListDataRequests};
use crate::app::requests::{Request, Right};
use crate::store::RequestRow;

/// What somebody asks.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRequest {
    /// `contest`, `copy`, `correct` or `delete`.
    #[schema(value_type = String)]
    kind: Right,
    /// What exactly, 1 to 2000 characters.
    text: String,
    /// X25519 public key, 32 bytes in hex with 0x, for this request alone: the answer is sealed to it. The request's id then is
    /// the first 16 bytes of the SHA-256 of `zhengtong/request/v1` and the key.
    #[schema(value_type = Option<String>)]
    answer_key: Option<B256>,
}

/// A request, without its words.
#[derive(Serialize, ToSchema)]
pub struct RequestState {
    id: String,
    /// `contest`, `copy`, `correct` or `delete`.
    kind: String,
    /// Article of the 个人信息保护法.
    article: &'static str,
    received_ms: u64,
    /// Until when it has to be answered.
    due_ms: u64,
    /// Whether that is over and there is no answer.
    overdue: bool,
    /// `open`, `granted` or `refused`.
    status: &'static str,
    /// `null`: not answered.
    answered_ms: Option<u64>,
    /// The deletion it brought about.
    deletion: Option<String>,
}

impl RequestState {
    fn of(row: RequestRow, now_ms: u64) -> Self {
        Self {
            article: Right::parse(&row.kind).map_or("", Right::article),
            overdue: row.answered_ms == 0 && row.due_ms < now_ms,
            status: row.status.as_str(),
            answered_ms: Some(row.answered_ms).filter(|at| *at > 0),
            deletion: Some(row.deletion).filter(|id| !id.is_empty()),
            id: row.id,
            kind: row.kind,
            received_ms: row.received_ms,
            due_ms: row.due_ms,
        }
    }
}

/// A request that was taken.
#[derive(Serialize, ToSchema)]
pub struct Taken {
    request: RequestState,
    /// The attester's signature (EIP-191) over `zhengtong right` and what was asked when.
    receipt: String,
}

/// Takes a request of whoever's session it is.
#[utoipa::path(post, path = "/v1/my/requests", tag = "my data", request_body = NewRequest, security(("bearer" = [])),
    responses(
        (status = 200, body = Taken),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 409, body = Problem, content_type = "application/problem+json"),
    ))]
pub async fn make(
    State(app): State<App>,
    headers: HeaderMap,
    Body(new): Body<NewRequest>,
) -> Result<Json<Taken>, Problem> {
    let own = app.permit_own(app.signed_in(bearer(&headers)).await?).await?;
    let (row, receipt) = app.take_request(&own, new.kind, new.text, new.answer_key).await?;
    let request = RequestState::of(row, app.clock.now_ms());
    Ok(Json(Taken { request, receipt }))
}

/// A request and its words.
#[derive(Serialize, ToSchema)]
pub struct WholeRequest {
    #[serde(flatten)]
    state: RequestState,
    /// What was asked; `null` once the person was deleted.
    text: Option<String>,
    /// The answer with its reasons.
    answer: Option<String>,
}

/// Requests.
#[derive(Serialize, ToSchema)]
pub struct Requests {
    items: Vec<WholeRequest>,
}

impl Requests {
    fn of(requests: Vec<Request>, now_ms: u64) -> Self {
        let items = requests.into_iter().map(|Request { row, words }| {
            let (text, answer) = words.map_or((None, None), |words| (Some(words.text), words.answer));
            WholeRequest {
                state: RequestState::of(row, now_ms),
                text,
                answer,
            }
        });
        Self {
            items: items.collect(),
        }
    }
}

/// Lists the requests of whoever's session it is, latest first.
#[utoipa::path(get, path = "/v1/my/requests", tag = "my data", security(("bearer" = [])),
    responses(
        (status = 200, body = Requests),
        (status = 401, body = Problem, content_type = "application/problem+json"),
    ))]
pub async fn mine(State(app): State<App>, headers: HeaderMap) -> Result<Json<Requests>, Problem> {
    let own = app.permit_own(app.signed_in(bearer(&headers)).await?).await?;
    let requests = app.own_requests(&own).await?;
    Ok(Json(Requests::of(requests, app.clock.now_ms())))
}

/// How a request stands, and its answer.
#[derive(Serialize, ToSchema)]
pub struct AnsweredRequest {
    #[serde(flatten)]
    state: RequestState,
    /// The answer, signed, and sealed to the key that came with the request (base64url): HPKE in base mode with X25519,
    /// HKDF-SHA256 and AES-256-GCM, `info` `zhengtong/answer/v1`, the bytes of the id as additional data.
    sealed: Option<String>,
}

/// Says how a request stands, to whoever knows its id: also after a deletion, when nothing leads to a person any more. The
/// answer opens with the person's wallet alone.
#[utoipa::path(get, path = "/v1/requests/{id}", tag = "my data",
    params(("id" = String, Path, description = "Id of the request")),
    responses(
        (status = 200, body = AnsweredRequest),
        (status = 404, body = Problem, content_type = "application/problem+json"),
    ))]
pub async fn status(
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<Json<AnsweredRequest>, Problem> {
    let (row, sealed) = app.request_state(&id).await?;
    Ok(Json(AnsweredRequest {
        state: RequestState::of(row, app.clock.now_ms()),
        sealed: sealed.map(|sealed| URL_SAFE_NO_PAD.encode(sealed)),
    }))
}

/// Lists the requests to this organisation: those that wait first, by the time they are due.
#[utoipa::path(get, path = "/v1/desk/requests", tag = "officers", security(("bearer" = [])),
    responses(
        (status = 200, body = Requests),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
    ))]
pub async fn queue(State(app): State<App>, officer: Officer) -> Result<Json<Requests>, Problem> {
    let permit = officer.may::<ListDataRequests>(&app, Some(Desk)).await?;
    let requests = app.data_requests(&permit).await?;
    Ok(Json(Requests::of(requests, app.clock.now_ms())))
}

/// An answer.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// Whether it is done as asked; granting a deletion carries it out at once.
    granted: bool,
    /// Why, 1 to 2000 characters.
    reason: String,
}

/// Answers a request with reasons.
#[utoipa::path(post, path = "/v1/desk/requests/{id}/answer", tag = "officers", request_body = Answer,
    security(("bearer" = [])), params(("id" = String, Path, description = "Id of the request")),
    responses(
        (status = 200, body = RequestState),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 409, body = Problem, content_type = "application/problem+json"),
    ))]
pub async fn answer(
    State(app): State<App>,
    officer: Officer,
    Path(id): Path<String>,
    Body(answer): Body<Answer>,
) -> Result<Json<RequestState>, Problem> {
    let found = app.store.request(&id).await.map_err(crate::app::AppError::from)?;
    let permit = officer.may::<AnswerDataRequest>(&app, found).await?;
    let row = app
        .answer_data_request(&permit, answer.granted, answer.reason)
        .await?;
    tracing::info!(
        request = row.id,
        kind = row.kind,
        granted = answer.granted,
        "request answered"
    );
    Ok(Json(RequestState::of(row, app.clock.now_ms())))
}
