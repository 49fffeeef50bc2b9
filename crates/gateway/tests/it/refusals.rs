//! Bad input at every door: a problem that names the field, and nothing changed.

use alloy_primitives::{B256, Bytes};
use alloy_sol_types::SolCall;
use axum::http::StatusCode;
use serde_json::{Value, json};
use zhengtong_bindings::addresses;
use zhengtong_bindings::registry::Registry::setOrganisationCall;
use zhengtong_gateway::app::link::canonical;

use crate::wallet::{OwnCase, Wallet};
use crate::world::{OWNER, World};

const BAD: StatusCode = StatusCode::BAD_REQUEST;
const PROVIDER: &str = "health";

fn case(seed: u64) -> OwnCase {
    OwnCase::new(seed, json!({ "payment_channel": "elder-card" }))
}

#[tokio::test]
async fn bodies_that_are_not_as_agreed() {
    let world = World::new().await;
    let raw = async |text: &str| {
        world
            .request(
                PROVIDER,
                "POST",
                "/v1/links",
                &[],
                Bytes::from(text.as_bytes().to_vec()),
            )
            .await
    };
    for (text, field) in [
        ("", "body"),
        ("{", "body"),
        ("[]", "body"),
        ("{\"caseId\":\"0x1\"}", "sealed"),
        ("{\"sealed\":\"\"}", "caseId"),
        ("{\"caseId\":\"0x1\",\"sealed\":\"\",\"colour\":1}", "colour"),
        ("{\"caseId\":1,\"sealed\":\"\"}", "body"),
        ("{\"caseId\":\"0x1\",\"sealed\":\"\"}", "caseId"),
    ] {
        let answer = raw(text).await;
        assert_eq!(
            (answer.status, answer.field(), answer.kind()),
            (BAD, field, "invalid"),
            "{text}"
        );
    }
    let id = format!("{:#x}", B256::ZERO);
    let answer = raw(&json!({ "caseId": id, "sealed": "!!" }).to_string()).await;
    assert_eq!((answer.status, answer.field()), (BAD, "sealed"));
    let large = raw(&"x".repeat(200 * 1024)).await;
    assert_eq!(
        (large.status, large.kind(), large.field()),
        (StatusCode::PAYLOAD_TOO_LARGE, "too-large", "body")
    );
    let lost = world.get(PROVIDER, "/v1/nothing", &[]).await;
    assert_eq!((lost.status, lost.kind()), (StatusCode::NOT_FOUND, "not-found"));
    let method = world.get(PROVIDER, "/v1/links", &[]).await;
    assert_eq!(
        (method.status, method.kind()),
        (StatusCode::METHOD_NOT_ALLOWED, "method")
    );
}

#[tokio::test]
async fn identities_that_are_not_proven() {
    let world = World::new().await;
    let resident = world.demo("approved-66");
    let holder = Wallet {
        number: String::new(),
        code: String::new(),
        name: String::new(),
        holder: [7; 32],
        identity: None,
    }
    .holder_jwk();
    let good = json!({ "number": resident.number, "code": resident.code, "holder": holder });
    let with = |name: &str, value: Value| {
        let mut body = good.clone();
        body[name] = value;
        body
    };
    let mut typo = resident.number.clone();
    typo.replace_range(3..4, if &typo[3..4] == "1" { "2" } else { "1" });
    for (body, status, field) in [
        (with("number", json!("123")), BAD, "number"),
        (with("number", json!(typo)), BAD, "number"),
        (with("code", json!("")), BAD, "code"),
        (with("code", json!("1' OR '1'='1")), BAD, "code"),
        (with("holder", json!({ "kty": "RSA" })), BAD, "holder"),
        (with("code", json!("000000x")), StatusCode::FORBIDDEN, "code"),
        (with("extra", json!(1)), BAD, "extra"),
    ] {
        let answer = world.post("public-security", "/v1/identity", &body).await;
        assert_eq!(
            (answer.status, answer.field()),
            (status, field),
            "{}",
            answer.text
        );
        assert!(
            !answer.text.contains(&resident.number),
            "the answer repeats the number"
        );
    }
    assert_eq!(
        world.post("health", "/v1/identity", &good).await.status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        world.post("public-security", "/v1/identity", &good).await.status,
        StatusCode::OK
    );
    for _ in 0..10 {
        world
            .post("public-security", "/v1/identity", &with("code", json!("111111")))
            .await;
    }
    let tired = world.post("public-security", "/v1/identity", &good).await;
    assert_eq!(
        tired.status,
        StatusCode::TOO_MANY_REQUESTS,
        "codes cannot be tried out"
    );
    world.advance(std::time::Duration::from_secs(3601));
    assert_eq!(
        world.post("public-security", "/v1/identity", &good).await.status,
        StatusCode::OK
    );
}

#[tokio::test]
async fn links_that_are_forged_misdirected_or_incomplete() {
    let world = World::new().await;
    let wallet = world.wallet("approved-66").await;
    let (case, other) = (case(1).of(&wallet), case(2).of(&wallet));
    let now_s = crate::world::NOW_S;
    let rest = case.link_rest(&wallet, PROVIDER, true, false, None, now_s);
    let key = world.encryption(PROVIDER);
    let post = async |body: Value| world.post(PROVIDER, "/v1/links", &body).await;
    let with = |name: &str, value: Value| {
        let mut changed = rest.clone();
        changed[name] = value;
        case.seal(&changed, PROVIDER, key)
    };
    // Sealed to another organisation, posted for another case, signed for another organisation, or by another key.
    let mut elsewhere = case.seal(&rest, PROVIDER, key);
    elsewhere["caseId"] = format!("{:#x}", other.id).into();
    for (body, field) in [
        (case.seal(&rest, PROVIDER, world.encryption(OWNER)), "sealed"),
        (elsewhere, "sealed"),
        (case.seal_raw(b"not json", key), "sealed"),
        (case.seal_raw(&vec![b' '; 65 * 1024], key), "sealed"),
        (with("v", json!(1)), "v"),
        (with("v", json!(3)), "v"),
        (with("personSalt", Value::Null), "personSalt"),
        (with("personSalt", json!("0x12")), "sealed"),
        (with("personCommitment", json!(B256::ZERO)), "personCommitment"),
        (with("formCommitment", Value::Null), "formCommitment"),
        (with("colour", json!(1)), "sealed"),
        (with("useSecret", json!("0x12")), "useSecret"),
        (with("useSecret", Value::Null), "useSecret"),
        (with("presentation", Value::Null), "presentation"),
        (with("caseId", json!(format!("{:#x}", other.id))), "caseId"),
        (with("form", json!({})), "salt"),
        (with("salt", json!(B256::ZERO)), "form"),
        (with("holder", json!({ "kty": "EC" })), "holder"),
        (with("consent", json!("yes")), "consent"),
    ] {
        let answer = post(body).await;
        assert_eq!((answer.status, answer.field()), (BAD, field), "{}", answer.text);
    }
    let forged = case.seal(&rest, OWNER, key);
    let answer = post(forged).await;
    assert_eq!(
        (answer.status, answer.field()),
        (StatusCode::FORBIDDEN, "applicantSignature")
    );
    // A stranger cannot link a case that is not theirs: their signature gives another case.
    let mut stolen = other.link_rest(&wallet, PROVIDER, true, false, None, now_s);
    stolen["caseId"] = format!("{:#x}", case.id).into();
    let signature = alloy_signer::SignerSync::sign_message_sync(
        &other.key,
        zhengtong_gateway::app::link::link_text(case.id, PROVIDER, &stolen).as_bytes(),
    );
    stolen["applicantSignature"] = signature.unwrap().to_string().into();
    let answer = post(case.seal_raw(&canonical(&stolen), key)).await;
    assert_eq!(
        (answer.status, answer.field()),
        (StatusCode::FORBIDDEN, "applicantSignature")
    );
    world.open_case(&case, "old-age-allowance");
    world.settle().await;
    assert!(
        world.chain.logs(addresses().uses).is_empty(),
        "something of it was kept"
    );
}

#[tokio::test]
async fn presentations_that_prove_nothing() {
    let world = World::new().await;
    let wallet = world.wallet("approved-66").await;
    let (case, other) = (case(1).of(&wallet), case(2).of(&wallet));
    let now_s = crate::world::NOW_S;
    let key = world.encryption(PROVIDER);
    let post = async |presentation: Value, at_s: u64| {
        let mut rest = case.link_rest(&wallet, PROVIDER, true, false, None, at_s);
        if !presentation.is_null() {
            rest["presentation"] = presentation;
        }
        world
            .post(PROVIDER, "/v1/links", &case.seal(&rest, PROVIDER, key))
            .await
    };
    let of = |case: &OwnCase, audience: &str, at_s| {
        case.link_rest(&wallet, audience, true, false, None, at_s)["presentation"].clone()
    };
    let good = of(&case, PROVIDER, now_s);
    let text = good.as_str().unwrap();
    let tampered = text.replacen("eyJ", "eyK", 1);
    let no_disclosure = [
        text.split('~').next().unwrap(),
        text.split('~').next_back().unwrap(),
    ]
    .join("~");
    for (presentation, at_s) in [
        (of(&other, PROVIDER, now_s), now_s),
        (of(&case, "civil-affairs", now_s), now_s),
        (of(&case, PROVIDER, now_s - 700), now_s),
        (of(&case, PROVIDER, now_s + 100), now_s),
        (json!(tampered), now_s),
        (json!(no_disclosure), now_s),
        (json!(text.rsplit_once('~').unwrap().0.to_owned() + "~"), now_s),
        (json!("nothing"), now_s),
    ] {
        let answer = post(presentation, at_s).await;
        assert_eq!(
            (answer.status, answer.kind(), answer.field()),
            (StatusCode::FORBIDDEN, "identity-not-proven", "presentation"),
            "{}",
            answer.text
        );
    }
    // An issuer that the Registry does not let prove identities, though it is listed and its key endorsed.
    let attester = world.app("health").attester.address();
    let call = setOrganisationCall::new((
        zhengtong_bindings::slug("public-security"),
        zhengtong_bindings::registry::IRegistry::Organisation {
            attester: world.app("public-security").attester.address(),
            roles: zhengtong_bindings::PROVIDER,
            encryptionKey: world.encryption("public-security"),
            name: "x".into(),
            gateway: "x".into(),
        },
    ));
    assert!(!attester.is_zero() && !call.abi_encode().is_empty());
    world.chain.submit(&world.council, addresses().registry, &call);
    world.settle().await;
    let answer = post(Value::Null, now_s).await;
    assert_eq!(
        (answer.status, answer.kind()),
        (StatusCode::FORBIDDEN, "identity-not-proven")
    );
}

#[tokio::test]
async fn the_same_link_again_changes_nothing_and_another_one_is_refused() {
    let world = World::new().await;
    let (wallet, other) = (
        world.wallet("approved-66").await,
        world.wallet("approved-70").await,
    );
    let case = case(1).of(&wallet);
    let key = world.encryption(PROVIDER);
    let now_s = crate::world::NOW_S;
    let rest = case.link_rest(&wallet, PROVIDER, true, false, None, now_s);
    let body = case.seal(&rest, PROVIDER, key);
    for _ in 0..3 {
        assert_eq!(
            world.post(PROVIDER, "/v1/links", &body).await.status,
            StatusCode::ACCEPTED
        );
    }
    // The same person again with a fresh proof: fine. Another person, or another secret: no.
    let again = case.link_rest(&wallet, PROVIDER, true, false, None, now_s + 30);
    let again = world
        .post(PROVIDER, "/v1/links", &case.seal(&again, PROVIDER, key))
        .await;
    assert_eq!(again.status, StatusCode::ACCEPTED);
    let someone = case.link_rest(&other, PROVIDER, true, false, None, now_s);
    let mut secret = rest.clone();
    secret["useSecret"] = json!(B256::repeat_byte(1));
    for changed in [someone, secret] {
        let answer = world
            .post(PROVIDER, "/v1/links", &case.seal(&changed, PROVIDER, key))
            .await;
        assert_eq!(
            (answer.status, answer.kind()),
            (StatusCode::CONFLICT, "already-linked")
        );
    }
}

#[tokio::test]
async fn a_form_that_is_not_the_one_committed_to() {
    let world = World::new().await;
    let wallet = world.wallet("approved-66").await;
    let mut case = case(1).of(&wallet);
    world.open_case(&case, "old-age-allowance");
    world.settle().await;
    let mut rest = case.link_rest(&wallet, OWNER, true, true, None, crate::world::NOW_S);
    rest["form"] = json!({ "payment_channel": "social-security-card" });
    let key = world.encryption(OWNER);
    let answer = world
        .post(OWNER, "/v1/links", &case.seal(&rest, OWNER, key))
        .await;
    assert_eq!(
        (answer.status, answer.field()),
        (BAD, "formCommitment"),
        "{}",
        answer.text
    );
    // Committed to as it should be, but not on the chain.
    case.form = rest["form"].clone();
    let rest = case.link_rest(&wallet, OWNER, true, true, None, crate::world::NOW_S);
    let answer = world
        .post(OWNER, "/v1/links", &case.seal(&rest, OWNER, key))
        .await;
    assert_eq!(
        (answer.status, answer.kind()),
        (StatusCode::FORBIDDEN, "not-of-this-case"),
        "{}",
        answer.text
    );
    assert!(answer.json["detail"].as_str().unwrap().contains("formCommitment"));

    let odd = OwnCase::new(2, json!({ "payment_channel": "elder-card", "colour": "red" })).of(&wallet);
    world.open_case(&odd, "old-age-allowance");
    world.settle().await;
    let rest = odd.link_rest(&wallet, OWNER, true, true, None, crate::world::NOW_S);
    let answer = world
        .post(
            OWNER,
            "/v1/links",
            &odd.seal(&rest, OWNER, world.encryption(OWNER)),
        )
        .await;
    assert_eq!((answer.status, answer.field()), (BAD, "form"), "{}", answer.text);
    assert!(answer.json["detail"].as_str().unwrap().contains("colour"));
}

#[tokio::test]
async fn residents_requests_that_are_not_theirs() {
    let world = World::new().await;
    let wallet = world.wallet("approved-66").await;
    let (own, other) = (world.apply(&wallet, 1, "old-age-allowance").await, case(2));
    let path = format!("/v1/cases/{:#x}/credential", own.id);
    let now_ms = crate::world::NOW_S * 1000;
    let unauthorized = StatusCode::UNAUTHORIZED;
    let good = own.headers("GET", &path, now_ms, b"");
    assert_eq!(world.get(OWNER, &path, &good).await.status, StatusCode::OK);
    for (headers, kind) in [
        (vec![], "not-signed"),
        (
            vec![("x-case-time", "soon".to_owned()), good[1].clone()],
            "not-signed",
        ),
        (vec![good[0].clone()], "not-signed"),
        (
            vec![good[0].clone(), ("x-case-signature", "0x12".to_owned())],
            "wrong-signature",
        ),
        (own.headers("POST", &path, now_ms, b""), "wrong-signature"),
        (own.headers("GET", &path, now_ms, b"x"), "wrong-signature"),
        (
            own.headers("GET", &format!("{path}?a=1"), now_ms, b""),
            "wrong-signature",
        ),
        (other.headers("GET", &path, now_ms, b""), "wrong-signature"),
        (own.headers("GET", &path, now_ms - 121_000, b""), "wrong-time"),
        (own.headers("GET", &path, now_ms + 121_000, b""), "wrong-time"),
    ] {
        let answer = world.get(OWNER, &path, &headers).await;
        assert_eq!(
            (answer.status, answer.kind()),
            (unauthorized, kind),
            "{headers:?}"
        );
    }
    // A case that nobody opened here, by its own key; and at an agency that does not decide it.
    let unknown = format!("/v1/cases/{:#x}/credential", other.id);
    let answer = world
        .get(OWNER, &unknown, &other.headers("GET", &unknown, now_ms, b""))
        .await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    assert_eq!(
        world.get(PROVIDER, &path, &good).await.status,
        StatusCode::NOT_FOUND
    );

    let appeal = format!("/v1/cases/{:#x}/appeal", own.id);
    for (body, field) in [
        (json!({ "text": "", "salt": B256::ZERO }), "text"),
        (json!({ "text": "x".repeat(4001), "salt": B256::ZERO }), "text"),
        (json!({ "text": "x" }), "salt"),
        (json!({ "text": "x", "salt": B256::ZERO, "colour": 1 }), "colour"),
    ] {
        let answer = world.as_case(&own, "POST", &appeal, Some(body)).await;
        assert_eq!((answer.status, answer.field()), (BAD, field), "{}", answer.text);
    }
}
