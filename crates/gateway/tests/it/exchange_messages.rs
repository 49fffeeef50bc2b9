//! Messages that a listed agency really signed, and says what it likes in: what they cost, and how they are refused.

use std::sync::Arc;
use std::time::{Duration, Instant};

use alloy_primitives::{B256, keccak256};
use alloy_signer_local::PrivateKeySigner;
use alloy_sol_types::SolEvent as _;
use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, Request, StatusCode};
use serde_json::{Value, json};
use zhengtong_bindings::cases::Cases::{openCall, requestMoreCall};
use zhengtong_bindings::services::Services::setActiveCall;
use zhengtong_bindings::uses::Uses::Used;
use zhengtong_bindings::{addresses, parse_slug};
use zhengtong_gateway::app::clock::Clock as _;
use zhengtong_gateway::app::exchange::key::endorse;
use zhengtong_gateway::http;
use zhengtong_gateway::signatures::{
    Algorithm, Component, Message, Parameters, SigningKey, Target, content_digest, sign,
};
use zhengtong_population::AGENCIES;
use zhengtong_vault::keyfile;

use crate::chain::{CHAIN_ID, TestClock};
use crate::exchange::{PROVIDER, SERVICE, ask, connect, opened, prove, refuse, reviewed};
use crate::postgres::server;
use crate::wallet::{CERTIFICATE_FIELDS, OwnCase};
use crate::world::{Answer, NOW_S, OWNER, World, officer};

/// The most bytes of a request: docs/exchange.md.
const MOST_BYTES: usize = 16 * 1024;
/// The most headers.
const MOST_HEADERS: usize = 64;
const PLACE: &str = "provider.example";

/// A message to the provider, signed with the owner's own keys.
struct SignedMessage {
    headers: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
}

impl SignedMessage {
    fn new(world: &World, body: Vec<u8>) -> Self {
        let attester = PrivateKeySigner::from_bytes(&keccak256(format!("attester/{OWNER}"))).unwrap();
        let key = world.folder.path().join(OWNER).join("keys").join("exchange.key");
        let key = SigningKey::new(Algorithm::Ed25519, &keyfile::read::<32>(&key).unwrap()).unwrap();
        let now_s = world.clock.now_s();
        let endorsed = endorse(&attester, CHAIN_ID, OWNER, &key.public(), now_s + 3600).unwrap();
        let mut headers = vec![
            ("host".to_owned(), PLACE.to_owned()),
            ("content-type".to_owned(), "application/json".to_owned()),
            ("content-digest".to_owned(), content_digest(&body)),
            ("exchange-key".to_owned(), endorsed),
        ];
        let nonce: zhengtong_vault::Secret<[u8; 16]> = keyfile::random().unwrap();
        let parameters = Parameters {
            created: Some(now_s as i64),
            expires: Some(now_s as i64 + 60),
            nonce: Some(hex::encode(nonce.expose())),
            algorithm: None,
            key_id: Some(OWNER.to_owned()),
            tag: Some("zhengtong-exchange-request".into()),
        };
        let covered = [
            "@method",
            "@authority",
            "@path",
            "content-type",
            "content-digest",
            "exchange-key",
        ];
        let message = Message {
            target: Target::Request {
                method: "POST",
                authority: PLACE,
                path: "/v1/exchange",
                query: None,
            },
            headers: &headers,
        };
        let signed = sign(
            &message,
            None,
            "exchange",
            &covered.map(Component::Own),
            &parameters,
            &key,
        );
        let (input, signature) = signed.unwrap();
        headers.push(("signature-input".into(), input));
        headers.push(("signature".into(), signature));
        let headers = headers
            .into_iter()
            .map(|(name, value)| (name, value.into_bytes()));
        Self {
            headers: headers.collect(),
            body,
        }
    }

    fn with(mut self, name: &str, value: &[u8]) -> Self {
        self.headers.push((name.to_owned(), value.to_vec()));
        self
    }

    async fn send(self, world: &World) -> Answer {
        let mut request = Request::builder().method("POST").uri("/v1/exchange");
        for (name, value) in &self.headers {
            let name = HeaderName::try_from(name.as_str()).unwrap();
            request = request.header(name, HeaderValue::from_bytes(value).unwrap());
        }
        let request = request.body(Body::from(self.body)).unwrap();
        world.send(PROVIDER, request).await
    }
}

fn reason(answer: &Answer) -> &str {
    answer.json["reason"].as_str().unwrap_or_default()
}

/// A request for all declared fields, on the consent that the case's first use rests on.
fn request(world: &World, case: &OwnCase, id: &str) -> Value {
    let uses = world.chain.logs(addresses().uses);
    let uses = uses.iter().map(|log| Used::decode_log(log).unwrap().data);
    let consent = uses
        .into_iter()
        .find(|used| used.tag == case.tag(PROVIDER, 0))
        .unwrap()
        .basis;
    json!({
        "v": 1, "id": keccak256(id), "consumer": OWNER, "provider": PROVIDER, "caseId": case.id,
        "service": SERVICE, "version": 1, "record": "certificate", "fields": CERTIFICATE_FIELDS,
        "basis": { "kind": "consent", "id": consent }, "officer": null,
    })
}

/// The request's bytes, with spaces at the end so that there are as many.
fn of_size(request: &Value, bytes: usize) -> Vec<u8> {
    let mut body = request.to_string().into_bytes();
    body.resize(bytes, b' ');
    body
}

#[tokio::test]
async fn a_known_agencys_request_is_refused_for_its_size_alone_and_is_on_the_list_as_its_own() {
    let world = connect(World::new().await, &[]).await;
    let (_, case) = reviewed(&world, 1).await;
    let asked = request(&world, &case, "large");
    let large = SignedMessage::new(&world, of_size(&asked, MOST_BYTES + 1))
        .send(&world)
        .await;
    assert_eq!(
        (large.status, reason(&large)),
        (StatusCode::PAYLOAD_TOO_LARGE, "too-large"),
        "{}",
        large.text
    );
    let attempts = world.app(PROVIDER).store.attempts(9).await.unwrap();
    assert_eq!(attempts.len(), 1);
    assert_eq!(
        (attempts[0].peer.as_str(), attempts[0].reason.as_str()),
        (OWNER, "too-large")
    );
    // One byte less, and it is answered.
    let fits = SignedMessage::new(&world, of_size(&asked, MOST_BYTES))
        .send(&world)
        .await;
    assert_eq!(fits.status, StatusCode::OK, "{}", fits.text);
}

#[tokio::test]
async fn no_header_is_dropped_unseen() {
    let world = connect(World::new().await, &[]).await;
    let (_, case) = reviewed(&world, 1).await;
    let message = |id: &str| SignedMessage::new(&world, request(&world, &case, id).to_string().into_bytes());
    let filled = |mut message: SignedMessage, headers: usize| {
        for place in message.headers.len()..headers {
            message = message.with(&format!("x-{place}"), b"1");
        }
        message
    };
    // A second digest, of which no text can be made.
    let second = message("second")
        .with("content-digest", b"sha-256=:\xff:")
        .send(&world)
        .await;
    assert_eq!(reason(&second), "unsigned", "{}", second.text);
    // One that comes after as many headers as are looked at.
    let late = filled(message("late"), MOST_HEADERS).with("content-digest", b"sha-256=:AAAA:");
    let late = late.send(&world).await;
    assert_eq!(
        (late.status, reason(&late), late.json["field"].as_str()),
        (StatusCode::BAD_REQUEST, "invalid", Some("headers")),
        "{}",
        late.text
    );
    let attempts = world.app(PROVIDER).store.attempts(9).await.unwrap();
    assert_eq!(attempts.len(), 2, "both are on the list");
    let fits = filled(message("fits"), MOST_HEADERS).with("x-name", &[]);
    let fits = SignedMessage {
        headers: fits.headers[..MOST_HEADERS].to_vec(),
        ..fits
    };
    // What nothing is made of may be of any bytes.
    let fits = fits.send(&world).await;
    assert_eq!(fits.status, StatusCode::OK, "{}", fits.text);
    let other = message("other")
        .with("x-name", b"\xe4\xb8\xad")
        .send(&world)
        .await;
    assert_eq!(other.status, StatusCode::OK, "{}", other.text);
}

#[tokio::test]
async fn whom_an_unproven_message_calls_itself_is_listed_and_counts_for_nobody() {
    let world = connect(World::new().await, &[]).await;
    let (_, case) = reviewed(&world, 1).await;
    let body = request(&world, &case, "forged").to_string().into_bytes();
    let mut message = SignedMessage::new(&world, body);
    let (_, signature) = message.headers.last_mut().unwrap();
    *signature = b"exchange=:AAAA:".to_vec();
    let answer = message.send(&world).await;
    assert_eq!(reason(&answer), "wrong-signature", "{}", answer.text);
    let attempts = world.app(PROVIDER).store.attempts(9).await.unwrap();
    assert_eq!(
        (attempts[0].peer.as_str(), attempts[0].claimed.as_str()),
        ("", OWNER)
    );
    let bearer = world.bearer(PROVIDER, 0).await;
    let listed = world.get(PROVIDER, "/v1/exchange/attempts", &bearer).await;
    let listed = &listed.json["items"][0];
    assert_eq!(
        (&listed["peer"], &listed["claimedPeer"]),
        (&json!(""), &json!(OWNER))
    );
}

#[tokio::test]
async fn a_decided_case_costs_the_provider_no_transaction() {
    let world = connect(World::new().await, &[]).await;
    let (_, decided) = reviewed(&world, 1).await;
    let (_, waiting) = reviewed(&world, 2).await;
    let message = |case: &OwnCase, id: &str| {
        let body = request(&world, case, id).to_string().into_bytes();
        SignedMessage::new(&world, body)
    };
    // What was given before can still be asked for again.
    let given = message(&decided, "before").send(&world).await;
    assert_eq!(given.status, StatusCode::OK, "{}", given.text);
    refuse(&world, &decided);
    let more = requestMoreCall {
        id: waiting.id,
        defects: vec![parse_slug("household-unclear").unwrap()],
        statement: B256::ZERO,
    };
    world.chain.submit(&officer(OWNER, 0), addresses().cases, &more);
    world.settle().await;
    let blocks = world.chain.block_count();
    for (case, id) in [(&decided, "one"), (&decided, "two"), (&waiting, "three")] {
        let answer = message(case, id).send(&world).await;
        assert_eq!(reason(&answer), "case-not-open", "{}", answer.text);
    }
    let again = message(&decided, "before").send(&world).await;
    assert_eq!(again.text, given.text);
    assert_eq!(world.chain.block_count(), blocks, "a transaction was spent");
    let attempts = world.app(PROVIDER).store.attempts(9).await.unwrap();
    assert_eq!(attempts.len(), 3, "each is on the list");
}

#[tokio::test]
async fn running_cases_of_a_version_that_was_shut_go_on_with_their_records() {
    let world = connect(World::new().await, &[]).await;
    let (_, in_review) = reviewed(&world, 1).await;
    let (wallet, asking) = opened(&world, 2).await;
    let shut = setActiveCall {
        id: parse_slug(SERVICE).unwrap(),
        version: 1,
        active: false,
    };
    world.chain.submit(&world.council, addresses().services, &shut);
    world.settle().await;
    // No new case is taken.
    let new = OwnCase::new(3, json!({})).of(&wallet);
    let open = openCall {
        service: parse_slug(SERVICE).unwrap(),
        version: 1,
        form: new.commitment(),
    };
    let (_, is_taken) = world.chain.try_submit(&new.key, addresses().cases, &open);
    assert!(!is_taken);

    // What is asked from then on is answered too, and a person reviews.
    prove(&world, &wallet, &asking).await;
    for (case, desk, sent) in [(&in_review, "one", "two"), (&asking, "three", "four")] {
        let answer = ask(&world, case, desk, &[]).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        let body = request(&world, case, sent).to_string().into_bytes();
        let answer = SignedMessage::new(&world, body).send(&world).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    }
}

#[tokio::test]
async fn a_consent_that_ends_between_the_providers_look_and_the_block_has_expired() {
    let mut world = World::new().await;
    // The provider's clock is behind that of the blocks, within what is allowed.
    let slow = TestClock::new(NOW_S - 20);
    world.clocks.push((PROVIDER, Arc::clone(&slow)));
    let world = connect(world, &[]).await;
    let (_, case) = reviewed(&world, 1).await;
    let until_s = 1_000;
    for clock in [&world.clock, &slow] {
        clock.advance(Duration::from_secs(until_s + 5));
    }
    let answer = ask(&world, &case, "late", &[]).await;
    assert_eq!(answer.kind(), "consent-expired", "{}", answer.text);
    let provider = world.app(PROVIDER);
    let attempts = provider.store.attempts(1).await.unwrap();
    assert_eq!(attempts[0].reason, "consent-expired");
    let kept = provider.store.exchange(OWNER, keccak256("late")).await.unwrap();
    assert!(kept.is_some(), "the provider's own check passed");
}

#[tokio::test]
async fn a_provider_whose_postgresql_is_gone_says_so_in_time_and_answers_when_it_is_back() {
    let Some(server) = server() else { return };
    let databases = AGENCIES
        .iter()
        .filter(|(slug, _)| *slug == PROVIDER)
        .map(|(slug, _)| (*slug, server.database("provider")));
    let world = connect(World::on(databases.collect()).await, &[]).await;
    let (_, case) = reviewed(&world, 1).await;
    let message = |id: &str| SignedMessage::new(&world, request(&world, &case, id).to_string().into_bytes());
    let answer = message("first").send(&world).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);

    server.stop();
    for id in ["second", "third"] {
        let since = Instant::now();
        let answer = message(id).send(&world).await;
        assert_eq!(
            (answer.status, reason(&answer)),
            (StatusCode::SERVICE_UNAVAILABLE, "store-failed"),
            "{}",
            answer.text
        );
        assert!(
            since.elapsed() < http::REQUEST_TIMEOUT,
            "the server gave up before"
        );
    }
    server.go_on();
    let answer = message("second").send(&world).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
}
