use alloy_sol_types::SolCall;
use axum::http::StatusCode;
use serde_json::{Value, json};
use std::time::Duration;
use zhengtong_bindings::addresses;
use zhengtong_bindings::cases::Cases::appealCall;
use zhengtong_bindings::credentials::Credentials::setAnchorCall;
use zhengtong_bindings::slug;
use zhengtong_credentials::{Certificate, CredentialText, Issuer, Jwk, NewCredential};

use super::wallet::{VCT, header, parameters, payload, shown};
use crate::chain::CHAIN_ID;
use crate::wallet::{OwnCase, jwk};
use crate::world::{Answer, NOW_S, OWNER, World, authority};

const KEY: [u8; 32] = [21; 32];

pub struct Asked {
    pub id: String,
    pub request: Value,
    pub officer: Vec<(&'static str, String)>,
}

impl World {
    async fn ask(&self, verifier: &str, more: Value) -> (Answer, Vec<(&'static str, String)>) {
        let officer = self.bearer(verifier, 0).await;
        let mut body = json!({ "credentials": [{ "vct": VCT, "claims": ["amount_fen", "decided_at"] }] });
        for (name, value) in more.as_object().unwrap() {
            body[name] = value.clone();
        }
        let body = body.to_string().into_bytes().into();
        (
            self.request(verifier, "POST", "/v1/presentations", &officer, body)
                .await,
            officer,
        )
    }

    /// A signed request in the clear, as a wallet reads it.
    pub async fn asked(&self, verifier: &str, more: Value) -> Asked {
        let (answer, officer) = self.ask(verifier, more).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        let uri = answer.json["uri"].as_str().unwrap();
        let (_, reference) = parameters(uri)
            .into_iter()
            .find(|(name, _)| name == "request_uri")
            .unwrap();
        let path = reference.strip_prefix(&self.url(verifier)).unwrap();
        let jwt = self.get(verifier, path, &[]).await.text;
        let x5c = Certificate::chain_from_x5c(&header(&jwt)["x5c"]).unwrap();
        Certificate::verify(&x5c, &[authority().certificate().clone()], NOW_S).unwrap();
        assert_eq!(header(&jwt)["typ"], "oauth-authz-req+jwt");
        Asked {
            id: answer.json["id"].as_str().unwrap().to_owned(),
            request: payload(&jwt),
            officer,
        }
    }

    pub async fn answer(&self, verifier: &str, asked: &Asked, presentation: &str) -> Answer {
        let token = json!({ "credential_0": [presentation] }).to_string();
        let state = asked.request["state"].as_str().unwrap();
        let path = asked.request["response_uri"].as_str().unwrap();
        let path = path.strip_prefix(&self.url(verifier)).unwrap();
        self.post_form(verifier, path, &[], &[("vp_token", &token), ("state", state)])
            .await
    }

    pub async fn outcome(&self, verifier: &str, asked: &Asked) -> Value {
        let path = format!("/v1/presentations/{}", asked.id);
        self.get(verifier, &path, &asked.officer).await.json
    }
}

pub fn in_the_clear() -> Value {
    json!({ "response_mode": "direct_post" })
}

pub async fn held(world: &World) -> (OwnCase, CredentialText) {
    let wallet = world.wallet("approved-66").await;
    let case = world.apply(&wallet, 1, "old-age-allowance").await;
    let credential = world.obtain(&case, &KEY).await;
    (case, credential)
}

pub fn show(credential: &CredentialText, asked: &Asked) -> String {
    shown(
        credential,
        &KEY,
        &asked.request,
        &["amount_fen", "decided_at", "reason"],
        NOW_S,
    )
}

#[tokio::test]
async fn an_agency_asks_and_learns_what_it_asked_for_and_no_more() {
    let world = World::new().await;
    let (_, credential) = held(&world).await;
    let asked = world.asked(OWNER, in_the_clear()).await;
    let request = &asked.request;
    assert_eq!(
        (&request["response_type"], &request["response_mode"]),
        (&json!("vp_token"), &json!("direct_post"))
    );
    assert!(request["client_id"].as_str().unwrap().starts_with("x509_hash:"));
    assert_eq!(
        request["dcql_query"]["credentials"][0]["meta"]["vct_values"],
        json!([VCT])
    );
    assert_eq!(world.outcome(OWNER, &asked).await["state"], "waiting");
    let answer = world.answer(OWNER, &asked, &show(&credential, &asked)).await;
    assert_eq!((answer.status, &answer.json), (StatusCode::OK, &json!({})));
    let outcome = world.outcome(OWNER, &asked).await;
    assert_eq!(outcome["state"], "verified", "{outcome}");
    let one = &outcome["credentials"]["credential_0"];
    assert_eq!((&one["issuer"], &one["vct"]), (&json!(OWNER), &json!(VCT)));
    assert_eq!(one["claims"]["amount_fen"], 7_500);
    assert!(
        one["claims"].get("reason").is_none(),
        "it was shown and not asked for"
    );
    let again = world.answer(OWNER, &asked, &show(&credential, &asked)).await;
    assert_eq!(again.status, StatusCode::NOT_FOUND, "one answer a request");
    let path = format!("/v1/presentations/{}", asked.id);
    let other = world.bearer(OWNER, 1).await;
    assert_eq!(
        world.get(OWNER, &path, &other).await.status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        world.get(OWNER, &path, &[]).await.status,
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test]
async fn another_agency_checks_the_status_at_the_issuer() {
    let world = World::serving(OWNER).await;
    let (case, credential) = held(&world).await;
    let asked = world.asked("health", in_the_clear()).await;
    let answer = world.answer("health", &asked, &show(&credential, &asked)).await;
    assert_eq!(
        answer.status,
        StatusCode::OK,
        "{} {}",
        answer.text,
        world.outcome("health", &asked).await
    );

    let path = format!("/v1/cases/{:#x}/appeal", case.id);
    let body = json!({ "text": "金额不对", "salt": alloy_primitives::B256::repeat_byte(9) });
    let answer = world.as_case(&case, "POST", &path, Some(body)).await;
    let statement = answer.json["hash"].as_str().expect(&answer.text).parse().unwrap();
    world.chain.submit(
        &case.key,
        addresses().cases,
        &appealCall {
            id: case.id,
            statement,
        },
    );
    world.settle().await;
    for verifier in ["health", OWNER] {
        let asked = world.asked(verifier, in_the_clear()).await;
        let answer = world.answer(verifier, &asked, &show(&credential, &asked)).await;
        assert_eq!(
            (answer.status, &answer.json["error"]),
            (StatusCode::BAD_REQUEST, &json!("invalid_request"))
        );
        let outcome = world.outcome(verifier, &asked).await;
        assert_eq!(outcome["state"], "refused");
        assert_eq!(outcome["reason"], "credential_0: the credential is suspended");
    }
    assert_eq!(world.offer(&case, false).await.status, StatusCode::CONFLICT);
}

#[tokio::test]
async fn an_issuer_that_cannot_be_reached_or_is_not_trusted_any_more_is_not_believed() {
    let world = World::new().await;
    let (_, credential) = held(&world).await;
    let refused = async |verifier: &str, credential: &CredentialText| {
        let asked = world.asked(verifier, in_the_clear()).await;
        let answer = world.answer(verifier, &asked, &show(credential, &asked)).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        world.outcome(verifier, &asked).await["reason"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert!(refused("health", &credential).await.contains("cannot be fetched"));
    // An agency with a good certificate that gives no such credentials.
    let forged = forged(&world, "human-resources");
    assert_eq!(
        refused("health", &forged).await,
        "credential_0: its issuer may not issue this type"
    );
    let anchor = authority().certificate().der().to_vec();
    let call = setAnchorCall::new((slug(OWNER), anchor.into(), false));
    world.chain.submit(&world.council, addresses().credentials, &call);
    world.settle().await;
    assert!(
        refused("health", &credential)
            .await
            .contains("does not lead to an authority")
    );
}

/// A credential by an agency's real key, of a type that is not its own.
fn forged(world: &World, organisation: &str) -> CredentialText {
    let file = world.folder.path().join(organisation).join("keys/issuer.key");
    let key = std::fs::read_to_string(file).unwrap();
    let key: [u8; 32] = hex::decode(key.trim().trim_start_matches("0x"))
        .unwrap()
        .try_into()
        .unwrap();
    let pem = std::fs::read_to_string(world.folder.path().join(format!("{organisation}.pem"))).unwrap();
    let chain = Certificate::chain_from_pem(&pem).unwrap();
    let issuer = Issuer::new(organisation, &key, String::new()).unwrap();
    let issuer = issuer.certified(&world.url(organisation), chain).unwrap();
    let claims = json!({ "amount_fen": 1_000_000, "decided_at": NOW_S, "reason": "x" });
    issuer
        .issue(NewCredential {
            vct: VCT.into(),
            issued_at_s: NOW_S,
            expires_at_s: NOW_S + 3600,
            holder: Jwk::parse(&jwk(&KEY), "holder").unwrap(),
            open: Default::default(),
            disclosable: claims.as_object().unwrap().clone(),
            status: None,
        })
        .unwrap()
}

#[tokio::test]
async fn presentations_for_others_or_with_less_than_asked_are_refused() {
    let world = World::new().await;
    let (_, credential) = held(&world).await;
    let refused = async |change: &dyn Fn(&Asked) -> String| {
        let asked = world.asked(OWNER, in_the_clear()).await;
        let answer = world.answer(OWNER, &asked, &change(&asked)).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        world.outcome(OWNER, &asked).await["reason"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let with = |name: &'static str, value: Value| {
        let credential = &credential;
        move |asked: &Asked| {
            let mut request = asked.request.clone();
            request[name] = value.clone();
            shown(credential, &KEY, &request, &["amount_fen", "decided_at"], NOW_S)
        }
    };
    assert!(refused(&with("nonce", json!("1"))).await.contains("`nonce`"));
    assert!(
        refused(&with("client_id", json!("x509_hash:other")))
            .await
            .contains("`aud`")
    );
    let thief = |asked: &Asked| {
        shown(
            &credential,
            &[22; 32],
            &asked.request,
            &["amount_fen", "decided_at"],
            NOW_S,
        )
    };
    assert!(refused(&thief).await.contains("holder's signature"));
    let less = |asked: &Asked| shown(&credential, &KEY, &asked.request, &["amount_fen"], NOW_S);
    assert!(refused(&less).await.contains("`decided_at` was asked for"));
    let stale = |asked: &Asked| {
        shown(
            &credential,
            &KEY,
            &asked.request,
            &["amount_fen", "decided_at"],
            NOW_S - 601,
        )
    };
    assert!(refused(&stale).await.contains("`iat`"));
    let unbound = |_: &Asked| credential.expose().to_owned();
    assert!(refused(&unbound).await.contains("key binding: missing"));
    let nothing = |_: &Asked| "x".to_owned();
    assert!(refused(&nothing).await.contains("malformed"));
}

#[tokio::test]
async fn answers_that_are_not_for_the_request_change_nothing() {
    let world = World::new().await;
    let (_, credential) = held(&world).await;
    let asked = world.asked(OWNER, in_the_clear()).await;
    let path = asked.request["response_uri"].as_str().unwrap();
    let path = path.strip_prefix(&world.url(OWNER)).unwrap();
    let state = asked.request["state"].as_str().unwrap();
    let token = json!({ "credential_0": [show(&credential, &asked)] }).to_string();
    for parameters in [
        vec![("vp_token", token.as_str())],
        vec![("vp_token", token.as_str()), ("state", "other")],
        vec![("response", "a.b.c.d.e"), ("state", state)],
        vec![],
    ] {
        let answer = world.post_form(OWNER, path, &[], &parameters).await;
        assert_eq!(answer.json["error"], "invalid_request");
        assert_eq!(world.outcome(OWNER, &asked).await["state"], "waiting");
    }
    let declined = [("error", "access_denied"), ("state", state)];
    assert_eq!(
        world.post_form(OWNER, path, &[], &declined).await.status,
        StatusCode::OK
    );
    assert_eq!(
        world.outcome(OWNER, &asked).await["reason"],
        "the wallet declined: access_denied"
    );
    // Encrypted answers only.
    let asked = world.asked(OWNER, json!({})).await;
    assert_eq!(asked.request["response_mode"], "direct_post.jwt");
    let metadata = &asked.request["client_metadata"];
    assert_eq!(
        metadata["encrypted_response_enc_values_supported"],
        json!(["A128GCM", "A256GCM"])
    );
    assert_eq!(metadata["jwks"]["keys"][0]["alg"], "ECDH-ES");
    let answer = world.answer(OWNER, &asked, &show(&credential, &asked)).await;
    assert_eq!(answer.json["error"], "invalid_request");
    assert_eq!(world.outcome(OWNER, &asked).await["state"], "waiting");
    world.advance(Duration::from_secs(600));
    let path = format!("/v1/openid/requests/{}", asked.id);
    assert_eq!(
        world.get(OWNER, &path, &[]).await.status,
        StatusCode::NOT_FOUND,
        "too late"
    );
    assert_eq!(world.outcome(OWNER, &asked).await["state"], "refused");
}

#[tokio::test]
async fn requests_name_who_asks_in_three_ways_and_ask_for_what_is_declared_alone() {
    let world = World::new().await;
    let asked = world
        .asked(OWNER, json!({ "client_id_prefix": "x509_san_dns" }))
        .await;
    assert_eq!(asked.request["client_id"], "x509_san_dns:gateway.test");
    let (answer, _) = world
        .ask(
            OWNER,
            json!({ "client_id_prefix": "redirect_uri", "response_mode": "direct_post" }),
        )
        .await;
    let by_value = parameters(answer.json["uri"].as_str().unwrap());
    let get = |name: &str| {
        by_value
            .iter()
            .find(|(known, _)| known == name)
            .unwrap()
            .1
            .clone()
    };
    assert_eq!(get("client_id"), format!("redirect_uri:{}", get("response_uri")));
    assert_eq!(
        serde_json::from_str::<Value>(&get("dcql_query")).unwrap()["credentials"][0]["format"],
        "dc+sd-jwt"
    );
    let id = answer.json["id"].as_str().unwrap();
    let unsigned = world.get(OWNER, &format!("/v1/openid/requests/{id}"), &[]).await;
    assert_eq!(unsigned.status, StatusCode::NOT_FOUND);

    for (more, field) in [
        (json!({ "credentials": [] }), "credentials"),
        (
            json!({ "credentials": [{ "vct": "urn:other", "claims": ["a"] }] }),
            "credentials",
        ),
        (
            json!({ "credentials": [{ "vct": VCT, "claims": [] }] }),
            "credentials",
        ),
        (
            json!({ "credentials": [{ "vct": VCT, "claims": ["reason", "reason"] }] }),
            "credentials",
        ),
        (
            json!({ "credentials": [{ "vct": VCT, "claims": ["number"] }] }),
            "credentials",
        ),
        (
            json!({ "redirect_uri": "https://elsewhere.example/" }),
            "redirect_uri",
        ),
        (json!({ "redirect_uri": "javascript:alert(1)" }), "redirect_uri"),
    ] {
        let (answer, _) = world.ask(OWNER, more.clone()).await;
        assert_eq!(
            (answer.status, answer.field()),
            (StatusCode::BAD_REQUEST, field),
            "{more}"
        );
    }
    let body = json!({ "credentials": [{ "vct": VCT, "claims": ["reason"] }] });
    let answer = world.post(OWNER, "/v1/presentations", &body).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    let signed = world.asked(OWNER, json!({})).await;
    let path = format!("/v1/openid/requests/{}", signed.id);
    let jwt = world
        .post_form(OWNER, &path, &[], &[("wallet_nonce", "mine")])
        .await
        .text;
    assert_eq!(payload(&jwt)["wallet_nonce"], "mine");
    let long = "x".repeat(257);
    let answer = world
        .post_form(OWNER, &path, &[], &[("wallet_nonce", &long)])
        .await;
    assert_eq!(answer.json["error"], "invalid_request");
    assert_eq!(CHAIN_ID, 20_260);
}

#[tokio::test]
async fn a_browser_that_comes_back_brings_the_code() {
    let world = World::new().await;
    let (_, credential) = held(&world).await;
    let more = json!({ "response_mode": "direct_post", "redirect_uri": "http://127.0.0.1:8080/desk?a=b" });
    let asked = world.asked(OWNER, more).await;
    let answer = world.answer(OWNER, &asked, &show(&credential, &asked)).await;
    let uri = answer.json["redirect_uri"].as_str().expect(&answer.text);
    let code = uri
        .strip_prefix("http://127.0.0.1:8080/desk?a=b&response_code=")
        .unwrap();
    let path = format!("/v1/presentations/{}", asked.id);
    assert_eq!(
        world.get(OWNER, &path, &asked.officer).await.status,
        StatusCode::FORBIDDEN
    );
    let wrong = format!("{path}?response_code=x");
    assert_eq!(
        world.get(OWNER, &wrong, &asked.officer).await.field(),
        "response_code"
    );
    let right = format!("{path}?response_code={code}");
    assert_eq!(
        world.get(OWNER, &right, &asked.officer).await.json["state"],
        "verified"
    );
}
