//! Exchange of records: between gateways, for the officer who asks, and for the operator who looks after it.

use alloy_primitives::B256;
use axum::Json;
use axum::extract::{OriginalUri, Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::Problem;
use super::extract::{Body, CaseId, Officer, case_id, read};
use crate::app::App;
use crate::app::access::{AccessError, AskRecord, Desk, ListAttempts};
use crate::app::exchange::{HttpAnswer, HttpRequest, Reason, Refusal, Wish, texts};

/// The most refusals of one sender and direction in one answer.
const MAX_ATTEMPTS_SHOWN: usize = 200;

/// Gives fields of a record to another gateway. Request and answer are signed (RFC 9421), the answer is sealed (RFC 9180):
/// docs/exchange.md.
#[utoipa::path(post, path = "/v1/exchange", tag = "exchange", request_body = Object,
    params(("content-digest" = String, Header), ("exchange-key" = String, Header),
        ("signature-input" = String, Header), ("signature" = String, Header)),
    responses(
        (status = 200, body = Object),
        (status = 400, body = Object, content_type = "application/problem+json"),
        (status = 401, body = Object, content_type = "application/problem+json"),
        (status = 403, body = Object, content_type = "application/problem+json"),
        (status = 404, body = Object, content_type = "application/problem+json"),
        (status = 409, body = Object, content_type = "application/problem+json"),
        (status = 410, body = Object, content_type = "application/problem+json"),
        (status = 413, body = Object, content_type = "application/problem+json"),
        (status = 429, body = Object, content_type = "application/problem+json"),
        (status = 503, body = Object, content_type = "application/problem+json"),
    ))]
pub async fn provide(
    State(app): State<App>,
    OriginalUri(uri): OriginalUri,
    request: Request,
) -> Result<Response, Problem> {
    let headers = texts(request.headers());
    let host = headers.iter().find(|(name, _)| name == header::HOST.as_str());
    let authority = host
        .map(|(_, value)| value.clone())
        .or_else(|| uri.authority().map(ToString::to_string));
    let method = request.method().to_string();
    let body = read(request, &app).await?;
    let request = HttpRequest {
        method,
        authority: authority.unwrap_or_default(),
        path: uri.path().to_owned(),
        query: uri.query().map(str::to_owned),
        headers,
        body,
    };
    Ok(respond(app.exchange(request).await?))
}

fn respond(answer: HttpAnswer) -> Response {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, answer.body).into_response();
    for (name, value) in answer.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().insert(name, value);
        }
    }
    if status == StatusCode::SERVICE_UNAVAILABLE || status == StatusCode::TOO_MANY_REQUESTS {
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    }
    response
}

/// What an officer asks another agency for.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RecordWish {
    /// 32 bytes, hex, chosen by the one who asks; the same id gives the same answer.
    request_id: String,
    /// The agency.
    provider: String,
    /// The record.
    record: String,
    /// Its fields; all that the service declares if there are none.
    #[serde(default)]
    fields: Vec<String>,
}

/// A record received from another agency.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReceivedRecord {
    request_id: String,
    provider: String,
    record: String,
    fields: Vec<String>,
    /// One object a row, from fields to values.
    #[schema(value_type = Vec<Object>)]
    rows: Vec<Map<String, Value>>,
    /// Tag of the use record, which the person concerned sees.
    use_tag: String,
    /// The transaction that holds it.
    use_transaction: String,
}

/// Asks another agency for fields of a record of the applicant.
#[utoipa::path(post, path = "/v1/desk/cases/{id}/records", tag = "officers", security(("bearer" = [])),
    request_body = RecordWish, params(("id" = String, Path, description = "Case id")),
    responses(
        (status = 200, body = ReceivedRecord),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 409, body = Problem, content_type = "application/problem+json"),
        (status = 502, body = Problem, content_type = "application/problem+json"),
        (status = 503, body = Problem, content_type = "application/problem+json"),
    ))]
pub async fn ask(
    State(app): State<App>,
    officer: Officer,
    CaseId(case): CaseId,
    Body(wish): Body<RecordWish>,
) -> Result<Json<ReceivedRecord>, Problem> {
    let permit = officer.may_case::<AskRecord>(&app, case).await?;
    // The other agency checks it against the Registry.
    let key = permit.who().key.ok_or(AccessError::NeedsKey)?;
    let id: B256 = case_id("requestId", &wish.request_id)?;
    let asked = Wish {
        case_id: case,
        id,
        provider: wish.provider,
        record: wish.record,
        fields: wish.fields,
        officer: Some(key),
    };
    let received = app.ask_record(&permit, &asked).await?;
    Ok(Json(ReceivedRecord {
        request_id: wish.request_id,
        provider: asked.provider,
        record: asked.record,
        fields: received.fields,
        rows: received.rows,
        use_tag: format!("{:#x}", received.use_tag),
        use_transaction: format!("{:#x}", received.use_transaction),
    }))
}

/// A refusal. Nothing in it is personal.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Attempt {
    /// Unix milliseconds.
    at_ms: u64,
    /// `in`: this gateway refused; `out`: it was refused, or did not ask.
    direction: String,
    /// The other organisation; empty if it is not known for sure.
    peer: String,
    /// The organisation that the sender called itself, where that is not known for sure: anybody can.
    claimed_peer: String,
    case_id: String,
    request_id: String,
    /// The word of the reason, as in docs/exchange.md.
    reason: String,
}

/// Refusals, newest first.
#[derive(Serialize, ToSchema)]
pub struct Attempts {
    items: Vec<Attempt>,
}

/// Lists refused exchanges: the last 200 of each sender and direction.
#[utoipa::path(get, path = "/v1/exchange/attempts", tag = "exchange", security(("bearer" = [])),
    responses(
        (status = 200, body = Attempts),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
    ))]
pub async fn attempts(State(app): State<App>, officer: Officer) -> Result<Json<Attempts>, Problem> {
    let permit = officer.may::<ListAttempts>(&app, Some(Desk)).await?;
    let rows = app.attempts(&permit, MAX_ATTEMPTS_SHOWN).await?;
    let items = rows.into_iter().map(|row| Attempt {
        at_ms: row.at_ms,
        direction: row.direction,
        peer: row.peer,
        claimed_peer: row.claimed,
        case_id: row.case_id,
        request_id: row.request,
        reason: row.reason,
    });
    Ok(Json(Attempts {
        items: items.collect(),
    }))
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let status =
            StatusCode::from_u16(refusal.reason.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        // To the officer, a failed signature between gateways is the other gateway's matter, not theirs.
        let status = match status {
            StatusCode::UNAUTHORIZED => StatusCode::BAD_GATEWAY,
            other => other,
        };
        let title = match refusal.reason {
            Reason::Internal => "Something failed here",
            _ => "The exchange is refused",
        };
        Self::new(
            status,
            refusal.reason.word(),
            title,
            refusal.detail,
            refusal.field,
        )
    }
}
