//! The answer to a request about one's data reaches the person, after their deletion too, and opens for nobody else.

use alloy_primitives::{B256, keccak256};
use axum::http::StatusCode;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hpke::aead::AesGcm256;
use hpke::kdf::HkdfSha256;
use hpke::kem::X25519HkdfSha256;
use hpke::{Deserializable, Kem, OpModeR, Serializable};
use serde_json::{Value, json};
use sqlx::Row;
use zhengtong_gateway::app::clock::Clock;
use zhengtong_gateway::app::deletion::deletion_text;
use zhengtong_gateway::app::link::recover;
use zhengtong_gateway::app::requests::answer::{ANSWER_INFO, Answer, answer_text, id_of};
use zhengtong_vault::sql::{Access, connect, sqlite_url};

use crate::deletion::{bytes_below, contains, number};
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
    let world = World::new().await;
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
    let wallet = world.wallet("approved-66").await;
    world.apply(&wallet, 1, SERVICE).await;
    let app = world.app(OWNER);
    let mine = crate::tracker::session(&world, OWNER, &wallet).await;
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
        let taken = ask(&world, &mine, body).await;
        assert_eq!(taken.status, StatusCode::OK, "{}", taken.text);
    }
    assert_eq!(told(&world, &last.id()).await.1, Vec::<u8>::new());
    assert_eq!(
        answer(&world, &earlier.id(), false, &long).await.status,
        StatusCode::OK
    );
    let granted = answer(&world, &last.id(), true, reason).await;
    assert_eq!(granted.json["status"], "granted", "{}", granted.text);

    // Who, when, why, and the signed record of what was destroyed.
    let (state, sealed) = told(&world, &last.id()).await;
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
    let (_, sealed_before) = told(&world, &earlier.id()).await;
    let read = earlier.open(&earlier.id(), &sealed_before).unwrap();
    assert_eq!(
        (read.granted, read.reason, read.deletion.is_none()),
        (false, long.clone(), true)
    );
    let late = answer(&world, &waits.id(), false, "您的信息已经删除，没有可以复制的。").await;
    assert_eq!(late.json["status"], "refused", "{}", late.text);
    let (_, sealed_late) = told(&world, &waits.id()).await;
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
    // Not a word of any of them is on the disk, nor who it is; and no length tells who wrote how much.
    let disk = bytes_below(&world.folder.path().join(OWNER));
    assert!(
        contains(&disk, hex::encode(&sealed[..64]).as_bytes()),
        "the search sees the sealed answer"
    );
    for text in [asked, reason, wrong, short, &wallet.number, &wallet.name] {
        for form in [text.as_bytes(), hex::encode(text).as_bytes()] {
            assert!(!contains(&disk, form), "{text}");
        }
    }
    assert_eq!([sealed_before.len(), sealed.len()], [sealed_late.len(); 2]);
    // Nothing joins the three: no pseudonym, no officer, and no key is left.
    let file = world.folder.path().join(OWNER).join("gateway.sqlite");
    let pool = connect(&sqlite_url(&file), Access::ReadOnly).await.unwrap();
    let rows = sqlx::query(
        "SELECT r.subject, r.officer, a.key FROM my_requests r JOIN request_answers a ON a.request = r.id",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    assert_eq!(rows.len(), 3);
    for row in rows {
        assert_eq!(
            [0, 1, 2].map(|index| row.get::<String, _>(index)),
            ["", "", ""].map(str::to_owned)
        );
    }
}

#[tokio::test]
async fn a_deletion_whose_answer_was_not_written_is_answered_with_its_record() {
    let world = World::new().await;
    let wallet = world.wallet("approved-66").await;
    world.apply(&wallet, 1, SERVICE).await;
    let mine = crate::tracker::session(&world, OWNER, &wallet).await;
    let key = Key::new("cut short");
    let body = json!({ "kind": "delete", "text": "请删除。", "answer_key": key.public });
    ask(&world, &mine, body).await;
    // As if the disk had failed between the two.
    let app = world.app(OWNER);
    let subject = app.vault.resident(&number(&wallet.number));
    let deletion = app.books().forget_subject(subject, &key.id()).await.unwrap();
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
    let wallet = world.wallet("approved-66").await;
    world.apply(&wallet, 1, SERVICE).await;
    let mine = crate::tracker::session(&world, OWNER, &wallet).await;
    let key = Key::new("cut short");
    let body = json!({ "kind": "delete", "text": "请删除。", "answer_key": key.public });
    ask(&world, &mine, body).await;
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
