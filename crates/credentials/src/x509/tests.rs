use serde_json::json;

use super::*;
use crate::{Issuer, Jwk};

const NOW_S: u64 = 1_800_000_000;
const YEAR_S: u64 = 365 * 24 * 3600;
const CHAIN: u64 = 20_260;

fn key(seed: u8) -> Jwk {
    Issuer::new("health", &[seed; 32], String::new()).unwrap().jwk()
}

fn authority(seed: u8) -> Authority {
    Authority::new(&[seed; 32], "A root", NOW_S, NOW_S + 10 * YEAR_S).unwrap()
}

fn leaf(authority: &Authority, key: &Jwk) -> Certificate {
    let subject = Subject {
        key,
        chain_id: CHAIN,
        organisation: "health",
        issuer: "https://health.example/gateway",
        host: "health.example",
        from_s: NOW_S,
        until_s: NOW_S + YEAR_S,
    };
    authority.certify(&subject).unwrap()
}

#[test]
fn a_chain_to_an_anchor_vouches_for_key_organisation_and_address() {
    let root = authority(9);
    let chain = [leaf(&root, &key(3))];
    let certified = Certificate::verify(&chain, &[root.certificate().clone()], NOW_S + 1).unwrap();
    assert_eq!(certified.key, key(3));
    assert_eq!(certified.organisation(CHAIN), Ok("health"));
    assert_eq!(
        certified.organisation(CHAIN + 1),
        Err(CertificateError::Organisation)
    );
    assert_eq!(certified.uris[0], "https://health.example/gateway");
    assert_eq!(certified.dns_names, ["health.example"]);
    assert_eq!(
        authority(9).certificate(),
        root.certificate(),
        "an anchor stays one"
    );
}

#[test]
fn a_chain_is_refused_to_another_anchor_at_another_time_and_with_another_signature() {
    let root = authority(9);
    let anchors = [root.certificate().clone()];
    let chain = [leaf(&root, &key(3))];
    let verify = |chain: &[Certificate], now_s| Certificate::verify(chain, &anchors, now_s);
    let other = Certificate::verify(&chain, &[authority(8).certificate().clone()], NOW_S + 1);
    assert_eq!(other, Err(CertificateError::Untrusted));
    assert_eq!(verify(&chain, NOW_S - 1), Err(CertificateError::NotNow));
    assert_eq!(verify(&chain, NOW_S + YEAR_S + 1), Err(CertificateError::NotNow));
    assert_eq!(verify(&[], NOW_S), Err(CertificateError::Malformed));
    // The same names under another root's key.
    let foreign = [leaf(&authority(8), &key(3))];
    assert_eq!(verify(&foreign, NOW_S + 1), Err(CertificateError::Untrusted));
    let mut der = chain[0].der().to_vec();
    let last = der.len() - 1;
    der[last] ^= 1;
    assert!(verify(&[Certificate::from_der(&der).unwrap()], NOW_S + 1).is_err());
}

#[test]
fn an_organisations_certificate_cannot_certify_and_a_root_is_no_leaf() {
    let root = authority(9);
    let anchors = [root.certificate().clone()];
    // The organisation's own key as an authority of the organisation's own name.
    let middle = leaf(&root, &key(3));
    let forged = Authority::new(&[3; 32], "health", NOW_S, NOW_S + YEAR_S).unwrap();
    let chain = [leaf(&forged, &key(4)), middle];
    assert_eq!(
        Certificate::verify(&chain, &anchors, NOW_S + 1),
        Err(CertificateError::Untrusted)
    );
    assert_eq!(
        Certificate::verify(&anchors, &anchors, NOW_S + 1),
        Err(CertificateError::Untrusted)
    );
}

#[test]
fn chains_travel_as_pem_and_as_x5c() {
    let root = authority(9);
    let certificate = leaf(&root, &key(3));
    let pem = certificate.to_pem() + &root.certificate().to_pem();
    let chain = Certificate::chain_from_pem(&pem).unwrap();
    assert_eq!(chain, [certificate.clone(), root.certificate().clone()]);
    let x5c = json!([certificate.to_x5c()]);
    assert_eq!(
        Certificate::chain_from_x5c(&x5c).unwrap(),
        std::slice::from_ref(&certificate)
    );
    let many = vec![certificate.to_x5c(); MAX_CHAIN + 1];
    let large = "A".repeat(MAX_CERTIFICATE_BYTES * 2);
    for bad in [
        json!([]),
        json!("x"),
        json!([1]),
        json!(["!"]),
        json!(["AAAA"]),
        json!(many),
        json!([large]),
    ] {
        assert_eq!(
            Certificate::chain_from_x5c(&bad),
            Err(CertificateError::Malformed),
            "{bad}"
        );
    }
    assert!(Certificate::chain_from_pem("nothing").is_err());
}
