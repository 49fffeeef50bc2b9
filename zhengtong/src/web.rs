//! The portal's port: the single-page app, the open API, the agencies' gateways and a way to the node.

use anyhow::{Result, ensure};
use axum::{
    Json, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Request, State, rejection::BytesRejection},
    http::{HeaderName, HeaderValue, StatusCode, header},
    middleware::{Next, from_fn, map_request},
    response::{IntoResponse, Response},
    routing::post,
};
use serde_json::json;
use std::{collections::BTreeSet, path::Path, sync::Arc, time::Duration};
use tower_http::{
    compression::CompressionLayer,
    services::{ServeDir, ServeFile},
    set_header::SetResponseHeaderLayer,
};
use url::Url;
use zhengtong_index::Gateways;

/// Largest JSON-RPC body that is passed on.
const RPC_BODY_MAX_BYTES: usize = 2 * 1024 * 1024;

/// What a node says of a body that is too large.
const OVERSIZED_REQUEST_CODE: i32 = -32007;

/// How long the node may take to answer a call that is passed on.
const RPC_TIMEOUT: Duration = Duration::from_secs(30);

/// Only our own scripts, styles and connections; inline styles because Svelte sets some.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
     img-src 'self' data: blob:; font-src 'self'; manifest-src 'self'; worker-src 'self' blob:; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'; connect-src 'self'";

/// The most gateways on other hosts that a page may reach: their names are in a header, and the council lists a few hundred.
const MAX_ORIGINS: usize = 512;

/// Files whose names change with their content.
const FOREVER: &str = "public, max-age=31536000, immutable";
/// What is a file of the app, and never a page of it, by the end of its name.
const FILES: [&str; 11] = [
    "js",
    "mjs",
    "css",
    "map",
    "json",
    "wasm",
    "svg",
    "png",
    "ico",
    "woff2",
    "webmanifest",
];
/// Asked for again each time, and not sent again if it is the same.
const ASK_AGAIN: &str = "no-cache";

/// The app under `folder`; unknown paths get its front page, so that links into the app work. An unknown file under `assets/`,
/// or one that has the name of a script or a style, is not found: it is of another version of the app.
///
/// `set_by` is what names the folder: an option, or a key of a configuration.
pub fn portal(folder: &Path, set_by: &str) -> Result<Router> {
    let front = folder.join("index.html");
    ensure!(
        front.is_file(),
        "there is no portal in {}; build it (make build), or name its folder with {set_by}",
        folder.display()
    );
    let page = Router::new()
        .fallback_service(ServeFile::new(front))
        .layer(map_request(no_page));
    let files = ServeDir::new(folder)
        .append_index_html_on_directories(true)
        .fallback(page);
    let assets = Router::new()
        .fallback_service(ServeDir::new(folder.join("assets")))
        .layer(SetResponseHeaderLayer::if_not_present(
            header::CACHE_CONTROL,
            |answer: &Response| {
                let is_there = answer.status().is_success() || answer.status() == StatusCode::NOT_MODIFIED;
                is_there.then_some(HeaderValue::from_static(FOREVER))
            },
        ));
    let app = Router::new()
        .nest("/assets", assets)
        .fallback_service(files)
        .layer(fixed_header(header::CACHE_CONTROL, ASK_AGAIN))
        .layer(fixed_header(
            header::CONTENT_SECURITY_POLICY,
            CONTENT_SECURITY_POLICY,
        ))
        .layer(fixed_header(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(fixed_header(header::REFERRER_POLICY, "no-referrer"))
        .layer(CompressionLayer::new());
    Ok(app)
}

/// Lets the pages of a portal reach the gateways of the `Registry` that are on other hosts, and no other address.
pub fn reaching(portal: Router, gateways: Gateways) -> Router {
    reaching_those(portal, move || {
        let gateways = gateways.clone();
        async move { Ok(gateways.addresses().await?) }
    })
}

fn reaching_those<F, A>(portal: Router, gateways: F) -> Router
where
    F: Fn() -> A + Clone + Send + Sync + 'static,
    A: Future<Output = Result<Vec<String>>> + Send + 'static,
{
    portal.layer(from_fn(move |request, next| reach(gateways(), request, next)))
}

async fn reach(
    gateways: impl Future<Output = Result<Vec<String>>>,
    mut request: Request,
    next: Next,
) -> Response {
    if !is_file(&request) {
        // A page is sent whole each time: with a "not modified" the browser would keep the policy of the page that it has.
        request.headers_mut().remove(header::IF_MODIFIED_SINCE);
        request.headers_mut().remove(header::IF_NONE_MATCH);
    }
    let mut answer = next.run(request).await;
    let is_page = answer
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    if is_page {
        match gateways.await {
            Ok(addresses) => {
                let policy = policy(&addresses);
                answer
                    .headers_mut()
                    .insert(header::CONTENT_SECURITY_POLICY, policy);
            }
            // The page then says which agency it cannot reach.
            Err(error) => {
                let error = format!("{error:#}");
                tracing::error!(
                    error,
                    "the gateways that the portal's pages may reach cannot be read"
                );
            }
        }
    }
    answer
}

/// The policy of a page that may reach these gateways. Nothing of an address but its origin gets into it.
fn policy(gateways: &[String]) -> HeaderValue {
    let origins: BTreeSet<String> = gateways
        .iter()
        .filter_map(|address| Url::parse(address).ok())
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.host_str().is_some_and(is_plain))
        .map(|url| url.origin().ascii_serialization())
        .collect();
    if origins.len() > MAX_ORIGINS {
        tracing::error!(
            gateways = origins.len(),
            "the portal's pages may reach the first {MAX_ORIGINS} gateways only"
        );
    }
    let mut policy = CONTENT_SECURITY_POLICY.to_owned();
    for origin in origins.iter().take(MAX_ORIGINS) {
        policy.push(' ');
        policy.push_str(origin);
    }
    HeaderValue::try_from(policy).unwrap_or(HeaderValue::from_static(CONTENT_SECURITY_POLICY))
}

/// A host that means in a policy what it means in an address: the standard of addresses lets `*` and `;` pass.
fn is_plain(host: &str) -> bool {
    host.bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'))
}

/// A page in place of a program is an error that nobody understands.
async fn no_page(request: Request) -> Result<Request, StatusCode> {
    if is_file(&request) {
        Err(StatusCode::NOT_FOUND)
    } else {
        Ok(request)
    }
}

fn is_file(request: &Request) -> bool {
    let last = request.uri().path().rsplit('/').next().unwrap_or_default();
    last.rsplit_once('.')
        .is_some_and(|(_, kind)| FILES.contains(&kind))
}

fn fixed_header(name: HeaderName, value: &'static str) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value))
}

/// `POST /rpc`: passes JSON-RPC on to the first of the nodes that answers (addresses separated by commas), so that the
/// portal needs one origin only.
pub fn rpc_proxy(urls: &str) -> Router {
    rpc_proxy_within(urls, RPC_TIMEOUT)
}

fn rpc_proxy_within(urls: &str, timeout: Duration) -> Router {
    let upstream = Upstream {
        urls: urls.split(',').map(|url| url.trim().to_owned()).collect(),
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
    urls: Arc<[String]>,
    /// For each node.
    timeout: Duration,
    http: reqwest::Client,
}

async fn forward(
    State(upstream): State<Upstream>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Response> {
    let body = body.map_err(|refused| match refused.status() {
        StatusCode::PAYLOAD_TOO_LARGE => too_large(),
        _ => refused.into_response(),
    })?;
    let mut is_late = false;
    for url in upstream.urls.iter() {
        let request = upstream
            .http
            .post(url)
            .header(header::CONTENT_TYPE, "application/json")
            .body(body.clone())
            .timeout(upstream.timeout);
        // What a node may have done already is harmless to ask of the next: a transaction has one hash everywhere.
        match answer(request).await {
            Ok(answer) => return Ok(answer),
            Err(error) => is_late = error.is_timeout(),
        }
    }
    let status = if is_late {
        StatusCode::GATEWAY_TIMEOUT
    } else {
        StatusCode::BAD_GATEWAY
    };
    Err((status, "no node answers; try again in a moment").into_response())
}

/// As a node answers it, which never sees this body.
fn too_large() -> Response {
    let error = json!({
        "jsonrpc": "2.0",
        "id": null,
        "error": {
            "code": OVERSIZED_REQUEST_CODE,
            "message": "Request is too big",
            "data": format!("Exceeded max limit of {RPC_BODY_MAX_BYTES}"),
        },
    });
    (StatusCode::PAYLOAD_TOO_LARGE, Json(error)).into_response()
}

async fn answer(request: reqwest::RequestBuilder) -> Result<Response, reqwest::Error> {
    let answer = request.send().await?;
    let status = answer.status();
    let body = answer.bytes().await?;
    Ok((status, [(header::CONTENT_TYPE, "application/json")], body).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::Context as _;
    use tokio::net::TcpListener;

    #[tokio::test]
    async fn only_what_never_changes_is_kept_without_asking() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("assets")).unwrap();
        for file in ["index.html", "sw.js", "assets/index-9Iu0Wwc1.js"] {
            std::fs::write(folder.path().join(file), "x").unwrap();
        }
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let app = portal(folder.path(), "--portal").unwrap();
        tokio::spawn(async move { axum::serve(listener, app).await });
        for (path, status, kept) in [
            ("assets/index-9Iu0Wwc1.js", StatusCode::OK, FOREVER),
            ("assets/index-older.js", StatusCode::NOT_FOUND, ASK_AGAIN),
            ("", StatusCode::OK, ASK_AGAIN),
            ("sw.js", StatusCode::OK, ASK_AGAIN),
            ("me/data", StatusCode::OK, ASK_AGAIN),
            ("sw-older.js", StatusCode::NOT_FOUND, ASK_AGAIN),
            ("me/app.css", StatusCode::NOT_FOUND, ASK_AGAIN),
        ] {
            let answer = reqwest::get(format!("http://{address}/{path}")).await.unwrap();
            assert_eq!(answer.status(), status, "{path}");
            assert_eq!(answer.headers()[header::CACHE_CONTROL], kept, "{path}");
            assert_eq!(
                answer.headers()[header::X_CONTENT_TYPE_OPTIONS],
                "nosniff",
                "{path}"
            );
        }
    }

    #[test]
    fn a_page_may_reach_the_gateways_of_the_registry_and_nothing_else() {
        let of = |gateways: &[&str]| {
            let gateways: Vec<String> = gateways.iter().map(|one| (*one).to_owned()).collect();
            let policy = policy(&gateways);
            let policy = policy.to_str().unwrap();
            let (_, connect) = policy.rsplit_once("connect-src ").unwrap();
            connect.to_owned()
        };
        assert_eq!(of(&["/gateway/health", "/gateway/civil-affairs"]), "'self'");
        assert_eq!(
            of(&[
                "https://health.example/gateway",
                "/gateway/civil-affairs",
                "https://health.example:443/other",
                "http://10.0.0.7:8443",
                "https://公安.example/",
            ]),
            "'self' http://10.0.0.7:8443 https://health.example https://xn--55q79v.example"
        );
        // Whatever stands in the Registry, it widens nothing but connections.
        assert_eq!(
            of(&[
                "https://a.example/; script-src *",
                "https://b.example;script-src",
                "https://*.example",
                "https://*",
                "*",
                "javascript:alert(1)",
                "data:text/html,x",
                "ws://b.example",
                "",
            ]),
            "'self' https://a.example"
        );
        let many: Vec<String> = (0..2 * MAX_ORIGINS)
            .map(|n| format!("https://g{n}.example"))
            .collect();
        let policy = policy(&many);
        assert_eq!(policy.to_str().unwrap().matches("https://").count(), MAX_ORIGINS);
    }

    #[tokio::test]
    async fn a_page_is_sent_with_the_gateways_of_the_moment_and_a_script_with_none() {
        let folder = tempfile::tempdir().unwrap();
        for file in ["index.html", "sw.js"] {
            std::fs::write(folder.path().join(file), "x").unwrap();
        }
        let listed = Arc::new(std::sync::Mutex::new(Some(vec!["/gateway/health".to_owned()])));
        let told = listed.clone();
        let app = reaching_those(portal(folder.path(), "--portal").unwrap(), move || {
            let told = told.lock().unwrap().clone();
            async move { told.context("no database") }
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, app).await });
        let client = reqwest::Client::new();
        let policy = async |path: &str| {
            // As a browser asks that has the page already.
            let asked = client
                .get(format!("http://{address}{path}"))
                .header(header::IF_MODIFIED_SINCE, "Fri, 01 Jan 2100 00:00:00 GMT");
            let answer = asked.send().await.unwrap();
            let policy = answer.headers().get(header::CONTENT_SECURITY_POLICY);
            (
                answer.status(),
                policy.map(|policy| policy.to_str().unwrap().to_owned()),
            )
        };
        let ends = |(status, policy): (StatusCode, Option<String>), end: &str| {
            assert_eq!(status, StatusCode::OK);
            let policy = policy.unwrap();
            assert!(policy.ends_with(end), "{policy}");
        };
        for path in ["/", "/me/delegations"] {
            ends(policy(path).await, "connect-src 'self'");
        }
        *listed.lock().unwrap() = Some(vec!["https://health.example/gateway".to_owned()]);
        for path in ["/", "/me/delegations"] {
            ends(policy(path).await, "connect-src 'self' https://health.example");
        }
        assert_eq!(policy("/sw.js").await.0, StatusCode::NOT_MODIFIED);
        // Whatever happens to the list, there is a page.
        *listed.lock().unwrap() = None;
        ends(policy("/").await, "connect-src 'self'");
    }

    #[test]
    fn a_portal_that_is_not_there_says_what_names_its_folder() {
        let folder = tempfile::tempdir().unwrap();
        let error = portal(folder.path(), "`portal`").err().unwrap().to_string();
        assert!(error.ends_with("name its folder with `portal`"), "{error}");
    }

    #[tokio::test]
    async fn a_body_that_is_too_large_is_refused_as_a_node_refuses_it() {
        let proxy = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = proxy.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(proxy, rpc_proxy("http://127.0.0.1:1")).await });
        let answer = reqwest::Client::new()
            .post(format!("http://{address}/rpc"))
            .body(vec![b' '; RPC_BODY_MAX_BYTES + 1])
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), StatusCode::PAYLOAD_TOO_LARGE);
        assert_eq!(answer.headers()[header::CONTENT_TYPE], "application/json");
        let answer: serde_json::Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
        assert_eq!((&answer["jsonrpc"], &answer["id"]), (&json!("2.0"), &json!(null)));
        assert_eq!(answer["error"]["code"], -32007);
    }

    #[tokio::test]
    async fn a_node_that_never_answers_keeps_nobody_waiting() {
        // Its connections are taken by the system, and nobody reads them.
        let node = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", node.local_addr().unwrap());
        let proxy = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = proxy.local_addr().unwrap();
        let app = rpc_proxy_within(&url, Duration::from_millis(200));
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
