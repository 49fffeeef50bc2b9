//! The vectors are those of `@keystonehq/bc-ur-registry-eth`, which ERC-4527 names as its test cases (MIT).

use super::{cbor::WireError, signature::SignatureError, *};
use alloy_primitives::{B256, address, hex};

/// BIP-39's words of zeros, the account of Keystone's vector.
const WORDS: &str =
    "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about";

const HD_KEY: &str = "ur:crypto-hdkey/oxaxhdclaowdverokopdinhseeroisyalksaykctjshedprnuyjyfgrovawewftyghceglrpkgaahdcxtplfjsluknfwlaisaxwypalbjylswzamcxhscyuyloztmwfnldlgskpyptgsdecfamtaaddyoeadlncsdwykcsfnykaeykaocywlcscewfaycytedmfeayghlptnin";
const REQUEST: &str = "ur:eth-sign-request/oladtpdagdndcawmgtfrkigrpmndutdnbtkgfssbjnaohdgryagalalnascsgljpnbaelfdibemwaeaeaeaeaeaeaeaeaeaeaeaeaeaeaeaeaeaeaeaelaoxlbjyihjkjyeyaeaeaeaeaeaeaeaeaeaeaeaeaeaeaeaeaeaeaeaeaeaeaeaeaeaeaehnaehglalalaaxadaaadahtaaddyoeadlecsdwykadykadykaewkadwkaocybgeehfksatisjnihjyhsjnhsjkjetlnndant";
const SIGNATURE: &str = "ur:eth-signature/oeadtpdagdndcawmgtfrkigrpmndutdnbtkgfssbjnaohdfptywtosrftahprdctrkbegylogdghjkbafhflamfwlohghtpsseaozorsimnybbtnnbiynlckenbtfmeeamsabnaeoxasjkwswfkekiieckhpecckssptndzelnwfecylbwdlsgvazt";
const ID: RequestId = RequestId(hex!("9b1deb4d3b7d4bad9bdd2b0d7b3dcb6d"));

fn step(index: u32, is_hardened: bool) -> u32 {
    index | u32::from(is_hardened) << 31
}

#[test]
fn a_public_account_is_the_published_one() {
    let words = crate::wallet::key::Words::parse(WORDS).unwrap();
    let mut account = words.account("x").unwrap();
    // BIP-32's fingerprint of these words; the vector has another wallet's in its place, and no name.
    assert_eq!(account.origin.fingerprint, Some(0x73c5da0a));
    account.origin.fingerprint = Some(0xe9181cf3);
    account.name = None;
    assert_eq!(Kind::HdKey.write(&account.encode()), HD_KEY);
    let read = HdKey::decode(&Kind::HdKey.read(HD_KEY).unwrap()).unwrap();
    assert_eq!(read, account);
    assert_eq!(
        read.address(0).unwrap(),
        address!("9858EfFD232B4033E47d90003D41EC34EcaEda94")
    );
    assert_eq!(
        read.address(5).unwrap(),
        address!("A40cFBFc8534FFC84E20a7d8bBC3729B26a35F6f")
    );
    assert_eq!(read.path(5).to_string(), "m/44'/60'/0'/0/5");
    assert!(read.address(1 << 31).is_err());
}

#[test]
fn a_request_is_the_published_one() {
    let path = KeyPath {
        steps: vec![step(44, true), step(1, true), step(1, true), 0, 1],
        fingerprint: Some(0x12345678),
    };
    let data = hex!(
        "f849808609184e72a00082271094000000000000000000000000000000000000000080a47f7465737432000000000000000000000000000000000000000000000000000000600057808080"
    );
    let request = SignRequest {
        id: Some(ID),
        data: data.into(),
        data_type: DataType::Legacy,
        chain_id: 1,
        path,
        address: None,
        origin: Some("metamask".into()),
    };
    assert_eq!(ID.to_string(), "9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d");
    assert_eq!(Kind::SignRequest.write(&request.encode()), REQUEST);
    let read = Kind::SignRequest.read(&REQUEST.to_uppercase()).unwrap();
    assert_eq!(SignRequest::decode(&read).unwrap(), request);
}

#[test]
fn a_signature_is_the_published_one() {
    let read = EthSignature::decode(&Kind::Signature.read(SIGNATURE).unwrap()).unwrap();
    let expected = hex!(
        "d4f0a7bcd95bba1fbb1051885054730e3f47064288575aacc102fbbf6a9a14daa066991e360d3e3406c20c00a40973eff37c7d641e5b351ec4a99bfe86f335f713"
    );
    assert_eq!((read.id, read.signature.as_slice()), (Some(ID), &expected[..]));
    assert_eq!(Kind::Signature.write(&read.encode()), SIGNATURE);
    // Its v, 19, is none.
    let wanted = address!("9858EfFD232B4033E47d90003D41EC34EcaEda94");
    assert!(matches!(
        read.check(ID, B256::ZERO, wanted),
        Err(SignatureError::Malformed(_))
    ));
    assert_eq!(
        read.check(RequestId([0; 16]), B256::ZERO, wanted),
        Err(SignatureError::OtherRequest)
    );
}

/// A text in several parts, as a screen shows them.
fn shown(content: &[u8], count: usize) -> Vec<String> {
    let mut parts = Parts::new(Kind::SignRequest, content).unwrap();
    (0..count)
        .map(|_| parts.next_part().unwrap().to_uppercase())
        .collect()
}

#[test]
fn parts_come_in_any_order_and_some_not_at_all() {
    let content: Vec<u8> = (0..2_000u32).map(|at| (at * 7 % 251) as u8).collect();
    let parts = shown(&content, 60);
    assert!(parts[0].starts_with("UR:ETH-SIGN-REQUEST/1-"), "{}", parts[0]);
    let mut joiner = Joiner::new(Kind::SignRequest);
    let is_whole = parts
        .iter()
        .skip(3)
        .rev()
        .step_by(2)
        .chain(&parts)
        .any(|part| joiner.receive(part).unwrap());
    assert!(is_whole);
    assert_eq!(joiner.finish().unwrap(), content);
    let few = Kind::SignRequest.read(&parts[..5].join("\n"));
    assert!(
        matches!(few, Err(WireError::Incomplete { have: 5, .. })),
        "{few:?}"
    );
    // One that fits into one code is not cut up.
    assert_eq!(shown(&content[..90], 1)[0].matches('/').count(), 1);
}

#[test]
fn what_is_damaged_is_refused() {
    let content = vec![7; 700];
    let parts = shown(&content, 3);
    // A changed letter fails the part's own checksum.
    let last = parts[0].chars().last().unwrap();
    let changed = format!(
        "{}{}",
        &parts[0][..parts[0].len() - 1],
        if last == 'A' { 'E' } else { 'A' }
    );
    let refused = Kind::SignRequest.read(&changed);
    assert!(matches!(refused, Err(WireError::Damaged { .. })), "{refused:?}");
    // A whole part of another text fails that of the text.
    let other = shown(&[8; 700], 3);
    let mixed = Kind::SignRequest.read(&[parts[0].as_str(), &other[1]].join("\n"));
    assert!(matches!(mixed, Err(WireError::Damaged { .. })), "{mixed:?}");
    // A part that says it is another one.
    let renamed = parts[0].replacen("/1-", "/2-", 1);
    let refused = Kind::SignRequest.read(&renamed);
    assert!(matches!(refused, Err(WireError::Damaged { .. })), "{refused:?}");
    let changed = REQUEST.replacen("tpdagd", "tpdagg", 1);
    assert!(matches!(
        Kind::SignRequest.read(&changed),
        Err(WireError::Damaged { .. })
    ));
}

#[test]
fn what_is_something_else_or_too_large_is_refused() {
    let wanted = "eth-sign-request";
    let other = Kind::SignRequest.read(SIGNATURE);
    assert!(
        matches!(&other, Err(WireError::Kind { found, wanted: of }) if found == "eth-signature" && *of == wanted)
    );
    assert!(matches!(Kind::SignRequest.read("hello"), Err(WireError::NotUr)));
    assert!(matches!(
        Kind::SignRequest.read(""),
        Err(WireError::Incomplete { have: 0, of: 1 })
    ));
    let many = "ur:eth-sign-request/1-4000000000/lpadbbcsiecyvdidatkpfeghihjtcxiabdfevlms";
    assert!(matches!(
        Kind::SignRequest.read(many),
        Err(WireError::TooManyParts {
            parts: 4_000_000_000,
            ..
        })
    ));
    let long = format!("ur:eth-sign-request/{}", "a".repeat(MAX_PART_CHARS));
    assert!(matches!(
        Kind::SignRequest.read(&long),
        Err(WireError::PartTooLong { .. })
    ));
    let large = Kind::SignRequest.write(&vec![0; 140 * 1024]);
    assert!(matches!(
        Kind::SignRequest.read(&large),
        Err(WireError::TooLarge { .. })
    ));
}

#[test]
fn requests_that_are_not_of_the_standard_are_refused() {
    let cases = [
        ("a0", "has no data to sign"),
        ("a10241aa", "does not say what its data is"),
        ("a20241aa0309", "is none of ERC-4527's"),
        ("a30241aa03010401", "names no key"),
        ("a2024101024102", "has a key twice"),
        ("a10143010203", "tag"),
        ("a101d82543010203", "has another length"),
        ("a105d90130a10182182000", "CBOR"),
        ("a105d90130a10181182c", "half a step"),
        ("a105d90130a101821a80000000f4", "beyond the last"),
        ("bf0241aaff", "has no length"),
        ("b8210241aa", "too many entries"),
        ("01", "CBOR"),
        ("", "CBOR"),
    ];
    for (bytes, says) in cases {
        let bytes = hex::decode(bytes).unwrap();
        let error = SignRequest::decode(&bytes).unwrap_err().to_string();
        assert!(error.contains(says), "{error} for {says}");
    }
    let mut request = Kind::SignRequest.read(REQUEST).unwrap();
    request.push(0);
    assert!(
        SignRequest::decode(&request)
            .unwrap_err()
            .to_string()
            .contains("goes on after its end")
    );
    // The type as the standard's text has it: a tagged map.
    let tagged = hex!("a30241aa03d90191a1010405d90130a1018482182cf5182cf5");
    assert!(
        SignRequest::decode(&tagged).is_err(),
        "its path is no list of steps"
    );
    let tagged = hex!("a30241aa03d90191a1010405d90130a10184182cf500f4");
    let read = SignRequest::decode(&tagged).unwrap();
    assert_eq!(
        (read.data_type, read.chain_id, read.id),
        (DataType::Typed, 1, None)
    );
    assert_eq!(read.path.to_string(), "m/44'/0");
    let secret = HdKey::decode(&hex!("a102f5")).unwrap_err().to_string();
    assert!(secret.contains("is a secret key"), "{secret}");
}
