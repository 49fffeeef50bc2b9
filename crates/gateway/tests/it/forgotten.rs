//! What was said before a deletion does not undo it: links and proofs that somebody kept, and what was under way.

use std::time::Duration;

use alloy_primitives::B256;
use axum::http::StatusCode;
use serde_json::{Value, json};
use sqlx::{Connection as _, Executor as _, SqliteConnection};
use zhengtong_bindings::cases::Cases::requestMoreCall;
use zhengtong_bindings::{addresses, parse_slug};
use zhengtong_gateway::app::App;
use zhengtong_gateway::app::clock::Clock as _;
use zhengtong_vault::Subject;

use crate::deletion::{bytes_below, contains, number};
use crate::wallet::{OwnCase, Wallet};
use crate::world::{OWNER, World, officer};

const SERVICE: &str = "old-age-allowance";
const AGENCY: &str = "health";

/// A link as the wallet seals it now.
fn sealed(world: &World, wallet: &Wallet, case: &OwnCase, organisation: &str) -> Value {
    let is_owner = organisation == OWNER;
    let rest = case.link_rest(wallet, organisation, true, is_owner, None, world.clock.now_s());
    case.seal(&rest, organisation, world.encryption(organisation))
}

/// A link that says nothing of the person, as the wallet seals it for who decides and looks nothing up.
fn sealed_form(world: &World, wallet: &Wallet, case: &OwnCase) -> Value {
    let rest = case.link_rest(wallet, OWNER, false, true, None, world.clock.now_s());
    case.seal(&rest, OWNER, world.encryption(OWNER))
}

fn open_case(world: &World, wallet: &Wallet, seed: u64) -> OwnCase {
    let case = OwnCase::new(seed, json!({ "payment_channel": "social-security-card" })).of(wallet);
    world.open_case(&case, SERVICE);
    case
}

fn subject(app: &App, wallet: &Wallet) -> Subject {
    app.vault.resident(&number(&wallet.number))
}

/// Whether anything in an organisation's folder leads to somebody.
fn is_known(world: &World, organisation: &str, subject: Subject) -> bool {
    let held = bytes_below(&world.folder.path().join(organisation));
    contains(&held, subject.to_hex().as_bytes())
}

#[tokio::test]
async fn a_link_that_somebody_kept_does_not_undo_a_deletion() {
    let world = World::new().await;
    let wallet = world.wallet("approved-66").await;
    let (linked, held_back) = (open_case(&world, &wallet, 1), open_case(&world, &wallet, 2));
    world.settle().await;
    let [posted, kept] = [&linked, &held_back].map(|case| sealed(&world, &wallet, case, AGENCY));
    let form = sealed_form(&world, &wallet, &linked);
    for (organisation, body) in [(AGENCY, &posted), (OWNER, &form)] {
        let answer = world.post(organisation, "/v1/links", body).await;
        assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text);
    }
    let (app, owner) = (world.app(AGENCY), world.app(OWNER));
    let subject = subject(app, &wallet);
    app.forget(&number(&wallet.number)).await.unwrap();
    owner.books().forget_case(linked.id).await.unwrap();

    // Within the time that the presentation holds, and whether it was posted before or not.
    world.advance(Duration::from_secs(60));
    for (organisation, body, word) in [
        (AGENCY, &posted, "case-forgotten"),
        (AGENCY, &kept, "before-deletion"),
        (OWNER, &form, "case-forgotten"),
    ] {
        let answer = world.post(organisation, "/v1/links", body).await;
        let (status, kind) = (answer.status, answer.kind());
        assert_eq!((status, kind), (StatusCode::CONFLICT, word), "{}", answer.text);
    }
    assert!(!is_known(&world, AGENCY, subject));
    let of_case = owner.vault.applicant(&linked.id.0);
    let destroyed = owner.vault.destroy(of_case).await.unwrap();
    assert_eq!(destroyed.key_id, None, "the form has a key again");

    // What they show afterwards counts, in a case that was not deleted.
    world.advance(Duration::from_secs(61));
    let again = sealed(&world, &wallet, &held_back, AGENCY);
    let answer = world.post(AGENCY, "/v1/links", &again).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text);
    let again = sealed(&world, &wallet, &linked, AGENCY);
    let answer = world.post(AGENCY, "/v1/links", &again).await;
    assert_eq!(answer.kind(), "case-forgotten", "{}", answer.text);
    // It is known no longer than anything of before would be taken.
    world.advance(Duration::from_secs(3_600));
    app.store
        .clean_forgotten(world.clock.now_s() - 3_000)
        .await
        .unwrap();
    assert_eq!(app.store.forgotten_at(subject).await.unwrap(), None);
}

#[tokio::test]
async fn what_retention_removed_comes_back_by_no_link() {
    let world = World::new().await;
    let wallet = world.wallet("approved-66").await;
    let case = open_case(&world, &wallet, 1);
    let form = sealed_form(&world, &wallet, &case);
    assert_eq!(
        world.post(OWNER, "/v1/links", &form).await.status,
        StatusCode::ACCEPTED
    );
    let rules = "[link]\ndays = 1\nbasis = \"x\"";
    let rules = zhengtong_gateway::app::retention::Retention::parse(rules).unwrap();
    world.advance(Duration::from_secs(2 * 24 * 3600));
    assert_eq!(world.app(OWNER).books().apply(&rules).await.unwrap().len(), 1);
    let answer = world.post(OWNER, "/v1/links", &form).await;
    assert_eq!(answer.kind(), "case-forgotten", "{}", answer.text);
}

#[tokio::test]
async fn a_link_that_is_being_kept_while_its_person_is_deleted_is_deleted_with_them() {
    let world = World::new().await;
    let wallet = world.wallet("approved-66").await;
    let case = open_case(&world, &wallet, 1);
    world.settle().await;
    let body = sealed(&world, &wallet, &case, AGENCY);
    let app = world.app(AGENCY);
    let subject = subject(app, &wallet);
    // A deletion has begun, and what it wrote first is not seen yet; nothing else can be written to the store meanwhile.
    let books = world.folder.path().join(AGENCY).join("gateway.sqlite");
    let mut deleting = SqliteConnection::connect(&format!("sqlite://{}", books.display()))
        .await
        .unwrap();
    app.store
        .put_forgotten(subject, world.clock.now_s())
        .await
        .unwrap();
    deleting
        .execute("CREATE TEMP TABLE begun AS SELECT * FROM forgotten; DELETE FROM forgotten; BEGIN IMMEDIATE")
        .await
        .unwrap();
    deleting
        .execute("INSERT INTO forgotten SELECT * FROM begun")
        .await
        .unwrap();
    let deletion = async {
        // So the link is in the vault, and waits to be written down.
        while !contains(
            &bytes_below(&world.folder.path().join(AGENCY)),
            subject.to_hex().as_bytes(),
        ) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        deleting.execute("COMMIT").await.unwrap();
    };
    let (answer, ()) = tokio::join!(world.post(AGENCY, "/v1/links", &body), deletion);
    assert_eq!(answer.kind(), "before-deletion", "{}", answer.text);
    assert!(!is_known(&world, AGENCY, subject));
    let late = app.store.deletions().await.unwrap();
    assert_eq!(
        (late.len(), late[0].cause.as_str(), late[0].cases),
        (1, "late", 1)
    );
    assert!(!late[0].key_ids.is_empty());
}

#[tokio::test]
async fn what_is_written_while_somebody_is_deleted_gets_no_new_key() {
    let world = World::new().await;
    let wallet = world.wallet("household-missing").await;
    let case = world.apply(&wallet, 1, SERVICE).await;
    let more = requestMoreCall {
        id: case.id,
        defects: vec![parse_slug("household-unclear").unwrap()],
        statement: B256::ZERO,
    };
    world.chain.submit(&officer(OWNER, 0), addresses().cases, &more);
    world.settle().await;
    let (app, bearer) = (world.app(OWNER), world.bearer(OWNER, 0).await);
    // The deletion has destroyed the key, and the store still says whose case it is.
    let whose = subject(app, &wallet);
    assert!(app.vault.destroy(whose).await.unwrap().key_id.is_some());

    let body = json!({ "text": "请补交户口簿。" }).to_string().into_bytes();
    let path = format!("/v1/desk/cases/{:#x}/statements", case.id);
    let written = world.request(OWNER, "POST", &path, &bearer, body.into()).await;
    assert!(!written.status.is_success(), "{}", written.text);
    let body = json!({ "form": { "payment_channel": "elder-card" }, "salt": B256::repeat_byte(4) });
    let path = format!("/v1/cases/{:#x}/supplement", case.id);
    let handed_in = world.as_case(&case, "POST", &path, Some(body)).await;
    assert!(!handed_in.status.is_success(), "{}", handed_in.text);
    assert_eq!(
        app.vault.destroy(whose).await.unwrap().key_id,
        None,
        "it has a new key"
    );
}
