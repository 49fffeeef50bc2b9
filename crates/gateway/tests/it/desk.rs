//! The officers' desk: signing in, the queue, a case, statements.

use std::time::Duration;

use alloy_primitives::{B256, keccak256};
use alloy_signer::SignerSync;
use alloy_sol_types::SolCall;
use axum::http::StatusCode;
use serde_json::json;
use zhengtong_bindings::cases::Cases::{refuseCall, requestMoreCall, supplementCall};
use zhengtong_bindings::registry::Registry::setOfficerCall;
use zhengtong_bindings::{addresses, parse_slug, statute_id};

use crate::chain::CHAIN_ID;
use crate::wallet::{OwnCase, siwe};
use crate::world::{OWNER, PORTAL, World, officer};

#[tokio::test]
async fn an_officer_sees_the_case_refuses_with_reasons_and_the_resident_reads_them() {
    refused(World::new().await).await;
}

pub async fn refused(world: World) {
    let wallet = world.wallet("refused-64").await;
    let case = world.apply(&wallet, 1, "old-age-allowance").await;
    let bearer = world.bearer(OWNER, 0).await;
    let path = format!("/v1/desk/cases/{:#x}", case.id);
    let file = world.get(OWNER, &path, &bearer).await;
    assert_eq!(file.json["form"], case.form, "{}", file.text);
    assert_eq!(file.json["case"]["status"], "review");
    let facts = file.json["facts"].as_array().unwrap();
    let age = facts.iter().find(|fact| fact["predicate"] == "age").unwrap();
    assert_eq!(
        (&age["value"], &age["provider"]),
        (&json!(64), &json!("public-security"))
    );
    assert_eq!(age["use"], format!("{:#x}", case.tag("public-security", 0)));
    assert!(file.json["history"].as_array().unwrap().len() >= 6);
    assert!(
        !file.text.contains(&wallet.number),
        "the deciding agency sees only facts"
    );

    let body = json!({ "text": "申请当天未满65周岁。" });
    let written = world
        .request(
            OWNER,
            "POST",
            &format!("{path}/statements"),
            &bearer,
            body.to_string().into_bytes().into(),
        )
        .await;
    let statement: B256 = written.json["hash"]
        .as_str()
        .expect(&written.text)
        .parse()
        .unwrap();
    let salt: B256 = written.json["salt"]
        .as_str()
        .expect(&written.text)
        .parse()
        .unwrap();
    let words = "申请当天未满65周岁。".as_bytes();
    assert_eq!(statement, keccak256([salt.as_slice(), words].concat()));
    let own = format!("/v1/cases/{:#x}/statements", case.id);
    let before = world.as_case(&case, "GET", &own, None).await;
    assert_eq!(before.json["items"], json!([]), "a draft is not shown");

    let statute = statute_id("沪府发〔2016〕24号", "一");
    let reason = parse_slug("age-below-65").unwrap();
    let refuse = refuseCall {
        id: case.id,
        row: 1,
        reason,
        statute,
        statement,
    };
    world.chain.submit(&officer(OWNER, 0), addresses().cases, &refuse);
    world.settle().await;
    let after = world.as_case(&case, "GET", &own, None).await;
    assert_eq!(
        after.json["items"][0]["text"], "申请当天未满65周岁。",
        "{}",
        after.text
    );
    assert_eq!(after.json["items"][0]["author"], "officer");
    let credential = world
        .as_case(
            &case,
            "GET",
            &format!("/v1/cases/{:#x}/credential", case.id),
            None,
        )
        .await;
    assert_eq!(credential.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn more_is_asked_for_and_handed_in() {
    supplemented(World::new().await).await;
}

pub async fn supplemented(world: World) {
    let wallet = world.wallet("household-missing").await;
    let mut case = world.apply(&wallet, 2, "old-age-allowance").await;
    let path = format!("/v1/cases/{:#x}/supplement", case.id);
    let early = world
        .as_case(
            &case,
            "POST",
            &path,
            Some(json!({ "form": {}, "salt": case.salt })),
        )
        .await;
    assert_eq!(
        (early.status, early.kind()),
        (StatusCode::CONFLICT, "wrong-status")
    );

    let defects = vec![parse_slug("household-unclear").unwrap()];
    let more = requestMoreCall {
        id: case.id,
        defects,
        statement: B256::ZERO,
    };
    world.chain.submit(&officer(OWNER, 0), addresses().cases, &more);
    world.settle().await;
    let wrong = json!({ "form": { "payment_channel": "cash" }, "salt": case.salt });
    let refused = world.as_case(&case, "POST", &path, Some(wrong)).await;
    assert_eq!(
        (refused.status, refused.field()),
        (StatusCode::BAD_REQUEST, "form")
    );

    case.form = json!({ "payment_channel": "elder-card" });
    case.salt = B256::repeat_byte(4);
    let taken = world
        .as_case(
            &case,
            "POST",
            &path,
            Some(json!({ "form": case.form, "salt": case.salt })),
        )
        .await;
    assert_eq!(
        taken.json["hash"],
        format!("{:#x}", case.commitment()),
        "{}",
        taken.text
    );
    let call = supplementCall {
        id: case.id,
        form: case.commitment(),
    };
    world.chain.submit(&case.key, addresses().cases, &call);
    world.settle().await;
    let bearer = world.bearer(OWNER, 0).await;
    let file = world
        .get(OWNER, &format!("/v1/desk/cases/{:#x}", case.id), &bearer)
        .await;
    assert_eq!(
        (&file.json["form"], &file.json["case"]["status"]),
        (&case.form, &json!("review"))
    );
}

#[tokio::test]
async fn the_queue_is_by_deadline_and_pages_without_gaps() {
    queue(World::new().await).await;
}

pub async fn queue(world: World) {
    let mut expected = Vec::new();
    for seed in 0..52u64 {
        let case = OwnCase::new(500 + seed, json!({ "payment_channel": "elder-card" }));
        world.open_case(&case, "old-age-allowance");
        world.advance(Duration::from_secs(if seed % 3 == 0 { 1 } else { 0 }));
        expected.push((world.on_chain(&case).promisedBy, format!("{:#x}", case.id)));
    }
    expected.sort();
    world.settle().await;
    let bearer = world.bearer(OWNER, 0).await;
    let first = world.get(OWNER, "/v1/desk/cases", &bearer).await;
    let next = first.json["next"].as_str().expect(&first.text);
    let second = world
        .get(OWNER, &format!("/v1/desk/cases?cursor={next}"), &bearer)
        .await;
    assert!(second.json["next"].is_null());
    let pages = [first, second];
    let items = pages
        .iter()
        .flat_map(|page| page.json["items"].as_array().unwrap());
    let found: Vec<_> = items
        .map(|row| {
            (
                row["promised_by"].as_u64().unwrap(),
                row["id"].as_str().unwrap().to_owned(),
            )
        })
        .collect();
    assert_eq!(found, expected);
}

#[tokio::test]
async fn sign_in_is_refused_for_every_reason_there_is() {
    let world = World::new().await;
    let key = officer(OWNER, 0);
    let now = crate::world::NOW_S;
    let attempt = async |message: String, signer: &alloy_signer_local::PrivateKeySigner| {
        let signature = signer.sign_message_sync(message.as_bytes()).unwrap().to_string();
        world
            .post(
                OWNER,
                "/v1/session",
                &json!({ "message": message, "signature": signature }),
            )
            .await
    };
    let nonce = world.nonce(OWNER).await;
    let me = key.address();
    let unauthorized = StatusCode::UNAUTHORIZED;
    for (message, kind) in [
        (
            siwe(me, "evil.example", CHAIN_ID, &nonce, now, now + 300),
            "wrong-message",
        ),
        (siwe(me, PORTAL, 1, &nonce, now, now + 300), "wrong-message"),
        (
            siwe(me, PORTAL, CHAIN_ID, &nonce, now - 1000, now + 300),
            "wrong-message",
        ),
        (
            siwe(me, PORTAL, CHAIN_ID, &nonce, now - 300, now),
            "wrong-message",
        ),
        (
            siwe(me, PORTAL, CHAIN_ID, &nonce, now + 600, now + 900),
            "wrong-message",
        ),
        (
            siwe(me, PORTAL, CHAIN_ID, "0123456789abcdef", now, now + 300),
            "wrong-nonce",
        ),
    ] {
        let answer = attempt(message.clone(), &key).await;
        assert_eq!((answer.status, answer.kind()), (unauthorized, kind), "{message}");
    }
    let good = siwe(me, PORTAL, CHAIN_ID, &nonce, now, now + 300);
    let forged = attempt(good.clone(), &officer(OWNER, 1)).await;
    assert_eq!((forged.status, forged.kind()), (unauthorized, "wrong-signature"));
    let malformed = attempt("hello".into(), &key).await;
    assert_eq!(
        (malformed.status, malformed.field()),
        (StatusCode::BAD_REQUEST, "message")
    );
    assert_eq!(attempt(good.clone(), &key).await.status, StatusCode::OK);
    let replayed = attempt(good, &key).await;
    assert_eq!((replayed.status, replayed.kind()), (unauthorized, "wrong-nonce"));

    let stranger = world.sign_in(OWNER, &officer("health", 0)).await;
    assert_eq!(
        (stranger.status, stranger.kind()),
        (StatusCode::FORBIDDEN, "not-an-officer")
    );
    world.nonce(OWNER).await;
    let late = world.nonce(OWNER).await;
    world.advance(Duration::from_secs(301));
    let now = now + 301;
    let answer = attempt(siwe(me, PORTAL, CHAIN_ID, &late, now, now + 300), &key).await;
    assert_eq!(answer.kind(), "wrong-nonce", "a challenge expires");
}

#[tokio::test]
async fn the_desk_opens_to_nobody_without_a_session_of_this_agency() {
    let world = World::new().await;
    let wallet = world.wallet("refused-64").await;
    let case = world.apply(&wallet, 3, "old-age-allowance").await;
    let paths = [
        "/v1/desk/cases".to_owned(),
        format!("/v1/desk/cases/{:#x}", case.id),
    ];
    for path in &paths {
        for headers in [vec![], vec![("authorization", "Bearer nonsense".to_owned())]] {
            let answer = world.get(OWNER, path, &headers).await;
            assert_eq!(
                (answer.status, answer.kind()),
                (StatusCode::UNAUTHORIZED, "no-session"),
                "{path}"
            );
        }
    }
    // A session of another agency opens nothing here, and at their own desk this case does not exist.
    let elsewhere = world.bearer("health", 0).await;
    assert_eq!(
        world.get(OWNER, &paths[1], &elsewhere).await.status,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(
        world.get("health", &paths[1], &elsewhere).await.status,
        StatusCode::NOT_FOUND
    );
    let body = json!({ "text": "x" }).to_string().into_bytes();
    let path = format!("{}/statements", paths[1]);
    let answer = world
        .request("health", "POST", &path, &elsewhere, body.clone().into())
        .await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    assert_eq!(
        world.request(OWNER, "POST", &path, &[], body.into()).await.status,
        StatusCode::UNAUTHORIZED
    );

    let bearer = world.bearer(OWNER, 0).await;
    for (path, field) in [
        ("/v1/desk/cases?status=lost", "status"),
        ("/v1/desk/cases?cursor=1", "cursor"),
        ("/v1/desk/cases?colour=red", "colour"),
        ("/v1/desk/cases/0x12", "id"),
    ] {
        let answer = world.get(OWNER, path, &bearer).await;
        assert_eq!(
            (answer.status, answer.field()),
            (StatusCode::BAD_REQUEST, field),
            "{path}"
        );
    }
    // Struck off the list, the officer is out at once; and a session ends by itself.
    let id = parse_slug(OWNER).unwrap();
    let second = world.bearer(OWNER, 1).await;
    let strike = setOfficerCall::new((officer(OWNER, 1).address(), id, false));
    world.chain.submit(&world.council, addresses().registry, &strike);
    world.settle().await;
    assert_eq!(
        world.get(OWNER, &paths[0], &second).await.status,
        StatusCode::FORBIDDEN
    );
    world.advance(Duration::from_secs(8 * 3600));
    assert_eq!(world.get(OWNER, &paths[0], &bearer).await.kind(), "no-session");
}

#[tokio::test]
async fn a_forgotten_resident_cannot_be_read_any_more_and_the_chain_still_verifies() {
    forgotten(World::new().await).await;
}

pub async fn forgotten(world: World) {
    let wallet = world.wallet("refused-64").await;
    let case = world.apply(&wallet, 4, "old-age-allowance").await;
    let bearer = world.bearer(OWNER, 0).await;
    let path = format!("/v1/desk/cases/{:#x}", case.id);
    assert_eq!(world.get(OWNER, &path, &bearer).await.json["form"], case.form);
    let number = zhengtong_vault::ResidentNumber::parse(&wallet.number).unwrap();
    world.app(OWNER).forget(&number).await.unwrap();
    let file = world.get(OWNER, &path, &bearer).await;
    assert_eq!(file.status, StatusCode::OK, "{}", file.text);
    assert!(file.json["form"].is_null());
    assert_eq!(
        file.json["facts"].as_array().unwrap().len(),
        4,
        "what is on the chain stays"
    );
}

#[tokio::test]
async fn an_applicant_cannot_use_up_the_officers_statements() {
    const MOST: u64 = 64;
    let world = World::new().await;
    let wallet = world.wallet("approved-66").await;
    let case = world.apply(&wallet, 5, "old-age-allowance").await;
    let path = format!("/v1/cases/{:#x}/appeal", case.id);
    for n in 0..=MOST {
        let body = json!({ "text": format!("{n}"), "salt": B256::ZERO });
        let answer = world.as_case(&case, "POST", &path, Some(body)).await;
        let expected = if n < MOST {
            StatusCode::OK
        } else {
            StatusCode::CONFLICT
        };
        assert_eq!(answer.status, expected, "{n}: {}", answer.text);
    }
    let bearer = world.bearer(OWNER, 0).await;
    let path = format!("/v1/desk/cases/{:#x}/statements", case.id);
    let body = json!({ "text": "我已阅读。" }).to_string().into_bytes();
    let answer = world.request(OWNER, "POST", &path, &bearer, body.into()).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
}
