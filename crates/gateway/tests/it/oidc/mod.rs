//! Officers sign in at their agency's provider.

mod fake;
mod passkeys;
mod tls;

use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use alloy_primitives::{B256, Bytes};
use axum::http::StatusCode;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use zhengtong_credentials::Jwk;
use zhengtong_gateway::OidcConfig;
use zhengtong_gateway::app::access::{Role, Who};
use zhengtong_gateway::app::chain::ChainPort;
use zhengtong_gateway::app::clock::Clock;

use crate::world::{Answer, OWNER, PORTAL, World, officer};
use fake::{CLIENT, Fake, Faults, SECRET, Sign};

const BROWSER: &str = "what this browser keeps";

/// The world, with a provider for the officers of [`OWNER`].
async fn with_provider() -> (World, Fake) {
    let mut world = World::new().await;
    let fake = Fake::new(world.clock.clone());
    fake.serve().await;
    world.oidc = Some(config(&world, &fake));
    world.restart().await;
    (world, fake)
}

fn config(world: &World, fake: &Fake) -> OidcConfig {
    let secret = world.folder.path().join("oidc.secret");
    std::fs::write(&secret, format!("{SECRET}\n")).unwrap();
    std::fs::set_permissions(&secret, PermissionsExt::from_mode(0o600)).unwrap();
    let text = format!(
        r#"
name = "统一身份认证"
issuer = "{issuer}"
client_id = "{CLIENT}"
client_secret = "{secret}"
redirect_uris = ["http://{PORTAL}/desk/sign-in/return"]
post_logout_redirect_uri = "http://{PORTAL}/desk/sign-in"
scopes = ["profile"]
session_minutes = 60
code_claim = "employee_number"
roles_claim = "groups"
[require]
department = "{OWNER}"
[roles]
handlers = ["handler"]
admins = ["administrator"]
[passkeys]
rp_id = "localhost"
origins = ["http://localhost:8080"]
"#,
        issuer = fake.issuer(),
        secret = secret.display(),
    );
    toml::from_str(&text).unwrap()
}

fn redirect_uri() -> String {
    format!("http://{PORTAL}/desk/sign-in/return")
}

fn person(number: u32, groups: &[&str]) -> Value {
    json!({ "sub": format!("s-{number}"), "employee_number": format!("MZ-{number}"), "department": OWNER, "groups": groups })
}

async fn begin(world: &World) -> (String, String) {
    let body = json!({ "redirect_uri": redirect_uri(), "browser": hex::encode(Sha256::digest(BROWSER)) });
    let begun = world.post(OWNER, "/v1/session/oidc", &body).await;
    assert_eq!(begun.status, StatusCode::OK, "{}", begun.text);
    let text = |name: &str| begun.json[name].as_str().unwrap().to_owned();
    (text("url"), text("state"))
}

async fn finish(world: &World, fake: &Fake, state: &str, code: &str) -> Answer {
    let body = json!({ "state": state, "secret": BROWSER, "code": code, "iss": fake.issuer() });
    world.post(OWNER, "/v1/session/oidc/finish", &body).await
}

/// The whole way, as the browser of somebody whom the provider gives these claims.
async fn sign_in(world: &World, fake: &Fake, claims: &Value) -> Answer {
    let (url, state) = begin(world).await;
    let code = fake.code(&url, claims);
    finish(world, fake, &state, &code).await
}

fn bearer(answer: &Answer) -> Vec<(&'static str, String)> {
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    vec![(
        "authorization",
        format!("Bearer {}", answer.json["token"].as_str().unwrap()),
    )]
}

async fn post_as(world: &World, headers: &[(&'static str, String)], path: &str, body: &Value) -> Answer {
    let body = body.to_string().into_bytes().into();
    world.request(OWNER, "POST", path, headers, body).await
}

/// Words of refused sign-ins and whose they were, as the administrator sees them, sorted: the clock stands still meanwhile.
async fn refused(world: &World) -> Vec<(String, String)> {
    let who = Who {
        name: "admin".into(),
        agency: OWNER.into(),
        roles: [Role::Administrator].into(),
        key: None,
    };
    let session = world.app(OWNER).open_session(&who).await.ok().unwrap();
    let headers = [("authorization", format!("Bearer {}", session.token))];
    let kept = world.get(OWNER, "/v1/access/refusals", &headers).await;
    let items = kept.json["items"].as_array().expect(&kept.text).iter();
    let sign_ins = items.filter(|item| item["action"] == "signIn");
    let text = |item: &Value, name: &str| item[name].as_str().unwrap().to_owned();
    let mut found: Vec<_> = sign_ins
        .map(|item| (text(item, "result"), text(item, "who")))
        .collect();
    found.sort();
    found
}

/// The same of words that are expected, and of nobody who is known.
fn sorted(words: &[&str]) -> Vec<(String, String)> {
    let mut words: Vec<_> = words
        .iter()
        .map(|word| ((*word).to_owned(), String::new()))
        .collect();
    words.sort();
    words
}

#[tokio::test]
async fn an_officer_signs_in_sees_a_case_and_acts_with_their_own_key_alone() {
    let (world, fake) = with_provider().await;
    let wallet = world.wallet("refused-64").await;
    let case = world.apply(&wallet, 81, "old-age-allowance").await;
    let ways = world.get(OWNER, "/v1/session/ways", &[]).await;
    assert_eq!(
        ways.json,
        json!({ "key": true, "provider": "统一身份认证", "passkey": true })
    );

    let session = sign_in(&world, &fake, &person(1, &["everybody", "handlers"])).await;
    let until_s = session.json["expires_at"].as_u64().unwrap();
    assert_eq!(
        until_s,
        world.clock.now_s() + 3600,
        "as long as the configuration says"
    );
    let one = bearer(&session);
    let who = world.get(OWNER, "/v1/session", &one).await;
    assert_eq!(
        who.json,
        json!({ "name": "MZ-1", "agency": OWNER, "roles": ["handler"], "key": null })
    );
    let path = format!("/v1/desk/cases/{:#x}", case.id);
    let file = world.get(OWNER, &path, &one).await;
    assert_eq!(file.json["form"], case.form, "{}", file.text);

    // What another agency checks takes the key, which the session has not proven.
    let ask = json!({ "requestId": B256::repeat_byte(1), "provider": "health", "record": "nothing" });
    let records = format!("{path}/records");
    assert_eq!(post_as(&world, &one, &records, &ask).await.kind(), "needs-key");
    let proof = world.siwe(OWNER, &officer(OWNER, 0)).await;
    let proven = post_as(&world, &one, "/v1/session/key", &proof).await;
    assert_eq!(proven.status, StatusCode::NO_CONTENT, "{}", proven.text);
    assert_ne!(post_as(&world, &one, &records, &ask).await.kind(), "needs-key");
    let replayed = post_as(&world, &one, "/v1/session/key", &proof).await;
    assert_eq!(replayed.kind(), "wrong-nonce");

    // The key is MZ-1's now: nobody else's, and MZ-1 has no other.
    let two = bearer(&sign_in(&world, &fake, &person(2, &["handlers"])).await);
    for (headers, key) in [(&two, officer(OWNER, 0)), (&one, officer(OWNER, 1))] {
        let proof = world.siwe(OWNER, &key).await;
        let refused = post_as(&world, headers, "/v1/session/key", &proof).await;
        assert_eq!(
            (refused.status, refused.kind()),
            (StatusCode::FORBIDDEN, "others-key")
        );
    }
    let foreign = world.siwe(OWNER, &officer("health", 0)).await;
    assert_eq!(
        post_as(&world, &two, "/v1/session/key", &foreign).await.kind(),
        "not-an-officer"
    );
    let by_key = world.bearer(OWNER, 0).await;
    let who = world.get(OWNER, "/v1/session", &by_key).await;
    assert_eq!(who.json["name"], "MZ-1", "the same officer, however they sign in");
    let words: Vec<_> = refused(&world).await;
    let expected = [
        ("not-an-officer", "MZ-2"),
        ("others-key", "MZ-1"),
        ("others-key", "MZ-2"),
    ];
    assert_eq!(
        words,
        expected.map(|(word, who)| (word.to_owned(), who.to_owned()))
    );

    world.advance(Duration::from_secs(3600));
    assert_eq!(world.get(OWNER, &path, &one).await.kind(), "no-session");
}

#[tokio::test]
async fn every_token_that_is_not_right_is_refused_and_on_record() {
    let (world, fake) = with_provider().await;
    let now_s = world.clock.now_s();
    let claims = |claims: Value| Faults {
        claims,
        ..Faults::default()
    };
    let signed = |sign| Faults {
        sign,
        ..Faults::default()
    };
    let header = |header: Value| Faults {
        header,
        ..Faults::default()
    };
    let cases = [
        (claims(json!({ "nonce": "other" })), "token-nonce"),
        (claims(json!({ "nonce": null })), "token-nonce"),
        (claims(json!({ "aud": "other" })), "token-audience"),
        (claims(json!({ "aud": [CLIENT, "other"] })), "token-audience"),
        (claims(json!({ "azp": "other" })), "token-audience"),
        (claims(json!({ "iss": "https://other.example" })), "token-issuer"),
        (claims(json!({ "exp": now_s - 60 })), "token-expired"),
        (claims(json!({ "iat": now_s - 601 })), "token-issued-at"),
        (claims(json!({ "iat": now_s + 61 })), "token-issued-at"),
        (claims(json!({ "sub": null })), "token-subject"),
        (signed(Sign::None), "token-algorithm"),
        (signed(Sign::PublicKeyAsSecret), "token-algorithm"),
        (signed(Sign::OtherKey), "token-signature"),
        (header(json!({ "kid": "k7" })), "token-key"),
        (header(json!({ "typ": "at+jwt" })), "token-header"),
        (header(json!({ "crit": ["x"] })), "token-header"),
    ];
    let mut expected = Vec::new();
    for (faults, word) in cases {
        fake.with(faults);
        let answer = sign_in(&world, &fake, &person(1, &["handlers"])).await;
        assert_eq!(
            (answer.status, answer.kind()),
            (StatusCode::UNAUTHORIZED, "token-refused"),
            "{word}: {}",
            answer.text
        );
        expected.push(word);
    }
    fake.with(Faults::default());
    let good = sign_in(&world, &fake, &person(1, &["handlers"])).await;
    assert_eq!(good.status, StatusCode::OK, "{}", good.text);
    assert_eq!(refused(&world).await, sorted(&expected));
}

#[tokio::test]
async fn what_comes_back_serves_once_for_the_browser_that_began() {
    let (world, fake) = with_provider().await;
    let someone = person(1, &["handlers"]);
    let answer = async |body: &Value| world.post(OWNER, "/v1/session/oidc/finish", body).await;
    let issuer = fake.issuer();
    let fresh = async || {
        let (url, state) = begin(&world).await;
        let code = fake.code(&url, &someone);
        json!({ "state": state, "secret": BROWSER, "code": code, "iss": issuer })
    };
    let good = fresh().await;
    assert_eq!(answer(&good).await.status, StatusCode::OK);
    let mut expected = vec!["wrong-state"];
    assert_eq!(answer(&good).await.kind(), "wrong-state", "replayed");
    for (name, value, kind) in [
        ("state", json!("A".repeat(43)), "wrong-state"),
        ("secret", json!("another browser"), "wrong-browser"),
        ("iss", json!("https://other.example"), "wrong-issuer"),
        ("iss", json!(null), "wrong-issuer"),
        ("code", json!("guessed"), "code-refused"),
        ("code", json!(null), "provider-denied"),
    ] {
        let mut body = fresh().await;
        body[name] = value;
        let refused = answer(&body).await;
        assert_eq!(
            (refused.status, refused.kind()),
            (StatusCode::UNAUTHORIZED, kind),
            "{}",
            refused.text
        );
        expected.push(kind);
        // The state is used up by that.
        if kind != "wrong-state" {
            assert_eq!(answer(&body).await.kind(), "wrong-state");
            expected.push("wrong-state");
        }
    }
    // A code of one sign-in with the state of another: PKCE.
    let (mut one, two) = (fresh().await, fresh().await);
    one["code"] = two["code"].clone();
    assert_eq!(answer(&one).await.kind(), "code-refused");
    expected.push("code-refused");
    // Too late.
    let late = fresh().await;
    world.advance(Duration::from_secs(600));
    assert_eq!(answer(&late).await.kind(), "wrong-state");
    expected.push("wrong-state");
    assert_eq!(refused(&world).await, sorted(&expected));

    // What is malformed is said as such, and nobody was refused anything.
    for (body, field) in [
        (json!({ "state": "", "secret": "s", "code": "c" }), "state"),
        (
            json!({ "state": "s", "secret": "s", "code": "c".repeat(4097) }),
            "code",
        ),
        (json!({ "state": "s", "secret": "s", "colour": "red" }), "colour"),
    ] {
        let wrong = answer(&body).await;
        assert_eq!((wrong.status, wrong.field()), (StatusCode::BAD_REQUEST, field));
    }
    let digest = hex::encode(Sha256::digest(BROWSER));
    for (uri, browser, field) in [
        (
            "https://evil.example/desk/sign-in/return",
            digest.as_str(),
            "redirect_uri",
        ),
        (redirect_uri().as_str(), "short", "browser"),
    ] {
        let body = json!({ "redirect_uri": uri, "browser": browser });
        let wrong = world.post(OWNER, "/v1/session/oidc", &body).await;
        assert_eq!((wrong.status, wrong.field()), (StatusCode::BAD_REQUEST, field));
    }
    let elsewhere = json!({ "redirect_uri": redirect_uri(), "browser": digest });
    assert_eq!(
        world.post("health", "/v1/session/oidc", &elsewhere).await.status,
        StatusCode::NOT_FOUND,
        "an agency without a provider"
    );
}

#[tokio::test]
async fn whoever_is_nobody_here_is_refused_and_a_code_is_one_persons() {
    let (world, fake) = with_provider().await;
    let changed = |name: &str, value: Value| {
        let mut claims = person(3, &["handlers"]);
        claims[name] = value;
        claims
    };
    let mut expected = Vec::new();
    for (claims, kind, word, who) in [
        (
            changed("department", json!("health")),
            "not-an-officer",
            "officer-elsewhere",
            "",
        ),
        (
            changed("groups", json!(["everybody"])),
            "not-an-officer",
            "officer-without-role",
            "",
        ),
        (
            changed("groups", json!(null)),
            "not-an-officer",
            "officer-without-role",
            "",
        ),
        (
            changed("employee_number", json!(null)),
            "not-an-officer",
            "officer-without-code",
            "",
        ),
    ] {
        let refused = sign_in(&world, &fake, &claims).await;
        assert_eq!((refused.status, refused.kind()), (StatusCode::FORBIDDEN, kind));
        expected.push((word.to_owned(), who.to_owned()));
    }
    let first = bearer(&sign_in(&world, &fake, &person(3, &["handlers"])).await);
    // Another account comes with the same code, and the same account with another code.
    for (claims, who) in [
        (changed("sub", json!("s-4")), "MZ-3"),
        (changed("employee_number", json!("MZ-4")), "MZ-4"),
    ] {
        let refused = sign_in(&world, &fake, &claims).await;
        assert_eq!(
            (refused.status, refused.kind()),
            (StatusCode::FORBIDDEN, "others-code")
        );
        expected.push(("others-code".to_owned(), who.to_owned()));
    }
    expected.sort();
    assert_eq!(refused(&world).await, expected);

    // The administrator sees whose code it is, and releases it; sessions end.
    let admin = bearer(&sign_in(&world, &fake, &person(9, &["admins"])).await);
    let listed = world.get(OWNER, "/v1/access/officers", &admin).await;
    let names: Vec<_> = listed.json["items"]
        .as_array()
        .expect(&listed.text)
        .iter()
        .collect();
    assert_eq!(names.len(), 2, "{names:?}");
    assert_eq!(
        (&names[0]["name"], &names[0]["has_account"]),
        (&json!("MZ-3"), &json!(true))
    );
    let release = json!({ "name": "MZ-3" });
    let path = "/v1/access/officers/release";
    assert_eq!(
        post_as(&world, &first, path, &release).await.status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        post_as(&world, &admin, path, &release).await.status,
        StatusCode::NO_CONTENT
    );
    assert_eq!(
        post_as(&world, &admin, path, &release).await.status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        world.get(OWNER, "/v1/desk/cases", &first).await.kind(),
        "no-session"
    );
    bearer(&sign_in(&world, &fake, &changed("sub", json!("s-4"))).await);
}

#[tokio::test]
async fn keys_rotate_and_a_withdrawn_one_is_used_no_longer() {
    let (world, fake) = with_provider().await;
    let someone = person(1, &["handlers"]);
    bearer(&sign_in(&world, &fake, &someone).await);
    // A new key, before the old set is old: it is fetched again, though not at once.
    fake.set_keys(&[1, 2]);
    assert_eq!(sign_in(&world, &fake, &someone).await.kind(), "token-refused");
    world.advance(Duration::from_secs(6));
    bearer(&sign_in(&world, &fake, &someone).await);
    // The old key signs still, and then is withdrawn: whoever stole it can use it no longer than the set is kept.
    fake.set_keys(&[2, 1]);
    bearer(&sign_in(&world, &fake, &someone).await);
    fake.set_keys(&[2]);
    fake.with(Faults {
        sign: Sign::By(1),
        ..Faults::default()
    });
    world.advance(Duration::from_secs(600));
    assert_eq!(sign_in(&world, &fake, &someone).await.kind(), "token-refused");
    assert_eq!(refused(&world).await, sorted(&["token-key", "token-key"]));
}

#[tokio::test]
async fn a_session_ends_with_the_role_and_with_the_providers_word() {
    let (mut world, fake) = with_provider().await;
    let queue = "/v1/desk/cases";
    let one = bearer(&sign_in(&world, &fake, &person(1, &["handlers"])).await);
    let two = bearer(&sign_in(&world, &fake, &replaced_sid(person(2, &["handlers"]))).await);
    // The provider says that the session of MZ-1 is over (Back-Channel Logout 1.0).
    let now_s = world.clock.now_s();
    let event = json!({ "http://schemas.openid.net/event/backchannel-logout": {} });
    let logout = async |changes: Value| {
        let mut claims = json!({ "iss": fake.issuer(), "aud": CLIENT, "iat": now_s, "exp": now_s + 60, "jti": "j",
            "sub": "s-1", "events": event });
        for (name, value) in changes.as_object().unwrap() {
            claims[name] = value.clone();
        }
        let body = format!("logout_token={}", fake.sign(&claims, "logout+jwt"));
        let headers = [("content-type", "application/x-www-form-urlencoded".to_owned())];
        world
            .request(
                OWNER,
                "POST",
                "/v1/session/oidc/logout",
                &headers,
                Bytes::from(body.into_bytes()),
            )
            .await
    };
    for changes in [
        json!({ "aud": "other" }),
        json!({ "events": {} }),
        json!({ "nonce": "n" }),
        json!({ "iat": now_s - 700 }),
    ] {
        let refused = logout(changes).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{}", refused.text);
        assert_eq!(refused.json["error"], "invalid_request");
    }
    assert_eq!(world.get(OWNER, queue, &one).await.status, StatusCode::OK);
    assert_eq!(logout(json!({})).await.status, StatusCode::OK);
    assert_eq!(world.get(OWNER, queue, &one).await.kind(), "no-session");
    assert_eq!(world.get(OWNER, queue, &two).await.status, StatusCode::OK);
    let by_session = json!({ "sub": "s-2", "sid": "another" });
    assert_eq!(logout(by_session).await.status, StatusCode::OK);
    assert_eq!(world.get(OWNER, queue, &two).await.status, StatusCode::OK);

    // The provider takes the role: the next sign-in is refused. The configuration takes it: the session is over.
    let gone = sign_in(&world, &fake, &person(2, &[])).await;
    assert_eq!(
        (gone.status, gone.kind()),
        (StatusCode::FORBIDDEN, "not-an-officer")
    );
    world.oidc.as_mut().unwrap().roles.remove("handlers");
    world.restart().await;
    let ended = world.get(OWNER, queue, &two).await;
    assert_eq!((ended.status, ended.kind()), (StatusCode::FORBIDDEN, "no-role"));
    assert_eq!(world.get(OWNER, queue, &two).await.kind(), "no-session");
    let words = refused(&world).await;
    assert!(words.contains(&("officer-without-role".to_owned(), "MZ-2".to_owned())));

    // Signing out says where the provider's own session ends.
    let admin = bearer(&sign_in(&world, &fake, &person(9, &["admins"])).await);
    let out = world
        .request(OWNER, "POST", "/v1/session/end", &admin, Bytes::new())
        .await;
    let url = url::Url::parse(out.json["provider"].as_str().expect(&out.text)).unwrap();
    assert!(url.as_str().starts_with(&format!("{}/logout?", fake.issuer())));
    let query: Vec<_> = url.query_pairs().into_owned().collect();
    let back = format!("http://{PORTAL}/desk/sign-in");
    assert_eq!(
        query,
        [
            ("client_id".to_owned(), CLIENT.to_owned()),
            ("post_logout_redirect_uri".to_owned(), back)
        ]
    );
}

fn replaced_sid(mut claims: Value) -> Value {
    claims["sid"] = json!("session-2");
    claims
}

#[tokio::test]
async fn a_provider_that_is_not_what_it_should_be_is_not_used() {
    let (mut world, fake) = with_provider().await;
    let body = json!({ "redirect_uri": redirect_uri(), "browser": hex::encode(Sha256::digest(BROWSER)) });
    for metadata in [
        json!({ "issuer": "https://other.example" }),
        json!({ "token_endpoint": "http://sso.example/token" }),
        json!({ "jwks_uri": null }),
        json!({ "authorization_endpoint": "javascript:alert(1)" }),
        json!({ "end_session_endpoint": "http://sso.example/out" }),
        json!({ "code_challenge_methods_supported": ["plain"] }),
        json!({ "response_types_supported": ["id_token"] }),
        json!({ "id_token_signing_alg_values_supported": ["HS256", "PS256"] }),
        // The built-in provider of a demo network lets anybody in: only the gateways of that very network use it.
        json!({ "zhengtong_demo_network": "0xabcd" }),
    ] {
        fake.with(Faults {
            metadata: metadata.clone(),
            ..Faults::default()
        });
        let refused = world.post(OWNER, "/v1/session/oidc", &body).await;
        assert_eq!(
            (refused.status, refused.kind()),
            (StatusCode::SERVICE_UNAVAILABLE, "provider-unusable"),
            "{metadata}"
        );
    }
    let own = json!({ "zhengtong_demo_network": world.chain.network() });
    fake.with(Faults {
        metadata: own,
        ..Faults::default()
    });
    begin(&world).await;
    world.oidc.as_mut().unwrap().issuer = "http://127.0.0.1:1/".into();
    world.restart().await;
    let refused = world.post(OWNER, "/v1/session/oidc", &body).await;
    assert_eq!(refused.kind(), "provider-unusable", "nobody listens there");
}

#[tokio::test]
async fn a_key_proves_the_client_and_keys_alone_may_be_turned_off() {
    let (mut world, fake) = with_provider().await;
    let oidc = world.oidc.as_mut().unwrap();
    oidc.client_secret = None;
    oidc.client_key = Some(world.folder.path().join("oidc.key"));
    world.key_sign_in = false;
    world.restart().await;
    let published = world.get(OWNER, "/v1/session/oidc/jwks", &[]).await;
    let key = Jwk::parse(&published.json["keys"][0], "key").unwrap();
    bearer(&sign_in(&world, &fake, &person(1, &["handlers"])).await);
    let assertion = fake.assertions().pop().unwrap();
    let (message, signature) = assertion.rsplit_once('.').unwrap();
    assert!(key.has_signed(message.as_bytes(), signature));
    let decoded = jsonwebtoken::dangerous::insecure_decode::<Value>(&assertion).unwrap();
    let (header, claims) = (decoded.header, decoded.claims);
    assert_eq!(header.kid.as_deref(), published.json["keys"][0]["kid"].as_str());
    assert_eq!(
        (&claims["iss"], &claims["sub"], &claims["aud"]),
        (&json!(CLIENT), &json!(CLIENT), &json!(fake.issuer()))
    );
    assert!(claims["exp"].as_u64().unwrap() <= world.clock.now_s() + 60);

    let by_key = world.sign_in(OWNER, &officer(OWNER, 0)).await;
    assert_eq!(
        (by_key.status, by_key.kind()),
        (StatusCode::FORBIDDEN, "key-alone")
    );
    let ways = world.get(OWNER, "/v1/session/ways", &[]).await;
    assert_eq!(ways.json["key"], json!(false));
}
