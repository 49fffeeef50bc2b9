//! How a node is, for its operator's tools: metrics, whether it lives and keeps up, and its backup.
//!
//! Its port is the operator's own: what is served there names no person, but says much about the machine.

use anyhow::{Context as _, Result};
use axum::{
    Json, Router,
    body::Body,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use serde::Serialize;
use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use tokio::{net::TcpListener, sync::Semaphore, task::JoinHandle};
use zhengtong_chain::{ChainView as _, backup::Export};
use zhengtong_node::{Node, View};

/// A latest block that is older says that the network has stopped, or that this node is behind. Many heartbeats long.
const MAX_BLOCK_AGE: Duration = Duration::from_secs(30);

/// A backup reads the disk as fast as it can.
const BACKUPS_AT_A_TIME: usize = 1;

/// The media type of the OpenMetrics text format, version 1.0.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// A server that ends with this value.
pub struct Monitor {
    address: SocketAddr,
    server: JoinHandle<()>,
}

impl Monitor {
    /// Serves `/metrics`, `/healthz`, `/readyz` and `/backup` of a node.
    pub async fn start(node: &Node, address: SocketAddr) -> Result<Self> {
        let listener = TcpListener::bind(address)
            .await
            .with_context(|| format!("cannot listen on {address}; choose another address for `monitor`"))?;
        let address = listener.local_addr()?;
        let app = router(node.view().clone(), node.metrics());
        let server = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, app).await {
                tracing::error!(%error, "monitoring ended; the node goes on without it");
            }
        });
        Ok(Self { address, server })
    }

    pub const fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Monitor {
    fn drop(&mut self) {
        self.server.abort();
    }
}

fn router(view: View, metrics: impl Fn() -> String + Clone + Send + Sync + 'static) -> Router {
    let metrics = move || async move { ([(header::CONTENT_TYPE, OPEN_METRICS)], metrics()) };
    Router::new()
        .route("/metrics", get(metrics))
        // Whoever answers lives: a node whose engine ends ends with it.
        .route("/healthz", get(|| async { Json(Health { status: "ok" }) }))
        .route("/readyz", get(ready))
        .route("/backup", get(back_up))
        .with_state(Monitored {
            first: view.tip().header.number,
            view,
            backups: Arc::new(Semaphore::new(BACKUPS_AT_A_TIME)),
        })
}

#[derive(Clone)]
struct Monitored {
    view: View,
    /// The latest block when the node began to serve.
    first: u64,
    backups: Arc<Semaphore>,
}

/// Sends the node's backup. What is cut off by a failure lacks its end, and is refused by whoever reads it.
async fn back_up(State(monitored): State<Monitored>) -> Response {
    let Ok(permit) = monitored.backups.try_acquire_owned() else {
        let advice = "a backup is being taken already; try again when it is done";
        return (StatusCode::TOO_MANY_REQUESTS, advice).into_response();
    };
    let export = match Export::begin(&monitored.view).await {
        Ok(export) => export,
        Err(error) => return (StatusCode::CONFLICT, error.to_string()).into_response(),
    };
    let chunks = futures::stream::unfold(Some((export, permit)), |state| async move {
        let (mut export, permit) = state?;
        match export.chunk().await {
            Ok(Some(bytes)) => Some((Ok(bytes.0), Some((export, permit)))),
            Ok(None) => None,
            Err(error) => {
                tracing::error!(%error, "a backup ended before its end");
                Some((Err(error), None))
            }
        }
    });
    let kind = [(header::CONTENT_TYPE, "application/octet-stream")];
    (kind, Body::from_stream(chunks)).into_response()
}

#[derive(Serialize)]
struct Health {
    status: &'static str,
}

/// Whether a node keeps up with its network.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Readiness {
    ready: bool,
    /// Number of the latest block.
    block: u64,
    /// How old that block is, by this machine's clock.
    age_ms: u64,
    /// What to do, when it is not ready.
    #[serde(skip_serializing_if = "Option::is_none")]
    advice: Option<&'static str>,
}

impl Readiness {
    /// A young block from before the start does not say that the node is connected again.
    fn of(first: u64, block: u64, made_ms: u64, now_ms: u64) -> Self {
        let age_ms = now_ms.saturating_sub(made_ms);
        let advice = if age_ms > MAX_BLOCK_AGE.as_millis() as u64 {
            Some(
                "no new block for a while: this node may be catching up, or cut off, or more than a third of the validators are",
            )
        } else if block <= first {
            Some(
                "no block became final since this node started: wait; idle networks make one every two seconds",
            )
        } else {
            None
        };
        Self {
            ready: advice.is_none(),
            block,
            age_ms,
            advice,
        }
    }
}

async fn ready(State(Monitored { view, first, .. }): State<Monitored>) -> impl IntoResponse {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let tip = view.tip();
    let found = Readiness::of(first, tip.header.number, tip.timestamp_ms, now.as_millis() as u64);
    let status = if found.ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (status, Json(found))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_is_ready_while_its_latest_block_is_young_and_of_after_its_start() {
        let young = Readiness::of(6, 7, 1_000, 31_000);
        assert!(young.ready && young.advice.is_none());
        let old = Readiness::of(6, 7, 1_000, 31_001);
        assert!(!old.ready && old.advice.is_some());
        let earlier = Readiness::of(7, 7, 1_000, 2_000);
        assert!(!earlier.ready && earlier.advice.is_some());
        assert_eq!(
            Readiness::of(6, 7, 2_000, 1_000).age_ms,
            0,
            "a clock behind the chain's is not an age"
        );
    }
}
