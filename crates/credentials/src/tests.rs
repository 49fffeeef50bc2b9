use std::sync::LazyLock;

use serde_json::{Value, json};
use static_assertions::assert_not_impl_any;

use crate::{
    CredentialError, CredentialText, Expected, Issuer, Jwk, KeyBinding, KeyBindingError,
    MAX_CREDENTIAL_BYTES, NewCredential, Presentation, Presented, Status, StatusEntry, StatusList,
    StatusTimes, Verified, endorsement_text, present,
};

assert_not_impl_any!(CredentialText: std::fmt::Debug, std::fmt::Display, Clone, serde::Serialize);
assert_not_impl_any!(Verified: std::fmt::Debug, std::fmt::Display, Clone, serde::Serialize);

const NOW_S: u64 = 1_800_000_000;
const HOLDER: [u8; 32] = [5; 32];
const ID: &str = "public-security";
const VCT: &str = "urn:zhengtong:identity:1";

fn issuer() -> Issuer {
    Issuer::new(ID, &[3; 32], "0xendorsed".into()).unwrap()
}

fn holder_jwk() -> Jwk {
    Issuer::new("holder", &HOLDER, String::new()).unwrap().jwk()
}

fn credential() -> CredentialText {
    let object = |value: Value| value.as_object().unwrap().clone();
    issuer()
        .issue(NewCredential {
            vct: VCT.into(),
            issued_at_s: NOW_S,
            expires_at_s: NOW_S + 3600,
            holder: holder_jwk(),
            open: object(json!({ "synthetic": true })),
            disclosable: object(json!({ "number": "N-1", "name": "王例一" })),
            status: Some(StatusEntry {
                uri: "https://issuer.example/status/1".into(),
                index: 7,
            }),
        })
        .unwrap()
}

fn shown(at_s: u64) -> String {
    let presentation = Presentation {
        disclose: &["number"],
        audience: "health",
        nonce: "0xcase",
        at_s,
    };
    present(&credential(), &HOLDER, &presentation).unwrap()
}

static ISSUER_KEY: LazyLock<Jwk> = LazyLock::new(|| issuer().jwk());
static OTHER_KEY: LazyLock<Jwk> = LazyLock::new(|| Issuer::new(ID, &[4; 32], String::new()).unwrap().jwk());

fn verify(text: &str, change: impl FnOnce(&mut Expected<'static>)) -> Result<Verified, CredentialError> {
    let mut expected = Expected {
        issuer: ID,
        issuer_key: &ISSUER_KEY,
        vct: VCT,
        now_s: NOW_S + 10,
        binding: Some(KeyBinding {
            audience: "health",
            nonce: "0xcase",
            max_age_s: 600,
        }),
    };
    change(&mut expected);
    Presented::parse(text)?.verify(&expected)
}

fn refused(text: &str, change: impl FnOnce(&mut Expected<'static>)) -> CredentialError {
    verify(text, change).err().expect("was accepted")
}

/// RFC 9901, appendix A.3: a PID shown with key binding, and the issuer's key of appendix A.5.
fn rfc() -> (String, Jwk) {
    let text = include_str!("../tests/rfc9901/appendix-a3-presentation.txt").replace('\n', "");
    let key = json!({
        "kty": "EC", "crv": "P-256",
        "x": "b28d4MwZMjw8-00CG4xfnn9SLMVMM19SlqZpVb_uNtQ",
        "y": "Xv5zWwuoaTgdS6hV43yI6gBwTnjukmFQQnJ_kCxzqk8",
    });
    (text, Jwk::parse(&key, "key").unwrap())
}

fn rfc_expected(key: &Jwk) -> Expected<'_> {
    Expected {
        issuer: "https://pid-issuer.bund.de.example",
        issuer_key: key,
        vct: "urn:eudi:pid:de:1",
        now_s: 1_748_454_271 + 30,
        binding: Some(KeyBinding {
            audience: "https://verifier.example.org",
            nonce: "1234567890",
            max_age_s: 60,
        }),
    }
}

#[test]
fn the_rfcs_own_presentation_verifies() {
    let (text, key) = rfc();
    let verified = Presented::parse(&text)
        .unwrap()
        .verify(&rfc_expected(&key))
        .unwrap();
    assert_eq!(verified.claim("nationalities"), Some(&json!(["DE"])));
    assert_eq!(verified.claim("age_equal_or_over"), Some(&json!({ "18": true })));
    assert_eq!(verified.claim("given_name"), None);
}

#[test]
fn no_byte_of_the_rfcs_presentation_can_be_changed() {
    let (text, key) = rfc();
    for index in (0..text.len()).step_by(7) {
        let mut bytes = text.clone().into_bytes();
        bytes[index] = if bytes[index] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(bytes).unwrap();
        let result = Presented::parse(&changed).and_then(|shown| shown.verify(&rfc_expected(&key)));
        // The last character of a base64 text may carry unused bits; elsewhere all bits count.
        assert!(
            result.is_err(),
            "byte {index} of {} was changed and nobody saw it",
            text.len()
        );
    }
}

#[test]
fn a_credential_is_issued_shown_and_verified_with_one_claim_disclosed() {
    let text = shown(NOW_S + 5);
    let verified = verify(&text, |_| {}).unwrap();
    assert_eq!(verified.expires_at_s(), Some(NOW_S + 3600));
    assert_eq!(verified.text("number"), Ok("N-1"));
    assert_eq!(verified.text("name"), Err(CredentialError::Claim("name")));
    assert_eq!(
        verified.claim("status"),
        Some(&json!({
            "status_list": { "idx": 7, "uri": "https://issuer.example/status/1" }
        }))
    );
    let presented = Presented::parse(&text).unwrap();
    assert_eq!(presented.claimed_issuer(), Ok(ID));
    assert_eq!(presented.claimed_key(), Ok(issuer().jwk()));
    assert_eq!(presented.endorsement(), Some("0xendorsed"));
}

#[test]
fn the_hash_on_the_chain_is_the_same_however_the_credential_is_shown() {
    let credential = credential();
    let shown = present(
        &credential,
        &HOLDER,
        &Presentation {
            disclose: &[],
            audience: "a",
            nonce: "n",
            at_s: NOW_S,
        },
    );
    assert_eq!(CredentialText::new(shown.unwrap()).hash(), credential.hash());
}

#[test]
fn every_refusal_says_what_was_wrong() {
    use CredentialError as E;
    let text = shown(NOW_S + 5);
    let binding = |error| E::KeyBinding(error);
    assert_eq!(
        refused(&text, |e| e.issuer_key = &OTHER_KEY),
        E::Signature { by: "issuer" }
    );
    assert_eq!(refused(&text, |e| e.issuer = "health"), E::Issuer);
    assert_eq!(refused(&text, |e| e.vct = "x"), E::Type { expected: "x".into() });
    assert_eq!(
        refused(&text, |e| e.now_s = NOW_S + 3600),
        E::Expired {
            expired_at_s: NOW_S + 3600
        }
    );
    assert_eq!(
        refused(&text, |e| e.now_s = NOW_S - 61),
        E::NotYetValid { valid_from_s: NOW_S }
    );
    let ask = |audience, nonce, max_age_s| KeyBinding {
        audience,
        nonce,
        max_age_s,
    };
    assert_eq!(
        refused(&text, |e| e.binding = Some(ask("civil-affairs", "0xcase", 600))),
        binding(KeyBindingError::Audience)
    );
    assert_eq!(
        refused(&text, |e| e.binding = Some(ask("health", "0xother", 600))),
        binding(KeyBindingError::Nonce)
    );
    assert_eq!(
        refused(&text, |e| e.binding = Some(ask("health", "0xcase", 4))),
        binding(KeyBindingError::Stale { max_age_s: 4 })
    );
    assert_eq!(
        refused(&shown(NOW_S + 71), |_| {}),
        binding(KeyBindingError::Future)
    );
    assert_eq!(
        refused(credential().expose(), |_| {}),
        binding(KeyBindingError::Missing)
    );
    assert_eq!(
        refused("no credential", |_| {}),
        E::Malformed {
            part: "the credential"
        }
    );
    let large = "x".repeat(MAX_CREDENTIAL_BYTES + 1);
    let error = E::TooLarge {
        bytes: large.len(),
        limit: MAX_CREDENTIAL_BYTES,
    };
    assert_eq!(refused(&large, |_| {}), error);
}

#[test]
fn disclosures_cannot_be_added_dropped_or_taken_from_another_credential() {
    let text = shown(NOW_S + 5);
    let [jwt, disclosure, binding] = text.split('~').collect::<Vec<_>>()[..] else {
        panic!()
    };
    let hash = CredentialError::KeyBinding(KeyBindingError::Hash);
    assert_eq!(refused(&format!("{jwt}~{binding}"), |_| {}), hash);
    assert_eq!(
        refused(&format!("{jwt}~{disclosure}~{disclosure}~{binding}"), |_| {}),
        hash
    );
    let foreign = credential();
    let foreign = foreign.expose().split('~').nth(1).unwrap();
    let mixed = format!("{jwt}~{foreign}~");
    assert_eq!(
        refused(&mixed, |e| e.binding = None),
        CredentialError::Disclosures
    );
}

#[test]
fn a_stolen_credential_is_useless_without_the_holders_key() {
    let thief = Presentation {
        disclose: &["number"],
        audience: "health",
        nonce: "0xcase",
        at_s: NOW_S,
    };
    let text = present(&credential(), &[6; 32], &thief).unwrap();
    assert_eq!(
        refused(&text, |_| {}),
        CredentialError::Signature { by: "holder" }
    );
}

#[test]
fn keys_are_checked() {
    let good = holder_jwk().to_value();
    assert!(Jwk::parse(&good, "key").is_ok());
    for (name, value) in [
        ("kty", "RSA"),
        ("crv", "P-384"),
        ("x", "AA"),
        ("y", good["x"].as_str().unwrap()),
    ] {
        let mut bad = good.clone();
        bad[name] = value.into();
        assert_eq!(
            Jwk::parse(&bad, "key"),
            Err(CredentialError::Key { what: "key" }),
            "{name}"
        );
    }
    assert!(Issuer::new(ID, &[0; 32], String::new()).is_err());
    assert!(
        endorsement_text(20260, ID, &holder_jwk())
            .starts_with("zhengtong credential key\n20260\npublic-security\n")
    );
}

/// Token Status List, section 4 and appendix C: lists of every width with the statuses they hold.
#[test]
fn status_lists_of_every_width_are_read() {
    let vector = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    let decode = |list: &Value| {
        let bits = list["bits"].as_u64().unwrap().try_into().unwrap();
        StatusList::decode(bits, list["lst"].as_str().unwrap()).unwrap()
    };
    for (list, statuses) in [
        (
            include_str!("../tests/status_list/c1_1bit.json"),
            include_str!("../tests/status_list/c1_1bit_statuses.json"),
        ),
        (
            include_str!("../tests/status_list/c2_2bit.json"),
            include_str!("../tests/status_list/c2_2bit_statuses.json"),
        ),
        (
            include_str!("../tests/status_list/c3_4bit.json"),
            include_str!("../tests/status_list/c3_4bit_statuses.json"),
        ),
        (
            include_str!("../tests/status_list/c4_8bit.json"),
            include_str!("../tests/status_list/c4_8bit_statuses.json"),
        ),
    ] {
        let (list, statuses) = (decode(&vector(list)), vector(statuses));
        assert_eq!(list.size(), 1 << 20);
        for entry in statuses.as_array().unwrap() {
            let (index, status) = (entry[0].as_u64().unwrap(), entry[1].as_u64().unwrap());
            let expected = match status {
                0 => Status::Valid,
                1 => Status::Invalid,
                2 => Status::Suspended,
                _ => Status::Other,
            };
            assert_eq!(list.get(index.try_into().unwrap()), Ok(expected), "{index}");
        }
    }
    let section_4 = decode(&vector(include_str!("../tests/status_list/list_1bit.json")));
    let read: Vec<_> = (0..16).map(|index| section_4.get(index).unwrap() as u8).collect();
    assert_eq!(read, [1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1]);
    assert!(StatusList::decode(3, "eNrbuRgAAhcBXQ").is_err());
}

#[test]
fn a_signed_status_list_is_of_its_issuer_about_its_address_and_of_now() {
    let uri = "https://issuer.example/status/1";
    let mut list = StatusList::new(1024);
    list.set(7, Status::Invalid).unwrap();
    let times = StatusTimes {
        issued_at_s: NOW_S,
        expires_at_s: NOW_S + 600,
        ttl_s: 300,
    };
    let token = issuer().sign_status_list(&list, uri, &times).unwrap();
    let verify = |uri: &str, key: &Jwk, now_s| StatusList::verify(&token, uri, key, now_s);
    assert_eq!(verify(uri, &ISSUER_KEY, NOW_S), Ok(list.clone()));
    assert_eq!(
        verify("https://other.example", &ISSUER_KEY, NOW_S),
        Err(CredentialError::StatusList("sub"))
    );
    assert_eq!(
        verify(uri, &OTHER_KEY, NOW_S),
        Err(CredentialError::Signature { by: "issuer" })
    );
    assert_eq!(
        verify(uri, &ISSUER_KEY, NOW_S + 600),
        Err(CredentialError::StatusList("exp"))
    );
    assert_eq!(
        verify(uri, &ISSUER_KEY, NOW_S - 61),
        Err(CredentialError::StatusList("iat"))
    );
    let credential = credential();
    assert!(StatusList::verify(credential.expose(), uri, &ISSUER_KEY, NOW_S).is_err());
}

#[test]
fn status_lists_match_the_standards_example_and_hold_every_status() {
    // draft-ietf-oauth-status-list, section 4.1: twelve two-bit statuses.
    let statuses = [1u8, 2, 0, 3, 0, 1, 0, 1, 1, 2, 3, 3];
    let decoded = StatusList::decode(2, "eNo76fITAAPfAgc").unwrap();
    let mut list = StatusList::new(12);
    for (index, status) in statuses.iter().enumerate() {
        let status = [Status::Valid, Status::Invalid, Status::Suspended, Status::Other][*status as usize];
        assert_eq!(decoded.get(index as u32), Ok(status), "{index}");
        list.set(index as u32, status).unwrap();
    }
    assert_eq!(list, decoded);
    assert_eq!(StatusList::decode(2, &list.encode()), Ok(list.clone()));
    assert_eq!(
        list.get(12),
        Err(CredentialError::StatusIndex { index: 12, size: 12 })
    );
    assert!(StatusList::decode(2, "!").is_err());
    list.set(1, Status::Valid).unwrap();
    assert_eq!(
        (list.get(0), list.get(1)),
        (Ok(Status::Invalid), Ok(Status::Valid))
    );
}
