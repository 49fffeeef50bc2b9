//! What wallets left behind goes with its time, and with the person.

use std::time::Duration;

use axum::http::StatusCode;
use serde_json::json;
use sqlx::Row;
use zhengtong_credentials::CredentialText;
use zhengtong_gateway::app::App;
use zhengtong_vault::ResidentNumber;
use zhengtong_vault::sql::{Access, connect, sqlite_url};

use super::presenting::{Asked, held, in_the_clear, show};
use super::wallet::{PRE_AUTHORIZED, shown};
use crate::wallet::Wallet;
use crate::world::{NOW_S, OWNER, World};

const TABLES: [&str; 5] = [
    "openid_offers",
    "openid_tokens",
    "openid_deferred",
    "openid_notifications",
    "openid_requests",
];
/// How long an officer reads what came, in seconds.
const RESULT: Duration = Duration::from_secs(8 * 3600);

async fn rows(world: &World, organisation: &str, table: &str) -> i64 {
    let file = world.folder.path().join(organisation).join("gateway.sqlite");
    let pool = connect(&sqlite_url(&file), Access::ReadOnly).await.unwrap();
    let query = format!("SELECT COUNT(*) FROM {table}");
    let row = sqlx::query(sqlx::AssertSqlSafe(query))
        .fetch_one(&pool)
        .await
        .unwrap();
    row.get(0)
}

/// How many presentations a vault has, readable or not, and under how many keys in all.
async fn vault(world: &World, organisation: &str) -> (i64, i64) {
    let file = world.folder.path().join(organisation).join("vault.sqlite");
    let pool = connect(&sqlite_url(&file), Access::ReadOnly).await.unwrap();
    let query = "SELECT (SELECT COUNT(*) FROM vault_records WHERE kind = 'presentation'), \
                 (SELECT COUNT(*) FROM vault_keys)";
    let row = sqlx::query(query).fetch_one(&pool).await.unwrap();
    (row.get(0), row.get(1))
}

fn number(wallet: &Wallet) -> ResidentNumber {
    ResidentNumber::parse(&wallet.number).unwrap()
}

async fn presented(world: &World, verifier: &str, credential: &CredentialText) -> Asked {
    let asked = world.asked(verifier, in_the_clear()).await;
    let answer = world.answer(verifier, &asked, &show(credential, &asked)).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    assert_eq!(world.outcome(verifier, &asked).await["state"], "verified");
    asked
}

/// Shows who one is.
async fn identified(world: &World, verifier: &str, wallet: &Wallet) -> Asked {
    let query = json!({ "response_mode": "direct_post",
        "credentials": [{ "vct": "urn:zhengtong:identity:1", "claims": ["number"] }] });
    let asked = world.asked(verifier, query).await;
    let identity = wallet.identity.as_ref().unwrap();
    let text = shown(identity, &wallet.holder, &asked.request, &["number"], NOW_S);
    let answer = world.answer(verifier, &asked, &text).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    let claims = &world.outcome(verifier, &asked).await["credentials"]["credential_0"]["claims"];
    assert_eq!(claims["number"], wallet.number);
    asked
}

async fn expire(app: &App) {
    app.expire_openid().await.unwrap();
}

#[tokio::test]
async fn deleting_a_person_reaches_what_waits_for_their_wallets_and_what_came_from_them() {
    let world = World::new().await;
    let (case, credential) = held(&world).await;
    let wallet = world.wallet("approved-66").await;
    let other = world.wallet("refused-64").await;
    let mine = [
        presented(&world, OWNER, &credential).await,
        identified(&world, OWNER, &wallet).await,
    ];
    let stays = identified(&world, OWNER, &other).await;
    let offer = world.offer(&case, true).await.json;
    let token = world.token(&case).await;
    let reference = super::wallet::parameters(offer["uri_by_reference"].as_str().unwrap()).remove(0);
    let reference = reference.1.strip_prefix(&world.url(OWNER)).unwrap().to_owned();
    assert_eq!(world.get(OWNER, &reference, &[]).await.status, StatusCode::OK);
    let (presentations, _) = vault(&world, OWNER).await;
    assert_eq!(presentations, 3);
    for table in ["openid_offers", "openid_tokens", "openid_notifications"] {
        assert!(rows(&world, OWNER, table).await > 0, "{table}");
    }

    let deletion = world.app(OWNER).forget(&number(&wallet)).await.unwrap();
    assert!(
        deletion.records >= 3,
        "link and two presentations: {}",
        deletion.records
    );
    for table in [
        "openid_offers",
        "openid_tokens",
        "openid_deferred",
        "openid_notifications",
    ] {
        assert_eq!(rows(&world, OWNER, table).await, 0, "{table}");
    }
    assert_eq!(rows(&world, OWNER, "openid_requests").await, 1);
    assert_eq!(vault(&world, OWNER).await.0, 1);
    for asked in &mine {
        let path = format!("/v1/presentations/{}", asked.id);
        let answer = world.get(OWNER, &path, &asked.officer).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND);
    }
    assert_eq!(world.outcome(OWNER, &stays).await["state"], "verified");

    assert_eq!(
        world.get(OWNER, &reference, &[]).await.status,
        StatusCode::NOT_FOUND
    );
    let code = &offer["offer"]["grants"][PRE_AUTHORIZED]["pre-authorized_code"];
    let parameters = [
        ("grant_type", PRE_AUTHORIZED),
        ("pre-authorized_code", code.as_str().unwrap()),
        ("tx_code", offer["tx_code"].as_str().unwrap()),
    ];
    let answer = world.post_form(OWNER, "/v1/openid/token", &[], &parameters).await;
    assert_eq!(answer.json["error"], "invalid_grant");
    let body = json!({ "credential_configuration_id": "old-age-allowance", "proofs": { "jwt": [world.proof(&[21; 32]).await] } });
    let answer = world.post_as("/v1/openid/credential", &token, &body).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    // The case's key still works, but there is nothing to make a credential of.
    let token = world.token(&case).await;
    let answer = world.post_as("/v1/openid/credential", &token, &body).await;
    assert_eq!(
        (answer.status, &answer.json["error"]),
        (StatusCode::BAD_REQUEST, &json!("credential_request_denied")),
        "{}",
        answer.text
    );
}

#[tokio::test]
async fn what_was_presented_goes_after_a_working_day_unless_an_order_keeps_it() {
    let world = World::serving(OWNER).await;
    let (case, credential) = held(&world).await;
    let wallet = world.wallet("approved-66").await;
    // Health cannot tell whose an allowance is; it can tell whose an identity is.
    presented(&world, "health", &credential).await;
    let known = identified(&world, "health", &wallet).await;
    let waiting = world.asked("health", in_the_clear()).await;
    let app = world.app("health");
    let (_, keys) = vault(&world, "health").await;
    world.offer(&case, false).await;
    expire(app).await;
    assert_eq!(vault(&world, "health").await, (2, keys), "too early");

    let hold = app
        .books()
        .hold(&number(&wallet), "a court", "1", None)
        .await
        .unwrap();
    world.advance(RESULT);
    expire(app).await;
    assert_eq!(vault(&world, "health").await, (1, keys - 1));
    assert_eq!(rows(&world, "health", "openid_requests").await, 1);
    // Kept, and read by nobody.
    for asked in [&known, &waiting] {
        let path = format!("/v1/presentations/{}", asked.id);
        let officer = world.bearer("health", 0).await;
        let answer = world.get("health", &path, &officer).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND);
    }
    assert!(app.books().release(&hold.id).await.unwrap());
    expire(app).await;
    assert_eq!(vault(&world, "health").await, (0, keys - 2));
    expire(world.app(OWNER)).await;
    for organisation in ["health", OWNER] {
        for table in TABLES {
            assert_eq!(
                rows(&world, organisation, table).await,
                0,
                "{organisation} {table}"
            );
        }
    }
    assert_eq!(rows(&world, "health", "openid_used").await, 0);
}
