use super::*;
use crate::quota::Governor;
use alloy_primitives::{Bytes, hex};
use serde_json::Value;
use std::{fs, num::NonZeroU64, path::Path};

const CASES: Address = Address::repeat_byte(3);

fn rules() -> QuotaRules {
    QuotaRules {
        book: Book {
            quotas: Address::repeat_byte(1),
            registry: Address::repeat_byte(2),
            cases: CASES,
            allowances: Address::repeat_byte(4),
            governor: Governor::Key(Address::repeat_byte(5)),
        },
        chain_id: 20260,
        epoch_blocks: NonZeroU64::MIN,
    }
}

fn request(to: Option<Address>, input: &[u8]) -> Request<'_> {
    Request {
        account: Address::repeat_byte(7),
        gas_limit: 1_000_000,
        to,
        input,
    }
}

fn opening(signature: &[u8]) -> Vec<u8> {
    let call = openWithTokenCall {
        service: B256::repeat_byte(0x11),
        version: 1,
        form: B256::repeat_byte(0x22),
        nonce: B256::repeat_byte(0x33),
        signature: Bytes::copy_from_slice(signature),
    };
    call.abi_encode()
}

/// The contract is held against the same vectors, so both say the same of each.
#[test]
fn as_project_wycheproof_says() {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../contracts/test/vectors/rsa-pss-2048-sha256.json");
    let vectors: Value = serde_json::from_str(&fs::read_to_string(path).expect("it is there")).expect("JSON");
    let bytes = |value: &Value| hex::decode(value.as_str().expect("text")).expect("hex");
    let modulus: [u8; MODULUS_BYTES] = bytes(&vectors["modulus"]).try_into().expect("2048 bits");
    let modulus = Box::new(modulus);
    let valid = bytes(&vectors["valid"]);
    let list = |name: &str| {
        vectors[name]
            .as_array()
            .expect("a list")
            .iter()
            .map(bytes)
            .collect::<Vec<_>>()
    };
    let (messages, signatures) = (list("messages"), list("signatures"));
    assert_eq!((messages.len(), signatures.len(), valid.len()), (108, 108, 108));
    for (index, (message, signature)) in messages.iter().zip(&signatures).enumerate() {
        let found = verifies(&modulus, message, signature);
        assert_eq!(found, valid[index] == 1, "vector {}", index + 1);
    }
}

#[test]
fn an_opening_shows_its_token_to_cases_alone() {
    let (rules, signature) = (rules(), [0x44; 256]);
    let input = opening(&signature);
    let nonce = [0x33; 32];
    let expected = Token {
        nonce: &nonce,
        signature: &signature,
    };
    assert_eq!(shown(&rules.book, &request(Some(CASES), &input)), Some(expected));
    assert_eq!(shown(&rules.book, &request(Some(Address::ZERO), &input)), None);
    assert_eq!(shown(&rules.book, &request(None, &input)), None);
    assert_eq!(
        shown(&rules.book, &request(Some(CASES), &opening(&[0x44; 255]))),
        None
    );
    assert_eq!(shown(&rules.book, &request(Some(CASES), &opening(&[]))), None);
    // What its place and length say counts, not only how much there is.
    for at in [SIGNATURE_AT - 33, SIGNATURE_AT - 1] {
        let mut other = input.clone();
        other[at] ^= 1;
        assert_eq!(shown(&rules.book, &request(Some(CASES), &other)), None);
    }
    let mut other = input.clone();
    other[0] ^= 1;
    assert_eq!(shown(&rules.book, &request(Some(CASES), &other)), None);
    for length in [0, 3, 4, 100, input.len() - 1] {
        assert_eq!(shown(&rules.book, &request(Some(CASES), &input[..length])), None);
    }
}

#[test]
fn any_transaction_shows_a_token_at_its_end() {
    let (rules, nonce, signature) = (rules(), [0x33; 32], [0x44; 256]);
    let expected = Token {
        nonce: &nonce,
        signature: &signature,
    };
    for call in [&b""[..], b"some call"] {
        let input = [call, &nonce, &signature, &TOKEN_MARK].concat();
        for to in [Some(CASES), Some(Address::ZERO), None] {
            assert_eq!(shown(&rules.book, &request(to, &input)), Some(expected));
        }
        assert_eq!(
            shown(&rules.book, &request(None, &input[..input.len() - 1])),
            None
        );
    }
    // The mark alone, and one byte too few before it.
    let short = [&nonce[1..], &signature, &TOKEN_MARK].concat();
    for input in [&TOKEN_MARK[..], &short] {
        assert_eq!(shown(&rules.book, &request(None, input)), None);
    }
}
