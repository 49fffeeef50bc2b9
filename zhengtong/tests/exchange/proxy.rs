//! Between a gateway and its node: lets everything pass, or withholds finality, or forges it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::Value;

/// What the proxy does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Mode {
    Pass,
    /// Transactions go through; nothing is ever final.
    NeverFinal,
    /// The proofs of what is final are changed.
    Forged,
}

#[derive(Clone)]
pub struct Proxy {
    node: String,
    mode: Arc<AtomicU8>,
    http: reqwest::Client,
    pub url: String,
}

impl Proxy {
    pub async fn start(node: SocketAddr) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy = Self {
            node: format!("http://{node}"),
            mode: Arc::new(AtomicU8::new(Mode::Pass as u8)),
            http: reqwest::Client::new(),
            url: format!("http://{}", listener.local_addr().unwrap()),
        };
        let app = Router::new().fallback(forward).with_state(proxy.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        proxy
    }

    pub fn set(&self, mode: Mode) {
        self.mode.store(mode as u8, Ordering::SeqCst);
    }

    fn is(&self, mode: Mode) -> bool {
        self.mode.load(Ordering::SeqCst) == mode as u8
    }
}

async fn forward(State(proxy): State<Proxy>, body: Bytes) -> Response {
    let request: Value = serde_json::from_slice(&body).unwrap_or_default();
    let method = request["method"].as_str().unwrap_or_default().to_owned();
    if proxy.is(Mode::NeverFinal) && method == "eth_getTransactionReceipt" {
        return answer(&request, Value::Null);
    }
    if proxy.is(Mode::NeverFinal) && method == "eth_blockNumber" {
        return answer(&request, "0x0".into());
    }
    let sent = proxy
        .http
        .post(&proxy.node)
        .header(header::CONTENT_TYPE, "application/json")
        .body(body);
    let Ok(response) = sent.send().await else {
        return StatusCode::BAD_GATEWAY.into_response();
    };
    let mut text = response.text().await.unwrap_or_default();
    // Also what was asked for before, and waited for at the node.
    if proxy.is(Mode::NeverFinal) && method == "zhengtong_getFinalizedBlock" {
        return no_such_block(&request);
    }
    if proxy.is(Mode::Forged) && (method.contains("Proof") || method.contains("Finalized")) {
        text = forged(&text);
    }
    ([(header::CONTENT_TYPE, "application/json")], text).into_response()
}

fn answer(request: &Value, result: Value) -> Response {
    let answer = serde_json::json!({ "jsonrpc": "2.0", "id": request["id"], "result": result });
    ([(header::CONTENT_TYPE, "application/json")], answer.to_string()).into_response()
}

fn no_such_block(request: &Value) -> Response {
    let error = serde_json::json!({ "code": -32000, "message": "no such block" });
    let answer = serde_json::json!({ "jsonrpc": "2.0", "id": request["id"], "error": error });
    ([(header::CONTENT_TYPE, "application/json")], answer.to_string()).into_response()
}

/// The same, with one digit of the certificate changed.
fn forged(text: &str) -> String {
    let mut answer: Value = serde_json::from_str(text).unwrap_or_default();
    if let Some(certificate) = answer
        .pointer("/result/finality/certificate")
        .and_then(Value::as_str)
    {
        let last = if certificate.ends_with('0') { "1" } else { "0" };
        let changed = format!("{}{last}", &certificate[..certificate.len() - 1]);
        answer["result"]["finality"]["certificate"] = changed.into();
    }
    answer.to_string()
}
