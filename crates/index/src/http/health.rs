//! The state of the process.

use std::time::{SystemTime, UNIX_EPOCH};

use axum::{
    Json,
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

use super::App;
use crate::{
    source::Tip,
    view::chain::{ChainHealth, Health, HealthStatus, IndexHealth},
};

/// A chain whose newest block is older does not move: even an idle one makes a block now and then.
const MAX_AGE_MS: u64 = 120_000;
/// An index further behind is catching up, and what it shows is old.
const MAX_LAG_BLOCKS: u64 = 256;

/// Says whether the chain moves and the index follows.
#[utoipa::path(get, path = "/healthz", operation_id = "getHealth", tag = "operation",
    responses((status = 200, body = Health), (status = 503, body = Health)))]
pub async fn get(State(app): State<App>) -> Response {
    let progress = app.progress.borrow().clone();
    let (tip, unreachable) = match app.source.tip().await {
        Ok(tip) => (Some(tip), None),
        Err(error) => (None, Some(error.to_string())),
    };
    let health = judge(tip, now_ms(), progress.height, progress.stopped, unreachable);
    let status = match health.status {
        HealthStatus::Ok => StatusCode::OK,
        _ => StatusCode::SERVICE_UNAVAILABLE,
    };
    (
        status,
        [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))],
        Json(health),
    )
        .into_response()
}

fn judge(
    tip: Option<Tip>,
    now_ms: u64,
    height: u64,
    stopped: Option<String>,
    unreachable: Option<String>,
) -> Health {
    // The genesis has no time of its own to be measured against.
    let age_ms = tip
        .filter(|tip| tip.number > 0)
        .map(|tip| now_ms.saturating_sub(tip.timestamp_ms));
    let lag_blocks = tip.map(|tip| tip.number.saturating_sub(height));
    let (status, detail) = if stopped.is_some() {
        (HealthStatus::IndexStopped, stopped)
    } else if unreachable.is_some() {
        (HealthStatus::ChainStalled, unreachable)
    } else if age_ms.is_some_and(|age| age > MAX_AGE_MS) {
        (
            HealthStatus::ChainStalled,
            Some(format!("the newest block is older than {MAX_AGE_MS} ms")),
        )
    } else if lag_blocks.is_some_and(|lag| lag > MAX_LAG_BLOCKS) {
        (
            HealthStatus::IndexBehind,
            Some(format!("the index is more than {MAX_LAG_BLOCKS} blocks behind")),
        )
    } else {
        (HealthStatus::Ok, None)
    };
    Health {
        status,
        chain: ChainHealth {
            height: tip.map(|tip| tip.number),
            age_ms,
        },
        index: IndexHealth { height, lag_blocks },
        detail,
    }
}

fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIP: Tip = Tip {
        number: 300,
        timestamp_ms: 1_000_000,
    };

    #[test]
    fn moving_chain_and_near_index_are_well() {
        let health = judge(Some(TIP), 1_000_500, 299, None, None);
        assert_eq!(health.status, HealthStatus::Ok);
        assert_eq!(
            (health.chain.age_ms, health.index.lag_blocks),
            (Some(500), Some(1))
        );
    }

    #[test]
    fn each_fault_has_its_name() {
        let status =
            |tip, now, height, stopped, unreachable| judge(tip, now, height, stopped, unreachable).status;
        assert_eq!(
            status(Some(TIP), 1_000_500, 10, None, None),
            HealthStatus::IndexBehind
        );
        assert_eq!(
            status(Some(TIP), 9_000_000, 300, None, None),
            HealthStatus::ChainStalled
        );
        assert_eq!(
            status(None, 0, 300, None, Some("refused".into())),
            HealthStatus::ChainStalled
        );
        assert_eq!(
            status(Some(TIP), 1_000_500, 10, Some("fork".into()), None),
            HealthStatus::IndexStopped
        );
    }
}
