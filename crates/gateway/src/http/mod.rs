//! HTTP: routes, bounds, problem JSON (RFC 9457), OpenAPI.

mod access;
mod accounts;
mod allowance;
mod desk;
mod exchange;
mod extract;
mod form;
mod guardianships;
mod identity;
mod links;
mod my_data;
mod oidc;
pub mod openid;
mod passkey;
mod problem;
mod requests;
mod resident;
mod service;
mod session;
mod tracker;

use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderName, Method, StatusCode, header};
use axum::routing::get;
use tower_http::cors::{AllowOrigin, CorsLayer};
use tower_http::timeout::TimeoutLayer;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;

pub use problem::Problem;
pub use tracker::Mediator;

/// The most bytes of a request's body: a sealed link in base64url, and its frame.
pub const MAX_BODY_BYTES: usize = 128 * 1024;
/// How long a request may take.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(15);

#[derive(OpenApi)]
#[openapi(info(
    title = "Zhengtong gateway",
    description = "An agency's gateway: identity credentials, sealed links, results, the officers' desk. \
        Errors are problem JSON (RFC 9457) that names the field."
))]
struct Api;

/// The OpenAPI description of the routes.
pub fn openapi() -> utoipa::openapi::OpenApi {
    routes_of().split_for_parts().1
}

fn routes_of() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(Api::openapi())
        .routes(routes!(service::healthz))
        .routes(routes!(service::metrics))
        .routes(routes!(service::jwt_vc_issuer))
        .routes(routes!(service::status_list))
        .routes(routes!(identity::prove))
        .routes(routes!(guardianships::issue))
        .routes(routes!(guardianships::find))
        .routes(routes!(guardianships::end))
        .routes(routes!(allowance::left, allowance::sign))
        .routes(routes!(links::accept))
        .routes(routes!(resident::credential))
        .routes(routes!(resident::statements))
        .routes(routes!(resident::supplement))
        .routes(routes!(resident::appeal))
        .routes(routes!(session::challenge))
        .routes(routes!(session::sign_in, session::who))
        .routes(routes!(session::sign_out))
        .routes(routes!(session::ways))
        .routes(routes!(session::prove_key))
        .routes(routes!(oidc::begin))
        .routes(routes!(oidc::finish))
        .routes(routes!(oidc::jwks))
        .routes(routes!(oidc::logout))
        .routes(routes!(passkey::begin))
        .routes(routes!(passkey::finish))
        .routes(routes!(passkey::begin_making))
        .routes(routes!(passkey::own, passkey::make))
        .routes(routes!(passkey::remove))
        .routes(routes!(access::policies))
        .routes(routes!(access::refusals))
        .routes(routes!(access::officers))
        .routes(routes!(access::release_officer))
        .routes(routes!(access::remove_passkey))
        .routes(routes!(tracker::sign_in))
        .routes(routes!(tracker::find_usage))
        .routes(routes!(tracker::usage_period))
        .routes(routes!(tracker::heartbeat))
        .routes(routes!(tracker::my_personal_data_usage))
        .routes(routes!(my_data::kept))
        .routes(routes!(my_data::retention))
        .routes(routes!(my_data::deletions))
        .routes(routes!(requests::make))
        .routes(routes!(requests::mine))
        .routes(routes!(requests::status))
        .routes(routes!(requests::queue))
        .routes(routes!(requests::answer))
        .routes(routes!(desk::queue))
        .routes(routes!(desk::case))
        .routes(routes!(desk::statement))
        .routes(routes!(exchange::ask))
        .routes(routes!(exchange::attempts))
        .routes(routes!(exchange::provide))
        .routes(routes!(accounts::keep_backup, accounts::backup))
        .routes(routes!(accounts::guard))
        .routes(routes!(accounts::ask_recovery))
        .routes(routes!(accounts::recovery))
        .routes(routes!(accounts::share))
        .routes(routes!(accounts::approve))
        .merge(openid::routes())
}

/// The routes of a gateway. Pages of the portal's hosts may use them from another origin; with `dev`, all pages.
pub fn router(app: App, dev: bool) -> Router {
    let (routes, description) = routes_of().split_for_parts();
    // Written once: a router is cloned with all it holds for every connection.
    let description =
        Bytes::from(serde_json::to_vec(&description).expect("an OpenAPI document can be written"));
    let json = [(header::CONTENT_TYPE, "application/json")];
    let routes = routes
        .route("/openapi.json", get(move || async move { (json, description) }))
        .fallback(service::not_found)
        .method_not_allowed_fallback(service::method_not_allowed)
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .layer(TimeoutLayer::with_status_code(
            StatusCode::SERVICE_UNAVAILABLE,
            REQUEST_TIMEOUT,
        ));
    routes.layer(cors(&app, dev)).with_state(app)
}

/// The data tracker's routes alone, for a security server (X-Road, GovStack's Information Mediator) that has
/// authenticated who asks. Serve it where nobody but that server can reach it: what its headers say is believed.
pub fn mediator(app: App, mediator: Mediator) -> Router {
    let (routes, _) = OpenApiRouter::new()
        .routes(routes!(tracker::find_usage))
        .routes(routes!(tracker::usage_period))
        .routes(routes!(tracker::heartbeat))
        .routes(routes!(tracker::my_personal_data_usage))
        .split_for_parts();
    routes
        .fallback(service::not_found)
        .method_not_allowed_fallback(service::method_not_allowed)
        .layer(axum::Extension(std::sync::Arc::new(mediator)))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .layer(TimeoutLayer::with_status_code(
            StatusCode::SERVICE_UNAVAILABLE,
            REQUEST_TIMEOUT,
        ))
        .with_state(app)
}

fn cors(app: &App, dev: bool) -> CorsLayer {
    let hosts = app.session_domains.clone();
    let origins = AllowOrigin::predicate(move |origin, _| {
        let host = origin
            .to_str()
            .ok()
            .and_then(|origin| origin.split_once("://"))
            .map(|(_, host)| host);
        dev || host.is_some_and(|host| hosts.iter().any(|known| known == host))
    });
    let own = [
        "x-case-time",
        "x-case-signature",
        "x-purpose",
        "x-road-userid",
        "information-mediator-client",
        "dpop",
        "x-account-time",
        "x-account-signer",
        "x-account-signature",
    ]
    .map(HeaderName::from_static);
    CorsLayer::new()
        .allow_origin(origins)
        .allow_methods([Method::GET, Method::POST])
        .allow_headers(
            [header::CONTENT_TYPE, header::AUTHORIZATION]
                .into_iter()
                .chain(own)
                .collect::<Vec<_>>(),
        )
}
