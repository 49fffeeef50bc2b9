//! Server-sent events.

use std::time::Duration;

use crate::common::{
    api::Api,
    story::{self, WAITING, YOUNG_OLD},
};
use axum::http::{StatusCode, header};
use futures::StreamExt;
use zhengtong_bindings::addresses;
use zhengtong_index::live::Live;

/// Reads messages until there are `count` of them.
async fn read(response: axum::response::Response, count: usize) -> Vec<String> {
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()[header::CONTENT_TYPE], "text/event-stream");
    let mut body = response.into_body().into_data_stream();
    let mut text = String::new();
    while text.matches("\n\n").count() < count {
        let part = tokio::time::timeout(Duration::from_secs(10), body.next())
            .await
            .expect("in time");
        text.push_str(std::str::from_utf8(&part.expect("goes on").expect("bytes")).expect("text"));
    }
    text.split_terminator("\n\n").map(str::to_owned).collect()
}

fn ids(messages: &[String]) -> Vec<&str> {
    messages
        .iter()
        .filter_map(|message| message.lines().find_map(|line| line.strip_prefix("id: ")))
        .collect()
}

#[tokio::test]
async fn a_stream_begins_with_ready_and_goes_on_with_new_events() {
    let mut api = Api::new().await;
    let path = format!("/api/v1/cases/{:#x}/live", story::case(WAITING));
    let response = api.open(&path, &[]).await;
    let at = addresses();
    // Another case moves too; its events are not sent here.
    let other = story::decided(&at, story::UNKNOWN_HOUSEHOLD, 5, story::OFFICER, 2, 0);
    api.chain
        .push([vec![other], story::attest(&at, WAITING, 1, 66)].concat());
    let messages = read(response, 3).await;
    assert!(
        messages[0].contains("event: ready") && messages[0].contains("{\"height\":6}"),
        "{messages:?}"
    );
    assert!(messages[1].contains("event: Used"), "{messages:?}");
    assert!(messages[2].contains("event: FactsAttested"), "{messages:?}");
    assert_eq!(ids(&messages), ["7-1", "7-2"]);
}

#[tokio::test]
async fn a_client_that_comes_back_gets_what_it_missed_once() {
    let mut api = Api::new().await;
    let path = format!("/api/v1/cases/{:#x}/live", story::case(YOUNG_OLD));
    let response = api.open(&path, &[("last-event-id", "3-0")]).await;
    api.chain
        .push(vec![story::review(&addresses(), YOUNG_OLD, 4, 3, 1)]);
    let messages = read(response, 5).await;
    assert_eq!(ids(&messages), ["3-1", "3-2", "4-1", "7-0"]);
}

#[tokio::test]
async fn all_events_can_be_followed_from_the_beginning() {
    let api = Api::new().await;
    let messages = read(api.open("/api/v1/live?after=0-0", &[]).await, 11).await;
    assert_eq!(ids(&messages)[..2], ["1-0", "1-1"]);
    assert!(messages[1].contains("event: OrganisationSet"));
}

#[test]
fn places_are_bounded_and_come_back() {
    let live = Live::with_places(1);
    let first = live.subscribe().expect("a place");
    assert!(live.subscribe().is_none());
    drop(first);
    assert!(live.subscribe().is_some());
}
