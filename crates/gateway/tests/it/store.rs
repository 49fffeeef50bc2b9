//! The store: folders of earlier versions, and its bounds.

use axum::http::StatusCode;
use serde_json::json;
use sqlx::{AnyPool, Row};
use tempfile::TempDir;
use zhengtong_gateway::store::Store;
use zhengtong_vault::sql::{Access, connect, sqlite_url};

use crate::wallet::OwnCase;
use crate::world::{OWNER, World};

/// How SQLite goes about a query.
async fn plan(pool: &AnyPool, query: &'static str) -> String {
    let rows = sqlx::query(query).fetch_all(pool).await.unwrap();
    rows.iter()
        .map(|row| row.try_get::<String, _>(3).unwrap())
        .collect()
}

#[tokio::test]
async fn a_folder_without_the_indexes_gets_them_when_it_is_opened() {
    let folder = TempDir::new().unwrap();
    let url = sqlite_url(&folder.path().join("gateway.sqlite"));
    Store::open(&url).await.unwrap();
    let pool = connect(&url, Access::ReadWrite).await.unwrap();
    sqlx::raw_sql("DROP INDEX jobs_case; DROP INDEX outbox_state; DROP INDEX consents_grantor")
        .execute(&pool)
        .await
        .unwrap();
    pool.close().await;
    Store::open(&url).await.unwrap();
    let pool = connect(&url, Access::ReadOnly).await.unwrap();
    for (query, index) in [
        (
            "EXPLAIN QUERY PLAN SELECT body FROM jobs WHERE case_id = 'x' AND kind = 'ask'",
            "jobs_case",
        ),
        (
            "EXPLAIN QUERY PLAN SELECT id FROM outbox WHERE state = 'signed' ORDER BY nonce",
            "outbox_state",
        ),
        (
            "EXPLAIN QUERY PLAN SELECT revoked FROM consents WHERE grantor = 'x'",
            "consents_grantor",
        ),
    ] {
        let plan = plan(&pool, query).await;
        assert!(
            plan.contains(index) && !plan.contains("TEMP B-TREE"),
            "{query}: {plan}"
        );
    }
}

#[tokio::test]
async fn a_folder_of_an_earlier_version_gets_its_new_columns_and_keeps_what_it_has() {
    let folder = TempDir::new().unwrap();
    let url = sqlite_url(&folder.path().join("gateway.sqlite"));
    Store::open(&url).await.unwrap();
    let pool = connect(&url, Access::ReadWrite).await.unwrap();
    sqlx::raw_sql(
        "ALTER TABLE exchange_attempts DROP COLUMN claimed; \
         INSERT INTO exchange_attempts VALUES ('1', 1, 'in', 'health', '', '', 'stale')",
    )
    .execute(&pool)
    .await
    .unwrap();
    pool.close().await;
    for _ in 0..2 {
        let store = Store::open(&url).await.unwrap();
        let attempts = store.attempts(9).await.unwrap();
        assert_eq!((attempts.len(), attempts[0].claimed.as_str()), (1, ""));
    }
}

#[tokio::test]
async fn links_that_wait_for_their_cases_are_bounded_and_keep_no_case_of_the_chain_out() {
    let world = World::new().await;
    let wallet = world.wallet("approved-66").await;
    let of = |seed| OwnCase::new(seed, json!({ "payment_channel": "elder-card" })).of(&wallet);
    let (unknown, opened) = (of(1), of(2));
    world.open_case(&opened, "old-age-allowance");
    world.settle().await;
    for (agency, is_owner) in [("health", false), (OWNER, true)] {
        let file = world.folder.path().join(agency).join("gateway.sqlite");
        let pool = connect(&sqlite_url(&file), Access::ReadWrite).await.unwrap();
        sqlx::raw_sql(
            "INSERT INTO links (case_id, subject, applicant, provider, owner, form, received_ms) \
             WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) \
             SELECT 'case-' || i, '', '', 1, 0, '', 0 FROM n",
        )
        .execute(&pool)
        .await
        .unwrap();
        pool.close().await;
        for (case, expected) in [
            (&unknown, StatusCode::TOO_MANY_REQUESTS),
            (&opened, StatusCode::ACCEPTED),
        ] {
            let rest = case.link_rest(&wallet, agency, true, is_owner, None, crate::world::NOW_S);
            let body = case.seal(&rest, agency, world.encryption(agency));
            let answer = world.post(agency, "/v1/links", &body).await;
            assert_eq!(answer.status, expected, "{agency}: {}", answer.text);
        }
    }
}
