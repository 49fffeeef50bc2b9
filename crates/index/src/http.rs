//! The HTTP API. Read only; everything it says is finalized and verified.

mod cases;
mod chain;
mod health;
mod live;
mod params;
mod problem;
mod services;
mod statistics;
mod validators;

use std::{sync::Arc, time::Duration};

use axum::{Router, body::Bytes, extract::Request, http::header, middleware, routing::get};
use tokio::sync::watch;
use tower_http::{compression::CompressionLayer, cors, limit::RequestBodyLimitLayer, timeout::TimeoutLayer};
use utoipa::OpenApi;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{catalogue::Catalogue, follow::Progress, live::Live, source::BlockSource, store::Store};

pub use problem::Problem;

/// Bodies have no meaning here; what is longer is refused.
const MAX_BODY_BYTES: usize = 1_024;
/// Answers that take longer are given up. Live streams have no end and are not counted.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

/// What the handlers share.
#[derive(Clone)]
pub struct App {
    pub store: Store,
    pub source: Arc<dyn BlockSource>,
    pub catalogue: Arc<Catalogue>,
    pub live: Live,
    pub progress: watch::Receiver<Progress>,
    pub statistics: statistics::Cache,
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Zhengtong index",
        description = "Catalogue, cases, decisions, uses of data and open statistics of one network. \
                       Read only. Everything is finalized, verified, and can be checked against the chain.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    tags(
        (name = "services", description = "The catalogue of service items"),
        (name = "cases", description = "Cases, their events and proofs"),
        (name = "chain", description = "The network and what is listed on it"),
        (name = "operation", description = "The state of the process"),
    )
)]
struct Document;

/// Routes and their description.
fn routes() -> OpenApiRouter<App> {
    let answers = OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(services::list))
        .routes(routes!(services::departments))
        .routes(routes!(services::get))
        .routes(routes!(cases::list))
        .routes(routes!(cases::get))
        .routes(routes!(chain::network))
        .routes(routes!(chain::organisations))
        .routes(routes!(chain::statutes))
        .routes(routes!(chain::rule_set))
        .routes(routes!(statistics::get))
        .layer(middleware::from_fn(validators::add));
    let uncached = OpenApiRouter::new()
        .routes(routes!(cases::bundle))
        .routes(routes!(health::get));
    let bounded = answers.merge(uncached).layer(TimeoutLayer::with_status_code(
        axum::http::StatusCode::GATEWAY_TIMEOUT,
        ANSWER_TIMEOUT,
    ));
    bounded.merge(
        OpenApiRouter::new()
            .routes(routes!(live::all))
            .routes(routes!(live::case)),
    )
}

/// The description of the API, OpenAPI 3.1.
pub fn openapi() -> utoipa::openapi::OpenApi {
    routes().into_openapi()
}

/// The router of the API. Its fallback for unknown paths under `/api/` is a problem; other paths
/// are left to the caller.
pub fn router(app: App) -> Router {
    let (router, document) = routes().split_for_parts();
    let document = Bytes::from(serde_json::to_vec(&document).expect("an OpenAPI document can be written"));
    let json = [(header::CONTENT_TYPE, "application/json")];
    router
        .route(
            "/api/openapi.json",
            get(move || async move { (json, document) }).layer(middleware::from_fn(validators::add)),
        )
        .route("/api/{*path}", axum::routing::any(unknown))
        .layer(RequestBodyLimitLayer::new(MAX_BODY_BYTES))
        .layer(
            cors::CorsLayer::new()
                .allow_origin(cors::Any)
                .allow_methods([axum::http::Method::GET]),
        )
        .layer(CompressionLayer::new())
        .with_state(app)
}

async fn unknown(request: Request) -> Problem {
    Problem::not_found(format!("there is nothing at {}", request.uri().path()))
}
