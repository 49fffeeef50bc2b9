//! The API over the story.

use crate::common::{
    api::{Api, ITEM, catalogue},
    snapshot::assert_snapshot,
    story::{self, TOO_YOUNG, UNKNOWN_HOUSEHOLD, WAITING, YOUNG_OLD},
};
use alloy_primitives::B256;
use axum::http::{StatusCode, header};

fn case_path(applicant: alloy_primitives::Address) -> String {
    format!("/api/v1/cases/{:#x}", story::case(applicant))
}

#[tokio::test]
async fn answers_are_as_reviewed() {
    let api = Api::new().await;
    let answers = [
        (
            "services-search",
            "/api/v1/services?q=老年人%20津贴&per_page=3".to_owned(),
        ),
        ("services-available", "/api/v1/services?available=true".to_owned()),
        ("service", "/api/v1/services/old-age-allowance".to_owned()),
        (
            "cases",
            "/api/v1/cases?service=old-age-allowance&per_page=2&page=1".to_owned(),
        ),
        ("case-approved", case_path(YOUNG_OLD)),
        ("case-appealed", case_path(TOO_YOUNG)),
        ("case-supplement", case_path(UNKNOWN_HOUSEHOLD)),
        ("case-asking", case_path(WAITING)),
        ("statistics", "/api/v1/statistics".to_owned()),
        ("network", "/api/v1/network".to_owned()),
        ("statutes", "/api/v1/statutes".to_owned()),
        (
            "rule-set",
            format!("/api/v1/rule-sets/{:#x}", story::rule_set_id()),
        ),
    ];
    for (name, path) in answers {
        let (status, body) = api.get(&path).await;
        assert_eq!(status, StatusCode::OK, "{path}: {body}");
        assert_snapshot(name, &body);
    }
}

#[tokio::test]
async fn the_whole_catalogue_is_there() {
    let api = Api::new().await;
    let (_, page) = api.get("/api/v1/services").await;
    assert_eq!(
        (
            page["total"].as_u64(),
            page["page"].as_u64(),
            page["per_page"].as_u64()
        ),
        (Some(1135), Some(1), Some(20))
    );
    assert_eq!(page["items"].as_array().map(Vec::len), Some(20));
    let (_, last) = api.get("/api/v1/services?per_page=100&page=12").await;
    assert_eq!(last["items"].as_array().map(Vec::len), Some(35));
    let (_, behind) = api.get("/api/v1/services?per_page=100&page=13").await;
    assert_eq!(behind["items"].as_array().map(Vec::len), Some(0));
    let (_, departments) = api.get("/api/v1/departments").await;
    let departments = departments["items"].as_array().cloned().unwrap_or_default();
    assert_eq!(departments.len(), 34);
    assert_eq!(
        departments
            .iter()
            .filter_map(|one| one["count"].as_u64())
            .sum::<u64>(),
        1135
    );
    assert_eq!(
        departments
            .iter()
            .filter_map(|one| one["running"].as_u64())
            .sum::<u64>(),
        1
    );
}

#[tokio::test]
async fn search_finds_names_titles_departments_and_codes() {
    let api = Api::new().await;
    let first = async |query: &str| {
        let (status, page) = api.get(&format!("/api/v1/services?q={query}")).await;
        assert_eq!(status, StatusCode::OK);
        (
            page["total"].as_u64().unwrap_or_default(),
            page["items"][0]["item_code"].clone(),
        )
    };
    assert_eq!(first("老年综合津贴").await, (1, ITEM.into()));
    assert_eq!(first("OLD-AGE%20allowance").await, (1, ITEM.into()));
    assert_eq!(first(ITEM).await, (1, ITEM.into()));
    assert_eq!(first("没有这样的事项").await.0, 0);
    let (by_department, _) = api.get("/api/v1/services?department=区民政局").await;
    assert_eq!(by_department, StatusCode::OK);
    let (total, _) = first("民政局").await;
    let (_, listed) = api.get("/api/v1/services?department=区民政局").await;
    assert!(total >= listed["total"].as_u64().unwrap_or_default() && total > 0);
}

#[tokio::test]
async fn an_item_is_found_by_code_and_by_slug() {
    let api = Api::new().await;
    let (_, by_code) = api.get(&format!("/api/v1/services/{ITEM}")).await;
    let (_, by_slug) = api.get("/api/v1/services/old-age-allowance").await;
    assert_eq!(by_code, by_slug);
    assert_eq!(by_slug["service"]["state"], "running");
    assert_eq!(by_slug["package"]["item"]["slug"], "old-age-allowance");
    let (_, plain) = api
        .get("/api/v1/services/511Z07001006-511602000000-000-11511301008778183N-1-00")
        .await;
    assert!(plain["service"].is_null() && plain["package"].is_null());
}

#[tokio::test]
async fn a_package_that_is_not_the_published_one_is_shown_as_an_error() {
    let api = Api::with(catalogue(B256::repeat_byte(9))).await;
    let (_, service) = api.get("/api/v1/services/old-age-allowance").await;
    assert_eq!(service["service"]["state"], "package_mismatch");
    assert_eq!(
        service["error"]["published_hash"],
        format!("{:#x}", story::package_hash())
    );
    assert_eq!(
        service["error"]["local_hash"],
        format!("{:#x}", B256::repeat_byte(9))
    );
    assert!(
        service["package"].is_null(),
        "a package that nobody published is not shown"
    );
    let (_, page) = api.get("/api/v1/services?available=true").await;
    assert_eq!(page["total"], 0);
    let (_, page) = api.get("/api/v1/services?q=老年综合津贴").await;
    assert_eq!(
        page["items"][0]["service"]["state"], "package_mismatch",
        "and it is still listed"
    );
}

#[tokio::test]
async fn bad_parameters_are_refused_by_name() {
    let api = Api::new().await;
    let long = "长".repeat(101);
    let cases = [
        ("/api/v1/services?page=0", "page"),
        ("/api/v1/services?page=10001", "page"),
        ("/api/v1/services?page=-1", "page"),
        ("/api/v1/services?page=1&page=2", "page"),
        ("/api/v1/services?per_page=101", "per_page"),
        ("/api/v1/services?per_page=0", "per_page"),
        ("/api/v1/services?per_page=x", "per_page"),
        ("/api/v1/services?available=yes", "available"),
        ("/api/v1/services?q=a%00b", "q"),
        (&format!("/api/v1/services?q={long}"), "q"),
        ("/api/v1/services?limit=5", "limit"),
        ("/api/v1/services/%E6%B0%91", "id"),
        ("/api/v1/cases?service=Old%20Age", "service"),
        ("/api/v1/cases?status=done", "status"),
        ("/api/v1/cases?page=99999999999999999999", "page"),
        ("/api/v1/cases/1", "id"),
        ("/api/v1/cases/0x12", "id"),
        ("/api/v1/cases/0x12/bundle", "id"),
        ("/api/v1/cases/0x12/live", "id"),
        ("/api/v1/rule-sets/zz", "id"),
        ("/api/v1/live?after=5", "after"),
        ("/api/v1/live?since=5", "since"),
    ];
    for (path, field) in cases {
        let (status, headers, body) = api.get_with(path, &[]).await;
        let problem: serde_json::Value = serde_json::from_slice(&body).expect("a problem");
        assert_eq!(
            (status, problem["field"].as_str()),
            (StatusCode::BAD_REQUEST, Some(field)),
            "{path}: {problem}"
        );
        assert_eq!(problem["status"], 400);
        assert_eq!(headers[header::CONTENT_TYPE], "application/problem+json");
    }
    let (status, _, _) = api.get_with("/api/v1/live", &[("last-event-id", "x")]).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn what_is_not_there_is_404() {
    let api = Api::new().await;
    let nobody = format!("{:#x}", B256::repeat_byte(1));
    let paths = [
        "/api/v1/services/no-such-service".to_owned(),
        format!("/api/v1/cases/{nobody}"),
        format!("/api/v1/cases/{nobody}/bundle"),
        format!("/api/v1/rule-sets/{nobody}"),
        "/api/v1/nothing".to_owned(),
        "/api/v2/services".to_owned(),
    ];
    for path in paths {
        let (status, problem) = api.get(&path).await;
        assert_eq!(
            (status, problem["status"].as_u64()),
            (StatusCode::NOT_FOUND, Some(404)),
            "{path}"
        );
    }
}

#[tokio::test]
async fn an_answer_that_has_not_changed_is_not_sent_again() {
    let api = Api::new().await;
    let (_, headers, _) = api.get_with("/api/v1/services", &[]).await;
    let tag = headers[header::ETAG].to_str().expect("text").to_owned();
    let (status, _, body) = api.get_with("/api/v1/services", &[("if-none-match", &tag)]).await;
    assert_eq!((status, body.len()), (StatusCode::NOT_MODIFIED, 0));
    let (status, _, _) = api
        .get_with("/api/v1/services?page=2", &[("if-none-match", &tag)])
        .await;
    assert_eq!(status, StatusCode::OK);
}

#[tokio::test]
async fn answers_are_compressed_on_request() {
    let api = Api::new().await;
    let (_, plain, body) = api.get_with("/api/v1/services?per_page=100", &[]).await;
    let (_, gzip, small) = api
        .get_with("/api/v1/services?per_page=100", &[("accept-encoding", "gzip")])
        .await;
    assert!(plain.get(header::CONTENT_ENCODING).is_none());
    assert_eq!(gzip[header::CONTENT_ENCODING], "gzip");
    assert!(small.len() * 2 < body.len());
}

#[tokio::test]
async fn health_names_what_is_wrong() {
    let api = Api::new().await;
    let (status, health) = api.get("/healthz").await;
    // The story is of another day, so its chain stands still.
    assert_eq!(
        (status, health["status"].as_str()),
        (StatusCode::SERVICE_UNAVAILABLE, Some("chain_stalled"))
    );
    assert_eq!(
        (
            health["chain"]["height"].as_u64(),
            health["index"]["lag_blocks"].as_u64()
        ),
        (Some(6), Some(0))
    );
}

#[tokio::test]
async fn where_the_gateways_are_is_what_the_registry_says() {
    let api = Api::new().await;
    let addresses = api.handle.gateways().addresses().await.expect("reads");
    let (_, listed) = api.get("/api/v1/organisations").await;
    let listed: Vec<&str> = listed["items"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|one| one["gateway"].as_str())
        .collect();
    assert_eq!(addresses, listed);
    assert!(!listed.is_empty());
}

#[tokio::test]
async fn a_contradiction_stops_the_index_and_not_the_api() {
    let mut api = Api::new().await;
    let mut block = api.chain.next(vec![]);
    block.parent_hash = B256::repeat_byte(9);
    api.chain.source.push(block);
    let mut progress = api.handle.progress();
    let stopped = progress
        .wait_for(|progress| progress.stopped.is_some())
        .await
        .expect("stops")
        .clone();
    assert!(
        stopped
            .stopped
            .is_some_and(|why| why.contains("finalized blocks never change"))
    );
    let (status, health) = api.get("/healthz").await;
    assert_eq!(
        (status, health["status"].as_str()),
        (StatusCode::SERVICE_UNAVAILABLE, Some("index_stopped"))
    );
    assert_eq!(api.get("/api/v1/cases").await.0, StatusCode::OK);
}

#[tokio::test]
async fn no_bundle_without_a_node_that_proves() {
    let api = Api::new().await;
    let (status, headers, _) = api
        .get_with(&format!("{}/bundle", case_path(YOUNG_OLD)), &[])
        .await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(headers.contains_key(header::RETRY_AFTER));
}
