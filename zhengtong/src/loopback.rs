//! Who is answered on loopback: only whoever asks for a loopback name. A web page elsewhere can make its own name
//! resolve to this machine (DNS rebinding), but its requests still carry that name.

use axum::{
    Json,
    extract::Request,
    http::{HeaderMap, HeaderValue, StatusCode, header, uri::Authority},
    middleware::Next,
    response::{IntoResponse, Response},
};
use serde_json::json;
use std::net::IpAddr;

/// Answers requests for a loopback host; all others get 421 and a problem (RFC 9457).
pub async fn only(request: Request, next: Next) -> Response {
    // HTTP/2 names the host in the request line.
    let named = request.uri().authority().cloned();
    let authority = named.or_else(|| host_header(request.headers()));
    if authority.is_some_and(|authority| is_loopback(&authority)) {
        return next.run(request).await;
    }
    let problem = json!({
        "type": "urn:zhengtong:problem:wrong-host",
        "title": "This host is not served here",
        "status": StatusCode::MISDIRECTED_REQUEST.as_u16(),
        "detail": "`host` must be localhost or a loopback address, because this server listens on loopback; \
                   open it under the address that it printed at its start",
        "field": "host",
    });
    let kind = HeaderValue::from_static("application/problem+json");
    let headers = [(header::CONTENT_TYPE, kind)];
    (StatusCode::MISDIRECTED_REQUEST, headers, Json(problem)).into_response()
}

/// The one `Host` header; `None` if there is none, more than one, or a malformed one.
fn host_header(headers: &HeaderMap) -> Option<Authority> {
    let mut hosts = headers.get_all(header::HOST).iter();
    let host = hosts.next().filter(|_| hosts.next().is_none())?;
    host.to_str().ok()?.parse().ok()
}

fn is_loopback(authority: &Authority) -> bool {
    // `user@host` is no Host header.
    if authority.as_str().contains('@') {
        return false;
    }
    let host = authority.host();
    let address = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    host.eq_ignore_ascii_case("localhost")
        || address
            .unwrap_or(host)
            .parse()
            .is_ok_and(|address: IpAddr| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::{Router, middleware, routing::get};

    #[tokio::test]
    async fn only_loopback_names_are_answered() {
        let app = Router::new()
            .route("/api/v1/demo", get(|| async { "keys" }))
            .layer(middleware::from_fn(only));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, app).await });
        let client = reqwest::Client::new();
        for (host, answered) in [
            ("localhost", true),
            ("LocalHost:8080", true),
            ("127.0.0.1", true),
            ("127.0.0.1:8080", true),
            ("127.9.9.9", true),
            ("[::1]:8080", true),
            ("evil.example", false),
            ("evil.example:8080", false),
            ("localhost.evil.example", false),
            ("127.0.0.1.evil.example", false),
            ("localhost@evil.example", false),
            ("evil.example@localhost", false),
            ("192.168.1.7:8080", false),
            ("0.0.0.0:8080", false),
            ("[::]", false),
            ("", false),
        ] {
            let request = client.get(format!("http://{address}/api/v1/demo"));
            let answer = request.header(header::HOST, host).send().await.unwrap();
            let status = answer.status();
            let kind = answer.headers()[header::CONTENT_TYPE].clone();
            let text = answer.text().await.unwrap();
            if answered {
                assert_eq!((status, text.as_str()), (StatusCode::OK, "keys"), "{host}");
            } else {
                assert_eq!(status, StatusCode::MISDIRECTED_REQUEST, "{host}");
                assert_eq!(kind, "application/problem+json");
                let problem: serde_json::Value = serde_json::from_str(&text).unwrap();
                assert_eq!(
                    (&problem["status"], &problem["field"]),
                    (&json!(421), &json!("host"))
                );
            }
        }
    }
}
