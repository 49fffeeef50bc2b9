use alloy_primitives::{B256, Bytes};
use alloy_sol_types::SolEvent;
use axum::http::StatusCode;
use serde_json::{Value, json};
use std::time::Duration;
use zhengtong_bindings::credentials::Credentials::CredentialIssued;
use zhengtong_bindings::{DECIDER, ISSUER, PROVIDER, addresses};
use zhengtong_credentials::{Certificate, Expected, Presented};
use zhengtong_gateway::http::openid::well_known;

use super::wallet::{PRE_AUTHORIZED, VCT, dpop, parameters, proof_header, sign};
use crate::wallet::{OwnCase, jwk};
use crate::world::{NOW_S, OWNER, World, authority};

const KEY: [u8; 32] = [21; 32];

async fn decided(world: &World) -> OwnCase {
    let wallet = world.wallet("approved-66").await;
    world.apply(&wallet, 1, "old-age-allowance").await
}

#[tokio::test]
async fn metadata_is_where_the_standards_put_it() {
    let world = World::new().await;
    let url = world.url(OWNER);
    let metadata = world
        .get(OWNER, "/.well-known/openid-credential-issuer", &[])
        .await
        .json;
    assert_eq!(metadata["credential_issuer"], url);
    assert_eq!(
        metadata["credential_endpoint"],
        format!("{url}/v1/openid/credential")
    );
    let offered = &metadata["credential_configurations_supported"]["old-age-allowance"];
    assert_eq!(
        (&offered["format"], &offered["vct"]),
        (&json!("dc+sd-jwt"), &json!(VCT))
    );
    let server = world
        .get(OWNER, "/.well-known/oauth-authorization-server", &[])
        .await
        .json;
    assert_eq!(server["issuer"], url);
    assert_eq!(server["grant_types_supported"], json!([PRE_AUTHORIZED]));
    // The address has a path: the well-known part comes before it, at the root of the host.
    for (name, expected) in [
        ("openid-credential-issuer", &metadata),
        ("oauth-authorization-server", &server),
    ] {
        let request = axum::http::Request::get(format!("/.well-known/{name}/gateway/{OWNER}"));
        let request = request.body(axum::body::Body::empty()).unwrap();
        let router = well_known(world.app(OWNER).clone());
        let answer = tower::ServiceExt::oneshot(router, request).await.unwrap();
        let bytes = axum::body::to_bytes(answer.into_body(), usize::MAX)
            .await
            .unwrap();
        assert_eq!(serde_json::from_slice::<Value>(&bytes).unwrap(), *expected);
    }
    let types = world.get(OWNER, &format!("/v1/types/{VCT}"), &[]).await.json;
    assert_eq!(types["vct"], VCT);
    assert_eq!(
        world.get("health", &format!("/v1/types/{VCT}"), &[]).await.status,
        StatusCode::NOT_FOUND
    );
    let none = world
        .get("health", "/.well-known/openid-credential-issuer", &[])
        .await
        .json;
    assert_eq!(
        none["credential_configurations_supported"],
        json!({}),
        "it owns no service"
    );
    let pem = world.get(OWNER, "/v1/certificates", &[]).await.text;
    let chain = Certificate::chain_from_pem(&pem).unwrap();
    let root = authority();
    let certified = Certificate::verify(&chain, &[root.certificate().clone()], NOW_S).unwrap();
    assert!(certified.uris.contains(&url));
}

#[tokio::test]
async fn an_offer_with_a_code_gives_a_credential_bound_to_the_wallets_key() {
    let world = World::new().await;
    let case = decided(&world).await;
    let offer = world.offer(&case, true).await.json;
    let by_value = parameters(offer["uri"].as_str().unwrap()).remove(0);
    assert_eq!(by_value.0, "credential_offer");
    assert_eq!(
        serde_json::from_str::<Value>(&by_value.1).unwrap(),
        offer["offer"]
    );
    let reference = parameters(offer["uri_by_reference"].as_str().unwrap()).remove(0);
    assert_eq!(reference.0, "credential_offer_uri");
    let path = reference.1.strip_prefix(&world.url(OWNER)).unwrap().to_owned();
    assert_eq!(world.get(OWNER, &path, &[]).await.json, offer["offer"]);
    assert_eq!(
        world.get(OWNER, "/v1/openid/offers/other", &[]).await.status,
        StatusCode::NOT_FOUND
    );

    let code = offer["offer"]["grants"][PRE_AUTHORIZED]["pre-authorized_code"]
        .as_str()
        .unwrap();
    let tx_code = offer["tx_code"].as_str().unwrap();
    let ask =
        async |parameters: &[(&str, &str)]| world.post_form(OWNER, "/v1/openid/token", &[], parameters).await;
    let grant = ("grant_type", PRE_AUTHORIZED);
    let with_code = ("pre-authorized_code", code);
    for (parameters, error) in [
        (vec![], "invalid_request"),
        (
            vec![("grant_type", "authorization_code")],
            "unsupported_grant_type",
        ),
        (vec![grant], "invalid_request"),
        (vec![grant, ("pre-authorized_code", "other")], "invalid_grant"),
        (vec![grant, with_code], "invalid_request"),
        (vec![grant, with_code, ("tx_code", "x")], "invalid_grant"),
        (vec![grant, grant, with_code], "invalid_request"),
    ] {
        let answer = ask(&parameters).await;
        assert_eq!(
            (answer.status, &answer.json["error"]),
            (StatusCode::BAD_REQUEST, &json!(error)),
            "{parameters:?}"
        );
    }
    let good = [grant, with_code, ("tx_code", tx_code)];
    let answer = ask(&good).await;
    assert_eq!(answer.json["token_type"], "Bearer", "{}", answer.text);
    assert_eq!(
        ask(&good).await.json["error"],
        "invalid_grant",
        "a code is good once"
    );
    let token = vec![(
        "authorization",
        format!("Bearer {}", answer.json["access_token"].as_str().unwrap()),
    )];

    let body = json!({ "credential_configuration_id": "old-age-allowance", "proofs": { "jwt": [world.proof(&KEY).await] } });
    let answer = world.post_as("/v1/openid/credential", &token, &body).await;
    let text = answer.json["credentials"][0]["credential"]
        .as_str()
        .expect(&answer.text);
    let presented = Presented::parse(text).unwrap();
    let chain = presented.certificates().unwrap().unwrap();
    let certified = Certificate::verify(&chain, &[authority().certificate().clone()], NOW_S).unwrap();
    let verified = presented
        .verify(&Expected {
            issuer: &world.url(OWNER),
            issuer_key: &certified.key,
            vct: VCT,
            now_s: NOW_S,
            binding: None,
        })
        .unwrap();
    assert_eq!(verified.claim("cnf").unwrap()["jwk"], jwk(&KEY));
    assert_eq!(verified.claim("amount_fen"), Some(&json!(7_500)));
    assert_eq!(
        verified.status().unwrap().unwrap().uri,
        format!("{}/v1/status", world.url(OWNER))
    );
    assert_eq!(
        world.post_as("/v1/openid/credential", &token, &body).await.json["error"],
        "invalid_nonce"
    );

    let note = |event: &str| json!({ "notification_id": answer.json["notification_id"], "event": event });
    let notify = async |body: &Value| world.post_as("/v1/openid/notification", &token, body).await;
    assert_eq!(
        notify(&note("credential_accepted")).await.status,
        StatusCode::NO_CONTENT
    );
    assert_eq!(
        notify(&note("lost")).await.json["error"],
        "invalid_notification_request"
    );
    let other = json!({ "notification_id": "x", "event": "credential_deleted" });
    assert_eq!(notify(&other).await.json["error"], "invalid_notification_id");
}

#[tokio::test]
async fn a_wrong_code_can_be_tried_five_times() {
    let world = World::new().await;
    let case = decided(&world).await;
    let offer = world.offer(&case, true).await.json;
    let code = offer["offer"]["grants"][PRE_AUTHORIZED]["pre-authorized_code"]
        .as_str()
        .unwrap();
    let ask = async |tx_code: &str| {
        let parameters = [
            ("grant_type", PRE_AUTHORIZED),
            ("pre-authorized_code", code),
            ("tx_code", tx_code),
        ];
        world.post_form(OWNER, "/v1/openid/token", &[], &parameters).await
    };
    for _ in 0..5 {
        assert_eq!(ask("wrong").await.json["error"], "invalid_grant");
    }
    let answer = ask(offer["tx_code"].as_str().unwrap()).await;
    assert_eq!(answer.json["error"], "invalid_grant", "guessing has ended");
}

#[tokio::test]
async fn the_portals_own_key_gets_the_very_credential_that_the_chain_has() {
    let world = World::new().await;
    let case = decided(&world).await;
    let text = world.obtain(&case, &case.credential_key).await;
    let issued = world.chain.logs(addresses().credentials);
    let issued = issued
        .iter()
        .filter_map(|log| CredentialIssued::decode_log(log).ok())
        .next()
        .unwrap();
    assert_eq!(issued.credentialHash, B256::from(text.hash()));
}

#[tokio::test]
async fn requests_and_proofs_that_are_not_as_agreed_are_refused_in_the_standards_words() {
    let world = World::new().await;
    let case = decided(&world).await;
    let token = world.token(&case).await;
    let id = "old-age-allowance";
    let proof = world.proof(&KEY).await;
    let ask = async |body: Value| {
        let answer = world.post_as("/v1/openid/credential", &token, &body).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.text);
        answer.json["error"].as_str().unwrap().to_owned()
    };
    let proofs = json!({ "jwt": [proof] });
    assert_eq!(ask(json!([])).await, "invalid_credential_request");
    assert_eq!(
        ask(json!({ "proofs": proofs })).await,
        "invalid_credential_request"
    );
    let both = json!({ "credential_configuration_id": id, "credential_identifier": "x", "proofs": proofs });
    assert_eq!(ask(both).await, "invalid_credential_request");
    assert_eq!(
        ask(json!({ "credential_identifier": "x", "proofs": proofs })).await,
        "unknown_credential_identifier"
    );
    let other = json!({ "credential_configuration_id": "x", "proofs": proofs });
    assert_eq!(ask(other).await, "unknown_credential_configuration");
    let sealed =
        json!({ "credential_configuration_id": id, "proofs": proofs, "credential_response_encryption": {} });
    assert_eq!(ask(sealed).await, "invalid_encryption_parameters");
    for proofs in [
        json!(null),
        json!({}),
        json!({ "jwt": [] }),
        json!({ "jwt": [proof, proof] }),
        json!({ "jwt": [1] }),
        json!({ "di_vp": [{}] }),
    ] {
        let body = json!({ "credential_configuration_id": id, "proofs": proofs });
        assert_eq!(ask(body).await, "invalid_proof", "{proofs}");
    }
    let now_s = world.clock_s();
    let payload = json!({ "aud": world.url(OWNER), "iat": now_s, "nonce": world.c_nonce().await });
    let changed = |name: &str, value: Value| {
        let mut payload = payload.clone();
        payload[name] = value;
        sign(&KEY, &proof_header(&KEY), &payload)
    };
    let with_header = |name: &str, value: Value| {
        let mut header = proof_header(&KEY);
        header[name] = value;
        sign(&KEY, &header, &payload)
    };
    let mut private = jwk(&KEY);
    private["d"] = "AA".into();
    let unsigned = format!(
        "{}.",
        sign(&KEY, &json!({ "alg": "none" }), &payload)
            .rsplit_once('.')
            .unwrap()
            .0
    );
    for (proof, error) in [
        (changed("aud", json!("https://other.example")), "invalid_proof"),
        (changed("iat", json!(now_s - 301)), "invalid_proof"),
        (changed("iat", json!(now_s + 301)), "invalid_proof"),
        (changed("nonce", json!(null)), "invalid_proof"),
        (changed("nonce", json!("made up")), "invalid_nonce"),
        (with_header("typ", json!("JWT")), "invalid_proof"),
        (with_header("alg", json!("none")), "invalid_proof"),
        (with_header("jwk", json!(null)), "invalid_proof"),
        (with_header("jwk", private), "invalid_proof"),
        (with_header("jwk", jwk(&[22; 32])), "invalid_proof"),
        (with_header("kid", json!("1")), "invalid_proof"),
        (unsigned, "invalid_proof"),
    ] {
        let body = json!({ "credential_configuration_id": id, "proofs": { "jwt": [proof] } });
        assert_eq!(ask(body).await, error, "{proof}");
    }
    let late = world.proof(&KEY).await;
    world.advance(Duration::from_secs(300));
    let body = json!({ "credential_configuration_id": id, "proofs": { "jwt": [late] } });
    assert_eq!(ask(body.clone()).await, "invalid_nonce");
    for headers in [
        vec![],
        vec![("authorization", "Bearer x".to_owned())],
        vec![("authorization", token[0].1.replace("Bearer", "DPoP"))],
    ] {
        let answer = world.post_as("/v1/openid/credential", &headers, &body).await;
        assert_eq!(
            (answer.status, &answer.json["error"]),
            (StatusCode::UNAUTHORIZED, &json!("invalid_token"))
        );
    }
    world.advance(Duration::from_secs(300));
    let answer = world.post_as("/v1/openid/credential", &token, &body).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "the token has expired");
    let stranger = OwnCase::new(99, json!({}));
    assert_eq!(world.offer(&stranger, false).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_token_bound_to_a_key_needs_a_fresh_proof_of_it() {
    let world = World::new().await;
    let case = decided(&world).await;
    let url = world.url(OWNER);
    let offer = world.offer(&case, false).await.json;
    let code = offer["offer"]["grants"][PRE_AUTHORIZED]["pre-authorized_code"]
        .as_str()
        .unwrap();
    let parameters = [("grant_type", PRE_AUTHORIZED), ("pre-authorized_code", code)];
    let now_s = world.clock_s();
    let ask = async |proof: String| {
        world
            .post_form(OWNER, "/v1/openid/token", &[("dpop", proof)], &parameters)
            .await
    };
    for bad in [
        "x".to_owned(),
        dpop(&KEY, "/v1/openid/credential", now_s, "1", None, &url),
        dpop(&KEY, "/v1/openid/token", now_s - 301, "1", None, &url),
        dpop(&KEY, "/v1/openid/token", now_s, "", None, &url),
        sign(
            &KEY,
            &proof_header(&KEY),
            &json!({ "htm": "POST", "htu": format!("{url}/v1/openid/token"), "iat": now_s, "jti": "1" }),
        ),
    ] {
        assert_eq!(ask(bad).await.json["error"], "invalid_dpop_proof");
    }
    let answer = ask(dpop(&KEY, "/v1/openid/token", now_s, "1", None, &url)).await;
    assert_eq!(answer.json["token_type"], "DPoP", "{}", answer.text);
    let token = answer.json["access_token"].as_str().unwrap();
    let path = "/v1/openid/credential";
    let request = async |scheme: &str, proof: Option<String>| {
        let mut headers = vec![("authorization", format!("{scheme} {token}"))];
        headers.extend(proof.map(|proof| ("dpop", proof)));
        let body = json!({ "credential_configuration_id": "old-age-allowance", "proofs": { "jwt": [world.proof(&KEY).await] } });
        world.post_as(path, &headers, &body).await
    };
    let good = dpop(&KEY, path, now_s, "2", Some(token), &url);
    for (scheme, proof) in [
        ("DPoP", None),
        ("Bearer", Some(good.clone())),
        ("DPoP", Some(dpop(&KEY, path, now_s, "3", None, &url))),
        ("DPoP", Some(dpop(&KEY, path, now_s, "4", Some("other"), &url))),
        ("DPoP", Some(dpop(&[22; 32], path, now_s, "5", Some(token), &url))),
    ] {
        assert_eq!(request(scheme, proof).await.status, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(request("DPoP", Some(good.clone())).await.status, StatusCode::OK);
    assert_eq!(
        request("DPoP", Some(good)).await.json["error"],
        "invalid_dpop_proof",
        "a proof is good once"
    );
}

#[tokio::test]
async fn a_credential_that_the_chain_does_not_have_yet_comes_later() {
    let world = World::new().await;
    world.set_roles(OWNER, PROVIDER | DECIDER);
    let case = decided(&world).await;
    let token = world.token(&case).await;
    let body = json!({ "credential_configuration_id": "old-age-allowance", "proofs": { "jwt": [world.proof(&KEY).await] } });
    let answer = world.post_as("/v1/openid/credential", &token, &body).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text);
    let transaction = json!({ "transaction_id": answer.json["transaction_id"] });
    let ask = async |token: &[(&'static str, String)], body: &Value| {
        world.post_as("/v1/openid/deferred", token, body).await
    };
    assert_eq!(ask(&token, &transaction).await.status, StatusCode::ACCEPTED);
    assert_eq!(
        ask(&token, &json!({ "transaction_id": "x" })).await.json["error"],
        "invalid_transaction_id"
    );
    assert_eq!(
        ask(&token, &json!({})).await.json["error"],
        "invalid_credential_request"
    );
    let other = world.token(&case).await;
    assert_eq!(
        ask(&other, &transaction).await.json["error"],
        "invalid_transaction_id",
        "of another token"
    );

    world.set_roles(OWNER, PROVIDER | DECIDER | ISSUER);
    for _ in 0..3 {
        world.advance(Duration::from_secs(120));
        world.settle().await;
    }
    let answer = ask(&token, &transaction).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    assert!(answer.json["credentials"][0]["credential"].is_string());
    assert_eq!(
        ask(&token, &transaction).await.json["error"],
        "invalid_transaction_id",
        "it was handed out"
    );
}

#[tokio::test]
async fn what_is_not_approved_is_not_offered() {
    let world = World::new().await;
    let wallet = world.wallet("approved-66").await;
    let case = OwnCase::new(1, json!({ "payment_channel": "social-security-card" })).of(&wallet);
    world.open_case(&case, "old-age-allowance");
    world.settle().await;
    let answer = world.offer(&case, false).await;
    assert_eq!(
        (answer.status, answer.kind()),
        (StatusCode::CONFLICT, "no-credential"),
        "{}",
        answer.text
    );
    let answer = world
        .request(OWNER, "POST", "/v1/openid/nonce", &[], Bytes::new())
        .await;
    assert_eq!(answer.status, StatusCode::OK);
}
