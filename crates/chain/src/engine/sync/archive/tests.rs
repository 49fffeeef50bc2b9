use super::{Found, HEADERS_PER_ANSWER, Item, MAX_CODE_BYTES, Server, check};
use crate::store::{Start, Store, tests::header};
use alloy_primitives::{B256, Bytes, keccak256};
use commonware_codec::{Copying, DecodeExt as _, Encode as _};
use std::sync::Arc;
use zhengtong_types::header::encode_header;

/// Headers of blocks 0 to `count` − 1, newest first.
fn chain(count: u64) -> Vec<Bytes> {
    let (mut chain, mut parent) = (Vec::new(), B256::ZERO);
    for number in 0..count {
        let header = header(number, parent);
        let rlp = encode_header(&header);
        parent = keccak256(&rlp);
        chain.insert(0, rlp);
    }
    chain
}

fn answer(headers: &[Bytes]) -> bytes::Bytes {
    headers
        .iter()
        .map(|header| header.0.clone())
        .collect::<Vec<_>>()
        .encode()
}

#[test]
fn headers_are_believed_if_each_is_the_parent_of_the_one_before() {
    let chain = chain(9);
    let asked = Item::Headers(keccak256(&chain[0]));
    let Some(Found::Headers(found)) = check(&asked, answer(&chain)) else {
        panic!("an honest answer is refused")
    };
    let numbers: Vec<u64> = found.iter().map(|linked| linked.header.number).collect();
    assert_eq!(numbers, [8, 7, 6, 5, 4, 3, 2, 1, 0]);
    assert!(
        check(&asked, answer(&chain[..1])).is_some(),
        "fewer are an answer too"
    );
}

#[test]
fn forged_headers_are_refused() {
    let chain = chain(HEADERS_PER_ANSWER as u64 + 1);
    let asked = Item::Headers(keccak256(&chain[1]));
    let honest = &chain[1..];
    assert!(check(&asked, answer(honest)).is_some());
    for at in 0..honest.len() {
        let mut forged = honest.to_vec();
        let mut bytes = forged[at].to_vec();
        // In the state root, so that it is still a header.
        bytes[100] ^= 1;
        forged[at] = bytes.into();
        assert!(
            check(&asked, answer(&forged)).is_none(),
            "header {at} was changed"
        );
    }
    let skipped = [honest[0].clone(), honest[2].clone()];
    for forged in [&chain[..], &honest[1..], &skipped, &[]] {
        assert!(
            check(&asked, answer(forged)).is_none(),
            "{} headers",
            forged.len()
        );
    }
    for bytes in [&b""[..], &[0xff; 40]] {
        assert!(check(&asked, bytes::Bytes::from_static(bytes)).is_none());
    }
}

#[test]
fn code_is_believed_by_its_hash_alone() {
    let code = vec![0x60; 300];
    let asked = Item::Code(keccak256(&code));
    assert!(matches!(check(&asked, code.clone().into()), Some(Found::Code(found)) if found == code));
    let mut forged = code.clone();
    forged[299] ^= 1;
    assert!(check(&asked, forged.into()).is_none());
    assert!(check(&asked, code[..299].to_vec().into()).is_none());
    let large = vec![0; MAX_CODE_BYTES + 1];
    assert!(check(&Item::Code(keccak256(&large)), large.into()).is_none());
}

#[test]
fn an_item_has_one_encoding() {
    for item in [
        Item::Headers(B256::repeat_byte(1)),
        Item::Code(B256::repeat_byte(2)),
    ] {
        let encoded = item.encode();
        assert_eq!(encoded.len(), 33);
        assert_eq!(Item::decode(Copying(&encoded)).ok(), Some(item));
    }
    assert!(Item::decode(Copying(&[2; 33])).is_err(), "an unknown kind");
}

#[test]
fn a_store_serves_what_it_has() {
    let store = Arc::new(Store::in_memory().expect("memory"));
    let chain = chain(40);
    let start = Start {
        number: 39,
        hash: keccak256(&chain[0]),
        finalization: Bytes::new(),
        complete: false,
    };
    store.begin(&start, &chain).expect("memory");
    let code = Bytes::from_static(&[1, 2, 3]);
    store
        .put_codes(&[(keccak256(&code), code.clone())])
        .expect("memory");
    let server = Server(store);

    let asked = Item::Headers(start.hash);
    let Some(Found::Headers(found)) = server.answer(&asked).and_then(|answer| check(&asked, answer)) else {
        panic!("it has them")
    };
    assert_eq!(found.len(), HEADERS_PER_ANSWER);
    let asked = Item::Headers(keccak256(&chain[36]));
    let Some(Found::Headers(found)) = server.answer(&asked).and_then(|answer| check(&asked, answer)) else {
        panic!("it has them")
    };
    assert_eq!(found.len(), 4, "down to the genesis");
    assert_eq!(server.answer(&Item::Code(keccak256(&code))), Some(code.0));
    assert_eq!(server.answer(&Item::Code(B256::ZERO)), None);
    assert_eq!(server.answer(&Item::Headers(B256::ZERO)), None);
}

#[test]
fn a_newer_beginning_replaces_one_that_was_not_completed() {
    let store = Store::in_memory().expect("memory");
    let chain = chain(40);
    let begin = |skip: usize, count: usize| {
        let start = Start {
            number: 39 - skip as u64,
            hash: keccak256(&chain[skip]),
            finalization: Bytes::from_static(&[7]),
            complete: false,
        };
        store.begin(&start, &chain[skip..skip + count]).expect("memory");
        start
    };
    begin(20, 10);
    let start = begin(0, 10);
    assert_eq!(store.start().expect("reads"), Some(start.clone()));
    assert_eq!(store.first(), 0, "nothing is left out before it is complete");
    assert_eq!(store.header(39).expect("reads"), Some(chain[0].clone()));
    assert_eq!(store.hash(30).expect("reads"), Some(keccak256(&chain[9])));
    for gone in [29, 19, 15] {
        assert_eq!(store.header(gone).expect("reads"), None);
    }
    assert_eq!(store.number(keccak256(&chain[20])).expect("reads"), None);
    store.complete(&start).expect("memory");
    assert_eq!(store.first(), 40);
    assert!(store.start().expect("reads").expect("begun").complete);
}
