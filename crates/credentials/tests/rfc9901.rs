//! RFC 9901 (SD-JWT): every example of the RFC, and what its sections 7.1 to 7.3 refuse.
//!
//! `rfc9901/` holds the examples as published: section 5 (`simple`), section 6 (`flat`, `structured`, `recursive`) and
//! appendix A.1 to A.4. The RFC gives sections 6's payloads without a signature; they are signed here.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use zhengtong_credentials::{
    CredentialError, Issuer, Jwk, KeyBinding, KeyBindingError, Presented, Signed, Verified,
};

const TYP: &str = "example+sd-jwt";
const NOW_S: u64 = 1_748_537_243 + 30;

/// The issuer's key of appendix A.5.
fn rfc_key() -> Jwk {
    let key = json!({
        "kty": "EC", "crv": "P-256",
        "x": "b28d4MwZMjw8-00CG4xfnn9SLMVMM19SlqZpVb_uNtQ",
        "y": "Xv5zWwuoaTgdS6hV43yI6gBwTnjukmFQQnJ_kCxzqk8",
    });
    Jwk::parse(&key, "key").unwrap()
}

fn issuer() -> Issuer {
    Issuer::new("https://issuer.example.com", &[3; 32], String::new()).unwrap()
}

fn holder() -> Issuer {
    Issuer::new("", &[5; 32], String::new()).unwrap()
}

fn verify(text: &str, key: &Jwk, typ: &'static str, binding: bool) -> Result<Verified, CredentialError> {
    Presented::parse(text)?.verify_signed(&Signed {
        issuer_key: key,
        typ,
        now_s: NOW_S,
        binding: binding.then_some(KeyBinding {
            audience: "https://verifier.example.org",
            nonce: "1234567890",
            max_age_s: 3600,
        }),
    })
}

fn value(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn one_line(text: &str) -> String {
    text.lines().map(str::trim).collect()
}

/// The disclosures of a file of lines `digest disclosure`, or `disclosure` alone.
fn disclosures(text: &str) -> Vec<&str> {
    let lines = text.lines().filter(|line| !line.is_empty());
    lines.map(|line| line.rsplit(' ').next().unwrap()).collect()
}

/// An example: presented as in the RFC, then with every disclosure there is.
fn example(
    typ: &'static str,
    binding: bool,
    presentation: &str,
    verified: &str,
    all: &str,
    user_claims: &str,
) {
    let presentation = one_line(presentation);
    let shown = verify(&presentation, &rfc_key(), typ, binding).unwrap();
    assert_eq!(Value::Object(shown.claims().clone()), value(verified));
    let jwt = presentation.split('~').next().unwrap();
    let everything = format!("{jwt}~{}~", disclosures(all).join("~"));
    let shown = verify(&everything, &rfc_key(), typ, false).unwrap();
    for (name, expected) in value(user_claims).as_object().unwrap() {
        assert_eq!(shown.claim(name), Some(expected), "{name}");
    }
    // With none, nothing of what can be hidden is there, and no digest either.
    let nothing = verify(&format!("{jwt}~"), &rfc_key(), typ, false).unwrap();
    let text = Value::Object(nothing.claims().clone()).to_string();
    assert!(!text.contains("_sd") && !text.contains("..."), "{text}");
}

macro_rules! file {
    ($name:literal) => {
        include_str!(concat!("rfc9901/", $name))
    };
}

#[test]
fn section_5_a_flat_credential_with_array_elements_and_key_binding() {
    example(
        TYP,
        true,
        file!("simple/presentation.txt"),
        file!("simple/verified.json"),
        file!("simple/disclosures.txt"),
        file!("simple/user_claims.json"),
    );
    let issued = one_line(file!("simple/issuance.txt"));
    verify(&issued, &rfc_key(), TYP, false).unwrap();
}

#[test]
fn appendix_a1_structured_with_decoys() {
    example(
        TYP,
        false,
        file!("simple_structured/presentation.txt"),
        file!("simple_structured/verified.json"),
        file!("simple_structured/disclosures.txt"),
        file!("simple_structured/user_claims.json"),
    );
    for decoy in file!("simple_structured/decoys.txt").lines() {
        assert!(file!("simple_structured/payload.json").contains(decoy), "{decoy}");
    }
}

#[test]
fn appendix_a2_complex_and_recursive() {
    example(
        TYP,
        false,
        file!("complex_ekyc/presentation.txt"),
        file!("complex_ekyc/verified.json"),
        file!("complex_ekyc/disclosures.txt"),
        file!("complex_ekyc/user_claims.json"),
    );
}

#[test]
fn appendix_a3_an_sd_jwt_vc() {
    example(
        "dc+sd-jwt",
        true,
        file!("sd_jwt_vc/presentation.txt"),
        file!("sd_jwt_vc/verified.json"),
        file!("sd_jwt_vc/disclosures.txt"),
        file!("sd_jwt_vc/user_claims.json"),
    );
}

#[test]
fn appendix_a4_a_w3c_credential() {
    example(
        TYP,
        true,
        file!("w3c_vcdm/presentation.txt"),
        file!("w3c_vcdm/verified.json"),
        file!("w3c_vcdm/disclosures.txt"),
        file!("w3c_vcdm/user_claims.json"),
    );
}

fn signed(payload: &Value) -> String {
    issuer().sign_jwt(TYP, payload).unwrap()
}

fn check(payload: &Value, disclosures: &[&str]) -> Result<Verified, CredentialError> {
    let disclosures: String = disclosures.iter().map(|one| format!("{one}~")).collect();
    verify(
        &format!("{}~{disclosures}", signed(payload)),
        &issuer().jwk(),
        TYP,
        false,
    )
}

#[test]
fn section_6_flat_structured_and_recursive_disclosures_of_one_address() {
    let address = json!({
        "street_address": "Schulstr. 12", "locality": "Schulpforta", "region": "Sachsen-Anhalt", "country": "DE",
    });
    for (payload, all) in [
        (file!("flat/payload.json"), file!("flat/disclosures.txt")),
        (
            file!("structured/payload.json"),
            file!("structured/disclosures.txt"),
        ),
        (
            file!("recursive/payload.json"),
            file!("recursive/disclosures.txt"),
        ),
    ] {
        let shown = check(&value(payload), &disclosures(all)).unwrap();
        assert_eq!(shown.claim("address"), Some(&address));
        let hidden = check(&value(payload), &[]).unwrap();
        assert!(
            hidden
                .claim("address")
                .is_none_or(|address| *address == json!({}))
        );
    }
    // The country is open: its disclosure has no place.
    let open = value(file!("structured/payload_one_open.json"));
    let all = disclosures(file!("structured/disclosures.txt"));
    let fitting: Vec<_> = all
        .iter()
        .copied()
        .filter(|one| file!("structured/payload_one_open.json").contains(&digest(one)))
        .collect();
    assert_eq!(fitting.len(), 3);
    assert_eq!(check(&open, &fitting).unwrap().claim("address"), Some(&address));
    assert!(check(&open, &all).is_err(), "a disclosure that nothing refers to");
    // A nested disclosure without the one it is in.
    let recursive = disclosures(file!("recursive/disclosures.txt"));
    let payload = value(file!("recursive/payload.json"));
    assert!(check(&payload, &recursive[..1]).is_err());
}

fn disclosure(content: &Value) -> String {
    URL_SAFE_NO_PAD.encode(content.to_string())
}

fn digest(disclosure: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(disclosure))
}

fn refused(payload: &Value, disclosures: &[&str]) {
    match check(payload, disclosures) {
        Err(CredentialError::Disclosures | CredentialError::Malformed { .. }) => {}
        Err(other) => panic!("refused for another reason: {other}"),
        Ok(_) => panic!("accepted: {payload}"),
    }
}

#[test]
fn a_changed_missing_or_repeated_disclosure_is_refused() {
    let name = disclosure(&json!(["salt", "name", "A"]));
    let payload = json!({ "_sd": [digest(&name)] });
    assert_eq!(check(&payload, &[&name]).unwrap().text("name"), Ok("A"));
    refused(&payload, &[&disclosure(&json!(["salt", "name", "B"]))]);
    refused(&payload, &[&disclosure(&json!(["tlas", "name", "A"]))]);
    refused(&payload, &[&name, &name]);
    refused(&payload, &["!"]);
    for content in [
        json!([]),
        json!(["salt"]),
        json!(["s", "n", "v", "more"]),
        json!({}),
        json!([1, "name", "A"]),
    ] {
        let odd = disclosure(&content);
        refused(&json!({ "_sd": [digest(&odd)] }), &[&odd]);
    }
}

#[test]
fn a_digest_that_occurs_twice_is_refused() {
    let name = disclosure(&json!(["salt", "name", "A"]));
    let hash = digest(&name);
    refused(&json!({ "_sd": [hash, hash] }), &[&name]);
    refused(&json!({ "_sd": [hash, hash] }), &[]);
    refused(&json!({ "_sd": [hash], "inner": { "_sd": [hash] } }), &[&name]);
    refused(&json!({ "list": [{ "...": hash }, { "...": hash }] }), &[]);
    let outer = disclosure(&json!(["salt", "outer", { "_sd": [hash] }]));
    refused(&json!({ "_sd": [digest(&outer), hash] }), &[&outer, &name]);
}

#[test]
fn reserved_names_and_names_that_are_taken_are_refused() {
    for reserved in ["_sd", "..."] {
        let odd = disclosure(&json!(["salt", reserved, "A"]));
        refused(&json!({ "_sd": [digest(&odd)] }), &[&odd]);
    }
    let name = disclosure(&json!(["salt", "name", "A"]));
    refused(&json!({ "name": "B", "_sd": [digest(&name)] }), &[&name]);
    let again = disclosure(&json!(["other salt", "name", "A"]));
    refused(
        &json!({ "_sd": [digest(&name), digest(&again)] }),
        &[&name, &again],
    );
}

#[test]
fn a_disclosure_of_the_wrong_kind_for_its_place_is_refused() {
    let (claim, element) = (
        disclosure(&json!(["salt", "name", "A"])),
        disclosure(&json!(["salt", "A"])),
    );
    refused(&json!({ "_sd": [digest(&element)] }), &[&element]);
    refused(&json!({ "list": [{ "...": digest(&claim) }] }), &[&claim]);
    let list = json!({ "list": [{ "...": digest(&element) }, "B"] });
    assert_eq!(
        check(&list, &[&element]).unwrap().claim("list"),
        Some(&json!(["A", "B"]))
    );
    assert_eq!(check(&list, &[]).unwrap().claim("list"), Some(&json!(["B"])));
}

#[test]
fn other_hashes_than_sha_256_are_refused() {
    let name = disclosure(&json!(["salt", "name", "A"]));
    let with = |algorithm: Value| json!({ "_sd": [digest(&name)], "_sd_alg": algorithm });
    assert!(check(&with(json!("sha-256")), &[&name]).is_ok());
    for unknown in [
        json!("md5"),
        json!("sha-512"),
        json!("SHA-256"),
        json!(1),
        json!(null),
    ] {
        refused(&with(unknown), &[&name]);
    }
}

/// A JWT with any header, whose signature is right if there is one.
fn with_header(header: &Value, signature: bool) -> String {
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", encode(header), encode(&json!({ "name": "A" })));
    if !signature {
        return format!("{message}.~");
    }
    use p256::ecdsa::signature::Signer as _;
    let key = p256::ecdsa::SigningKey::from_slice(&[3; 32]).unwrap();
    let signature: p256::ecdsa::Signature = key.sign(message.as_bytes());
    format!("{message}.{}~", URL_SAFE_NO_PAD.encode(signature.to_bytes()))
}

#[test]
fn no_algorithm_other_algorithms_other_types_and_critical_headers_are_refused() {
    let check =
        |header: Value, signature| verify(&with_header(&header, signature), &issuer().jwk(), TYP, false);
    assert!(check(json!({ "alg": "ES256", "typ": TYP }), true).is_ok());
    for header in [
        json!({ "alg": "none", "typ": TYP }),
        json!({ "alg": "HS256", "typ": TYP }),
        json!({ "alg": "es256", "typ": TYP }),
        json!({ "typ": TYP }),
        json!({ "alg": "ES256", "typ": "JWT" }),
        json!({ "alg": "ES256" }),
        json!({ "alg": "ES256", "typ": TYP, "crit": ["b64"], "b64": false }),
    ] {
        assert!(
            matches!(check(header.clone(), true), Err(CredentialError::Header { .. })),
            "{header}"
        );
        assert!(check(header, false).is_err());
    }
}

/// A credential shown with a key-binding JWT of any type and content.
fn bound(typ: &'static str, key: &Issuer, change: impl FnOnce(&mut Value)) -> String {
    let name = disclosure(&json!(["salt", "name", "A"]));
    let payload = json!({ "_sd": [digest(&name)], "cnf": { "jwk": holder().jwk().to_value() } });
    let shown = format!("{}~{name}~", signed(&payload));
    let mut binding = json!({
        "iat": NOW_S, "aud": "https://verifier.example.org", "nonce": "1234567890",
        "sd_hash": URL_SAFE_NO_PAD.encode(Sha256::digest(&shown)),
    });
    change(&mut binding);
    format!("{shown}{}", key.sign_jwt(typ, &binding).unwrap())
}

#[test]
fn a_key_binding_for_somebody_or_something_else_is_refused() {
    use CredentialError::KeyBinding as K;
    let check = |text: &str| verify(text, &issuer().jwk(), TYP, true).map(|_| ());
    let changed = |name: &'static str, value: Value| {
        check(&bound("kb+jwt", &holder(), |binding| binding[name] = value)).unwrap_err()
    };
    assert_eq!(check(&bound("kb+jwt", &holder(), |_| ())), Ok(()));
    assert_eq!(
        changed("aud", json!("https://other.example.org")),
        K(KeyBindingError::Audience)
    );
    assert_eq!(
        changed("aud", json!(["https://verifier.example.org"])),
        K(KeyBindingError::Audience)
    );
    assert_eq!(changed("nonce", json!("1")), K(KeyBindingError::Nonce));
    assert_eq!(changed("sd_hash", json!("AAAA")), K(KeyBindingError::Hash));
    assert_eq!(changed("sd_hash", json!(null)), K(KeyBindingError::Hash));
    assert_eq!(
        changed("iat", json!(NOW_S - 3601)),
        K(KeyBindingError::Stale { max_age_s: 3600 })
    );
    assert_eq!(changed("iat", json!(NOW_S + 61)), K(KeyBindingError::Future));
    assert_eq!(changed("iat", json!("now")), CredentialError::Claim("iat"));
    let typ = CredentialError::Header {
        part: "the holder's part",
        name: "typ",
        expected: "kb+jwt",
    };
    assert_eq!(check(&bound("JWT", &holder(), |_| ())), Err(typ));
    let thief = Issuer::new("", &[6; 32], String::new()).unwrap();
    let by = CredentialError::Signature { by: "holder" };
    assert_eq!(check(&bound("kb+jwt", &thief, |_| ())), Err(by));
    let unbound = bound("kb+jwt", &holder(), |_| ());
    let (shown, binding) = unbound.rsplit_once('~').unwrap();
    assert_eq!(check(&format!("{shown}~")), Err(K(KeyBindingError::Missing)));
    // Hiding a claim after the proof was made.
    let jwt = shown.split('~').next().unwrap();
    assert_eq!(check(&format!("{jwt}~{binding}")), Err(K(KeyBindingError::Hash)));
    let no_cnf = format!("{}~{binding}", signed(&json!({ "name": "A" })));
    assert_eq!(check(&no_cnf), Err(CredentialError::Claim("cnf")));
    let (message, _) = binding.rsplit_once('.').unwrap();
    assert!(check(&format!("{shown}~{message}.")).is_err(), "no signature");
}
