//! What is kept, how long, what forbids deleting it, and what was deleted.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use serde::Serialize;
use utoipa::ToSchema;

use super::Problem;
use super::extract::bearer;
use crate::app::{App, AppError};
use crate::store::{DeletionRow, HoldRow, RetentionRow};

/// An order to keep records.
#[derive(Serialize, ToSchema)]
pub struct Hold {
    id: String,
    /// Who ordered it.
    authority: String,
    /// Under which reference.
    reference: String,
    placed_ms: u64,
    /// Unix milliseconds; `null`: until it is released.
    until_ms: Option<u64>,
}

impl From<HoldRow> for Hold {
    fn from(row: HoldRow) -> Self {
        Self {
            id: row.id,
            authority: row.authority,
            reference: row.reference,
            placed_ms: row.placed_ms,
            until_ms: Some(row.until_ms).filter(|until_ms| *until_ms > 0),
        }
    }
}

/// What this organisation keeps about whoever asks.
#[derive(Serialize, ToSchema)]
pub struct Kept {
    /// Cases of which it keeps a link.
    cases: Vec<String>,
    /// Orders that stand and forbid deleting.
    holds: Vec<Hold>,
}

/// Says which cases something is kept about, and which orders forbid deleting it.
#[utoipa::path(get, path = "/v1/my/data", tag = "my data", security(("bearer" = [])),
    responses(
        (status = 200, body = Kept),
        (status = 401, body = Problem, content_type = "application/problem+json"),
    ))]
pub async fn kept(State(app): State<App>, headers: HeaderMap) -> Result<Json<Kept>, Problem> {
    let own = app.permit_own(app.signed_in(bearer(&headers)).await?).await?;
    let cases = app.my_cases(&own).await?;
    let holds = app.my_holds(&own).await?;
    Ok(Json(Kept {
        cases: cases.iter().map(|id| format!("{id:#x}")).collect(),
        holds: holds.into_iter().map(Hold::from).collect(),
    }))
}

/// A period for a class of data.
#[derive(Serialize, ToSchema)]
pub struct Period {
    /// `link`, `form`, `statement`, `credential`, `record`, `answer`, `attempt`, `refusal`.
    class: String,
    /// Days after the case's last sign of life; of an `answer`, after it was given.
    days: u32,
    /// The law or decision it rests on.
    basis: String,
}

/// What retention did for a class.
#[derive(Serialize, ToSchema)]
pub struct Run {
    at_ms: u64,
    class: String,
    days: u64,
    /// Cases it removed something from.
    cases: u64,
    records: u64,
    /// Cases, or answers, left alone because of an order.
    held: u64,
}

impl From<RetentionRow> for Run {
    fn from(row: RetentionRow) -> Self {
        let RetentionRow {
            at_ms,
            class,
            days,
            cases,
            records,
            held,
        } = row;
        Self {
            at_ms,
            class,
            days,
            cases,
            records,
            held,
        }
    }
}

/// How long what is kept.
#[derive(Serialize, ToSchema)]
pub struct Retained {
    /// Classes without a period are kept until a person is deleted.
    periods: Vec<Period>,
    /// Latest first.
    runs: Vec<Run>,
}

/// Says how long each class of data is kept, and when what was removed.
#[utoipa::path(get, path = "/v1/retention", tag = "my data", responses((status = 200, body = Retained)))]
pub async fn retention(State(app): State<App>) -> Result<Json<Retained>, Problem> {
    let runs = app.store.retention_runs().await.map_err(AppError::from)?;
    let periods = app.retention.rules().map(|(class, rule)| Period {
        class: class.to_owned(),
        days: rule.days,
        basis: rule.basis.clone(),
    });
    Ok(Json(Retained {
        periods: periods.collect(),
        runs: runs.into_iter().map(Run::from).collect(),
    }))
}

/// A deletion. It names keys that are no more, and nobody.
#[derive(Serialize, ToSchema)]
pub struct Deletion {
    id: String,
    at_ms: u64,
    /// `operator`; `late`, of what came in while somebody was deleted; or, of one that grants a request, the first 16 bytes of
    /// the SHA-256 of `zhengtong/deletion/v1` and the request's id (both as text): the person who asked can tell.
    cause: String,
    key_ids: Vec<String>,
    /// Records that can never be read again.
    records: u64,
    cases: u64,
    /// The attester's (EIP-191), over `zhengtong deletion` and the rest, one a line.
    signature: String,
}

impl From<DeletionRow> for Deletion {
    fn from(row: DeletionRow) -> Self {
        Self {
            id: row.id,
            at_ms: row.at_ms,
            cause: row.cause,
            key_ids: row
                .key_ids
                .split(',')
                .filter(|id| !id.is_empty())
                .map(str::to_owned)
                .collect(),
            records: row.records,
            cases: row.cases,
            signature: row.signature,
        }
    }
}

/// Deletions carried out.
#[derive(Serialize, ToSchema)]
pub struct Deletions {
    items: Vec<Deletion>,
}

/// Lists the deletions that this organisation carried out, latest first.
#[utoipa::path(get, path = "/v1/deletions", tag = "my data", responses((status = 200, body = Deletions)))]
pub async fn deletions(State(app): State<App>) -> Result<Json<Deletions>, Problem> {
    let rows = app.store.deletions().await.map_err(AppError::from)?;
    Ok(Json(Deletions {
        items: rows.into_iter().map(Deletion::from).collect(),
    }))
}
