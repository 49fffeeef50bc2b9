//! What was said before a deletion does not undo it: links and proofs that somebody kept, and what was under way.

use std::path::PathBuf;
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
use crate::rights::Key;
use crate::wallet::{OwnCase, Wallet, commitment};
use crate::world::{Answer, OWNER, World, officer};

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
}

#[tokio::test]
async fn a_deletion_is_known_for_twelve_minutes_and_nothing_of_before_is_taken_then() {
    let world = World::new().await;
    let wallet = world.wallet("approved-66").await;
    let case = open_case(&world, &wallet, 1);
    world.settle().await;
    let app = world.app(AGENCY);
    let subject = subject(app, &wallet);
    app.forget(&number(&wallet.number)).await.unwrap();
    // Made in the second of the deletion, on a clock as far ahead as is allowed.
    let ahead = world.clock.now_s() + 60;
    let rest = case.link_rest(&wallet, AGENCY, true, false, None, ahead);
    let kept = case.seal(&rest, AGENCY, world.encryption(AGENCY));

    let refused = async || {
        app.clean_links().await.unwrap();
        let answer = world.post(AGENCY, "/v1/links", &kept).await;
        assert!(!is_known(&world, AGENCY, subject));
        let word = answer.kind().to_owned();
        (
            app.store.forgotten_at(subject).await.unwrap().is_some(),
            answer.status,
            word,
        )
    };
    let deleted = (true, StatusCode::CONFLICT, "before-deletion".to_owned());
    assert_eq!(refused().await, deleted);
    // As long as the presentation holds, it is the deletion alone that keeps it out.
    world.advance(Duration::from_secs(660));
    assert_eq!(refused().await, deleted);
    world.advance(Duration::from_secs(60));
    assert!(refused().await.0, "twelve minutes");
    world.advance(Duration::from_secs(1));
    assert_eq!(
        refused().await,
        (false, StatusCode::FORBIDDEN, "identity-not-proven".to_owned())
    );
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

/// A connection of another process to one of an organisation's databases.
async fn beside(world: &World, organisation: &str, file: &str) -> SqliteConnection {
    let path: PathBuf = world.folder.path().join(organisation).join(file);
    SqliteConnection::connect(&format!("sqlite://{}", path.display()))
        .await
        .unwrap()
}

/// What is asked while a deletion has begun, and what it wrote first is not seen yet: nothing else can be written to the store
/// before something about the person is in the vault.
async fn asked_while_a_deletion_begins<T>(
    world: &World,
    organisation: &str,
    subject: Subject,
    asked: impl Future<Output = T>,
) -> T {
    let store = &world.app(organisation).store;
    let mut deleting = beside(world, organisation, "gateway.sqlite").await;
    let mut vault = beside(world, organisation, "vault.sqlite").await;
    store.put_forgotten(subject, world.clock.now_s()).await.unwrap();
    for step in [
        "CREATE TEMP TABLE begun AS SELECT * FROM forgotten; DELETE FROM forgotten; BEGIN IMMEDIATE",
        "INSERT INTO forgotten SELECT * FROM begun",
    ] {
        deleting.execute(step).await.unwrap();
    }
    let deletion = async {
        while count(
            &mut vault,
            "SELECT COUNT(*) FROM vault_keys WHERE subject = $1",
            &subject.to_hex(),
        )
        .await
            == 0
        {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        deleting.execute("COMMIT").await.unwrap();
    };
    tokio::join!(asked, deletion).0
}

async fn count(db: &mut SqliteConnection, query: &'static str, of: &str) -> i64 {
    let found = sqlx::query_scalar(query).bind(of.to_owned());
    found.fetch_one(db).await.unwrap()
}

/// What is asked while nothing can be written to the vault. Once the store has a row by which it has `begun`, the person is
/// deleted, of whom nothing is in the vault yet; then the vault takes what comes.
pub async fn deleted_before_it_is_kept<T>(
    world: &World,
    organisation: &str,
    subject: Subject,
    begun: (&'static str, String),
    asked: impl Future<Output = T>,
) -> T {
    let mut books = beside(world, organisation, "gateway.sqlite").await;
    let mut vault = beside(world, organisation, "vault.sqlite").await;
    vault.execute("BEGIN IMMEDIATE").await.unwrap();
    let deletion = async {
        while count(&mut books, begun.0, &begun.1).await == 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let store = &world.app(organisation).store;
        store.put_forgotten(subject, world.clock.now_s()).await.unwrap();
        store.unlink(subject, &[]).await.unwrap();
        vault.execute("ROLLBACK").await.unwrap();
    };
    tokio::join!(asked, deletion).0
}

/// What is asked while somebody's key is destroyed: the vault shows it once what is to be written waits. Should that be slower, it
/// ends the same.
async fn asked_while_the_key_is_destroyed<T>(
    world: &World,
    organisation: &str,
    subject: Subject,
    asked: impl Future<Output = T>,
) -> T {
    let mut vault = beside(world, organisation, "vault.sqlite").await;
    vault.execute("BEGIN IMMEDIATE").await.unwrap();
    let destroy = sqlx::query("DELETE FROM vault_keys WHERE subject = $1").bind(subject.to_hex());
    destroy.execute(&mut vault).await.unwrap();
    let deletion = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        vault.execute("COMMIT").await.unwrap();
    };
    tokio::join!(asked, deletion).0
}

/// That a deletion took what came in while it was carried out.
async fn taken_late(app: &App, subject: Subject) {
    let late = app.store.deletions().await.unwrap();
    assert_eq!(late[0].cause, "late");
    assert!(!late[0].key_ids.is_empty());
    assert_eq!(
        app.vault.destroy(subject).await.unwrap().key_id,
        None,
        "a key is left"
    );
}

/// Somebody who is signed in asks an agency for a copy.
async fn ask_for_a_copy(world: &World, mine: &[(&'static str, String)], key: &Key) -> Answer {
    let body = json!({ "kind": "copy", "text": "请给我一份副本。", "answer_key": key.public });
    let body = body.to_string().into_bytes().into();
    world.request(AGENCY, "POST", "/v1/my/requests", mine, body).await
}

#[tokio::test]
async fn a_request_that_is_made_while_its_person_is_deleted_is_deleted_with_them() {
    let world = World::new().await;
    let wallet = world.wallet("approved-66").await;
    let mine = crate::tracker::session(&world, AGENCY, &wallet).await;
    let app = world.app(AGENCY);
    let subject = subject(app, &wallet);
    let key = Key::new("in flight");
    let asked = ask_for_a_copy(&world, &mine, &key);
    let answer = asked_while_a_deletion_begins(&world, AGENCY, subject, asked).await;
    assert_eq!(
        (answer.status, answer.kind()),
        (StatusCode::UNAUTHORIZED, "no-session"),
        "{}",
        answer.text
    );
    taken_late(app, subject).await;
    assert!(!is_known(&world, AGENCY, subject));
    assert!(app.store.request(&key.id()).await.unwrap().is_none());

    // Who still asks signs in again, and is taken.
    world.advance(Duration::from_secs(1));
    let again = crate::tracker::session(&world, AGENCY, &wallet).await;
    let answer = ask_for_a_copy(&world, &again, &key).await;
    assert_eq!(answer.json["request"]["id"], key.id(), "{}", answer.text);
}

#[tokio::test]
async fn an_answer_that_is_written_while_its_person_is_deleted_makes_no_new_key() {
    let world = World::new().await;
    let wallet = world.wallet("approved-66").await;
    let mine = crate::tracker::session(&world, AGENCY, &wallet).await;
    let app = world.app(AGENCY);
    let subject = subject(app, &wallet);
    let key = Key::new("in flight");
    ask_for_a_copy(&world, &mine, &key).await;

    let bearer = world.bearer(AGENCY, 0).await;
    let path = format!("/v1/desk/requests/{}/answer", key.id());
    let body = json!({ "granted": false, "reason": "没有可以复制的。" }).to_string();
    let answered = world.request(AGENCY, "POST", &path, &bearer, body.into_bytes().into());
    let answer = asked_while_the_key_is_destroyed(&world, AGENCY, subject, answered).await;
    assert_eq!(answer.json["status"], "refused", "{}", answer.text);
    assert_eq!(
        app.vault.destroy(subject).await.unwrap().key_id,
        None,
        "it has a new key"
    );
    // To the person alone, and without a word of who answered.
    let row = app.store.request(&key.id()).await.unwrap().unwrap();
    assert_eq!(row.officer, "");
    let sealed = app.store.sealed_answer(&key.id()).await.unwrap().unwrap();
    let read = key.open(&key.id(), &sealed).unwrap();
    assert_eq!((read.reason.as_str(), read.text), ("没有可以复制的。", None));
}

#[tokio::test]
async fn a_seat_that_is_taken_while_its_person_is_deleted_is_empty_and_forgotten() {
    const AUTHORITY: &str = "public-security";
    let world = World::new().await;
    let wallet = world.wallet("approved-66").await;
    let app = world.app(AUTHORITY);
    let subject = subject(app, &wallet);
    let leaf = commitment("in flight").to_string();
    let begun = (
        "SELECT COUNT(*) FROM attempts WHERE subject = $1",
        subject.to_hex(),
    );
    let asked = world.enrol(&wallet, &leaf);
    let answer = deleted_before_it_is_kept(&world, AUTHORITY, subject, begun, asked).await;
    assert_eq!(answer.kind(), "before-deletion", "{}", answer.text);
    taken_late(app, subject).await;
    assert!(!is_known(&world, AUTHORITY, subject));
    let wanted = app.store.wanted_leaves(u64::MAX >> 1, 1, 9).await.unwrap();
    assert!(wanted.iter().all(|one| one.leaf.is_none()), "{wanted:?}");

    let again = world.enrol(&wallet, &leaf).await;
    assert_eq!(again.status, StatusCode::OK, "{}", again.text);
}

#[tokio::test]
async fn a_seat_that_somebody_has_gets_no_leaf_once_their_key_is_gone() {
    const AUTHORITY: &str = "public-security";
    let world = World::new().await;
    let wallet = world.wallet("approved-66").await;
    let app = world.app(AUTHORITY);
    let subject = subject(app, &wallet);
    let first = world.enrol(&wallet, &commitment("first").to_string()).await;
    assert_eq!(first.status, StatusCode::OK, "{}", first.text);
    app.enter_people().await.unwrap();
    // The deletion has looked for the seat, and destroys the key while another wallet's leaf is on its way.
    let second = commitment("second").to_string();
    let answer =
        asked_while_the_key_is_destroyed(&world, AUTHORITY, subject, world.enrol(&wallet, &second)).await;
    assert_eq!(answer.kind(), "before-deletion", "{}", answer.text);
    assert_eq!(
        app.vault.destroy(subject).await.unwrap().key_id,
        None,
        "it has a new key"
    );
    assert!(
        app.store
            .wanted_leaves(u64::MAX >> 1, 1, 9)
            .await
            .unwrap()
            .is_empty()
    );
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
    let asked = world.post(AGENCY, "/v1/links", &body);
    let answer = asked_while_a_deletion_begins(&world, AGENCY, subject, asked).await;
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
    let write = async |text: &str| {
        let body = json!({ "text": text }).to_string().into_bytes();
        let path = format!("/v1/desk/cases/{:#x}/statements", case.id);
        world.request(OWNER, "POST", &path, &bearer, body.into()).await
    };
    let hand_in = async |salt: u8| {
        let body = json!({ "form": { "payment_channel": "elder-card" }, "salt": B256::repeat_byte(salt) });
        let path = format!("/v1/cases/{:#x}/supplement", case.id);
        world.as_case(&case, "POST", &path, Some(body)).await
    };
    for taken in [write("请补交户口簿。").await, hand_in(4).await] {
        assert_eq!(taken.status, StatusCode::OK, "{}", taken.text);
    }
    // The deletion has destroyed the key, and the store still says whose case it is.
    let whose = subject(app, &wallet);
    assert!(app.vault.destroy(whose).await.unwrap().key_id.is_some());
    for late in [
        write("请补交户口簿。").await,
        write("还请补交身份证。").await,
        hand_in(4).await,
        hand_in(5).await,
    ] {
        assert_eq!(
            (late.status, late.kind()),
            (StatusCode::CONFLICT, "case-forgotten"),
            "{}",
            late.text
        );
    }
    assert_eq!(
        app.vault.destroy(whose).await.unwrap().key_id,
        None,
        "it has a new key"
    );
}
