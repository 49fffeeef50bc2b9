//! The same journeys on PostgreSQL: every table, and nearly every query, of store and vault; and what a deletion leaves in
//! the bytes of its data folder.

#[path = "../../../index/tests/index/common/databases.rs"]
#[allow(dead_code, reason = "shared with the index's tests, which use more of it")]
mod servers;

use std::path::{Path, PathBuf};
use std::pin::pin;
use std::time::Duration;

use alloy_primitives::{Address, B256};
use axum::http::StatusCode;
use futures::future::{Either, select};
use memchr::memmem;
use serde_json::json;
use servers::Postgres;
use sqlx::{AnyPool, Executor as _};
use zhengtong_gateway::app::deletion::DeletionError;
use zhengtong_gateway::store::{LinkRow, Store};
use zhengtong_population::AGENCIES;
use zhengtong_vault::sql::{Access, connect};
use zhengtong_vault::{Subject, VaultError};

use crate::deletion::number;
use crate::world::{OWNER, World};
use crate::{desk, path, rights};

/// A server; `None` where there is none, and where none can be expected.
#[expect(clippy::print_stdout, reason = "a test says what it could not run")]
pub fn server() -> Option<Postgres> {
    match Postgres::start() {
        Ok(server) => Some(server),
        Err(missing) if Path::new("/usr/bin/apt-get").exists() => {
            panic!("run tools/setup.sh test: {missing}")
        }
        Err(missing) => {
            println!("not run on PostgreSQL: {missing}");
            None
        }
    }
}

/// A world on databases of its own.
async fn world(server: &Postgres, name: &str) -> World {
    let database = |slug: &str| server.database(&format!("{name}_{}", slug.replace('-', "_")));
    World::on(AGENCIES.iter().map(|(slug, _)| (*slug, database(slug))).collect()).await
}

#[tokio::test]
async fn the_journeys_are_the_same_on_postgresql() {
    let Some(server) = server() else { return };
    path::approved(world(&server, "approved").await).await;
    path::every_use(world(&server, "uses").await).await;
    path::appealed(world(&server, "appealed").await).await;
    desk::refused(world(&server, "refused").await).await;
    desk::supplemented(world(&server, "supplemented").await).await;
    desk::queue(world(&server, "queue").await).await;
    desk::forgotten(world(&server, "forgotten").await).await;
}

#[tokio::test]
async fn answers_to_requests_are_the_same_on_postgresql() {
    let Some(server) = server() else { return };
    rights::resent(world(&server, "resent").await).await;
    rights::outlives(&world(&server, "outlives").await).await;
    rights::cut_short(world(&server, "cut_short").await).await;
    rights::kept_long_enough(&world(&server, "kept").await).await;
    rights::nobody_answered(&world(&server, "nobody").await).await;
}

#[tokio::test]
async fn a_name_with_a_zero_byte_is_nobodys_and_no_failure_of_the_database() {
    let Some(server) = server() else { return };
    let world = World::on(vec![(OWNER, server.database("zero_byte"))]).await;
    let missing = world.get(OWNER, "/v1/requests/a%00b", &[]).await;
    assert_eq!(missing.status, StatusCode::NOT_FOUND, "{}", missing.text);
    let body = json!({ "presentation": "x", "nonce": "a\0b" });
    let refused = world.post(OWNER, "/v1/my/session", &body).await;
    assert_eq!(
        (refused.status, refused.kind()),
        (StatusCode::UNAUTHORIZED, "wrong-nonce"),
        "{}",
        refused.text
    );
}

/// Files below a folder that hold one of the texts, as it is or as the bytes that it spells in hex.
fn files_with(folder: &Path, texts: &[String]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files_with(&path, texts));
        } else if let Ok(bytes) = std::fs::read(&path) {
            let holds = |text: &String| {
                memmem::find(&bytes, text.as_bytes()).is_some()
                    || hex::decode(text).is_ok_and(|raw| memmem::find(&bytes, &raw).is_some())
            };
            if texts.iter().any(holds) {
                found.push(path);
            }
        }
    }
    found
}

async fn texts(pool: &AnyPool, query: &'static str, of: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    for subject in of {
        let rows: Vec<String> = sqlx::query_scalar(query)
            .bind(subject.clone())
            .fetch_all(pool)
            .await
            .unwrap();
        found.extend(rows);
    }
    found
}

#[tokio::test]
async fn a_deletion_takes_everything_out_of_postgresqls_files_and_the_operator_out_of_its_log() {
    const ORGANISATION: &str = "health";
    let Some(server) = server() else { return };
    let url = server.database("deletion");
    let pool = connect(&url, Access::ReadWrite).await.unwrap();
    // As docs/operations.md asks of the server's operator, before anything personal comes.
    for statement in [
        "ALTER SYSTEM SET wal_recycle = off",
        "ALTER SYSTEM SET autovacuum = off",
        "SELECT pg_reload_conf()",
    ] {
        pool.execute(statement).await.unwrap();
    }
    let data: String = sqlx::query_scalar("SHOW data_directory")
        .fetch_one(&pool)
        .await
        .unwrap();
    let data = PathBuf::from(data);
    let in_heap = |texts: &[String]| files_with(&data.join("base"), texts);

    let world = World::on(vec![(ORGANISATION, url.clone())]).await;
    let wallet = world.wallet("approved-66").await;
    let case = world.apply(&wallet, 1, "old-age-allowance").await;
    let app = world.app(ORGANISATION);
    let subject = app.vault.resident(&number(&wallet.number));
    let whose = [subject.to_hex(), app.vault.applicant(&case.id.0).to_hex()];
    let keys = texts(&pool, "SELECT wrapped FROM vault_keys WHERE subject = $1", &whose).await;
    let records = texts(
        &pool,
        "SELECT sealed FROM vault_records WHERE subject = $1",
        &whose,
    )
    .await;
    assert!(!keys.is_empty() && !records.is_empty());
    // The planner's samples are made of what is there.
    for statement in ["ANALYZE", "CHECKPOINT"] {
        pool.execute(statement).await.unwrap();
    }
    let is_seen = |text: &String| !in_heap(std::slice::from_ref(text)).is_empty();
    let mut needles = [vec![subject.to_hex()], keys].concat();
    assert!(
        needles.iter().all(is_seen),
        "the search does not see what is there"
    );
    // Long ones are split and compressed by the database, and not all of them are seen.
    let beginnings = records
        .into_iter()
        .map(|text| text[..text.len().min(120)].to_owned());
    needles.extend(beginnings.filter(is_seen));

    // Deleting alone leaves the row where it was, and so does plain VACUUM while somebody may still see it.
    let mut reader = pool.begin().await.unwrap();
    reader
        .execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        .await
        .unwrap();
    reader.execute("SELECT COUNT(*) FROM vault_keys").await.unwrap();
    let refused = app.forget(&number(&wallet.number)).await;
    assert!(matches!(
        refused,
        Err(DeletionError::Vault(VaultError::NotScrubbed))
    ));
    pool.execute("CHECKPOINT").await.unwrap();
    assert!(!in_heap(&needles).is_empty(), "the reader still sees them");
    reader.rollback().await.unwrap();

    app.forget(&number(&wallet.number)).await.unwrap();
    pool.execute("CHECKPOINT").await.unwrap();
    assert_eq!(in_heap(&needles), Vec::<PathBuf>::new(), "still in the files");
    // The log has what was written, until the server lets go of it.
    assert!(!files_with(&data.join("pg_wal"), &needles).is_empty());
    for statement in ["SELECT CAST(pg_switch_wal() AS text)", "CHECKPOINT"] {
        pool.execute(statement).await.unwrap();
    }
    assert_eq!(files_with(&data, &needles), Vec::<PathBuf>::new());
    // The books go on.
    world.settle().await;
    assert_eq!(
        world.get(ORGANISATION, "/v1/deletions", &[]).await.json["items"][0]["cases"],
        1
    );
}

/// How many connections to a database stand still until another one's transaction ends.
async fn waiting_for_a_lock(look: &AnyPool) -> i64 {
    let found = sqlx::query_scalar(
        "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
    );
    found.fetch_one(look).await.unwrap()
}

#[tokio::test]
async fn an_answer_that_is_written_while_its_person_is_deleted_does_not_stay() {
    let Some(server) = server() else { return };
    let url = server.database("answers");
    let store = Store::open(&url).await.unwrap();
    let (case_id, id) = (B256::repeat_byte(1), B256::repeat_byte(2));
    let [person, alone] = ["ab", "cd"].map(|byte| Subject::from_hex(&byte.repeat(32)).unwrap());
    let link = LinkRow {
        case_id,
        subject: person,
        applicant: Address::repeat_byte(8),
        provider: true,
        owner: false,
        form: B256::repeat_byte(3),
    };
    store.put_link(&link, 1).await.unwrap();
    store
        .begin_exchange(OWNER, id, B256::ZERO, case_id, 1)
        .await
        .unwrap();
    let answered = async || store.exchange(OWNER, id).await.unwrap().unwrap().answer;

    // The deletion has written, and not committed: whoever reads sees the person linked.
    let pool = connect(&url, Access::ReadWrite).await.unwrap();
    let mut deletion = pool.begin().await.unwrap();
    for statement in [
        "UPDATE links SET subject = $1 WHERE case_id = $2",
        "UPDATE exchanges SET answer = '' WHERE answer <> '' AND case_id = $2 AND $1 <> ''",
    ] {
        sqlx::query(statement)
            .bind(alone.to_hex())
            .bind(case_id.to_string())
            .execute(&mut *deletion)
            .await
            .unwrap();
    }
    let look = connect(&url, Access::ReadOnly).await.unwrap();
    let waits = async {
        while waiting_for_a_lock(&look).await == 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let answer = store.answer_exchange(OWNER, id, Some(person), "sealed");
    match select(pin!(answer), pin!(waits)).await {
        Either::Left((answer, _)) => panic!("it did not wait for the deletion: {answer:?}"),
        Either::Right(((), answer)) => {
            deletion.commit().await.unwrap();
            answer.await.unwrap();
        }
    }
    assert_eq!(answered().await, "", "an answer about somebody deleted");

    // One that was written before goes with the deletion.
    store.put_link(&link, 1).await.unwrap();
    store
        .answer_exchange(OWNER, id, Some(person), "sealed")
        .await
        .unwrap();
    assert_eq!(answered().await, "sealed");
    store.unlink(person, &[(case_id, alone)]).await.unwrap();
    assert_eq!(answered().await, "");
}
