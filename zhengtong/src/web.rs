//! The portal's port: the single-page app, the open API, the agencies' gateways and a way to the node.

use anyhow::{Result, ensure};
use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, State},
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::post,
};
use std::{path::Path, sync::Arc};
use tower_http::{
    compression::CompressionLayer,
    services::{ServeDir, ServeFile},
    set_header::SetResponseHeaderLayer,
};

/// Largest JSON-RPC body that is passed on.
const RPC_BODY_MAX_BYTES: usize = 2 * 1024 * 1024;

/// Only our own scripts, styles and connections; inline styles because Svelte sets some.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
     img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; manifest-src 'self'; worker-src 'self' blob:; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The app under `folder`; unknown paths get its front page, so that links into the app work.
pub fn portal(folder: &Path) -> Result<Router> {
    let front = folder.join("index.html");
    ensure!(
        front.is_file(),
        "there is no portal in {}; build it (make build), or name its folder with --portal",
        folder.display()
    );
    let page = ServeFile::new(front);
    let files = ServeDir::new(folder)
        .append_index_html_on_directories(true)
        .fallback(page);
    let app = Router::new()
        .fallback_service(files)
        .layer(fixed_header(
            header::CONTENT_SECURITY_POLICY,
            CONTENT_SECURITY_POLICY,
        ))
        .layer(fixed_header(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(fixed_header(header::REFERRER_POLICY, "no-referrer"))
        .layer(CompressionLayer::new());
    Ok(app)
}

fn fixed_header(name: HeaderName, value: &'static str) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value))
}

/// `POST /rpc`: passes JSON-RPC on to the first of the nodes that answers (addresses separated by commas), so that the
/// portal needs one origin only.
pub fn rpc_proxy(urls: &str) -> Router {
    let upstream = Upstream {
        urls: urls.split(',').map(|url| url.trim().to_owned()).collect(),
        http: reqwest::Client::new(),
    };
    Router::new()
        .route("/rpc", post(forward))
        .layer(DefaultBodyLimit::max(RPC_BODY_MAX_BYTES))
        .with_state(upstream)
}

#[derive(Clone)]
struct Upstream {
    urls: Arc<[String]>,
    http: reqwest::Client,
}

async fn forward(State(upstream): State<Upstream>, body: Bytes) -> Response {
    for url in upstream.urls.iter() {
        let request = upstream
            .http
            .post(url)
            .header(header::CONTENT_TYPE, "application/json")
            .body(body.clone());
        // What a node may have done already is harmless to ask of the next: a transaction has one hash everywhere.
        let Ok(answer) = request.send().await else {
            continue;
        };
        let status = answer.status();
        if let Ok(body) = answer.bytes().await {
            return (status, [(header::CONTENT_TYPE, "application/json")], body).into_response();
        }
    }
    unreachable_node()
}

fn unreachable_node() -> Response {
    (
        StatusCode::BAD_GATEWAY,
        "the node does not answer; try again in a moment",
    )
        .into_response()
}
