use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::json;
use sha2::Sha256;

use super::*;

/// RFC 7515, appendices A.2 (RS256) and A.3 (ES256): one payload.
const PAYLOAD: &str =
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
const RS256_SIGNATURE: &str = "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
const RS256_MODULUS: &str = "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ";
const ES256_SIGNATURE: &str =
    "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";

fn rsa() -> Value {
    json!({ "kty": "RSA", "n": RS256_MODULUS, "e": "AQAB" })
}

fn ec() -> Value {
    json!({ "kty": "EC", "crv": "P-256", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0" })
}

fn token(header: &Value, signature: &str) -> String {
    format!(
        "{}.{PAYLOAD}.{signature}",
        URL_SAFE_NO_PAD.encode(header.to_string())
    )
}

#[test]
fn the_standards_examples_verify_by_their_keys_alone() {
    let all = SigningAlgorithm::all();
    for (algorithm, signature, own, other) in [
        ("RS256", RS256_SIGNATURE, rsa(), ec()),
        ("ES256", ES256_SIGNATURE, ec(), rsa()),
    ] {
        let good = token(&json!({ "alg": algorithm }), signature);
        let parsed = Unverified::parse(&good, &all).unwrap();
        let claims = parsed.verify(&ProviderKey::of(&own).unwrap()).unwrap();
        assert_eq!(claims["iss"], "joe");
        let by_other = parsed.verify(&ProviderKey::of(&other).unwrap());
        assert_eq!(by_other, Err(TokenError::Signature), "{algorithm}");
        let changed = good.replacen(&PAYLOAD[..8], "eyJpc3MX", 1);
        let changed = Unverified::parse(&changed, &all).unwrap();
        assert_eq!(
            changed.verify(&ProviderKey::of(&own).unwrap()),
            Err(TokenError::Signature)
        );
    }
}

#[test]
fn algorithms_that_anybody_could_sign_by_are_refused() {
    let all = SigningAlgorithm::all();
    let refused = |header: Value, signature: &str, allowed: &[SigningAlgorithm]| {
        Unverified::parse(&token(&header, signature), allowed).map(drop)
    };
    for algorithm in ["none", "None", "HS256", "HS384", "RS384", "PS256", "EdDSA", ""] {
        let header = json!({ "alg": algorithm });
        assert_eq!(
            refused(header, "", &all),
            Err(TokenError::Algorithm),
            "{algorithm}"
        );
    }
    // The public key as the secret of an HMAC: whoever knows the one knows the other.
    let header = json!({ "alg": "HS256" });
    let message = token(&header, "");
    let secret = URL_SAFE_NO_PAD.decode(RS256_MODULUS).unwrap();
    let mut mac = Hmac::<Sha256>::new_from_slice(&secret).unwrap();
    mac.update(message.trim_end_matches('.').as_bytes());
    let signature = URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes());
    assert_eq!(refused(header, &signature, &all), Err(TokenError::Algorithm));
    // Allowed by us, but not here.
    let header = json!({ "alg": "RS256" });
    assert_eq!(
        refused(header, RS256_SIGNATURE, &[SigningAlgorithm::ES256]),
        Err(TokenError::Algorithm)
    );
    let header = json!({ "alg": "RS256", "crit": ["b64"], "b64": false });
    assert_eq!(refused(header, RS256_SIGNATURE, &all), Err(TokenError::Header));
    for malformed in ["", ".", "..", "a.b.c.d", "e30.e30"] {
        assert!(Unverified::parse(malformed, &all).is_err(), "{malformed}");
    }
    let long = "a".repeat(MAX_TOKEN_BYTES + 1);
    assert_eq!(
        Unverified::parse(&long, &all).map(drop),
        Err(TokenError::Malformed)
    );
}

#[test]
fn keys_that_are_weak_or_for_something_else_are_left_out() {
    assert!(ProviderKey::of(&rsa()).is_some_and(|key| key.algorithm == SigningAlgorithm::RS256));
    let with = |mut key: Value, name: &str, value: Value| {
        key[name] = value;
        ProviderKey::of(&key).is_none()
    };
    assert!(with(rsa(), "n", json!(&RS256_MODULUS[..171])), "1026 bits");
    assert!(with(rsa(), "use", json!("enc")));
    assert!(with(rsa(), "alg", json!("PS256")));
    assert!(with(ec(), "crv", json!("P-384")));
    assert!(with(ec(), "alg", json!("ES384")));
    assert!(ProviderKey::of(&json!({ "kty": "oct", "k": "AAAA" })).is_none());
    assert!(ProviderKey::of(&json!("key")).is_none());
}

const NOW_S: u64 = 1_795_320_000;

fn expected() -> Expected<'static> {
    Expected {
        issuer: "https://sso.example",
        client_id: "zhengtong",
        now_s: NOW_S,
    }
}

fn with(mut claims: Value, changes: &Value) -> Map<String, Value> {
    for (name, value) in changes.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims
        .as_object()
        .unwrap()
        .clone()
        .into_iter()
        .filter(|(_, value)| !value.is_null())
        .collect()
}

#[test]
fn an_id_token_says_all_it_must() {
    let good = json!({ "iss": "https://sso.example", "aud": "zhengtong", "sub": "s-1", "nonce": "n", "iat": NOW_S - 5,
        "exp": NOW_S + 300, "auth_time": NOW_S - 100 });
    let check = |changes: Value, max_age_s| {
        let claims = with(good.clone(), &changes);
        expected()
            .check_id_token(&claims, "n", max_age_s)
            .map(str::to_owned)
    };
    use TokenError as E;
    for fine in [
        json!({}),
        json!({ "aud": ["zhengtong"] }),
        json!({ "aud": ["zhengtong", "other"], "azp": "zhengtong" }),
        json!({ "exp": NOW_S - LEEWAY_S + 1 }),
        json!({ "iat": NOW_S + LEEWAY_S, "nbf": NOW_S + LEEWAY_S }),
        json!({ "iat": (NOW_S as f64) - 0.5 }),
    ] {
        assert_eq!(check(fine.clone(), Some(40)), Ok("s-1".into()), "{fine}");
    }
    for (changes, error) in [
        (json!({ "iss": "https://sso.example/" }), E::Issuer),
        (json!({ "iss": null }), E::Issuer),
        (json!({ "aud": "other" }), E::Audience),
        (json!({ "aud": [] }), E::Audience),
        (json!({ "aud": null }), E::Audience),
        (json!({ "aud": ["zhengtong", "other"] }), E::Audience),
        (json!({ "azp": "other" }), E::Audience),
        (
            json!({ "aud": ["zhengtong", "other"], "azp": "other" }),
            E::Audience,
        ),
        (json!({ "exp": NOW_S - LEEWAY_S }), E::Expired),
        (json!({ "exp": null }), E::Expired),
        (json!({ "exp": "never" }), E::Expired),
        (json!({ "iat": NOW_S + LEEWAY_S + 1 }), E::IssuedAt),
        (json!({ "iat": NOW_S - MAX_TOKEN_AGE_S - 1 }), E::IssuedAt),
        (json!({ "iat": null }), E::IssuedAt),
        (json!({ "nbf": NOW_S + LEEWAY_S + 1 }), E::IssuedAt),
        (json!({ "nonce": "m" }), E::Nonce),
        (json!({ "nonce": null }), E::Nonce),
        (json!({ "sub": "" }), E::Subject),
        (json!({ "sub": null }), E::Subject),
        (json!({ "sub": "s".repeat(256) }), E::Subject),
        (json!({ "auth_time": NOW_S - 101 }), E::AuthTime),
        (json!({ "auth_time": null }), E::AuthTime),
    ] {
        assert_eq!(check(changes.clone(), Some(40)), Err(error), "{changes}");
    }
    assert_eq!(check(json!({ "auth_time": null }), None), Ok("s-1".into()));
}

#[test]
fn a_logout_token_is_no_id_token_and_the_other_way_round() {
    let good = json!({ "iss": "https://sso.example", "aud": "zhengtong", "sub": "s-1", "iat": NOW_S, "exp": NOW_S + 120,
        "jti": "j", "events": { LOGOUT_EVENT: {} } });
    let check = |changes: Value| {
        let claims = with(good.clone(), &changes);
        let found = expected().check_logout_token(&claims);
        found.map(|(subject, session)| (subject.map(str::to_owned), session.map(str::to_owned)))
    };
    assert_eq!(check(json!({})), Ok((Some("s-1".into()), None)));
    assert_eq!(
        check(json!({ "sub": null, "sid": "x" })),
        Ok((None, Some("x".into())))
    );
    use TokenError as E;
    for (changes, error) in [
        (json!({ "events": null }), E::Event),
        (json!({ "events": { "other": {} } }), E::Event),
        (json!({ "nonce": "n" }), E::Event),
        (json!({ "sub": null }), E::Subject),
        (json!({ "iss": "https://other.example" }), E::Issuer),
        (json!({ "aud": "other" }), E::Audience),
        (json!({ "iat": NOW_S - MAX_TOKEN_AGE_S - 1 }), E::IssuedAt),
        (json!({ "exp": NOW_S - LEEWAY_S }), E::Expired),
    ] {
        assert_eq!(check(changes.clone()), Err(error), "{changes}");
    }
    let claims = with(good, &json!({}));
    assert_eq!(expected().check_id_token(&claims, "n", None), Err(E::Nonce));
    let logout = token(&json!({ "alg": "RS256", "typ": "logout+jwt" }), RS256_SIGNATURE);
    let logout = Unverified::parse(&logout, &SigningAlgorithm::all()).unwrap();
    assert_eq!(logout.require_kind(&["JWT"]), Err(E::Header));
    assert_eq!(logout.require_kind(&["logout+jwt"]), Ok(()));
}
