//! The answer to a request about one's data reaches the person, after their deletion too, and opens for nobody else.

use std::time::Duration;

use alloy_primitives::{B256, keccak256};
use alloy_signer::SignerSync as _;
use axum::http::StatusCode;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hpke::aead::AesGcm256;
use hpke::kdf::HkdfSha256;
use hpke::kem::X25519HkdfSha256;
use hpke::{Deserializable, Kem, OpModeR, Serializable};
use serde_json::{Value, json};
use zhengtong_gateway::app::clock::Clock;
use zhengtong_gateway::app::deletion::{Cause, deletion_text, record};
use zhengtong_gateway::app::link::recover;
use zhengtong_gateway::app::requests::answer::{ANSWER_INFO, Answer, answer_text, id_of};
use zhengtong_gateway::app::retention::Retention;
use zhengtong_gateway::store::{DeletionRow, RequestStatus};

use crate::deletion::{bytes_below, contains, number};
use crate::wallet::Wallet;
use crate::world::{OWNER, World, officer};

const SERVICE: &str = "old-age-allowance";
const PATH: &str = "/v1/my/requests";
type Headers = Vec<(&'static str, String)>;

/// The key of one request, as the wallet has it.
pub struct Key {
    secret: <X25519HkdfSha256 as Kem>::PrivateKey,
    pub public: B256,
}

impl Key {
    pub fn new(label: &str) -> Self {
        let (secret, public) = X25519HkdfSha256::derive_keypair(keccak256(label).as_slice());
        let public = B256::from_slice(&public.to_bytes());
        Self { secret, public }
    }

    pub fn id(&self) -> String {
        id_of(&self.public)
    }

    pub fn open(&self, id: &str, sealed: &[u8]) -> Option<Answer> {
        let encapsulated = <X25519HkdfSha256 as Kem>::EncappedKey::from_bytes(&sealed[..32]).unwrap();
        let text = hpke::single_shot_open::<AesGcm256, HkdfSha256, X25519HkdfSha256>(
            &OpModeR::Base,
            &self.secret,
            &encapsulated,
            ANSWER_INFO,
            &sealed[32..],
            &hex::decode(id).unwrap(),
        )
        .ok()?;
        serde_json::from_slice(&text).ok()
    }
}

async fn ask(world: &World, mine: &Headers, body: Value) -> crate::world::Answer {
    let body = body.to_string().into_bytes().into();
    world.request(OWNER, "POST", PATH, mine, body).await
}

async fn answer(world: &World, id: &str, granted: bool, reason: &str) -> crate::world::Answer {
    let bearer = world.bearer(OWNER, 0).await;
    let body = json!({ "granted": granted, "reason": reason }).to_string();
    let path = format!("/v1/desk/requests/{id}/answer");
    world
        .request(OWNER, "POST", &path, &bearer, body.into_bytes().into())
        .await
}

/// The only resident with a case, who has asked for deletion. Answers who, and the request's key.
async fn asked_to_delete(world: &World) -> (Wallet, Key) {
    let wallet = world.wallet("approved-66").await;
    world.apply(&wallet, 1, SERVICE).await;
    let mine = crate::tracker::session(world, OWNER, &wallet).await;
    let key = Key::new("cut short");
    let body = json!({ "kind": "delete", "text": "请删除。", "answer_key": key.public });
    ask(world, &mine, body).await;
    (wallet, key)
}

/// As anybody may read it who knows the id.
async fn told(world: &World, id: &str) -> (Value, Vec<u8>) {
    let told = world.get(OWNER, &format!("/v1/requests/{id}"), &[]).await;
    assert_eq!(told.status, StatusCode::OK, "{}", told.text);
    let sealed = told.json["sealed"].as_str().unwrap_or_default();
    (told.json.clone(), URL_SAFE_NO_PAD.decode(sealed).unwrap())
}

#[test]
fn the_id_of_a_request_comes_from_its_key() {
    // Computed with Python's hashlib: sha256(b"zhengtong/request/v1" + bytes([7] * 32)), the first 16 bytes.
    assert_eq!(id_of(&B256::repeat_byte(7)), "999e6ef8a43af4dd325f48e0bcb29f57");
}

#[tokio::test]
async fn a_request_sent_again_is_the_same_request_and_a_key_is_of_one_alone() {
    resent(World::new().await).await;
}

pub async fn resent(world: World) {
    let (wallet, other) = (
        world.wallet("approved-66").await,
        world.wallet("refused-64").await,
    );
    let mine = crate::tracker::session(&world, OWNER, &wallet).await;
    let theirs = crate::tracker::session(&world, OWNER, &other).await;
    let key = Key::new("one");
    let body = json!({ "kind": "copy", "text": "请给我一份副本。", "answer_key": key.public });
    let first = ask(&world, &mine, body.clone()).await;
    assert_eq!(first.status, StatusCode::OK, "{}", first.text);
    assert_eq!(first.json["request"]["id"], key.id());
    let again = ask(&world, &mine, body.clone()).await;
    assert_eq!(again.json["receipt"], first.json["receipt"]);
    let own = world.get(OWNER, PATH, &mine).await;
    assert_eq!(own.json["items"].as_array().unwrap().len(), 1);
    for (whose, kind, text) in [
        (&mine, "copy", "另一份。"),
        (&mine, "correct", "请给我一份副本。"),
        (&theirs, "copy", "请给我一份副本。"),
    ] {
        let body = json!({ "kind": kind, "text": text, "answer_key": key.public });
        let refused = ask(&world, whose, body).await;
        assert_eq!(
            (refused.status, refused.kind(), refused.field()),
            (StatusCode::CONFLICT, "key-used", "answer_key"),
            "{}",
            refused.text
        );
    }
    // Nothing can be sealed to a point of low order.
    let body = json!({ "kind": "copy", "text": "x", "answer_key": B256::ZERO });
    let refused = ask(&world, &mine, body).await;
    assert_eq!(
        (refused.status, refused.field()),
        (StatusCode::BAD_REQUEST, "answer_key")
    );
}

#[tokio::test]
async fn an_answer_outlives_the_person_it_is_for_and_is_dark_to_everybody_else() {
    let world = World::new().await;
    let Answers { sealed, words } = outlives(&world).await;
    // Not a word of any of them is on the disk, nor who it is.
    let disk = bytes_below(&world.folder.path().join(OWNER));
    assert!(
        contains(&disk, hex::encode(&sealed[..64]).as_bytes()),
        "the search sees the sealed answer"
    );
    for text in &words {
        for form in [text.as_bytes(), hex::encode(text).as_bytes()] {
            assert!(!contains(&disk, form), "{text}");
        }
    }
}

/// A sealed answer, and what nobody is to find.
pub struct Answers {
    sealed: Vec<u8>,
    words: Vec<String>,
}

pub async fn outlives(world: &World) -> Answers {
    let wallet = world.wallet("approved-66").await;
    world.apply(&wallet, 1, SERVICE).await;
    let app = world.app(OWNER);
    let mine = crate::tracker::session(world, OWNER, &wallet).await;
    let [earlier, waits, last] = ["earlier", "waits", "last"].map(Key::new);
    let (asked, reason) = ("请删除关于我的一切。", "目的已经实现，保存期已满，予以删除。");
    let (wrong, short) = ("我的住址登记有误。", "登记以户籍为准，请先到公安更正。");
    let long = short.repeat(60);
    for (key, kind, text) in [
        (&earlier, "correct", wrong),
        (&waits, "copy", "请给我一份副本。"),
        (&last, "delete", asked),
    ] {
        let body = json!({ "kind": kind, "text": text, "answer_key": key.public });
        let taken = ask(world, &mine, body).await;
        assert_eq!(taken.status, StatusCode::OK, "{}", taken.text);
    }
    assert_eq!(told(world, &last.id()).await.1, Vec::<u8>::new());
    assert_eq!(
        answer(world, &earlier.id(), false, &long).await.status,
        StatusCode::OK
    );
    let granted = answer(world, &last.id(), true, reason).await;
    assert_eq!(granted.json["status"], "granted", "{}", granted.text);

    // Who, when, why, and the signed record of what was destroyed.
    let (state, sealed) = told(world, &last.id()).await;
    assert_eq!(state["status"], "granted");
    let read = last.open(&last.id(), &sealed).unwrap();
    assert_eq!(
        (read.granted, read.reason.as_str(), read.text.as_deref()),
        (true, reason, Some(asked))
    );
    assert_eq!(read.answered_ms, world.clock.now_ms());
    let code = hex::encode(&officer(OWNER, 0).address()[..4]);
    assert_eq!(
        (read.role.as_str(), read.officer.as_str()),
        ("data-officer", code.as_str())
    );
    assert_eq!(
        recover(&read.signature, &answer_text(&read)),
        Some(app.attester.address())
    );
    let row = read.deletion.as_ref().unwrap();
    assert_eq!(
        recover(&row.signature, &deletion_text(OWNER, row)),
        Some(app.attester.address())
    );
    let listed = world.get(OWNER, "/v1/deletions", &[]).await.json["items"][0].clone();
    assert_eq!(
        (&listed["id"], &listed["signature"]),
        (&json!(row.id), &json!(row.signature))
    );
    assert_eq!(state["deletion"], json!(row.id));

    // One that was answered before is still there, and one that waits is answered to the person alone.
    let (_, sealed_before) = told(world, &earlier.id()).await;
    let read = earlier.open(&earlier.id(), &sealed_before).unwrap();
    assert_eq!(
        (read.granted, read.reason, read.deletion.is_none()),
        (false, long.clone(), true)
    );
    let late = answer(world, &waits.id(), false, "您的信息已经删除，没有可以复制的。").await;
    assert_eq!(late.json["status"], "refused", "{}", late.text);
    let (_, sealed_late) = told(world, &waits.id()).await;
    let read = waits.open(&waits.id(), &sealed_late).unwrap();
    assert_eq!(
        (read.text, read.reason.as_str()),
        (None, "您的信息已经删除，没有可以复制的。")
    );

    // Dark: it opens with the key of its own request alone, not with another of the person's or the agency's own.
    let agency = Key {
        secret: Deserializable::from_bytes(app.encryption.expose()).unwrap(),
        public: B256::ZERO,
    };
    for other in [&earlier, &waits, &agency] {
        assert!(other.open(&last.id(), &sealed).is_none());
    }
    assert!(
        last.open(&earlier.id(), &sealed).is_none(),
        "it is of its request"
    );
    // No length tells who wrote how much.
    assert_eq!([sealed_before.len(), sealed.len()], [sealed_late.len(); 2]);
    // Nothing joins the three: no pseudonym, no officer, and no key is left. The public list leads to none of them.
    let list = world.get(OWNER, "/v1/deletions", &[]).await.text;
    for key in [&earlier, &waits, &last] {
        let row = app.store.request(&key.id()).await.unwrap().unwrap();
        assert_eq!((row.subject, row.officer.as_str()), (None, ""));
        assert_eq!(app.store.answer_key(&key.id()).await.unwrap(), None);
        assert!(!list.contains(&key.id()), "{list}");
    }
    let words = [asked, reason, wrong, short, &wallet.number, &wallet.name];
    let words = words.map(str::to_owned).to_vec();
    Answers { sealed, words }
}

#[test]
fn the_list_of_deletions_names_a_request_by_a_digest() {
    // Computed with Python's hashlib: sha256(b"zhengtong/deletion/v1" + id), the first 16 bytes.
    assert_eq!(
        Cause::Request("999e6ef8a43af4dd325f48e0bcb29f57").word(),
        "a9a556e222fe020000c4e20265c62dce"
    );
}

#[tokio::test]
async fn deletions_of_earlier_versions_hide_their_requests_once_the_gateway_starts() {
    let mut world = World::new().await;
    let wallet = world.wallet("approved-66").await;
    let mine = crate::tracker::session(&world, OWNER, &wallet).await;
    let key = Key::new("earlier");
    let body = json!({ "kind": "delete", "text": "请删除。", "answer_key": key.public });
    ask(&world, &mine, body).await;
    assert_eq!(
        answer(&world, &key.id(), true, "同意。").await.status,
        StatusCode::OK
    );
    // As earlier versions wrote and signed it, in the store and in the record beside it.
    let record = world.folder.path().join("deletions.json");
    let app = world.app(OWNER);
    let signed = |row: &mut DeletionRow| {
        let text = deletion_text(OWNER, row);
        row.signature = app
            .attester
            .sign_message_sync(text.as_bytes())
            .unwrap()
            .to_string();
    };
    let mut old = app.store.deletions().await.unwrap().remove(0);
    assert_eq!(old.cause, Cause::Request(&key.id()).word());
    let now = old.clone();
    old.cause = key.id();
    signed(&mut old);
    app.store.resign_deletion(&old).await.unwrap();
    // One of another attester's is left alone, and keeps nobody from starting.
    let mut foreign = old.clone();
    foreign.id = "ff".repeat(16);
    app.store.put_deletion(&foreign).await.unwrap();
    record::write(OWNER, &app.store, &record).await.unwrap();
    world.restart().await;

    let app = world.app(OWNER);
    let rows = app.store.deletions().await.unwrap();
    let mended = rows.iter().find(|row| row.id == old.id).unwrap();
    assert_eq!(
        (&mended.cause, mended.at_ms, &mended.key_ids),
        (&now.cause, now.at_ms, &now.key_ids)
    );
    let signer = recover(&mended.signature, &deletion_text(OWNER, mended));
    assert_eq!(signer, Some(app.attester.address()));
    assert_eq!(rows.iter().find(|row| row.id == foreign.id).unwrap(), &foreign);
    let list = world.get(OWNER, "/v1/deletions", &[]).await;
    let listed = list.json["items"].as_array().unwrap().iter();
    let listed = listed.clone().find(|row| row["id"] == old.id.as_str()).unwrap();
    assert_eq!(listed["cause"], now.cause.as_str());
    // A record that was written before is carried out as ever.
    let kept = record::read(&record).unwrap().deletions;
    let kept: Vec<_> = kept.into_iter().filter(|row| row.id == old.id).collect();
    assert_eq!(kept, [old]);
    app.books().carry_out_again(&kept).await.unwrap();
}

#[tokio::test]
async fn a_sealed_answer_is_kept_as_long_as_its_class_says() {
    let world = World::new().await;
    let sealed = kept_long_enough(&world).await;
    let disk = bytes_below(&world.folder.path().join(OWNER));
    assert!(!contains(&disk, hex::encode(&sealed[..64]).as_bytes()));
}

/// Answers the bytes of an answer that is gone.
pub async fn kept_long_enough(world: &World) -> Vec<u8> {
    let (one, other) = (
        world.wallet("approved-66").await,
        world.wallet("approved-70").await,
    );
    let [gone, held, waits] = ["gone", "held", "waits"].map(Key::new);
    for (wallet, key) in [(&one, &gone), (&other, &held), (&one, &waits)] {
        let session = crate::tracker::session(world, OWNER, wallet).await;
        let body = json!({ "kind": "copy", "text": "请给我一份副本。", "answer_key": key.public });
        assert_eq!(ask(world, &session, body).await.status, StatusCode::OK);
    }
    for key in [&gone, &held] {
        assert_eq!(
            answer(world, &key.id(), false, "没有可以复制的。").await.status,
            StatusCode::OK
        );
    }
    let app = world.app(OWNER);
    let order = app
        .books()
        .hold(&number(&other.number), "法院", "1", None)
        .await
        .unwrap();
    app.forget(&number(&one.number)).await.unwrap();
    let sealed = told(world, &gone.id()).await.1;
    assert!(!sealed.is_empty(), "it outlives the deletion");

    let rules = crate::world::repository()
        .join("agencies")
        .join(OWNER)
        .join("retention.toml");
    let rules = Retention::load(&rules).unwrap();
    let (_, rule) = rules.rules().find(|(class, _)| *class == "answer").unwrap();
    let day = Duration::from_secs(24 * 3600);
    world.advance(day * rule.days);
    let of_answers = async || {
        let runs = app.books().apply(&rules).await.unwrap();
        let run = runs.into_iter().find(|run| run.class == "answer");
        run.map(|run| (run.cases, run.records, run.held))
    };
    assert_eq!(of_answers().await, None, "on the last day it is still there");
    world.advance(day);
    assert_eq!(of_answers().await, Some((0, 1, 1)));
    assert_eq!(of_answers().await, None, "once");
    let (state, left) = told(world, &gone.id()).await;
    assert_eq!((state["status"].as_str(), left.len()), (Some("refused"), 0));
    assert!(!told(world, &held.id()).await.1.is_empty(), "an order keeps it");
    let listed = world.get(OWNER, "/v1/retention", &[]).await;
    assert_eq!(listed.json["runs"][0]["class"], "answer");

    app.books().release(&order.id).await.unwrap();
    assert_eq!(of_answers().await, Some((0, 1, 0)));
    // What nobody has answered yet waits as long as it takes.
    assert_eq!(
        answer(world, &waits.id(), false, "您的信息已经删除。")
            .await
            .status,
        StatusCode::OK
    );
    assert!(!told(world, &waits.id()).await.1.is_empty());
    sealed
}

/// An answer that comes when its person is gone says nothing of who gave it.
pub async fn nobody_answered(world: &World) {
    let wallet = world.wallet("approved-66").await;
    let session = crate::tracker::session(world, OWNER, &wallet).await;
    let key = Key::new("late");
    let body = json!({ "kind": "copy", "text": "请给我一份副本。", "answer_key": key.public });
    ask(world, &session, body).await;
    let store = &world.app(OWNER).store;
    let mut row = store.request(&key.id()).await.unwrap().unwrap();
    store.unlink(row.subject.unwrap(), &[]).await.unwrap();
    (row.status, row.officer, row.answered_ms) = (RequestStatus::Refused, "somebody".to_owned(), 1);
    assert!(store.answer_request(&row, Some(b"sealed")).await.unwrap());
    let row = store.request(&key.id()).await.unwrap().unwrap();
    assert_eq!(
        (row.subject, row.officer.as_str(), row.answered_ms),
        (None, "", 1)
    );
    assert_eq!(
        store.sealed_answer(&key.id()).await.unwrap(),
        Some(b"sealed".to_vec())
    );
    // One that was not taken after all leaves nothing.
    store.drop_request(&key.id()).await.unwrap();
    assert!(store.request(&key.id()).await.unwrap().is_none());
    assert!(store.sealed_answer(&key.id()).await.unwrap().is_none());
}

#[tokio::test]
async fn an_answer_to_somebody_who_is_gone_does_not_say_who_gave_it() {
    nobody_answered(&World::new().await).await;
}

#[tokio::test]
async fn a_deletion_whose_answer_was_not_written_is_answered_with_its_record() {
    cut_short(World::new().await).await;
}

pub async fn cut_short(world: World) {
    let (wallet, key) = asked_to_delete(&world).await;
    // As if the disk had failed between the two.
    let app = world.app(OWNER);
    let subject = app.vault.resident(&number(&wallet.number));
    let id = key.id();
    let cause = Cause::Request(&id);
    let deletion = app.books().forget_subject(subject, cause).await.unwrap();
    // What was done is not refused.
    let refused = answer(&world, &key.id(), false, "不同意。").await;
    assert_eq!(
        (refused.status, refused.kind()),
        (StatusCode::CONFLICT, "carried-out"),
        "{}",
        refused.text
    );
    let (state, sealed) = told(&world, &key.id()).await;
    assert_eq!((state["status"].as_str(), sealed.len()), (Some("open"), 0));
    let done = answer(&world, &key.id(), true, "同意。").await;
    assert_eq!(done.json["deletion"], deletion.id, "{}", done.text);
    let (_, sealed) = told(&world, &key.id()).await;
    let read = key.open(&key.id(), &sealed).unwrap();
    assert_eq!(read.deletion.unwrap(), deletion);
    assert_eq!((read.granted, read.text), (true, None));
    assert_eq!(
        answer(&world, &key.id(), false, "x").await.kind(),
        "answered",
        "once"
    );
}

#[tokio::test]
async fn a_deletion_that_was_cut_short_cannot_be_refused_and_is_carried_out_to_its_end() {
    let world = World::new().await;
    let (wallet, key) = asked_to_delete(&world).await;
    // The disk failed once the keys were gone: whose the cases were is still in the store.
    let app = world.app(OWNER);
    let subject = app.vault.resident(&number(&wallet.number));
    app.vault.destroy(subject).await.unwrap();
    assert_eq!(app.store.cases_of(subject).await.unwrap().len(), 1);

    let refused = answer(&world, &key.id(), false, "不同意。").await;
    assert_eq!(refused.kind(), "carried-out", "{}", refused.text);
    let done = answer(&world, &key.id(), true, "同意。").await;
    assert_eq!(done.json["status"], "granted", "{}", done.text);
    assert!(app.store.cases_of(subject).await.unwrap().is_empty());
    let (_, sealed) = told(&world, &key.id()).await;
    let deletion = key.open(&key.id(), &sealed).unwrap().deletion.unwrap();
    assert_eq!(
        (done.json["deletion"].as_str(), deletion.cases),
        (Some(deletion.id.as_str()), 1)
    );
}
