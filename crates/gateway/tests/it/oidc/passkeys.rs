//! Officers' passkeys: made after a sign-in at the provider, used between two, gone with the right.

use std::time::Duration;

use axum::http::StatusCode;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use zhengtong_gateway::app::access::{Role, Who};

use super::{Fake, bearer, person, post_as, refused, sign_in, with_provider};
use crate::world::{Answer, OWNER, World};

const SITE: &str = "localhost";
const PAGE: &str = "http://localhost:8080";
const DAY: Duration = Duration::from_secs(24 * 3600);
const PRESENT: u8 = 1;
const VERIFIED: u8 = 4;

/// An authenticator in software: what it says, and what the browser says for it.
struct Authenticator {
    key: SigningKey,
    id: [u8; 16],
    site: String,
    page: String,
    kind: Option<&'static str>,
    cross_origin: bool,
    flags: u8,
    count: u32,
    user: Value,
}

fn b64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

impl Authenticator {
    fn new(number: u8) -> Self {
        Self {
            key: SigningKey::from_slice(&[number; 32]).unwrap(),
            id: [number; 16],
            site: SITE.into(),
            page: PAGE.into(),
            kind: None,
            cross_origin: false,
            flags: PRESENT | VERIFIED,
            count: 0,
            user: Value::Null,
        }
    }

    fn id(&self) -> String {
        b64(self.id)
    }

    fn client(&self, kind: &str, challenge: &Value) -> Vec<u8> {
        let kind = self.kind.unwrap_or(kind);
        json!({ "type": kind, "challenge": challenge, "origin": self.page, "crossOrigin": self.cross_origin,
            "something_new": 1 })
        .to_string()
        .into_bytes()
    }

    fn data(&self, more: u8) -> Vec<u8> {
        let mut data = Sha256::digest(&self.site).to_vec();
        data.push(self.flags | more);
        data.extend(self.count.to_be_bytes());
        data
    }

    fn make(&mut self, asked: &Value) -> Value {
        self.user = asked["user"].clone();
        let point = self.key.verifying_key().to_sec1_point(false);
        let mut data = self.data(0x40);
        data.extend([0; 16]);
        data.extend([0, 16]);
        data.extend(self.id);
        // {1: 2, 3: -7, -1: 1, -2: x, -3: y}
        data.extend([0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 32]);
        data.extend(&point.as_bytes()[1..33]);
        data.extend([0x22, 0x58, 32]);
        data.extend(&point.as_bytes()[33..]);
        // {"fmt": "none", "attStmt": {}, "authData": data}
        let mut object = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58".to_vec();
        object.push(data.len().try_into().unwrap());
        object.extend(data);
        json!({ "label": "办公室电脑", "client_data": b64(self.client("webauthn.create", &asked["challenge"])),
            "attestation_object": b64(object) })
    }

    fn show(&self, challenge: &Value) -> Value {
        let client = self.client("webauthn.get", challenge);
        let data = self.data(0);
        let signature: Signature = self
            .key
            .sign(&[&data[..], Sha256::digest(&client).as_slice()].concat());
        json!({ "id": self.id(), "client_data": b64(client), "authenticator_data": b64(data),
            "signature": b64(signature.to_der()), "user": self.user })
    }
}

type Headers = Vec<(&'static str, String)>;

async fn add(world: &World, session: &Headers, device: &mut Authenticator) -> Answer {
    let asked = post_as(world, session, "/v1/session/passkeys/challenge", &json!({})).await;
    assert_eq!(asked.status, StatusCode::OK, "{}", asked.text);
    assert_eq!(asked.json["rp_id"], SITE);
    let new = device.make(&asked.json);
    post_as(world, session, "/v1/session/passkeys", &new).await
}

async fn challenge(world: &World) -> Value {
    let asked = world
        .post(OWNER, "/v1/session/passkey/challenge", &json!({}))
        .await;
    assert_eq!(asked.status, StatusCode::OK, "{}", asked.text);
    asked.json["challenge"].clone()
}

async fn show(world: &World, shown: &Value) -> Answer {
    world.post(OWNER, "/v1/session/passkey", shown).await
}

async fn enter(world: &World, device: &Authenticator) -> Answer {
    let challenge = challenge(world).await;
    show(world, &device.show(&challenge)).await
}

/// A world, and an officer of it with a passkey.
async fn with_passkey() -> (World, Fake, Headers, Authenticator) {
    let (world, fake) = with_provider().await;
    let session = bearer(&sign_in(&world, &fake, &person(1, &["handlers"])).await);
    let mut device = Authenticator::new(7);
    let added = add(&world, &session, &mut device).await;
    assert_eq!(added.status, StatusCode::OK, "{}", added.text);
    (world, fake, session, device)
}

async fn administrator(world: &World) -> Headers {
    let who = Who {
        name: "admin".into(),
        agency: OWNER.into(),
        roles: [Role::Administrator].into(),
        key: None,
    };
    let session = world.app(OWNER).open_session(&who).await.ok().unwrap();
    vec![("authorization", format!("Bearer {}", session.token))]
}

#[tokio::test]
async fn a_passkey_opens_the_desk_as_the_same_officer_and_makes_no_other() {
    let (world, fake, by_provider, device) = with_passkey().await;
    let ways = world.get(OWNER, "/v1/session/ways", &[]).await;
    assert_eq!(ways.json["passkey"], true);
    let session = enter(&world, &device).await;
    let by_passkey = bearer(&session);
    let who = world.get(OWNER, "/v1/session", &by_passkey).await;
    let same = json!({ "name": "MZ-1", "agency": OWNER, "roles": ["handler"], "key": null });
    assert_eq!(who.json, same);
    assert_eq!(
        world.get(OWNER, "/v1/desk/cases", &by_passkey).await.status,
        StatusCode::OK
    );

    let own = world.get(OWNER, "/v1/session/passkeys", &by_passkey).await;
    assert_eq!(own.json["items"][0]["label"], "办公室电脑");
    assert_eq!(own.json["items"][0]["id"], device.id());
    assert!(
        own.json["items"][0]["used_ms"].is_u64() && own.json["until"].is_u64(),
        "{}",
        own.text
    );

    // A session that a passkey or a key opened makes none: it would outlive the provider's word.
    for session in [&by_passkey, &world.bearer(OWNER, 0).await] {
        let refused = post_as(&world, session, "/v1/session/passkeys/challenge", &json!({})).await;
        assert_eq!(
            (refused.status, refused.kind()),
            (StatusCode::FORBIDDEN, "needs-provider")
        );
    }
    // The same device twice, and more devices than one may have.
    let mut again = Authenticator::new(7);
    assert_eq!(
        add(&world, &by_provider, &mut again).await.kind(),
        "passkey-in-use"
    );
    for number in 8..15 {
        let added = add(&world, &by_provider, &mut Authenticator::new(number)).await;
        assert_eq!(added.status, StatusCode::OK, "{}", added.text);
    }
    assert_eq!(
        add(&world, &by_provider, &mut Authenticator::new(15))
            .await
            .kind(),
        "too-many"
    );

    // Removed, it opens nothing, and what it opened is closed.
    let two = bearer(&sign_in(&world, &fake, &person(2, &["handlers"])).await);
    let id = json!({ "id": device.id() });
    let others = post_as(&world, &two, "/v1/session/passkeys/remove", &id).await;
    assert_eq!(others.status, StatusCode::NOT_FOUND, "another's");
    let removed = post_as(&world, &by_provider, "/v1/session/passkeys/remove", &id).await;
    assert_eq!(removed.status, StatusCode::NO_CONTENT, "{}", removed.text);
    assert_eq!(
        world.get(OWNER, "/v1/session", &by_passkey).await.kind(),
        "no-session"
    );
    assert_eq!(
        world.get(OWNER, "/v1/session", &by_provider).await.status,
        StatusCode::OK
    );
    let gone = enter(&world, &device).await;
    assert_eq!(
        (gone.status, gone.kind()),
        (StatusCode::UNAUTHORIZED, "unknown-passkey")
    );
}

#[tokio::test]
async fn whatever_is_not_right_about_a_passkey_is_refused_and_on_record() {
    let (world, _fake, session, good) = with_passkey().await;
    // A copy of an answer that was good.
    let shown = good.show(&challenge(&world).await);
    assert_eq!(show(&world, &shown).await.status, StatusCode::OK);
    assert_eq!(show(&world, &shown).await.kind(), "wrong-challenge", "replayed");
    let mut expected = vec![("passkey-challenge", "")];

    type Change = fn(&mut Authenticator);
    let changes: [(Change, &str, &str, &str); 9] = [
        (
            |d| d.page = "http://localhost:8081".into(),
            "wrong-passkey",
            "passkey-origin",
            "MZ-1",
        ),
        (
            |d| d.page = "https://localhost:8080".into(),
            "wrong-passkey",
            "passkey-origin",
            "MZ-1",
        ),
        (
            |d| d.cross_origin = true,
            "wrong-passkey",
            "passkey-origin",
            "MZ-1",
        ),
        (
            |d| d.site = "portal.example".into(),
            "wrong-passkey",
            "passkey-site",
            "MZ-1",
        ),
        (
            |d| d.kind = Some("webauthn.create"),
            "wrong-passkey",
            "passkey-type",
            "MZ-1",
        ),
        (
            |d| d.flags = PRESENT,
            "wrong-passkey",
            "passkey-unverified",
            "MZ-1",
        ),
        (
            |d| d.key = SigningKey::from_slice(&[9; 32]).unwrap(),
            "wrong-signature",
            "passkey-signature",
            "MZ-1",
        ),
        (
            |d| d.user = json!(b64([1; 32])),
            "wrong-passkey",
            "passkey-user",
            "MZ-1",
        ),
        (|d| d.id = [1; 16], "unknown-passkey", "passkey-unknown", ""),
    ];
    for (change, kind, word, who) in changes {
        let mut device = Authenticator::new(7);
        device.user = good.user.clone();
        change(&mut device);
        let answer = enter(&world, &device).await;
        assert_eq!(
            (answer.status, answer.kind()),
            (StatusCode::UNAUTHORIZED, kind),
            "{word}: {}",
            answer.text
        );
        expected.push((word, who));
    }
    // Too late; and a challenge that was handed out for something else.
    let late = good.show(&challenge(&world).await);
    world.advance(Duration::from_secs(300));
    assert_eq!(show(&world, &late).await.kind(), "wrong-challenge");
    let making = post_as(&world, &session, "/v1/session/passkeys/challenge", &json!({})).await;
    let crossed = good.show(&making.json["challenge"]);
    assert_eq!(show(&world, &crossed).await.kind(), "wrong-challenge");
    let for_entering = json!({ "challenge": challenge(&world).await, "user": good.user });
    let new = Authenticator::new(8).make(&for_entering);
    let crossed = post_as(&world, &session, "/v1/session/passkeys", &new).await;
    assert_eq!(crossed.kind(), "wrong-challenge");
    expected.extend([
        ("passkey-challenge", ""),
        ("passkey-challenge", ""),
        ("passkey-challenge", "MZ-1"),
    ]);

    // One that counts may not go back, or stand still.
    let mut counting = Authenticator::new(8);
    counting.count = 5;
    assert_eq!(add(&world, &session, &mut counting).await.status, StatusCode::OK);
    for (count, kind) in [
        (6, ""),
        (6, "copied-passkey"),
        (4, "copied-passkey"),
        (0, "copied-passkey"),
        (7, ""),
    ] {
        counting.count = count;
        let answer = enter(&world, &counting).await;
        assert_eq!(answer.kind(), kind, "{count}: {}", answer.text);
        if !kind.is_empty() {
            expected.push(("passkey-count", "MZ-1"));
        }
    }
    // A passkey of another site, or that nobody unlocked, is not kept either.
    for (change, word) in [
        ((|d| d.site = "portal.example".into()) as Change, "passkey-site"),
        (|d| d.flags = PRESENT, "passkey-unverified"),
        (|d| d.page = "http://127.0.0.1:8080".into(), "passkey-origin"),
        (|d| d.kind = Some("webauthn.get"), "passkey-type"),
    ] {
        let mut device = Authenticator::new(9);
        change(&mut device);
        assert_eq!(
            add(&world, &session, &mut device).await.status,
            StatusCode::UNAUTHORIZED,
            "{word}"
        );
        expected.push((word, "MZ-1"));
    }
    let mut expected: Vec<_> = expected
        .into_iter()
        .map(|(word, who)| (word.to_owned(), who.to_owned()))
        .collect();
    expected.sort();
    let mut found = refused(&world).await;
    found.sort();
    assert_eq!(found, expected);

    // What is malformed is said as such.
    let whole = good.show(&challenge(&world).await);
    for (name, value, field) in [
        ("id", json!(""), "id"),
        ("id", json!("A".repeat(1400)), "id"),
        ("client_data", json!("not base64!"), "client_data"),
        ("client_data", json!(b64("{}")), "client_data"),
        ("client_data", json!("A".repeat(6000)), "client_data"),
        (
            "authenticator_data",
            json!("A".repeat(12_000)),
            "authenticator_data",
        ),
        ("signature", json!("A".repeat(200)), "signature"),
    ] {
        let mut body = whole.clone();
        body[name] = value;
        let wrong = show(&world, &body).await;
        assert_eq!(
            (wrong.status, wrong.field()),
            (StatusCode::BAD_REQUEST, field),
            "{}",
            wrong.text
        );
    }
    for label in ["", "  ", "a\nb", &"长".repeat(41)] {
        let asked = post_as(&world, &session, "/v1/session/passkeys/challenge", &json!({})).await;
        let mut new = Authenticator::new(10).make(&asked.json);
        new["label"] = json!(label);
        let wrong = post_as(&world, &session, "/v1/session/passkeys", &new).await;
        assert_eq!(
            (wrong.status, wrong.field()),
            (StatusCode::BAD_REQUEST, "label"),
            "{label}"
        );
    }
}

#[tokio::test]
async fn a_passkey_ends_with_the_right_of_its_officer() {
    let (mut world, fake, _, device) = with_passkey().await;
    let open = async |world: &World| {
        let answer = enter(world, &device).await;
        if answer.status == StatusCode::OK {
            "open".to_owned()
        } else {
            answer.kind().to_owned()
        }
    };
    // A fortnight after the provider's last word, and again from its next.
    world.advance(13 * DAY);
    assert_eq!(open(&world).await, "open");
    world.advance(DAY);
    assert_eq!(open(&world).await, "needs-provider");
    bearer(&sign_in(&world, &fake, &person(1, &["handlers"])).await);
    assert_eq!(open(&world).await, "open");

    // The provider gives no role any more: at once, and until it does again.
    let nobody = sign_in(&world, &fake, &person(1, &["everybody"])).await;
    assert_eq!(nobody.kind(), "not-an-officer");
    assert_eq!(open(&world).await, "needs-provider");
    let session = bearer(&sign_in(&world, &fake, &person(1, &["admins"])).await);
    let by_passkey = bearer(&enter(&world, &device).await);
    let who = world.get(OWNER, "/v1/session", &by_passkey).await;
    assert_eq!(
        who.json["roles"],
        json!(["administrator"]),
        "what the provider said last"
    );

    // The configuration gives no role any more: the passkey opens nothing, and what it opened is closed.
    let oidc = world.oidc.clone();
    if let Some(oidc) = &mut world.oidc {
        oidc.roles.remove("admins");
    }
    world.restart().await;
    assert_eq!(open(&world).await, "no-role");
    for headers in [&session, &by_passkey] {
        assert_eq!(
            world.get(OWNER, "/v1/desk/cases", headers).await.kind(),
            "no-role"
        );
    }
    world.oidc = oidc;
    world.restart().await;
    assert_eq!(open(&world).await, "open");

    // The administrator removes one passkey, or releases the officer.
    let administrator = administrator(&world).await;
    let listed = world.get(OWNER, "/v1/access/officers", &administrator).await;
    assert_eq!(
        listed.json["items"][0]["passkeys"][0]["id"],
        device.id(),
        "{}",
        listed.text
    );
    let path = "/v1/access/officers/passkeys/remove";
    for (name, status) in [("MZ-2", StatusCode::NOT_FOUND), ("MZ-1", StatusCode::NO_CONTENT)] {
        let body = json!({ "name": name, "id": device.id() });
        assert_eq!(
            post_as(&world, &administrator, path, &body).await.status,
            status,
            "{name}"
        );
    }
    assert_eq!(open(&world).await, "unknown-passkey");
    let session = bearer(&sign_in(&world, &fake, &person(1, &["handlers"])).await);
    let mut another = Authenticator::new(8);
    add(&world, &session, &mut another).await;
    let entered = bearer(&enter(&world, &another).await);
    let released = json!({ "name": "MZ-1" });
    post_as(&world, &administrator, "/v1/access/officers/release", &released).await;
    assert_eq!(
        world.get(OWNER, "/v1/session", &entered).await.kind(),
        "no-session"
    );
    assert_eq!(enter(&world, &another).await.kind(), "unknown-passkey");
}
