//! Server-sent events.
//!
//! A stream begins with `ready`; then one message an event, whose id is `<block>-<log index>`.
//! A client that comes back with `Last-Event-ID` gets first what it missed, from the database.

use std::{convert::Infallible, sync::Arc, time::Duration};

use alloy_primitives::B256;
use axum::{
    extract::{Path, RawQuery, State},
    http::{HeaderMap, HeaderValue, header},
    response::{
        IntoResponse, Response, Sse,
        sse::{Event, KeepAlive},
    },
};
use futures::{Stream, stream};
use tokio::sync::broadcast::error::RecvError;

use super::{
    App, Problem,
    params::{Params, event_id, hash},
};
use crate::{live::Subscription, store::events::EventId, view::case::EventRecord};

const HEARTBEAT: Duration = Duration::from_secs(15);
/// Missed events sent at once; the rest follow in the next round.
const RESUME_EVENTS: u32 = 256;

/// Follows every event of the chain.
#[utoipa::path(get, path = "/api/v1/live", operation_id = "followEvents", tag = "cases",
    params(
        ("after" = Option<String>, Query, description = "Id of the last event seen; Last-Event-ID has precedence"),
        ("Last-Event-ID" = Option<String>, Header, description = "Id of the last event seen"),
    ),
    responses(
        (status = 200, content_type = "text/event-stream", body = String),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 503, body = Problem, content_type = "application/problem+json"),
    ))]
pub async fn all(
    State(app): State<App>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    open(app, None, &headers, query.as_deref()).await
}

/// Follows the events of one case.
#[utoipa::path(get, path = "/api/v1/cases/{id}/live", operation_id = "followCase", tag = "cases",
    params(
        ("id" = String, Path, description = "Id of the case; it may not be there yet"),
        ("after" = Option<String>, Query, description = "Id of the last event seen; Last-Event-ID has precedence"),
        ("Last-Event-ID" = Option<String>, Header, description = "Id of the last event seen"),
    ),
    responses(
        (status = 200, content_type = "text/event-stream", body = String),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 503, body = Problem, content_type = "application/problem+json"),
    ))]
pub async fn case(
    State(app): State<App>,
    Path(id): Path<String>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let id = hash("id", &id)?;
    open(app, Some(id), &headers, query.as_deref()).await
}

async fn open(
    app: App,
    case: Option<B256>,
    headers: &HeaderMap,
    query: Option<&str>,
) -> Result<Response, Problem> {
    let params = Params::read(query, &["after"])?;
    let after = match headers.get("last-event-id") {
        Some(value) => Some(event_id("Last-Event-ID", value.to_str().unwrap_or_default())?),
        None => params.event_id("after")?,
    };
    let Some(subscription) = app.live.subscribe() else {
        return Err(Problem::try_later("too many open streams"));
    };
    let height = app.store.cursor().await?.number;
    let follower = Follower {
        app,
        case: case.map(|case| (case, format!("{case:#x}"))),
        subscription,
        last: after.unwrap_or(EventId {
            block_number: height,
            log_index: u32::MAX,
        }),
        waiting: Vec::new(),
        resuming: after.is_some(),
        greeting: Some(
            Event::default()
                .event("ready")
                .data(format!("{{\"height\":{height}}}")),
        ),
    };
    let mut response = Sse::new(follower.stream())
        .keep_alive(KeepAlive::new().interval(HEARTBEAT))
        .into_response();
    // Told to proxies that would hold events back.
    response
        .headers_mut()
        .insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

struct Follower {
    app: App,
    case: Option<(B256, String)>,
    subscription: Subscription,
    /// The last event sent.
    last: EventId,
    /// Read from the database and not sent yet, last first.
    waiting: Vec<EventRecord>,
    /// Whether the database may hold events after `last` that the hub no longer has.
    resuming: bool,
    greeting: Option<Event>,
}

impl Follower {
    fn stream(self) -> impl Stream<Item = Result<Event, Infallible>> {
        stream::unfold(self, |mut follower| async move {
            let event = follower.next().await?;
            Some((Ok(event), follower))
        })
    }

    /// The next message; `None` ends the stream, and the client comes back with its last id.
    async fn next(&mut self) -> Option<Event> {
        if let Some(greeting) = self.greeting.take() {
            return Some(greeting);
        }
        loop {
            if let Some(record) = self.waiting.pop() {
                return self.send(&record);
            }
            if self.resuming {
                let case = self.case.as_ref().map(|(id, _)| *id);
                let missed = self
                    .app
                    .store
                    .events_after(self.last, case, RESUME_EVENTS)
                    .await
                    .ok()?;
                self.resuming = missed.len() == RESUME_EVENTS as usize;
                self.waiting = missed;
                self.waiting.reverse();
                continue;
            }
            match self.subscription.events.recv().await {
                Ok(record) if self.wants(&record) => return self.send(&record),
                Ok(_) => {}
                Err(RecvError::Lagged(_)) => self.resuming = true,
                Err(RecvError::Closed) => return None,
            }
        }
    }

    fn wants(&self, record: &Arc<EventRecord>) -> bool {
        let case = self
            .case
            .as_ref()
            .is_none_or(|(_, id)| record.case_id.as_deref() == Some(id));
        case && place(record) > self.last
    }

    fn send(&mut self, record: &EventRecord) -> Option<Event> {
        self.last = place(record);
        Event::default()
            .id(record.id())
            .event(&record.name)
            .json_data(record)
            .ok()
    }
}

fn place(record: &EventRecord) -> EventId {
    EventId {
        block_number: record.block_number,
        log_index: record.log_index,
    }
}
