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
use std::{path::Path, time::Duration};
use tower_http::{
    compression::CompressionLayer,
    services::{ServeDir, ServeFile},
    set_header::SetResponseHeaderLayer,
};

/// Largest JSON-RPC body that is passed on.
const RPC_BODY_MAX_BYTES: usize = 2 * 1024 * 1024;

/// How long the node may take to answer a call that is passed on.
const RPC_TIMEOUT: Duration = Duration::from_secs(30);

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

/// `POST /rpc`: passes JSON-RPC on to the node, so that the portal needs one origin only.
pub fn rpc_proxy(rpc_url: String) -> Router {
    rpc_proxy_within(rpc_url, RPC_TIMEOUT)
}

fn rpc_proxy_within(url: String, timeout: Duration) -> Router {
    let upstream = Upstream {
        url,
        timeout,
        http: reqwest::Client::new(),
    };
    Router::new()
        .route("/rpc", post(forward))
        .layer(DefaultBodyLimit::max(RPC_BODY_MAX_BYTES))
        .with_state(upstream)
}

#[derive(Clone)]
struct Upstream {
    url: String,
    timeout: Duration,
    http: reqwest::Client,
}

async fn forward(State(upstream): State<Upstream>, body: Bytes) -> Response {
    let sent = upstream
        .http
        .post(&upstream.url)
        .header(header::CONTENT_TYPE, "application/json")
        .body(body)
        .timeout(upstream.timeout)
        .send()
        .await;
    match sent {
        Ok(answer) => {
            let status = answer.status();
            match answer.bytes().await {
                Ok(body) => (status, [(header::CONTENT_TYPE, "application/json")], body).into_response(),
                Err(error) => unreachable_node(&error),
            }
        }
        Err(error) => unreachable_node(&error),
    }
}

fn unreachable_node(error: &reqwest::Error) -> Response {
    let status = if error.is_timeout() {
        StatusCode::GATEWAY_TIMEOUT
    } else {
        StatusCode::BAD_GATEWAY
    };
    (status, "the node does not answer; try again in a moment").into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    #[tokio::test]
    async fn a_node_that_never_answers_keeps_nobody_waiting() {
        // Its connections are taken by the system, and nobody reads them.
        let node = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", node.local_addr().unwrap());
        let proxy = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = proxy.local_addr().unwrap();
        let app = rpc_proxy_within(url, Duration::from_millis(200));
        tokio::spawn(async move { axum::serve(proxy, app).await });
        let asked = reqwest::Client::new()
            .post(format!("http://{address}/rpc"))
            .body("{}")
            .send();
        let answer = tokio::time::timeout(Duration::from_secs(60), asked).await;
        let answer = answer.expect("an answer in bounded time").unwrap();
        assert_eq!(answer.status(), StatusCode::GATEWAY_TIMEOUT);
    }
}
