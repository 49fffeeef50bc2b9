//! The store: folders of earlier versions, and its bounds.

use sqlx::{AnyPool, Row};
use tempfile::TempDir;
use zhengtong_gateway::store::Store;
use zhengtong_vault::sql::{Access, connect, sqlite_url};

/// How SQLite goes about a query.
async fn plan(pool: &AnyPool, query: &'static str) -> String {
    let rows = sqlx::query(query).fetch_all(pool).await.unwrap();
    rows.iter().map(|row| row.try_get::<String, _>(3).unwrap()).collect()
}

#[tokio::test]
async fn a_folder_without_the_indexes_gets_them_when_it_is_opened() {
    let folder = TempDir::new().unwrap();
    let url = sqlite_url(&folder.path().join("gateway.sqlite"));
    Store::open(&url).await.unwrap();
    let pool = connect(&url, Access::ReadWrite).await.unwrap();
    sqlx::raw_sql("DROP INDEX IF EXISTS jobs_case; DROP INDEX IF EXISTS outbox_state")
        .execute(&pool)
        .await
        .unwrap();
    pool.close().await;
    Store::open(&url).await.unwrap();
    let pool = connect(&url, Access::ReadOnly).await.unwrap();
    for (query, index) in [
        ("EXPLAIN QUERY PLAN SELECT body FROM jobs WHERE case_id = 'x' AND kind = 'ask'", "jobs_case"),
        ("EXPLAIN QUERY PLAN SELECT id FROM outbox WHERE state = 'signed' ORDER BY nonce", "outbox_state"),
    ] {
        let plan = plan(&pool, query).await;
        assert!(plan.contains(index) && !plan.contains("TEMP B-TREE"), "{query}: {plan}");
    }
}
