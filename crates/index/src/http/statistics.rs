//! Open statistics.

use std::{sync::Arc, time::Duration};

use axum::{Json, extract::State};
use tokio::{sync::Mutex, time::Instant};

use super::{App, Problem};
use crate::view::statistics::{SMALLEST_COUNT, Statistics};

/// Counting reads every case; once in a while is enough for everyone.
const KEEP: Duration = Duration::from_secs(2);

/// The last count and when it was made.
#[derive(Clone, Default)]
pub struct Cache(Arc<Mutex<Option<(Instant, Statistics)>>>);

/// Counts cases and times by service, and uses of data by provider.
///
/// Small counts are held back: see `smallest_count`.
#[utoipa::path(get, path = "/api/v1/statistics", operation_id = "getStatistics", tag = "services", responses((status = 200, body = Statistics)))]
pub async fn get(State(app): State<App>) -> Result<Json<Statistics>, Problem> {
    let mut cache = app.statistics.0.lock().await;
    if let Some((at, statistics)) = cache.as_ref()
        && at.elapsed() < KEEP
    {
        return Ok(Json(statistics.clone()));
    }
    let height = app.store.cursor().await?.number;
    let (total, services) = app.store.statistics().await?;
    let providers = app.store.provider_statistics().await?;
    let statistics = Statistics {
        height,
        smallest_count: SMALLEST_COUNT,
        total,
        services,
        providers,
    };
    *cache = Some((Instant::now(), statistics.clone()));
    Ok(Json(statistics))
}
