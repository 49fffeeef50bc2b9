//! The vectors of RFC 9421, appendix B, and of RFC 9530, appendix B.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zhengtong_vault::Secret;

use super::*;

const ED25519_SECRET: &str = "n4Ni-HpISpVObnQMW0wOhCKROaIKqKtW_2ZYb2p9KcU";
const ED25519_PUBLIC: &str = "JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs";
const P256_X: &str = "qIVYZVLCrPZHGHjP17CTW0_-D9Lfw0EkjqF7xB4FivA";
const P256_Y: &str = "Mc4nN9LTDOBhfoUeg8Ye9WedFRhnZXZJA12Qp0zZ6F0";

fn bytes(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text).unwrap()
}

fn headers(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

const SHA_512: &str =
    "sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:";

/// The request of appendix B.2.
fn request_headers() -> Vec<(String, String)> {
    headers(&[
        ("host", "example.com"),
        ("date", "Tue, 20 Apr 2021 02:07:55 GMT"),
        ("content-type", "application/json"),
        ("content-digest", SHA_512),
        ("content-length", "18"),
    ])
}

fn request(headers: &[(String, String)]) -> Message<'_> {
    let target = Target::Request {
        method: "POST",
        authority: "example.com",
        path: "/foo",
        query: Some("param=Value&Pet=dog"),
    };
    Message { target, headers }
}

fn signed_by_ed25519() -> Vec<(String, String)> {
    let mut all = request_headers();
    all.extend(headers(&[
        ("signature-input", "sig-b26=(\"date\" \"@method\" \"@path\" \"@authority\" \"content-type\" \"content-length\");created=1618884473;keyid=\"test-key-ed25519\""),
        ("signature", "sig-b26=:wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==:"),
    ]));
    all
}

fn ed25519() -> PublicKey {
    PublicKey::parse(Algorithm::Ed25519, &bytes(ED25519_PUBLIC)).unwrap()
}

#[test]
fn b_2_6_a_request_signed_with_ed25519() {
    let headers = signed_by_ed25519();
    let message = request(&headers);
    let signed = Signed::parse(&message, "sig-b26").unwrap();
    assert_eq!(signed.parameters().created, Some(1_618_884_473));
    assert_eq!(signed.parameters().key_id.as_deref(), Some("test-key-ed25519"));
    signed.verify(&message, None, &ed25519()).unwrap();
    assert!(signed.covers(&Component::Own("@authority")));
    assert!(!signed.covers(&Component::Own("content-digest")));

    // The algorithm is deterministic: the same key makes the same signature.
    let secret = Secret::new(bytes(ED25519_SECRET).try_into().unwrap());
    let key = SigningKey::new(Algorithm::Ed25519, &secret).unwrap();
    let components = [
        "date",
        "@method",
        "@path",
        "@authority",
        "content-type",
        "content-length",
    ]
    .map(Component::Own);
    let parameters = Parameters {
        created: Some(1_618_884_473),
        key_id: Some("test-key-ed25519".into()),
        ..Parameters::default()
    };
    let made = sign(&message, None, "sig-b26", &components, &parameters, &key).unwrap();
    let sent = |name| message.one(name).unwrap().to_owned();
    assert_eq!(made, (sent("signature-input"), sent("signature")));
}

#[test]
fn b_2_6_any_other_message_or_key_is_refused() {
    let good = signed_by_ed25519();
    for (name, value) in [
        ("date", "Tue, 20 Apr 2021 02:07:56 GMT"),
        ("content-type", "application/xml"),
        ("content-length", "19"),
    ] {
        let mut headers = good.clone();
        headers.iter_mut().find(|(known, _)| known == name).unwrap().1 = value.into();
        let message = request(&headers);
        let signed = Signed::parse(&message, "sig-b26").unwrap();
        assert_eq!(
            signed.verify(&message, None, &ed25519()),
            Err(SignatureError::Wrong),
            "{name}"
        );
    }
    // A second value of a covered header is part of what was signed.
    let mut headers = good.clone();
    headers.push(("content-type".into(), "text/html".into()));
    let message = request(&headers);
    let signed = Signed::parse(&message, "sig-b26").unwrap();
    assert_eq!(
        signed.verify(&message, None, &ed25519()),
        Err(SignatureError::Wrong)
    );
    let message = request(&good);
    let signed = Signed::parse(&message, "sig-b26").unwrap();
    let target = Target::Request {
        method: "PUT",
        authority: "example.com",
        path: "/foo",
        query: None,
    };
    let other = Message {
        target,
        headers: &good,
    };
    assert_eq!(
        signed.verify(&other, None, &ed25519()),
        Err(SignatureError::Wrong)
    );
    let other = SigningKey::new(Algorithm::Ed25519, &Secret::new([7; 32]))
        .unwrap()
        .public();
    assert_eq!(signed.verify(&message, None, &other), Err(SignatureError::Wrong));
}

#[test]
fn b_2_4_a_response_signed_with_ecdsa_p256_sha256() {
    let headers = headers(&[
        ("date", "Tue, 20 Apr 2021 02:07:56 GMT"),
        ("content-type", "application/json"),
        (
            "content-digest",
            "sha-512=:mEWXIS7MaLRuGgxOBdODa3xqM1XdEvxoYhvlCFJ41QJgJc4GTsPp29l5oGX69wWdXymyU0rjJuahq4l5aGgfLQ==:",
        ),
        ("content-length", "23"),
        (
            "signature-input",
            "sig-b24=(\"@status\" \"content-type\" \"content-digest\" \"content-length\");created=1618884473;keyid=\"test-key-ecc-p256\"",
        ),
        (
            "signature",
            "sig-b24=:wNmSUAhwb5LxtOtOpNa6W5xj067m5hFrj0XQ4fvpaCLx0NKocgPquLgyahnzDnDAUy5eCdlYUEkLIj+32oiasw==:",
        ),
    ]);
    let message = Message {
        target: Target::Response { status: 200 },
        headers: &headers,
    };
    let point = [vec![4], bytes(P256_X), bytes(P256_Y)].concat();
    let key = PublicKey::parse(Algorithm::EcdsaP256Sha256, &point).unwrap();
    let signed = Signed::parse(&message, "sig-b24").unwrap();
    signed.verify(&message, None, &key).unwrap();
    let failed = Message {
        target: Target::Response { status: 500 },
        headers: &headers,
    };
    assert_eq!(signed.verify(&failed, None, &key), Err(SignatureError::Wrong));
    assert!(
        digest_matches(
            message.one("content-digest").unwrap(),
            b"{\"message\": \"good dog\"}"
        )
        .unwrap()
    );
}

#[test]
fn b_2_3_the_base_of_full_coverage() {
    let headers = request_headers();
    let spelled = "sig-b23=(\"date\" \"@method\" \"@path\" \"@query\" \"@authority\" \"content-type\" \"content-digest\" \"content-length\");created=1618884473;keyid=\"test-key-rsa-pss\"";
    let mut inputs: Dictionary = Parser::new(spelled).parse().unwrap();
    let Some(ListEntry::InnerList(input)) = inputs.swap_remove("sig-b23") else {
        panic!()
    };
    let expected = format!(
        "\"date\": Tue, 20 Apr 2021 02:07:55 GMT\n\"@method\": POST\n\"@path\": /foo\n\"@query\": ?param=Value&Pet=dog\n\
         \"@authority\": example.com\n\"content-type\": application/json\n\"content-digest\": {SHA_512}\n\
         \"content-length\": 18\n\"@signature-params\": {}",
        spelled.strip_prefix("sig-b23=").unwrap()
    );
    assert_eq!(
        base::signature_base(&request(&headers), None, &input).unwrap(),
        expected
    );
}

#[test]
fn a_response_is_bound_to_its_request() {
    let key = SigningKey::new(Algorithm::EcdsaP256Sha256, &Secret::new([9; 32])).unwrap();
    let asked = signed_by_ed25519();
    let request = request(&asked);
    let mut answer = headers(&[("content-type", "application/json")]);
    let components = [
        Component::Own("@status"),
        Component::OfRequest("@method"),
        Component::RequestSignature("sig-b26"),
    ];
    let target = Target::Response { status: 200 };
    let unsigned = Message {
        target,
        headers: &answer,
    };
    let made = sign(
        &unsigned,
        Some(&request),
        "a",
        &components,
        &Parameters::default(),
        &key,
    )
    .unwrap();
    answer.extend(headers(&[("signature-input", &made.0), ("signature", &made.1)]));
    let message = Message {
        target,
        headers: &answer,
    };
    let signed = Signed::parse(&message, "a").unwrap();
    signed.verify(&message, Some(&request), &key.public()).unwrap();
    assert!(signed.covers(&Component::RequestSignature("sig-b26")));

    assert!(matches!(
        signed.verify(&message, None, &key.public()),
        Err(SignatureError::Component(_))
    ));
    let mut other = asked.clone();
    let kept =
        "sig-b26=:AAAAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==:";
    other.iter_mut().find(|(name, _)| name == "signature").unwrap().1 = kept.into();
    let other = super::tests::request(&other).headers.to_vec();
    let other = super::tests::request(&other);
    assert_eq!(
        signed.verify(&message, Some(&other), &key.public()),
        Err(SignatureError::Wrong)
    );
}

#[test]
fn malformed_headers_are_refused_and_named() {
    let parse = |input: &str, signature: &str| {
        let headers = headers(&[("signature-input", input), ("signature", signature)]);
        Signed::parse(&request(&headers), "a").map(|_| ()).unwrap_err()
    };
    use SignatureError as E;
    assert_eq!(parse("a=(", "a=:AA==:"), E::Malformed("signature-input"));
    assert_eq!(parse("a=()", "a=12"), E::Malformed("signature"));
    assert_eq!(parse("b=()", "a=:AA==:"), E::NoSuchLabel("a".into()));
    assert_eq!(parse("a=()", "b=:AA==:"), E::NoSuchLabel("a".into()));
    assert_eq!(parse("a=();created=\"x\"", "a=:AA==:"), E::Parameter("created"));
    assert_eq!(parse("a=();nonce=1", "a=:AA==:"), E::Parameter("nonce"));
    assert_eq!(
        parse(&format!("a=();nonce=\"{}\"", "x".repeat(129)), "a=:AA==:"),
        E::Parameter("nonce")
    );
    assert_eq!(
        parse(&format!("a=({})", "\"x\" ".repeat(17)), "a=:AA==:"),
        E::Malformed("signature-input")
    );
    let twice = headers(&[
        ("signature-input", "a=()"),
        ("signature-input", "a=()"),
        ("signature", "a=:AA==:"),
    ]);
    assert_eq!(
        Signed::parse(&request(&twice), "a").unwrap_err(),
        E::Missing("signature-input")
    );
}

#[test]
fn components_twice_or_unknown_are_refused() {
    for input in [
        "a=(\"date\" \"date\")",
        "a=(\"@unknown\")",
        "a=(\"absent\")",
        "a=(\"date\";bs)",
        "a=(\"@method\";req)",
    ] {
        let mut all = request_headers();
        all.extend(headers(&[("signature-input", input), ("signature", "a=:AA==:")]));
        let message = request(&all);
        let refused = Signed::parse(&message, "a")
            .unwrap()
            .verify(&message, None, &ed25519());
        assert!(
            matches!(refused, Err(SignatureError::Component(_))),
            "{input}: {refused:?}"
        );
    }
}

#[test]
fn another_algorithm_than_the_keys_is_refused() {
    let mut all = request_headers();
    let input = "a=(\"date\");alg=\"ecdsa-p256-sha256\"";
    all.extend(headers(&[("signature-input", input), ("signature", "a=:AA==:")]));
    let message = request(&all);
    let refused = Signed::parse(&message, "a")
        .unwrap()
        .verify(&message, None, &ed25519());
    assert_eq!(refused, Err(SignatureError::Algorithm));
    assert!(PublicKey::parse(Algorithm::Ed25519, &[1; 31]).is_err());
    assert!(PublicKey::parse(Algorithm::EcdsaP256Sha256, &[4; 65]).is_err());
}

#[test]
fn digests_are_those_of_rfc_9530() {
    let content = b"{\"hello\": \"world\"}\n";
    assert_eq!(
        content_digest(content),
        "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:"
    );
    assert!(digest_matches(&content_digest(content), content).unwrap());
    assert!(!digest_matches(&content_digest(content), b"{\"hello\": \"world\"}").unwrap());
    assert!(digest_matches(SHA_512, b"{\"hello\": \"world\"}").unwrap());
    // All that are named must match, and one must be known.
    let both = format!("{}, {SHA_512}", content_digest(content));
    assert!(!digest_matches(&both, content).unwrap());
    assert!(digest_matches("md5=:AA==:", content).is_err());
    assert!(digest_matches("sha-256", content).is_err());
}
