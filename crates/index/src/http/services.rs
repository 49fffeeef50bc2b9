//! The catalogue.

use axum::{
    Json,
    extract::{Path, RawQuery, State},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{App, Problem, params::Params};
use crate::{
    catalogue::{Filter, Published},
    store::StoreError,
    view::{
        Page,
        service::{CatalogueItem, Department, ServiceDetail},
    },
};

/// Longest item code or slug in a path, in bytes.
const MAX_ID_BYTES: usize = 128;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Departments {
    pub items: Vec<Department>,
}

/// Lists and searches the items of the catalogue.
///
/// Words of `q` are looked for in name, code, titles of the package (Chinese and English),
/// department and group; all must be found. Exact matches come first, then beginnings, then parts.
#[utoipa::path(get, path = "/api/v1/services", operation_id = "listServices", tag = "services",
    params(
        ("q" = Option<String>, Query, description = "Words to look for, at most 100 characters"),
        ("department" = Option<String>, Query, description = "Exact name of a department"),
        ("available" = Option<bool>, Query, description = "Only items that run, or only items that do not"),
        ("page" = Option<u32>, Query, description = "From 1 to 10,000", minimum = 1, maximum = 10000),
        ("per_page" = Option<u32>, Query, description = "From 1 to 100, 20 if not given", minimum = 1, maximum = 100),
    ),
    responses(
        (status = 200, body = Page<CatalogueItem>),
        (status = 400, body = Problem, content_type = "application/problem+json"),
    ))]
pub async fn list(
    State(app): State<App>,
    RawQuery(query): RawQuery,
) -> Result<Json<Page<CatalogueItem>>, Problem> {
    let params = Params::read(
        query.as_deref(),
        &["q", "department", "available", "page", "per_page"],
    )?;
    let page = params.page()?;
    let filter = Filter {
        text: params.text("q")?,
        department: params.text("department")?,
        available: params.flag("available")?,
    };
    let found = app.catalogue.find(&filter, &published(&app).await?);
    let total = found.len() as u64;
    let offset = usize::try_from(page.offset()).unwrap_or(usize::MAX);
    let items = found
        .into_iter()
        .skip(offset)
        .take(page.per_page as usize)
        .collect();
    Ok(Json(Page {
        total,
        page: page.page,
        per_page: page.per_page,
        items,
    }))
}

/// Lists the departments with the number of their items.
#[utoipa::path(get, path = "/api/v1/departments", operation_id = "listDepartments", tag = "services", responses((status = 200, body = Departments)))]
pub async fn departments(State(app): State<App>) -> Result<Json<Departments>, Problem> {
    Ok(Json(Departments {
        items: app.catalogue.departments(&published(&app).await?),
    }))
}

/// Gives one item by its code, or one service by its slug, with its package if it has one.
#[utoipa::path(get, path = "/api/v1/services/{id}", operation_id = "getService", tag = "services",
    params(("id" = String, Path, description = "Item code, or slug of the service")),
    responses(
        (status = 200, body = ServiceDetail),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
    ))]
pub async fn get(State(app): State<App>, Path(id): Path<String>) -> Result<Json<ServiceDetail>, Problem> {
    let clean = id
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
    if id.len() > MAX_ID_BYTES || !clean {
        return Err(Problem::bad_parameter(
            "id",
            "must be an item code or the slug of a service",
        ));
    }
    let detail = app.catalogue.get(&id, &published(&app).await?);
    detail
        .map(Json)
        .ok_or_else(|| Problem::not_found(format!("no item or service {id}")))
}

async fn published(app: &App) -> Result<Published, StoreError> {
    let services = app.store.latest_services().await?;
    Ok(services
        .into_iter()
        .map(|service| (service.slug.clone(), service))
        .collect())
}
