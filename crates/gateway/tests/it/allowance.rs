//! The daily allowance: signed by the gateway, blinded and redeemed as by a wallet, verified by the contract.

use std::path::Path;
use std::time::Duration;

use alloy_primitives::B256;
use alloy_sol_types::SolEvent;
use axum::http::StatusCode;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;
use zhengtong_bindings::addresses;
use zhengtong_bindings::allowances::Allowances::{KeyPublished, setIssuerCall};
use zhengtong_bindings::cases::Cases::openCall;
use zhengtong_bindings::{allowance_window_start_s, parse_slug};
use zhengtong_gateway::app::clock::Clock;
use zhengtong_gateway::app::deletion::record;
use zhengtong_gateway::backup::restore;
use zhengtong_vault::ResidentNumber;
use zhengtong_vault::sql::{Access, connect, sqlite_url};

use crate::backup;
use crate::deletion::{bytes_below, contains};
use crate::tokens::AUTHORITY;
use crate::wallet::OwnCase;
use crate::world::World;

const SERVICE: &str = "old-age-allowance";
/// As the world's gateways are configured.
const LIMIT: usize = 5;
const DAY: Duration = Duration::from_secs(86_400);

async fn world() -> World {
    let mut world = World::new().await;
    world.require_tokens().await;
    world
}

fn case(seed: u64) -> OwnCase {
    OwnCase::new(seed, json!({ "payment_channel": "social-security-card" }))
}

/// What a query finds in a SQLite file.
async fn rows<T>(file: &Path, query: &'static str) -> Vec<T>
where
    T: for<'r> sqlx::FromRow<'r, sqlx::any::AnyRow> + Send + Unpin,
{
    let pool = connect(&sqlite_url(file), Access::ReadOnly).await.unwrap();
    sqlx::query_as(query).fetch_all(&pool).await.unwrap()
}

/// How many keys of windows the authority's vault has.
async fn keys(world: &World) -> i64 {
    let vault = world.folder.path().join(AUTHORITY).join("vault.sqlite");
    let query = "SELECT COUNT(*) FROM vault_records WHERE kind = 'allowance-key'";
    rows::<(i64,)>(&vault, query).await[0].0
}

/// Blinded messages for as many keys.
fn blinded(world: &World, seeds: std::ops::Range<u64>) -> Vec<String> {
    let window = world.window();
    seeds
        .map(|seed| world.blind(window, case(seed).key.address()).text())
        .collect()
}

#[tokio::test]
async fn a_token_opens_a_case_which_is_decided_and_nothing_else_opens_one() {
    let world = world().await;
    let wallet = world.wallet("approved-66").await;
    let open = |case: &OwnCase| openCall {
        service: parse_slug(SERVICE).unwrap(),
        version: 1,
        form: case.commitment(),
    };
    let bare = case(1).of(&wallet);
    assert!(
        !world
            .chain
            .try_submit(&bare.key, addresses().cases, &open(&bare))
            .1,
        "without a token"
    );
    let (token, _) = world.allowance_token(&wallet, bare.key.address()).await;
    let other = case(2).of(&wallet);
    let stolen = world.opening(&other, SERVICE, &token);
    assert!(
        !world.chain.try_submit(&other.key, addresses().cases, &stolen).1,
        "with another key's"
    );
    let own = world.opening(&bare, SERVICE, &token);
    world.chain.submit(&bare.key, addresses().cases, &own);
    assert!(
        !world.chain.try_submit(&bare.key, addresses().cases, &own).1,
        "twice"
    );
    // The whole way, with a token of its own.
    let decided = world.apply(&wallet, 3, SERVICE).await;
    assert_eq!(world.on_chain(&decided).amountFen, 7_500);
    // When the council asks for none any more, none is needed.
    let nobody = setIssuerCall {
        organisation: B256::ZERO,
    };
    world
        .chain
        .submit(&world.council, addresses().allowances, &nobody);
    world.chain.submit(&other.key, addresses().cases, &open(&other));
}

#[tokio::test]
async fn a_person_has_so_many_a_day_and_the_same_messages_count_once() {
    let world = world().await;
    let wallet = world.wallet("approved-66").await;
    let session = world.my_session(AUTHORITY, &wallet).await;
    let window = world.window();
    let left = world.allowance_left(&session).await;
    assert_eq!(left.status, StatusCode::OK, "{}", left.text);
    let next_s = allowance_window_start_s(window + 1);
    assert_eq!(
        left.json,
        json!({ "window": window, "limit": LIMIT, "left": LIMIT, "next_s": next_s })
    );

    let three = blinded(&world, 0..3);
    let first = world.ask_tokens(&session, window, &three).await;
    assert_eq!(first.status, StatusCode::OK, "{}", first.text);
    assert_eq!(first.json["allowance"]["left"], 2);
    // Again, from another session, as after a lost answer.
    let session = world.my_session(AUTHORITY, &wallet).await;
    assert_eq!(world.ask_tokens(&session, window, &three).await.json, first.json);
    // More than are left: nothing is counted, and what was signed before is still answered.
    let beyond = world.ask_tokens(&session, window, &blinded(&world, 3..6)).await;
    assert_eq!(
        (beyond.status, beyond.kind()),
        (StatusCode::CONFLICT, "allowance-used-up")
    );
    assert!(
        beyond.json["detail"]
            .as_str()
            .unwrap()
            .contains(&next_s.to_string()),
        "{}",
        beyond.text
    );
    let mixed: Vec<_> = three.iter().cloned().chain(blinded(&world, 3..5)).collect();
    let rest = world.ask_tokens(&session, window, &mixed).await;
    assert_eq!(rest.json["allowance"]["left"], 0, "{}", rest.text);
    assert_eq!(
        rest.json["signatures"].as_array().unwrap()[..3],
        first.json["signatures"].as_array().unwrap()[..]
    );
    let over = world.ask_tokens(&session, window, &blinded(&world, 5..6)).await;
    assert_eq!(over.kind(), "allowance-used-up");
    assert_eq!(
        world.ask_tokens(&session, window, &three).await.json["signatures"],
        first.json["signatures"]
    );
    // Somebody else has their own.
    let other = world.wallet("approved-70").await;
    let others = world.my_session(AUTHORITY, &other).await;
    assert_eq!(world.allowance_left(&others).await.json["left"], LIMIT);
    // And tomorrow there are new ones; for yesterday there are none.
    world.advance(DAY);
    world.keep_allowance().await;
    let session = world.my_session(AUTHORITY, &wallet).await;
    assert_eq!(world.allowance_left(&session).await.json["left"], LIMIT);
    let yesterday = world.ask_tokens(&session, window, &three).await;
    assert_eq!(
        (yesterday.status, yesterday.kind()),
        (StatusCode::CONFLICT, "window-over")
    );
    let today = world
        .ask_tokens(&session, window + 1, &blinded(&world, 0..1))
        .await;
    assert_eq!(today.status, StatusCode::OK, "{}", today.text);
}

#[tokio::test]
async fn requests_at_once_do_not_get_more_than_one_after_the_other() {
    let world = world().await;
    let wallet = world.wallet("approved-66").await;
    let session = world.my_session(AUTHORITY, &wallet).await;
    let window = world.window();
    let asked: Vec<_> = (0..4).map(|n| blinded(&world, n * 2..n * 2 + 2)).collect();
    let answers =
        futures::future::join_all(asked.iter().map(|two| world.ask_tokens(&session, window, two))).await;
    let signed = answers
        .iter()
        .filter(|answer| answer.status == StatusCode::OK)
        .count();
    assert_eq!(signed, LIMIT / 2);
    assert!(
        answers
            .iter()
            .all(|answer| answer.status == StatusCode::OK || answer.kind() == "allowance-used-up")
    );
    assert_eq!(
        world.allowance_left(&session).await.json["left"],
        LIMIT - signed * 2
    );
}

#[tokio::test]
async fn what_is_not_a_blinded_message_of_a_verified_person_is_refused_and_not_counted() {
    let world = world().await;
    let wallet = world.wallet("approved-66").await;
    let window = world.window();
    let one = blinded(&world, 0..1);
    let unknown = world.ask_tokens(&[], window, &one).await;
    assert_eq!(
        (unknown.status, unknown.kind()),
        (StatusCode::UNAUTHORIZED, "no-session")
    );
    let forged = [("authorization", "Bearer AAAA".to_owned())];
    assert_eq!(
        world.ask_tokens(&forged, window, &one).await.status,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(world.allowance_left(&[]).await.status, StatusCode::UNAUTHORIZED);
    let session = world.my_session(AUTHORITY, &wallet).await;
    let modulus = world.modulus(window);
    let short = URL_SAFE_NO_PAD.encode(&modulus[..255]);
    let long = URL_SAFE_NO_PAD.encode([&[0], &modulus[..]].concat());
    let modulus = URL_SAFE_NO_PAD.encode(modulus);
    for bad in ["", "=", "AAAA", short.as_str(), long.as_str(), modulus.as_str()] {
        let answer = world
            .ask_tokens(&session, window, &[one[0].clone(), bad.to_owned()])
            .await;
        assert_eq!(
            (answer.status, answer.field()),
            (StatusCode::BAD_REQUEST, "blinded"),
            "{bad}"
        );
        assert!(
            answer.json["detail"].as_str().unwrap().contains("blinded[1]"),
            "{}",
            answer.text
        );
    }
    let many = vec![one[0].clone(); 101];
    for wrong in [Vec::new(), many] {
        let answer = world.ask_tokens(&session, window, &wrong).await;
        assert_eq!(
            (answer.status, answer.field()),
            (StatusCode::BAD_REQUEST, "blinded")
        );
    }
    for wrong in [window - 1, window + 1, u64::MAX] {
        assert_eq!(
            world.ask_tokens(&session, wrong, &one).await.kind(),
            "window-over"
        );
    }
    for wrong in [
        json!({ "window": window }),
        json!({ "window": "1", "blinded": one }),
        json!({ "window": window, "blinded": one, "x": 1 }),
    ] {
        assert_eq!(
            world.ask_tokens_raw(&session, &wrong).await.status,
            StatusCode::BAD_REQUEST
        );
    }
    assert_eq!(world.allowance_left(&session).await.json["left"], LIMIT);
    // An organisation that the chain does not name signs nothing.
    let elsewhere = world.my_session("health", &wallet).await;
    let answer = world.get("health", "/v1/my/allowance", &elsewhere).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn keys_are_published_ahead_kept_through_a_restart_and_destroyed_with_their_day() {
    let mut world = world().await;
    let published = |world: &World| -> Vec<(u64, Vec<u8>)> {
        let logs = world.chain.logs(addresses().allowances);
        let events = logs.iter().filter_map(|log| KeyPublished::decode_log(log).ok());
        events
            .map(|event| (event.window, event.modulus.to_vec()))
            .collect()
    };
    let window = world.window();
    let first = published(&world);
    assert_eq!(
        first.iter().map(|(window, _)| *window).collect::<Vec<_>>(),
        [window, window + 1]
    );
    assert_ne!(first[0].1, first[1].1);
    // Again nothing is published, after a restart neither; and the key still signs.
    world.keep_allowance().await;
    world.restart().await;
    world.keep_allowance().await;
    assert_eq!(published(&world), first);
    let wallet = world.wallet("approved-66").await;
    let session = world.my_session(AUTHORITY, &wallet).await;
    let one = blinded(&world, 0..1);
    let signed = world.ask_tokens(&session, window, &one).await;
    assert_eq!(signed.status, StatusCode::OK, "{}", signed.text);
    assert_eq!(keys(&world).await, 2);
    // A day later: the key that was announced signs, the next one is announced, the old one is gone.
    world.advance(DAY);
    world.keep_allowance().await;
    let later = published(&world);
    assert_eq!(
        (&later[..2], later[2].0, later.len()),
        (&first[..], window + 2, 3)
    );
    assert_eq!(keys(&world).await, 2);
    let session = world.my_session(AUTHORITY, &wallet).await;
    assert_eq!(world.modulus(window + 1), first[1].1);
    let blinded = world.blind(window + 1, case(9).key.address());
    let answer = world.ask_tokens(&session, window + 1, &[blinded.text()]).await;
    blinded.token(answer.json["signatures"][0].as_str().unwrap());
    // Longer than the keys reach: the day's own key is made at once.
    world.advance(DAY * 30);
    world.keep_allowance().await;
    assert_eq!(published(&world).len(), 5);
    assert_eq!(keys(&world).await, 2);
}

#[tokio::test]
async fn a_restore_brings_back_no_key_of_a_day_that_is_over() {
    let mut world = world().await;
    let (window, vault_keys) = (world.window(), "SELECT subject, wrapped FROM vault_keys");
    let backup = backup::take(&world, AUTHORITY, "old").await;
    let deletions = world.folder.path().join("deletions");
    record::write(AUTHORITY, &world.app(AUTHORITY).store, &deletions)
        .await
        .unwrap();
    let subjects: Vec<(String,)> = rows(
        &backup.folder.join("records.sqlite"),
        "SELECT subject FROM vault_records WHERE kind = 'allowance-key'",
    )
    .await;
    let wrapped: Vec<(String, String)> = rows(&backup.keys, vault_keys).await;
    let wrapped: Vec<_> = wrapped
        .iter()
        .filter(|(subject, _)| subjects.iter().any(|(of_key,)| of_key == subject))
        .collect();
    assert_eq!(wrapped.len(), 2, "the backup has the keys of two days");

    world.advance(DAY);
    world.gateways.clear();
    backup::lose(&world, AUTHORITY);
    let config = world.config(AUTHORITY).await;
    let now_ms = world.clock.now_ms();
    restore(&config, &backup.folder, &backup.keys, &deletions, now_ms)
        .await
        .unwrap();
    let held = bytes_below(&config.data_folder);
    let back = wrapped
        .iter()
        .filter(|(_, wrapped)| contains(&held, wrapped.as_bytes()));
    assert_eq!(back.count(), 1, "the key of today alone");
    // Which signs, and the next day's is made.
    world.restart().await;
    world.keep_allowance().await;
    assert_eq!(keys(&world).await, 2);
    let wallet = world.wallet("approved-66").await;
    let session = world.my_session(AUTHORITY, &wallet).await;
    let blinded = world.blind(window + 1, case(9).key.address());
    let answer = world.ask_tokens(&session, window + 1, &[blinded.text()]).await;
    blinded.token(answer.json["signatures"][0].as_str().expect(&answer.text));
}

#[tokio::test]
async fn a_key_that_was_lost_after_it_was_published_signs_nothing_and_is_not_replaced() {
    let mut world = world().await;
    let window = world.window();
    world.gateways.clear();
    backup::lose(&world, AUTHORITY);
    world.restart().await;
    world.keep_allowance().await;
    let wallet = world.wallet("approved-66").await;
    let session = world.my_session(AUTHORITY, &wallet).await;
    let answer = world.ask_tokens(&session, window, &blinded(&world, 0..1)).await;
    assert_eq!(
        (answer.status, answer.kind()),
        (StatusCode::SERVICE_UNAVAILABLE, "not-ready")
    );
    // Two days on there is one that nobody lost.
    world.advance(DAY * 2);
    world.keep_allowance().await;
    let session = world.my_session(AUTHORITY, &wallet).await;
    let blinded = world.blind(window + 2, case(9).key.address());
    let answer = world.ask_tokens(&session, window + 2, &[blinded.text()]).await;
    blinded.token(answer.json["signatures"][0].as_str().expect(&answer.text));
}

#[tokio::test]
async fn nothing_of_a_person_who_is_forgotten_stays_in_the_count() {
    let world = world().await;
    let wallet = world.wallet("approved-66").await;
    let session = world.my_session(AUTHORITY, &wallet).await;
    world
        .ask_tokens(&session, world.window(), &blinded(&world, 0..2))
        .await;
    let number = ResidentNumber::parse(&wallet.number).unwrap();
    let store = world.folder.path().join(AUTHORITY).join("gateway.sqlite");
    let counted = async || {
        let query = "SELECT (SELECT COUNT(*) FROM allowance_signed) + (SELECT COUNT(*) FROM allowance_used)";
        rows::<(i64,)>(&store, query).await[0].0
    };
    assert_eq!(counted().await, 3);
    world.app(AUTHORITY).forget(&number).await.unwrap();
    assert_eq!(counted().await, 0);
}
