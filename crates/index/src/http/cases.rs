//! Cases.

use axum::{
    Json,
    extract::{Path, RawQuery, State},
};

use super::{
    App, Problem,
    params::{Params, hash},
};
use crate::{
    bundle::{self, Bundle, BundleError},
    store::cases::CaseFilter,
    view::{
        Page,
        case::{Case, CaseSummary},
    },
    words::Status,
};

/// Lists cases, newest first.
#[utoipa::path(get, path = "/api/v1/cases", operation_id = "listCases", tag = "cases",
    params(
        ("service" = Option<String>, Query, description = "Slug of a service"),
        ("status" = Option<Status>, Query, description = "Where the case stands"),
        ("page" = Option<u32>, Query, description = "From 1 to 10,000", minimum = 1, maximum = 10000),
        ("per_page" = Option<u32>, Query, description = "From 1 to 100, 20 if not given", minimum = 1, maximum = 100),
    ),
    responses(
        (status = 200, body = Page<CaseSummary>),
        (status = 400, body = Problem, content_type = "application/problem+json"),
    ))]
pub async fn list(
    State(app): State<App>,
    RawQuery(query): RawQuery,
) -> Result<Json<Page<CaseSummary>>, Problem> {
    let params = Params::read(query.as_deref(), &["service", "status", "page", "per_page"])?;
    let known: Vec<_> = Status::ALL.iter().map(|status| status.as_str()).collect();
    let filter = CaseFilter {
        service: params.slug("service")?,
        status: params.word("status", Status::parse, &known)?,
    };
    let page = params.page()?;
    let (total, items) = app.store.cases(&filter, page).await?;
    Ok(Json(Page {
        total,
        page: page.page,
        per_page: page.per_page,
        items,
    }))
}

/// Gives everything that is public about a case.
#[utoipa::path(get, path = "/api/v1/cases/{id}", operation_id = "getCase", tag = "cases",
    params(("id" = String, Path, description = "Id of the case: 0x and 64 hexadecimal digits")),
    responses(
        (status = 200, body = Case),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
    ))]
pub async fn get(State(app): State<App>, Path(id): Path<String>) -> Result<Json<Case>, Problem> {
    let id = hash("id", &id)?;
    let case = app.store.case(id).await?;
    case.map(Json)
        .ok_or_else(|| Problem::not_found(format!("no case {id}")))
}

/// Gives everything needed to check a case without trusting this server: receipts with their
/// certificates and proofs, and a proof of the case's storage.
#[utoipa::path(get, path = "/api/v1/cases/{id}/bundle", operation_id = "getCaseBundle", tag = "cases",
    params(("id" = String, Path, description = "Id of the case: 0x and 64 hexadecimal digits")),
    responses(
        (status = 200, body = Object, description = "Format zhengtong-case-bundle/1, see docs/proofs.md"),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 503, body = Problem, content_type = "application/problem+json"),
    ))]
pub async fn bundle(State(app): State<App>, Path(id): Path<String>) -> Result<Json<Bundle>, Problem> {
    let id = hash("id", &id)?;
    bundle::assemble(&app.store, app.source.as_ref(), id)
        .await
        .map(Json)
        .map_err(|error| match error {
            BundleError::UnknownCase { .. } => Problem::not_found(error.to_string()),
            BundleError::Store(error) => error.into(),
            BundleError::Source(error) => error.into(),
            BundleError::Moving { .. } | BundleError::NoRuleSet { .. } | BundleError::NoCases => {
                Problem::try_later(error.to_string())
            }
        })
}
